//! Signing in and out, activation, slips.

use domain::access::Person;
use domain::account::{
    ACTIVATION_LIFE, Activation, ActivationView, PASSWORD_MAX_BYTES, SESSION_LIFE, SignIn, Slip, SlipOrder,
    check_new_password,
};
use domain::audit::AuditAction;
use domain::ids::StaffId;
use domain::phone::Phone;
use domain::problem::Refusal;
use domain::time::SECOND;
use domain::words::Words;
use serde_json::json;

use super::{COOKIE, password, store};
use crate::args;
use crate::platform::crypto::sha256;
use crate::platform::d1::{Audit, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Call, Kept, Reply, Signed};
use crate::platform::json;

/// A staff number or phone is not longer than this.
const LOGIN_MAX: usize = 64;
/// Slips in one order: a large school's whole staff.
const SLIPS_MAX: usize = 1_000;

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

/// Signs in: who it is, and the cookie. One answer for all that is wrong, as fast in each case.
///
/// # Errors
/// 401, or 429 while the account or the address has to wait.
pub async fn sign_in(call: &Call, order: SignIn) -> Result<(Person, String), AppError> {
    let login = order.login.trim();
    if login.is_empty() || login.len() > LOGIN_MAX || order.password.len() > PASSWORD_MAX_BYTES {
        return Err(wrong());
    }
    let app = &call.app;
    let keys = app.keys()?;
    let lookup = Phone::parse(login).ok().map(|phone| keys.phone_lookup(&phone));
    let candidate = store::candidate(app, login, lookup.as_deref()).await?;
    // Counted by number, however the login is written; what names nobody is counted as written.
    let name = candidate.as_ref().map_or_else(|| login.to_uppercase(), |c| c.number.clone());
    let address = call.header("cf-connecting-ip").unwrap_or_default();
    let tries = store::Tries {
        account: keys.index("signin-account", &name),
        address: keys.index("signin-address", address),
    };
    store::count_try(app, &tries, app.now()).await?;
    let stored = candidate.as_ref().and_then(|c| c.password.as_deref());
    let fits = password::verify(keys, &order.password, stored)?;
    let Some(candidate) = candidate.filter(|_| fits) else { return Err(wrong()) };
    let token = app.random_token()?;
    let older = super::session_token(call.header("cookie")).map(|t| sha256(t.as_bytes()));
    let hash = sha256(token.as_bytes());
    let person = store::open_session(app, candidate.id, &hash, older.as_deref(), &tries).await?;
    Ok((person, cookie(&token, SESSION_LIFE / SECOND)))
}

fn cookie(token: &str, seconds: i64) -> String {
    format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict")
}

/// `DELETE /api/session`.
///
/// # Errors
/// Where the database fails.
pub async fn sign_out(call: Signed) -> Result<Reply<()>, AppError> {
    let end = sql("DELETE FROM sessions WHERE token_hash = ?1", args![&call.session]);
    call.app.db.run(vec![end]).await?;
    Ok(Reply::empty().header("Set-Cookie", cookie("", 0)))
}

fn dead_link() -> AppError {
    AppError::Refused(
        404,
        Refusal::state(
            "activation_dead",
            Words::fixed(
                "这个开通链接已经用过或过期，请向校办室重新领取",
                "This activation link has been used or has expired: ask the office for a new one",
            ),
        ),
    )
}

async fn find(call: &Call, order: &Activation) -> Result<(String, store::ActivationRow), AppError> {
    let hash = sha256(order.token.trim().as_bytes());
    let row = store::activation(&call.app, &hash).await?.ok_or_else(dead_link)?;
    Ok((hash, row))
}

/// `POST /api/activations/check`.
///
/// # Errors
/// Where the link is used, expired or unknown.
pub async fn check_activation(call: Call, order: Activation) -> Result<Reply<ActivationView>, AppError> {
    let (_, row) = find(&call, &order).await?;
    Reply::json(200, &ActivationView { name: row.name, number: row.number })
}

/// `POST /api/activations`: the owner chooses the password.
///
/// # Errors
/// Where the link is dead or the password weak.
pub async fn activate(call: Call, order: Activation) -> Result<Reply<()>, AppError> {
    let (hash, row) = find(&call, &order).await?;
    let chosen = order.password.unwrap_or_default();
    check_new_password(&chosen, &row.number, &row.name).map_err(|r| AppError::Invalid(vec![r]))?;
    let phc = password::hash(&call.app, &chosen)?;
    store::activate(&call.app, &hash, row.staff_id, &phc).await.map_err(|e| match e {
        AppError::Lost => dead_link(),
        other => other,
    })?;
    Ok(Reply::empty())
}

/// Issues slips: to the people named, or to all who have none active.
///
/// # Errors
/// Where the database fails.
pub async fn issue_slips(call: Signed, order: SlipOrder) -> Result<Reply<Vec<Slip>>, AppError> {
    if order.staff.len() > SLIPS_MAX {
        return Err(AppError::field(
            "too_many",
            "staff",
            domain::words!("一次最多 {SLIPS_MAX} 人", "At most {SLIPS_MAX} people at a time"),
        ));
    }
    let slips = issue(&call, &order.staff).await?;
    Reply::json(200, &slips)
}

/// `POST /api/staff/{id}/activation`.
///
/// # Errors
/// Where there is no such person.
pub async fn issue_slip(call: Signed, id: StaffId) -> Result<Reply<Slip>, AppError> {
    let slips = issue(&call, &[id]).await?;
    let slip = slips.into_iter().next().ok_or(AppError::NotFound)?;
    Reply::json(200, &slip)
}

async fn issue(call: &Signed, ids: &[StaffId]) -> Result<Vec<Slip>, AppError> {
    let people = store::for_slips(&call.app, ids).await?;
    if people.len() < ids.len() {
        return Err(AppError::NotFound);
    }
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let now = call.app.now();
    let by = call.person.id;
    let (slips, rows) = super::slips(&call.app, &people, now.plus(ACTIVATION_LIFE))?;
    let batch = store::insert_slips(call.app.db.guarded(), &rows, by, now)?.audit(&Audit {
        at: now,
        actor: by.0,
        action: AuditAction::AccountSlipsIssued,
        subject: Subject::Row("staff", people.first().map_or(0, |p| p.id.0)),
        detail: &json!({ "staff": people.iter().map(|p| p.id).collect::<Vec<_>>() }),
    });
    // A slip is a secret that is shown once: a repeat under the same key gets its number, not the link.
    let shown_once: Vec<Slip> = slips.iter().map(|s| Slip { link: String::new(), ..s.clone() }).collect();
    let shown_once = json::text(&shown_once)?;
    call.remember(batch, 200, Kept::Json(&shown_once)).commit().await?;
    Ok(slips)
}
