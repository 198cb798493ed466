//! Signing in (G19, G38, G51): staff number or phone and a password that
//! nobody but its owner ever knows.

pub mod device;
pub mod password;
pub mod session;
pub mod signin;
pub mod slip;

use serde::{Deserialize, Serialize};

pub use self::device::Device;
pub use self::password::{Known, PASSWORD_MAX_BYTES, PASSWORD_MIN, check_new_password};
pub use self::session::{SESSION_LIFE, SessionRules, SessionView, session_rules};
pub use self::slip::{
    ACTIVATION_LIFE, Activation, ActivationView, Reset, ResetAnswer, ResetView, Slip, SlipOrder, SlipState,
    SlipView, Slips,
};
use crate::access::{Appointment, Person};
use crate::appointment::{ComingPost, Ended};
use crate::filing::Desk;
use crate::school::SchoolView;
use crate::time::Instant;

/// `POST /api/session`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignIn {
    /// Staff number (教职工号) or own phone number.
    pub login: String,
    /// The password.
    pub password: String,
}

/// `PUT /api/me/password`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PasswordChange {
    /// The password as it is.
    pub old: String,
    /// As it shall be.
    pub password: String,
}

/// `GET /api/me` and the answer to a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Me {
    /// The person and the posts held now: all that the app shows follows from it.
    pub person: Person,
    /// The school.
    pub school: SchoolView,
    /// Messages that wait for this person's decision.
    pub waiting: u32,
    /// Messages whose step is late, of which this person is the next in line.
    #[serde(default)]
    pub late: u32,
    /// The person's own appointments that count for nothing before a second person confirms them.
    pub unconfirmed: Vec<Appointment>,
    /// The person's own posts that begin on a later day.
    #[serde(default)]
    pub coming: Vec<ComingPost>,
    /// Posts of the person's that decided or managed, and that somebody ended lately.
    #[serde(default)]
    pub ended: Vec<Ended>,
    /// Appointments that this person may confirm.
    pub to_confirm: u32,
    /// Moves and closings of units that this person may confirm.
    #[serde(default)]
    pub unit_changes: u32,
    /// Requests to the office that wait for this person.
    pub requests: u32,
    /// Resets of this account that its owner has to know of.
    pub resets: Vec<ResetView>,
    /// This person's own messages that were returned and not submitted again.
    pub returned: u32,
    /// What waits for this person in the register and among the filings.
    pub desk: Desk,
    /// The Worker's clock, so that the app needs none of its own.
    pub now: Instant,
}
impl Me {
    /// How many messages wait for this person, for a badge.
    pub fn to_do(&self) -> u32 {
        self.waiting.saturating_add(self.returned)
    }
}
