//! A version of a procedure as its seal has it: whoever asks whether a chain
//! is the school's own reads it in this form. Sender and scope stay the texts
//! that were sealed, so that one that this version does not know is no fault.

use domain::time::Instant;
use serde::Deserialize;

use crate::platform::crypto::Keys;
use crate::seals::{ProcedureSeal, Seal};

/// The columns of [`SealedProcedure`], of a procedure `p`.
pub const COLUMNS: &str = "p.id, p.version, p.sender, p.scope, p.label_zh, p.label_en, p.steps, p.in_force_from, p.set_by, p.set_at,
   p.confirmed_by, p.confirmed_at, p.mac";
/// The same as a JSON object.
pub const OBJECT: &str = "json_object('id', p.id, 'version', p.version, 'sender', p.sender, 'scope', p.scope, 'label_zh', p.label_zh,
   'label_en', p.label_en, 'steps', p.steps, 'in_force_from', p.in_force_from, 'set_by', p.set_by, 'set_at', p.set_at,
   'confirmed_by', p.confirmed_by, 'confirmed_at', p.confirmed_at, 'mac', p.mac)";

/// A row with all that its seal is over.
#[derive(Clone, Debug, Deserialize)]
pub struct SealedProcedure {
    /// Its id.
    pub id: i64,
    /// Which version.
    pub version: u32,
    /// Key of its sender.
    pub sender: String,
    /// Key of its scope.
    pub scope: String,
    /// Label in Chinese.
    pub label_zh: String,
    /// Label in English.
    pub label_en: String,
    /// Its steps as JSON.
    pub steps: String,
    in_force_from: Instant,
    set_by: i64,
    set_at: Instant,
    confirmed_by: Option<i64>,
    confirmed_at: Option<Instant>,
    mac: String,
}

impl SealedProcedure {
    fn seal(&self) -> ProcedureSeal<'_> {
        ProcedureSeal {
            id: self.id,
            version: self.version,
            sender: &self.sender,
            scope: &self.scope,
            label: (&self.label_zh, &self.label_en),
            steps: &self.steps,
            in_force_from: self.in_force_from,
            set_by: self.set_by,
            set_at: self.set_at,
            confirmed_by: self.confirmed_by,
            confirmed_at: self.confirmed_at,
        }
    }

    /// Whether it is as it was proposed or confirmed.
    pub fn fits(&self, keys: &Keys) -> bool {
        self.seal().fits(keys, &self.mac)
    }

    /// Whether it is as it was confirmed, by a second person.
    pub fn is_in_force(&self, keys: &Keys) -> bool {
        self.seal().is_confirmed() && self.fits(keys)
    }
}
