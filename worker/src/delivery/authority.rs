//! On whose authority a batch goes out (I1): before a provider is called, the
//! whole chain is read once more, row by row, and each row has to carry its
//! seal. The triggers refuse what does not fit when it is written; this also
//! stops what was written past them.

use std::collections::BTreeSet;

use domain::access::Post;
use domain::approval::{
    Binding, Chain, Decision, Need, ProcedureStep, Scope, Sender, Step, StepKind, Verdict,
};
use domain::delivery::Reason;
use domain::ids::{MessageId, PhoneId, StaffId, UnitId};
use domain::message::Recipient;
use domain::school::UnitKind;
use domain::time::Instant;
use serde::Deserialize;

use crate::appointment::sealed::{OBJECT as APPOINTMENT, SealedAppointment};
use crate::args;
use crate::message::rows::MessageRow;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::procedure::sealed::{OBJECT as PROCEDURE, SealedProcedure};
use crate::seals::{DecisionSeal, PhoneChangeSeal, RegistrationSeal, ReleaseOrderSeal, RoundSeal, Seal};
use crate::sequencer::SmsJob;

/// Statements that it reads with.
pub(super) const QUERIES: usize = 3;

/// A step of the chain with its decision and the appointment by which it was made.
#[derive(Deserialize)]
struct StepRow {
    position: u32,
    kind: StepKind,
    post: Post,
    unit_id: Option<UnitId>,
    substitute: Option<Post>,
    substitute_unit_id: Option<UnitId>,
    #[serde(deserialize_with = "json::flag")]
    holds: bool,
    #[serde(deserialize_with = "json::column")]
    needs: Vec<Need>,
    #[serde(deserialize_with = "json::optional_column")]
    decision: Option<DecisionRow>,
    #[serde(deserialize_with = "json::optional_column")]
    appointment: Option<SealedAppointment>,
    #[serde(deserialize_with = "json::optional_column")]
    registration: Option<RegistrationRow>,
}

/// The entry in the register of a step that asks for one.
#[derive(Deserialize)]
struct RegistrationRow {
    year: u32,
    number: Option<String>,
    document: Option<String>,
    staff: i64,
    appointment_id: i64,
    digest: String,
    at: Instant,
    mac: String,
    appointment: SealedAppointment,
}

/// The designated sender's order to release.
#[derive(Deserialize)]
struct ReleaseRow {
    staff: i64,
    appointment_id: i64,
    digest: String,
    at: Instant,
    mac: String,
    appointment: SealedAppointment,
}

#[derive(Deserialize)]
struct DecisionRow {
    staff: i64,
    appointment: i64,
    post: Post,
    verdict: Verdict,
    digest: String,
    at: Instant,
    mac: String,
}

#[derive(Deserialize)]
struct OrderRow {
    kind: String,
    ordered_by: i64,
    due_at: Instant,
    at: Instant,
    mac: String,
    audience_unit_id: UnitId,
    capacity_unit_id: UnitId,
    college_id: Option<UnitId>,
    capacity_post: Option<Post>,
    audience_kind: Option<UnitKind>,
    #[serde(deserialize_with = "json::column")]
    procedure: SealedProcedure,
    #[serde(deserialize_with = "json::optional_column")]
    release: Option<ReleaseRow>,
}

#[derive(Deserialize)]
struct ChangeRow {
    kind: String,
    person: i64,
    from_phone: Option<i64>,
    to_phone: PhoneId,
    at: Instant,
    by: i64,
    mac: String,
}

/// Reads what a batch stands on.
pub(super) fn statements(job: SmsJob) -> [Stmt; QUERIES] {
    [
        sql(
            format!("SELECT s.position, s.kind, s.post, s.unit_id, s.substitute, s.substitute_unit_id, s.holds, s.needs,
               CASE WHEN d.staff_id IS NOT NULL THEN json_object('staff', d.staff_id, 'appointment', d.appointment_id, 'post', d.post,
                 'verdict', d.verdict, 'digest', d.digest, 'at', d.at, 'mac', d.mac) END AS decision,
               CASE WHEN a.id IS NOT NULL THEN {APPOINTMENT} END AS appointment,
               (SELECT json_object('year', r.year, 'number', r.number, 'document', r.document_sha256, 'staff', r.staff_id,
                  'appointment_id', r.appointment_id, 'digest', r.digest, 'at', r.at, 'mac', r.mac, 'appointment', {APPOINTMENT})
                FROM registrations r JOIN appointments a ON a.id = r.appointment_id
                WHERE r.message_id = s.message_id AND r.version = s.version AND r.position = s.position) AS registration
             FROM messages m CROSS JOIN message_steps s ON s.message_id = m.id AND s.version = m.version
             LEFT JOIN decisions d ON d.message_id = s.message_id AND d.version = s.version AND d.position = s.position
             LEFT JOIN appointments a ON a.id = d.appointment_id
             WHERE m.id = ?1 ORDER BY s.position"),
            args![job.message],
        ),
        sql(
            format!("SELECT r.kind, r.ordered_by, r.due_at, r.at, r.mac, m.audience_unit_id, v.capacity_unit_id, {PROCEDURE} AS procedure,
               (SELECT u.college_id FROM unit_colleges u WHERE u.unit_id = v.capacity_unit_id) AS college_id,
               (SELECT a.post FROM appointments a WHERE a.id = v.appointment_id) AS capacity_post,
               (SELECT u.kind FROM units u WHERE u.id = m.audience_unit_id) AS audience_kind,
               (SELECT json_object('staff', o.staff_id, 'appointment_id', o.appointment_id, 'digest', o.digest, 'at', o.at, 'mac', o.mac,
                  'appointment', {APPOINTMENT}) FROM release_orders o JOIN appointments a ON a.id = o.appointment_id
                WHERE o.message_id = v.message_id AND o.version = v.version) AS release
             FROM messages m
             CROSS JOIN message_versions v ON v.message_id = m.id AND v.version = m.version
             CROSS JOIN procedures p ON p.id = v.procedure_id AND p.version = v.procedure_version
             CROSS JOIN rounds r ON r.message_id = m.id AND r.round = ?2
             WHERE m.id = ?1"),
            args![job.message, job.round],
        ),
        sql(
            "SELECT c.kind, c.person, c.from_phone, c.to_phone, c.at, c.by, c.mac
             FROM batches b CROSS JOIN json_each(b.members) x CROSS JOIN phone_changes c ON c.to_phone = x.value
             WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3",
            args![job.message, job.round, job.no],
        ),
    ]
}

/// What does not fit: for the log, by which the office finds the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The round was not made by a release.
    Round,
    /// The procedure is not as it was set.
    Procedure,
    /// The chain is not the procedure's.
    Steps,
    /// A decision was not made by its decider.
    Decision(u32),
    /// A decision rests on an appointment that nobody gave, or that nobody confirmed.
    Appointment(u32),
    /// The signed original is not in the register, or was not entered by who keeps it.
    Registration(u32),
    /// A department's message was not released by its designated sender.
    Release,
    /// A step is not approved, or not by different people.
    Chain,
}

impl Flaw {
    /// The word in the log.
    pub fn key(self) -> &'static str {
        match self {
            Self::Round => "round",
            Self::Procedure => "procedure",
            Self::Steps => "steps",
            Self::Decision(_) => "decision",
            Self::Appointment(_) => "appointment",
            Self::Registration(_) => "registration",
            Self::Release => "release",
            Self::Chain => "chain",
        }
    }
}

/// A phone of the batch, and why nothing goes to it where that is so.
#[derive(Deserialize)]
pub(super) struct Member {
    pub id: PhoneId,
    pub key_id: i64,
    pub sealed: String,
    held_back: Option<Reason>,
}

/// A phone to which nothing goes, and why.
pub(super) type Held = (PhoneId, Reason);

/// What a batch stands on, as it was read.
pub(super) struct Authority {
    steps: Vec<StepRow>,
    order: Option<OrderRow>,
    changes: Vec<ChangeRow>,
}

impl Authority {
    /// From the rows of [`statements`].
    ///
    /// # Errors
    /// Where a row cannot be read.
    pub fn read(rows: &[Rows]) -> Result<Self, AppError> {
        Ok(Self { steps: rows.at(0)?.all()?, order: rows.at(1)?.first()?, changes: rows.at(2)?.all()? })
    }

    /// Whether this message was ordered by those who may, on this digest.
    pub fn flaw(&self, keys: &Keys, message: &MessageRow, round: u8, digest: &str) -> Option<Flaw> {
        let Some(order) =
            self.order.as_ref().filter(|o| o.seal(message.id, round, digest).fits(keys, &o.mac))
        else {
            return Some(Flaw::Round);
        };
        if !order.procedure.is_in_force(keys) {
            return Some(Flaw::Procedure);
        }
        if !order.takes_its_procedure() {
            return Some(Flaw::Procedure);
        }
        let procedure: Vec<ProcedureStep> = json::parse(order.procedure.steps.as_bytes()).unwrap_or_default();
        let steps: Vec<Step> = self.steps.iter().map(StepRow::step).collect();
        if steps != Step::bind(&procedure, order.binding()) {
            return Some(Flaw::Steps);
        }
        for row in &self.steps {
            let (position, step) = (row.position, row.step());
            let Some(decision) = &row.decision else { continue };
            let seal = decision.seal(message.id, message.version, position);
            if !seal.fits(keys, &decision.mac) {
                return Some(Flaw::Decision(position));
            }
            let author = message.author_id.0;
            let held = row.appointment.as_ref().filter(|a| lets_decide(a, keys, &step, decision, author));
            if held.is_none() {
                return Some(Flaw::Appointment(position));
            }
        }
        for row in self.steps.iter().filter(|row| row.kind == StepKind::Register && row.holds) {
            let entered = |r: &RegistrationRow| r.fits(keys, message, row, digest);
            if !row.registration.as_ref().is_some_and(entered) {
                return Some(Flaw::Registration(row.position));
            }
        }
        if order.capacity_post.and_then(Post::sender) == Some(Sender::Department) {
            let is_ordered = |r: &ReleaseRow| {
                r.fits(keys, message, order.capacity_unit_id, digest)
                    && (round > 0 || order.ordered_by == r.staff)
            };
            if !order.release.as_ref().is_some_and(is_ordered) {
                return Some(Flaw::Release);
            }
        }
        let decision = |row: &StepRow| {
            let d = row.decision.as_ref()?;
            let (staff, digest) = (StaffId(d.staff), d.digest.clone());
            Some(Decision { position: row.position, staff, verdict: d.verdict, digest })
        };
        let decisions = self.steps.iter().filter_map(decision).collect();
        // Who else holds a post makes no difference to what was decided.
        let (submitted_at, holders) = (message.submitted_at.unwrap_or(order.at), Vec::new());
        let chain = Chain {
            author: message.author_id,
            digest: digest.to_owned(),
            submitted_at,
            steps,
            decisions,
            holders,
        };
        if chain.is_complete() { None } else { Some(Flaw::Chain) }
    }

    /// Puts a batch's phones into those that are sent to, and those that are held back with their
    /// reasons. Sent to are those of the frozen list, and those to
    /// which a recorded change of somebody on it leads. The list is a
    /// stream's part, checked against its root.
    pub fn sort(&self, keys: &Keys, list: &[Recipient], members: Vec<Member>) -> (Vec<Member>, Vec<Held>) {
        let changed = self.changes.iter().filter(|c| {
            list.iter().any(|r| r.kind.key() == c.kind && r.person == c.person) && c.seal().fits(keys, &c.mac)
        });
        let phones: BTreeSet<PhoneId> =
            list.iter().map(|r| r.phone).chain(changed.map(|c| c.to_phone)).collect();
        let (mut sent_to, mut held) = (Vec::with_capacity(members.len()), Vec::new());
        for member in members {
            match member.held_back {
                Some(reason) => held.push((member.id, reason)),
                None if phones.contains(&member.id) => sent_to.push(member),
                None => held.push((member.id, Reason::NotAuthorised)),
            }
        }
        (sent_to, held)
    }
}

impl StepRow {
    fn step(&self) -> Step {
        Step {
            position: self.position,
            kind: self.kind,
            post: self.post,
            unit: self.unit_id,
            substitute: self.substitute,
            substitute_unit: self.substitute_unit_id,
            holds: self.holds,
            needs: self.needs.clone(),
        }
    }
}

impl DecisionRow {
    fn seal(&self, message: MessageId, version: u32, position: u32) -> DecisionSeal<'_> {
        DecisionSeal {
            message: message.0,
            version,
            position,
            staff: self.staff,
            appointment: self.appointment,
            post: self.post.key(),
            verdict: self.verdict.key(),
            digest: &self.digest,
            at: self.at,
        }
    }
}

impl RegistrationRow {
    /// Whether it was entered for this step, on this digest, by somebody of the office that the step asks,
    /// who is not the sender, with all that the step needs.
    fn fits(&self, keys: &Keys, message: &MessageRow, row: &StepRow, digest: &str) -> bool {
        let seal = RegistrationSeal {
            message: message.id.0,
            version: message.version,
            position: row.position,
            number: (self.year, self.number.as_deref()),
            document: self.document.as_deref(),
            staff: self.staff,
            appointment: self.appointment_id,
            digest: &self.digest,
            at: self.at,
        };
        let given = |need: &Need| match need {
            Need::Number => self.number.is_some(),
            Need::Document => self.document.is_some(),
        };
        let held = &self.appointment;
        self.digest == digest
            && seal.fits(keys, &self.mac)
            && row.needs.iter().all(given)
            && self.staff != message.author_id.0
            && held.staff_id == self.staff
            && Post::from_key(&held.post).is_some_and(|post| post.registers_for(row.post))
            && row.unit_id.is_none_or(|unit| unit.0 == held.unit_id)
            && counts_at(held, keys, self.at)
    }
}

impl ReleaseRow {
    /// Whether a designated sender of the department ordered it, on this digest.
    fn fits(&self, keys: &Keys, message: &MessageRow, unit: UnitId, digest: &str) -> bool {
        let seal = ReleaseOrderSeal {
            message: message.id.0,
            version: message.version,
            staff: self.staff,
            appointment: self.appointment_id,
            digest: &self.digest,
            at: self.at,
        };
        let held = &self.appointment;
        self.digest == digest
            && seal.fits(keys, &self.mac)
            && held.staff_id == self.staff
            && held.post == Post::DesignatedSender.key()
            && held.unit_id == unit.0
            && counts_at(held, keys, self.at)
    }
}

/// Whether an appointment is as it was given, confirmed and ended, and was held at that moment.
fn counts_at(held: &SealedAppointment, keys: &Keys, at: Instant) -> bool {
    let needs = Post::from_key(&held.post).is_none_or(Post::needs_confirmation);
    (!needs || held.confirmed_at.is_some_and(|c| c <= at))
        && held.since <= at
        && held.until.is_none_or(|end| end > at)
        && held.fits(keys)
}

/// Whether an appointment is as it was given, confirmed and ended, not by just the author and the
/// decider, is the decider's, fits the step, and was held at that moment.
fn lets_decide(
    held: &SealedAppointment,
    keys: &Keys,
    step: &Step,
    decision: &DecisionRow,
    author: i64,
) -> bool {
    let at = |unit: Option<UnitId>| unit.is_none_or(|u| u.0 == held.unit_id);
    let post = Post::from_key(&held.post);
    let in_post =
        post == Some(step.post) && at(step.unit) || post == step.substitute && at(step.substitute_unit);
    let among = |who: i64| who == author || who == decision.staff;
    held.staff_id == decision.staff
        && post == Some(decision.post)
        && in_post
        && !(among(held.given_by) && held.confirmed_by.is_some_and(among))
        && counts_at(held, keys, decision.at)
}

impl OrderRow {
    fn seal<'a>(&'a self, message: MessageId, round: u8, digest: &'a str) -> RoundSeal<'a> {
        RoundSeal {
            message: message.0,
            round,
            kind: &self.kind,
            ordered_by: self.ordered_by,
            due_at: self.due_at,
            at: self.at,
            digest,
        }
    }

    /// Whether the procedure is one for who sends, and for this audience.
    fn takes_its_procedure(&self) -> bool {
        let sender = self.capacity_post.and_then(Post::sender).map(Sender::key);
        sender == Some(self.procedure.sender.as_str())
            && (self.procedure.scope != Scope::Grade.key() || self.audience_kind == Some(UnitKind::Grade))
    }

    fn binding(&self) -> Binding {
        Binding { own: self.capacity_unit_id, college: self.college_id, audience: self.audience_unit_id }
    }
}

impl ChangeRow {
    fn seal(&self) -> PhoneChangeSeal<'_> {
        PhoneChangeSeal {
            kind: &self.kind,
            person: self.person,
            from: self.from_phone,
            to: Some(self.to_phone.0),
            at: self.at,
            by: self.by,
        }
    }
}
