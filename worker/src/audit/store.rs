//! Entries as people read them.

use domain::access::{Action, Person};
use domain::audit::{Entry, EntryView};
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::roster::names::name_at;

/// An entry `a` for the screen; ?3 is whether its reader may know messages. Of what an action changed
/// only how much is told, since an import changes thousands of rows; a draft has no title for others.
pub(super) fn view() -> String {
    let name = |kind: &str, of: &str| {
        format!("(SELECT {} FROM staff t WHERE t.id = {of})", name_at(kind, "t", "a.at"))
    };
    let (actor, subject) = (name("staff", "a.actor"), name("staff", "a.subject_id"));
    let holder = name("staff", "(SELECT p.staff_id FROM appointments p WHERE p.id = a.subject_id)");
    let away = name(
        "staff",
        "(SELECT p.staff_id FROM delegations g CROSS JOIN appointments p ON p.id = g.appointment_id WHERE g.id = a.subject_id)",
    );
    format!(
        "a.seq, a.at, a.actor, a.action, a.subject, a.subject_id,
    CASE WHEN a.action = 'record.changed' THEN json_object('kind', a.detail ->> '$.kind',
      'count', (SELECT COUNT(*) FROM json_each(a.detail, '$.rows')),
      'only', (SELECT CASE WHEN COUNT(*) = 1 THEN CAST(MIN(r.key) AS INTEGER) END FROM json_each(a.detail, '$.rows') r))
    ELSE a.detail END AS detail,
    COALESCE({actor}, '') AS actor_name,
    COALESCE(CASE a.subject
      WHEN 'staff' THEN {subject}
      WHEN 'appointment' THEN {holder}
      WHEN 'delegation' THEN {away}
      WHEN 'unit' THEN (SELECT u.name FROM units u WHERE u.id = a.subject_id)
      WHEN 'message' THEN CASE WHEN ?3 = 1 THEN COALESCE(
        (SELECT v.title FROM message_versions v WHERE v.message_id = a.subject_id AND v.version = a.detail ->> '$.version'),
        (SELECT m.title FROM messages m WHERE m.id = a.subject_id AND m.digest IS NOT NULL)) END
      END, '') AS subject_name,
    EXISTS (SELECT 1 FROM audit_seals s WHERE s.seq = a.seq) AS sealed"
    )
}

/// A row of [`view`].
#[derive(Deserialize)]
pub(super) struct ViewRow {
    // Spelled out: a flattened struct cannot read whole numbers from JavaScript's.
    pub seq: i64,
    at: Instant,
    actor: i64,
    pub action: String,
    subject: String,
    subject_id: i64,
    detail: String,
    actor_name: String,
    subject_name: String,
    sealed: i64,
}

impl ViewRow {
    pub fn view(self) -> EntryView {
        EntryView {
            entry: Entry {
                seq: self.seq,
                at: self.at,
                actor: self.actor,
                action: self.action,
                subject: self.subject,
                subject_id: self.subject_id,
                detail: self.detail,
            },
            actor_name: self.actor_name,
            subject_name: self.subject_name,
            sealed: self.sealed == 1,
            unreadable: false,
        }
    }
}

/// Entries before `before`, newest first.
///
/// # Errors
/// Where the database fails.
pub async fn page(app: &App, reader: &Person, before: i64, most: usize) -> Result<Vec<EntryView>, AppError> {
    let page = sql(
        format!("SELECT {} FROM audit a WHERE a.seq < ?1 ORDER BY a.seq DESC LIMIT ?2", view()),
        args![before, most, reader.may_school(Action::ReadMessages)],
    );
    let rows = app.db.run(vec![page]).await?;
    let read = |row: Result<ViewRow, serde_json::Value>| row.map_or_else(unreadable, ViewRow::view);
    Ok(rows.at(0)?.each::<ViewRow>().into_iter().map(read).collect())
}

/// An entry that cannot be read, in its place: one row never hides the others.
fn unreadable(row: serde_json::Value) -> EntryView {
    let number = |name: &str| row[name].as_f64().map_or(0, |n| n as i64);
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    EntryView {
        entry: Entry {
            seq: number("seq"),
            at: Instant(number("at")),
            actor: number("actor"),
            action: text("action"),
            subject: text("subject"),
            subject_id: number("subject_id"),
            detail: text("detail"),
        },
        actor_name: text("actor_name"),
        subject_name: text("subject_name"),
        sealed: number("sealed") == 1,
        unreadable: true,
    }
}
