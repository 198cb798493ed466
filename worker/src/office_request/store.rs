//! All SQL of what is handed in to the office.

use domain::access::{Action, Person, Post};
use domain::ids::{AppointmentId, MessageId, RequestId, StaffId};
use domain::message::{AskedFor, Asker, MessageState};
use domain::office_request::{ChangedWords, HandIn, RequestState, RequestView, Requests, SHOWN_MAX};
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::platform::d1::{Answers, Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::names::name_at;

#[derive(Deserialize)]
struct RequestRow {
    id: RequestId,
    requester_id: StaffId,
    requester: String,
    post: Post,
    unit: String,
    title: String,
    body: String,
    whom: String,
    wanted_at: Option<Instant>,
    note: String,
    at: Instant,
    withdrawn_at: Option<Instant>,
    declined_at: Option<Instant>,
    taken_at: Option<Instant>,
    officer_id: Option<StaffId>,
    officer: Option<String>,
    message_id: Option<MessageId>,
    message_state: Option<MessageState>,
    #[serde(deserialize_with = "json::flag")]
    differs: bool,
    asked_title: Option<String>,
    asked_body: Option<String>,
    asked_at: Option<Instant>,
    reason: String,
}

impl RequestRow {
    fn view(self, reader: &Person) -> RequestView {
        let state = if self.withdrawn_at.is_some() {
            RequestState::Withdrawn
        } else if self.declined_at.is_some() {
            RequestState::Declined
        } else if self.taken_at.is_some() {
            RequestState::Taken
        } else {
            RequestState::Open
        };
        let changed = self.asked_title.zip(self.asked_body).zip(self.asked_at);
        RequestView {
            id: self.id,
            own: self.requester_id == reader.id,
            requester: self.requester,
            post: self.post,
            unit: self.unit,
            asked: HandIn {
                title: self.title,
                body: self.body,
                whom: self.whom,
                wanted_at: self.wanted_at,
                note: self.note,
            },
            at: self.at,
            state,
            officer: self.officer.unwrap_or_default(),
            mine: self.officer_id == Some(reader.id),
            message: self.message_id,
            message_state: self.message_state,
            differs: self.differs,
            changed: changed.map(|((title, body), asked_at)| ChangedWords { title, body, asked_at }),
            reason: self.reason,
        }
    }
}

const REQUEST: &str = "SELECT r.id, r.requester_id, t.name AS requester, a.post, u.name AS unit, r.title, r.body, r.whom, r.wanted_at,
    r.note, r.at, r.withdrawn_at, r.declined_at, r.taken_at, r.officer_id, o.name AS officer, r.message_id, m.state AS message_state,
    COALESCE(m.title <> r.agreed_title OR m.body <> r.agreed_body, 0) AS differs, r.asked_title, r.asked_body, r.asked_at, r.reason
  FROM office_requests r JOIN staff t ON t.id = r.requester_id JOIN appointments a ON a.id = r.appointment_id
  JOIN units u ON u.id = a.unit_id LEFT JOIN staff o ON o.id = r.officer_id LEFT JOIN messages m ON m.id = r.message_id";

/// A request that nobody has taken up, declined or taken back.
const OPEN: &str = "taken_at IS NULL AND declined_at IS NULL AND withdrawn_at IS NULL";

/// How many wait for a person: `RequestView::waits_for` says the same.
pub fn count_sql(person: &Person) -> Stmt {
    sql(
        format!(
            "SELECT (SELECT COUNT(*) FROM office_requests WHERE requester_id = ?1 AND asked_at IS NOT NULL)
               + CASE WHEN ?2 THEN (SELECT COUNT(*) FROM office_requests WHERE {OPEN}) ELSE 0 END AS n"
        ),
        args![person.id, person.may(Action::TakeUpRequests)],
    )
}

/// Reads what concerns a person: the own ones, for the office all.
pub fn list_sql(person: &Person) -> Stmt {
    if person.may(Action::TakeUpRequests) {
        sql(format!("{REQUEST} ORDER BY r.id DESC LIMIT {SHOWN_MAX}"), &[])
    } else {
        sql(
            format!("{REQUEST} WHERE r.requester_id = ?1 ORDER BY r.id DESC LIMIT {SHOWN_MAX}"),
            args![person.id],
        )
    }
}

/// Reads one, where it concerns the person.
pub fn one_sql(person: &Person, id: RequestId) -> Stmt {
    sql(
        format!("{REQUEST} WHERE r.id = ?1 AND (?3 = 1 OR r.requester_id = ?2)"),
        args![id, person.id, person.may(Action::TakeUpRequests)],
    )
}

/// The list of [`list_sql`].
///
/// # Errors
/// Where a row cannot be read.
pub fn view(rows: &[Rows], reader: &Person) -> Result<Requests, AppError> {
    let rows: Vec<RequestRow> = rows.at(0)?.all()?;
    Ok(Requests { requests: rows.into_iter().map(|row| row.view(reader)).collect() })
}

/// Hands something in.
pub fn hand_in<'a>(
    batch: Guarded<'a>,
    order: &HandIn,
    (by, held): (StaffId, AppointmentId),
    now: Instant,
) -> Guarded<'a> {
    batch.must(
        "INSERT INTO office_requests (requester_id, appointment_id, title, body, whom, wanted_at, note, at, agreed_title, agreed_body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?3, ?4)",
        args![by, held, order.title.trim(), order.body.trim(), order.whom.trim(), order.wanted_at, order.note.trim(), now],
    )
}

/// Makes a draft of the caller's the message that it becomes.
pub fn take_up(
    batch: Guarded<'_>,
    id: RequestId,
    message: MessageId,
    by: StaffId,
    now: Instant,
) -> Guarded<'_> {
    batch
        .require("COUNT(*) = 1 FROM messages WHERE id = ?1 AND author_id = ?2 AND state = 'draft'", args![message, by])
        .must(
            format!("UPDATE office_requests SET officer_id = ?2, taken_at = ?3, message_id = ?4 WHERE id = ?1 AND {OPEN}"),
            args![id, by, now, message],
        )
}

/// Declines an open one.
pub fn decline<'a>(batch: Guarded<'a>, id: RequestId, by: StaffId, why: &str, now: Instant) -> Guarded<'a> {
    batch.must(
        format!("UPDATE office_requests SET officer_id = ?2, declined_at = ?3, reason = ?4 WHERE id = ?1 AND {OPEN}"),
        args![id, by, now, why],
    )
}

/// Takes back an open one of one's own.
pub fn withdraw(batch: Guarded<'_>, id: RequestId, by: StaffId, now: Instant) -> Guarded<'_> {
    batch.must(
        format!(
            "UPDATE office_requests SET withdrawn_at = ?3 WHERE id = ?1 AND requester_id = ?2 AND {OPEN}"
        ),
        args![id, by, now],
    )
}

/// Puts the draft's words before who asked for it.
pub fn ask(batch: Guarded<'_>, id: RequestId, by: StaffId, now: Instant) -> Guarded<'_> {
    batch.must(
        "UPDATE office_requests SET reason = '', asked_at = ?3,
           (asked_title, asked_body) = (SELECT m.title, m.body FROM messages m WHERE m.id = office_requests.message_id)
         WHERE id = ?1 AND officer_id = ?2 AND EXISTS (
           SELECT 1 FROM messages m WHERE m.id = office_requests.message_id AND m.state IN ('draft', 'returned')
             AND (m.title <> agreed_title OR m.body <> agreed_body))",
        args![id, by, now],
    )
}

/// The requester's answer to what was asked at `asked_at`.
pub fn answer<'a>(
    batch: Guarded<'a>,
    id: RequestId,
    by: StaffId,
    asked_at: Instant,
    why_not: Option<&str>,
) -> Guarded<'a> {
    let agreed =
        if why_not.is_none() { "agreed_title = asked_title, agreed_body = asked_body, " } else { "" };
    batch.must(
        format!(
            "UPDATE office_requests SET {agreed}asked_title = NULL, asked_body = NULL, asked_at = NULL, reason = ?4
             WHERE id = ?1 AND requester_id = ?2 AND asked_at = ?3"
        ),
        args![id, by, asked_at, why_not.unwrap_or_default()],
    )
}

#[derive(Deserialize)]
struct AskedRow {
    request: RequestId,
    name: String,
    post: Post,
    unit: String,
    at: Instant,
    title: String,
    body: String,
    whom: String,
    #[serde(deserialize_with = "json::flag")]
    may_open: bool,
}

/// Who asked for a message, and whether the reader finds the request among those that concern him.
pub fn asked_sql(person: &Person, message: MessageId) -> Stmt {
    sql(
        format!(
            "SELECT r.id AS request, {} AS name, a.post, {} AS unit, r.at, r.title, r.body, r.whom,
               (r.requester_id = ?2 OR ?3) AS may_open
             FROM office_requests r JOIN staff t ON t.id = r.requester_id JOIN appointments a ON a.id = r.appointment_id
             JOIN units u ON u.id = a.unit_id WHERE r.message_id = ?1",
            name_at("staff", "t", "r.at"),
            name_at("unit", "u", "r.at"),
        ),
        args![message, person.id, person.may(Action::TakeUpRequests)],
    )
}

/// Reads what [`asked_sql`] gave.
///
/// # Errors
/// Where the row cannot be read.
pub fn read_asked(rows: &Rows) -> Result<Option<AskedFor>, AppError> {
    Ok(rows.first::<AskedRow>()?.map(|row| AskedFor {
        asker: Asker { request: row.request, name: row.name, post: row.post, unit: row.unit, at: row.at },
        title: row.title,
        body: row.body,
        whom: row.whom,
        may_open: row.may_open,
    }))
}

/// Whether a message's words differ from those that who asked for it agreed to.
pub fn differs_sql(message: MessageId) -> Stmt {
    sql(
        "SELECT r.id FROM office_requests r CROSS JOIN messages m ON m.id = r.message_id
         WHERE r.message_id = ?1 AND (r.agreed_title <> m.title OR r.agreed_body <> m.body)",
        args![message],
    )
}
