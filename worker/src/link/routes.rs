//! `GET|POST /m/{token}`.

use domain::link::{DeliveryId, verify};
use domain::time::MINUTE;
use domain::words::Lang;

use super::store::{self, Behind};
use super::throttle;
use crate::platform::error::AppError;
use crate::platform::http::{Call, Method, Reply};

fn delivery(call: &Call) -> Result<Option<DeliveryId>, AppError> {
    let token: String = call.param("token")?;
    Ok(verify(&call.app.keys()?.links, &token))
}

fn lang(call: &Call) -> Lang {
    match call.query("lang").as_deref() {
        Some("en") => Lang::En,
        Some("zh") => Lang::Zh,
        _ => call.lang,
    }
}

fn html(status: u16, html: String) -> Reply {
    let csp = format!(
        "default-src 'none'; style-src {}; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        parent::style_hash()
    );
    Reply::html(status, html).header("Content-Security-Policy", csp)
}

/// One page for whatever is wrong with a link: nobody learns which.
fn not_found(call: &Call, lang: Lang) -> Reply {
    let address = call.header("cf-connecting-ip").unwrap_or_default();
    match throttle::count_failure(address, call.app.now()) {
        Ok(()) => html(404, parent::not_found(lang, None)),
        Err(seconds) => html(429, parent::not_found(lang, None)).header("Retry-After", seconds.to_string()),
    }
}

/// For who has a link that was ours: it tells nothing of what it led to.
fn not_theirs(lang: Lang) -> Reply {
    html(404, parent::not_theirs(lang))
}

/// Whether a browser fetches the page before anybody has tapped its link.
fn is_prefetch(call: &Call) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        call.header(name).is_some_and(|purpose| {
            purpose.split([';', ',']).any(|p| {
                ["prefetch", "prerender", "preview"].iter().any(|known| p.trim().eq_ignore_ascii_case(known))
            })
        })
    })
}

/// Shows the page. Changes nothing but the hint that it was opened, which is left once the answer
/// has gone; a HEAD, which link scanners send, and a prefetch leave not even that.
///
/// # Errors
/// Where the database fails.
pub async fn page(call: Call) -> Result<Reply, AppError> {
    let lang = lang(&call);
    let Some(id) = delivery(&call)? else { return Ok(not_found(&call, lang)) };
    let page = match store::page(&call.app, id).await? {
        Behind::Page(page) => page,
        Behind::NotTheirs => return Ok(not_theirs(lang)),
        Behind::Nothing => return Ok(not_found(&call, lang)),
    };
    let just = page.confirmed_at.is_some_and(|at| at.plus(MINUTE) > call.app.now());
    let reply = html(200, parent::page(&page, &call.param::<String>("token")?, lang, just));
    if call.method == Method::Head || is_prefetch(&call) {
        return Ok(reply);
    }
    let app = call.app;
    Ok(reply.then(async move {
        if let Err(error) = store::leave_hint(&app, id).await {
            app.log_error("opened", &error, serde_json::json!({}));
        }
    }))
}

/// Takes the answer. The token alone authorises it: old WebViews send no
/// usable Origin.
///
/// # Errors
/// Where the database fails.
pub async fn answer(call: Call) -> Result<Reply, AppError> {
    let form = call.form();
    let english = form.get("lang").is_some_and(|l| l == "en");
    let lang = if english { Lang::En } else { lang(&call) };
    let Some(id) = delivery(&call)? else { return Ok(not_found(&call, lang)) };
    let behind = match form.get("action").map(String::as_str) {
        Some("confirm") => Some(store::confirm(&call.app, id).await?),
        Some("not_mine") => Some(store::not_mine(&call.app, id).await?),
        _ => None,
    };
    match behind {
        Some(Behind::Nothing) => return Ok(not_found(&call, lang)),
        Some(Behind::NotTheirs) => return Ok(not_theirs(lang)),
        Some(Behind::Page(_)) | None => {}
    }
    let token: String = call.param("token")?;
    let back = if english { format!("/m/{token}?lang=en") } else { format!("/m/{token}") };
    Ok(Reply::see_other(back))
}
