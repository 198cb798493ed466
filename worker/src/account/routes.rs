//! Signing in and out.

use domain::access::Person;
use domain::account::{Device, PASSWORD_MAX_BYTES, SignIn};
use domain::phone::Phone;
use domain::problem::Refusal;
use domain::words::Words;

use super::cookie::Kept;
use super::password::{self, Stored};
use super::store::{self, Lane, Login};
use super::throttle::{Keyed, OwnLane};
use crate::args;
use crate::platform::crypto::sha256;
use crate::platform::d1::sql;
use crate::platform::error::AppError;
use crate::platform::http::{Call, Reply, Signed};

/// A staff number or phone is not longer than this.
const LOGIN_MAX: usize = 64;

fn wrong() -> AppError {
    AppError::Refused(
        401,
        Refusal::state(
            "wrong_password",
            Words::fixed(
                "账号或密码不对；如果还没有开通账号，请向校办室领取开通单",
                "Wrong account or password. If yours is not activated yet, ask the office for a slip",
            ),
        ),
    )
}

/// A login in the spellings that are looked up: full-width letters and spaces between figures are nobody's intention.
fn spelled(login: &str) -> String {
    password::one_form(login).chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Signs in: who it is, and the cookie. One answer for all that is wrong, as fast in each case.
///
/// # Errors
/// 401, or 429 while one has to wait.
pub async fn sign_in(call: &Call, order: SignIn) -> Result<(Person, String), AppError> {
    let login = spelled(&order.login);
    if login.is_empty() || login.len() > LOGIN_MAX || order.password.len() > PASSWORD_MAX_BYTES {
        return Err(wrong());
    }
    let app = &call.app;
    let keys = app.keys()?;
    let now = app.now();
    let kept = Kept::of(call.header("cookie"));
    let phone = Phone::parse(&login).ok();
    let (upper, lower) = (login.to_uppercase(), login.to_lowercase());
    // What names nobody is counted in one spelling, too.
    let spelling = phone.as_ref().map_or(upper.as_str(), Phone::digits);
    let keyed = Keyed::of(keys, call.header("cf-connecting-ip").unwrap_or_default(), spelling);
    let index = phone.as_ref().map(|phone| keys.phone_lookup(phone));
    let spellings = Login { typed: &login, upper: &upper, lower: &lower, phone: index.as_deref() };
    let (candidate, counts) = store::candidate(app, &spellings, &keyed).await?;
    let known =
        candidate.as_ref().and_then(|c| kept.known(keys, c.id, c.password_at?).map(|nonce| (nonce, c.id)));
    let lane = match known {
        Some((nonce, id)) => {
            let lane = OwnLane::of_browser(keys, nonce, id);
            OwnLane::counted(&app.db.run(lane.count_sql(now).into()).await?, now)?;
            Lane::Own(lane)
        }
        None => {
            keyed.count(app, candidate.as_ref().map(|c| c.id), &counts, now).await?;
            Lane::Shared(keyed)
        }
    };
    let stored = candidate.as_ref().map(|c| Stored { owner: c.id, phc: c.password.as_deref() });
    let fits = password::verify(keys, &order.password, stored)?;
    let Some(candidate) = candidate.filter(|_| fits) else { return Err(wrong()) };
    let token = app.random_token()?;
    let older = kept.token.as_deref().map(|t| sha256(t.as_bytes()));
    let hash = sha256(token.as_bytes());
    let device = Device::of(call.header("user-agent").unwrap_or_default());
    let person = store::open_session(app, candidate.id, (&hash, older.as_deref()), device, &lane).await?;
    let opened = kept.opened(app, token, (candidate.id, candidate.password_at.unwrap_or(now)))?;
    Ok((person, opened.header()))
}

/// `DELETE /api/session`. The browser stays known to the account.
///
/// # Errors
/// Where the database fails.
pub async fn sign_out(call: Signed) -> Result<Reply<()>, AppError> {
    let end = sql("DELETE FROM sessions WHERE token_hash = ?1", args![&call.session]);
    call.app.db.run(vec![end]).await?;
    Ok(Reply::empty().header("Set-Cookie", Kept::of(call.header("cookie")).signed_out().header()))
}
