//! The digest (I2): SHA-256 over exactly what a parent will see and exactly
//! who will see it. It is taken at submission, named by every decision, and
//! recomputed from what is rendered before a provider is called.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A SHA-256, as 64 lower-case hexadecimal characters on the wire.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes a value in its canonical form: the JSON of a struct, whose
    /// fields stand in the order of their declaration.
    pub fn of<T: Serialize>(value: &T) -> Self {
        // Serialising our own plain structs into memory cannot fail.
        Self::of_bytes(&serde_json::to_vec(value).unwrap_or_default())
    }

    /// Hashes bytes as they are.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// What an incremental hash has come to.
    pub(crate) fn finished(hash: Sha256) -> Self {
        Self(hash.finalize().into())
    }

    /// 64 hexadecimal characters.
    pub fn to_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_hex())
    }
}
