//! Accounts (account): sign-in, sessions, and activation by a single-use
//! link, so that nobody ever knows another's password.

pub mod password;
pub mod routes;
pub mod store;

use domain::access::Person;
use domain::account::Slip;
use domain::time::Instant;
use worker::Headers;

use crate::app::App;
use crate::bindings::{Rows, Stmt};
use crate::crypto::{random_token, sha256};
use crate::error::AppError;

/// The session's cookie; the prefix binds it to this host, HTTPS and path `/`.
pub const COOKIE: &str = "__Host-session";
/// Characters of a session token: 256 bits in base64url.
const TOKEN_CHARS: usize = 43;

/// The session token that a request carries.
///
/// # Errors
/// Where the platform cannot read the header.
pub fn session_token(headers: &Headers) -> Result<Option<String>, AppError> {
    let cookies = headers.get("Cookie")?.unwrap_or_default();
    Ok(cookies
        .split(';')
        .filter_map(|c| c.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token.to_owned())
        .filter(|token| token.len() == TOKEN_CHARS))
}

/// The person behind a session token, with the posts held at this moment;
/// `extra` runs in the same round trip.
///
/// # Errors
/// [`AppError::NotSignedIn`] where there is no live session.
pub async fn enter(app: &App, token: &str, extra: Vec<Stmt>) -> Result<(Person, Vec<Rows>), AppError> {
    store::enter(app, &sha256(token.as_bytes()), extra).await
}

/// Fresh slips with their links, and the rows to store.
///
/// # Errors
/// Where the platform gives no randomness.
pub fn slips(
    app: &App,
    people: &[store::Owner],
    expires_at: Instant,
) -> Result<(Vec<Slip>, Vec<store::SlipRow>), AppError> {
    let mut slips = Vec::new();
    let mut rows = Vec::new();
    for person in people {
        let token = random_token()?;
        rows.push((person.id, sha256(token.as_bytes())));
        slips.push(Slip {
            name: person.name.clone(),
            number: person.number.clone(),
            link: format!("{}/activate#{token}", app.origin),
            expires_at,
        });
    }
    Ok((slips, rows))
}
