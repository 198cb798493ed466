//! What a browser keeps: one cookie that holds the session's token, and the
//! marks by which this browser is known to accounts that were opened in it.
//!
//! A mark lets its owner try to sign in however many wrong passwords others
//! have typed elsewhere. It opens nothing. Each is bound to one account and to
//! its present password, so that no list of marks has to be kept: a new
//! password ends them all.

use data_encoding::HEXLOWER;
use domain::ids::StaffId;
use domain::time::{DAY, Instant, SECOND};

use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::error::AppError;

/// The cookie; the prefix binds it to this host, HTTPS and path `/`.
const COOKIE: &str = "__Host-session";
/// Characters of a session token: 256 bits in base64url.
const TOKEN_CHARS: usize = 43;
/// Characters of a mark's own random part: 128 bits.
const NONCE_CHARS: usize = 32;
/// Characters of a whole mark: with a MAC of 256 bits.
const MARK_CHARS: usize = NONCE_CHARS + 64;
/// Accounts to which one browser is known: colleagues share computers.
const MARKS_MAX: usize = 4;
/// How long browsers keep the cookie; they allow no more. The session in it ends on the server.
const LIFE: i64 = 400 * DAY / SECOND;
/// What a mark is sealed for.
const PURPOSE: &str = "known-browser";

/// What a request's cookie holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The session's token.
    pub token: Option<String>,
    /// The marks, the newest first.
    pub marks: Vec<String>,
}

impl Kept {
    /// Reads a `Cookie` header.
    pub fn of(cookies: Option<&str>) -> Self {
        let mut pairs = cookies.unwrap_or_default().split(';').filter_map(|c| c.trim().split_once('='));
        let Some((_, value)) = pairs.find(|(name, _)| *name == COOKIE) else { return Self::default() };
        let mut parts = value.split('.');
        let token = parts.next().filter(|token| token.len() == TOKEN_CHARS).map(str::to_owned);
        let is_mark = |m: &&str| m.len() == MARK_CHARS && m.bytes().all(|b| b.is_ascii_hexdigit());
        Self { token, marks: parts.filter(is_mark).take(MARKS_MAX).map(str::to_owned).collect() }
    }

    /// The `Set-Cookie` that leaves it in the browser.
    pub fn header(&self) -> String {
        let parts = self.token.iter().map(String::as_str).chain(self.token.is_none().then_some(""));
        let value: Vec<&str> = parts.chain(self.marks.iter().map(String::as_str)).collect();
        let life = if self.token.is_none() && self.marks.is_empty() { 0 } else { LIFE };
        let value = value.join(".");
        format!("{COOKIE}={value}; Path=/; Max-Age={life}; Secure; HttpOnly; SameSite=Strict")
    }

    /// The same without the session.
    #[must_use]
    pub fn signed_out(self) -> Self {
        Self { token: None, ..self }
    }

    /// The random part of the mark by which this browser is known to an account.
    pub fn known(&self, keys: &Keys, id: StaffId, password_at: Instant) -> Option<&str> {
        self.marks.iter().find_map(|mark| {
            let (nonce, mac) = mark.split_at_checked(NONCE_CHARS)?;
            keys.row_fits(PURPOSE, &(nonce, id, password_at), mac).then_some(nonce)
        })
    }

    /// A fresh session of an account in this browser, which is known to it from now on.
    ///
    /// # Errors
    /// Where the platform gives no randomness.
    pub fn opened(
        mut self,
        app: &App,
        token: String,
        (id, password_at): (StaffId, Instant),
    ) -> Result<Self, AppError> {
        let keys = app.keys()?;
        // Only the account's own can be told apart; those of colleagues stay.
        let own = self.known(keys, id, password_at).map(str::to_owned);
        self.marks.retain(|mark| own.as_deref().is_none_or(|nonce| !mark.starts_with(nonce)));
        let nonce = HEXLOWER.encode(&app.random::<16>()?);
        let mac = keys.row_mac(PURPOSE, &(nonce.as_str(), id, password_at));
        self.marks.insert(0, nonce + &mac);
        self.marks.truncate(MARKS_MAX);
        Ok(Self { token: Some(token), ..self })
    }
}

/// The session token in a `Cookie` header.
pub fn session_token(cookies: Option<&str>) -> Option<String> {
    Kept::of(cookies).token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_in_the_browser_is_read_again() {
        let kept = Kept { token: Some("t".repeat(43)), marks: vec!["a".repeat(96), "b".repeat(96)] };
        for kept in [kept.clone(), kept.clone().signed_out(), Kept { marks: Vec::new(), ..kept }] {
            let header = kept.header();
            let (pair, flags) = header.split_once(';').expect("flags");
            assert_eq!(Kept::of(Some(&format!("other=1; {pair}; more=2"))), kept);
            assert!(
                flags.contains("Secure; HttpOnly; SameSite=Strict") && flags.contains("Path=/"),
                "{flags}"
            );
        }
        assert!(Kept::default().header().contains("Max-Age=0"));
        for odd in [
            None,
            Some(""),
            Some("__Host-session=; other=%00"),
            Some("__Host-session=.x.y"),
            Some("session=1"),
        ] {
            assert_eq!(Kept::of(odd), Kept::default(), "{odd:?}");
        }
    }
}
