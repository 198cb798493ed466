//! Rows that carry power are sealed: an appointment, a recorded absence, a
//! procedure, a decision, a registration, an order to release, a unit's move, a round of SMS, a changed number. Each seal is a MAC over the row's fields
//! under `RECORD_KEY`, which the database does not hold. Before a provider is
//! called they are asked for again, so that whoever can write into the
//! database, past its triggers even, still gets nothing sent.
//!
//! The fields of a seal and their order never change: rows written years ago
//! have to fit. What a later version adds is a new purpose beside the old one.

use domain::ids::StaffId;
use domain::time::Instant;
use serde::Serialize;

use crate::platform::crypto::Keys;

/// A row that can be sealed.
pub trait Seal: Serialize + Sized {
    /// What kind of row it is, so that no seal fits a row of another kind.
    const PURPOSE: &'static str;

    /// The seal that belongs to it.
    fn mac(&self, keys: &Keys) -> String {
        keys.row_mac(Self::PURPOSE, self)
    }

    /// Whether a seal belongs to it.
    fn fits(&self, keys: &Keys, mac: &str) -> bool {
        keys.row_fits(Self::PURPOSE, self, mac)
    }
}

/// A row of `appointments` in force. Sealed when it is given, anew when it is confirmed, and as
/// [`EndedAppointmentSeal`] when it ends.
#[derive(Serialize)]
pub struct AppointmentSeal<'a> {
    /// Whose.
    pub staff: i64,
    /// Key of the post.
    pub post: &'a str,
    /// Where.
    pub unit: i64,
    /// For teachers.
    pub class: Option<i64>,
    /// For subject teachers.
    pub subject: Option<&'a str>,
    /// From when.
    pub since: Instant,
    /// By whom; 0 at setup.
    pub given_by: i64,
    /// The second person; 0 at setup, none while it waits or where none is needed.
    pub confirmed_by: Option<i64>,
    /// When.
    pub confirmed_at: Option<Instant>,
}

impl Seal for AppointmentSeal<'_> {
    const PURPOSE: &'static str = "appointment";
}

/// A row of `appointments` that has ended.
#[derive(Serialize)]
pub struct EndedAppointmentSeal<'a> {
    /// What it was.
    pub appointment: AppointmentSeal<'a>,
    /// When it ended.
    pub until: Instant,
    /// By whose no, where it never counted.
    pub declined_by: Option<i64>,
}

impl Seal for EndedAppointmentSeal<'_> {
    const PURPOSE: &'static str = "appointment_ended";
}

/// A row of `delegations`. Sealed when it is recorded, and anew when it is withdrawn.
#[derive(Serialize)]
pub struct DelegationSeal<'a> {
    /// Whose post.
    pub appointment: i64,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// By whom.
    pub recorded_by: i64,
    /// When.
    pub recorded_at: Instant,
    /// Why.
    pub why: &'a str,
    /// Who withdrew it, and when.
    pub withdrawn: Option<(i64, Instant)>,
}

impl Seal for DelegationSeal<'_> {
    const PURPOSE: &'static str = "delegation";
}

/// A row of `procedures`. Sealed when it is proposed, and anew when it is confirmed.
#[derive(Serialize)]
pub struct ProcedureSeal<'a> {
    /// Which.
    pub id: i64,
    /// Version.
    pub version: u32,
    /// Key of its sender.
    pub sender: &'a str,
    /// Key of its scope.
    pub scope: &'a str,
    /// Its label, in Chinese and English.
    pub label: (&'a str, &'a str),
    /// Its steps, the JSON as it is stored.
    pub steps: &'a str,
    /// From when it holds.
    pub in_force_from: Instant,
    /// By whom; 0 at setup.
    pub set_by: i64,
    /// When it was proposed.
    pub set_at: Instant,
    /// The second person; 0 at setup, none while it waits.
    pub confirmed_by: Option<i64>,
    /// When.
    pub confirmed_at: Option<Instant>,
}

impl ProcedureSeal<'_> {
    /// Whether two people stand behind it, or the setup.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
            && self
                .confirmed_by
                .is_some_and(|by| if self.set_by == 0 { by == 0 } else { by != self.set_by && by != 0 })
    }
}

impl Seal for ProcedureSeal<'_> {
    const PURPOSE: &'static str = "procedure";
}

/// A row of `unit_changes`. Sealed when it is proposed, and anew when it is confirmed.
#[derive(Serialize)]
pub struct UnitChangeSeal {
    /// Which unit.
    pub unit: i64,
    /// The unit above it when it was proposed.
    pub from: i64,
    /// Where it goes; none where it is closed.
    pub to: Option<i64>,
    /// By whom.
    pub proposed_by: i64,
    /// When.
    pub proposed_at: Instant,
    /// The second person, and when.
    pub confirmed: Option<(i64, Instant)>,
}

impl Seal for UnitChangeSeal {
    const PURPOSE: &'static str = "unit_change";
}

/// A row of `sms_accounts`. Sealed when it is proposed, and anew when it is confirmed.
#[derive(Serialize)]
pub struct SmsAccountSeal<'a> {
    /// Version.
    pub version: u32,
    /// Key of the provider.
    pub provider: &'a str,
    /// Whether it is on trial.
    pub trial: bool,
    /// The signature, with the key of its filing state.
    pub signature: (&'a str, &'a str),
    /// The templates, the JSON as it is stored.
    pub templates: &'a str,
    /// Price of one SMS part.
    pub price: u32,
    /// The credentials as they are sealed, with the id of the key.
    pub credentials: (i64, &'a str),
    /// By whom.
    pub set_by: i64,
    /// When it was proposed.
    pub set_at: Instant,
    /// The second person, and when; none while it waits.
    pub confirmed: Option<(StaffId, Instant)>,
}

impl Seal for SmsAccountSeal<'_> {
    const PURPOSE: &'static str = "sms_account";
}

/// A row of `decisions`.
#[derive(Serialize)]
pub struct DecisionSeal<'a> {
    /// On which message.
    pub message: i64,
    /// On which version of it.
    pub version: u32,
    /// On which step.
    pub position: u32,
    /// By whom.
    pub staff: i64,
    /// By which appointment.
    pub appointment: i64,
    /// Key of its post.
    pub post: &'a str,
    /// Key of the verdict.
    pub verdict: &'a str,
    /// On which digest.
    pub digest: &'a str,
    /// When.
    pub at: Instant,
}

impl Seal for DecisionSeal<'_> {
    const PURPOSE: &'static str = "decision";
}

/// A row of `decisions` that returns, with all that was said: also what was wrong where.
#[derive(Serialize)]
pub struct ReturnSeal<'a> {
    /// Who decided what.
    pub decision: DecisionSeal<'a>,
    /// Why.
    pub reason: &'a str,
    /// Its rows of `return_passages` in their order: key of the part, first character, length, reason.
    pub passages: &'a [(String, u32, u32, String)],
}

impl Seal for ReturnSeal<'_> {
    const PURPOSE: &'static str = "return";
}

/// A row of `registrations`.
#[derive(Serialize)]
pub struct RegistrationSeal<'a> {
    /// Of which message.
    pub message: i64,
    /// Of which version of it.
    pub version: u32,
    /// For which step.
    pub position: u32,
    /// The number and its year.
    pub number: (u32, Option<&'a str>),
    /// SHA-256 of the scan.
    pub document: Option<&'a str>,
    /// By whom.
    pub staff: i64,
    /// By which appointment.
    pub appointment: i64,
    /// Of which digest the original was signed.
    pub digest: &'a str,
    /// When.
    pub at: Instant,
}

impl Seal for RegistrationSeal<'_> {
    const PURPOSE: &'static str = "registration";
}

/// A row of `release_orders`.
#[derive(Serialize)]
pub struct ReleaseOrderSeal<'a> {
    /// Of which message.
    pub message: i64,
    /// Of which version of it.
    pub version: u32,
    /// By whom.
    pub staff: i64,
    /// By which appointment.
    pub appointment: i64,
    /// The digest that is released.
    pub digest: &'a str,
    /// When.
    pub at: Instant,
}

impl Seal for ReleaseOrderSeal<'_> {
    const PURPOSE: &'static str = "release_order";
}

/// A row of `rounds`.
#[derive(Serialize)]
pub struct RoundSeal<'a> {
    /// Of which message.
    pub message: i64,
    /// Which.
    pub round: u8,
    /// Its kind.
    pub kind: &'a str,
    /// By whom; 0 is a rule.
    pub ordered_by: i64,
    /// Its time.
    pub due_at: Instant,
    /// When it was released.
    pub at: Instant,
    /// The digest that was approved.
    pub digest: &'a str,
}

impl Seal for RoundSeal<'_> {
    const PURPOSE: &'static str = "round";
}

/// A row of `phone_changes`.
#[derive(Serialize)]
pub struct PhoneChangeSeal<'a> {
    /// `guardian`, `staff` or `student`.
    pub kind: &'a str,
    /// Whose.
    pub person: i64,
    /// From which phone id; none where there was no number.
    pub from: Option<i64>,
    /// To which; none where there is none now.
    pub to: Option<i64>,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: i64,
}

impl Seal for PhoneChangeSeal<'_> {
    const PURPOSE: &'static str = "phone_change";
}

/// The first head of a day, as it goes into the archive.
#[derive(Serialize)]
pub struct AuditHeadSeal<'a> {
    /// The day in Shanghai.
    pub day: &'a str,
    /// The newest sealed entry.
    pub seq: i64,
    /// Its hash.
    pub hash: &'a str,
}

impl Seal for AuditHeadSeal<'_> {
    const PURPOSE: &'static str = "audit_head";
}
