//! Accounts (account): sign-in, sessions, and activation by a single-use
//! link, so that nobody ever knows another's password.

pub mod password;
pub mod routes;
pub mod store;

pub use store::enter;

use domain::account::Slip;
use domain::time::Instant;

use crate::platform::app::App;
use crate::platform::crypto::sha256;
use crate::platform::error::AppError;

/// The session's cookie; the prefix binds it to this host, HTTPS and path `/`.
pub const COOKIE: &str = "__Host-session";
/// Characters of a session token: 256 bits in base64url.
const TOKEN_CHARS: usize = 43;

/// The session token in a `Cookie` header.
pub fn session_token(cookies: Option<&str>) -> Option<String> {
    cookies
        .unwrap_or_default()
        .split(';')
        .filter_map(|c| c.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token.to_owned())
        .filter(|token| token.len() == TOKEN_CHARS)
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
        let token = app.random_token()?;
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
