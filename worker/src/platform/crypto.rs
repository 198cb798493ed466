//! Keys, sealing and keyed indexes (I11), random tokens.
//!
//! Secrets are read from the environment in these forms: `DATA_KEYS` and
//! `LINK_KEYS` are lists `id:key,id:key` whose first key is used for what is new;
//! `INDEX_KEY`, `RECORD_KEY` and `PASSWORD_PEPPER` are one key. A key is 64 hexadecimal characters.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use domain::link::LinkKey;
use domain::phone::{Phone, UNREADABLE};
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::platform::error::AppError;
use crate::platform::host::Host;

const NONCE_BYTES: usize = 12;

/// All secrets of a deployment.
pub struct Keys {
    data: Vec<(u8, Vec<u8>)>,
    index: Hmac<Sha256>,
    record: Hmac<Sha256>,
    /// Keys for parents' links.
    pub links: Vec<LinkKey>,
    pepper: Hmac<Sha256>,
}

fn secret(host: &dyn Host, name: &'static str) -> Result<String, AppError> {
    host.setting(name).ok_or_else(|| AppError::Internal(format!("the secret {name} is not set")))
}

fn key(name: &str, hex: &str) -> Result<Vec<u8>, AppError> {
    match HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes()) {
        Ok(bytes) if bytes.len() == 32 => Ok(bytes),
        _ => Err(AppError::Internal(format!("the secret {name} is not 64 hexadecimal characters"))),
    }
}

fn hmac_key(host: &dyn Host, name: &'static str) -> Result<Hmac<Sha256>, AppError> {
    let key = key(name, &secret(host, name)?)?;
    Hmac::new_from_slice(&key).map_err(|_| AppError::Internal(format!("the secret {name} is no key")))
}

fn keys(host: &dyn Host, name: &'static str) -> Result<Vec<(u8, Vec<u8>)>, AppError> {
    let list: Result<Vec<_>, AppError> = secret(host, name)?
        .split(',')
        .map(|part| {
            let (id, hex) = part
                .trim()
                .split_once(':')
                .ok_or_else(|| AppError::Internal(format!("the secret {name} is not a list of id:key")))?;
            let id =
                id.parse().map_err(|_| AppError::Internal(format!("an id in {name} is not 0 to 255")))?;
            Ok((id, key(name, hex)?))
        })
        .collect();
    list
}

impl Keys {
    /// Reads all secrets.
    ///
    /// # Errors
    /// Names the secret that is missing or malformed (for the log).
    pub fn load(host: &dyn Host) -> Result<Self, AppError> {
        Ok(Self {
            data: keys(host, "DATA_KEYS")?,
            index: hmac_key(host, "INDEX_KEY")?,
            record: hmac_key(host, "RECORD_KEY")?,
            links: keys(host, "LINK_KEYS")?.into_iter().map(|(id, secret)| LinkKey { id, secret }).collect(),
            pepper: hmac_key(host, "PASSWORD_PEPPER")?,
        })
    }

    /// The id of the key that seals what is new.
    pub fn data_key_id(&self) -> u8 {
        self.data.first().map_or(0, |(id, _)| *id)
    }

    /// Seals bytes under the newest key: nonce ‖ ciphertext. `aad` binds them to their row.
    ///
    /// # Errors
    /// Where the platform gives no randomness.
    pub fn seal(&self, host: &dyn Host, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, AppError> {
        let (_, key) = self.data.first().ok_or_else(|| AppError::Internal("no data key".into()))?;
        seal_under(key, host, plain, aad)
    }

    /// Opens what [`Keys::seal`] sealed.
    ///
    /// # Errors
    /// Where the key is gone, or the bytes or their row were changed.
    pub fn open(&self, key_id: i64, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, AppError> {
        let (_, key) = self.data.iter().find(|(id, _)| i64::from(*id) == key_id).ok_or_else(cannot_open)?;
        open_under(key, sealed, aad)
    }

    /// Seals a phone for the row `phones.id`.
    ///
    /// # Errors
    /// As [`Keys::seal`].
    pub fn seal_phone(&self, host: &dyn Host, id: i64, phone: &Phone) -> Result<String, AppError> {
        Ok(BASE64.encode(&self.seal(host, phone.digits().as_bytes(), format!("phone:{id}").as_bytes())?))
    }

    /// The number of the row `phones.id` as it is shown; [`UNREADABLE`] where it cannot be opened, so that
    /// one bad row is one bad row.
    pub fn masked_phone(&self, id: i64, key_id: i64, sealed: &str) -> String {
        self.open_phone(id, key_id, sealed).map_or_else(|_| UNREADABLE.to_owned(), |phone| phone.masked())
    }

    /// Opens the row `phones.id`.
    ///
    /// # Errors
    /// As [`Keys::open`].
    pub fn open_phone(&self, id: i64, key_id: i64, sealed: &str) -> Result<Phone, AppError> {
        let broken = || AppError::Internal(format!("phone {id} cannot be opened"));
        let sealed = BASE64.decode(sealed.as_bytes()).map_err(|_| broken())?;
        let digits = self.open(key_id, &sealed, format!("phone:{id}").as_bytes())?;
        let digits = String::from_utf8(digits).map_err(|_| broken())?;
        Phone::parse(&digits).map_err(|_| broken())
    }

    /// A keyed index: equal values give equal texts, and nothing else can be read from them.
    pub fn index(&self, purpose: &str, value: &str) -> String {
        HEXLOWER.encode(&keyed(&self.index, purpose, value.as_bytes()).finalize().into_bytes())
    }

    /// The seal of a row that carries power (an appointment, a decision, a procedure, …) over its
    /// fields in their canonical form: who can write into the database cannot make one.
    pub fn row_mac<T: Serialize>(&self, purpose: &str, row: &T) -> String {
        HEXLOWER.encode(&self.row_hmac(purpose, row).finalize().into_bytes())
    }

    /// Whether a row carries the seal that belongs to it; compared in constant time.
    pub fn row_fits<T: Serialize>(&self, purpose: &str, row: &T, mac: &str) -> bool {
        let given = HEXLOWER.decode(mac.as_bytes()).unwrap_or_default();
        self.row_hmac(purpose, row).verify_slice(&given).is_ok()
    }

    fn row_hmac<T: Serialize>(&self, purpose: &str, row: &T) -> Hmac<Sha256> {
        // Serialising our own plain structs into memory cannot fail.
        keyed(&self.record, purpose, &serde_json::to_vec(row).unwrap_or_default())
    }

    /// The keyed index by which a phone's row is found.
    pub fn phone_lookup(&self, phone: &Phone) -> String {
        self.index("phone", phone.digits())
    }

    /// The keyed index of the last four digits.
    pub fn phone_last4(&self, phone: &Phone) -> String {
        self.index("phone-last4", phone.last_four())
    }

    /// The owner's id and a password under the pepper: what Argon2id hashes, so that the database alone is not enough
    /// to guess, and a hash that is moved to another row fits nothing.
    pub fn pepper(&self, owner: i64, password: &str) -> Vec<u8> {
        keyed(&self.pepper, &format!("password:{owner}"), password.as_bytes())
            .finalize()
            .into_bytes()
            .to_vec()
    }

    /// A keyed hash of a body, which may hold a password: a plain one would be quick to guess from.
    pub fn body_hash(&self, body: &[u8]) -> String {
        HEXLOWER.encode(&keyed(&self.index, "body", body).finalize().into_bytes())
    }
}

/// Seals bytes under a key of 32 bytes: nonce ‖ ciphertext. `aad` binds them to their place.
///
/// # Errors
/// Where the key has another length, or the platform gives no randomness.
pub fn seal_under(key: &[u8], host: &dyn Host, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, AppError> {
    let mut nonce = [0; NONCE_BYTES];
    host.random(&mut nonce)?;
    let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| AppError::Internal("no key".into()))?;
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| AppError::Internal("sealing failed".into()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal_under`] sealed.
///
/// # Errors
/// Where the bytes or their place were changed.
pub fn open_under(key: &[u8], sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, AppError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(cannot_open)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| cannot_open())?;
    let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| cannot_open())?;
    cipher.decrypt(&Nonce::from(nonce), Payload { msg: sealed, aad }).map_err(|_| cannot_open())
}

fn cannot_open() -> AppError {
    AppError::Internal("a sealed value cannot be opened".into())
}

/// A keyed hash over a value, for one purpose.
fn keyed(key: &Hmac<Sha256>, purpose: &str, value: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(value);
    mac
}

/// SHA-256 in hexadecimal: how tokens are stored.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
