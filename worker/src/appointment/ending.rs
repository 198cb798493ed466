//! Posts ended by hand: what would follow, the end itself, and how the holder
//! is told.

use domain::appointment::{EndPost, Ended, Ending, may_end_post};
use domain::audit::AuditAction;
use domain::ids::{AppointmentId, StaffId};
use domain::school::PersonRef;
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use super::giving::commit;
use super::sealed::{self, COLUMNS, SealedAppointment};
use super::store::OwnRow;
use crate::args;
use crate::platform::d1::{Answers, Audit, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::platform::json;

/// Reads what would follow if an appointment ended that has not. What waits is found among all that is submitted:
/// few at any time.
fn ending_sql(id: AppointmentId, now: Instant) -> Stmt {
    sql(
        "SELECT a.id, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name, a.subject,
           t.id AS staff_id, t.name, t.number,
           EXISTS (SELECT 1 FROM appointments_in_power p WHERE p.id = a.id AND p.since <= ?2) AS counts,
           (SELECT COUNT(DISTINCT o.staff_id) FROM appointments_in_power o
            WHERE o.post = a.post AND o.unit_id = a.unit_id AND o.id <> a.id AND o.since <= ?2) AS others,
           (SELECT COUNT(DISTINCT m.id) FROM messages m
            CROSS JOIN message_steps st ON st.message_id = m.id AND st.version = m.version AND st.kind IN ('review', 'approve')
            WHERE m.state = 'submitted' AND st.post = a.post AND COALESCE(st.unit_id, a.unit_id) = a.unit_id
              AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = st.message_id AND d.version = st.version AND d.position = st.position)
              AND NOT EXISTS (SELECT 1 FROM appointments_in_power o WHERE o.post = st.post AND o.unit_id = COALESCE(st.unit_id, o.unit_id)
                              AND o.id <> a.id AND o.since <= ?2 AND o.staff_id <> m.author_id)) AS undecided,
           (SELECT COUNT(*) FROM messages m WHERE m.state = 'approved' AND m.appointment_id = a.id) AS held,
           EXISTS (SELECT 1 FROM custodians k CROSS JOIN units_with_account w ON w.unit_id = k.unit_id WHERE k.appointment_id = a.id
             AND NOT EXISTS (SELECT 1 FROM custodians o WHERE o.unit_id = k.unit_id AND o.appointment_id <> a.id AND o.since <= ?2)) AS custodian
         FROM appointments a JOIN units u ON u.id = a.unit_id JOIN staff t ON t.id = a.staff_id
         LEFT JOIN classes c ON c.id = a.class_id WHERE a.id = ?1 AND a.until IS NULL",
        args![id, now],
    )
}

#[derive(Deserialize)]
struct EndingRow {
    #[serde(flatten)]
    own: OwnRow,
    staff_id: StaffId,
    name: String,
    number: String,
    #[serde(deserialize_with = "json::flag")]
    counts: bool,
    others: u32,
    undecided: u32,
    held: u32,
    #[serde(deserialize_with = "json::flag")]
    custodian: bool,
}

impl EndingRow {
    fn ending(self) -> Ending {
        let ending = Ending {
            appointment: self.own.appointment(),
            staff: PersonRef { id: self.staff_id, name: self.name, number: self.number },
            others: self.others,
            undecided: self.undecided,
            held: self.held,
            custodian: self.custodian,
        };
        if self.counts {
            return ending;
        }
        // One that waits, or begins on a later day, gives nothing yet: nobody lacks it.
        Ending { others: ending.others.max(1), undecided: 0, held: 0, custodian: false, ..ending }
    }
}

/// `GET /api/appointments/{id}/end`.
///
/// # Errors
/// 404 where it has ended.
pub async fn ending(call: Signed, id: AppointmentId) -> Result<Reply<Ending>, AppError> {
    let rows = call.app.db.run(vec![ending_sql(id, call.app.now())]).await?;
    let row: EndingRow = rows.at(0)?.first()?.ok_or(AppError::NotFound)?;
    Reply::json(200, &row.ending())
}

/// `POST /api/appointments/{id}/end`.
///
/// # Errors
/// 404 where it has ended, 403 for an own one, 409 where too few who appoint would be left, or somebody would be
/// lacking and that was not read.
pub async fn end(call: Signed, id: AppointmentId, order: EndPost) -> Result<Reply<()>, AppError> {
    let (app, now) = (&call.app, call.app.now());
    let read =
        sql(format!("SELECT {COLUMNS} FROM appointments a WHERE a.id = ?1 AND a.until IS NULL"), args![id]);
    let rows = app.db.run(vec![read, ending_sql(id, now)]).await?;
    let held: Option<SealedAppointment> = rows.at(0)?.first()?;
    let held = held.ok_or(AppError::NotFound)?;
    may_end_post(call.person.id, StaffId(held.staff_id))?;
    let row: EndingRow = rows.at(1)?.first()?.ok_or(AppError::NotFound)?;
    row.ending().check(&order)?;
    let detail = json!({ "staff": held.staff_id, "post": held.post, "unit": held.unit_id });
    let batch = sealed::end(app.db.guarded(), app.keys()?, &[&held], now)?.audit(&Audit {
        at: now,
        actor: call.person.id.0,
        action: AuditAction::AppointmentEnded,
        subject: Subject::Row("appointment", id.0),
        detail: &detail,
    });
    commit(&call, batch).await
}

/// Reads which posts of a person's that decided or managed somebody else ended lately; for [`told`]. By whom says
/// the entry that tells of the end.
pub fn told_sql(staff: StaffId, now: Instant) -> Stmt {
    sql(
        "SELECT a.id, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name, a.subject, a.until, COALESCE(t.name, '') AS by
         FROM appointments a JOIN units u ON u.id = a.unit_id LEFT JOIN classes c ON c.id = a.class_id
         CROSS JOIN audit_about b ON b.kind = 'appointment' AND b.id = a.id
         CROSS JOIN audit e ON e.seq = b.seq AND e.action = 'record.changed' AND e.at = a.until AND e.actor <> a.staff_id
         LEFT JOIN staff t ON t.id = e.actor
         WHERE a.staff_id = ?1 AND a.until > ?2 AND a.declined_by IS NULL AND a.confirmed_at IS NOT NULL ORDER BY a.until DESC",
        args![staff, now.plus(-Ended::SHOWN)],
    )
}

#[derive(Deserialize)]
struct EndedRow {
    #[serde(flatten)]
    own: OwnRow,
    until: Instant,
    by: String,
}

/// What [`told_sql`] gave.
///
/// # Errors
/// Where a row cannot be read.
pub fn told(rows: &Rows) -> Result<Vec<Ended>, AppError> {
    let ended = |row: EndedRow| Ended { appointment: row.own.appointment(), at: row.until, by: row.by };
    Ok(rows.all::<EndedRow>()?.into_iter().map(ended).collect())
}
