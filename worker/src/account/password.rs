//! Argon2id over the peppered password. Each hash takes 19 MiB of an
//! isolate's 128, so they are never run side by side: hashing does not
//! await, and an isolate has one thread.
//!
//! The hash is bound to its owner's id: moved to another row it opens nothing.

use std::borrow::Cow;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::ids::StaffId;

use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::error::AppError;
use crate::platform::text::nfkc;

/// OWASP's second choice for Argon2id, the one that fits an isolate: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is verified where there is no account, so that both take as long.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A text in the one form (NFKC) that all keyboards lead to: full-width figures and letters, or an accent typed apart,
/// are the same password and the same staff number.
pub fn one_form(text: &str) -> Cow<'_, str> {
    nfkc(text)
}

fn argon2() -> Result<Argon2<'static>, AppError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| AppError::Internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A PHC string for somebody's new password.
///
/// # Errors
/// Where the platform gives no randomness.
pub fn hash(app: &App, owner: StaffId, password: &str) -> Result<String, AppError> {
    phc(&app.keys()?.pepper(owner.0, &one_form(password)), &app.random::<16>()?)
}

/// Somebody's account, as far as a password is held against it.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// Whose.
    pub owner: StaffId,
    /// The PHC string; none before activation.
    pub phc: Option<&'a str>,
}

/// Whether the password fits; takes as long where there is no account.
///
/// # Errors
/// Where the stored string is damaged.
pub fn verify(keys: &Keys, password: &str, stored: Option<Stored<'_>>) -> Result<bool, AppError> {
    let owner = stored.map_or(0, |s| s.owner.0);
    let kept = stored.and_then(|s| s.phc);
    Ok(fits(&keys.pepper(owner, &one_form(password)), kept.unwrap_or(DUMMY))? && kept.is_some())
}

fn fits(peppered: &[u8], stored: &str) -> Result<bool, AppError> {
    let parsed =
        PasswordHash::new(stored).map_err(|e| AppError::Internal(format!("stored password: {e}")))?;
    Ok(argon2()?.verify_password(peppered, &parsed).is_ok())
}

fn phc(peppered: &[u8], salt: &[u8]) -> Result<String, AppError> {
    let hash: PasswordHash = argon2()?
        .hash_password_with_salt(peppered, salt)
        .map_err(|e| AppError::Internal(format!("hashing failed: {e}")))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_and_no_other() {
        let stored = phc(b"peppered", &[7; 16]).expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(fits(b"peppered", &stored).expect("a verdict"));
        assert!(!fits(b"Peppered", &stored).expect("a verdict"));
        assert!(fits(b"peppered", "damaged").is_err());
        // Worked through like any other, and nobody's.
        assert!(!fits(b"", DUMMY).expect("a verdict"));
    }

    #[test]
    fn one_text_however_it_was_typed() {
        assert_eq!(one_form("Ｔ００１８　"), "T0018 ");
        assert_eq!(one_form("cafe\u{301}"), one_form("café"));
    }
}
