//! `GET|POST /m/{token}`.

use domain::link::{DeliveryId, verify};
use domain::time::MINUTE;
use domain::words::Lang;
use worker::Method;

use super::store;
use crate::error::AppError;
use crate::router::{Answer, Call};

fn delivery(call: &Call) -> Result<Option<DeliveryId>, AppError> {
    let token: String = call.param("token")?;
    Ok(verify(&call.app.keys()?.links, &token))
}

fn lang(call: &Call) -> Lang {
    match call.query.get("lang").map(String::as_str) {
        Some("en") => Lang::En,
        Some("zh") => Lang::Zh,
        _ => call.lang,
    }
}

fn html(status: u16, html: String) -> Answer {
    let csp = format!(
        "default-src 'none'; style-src {}; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        parent::style_hash()
    );
    Answer::html(status, html).header("Content-Security-Policy", csp)
}

/// One page for whatever is wrong with a link: nobody learns which (DESIGN, Links).
fn not_found(lang: Lang) -> Answer {
    html(404, parent::not_found(lang, None))
}

/// Shows the page. Changes nothing but the hint that it was opened; a HEAD, which link scanners send, not even that.
///
/// # Errors
/// Where the database fails.
pub async fn page(call: Call) -> Result<Answer, AppError> {
    let lang = lang(&call);
    let Some(id) = delivery(&call)? else { return Ok(not_found(lang)) };
    let Some(page) = store::page(&call.app, id, call.method == Method::Get).await? else {
        return Ok(not_found(lang));
    };
    let just = page.confirmed_at.is_some_and(|at| at.plus(MINUTE) > call.app.now());
    Ok(html(200, parent::page(&page, &call.param::<String>("token")?, lang, just)))
}

/// Takes the answer. The token alone authorises it: old WebViews send no
/// usable Origin.
///
/// # Errors
/// Where the database fails.
pub async fn answer(call: Call) -> Result<Answer, AppError> {
    let form: std::collections::HashMap<String, String> =
        worker::Url::parse(&format!("x:?{}", String::from_utf8_lossy(call.bytes())))
            .map(|form| form.query_pairs().into_owned().collect())
            .unwrap_or_default();
    let english = form.get("lang").is_some_and(|l| l == "en");
    let lang = if english { Lang::En } else { lang(&call) };
    let Some(id) = delivery(&call)? else { return Ok(not_found(lang)) };
    if form.get("action").map(String::as_str) == Some("confirm") && !store::confirm(&call.app, id).await? {
        return Ok(not_found(lang));
    }
    let token: String = call.param("token")?;
    let back = if english { format!("/m/{token}?lang=en") } else { format!("/m/{token}") };
    Ok(Answer { status: 303, ..Answer::empty() }.header("Location", back))
}
