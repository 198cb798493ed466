//! Numbers that somebody said are not theirs: the list for homeroom teachers
//! and the office, and the answer that it is theirs after all. (A number that is
//! changed, or a person who leaves, settles it as well.)

use domain::access::{Action, Person};
use domain::audit::AuditAction;
use domain::ids::{ClassId, DisputeId};
use domain::message::RecipientKind;
use domain::roster::people::Dispute;
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Audit, Subject, Value};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::roster::scope::Scope;

/// Disputes of one list.
const MOST: u32 = 200;

#[derive(Deserialize)]
struct Row {
    id: DisputeId,
    kind: RecipientKind,
    person: i64,
    name: String,
    relation: String,
    student: Option<String>,
    class: Option<ClassId>,
    class_name: Option<String>,
    phone_id: i64,
    key_id: i64,
    sealed: String,
    message: String,
    at: Instant,
}

/// Whether dispute `q` is within reach: ?1 to ?3 the classes, ?4 whether the staff are.
fn within() -> String {
    format!(
        "q.settled_at IS NULL AND (q.kind = 'staff' AND ?4 = 1 OR q.kind = 'guardian' AND EXISTS (
           SELECT 1 FROM guardians wg JOIN students ws ON ws.id = wg.student_id JOIN classes wc ON wc.id = ws.class_id
           WHERE wg.id = q.person AND {}))",
        Scope::holds("wc", 1)
    )
}

fn values(person: &Person) -> Vec<Value> {
    let mut values = Scope::of(person, &[Action::EditRoster]).args().to_vec();
    values.push(person.may(Action::ManageAccounts).into());
    values
}

/// The open ones within reach, oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn open(app: &App, person: &Person) -> Result<Vec<Dispute>, AppError> {
    let rows: Vec<Row> = app
        .db
        .all(
            format!(
                "SELECT q.id, q.kind, q.person, COALESCE(g.name, t.name, '') AS name, COALESCE(g.relation, '') AS relation,
                   s.name AS student, c.id AS class, c.name AS class_name, p.id AS phone_id, p.key_id, p.sealed,
                   m.title AS message, q.at
                 FROM disputes q INDEXED BY disputes_open
                 CROSS JOIN phones p ON p.id = q.phone_id CROSS JOIN messages m ON m.id = q.message_id
                 LEFT JOIN guardians g ON q.kind = 'guardian' AND g.id = q.person
                 LEFT JOIN students s ON s.id = g.student_id LEFT JOIN classes c ON c.id = s.class_id
                 LEFT JOIN staff t ON q.kind = 'staff' AND t.id = q.person
                 WHERE {} ORDER BY q.id LIMIT {MOST}",
                within()
            ),
            &values(person),
        )
        .await?;
    let keys = app.keys()?;
    rows.into_iter()
        .map(|row| {
            Ok(Dispute {
                phone: keys.open_phone(row.phone_id, row.key_id, &row.sealed)?.masked(),
                id: row.id,
                kind: row.kind,
                person: row.person,
                name: row.name,
                relation: row.relation,
                student: row.student,
                class: row.class,
                class_name: row.class_name,
                message: row.message,
                at: row.at,
            })
        })
        .collect()
}

/// `POST /api/disputes/{id}/keep`.
///
/// # Errors
/// [`AppError::NotFound`] where it is not open, or not within reach.
pub async fn keep(call: &Signed, id: DisputeId) -> Result<Reply<()>, AppError> {
    let (app, now) = (&call.app, call.app.now());
    let mut values = values(&call.person);
    values.extend([id.into(), now.into(), call.person.id.into()]);
    let batch = app
        .db
        .guarded()
        .must(
            format!("UPDATE disputes AS q SET settled_at = ?6, settled_by = ?7, outcome = 'kept' WHERE q.id = ?5 AND {}", within()),
            &values,
        )
        .audit(&Audit {
            at: now,
            actor: call.person.id.0,
            action: AuditAction::NumberKept,
            subject: Subject::Row("dispute", id.0),
            detail: &json!({}),
        });
    match call.remember(batch, 204, Kept::Json("")).commit().await {
        Err(AppError::Lost) => Err(AppError::NotFound),
        other => other.map(|_| Reply::empty()),
    }
}

/// Says that a phone is not the persons' behind a delivery (?1 to ?3); ?4 is now. Once while it is open.
pub const SAY_SO: &str = "INSERT INTO disputes (phone_id, kind, person, message_id, at)
  SELECT DISTINCT d.phone_id, r.value ->> 0, r.value ->> 1, d.message_id, ?4
  FROM deliveries d CROSS JOIN json_each(d.recipients) r
  WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped' AND r.value ->> 0 IN ('guardian', 'staff')
    AND NOT EXISTS (SELECT 1 FROM disputes q WHERE q.phone_id = d.phone_id AND q.kind = r.value ->> 0 AND q.person = r.value ->> 1
                    AND q.settled_at IS NULL)";

/// Statements that a parent's answer «this is not my number» takes.
pub fn say_so(message: i64, round: u8, phone: i64, now: Instant) -> [crate::platform::d1::Stmt; 2] {
    let entry = Audit {
        at: now,
        actor: 0,
        action: AuditAction::NumberDisputed,
        subject: Subject::Row("phone", phone),
        detail: &json!({ "message": message }),
    };
    [
        crate::platform::d1::sql(SAY_SO, args![message, round, phone, now]),
        crate::platform::d1::audit_if("changes() > 0", &entry),
    ]
}
