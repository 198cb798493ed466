//! What lies beside a message, read with it.

use domain::access::Person;
use domain::filing::{Comment, CommentKind, Desk, Filing, Ordered, Papers, Registration};
use domain::ids::{AppointmentId, MessageId};
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::platform::d1::{Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::names::name_at;

/// The papers of a message, and what the reader can do about them.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// For the screen.
    pub papers: Papers,
    /// The registration that sending waits for.
    pub missing: Option<u32>,
    /// The appointment by which the reader may make it.
    pub registrar: Option<AppointmentId>,
    /// The filing that nobody has registered.
    pub open_filing: Option<u32>,
    /// The appointment by which the reader may register it.
    pub receiver: Option<AppointmentId>,
    /// Whether the reader decided it or made its registration.
    pub had_a_hand: bool,
}

impl Beside {
    /// Whether the sender has to answer something.
    pub fn is_asked(&self) -> bool {
        let said = self.papers.comments.iter().rev();
        said.map(|c| c.kind).find(|kind| *kind != CommentKind::Comment) == Some(CommentKind::Question)
    }
}

#[derive(Deserialize)]
struct BesideRow {
    #[serde(deserialize_with = "json::optional_column")]
    registration: Option<Registration>,
    #[serde(deserialize_with = "json::optional_column")]
    filing: Option<Filing>,
    #[serde(deserialize_with = "json::optional_column")]
    ordered: Option<Ordered>,
    #[serde(deserialize_with = "json::column")]
    comments: Vec<Comment>,
    missing: Option<u32>,
    registrar: Option<AppointmentId>,
    open_filing: Option<u32>,
    receiver: Option<AppointmentId>,
    #[serde(deserialize_with = "json::flag")]
    had_a_hand: bool,
}

/// The first of a message's steps of this kind that the reader (?2) may register, as of ?3.
fn by_which(kind: &str, open: &str) -> String {
    format!(
        "(SELECT a.appointment_id FROM registrars a WHERE a.message_id = m.id AND a.kind = '{kind}' AND a.staff_id = ?2 AND a.since <= ?3
            AND a.position = ({open}) LIMIT 1)"
    )
}

const MISSING: &str = "SELECT MIN(r.position) FROM missing_registrations r WHERE r.message_id = m.id";
const OPEN_FILING: &str = "SELECT MIN(f.position) FROM filings f WHERE f.message_id = m.id AND f.version = m.version AND f.registered_at IS NULL";
/// By when a filing `f` is to be registered.
pub const DUE: &str = "(f.filed_at + (SELECT l.days FROM filing_limit l WHERE l.id = 1) * 86400000)";

/// A filing `f` for the screen.
pub fn filing_json() -> String {
    format!(
        "json_object('year', f.year, 'no', f.no, 'at', f.filed_at, 'due', {DUE}, 'received_at', f.registered_at,
           'received_by', (SELECT {} FROM staff t WHERE t.id = f.registered_by))",
        name_at("staff", "t", "f.registered_at")
    )
}

/// Reads what lies beside a message.
pub fn beside_sql(person: &Person, id: MessageId, now: Instant) -> Stmt {
    let (registrar, receiver) = (by_which("register", MISSING), by_which("file", OPEN_FILING));
    let (entered, ordered, said) =
        (name_at("staff", "t", "r.at"), name_at("staff", "t", "o.at"), name_at("staff", "t", "c.at"));
    let filing = filing_json();
    sql(
        format!(
            "SELECT
               (SELECT json_object('year', r.year, 'number', COALESCE(r.number, ''), 'delivered_by', r.delivered_by, 'place', r.place,
                  'by', {entered}, 'at', r.at, 'scan', CASE WHEN r.document_sha256 IS NOT NULL THEN
                    json_object('sha256', r.document_sha256, 'kind', r.document_kind, 'size', r.document_size) END)
                FROM registrations r JOIN staff t ON t.id = r.staff_id
                WHERE r.message_id = m.id AND r.version = m.version ORDER BY r.position LIMIT 1) AS registration,
               (SELECT {filing} FROM filings f WHERE f.message_id = m.id AND f.version = m.version ORDER BY f.position LIMIT 1) AS filing,
               (SELECT json_object('by', {ordered}, 'at', o.at) FROM release_orders o JOIN staff t ON t.id = o.staff_id
                WHERE o.message_id = m.id AND o.version = m.version) AS ordered,
               (SELECT json_group_array(json_object('kind', x.kind, 'version', x.version, 'by', x.name, 'text', x.text, 'at', x.at)) FROM (
                  SELECT c.kind, c.version, c.text, c.at, {said} AS name FROM message_comments c JOIN staff t ON t.id = c.staff_id
                  WHERE c.message_id = m.id ORDER BY c.id DESC LIMIT 100) x) AS comments,
               ({MISSING}) AS missing, CASE WHEN m.state = 'approved' THEN {registrar} END AS registrar,
               ({OPEN_FILING}) AS open_filing, {receiver} AS receiver,
               EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = m.id AND d.version = m.version AND d.staff_id = ?2)
                 OR EXISTS (SELECT 1 FROM registrations r WHERE r.message_id = m.id AND r.version = m.version AND r.staff_id = ?2) AS had_a_hand
             FROM messages m WHERE m.id = ?1"
        ),
        args![id, person.id, now],
    )
}

/// Reads what [`beside_sql`] gave.
///
/// # Errors
/// Where a row cannot be read.
pub fn read_beside(rows: &Rows) -> Result<Beside, AppError> {
    let Some(row) = rows.first::<BesideRow>()? else { return Ok(Beside::default()) };
    let mut comments = row.comments;
    comments.reverse();
    Ok(Beside {
        papers: Papers { registration: row.registration, filing: row.filing, ordered: row.ordered, comments },
        missing: row.missing,
        registrar: row.registrar,
        open_filing: row.open_filing,
        receiver: row.receiver,
        had_a_hand: row.had_a_hand,
    })
}

/// Counts what waits for a person because of papers, beside what the list of messages holds.
pub fn desk_sql(person: &Person, now: Instant) -> Stmt {
    use domain::access::{Action, Post};
    let mine = "EXISTS (SELECT 1 FROM registrars a WHERE a.message_id = f.message_id AND a.version = f.version AND a.position = f.position
        AND a.staff_id = ?1 AND a.since <= ?2)";
    let open =
        format!("FROM filings f INDEXED BY filings_open WHERE ?3 = 1 AND f.registered_at IS NULL AND {mine}");
    sql(
        format!(
            "SELECT (SELECT COUNT(*) {open}) AS to_receive,
               (SELECT COUNT(*) {open} AND {DUE} < ?2) AS late,
               (SELECT MAX(c.at) FROM chases c WHERE (c.message_id, c.version, c.position) IN
                  (SELECT f.message_id, f.version, f.position {open})) AS chased_at,
               (SELECT COUNT(*) FROM messages m INDEXED BY messages_approved WHERE ?4 = 1 AND m.state = 'approved'
                  AND EXISTS (SELECT 1 FROM appointments c JOIN appointments_in_power a ON a.post = c.post AND a.unit_id = m.capacity_unit_id
                    AND a.staff_id = ?1 AND a.since <= ?2 WHERE c.id = m.appointment_id AND c.post = 'designated_sender')
                  AND NOT EXISTS (SELECT 1 FROM missing_registrations r WHERE r.message_id = m.id)
                  AND NOT EXISTS (SELECT 1 FROM release_orders o WHERE o.message_id = m.id AND o.version = m.version)) AS to_release,
               (SELECT COUNT(DISTINCT q.message_id) FROM message_comments q INDEXED BY message_comments_open
                  JOIN messages m ON m.id = q.message_id WHERE q.kind = 'question' AND q.answered_by IS NULL AND m.author_id = ?1) AS asked"
        ),
        args![person.id, now, person.may(Action::KeepRegister), person.holds(Post::DesignatedSender, None)],
    )
}

/// Reads what [`desk_sql`] gave.
///
/// # Errors
/// Where the row cannot be read.
pub fn read_desk(rows: &Rows) -> Result<Desk, AppError> {
    rows.one()
}

/// Files a message with the next number of the year: part of its release.
pub fn file<'a>(batch: Guarded<'a>, id: MessageId, now: Instant) -> Guarded<'a> {
    batch.then(
        "INSERT INTO filings (message_id, version, position, year, no, digest, filed_at)
         SELECT m.id, m.version, s.position, ?3,
           COALESCE((SELECT MAX(f.no) FROM filings f WHERE f.year = ?3), 0) + ROW_NUMBER() OVER (ORDER BY s.position), m.digest, ?2
         FROM messages m CROSS JOIN message_steps s ON s.message_id = m.id AND s.version = m.version AND s.kind = 'file'
         WHERE m.id = ?1",
        args![id, now, now.year()],
    )
}
