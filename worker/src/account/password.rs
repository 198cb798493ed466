//! Argon2id over the peppered password. Each hash takes 19 MiB of an
//! isolate's 128, so they are never run side by side: hashing does not
//! await, and an isolate has one thread.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::crypto::{Keys, random};
use crate::error::AppError;

/// OWASP's second choice for Argon2id, the one that fits an isolate: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is verified where there is no account, so that both take as long.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$4Z8u3m0S1pCwq3bS2O0x4n6m4v3M6a1Yy3x7d1o2b3c";

fn argon2() -> Result<Argon2<'static>, AppError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| AppError::Internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A PHC string for a new password.
///
/// # Errors
/// Where the platform gives no randomness.
pub fn hash(keys: &Keys, password: &str) -> Result<String, AppError> {
    let salt: [u8; 16] = random()?;
    let hash = argon2()?
        .hash_password_with_salt(&keys.pepper(password), &salt)
        .map_err(|e| AppError::Internal(format!("hashing failed: {e}")))?;
    Ok(hash.to_string())
}

/// Whether the password fits; takes as long where there is no account.
///
/// # Errors
/// Where the stored string is damaged.
pub fn verify(keys: &Keys, password: &str, stored: Option<&str>) -> Result<bool, AppError> {
    let parsed = PasswordHash::new(stored.unwrap_or(DUMMY))
        .map_err(|e| AppError::Internal(format!("stored password: {e}")))?;
    let fits = argon2()?.verify_password(&keys.pepper(password), &parsed).is_ok();
    Ok(fits && stored.is_some())
}
