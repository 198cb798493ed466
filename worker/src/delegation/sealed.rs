//! A recorded absence as its seal has it.

use domain::ids::StaffId;
use domain::time::Instant;
use serde::Deserialize;

use crate::platform::crypto::Keys;
use crate::seals::{DelegationSeal, Seal};

/// The columns of [`SealedAbsence`], of a row `g` of `delegations`.
pub const COLUMNS: &str =
    "g.id, g.appointment_id, g.from_at, g.until_at, g.recorded_by, g.recorded_at, g.why, g.withdrawn_by,
   g.withdrawn_at, g.mac";
/// The same as one JSON object.
pub const OBJECT: &str = "json_object('id', g.id, 'appointment_id', g.appointment_id, 'from_at', g.from_at, 'until_at', g.until_at,
   'recorded_by', g.recorded_by, 'recorded_at', g.recorded_at, 'why', g.why, 'withdrawn_by', g.withdrawn_by,
   'withdrawn_at', g.withdrawn_at, 'mac', g.mac)";

/// A row with all that its seal is over.
#[derive(Clone, Debug, Deserialize)]
pub struct SealedAbsence {
    /// Its id.
    pub id: i64,
    appointment_id: i64,
    from_at: Instant,
    /// Until when.
    pub until_at: Instant,
    /// By whom it was recorded.
    pub recorded_by: StaffId,
    recorded_at: Instant,
    why: String,
    withdrawn_by: Option<i64>,
    withdrawn_at: Option<Instant>,
    mac: String,
}

impl SealedAbsence {
    /// Whether it is as it was recorded and withdrawn.
    pub fn fits(&self, keys: &Keys) -> bool {
        self.seal(self.withdrawn_by.zip(self.withdrawn_at)).fits(keys, &self.mac)
    }

    fn seal(&self, withdrawn: Option<(i64, Instant)>) -> DelegationSeal<'_> {
        DelegationSeal {
            appointment: self.appointment_id,
            from: self.from_at,
            until: self.until_at,
            recorded_by: self.recorded_by.0,
            recorded_at: self.recorded_at,
            why: &self.why,
            withdrawn,
        }
    }

    /// The seal with which it is withdrawn. What did not carry a good one gets none by that.
    pub fn withdrawn_mac(&self, keys: &Keys, by: StaffId, now: Instant) -> String {
        if self.fits(keys) { self.seal(Some((by.0, now))).mac(keys) } else { format!("{}!", self.mac) }
    }
}
