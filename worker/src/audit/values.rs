//! What is personal in an entry (a former name, a written reason) lies beside
//! the log, sealed under a key of that person's. Erasing the keys in a
//! retention run leaves the chain whole and the values unreadable; the entry
//! holds the hash of what was sealed, so that a value that was exchanged shows.

use data_encoding::BASE64;
use domain::audit::{PersonKind, SealedValue, values_hash};
use serde_json::Value;

use crate::args;
use crate::platform::app::App;
use crate::platform::crypto::{open_under, seal_under};
use crate::platform::d1::Guarded;
use crate::platform::error::AppError;
use crate::platform::json;

/// Values of one statement: some 150 KB.
const PIECE: usize = 500;

/// The values of one entry. A person has one: an object of fields.
#[derive(Default)]
pub struct Values {
    sealed: Vec<SealedValue>,
    keys: Vec<(&'static str, i64, u8, String)>,
}

fn place(kind: PersonKind, person: i64) -> Vec<u8> {
    format!("audit:{}:{person}", kind.key()).into_bytes()
}

impl Values {
    /// Seals what is told of a person, under a fresh key.
    ///
    /// # Errors
    /// Where the platform gives no randomness.
    pub fn add(&mut self, app: &App, kind: PersonKind, person: i64, told: &Value) -> Result<(), AppError> {
        let (keys, host, place) = (app.keys()?, &*app.host, place(kind, person));
        let key: [u8; 32] = app.random()?;
        let sealed = BASE64.encode(&seal_under(&key, host, told.to_string().as_bytes(), &place)?);
        self.sealed.push(SealedValue { kind, person, sealed });
        self.keys.push((
            kind.key(),
            person,
            keys.data_key_id(),
            BASE64.encode(&keys.seal(host, &key, &place)?),
        ));
        Ok(())
    }

    /// What the entry says of them: `null` where there are none.
    pub fn hash(&self) -> Option<String> {
        (!self.sealed.is_empty()).then(|| values_hash(&self.sealed))
    }

    /// Writes them, behind the entry that they belong to.
    ///
    /// # Errors
    /// Where they cannot be written as JSON.
    pub fn keep<'a>(&self, mut batch: Guarded<'a>) -> Result<Guarded<'a>, AppError> {
        for piece in self.sealed.chunks(PIECE) {
            let rows: Vec<_> = piece.iter().map(|v| (v.kind, v.person, &v.sealed)).collect();
            batch = batch.then(
                "INSERT INTO audit_values (kind, person, seq, sealed)
                 SELECT value ->> 0, value ->> 1, (SELECT MAX(seq) FROM audit), value ->> 2 FROM json_each(?1)",
                args![json::text(&rows)?],
            );
        }
        for piece in self.keys.chunks(PIECE) {
            batch = batch.then(
                "INSERT INTO person_keys (kind, person, seq, key_id, sealed)
                 SELECT value ->> 0, value ->> 1, (SELECT MAX(seq) FROM audit), value ->> 2, value ->> 3 FROM json_each(?1)",
                args![json::text(&piece)?],
            );
        }
        Ok(batch)
    }
}

/// What was told of a person; none where it cannot be opened (any more).
pub fn open(
    app: &App,
    kind: PersonKind,
    person: i64,
    sealed: &str,
    key: Option<(i64, &str)>,
) -> Option<Value> {
    let (key_id, key) = key?;
    let place = place(kind, person);
    let key = app.keys().ok()?.open(key_id, &BASE64.decode(key.as_bytes()).ok()?, &place).ok()?;
    let told = open_under(&key, &BASE64.decode(sealed.as_bytes()).ok()?, &place).ok()?;
    serde_json::from_slice(&told).ok()
}
