//! All SQL of appointments that wait.

use domain::access::{Action, Appointment, Person, Post};
use domain::appointment::{
    ConfirmBar, DECLINED_SHOWN, DeclinedAppointment, WaitingAppointment, WaitingAppointments,
};
use domain::audit::AuditAction;
use domain::ids::{AppointmentId, ClassId, ImportId, StaffId, UnitId};
use domain::school::PersonRef;
use domain::time::Instant;
use domain::why::Waiting;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::seals::AppointmentSeal;

/// An appointment `a` that waits for a second person.
const WAITS: &str = "a.post IN (SELECT post FROM posts_to_confirm) AND a.confirmed_at IS NULL AND a.until IS NULL AND t.left_at IS NULL";

/// Whether slip `v` is the one with which the account of `a`'s holder was opened last, and one person's alone.
/// The trigger `appointments_confirmed` asks the same.
const OPENED_ALONE: &str = "v.staff_id = a.staff_id AND v.used_at IS NOT NULL AND v.confirmed_by IS NULL
    AND NOT EXISTS (SELECT 1 FROM activations w WHERE w.staff_id = a.staff_id AND w.used_at > v.used_at)";

/// A row that waits.
#[derive(Deserialize)]
pub struct WaitingRow {
    /// Its id.
    pub id: AppointmentId,
    /// Who is to hold it.
    pub staff_id: StaffId,
    name: String,
    number: String,
    /// Which post.
    pub post: Post,
    /// In which unit.
    pub unit_id: UnitId,
    unit_name: String,
    class_id: Option<ClassId>,
    class_name: Option<String>,
    subject: Option<String>,
    /// From when.
    pub since: Instant,
    /// Who gave it.
    pub given_by: StaffId,
    giver_name: String,
    giver_number: String,
    given_at: Instant,
    opener_id: Option<StaffId>,
    opener_name: Option<String>,
    opener_number: Option<String>,
    import_id: Option<ImportId>,
    /// Its seal while it waits.
    pub mac: String,
}

impl WaitingRow {
    fn appointment(&self) -> Appointment {
        Appointment {
            id: self.id,
            post: self.post,
            unit: self.unit_id,
            unit_name: self.unit_name.clone(),
            class: self.class_id,
            class_name: self.class_name.clone(),
            subject: self.subject.clone(),
            above: None,
            listed: true,
        }
    }

    /// Why somebody cannot confirm it.
    pub fn bar(&self, me: StaffId) -> Option<ConfirmBar> {
        ConfirmBar::of(me, self.staff_id, self.given_by, self.opener_id)
    }

    fn opened_by(&self) -> Option<PersonRef> {
        let (name, number) = (self.opener_name.clone()?, self.opener_number.clone()?);
        Some(PersonRef { id: self.opener_id?, name, number })
    }

    /// What is sealed of it, waiting or confirmed.
    pub fn seal(&self, confirmed: Option<(StaffId, Instant)>) -> AppointmentSeal<'_> {
        AppointmentSeal {
            staff: self.staff_id.0,
            post: self.post.key(),
            unit: self.unit_id.0,
            class: self.class_id.map(|c| c.0),
            subject: self.subject.as_deref(),
            since: self.since,
            given_by: self.given_by.0,
            confirmed_by: confirmed.map(|(by, _)| by.0),
            confirmed_at: confirmed.map(|(_, at)| at),
        }
    }

    /// What the log says of it: who gets which post where, from whom, by which file.
    pub fn facts(&self) -> Value {
        json!({
            "staff": self.staff_id, "post": self.post.key(), "unit": self.unit_id, "class": self.class_id,
            "given_by": self.given_by, "opened_by": self.opener_id, "import": self.import_id,
        })
    }

    /// The entry for the log.
    pub fn audit<'a>(&self, action: AuditAction, by: StaffId, at: Instant, facts: &'a Value) -> Audit<'a> {
        Audit { at, actor: by.0, action, subject: Subject::Row("appointment", self.id.0), detail: facts }
    }
}

/// Reads all that wait, newest first.
pub fn waiting_sql() -> Stmt {
    sql(
        format!(
            "SELECT a.id, a.staff_id, t.name, t.number, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name,
               a.subject, a.since, a.given_by, g.name AS giver_name, g.number AS giver_number,
               COALESCE(i.applied_at, (SELECT MIN(e.at) FROM audit_about b CROSS JOIN audit e ON e.seq = b.seq WHERE b.kind = 'appointment' AND b.id = a.id), a.since) AS given_at, o.id AS opener_id, o.name AS opener_name, o.number AS opener_number, a.import_id, a.confirmed_by, a.confirmed_at, a.until, a.declined_by, a.mac
             FROM appointments a JOIN staff t ON t.id = a.staff_id JOIN units u ON u.id = a.unit_id
             LEFT JOIN classes c ON c.id = a.class_id JOIN staff g ON g.id = a.given_by
             LEFT JOIN imports i ON i.id = a.import_id
             LEFT JOIN staff o ON o.id = (SELECT v.ordered_by FROM activations v WHERE {OPENED_ALONE} ORDER BY v.id DESC LIMIT 1)
             WHERE {WAITS} ORDER BY a.id DESC"
        ),
        &[],
    )
}

/// What waits, as the rule of the second person asks of it.
///
/// # Errors
/// Where a row cannot be read.
pub fn waiting(rows: &Rows) -> Result<Vec<Waiting>, AppError> {
    let one = |row: WaitingRow| Waiting {
        staff: row.staff_id,
        post: row.post,
        given_by: row.given_by,
        opened_by: row.opener_id,
    };
    Ok(rows.all::<WaitingRow>()?.into_iter().map(one).collect())
}

/// Declined appointments that the page shows.
const DECLINED_MAX: u32 = 50;

#[derive(Deserialize)]
struct DeclinedRow {
    #[serde(flatten)]
    own: OwnRow,
    staff_id: StaffId,
    name: String,
    number: String,
    giver: String,
    decliner: String,
    until: Instant,
    declined_why: String,
}

/// Reads what the page shows: what waits, and what was declined lately; for [`view`].
pub fn list_sql(now: Instant) -> Vec<Stmt> {
    let declined = sql(
        format!(
            "SELECT a.id, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name, a.subject, a.staff_id, t.name, t.number,
               g.name AS giver, d.name AS decliner, a.until, a.declined_why
             FROM appointments a JOIN staff t ON t.id = a.staff_id JOIN units u ON u.id = a.unit_id
             LEFT JOIN classes c ON c.id = a.class_id JOIN staff g ON g.id = a.given_by JOIN staff d ON d.id = a.declined_by
             WHERE a.post IN (SELECT post FROM posts_to_confirm) AND a.until > ?1 ORDER BY a.until DESC LIMIT {DECLINED_MAX}"
        ),
        args![now.plus(-DECLINED_SHOWN)],
    );
    vec![waiting_sql(), declined]
}

/// The list for a reader.
///
/// # Errors
/// Where a row cannot be read.
pub fn view(rows: &[Rows], reader: &Person) -> Result<WaitingAppointments, AppError> {
    let declined = rows.at(1)?.all::<DeclinedRow>()?.into_iter().map(|row| DeclinedAppointment {
        appointment: row.own.appointment(),
        staff: PersonRef { id: row.staff_id, name: row.name, number: row.number },
        given_by: row.giver,
        declined_by: row.decliner,
        at: row.until,
        reason: row.declined_why,
    });
    let waiting = rows
        .at(0)?
        .all::<WaitingRow>()?
        .into_iter()
        .map(|row| WaitingAppointment {
            appointment: row.appointment(),
            since: row.since,
            given_at: row.given_at,
            import: row.import_id,
            opened_by: row.opened_by(),
            bar: row.bar(reader.id),
            staff: PersonRef { id: row.staff_id, name: row.name, number: row.number },
            given_by: PersonRef { id: row.given_by, name: row.giver_name, number: row.giver_number },
        })
        .collect();
    Ok(WaitingAppointments { waiting, declined: declined.collect() })
}

/// A person's own that wait; for [`own`].
pub fn own_sql(staff: StaffId) -> Stmt {
    sql(
        format!(
            "SELECT a.id, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name, a.subject
             FROM appointments a JOIN staff t ON t.id = a.staff_id JOIN units u ON u.id = a.unit_id
             LEFT JOIN classes c ON c.id = a.class_id WHERE a.staff_id = ?1 AND {WAITS} ORDER BY a.id"
        ),
        args![staff],
    )
}

/// An appointment for the screen.
#[derive(Deserialize)]
pub(super) struct OwnRow {
    id: AppointmentId,
    post: Post,
    unit_id: UnitId,
    unit_name: String,
    class_id: Option<ClassId>,
    class_name: Option<String>,
    subject: Option<String>,
}

impl OwnRow {
    pub(super) fn appointment(self) -> Appointment {
        Appointment {
            id: self.id,
            post: self.post,
            unit: self.unit_id,
            unit_name: self.unit_name,
            class: self.class_id,
            class_name: self.class_name,
            subject: self.subject,
            above: None,
            listed: true,
        }
    }
}

/// The appointments of [`own_sql`].
///
/// # Errors
/// Where a row cannot be read.
pub fn own(rows: &Rows) -> Result<Vec<Appointment>, AppError> {
    Ok(rows.all::<OwnRow>()?.into_iter().map(OwnRow::appointment).collect())
}

/// How many a person may confirm: for the badge.
pub fn count_sql(person: &Person) -> Stmt {
    sql(
        format!(
            "SELECT COUNT(*) AS n FROM appointments a JOIN staff t ON t.id = a.staff_id
             WHERE ?2 = 1 AND a.given_by <> ?1 AND a.staff_id <> ?1 AND {WAITS}
               AND NOT EXISTS (SELECT 1 FROM activations v WHERE {OPENED_ALONE} AND v.ordered_by = ?1)"
        ),
        args![person.id, person.may(Action::ManageAccounts)],
    )
}

/// Confirms one; loses where it does not wait any more.
pub fn confirm<'a>(
    batch: Guarded<'a>,
    row: &WaitingRow,
    by: StaffId,
    now: Instant,
    mac: &str,
) -> Guarded<'a> {
    batch
        .must(
            "UPDATE appointments SET confirmed_by = ?2, confirmed_at = ?3, mac = ?4
             WHERE id = ?1 AND confirmed_at IS NULL AND until IS NULL AND mac = ?5",
            args![row.id, by, now, mac, row.mac.as_str()],
        )
        // A slip that one person gave while the account had no power does not open it now.
        .then(
            "UPDATE activations SET expires_at = ?2 WHERE staff_id = (SELECT staff_id FROM appointments WHERE id = ?1)
               AND used_at IS NULL AND code_index IS NOT NULL AND confirmed_by IS NULL AND expires_at > ?2",
            args![row.id, now],
        )
}
