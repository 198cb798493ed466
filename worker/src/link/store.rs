//! What stands behind a link, in one round trip.

use std::sync::OnceLock;

use domain::answer::{Child, Other, Page};
use domain::ids::MessageId;
use domain::link::{DeliveryId, LinkKey};
use domain::time::{DAY, Instant};
use serde::Deserialize;

use crate::args;
use crate::people::disputes;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::names::name_at;
use crate::roster::whose::{barred, theirs};

/// A link opens its message for so long after sending.
pub const LINK_LIFE: i64 = 180 * DAY;

#[derive(Deserialize)]
struct PageRow {
    school: String,
    platform_word: String,
    title: String,
    body: String,
    sender: String,
    at: Instant,
    confirmed_at: Option<Instant>,
    #[serde(deserialize_with = "json::flag")]
    to_students: bool,
    #[serde(deserialize_with = "json::column")]
    people: Vec<PersonRow>,
    #[serde(deserialize_with = "json::optional_column")]
    corrected_by: Option<OtherRow>,
    #[serde(deserialize_with = "json::optional_column")]
    corrects: Option<OtherRow>,
    withdrawn_at: Option<Instant>,
}

/// `[message, title, when it was sent, whether this phone got it]`.
type OtherRow = (MessageId, String, Instant, u8);

/// A notice that is named beside the one of `id`, with a link of this very phone.
fn other(row: OtherRow, id: DeliveryId, key: Option<&LinkKey>) -> Other {
    let (message, title, at, is_sent) = row;
    let token = key
        .filter(|_| is_sent == 1)
        .and_then(|key| key.sign(DeliveryId { message, round: 0, phone: id.phone }));
    Other { link: token.map(|token| (title, token)), at }
}

/// `[student's or staff member's name, class name or null, number in the class]`.
type PersonRow = (String, Option<String>, Option<i64>);

/// The page behind a delivery that was or is being sent, with those of its people whose the phone still
/// is, under the names of that time.
fn page_text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        format!(
            "SELECT s.name AS school, s.platform_word, m.title, m.body, m.sender_title AS sender, m.released_at AS at, m.audience ->> '$.kind' = 'students' AS to_students,
               (SELECT MIN(a.at) FROM answers_now a WHERE a.message_id = d.message_id AND a.phone_id = d.phone_id AND a.kind = 'confirm') AS confirmed_at,
               CASE WHEN {barred} IS NOT NULL THEN '[]' ELSE
                 (SELECT json_group_array(json_array(COALESCE({student}, {staff}), {class}, ms.number))
                  FROM json_each(d.recipients) r
                  CROSS JOIN streams w ON w.id = r.value ->> 3
                  LEFT JOIN students st ON r.value ->> 2 <> 0 AND st.id = r.value ->> 2
                  LEFT JOIN staff t ON r.value ->> 0 = 'staff' AND t.id = r.value ->> 1
                  LEFT JOIN classes c ON c.id = w.class_id
                  LEFT JOIN message_streams ms ON ms.message_id = d.message_id AND ms.round = 0 AND ms.stream_id = w.id
                  WHERE {theirs}) END AS people,
               (SELECT {other} FROM messages o WHERE o.corrects_id = m.id AND o.released_at IS NOT NULL ORDER BY o.id DESC LIMIT 1) AS corrected_by,
               (SELECT {other} FROM messages o WHERE o.id = m.corrects_id) AS corrects,
               CASE m.state WHEN 'stopped' THEN m.halted_at END AS withdrawn_at
             FROM deliveries d CROSS JOIN messages m ON m.id = d.message_id CROSS JOIN phones p ON p.id = d.phone_id CROSS JOIN school s
             WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped' AND m.released_at > ?4",
            barred = barred("p"),
            student = name_at("student", "st", "m.submitted_at"),
            staff = name_at("staff", "t", "m.submitted_at"),
            class = name_at("class", "c", "m.submitted_at"),
            theirs = theirs("r.value", "d.phone_id"),
            other = "json_array(o.id, o.title, o.released_at, EXISTS (SELECT 1 FROM deliveries e
               WHERE e.message_id = o.id AND e.round = 0 AND e.phone_id = d.phone_id AND e.state <> 'skipped'))",
        )
    })
}

/// Leaves the hint that a page was opened (I8): nothing reads it but the funnel. It stands with the
/// phone's SMS of round 0, by whichever round the page was opened, so that a phone counts once.
/// (D1 binds every number as a floating one, and JSON would keep it so.)
const HINT: &str = "INSERT INTO opened (message_id, round, batch_no, seen)
  SELECT d.message_id, d.round, d.batch_no, json_object(?2, CAST(?3 AS INTEGER)) FROM deliveries d
  WHERE d.message_id = ?1 AND d.round = 0 AND d.phone_id = CAST(?2 AS INTEGER) AND d.state <> 'skipped'
  ON CONFLICT DO UPDATE SET seen = json_set(seen, '$.\"' || ?2 || '\"', CAST(?3 AS INTEGER))
    WHERE json_extract(seen, '$.\"' || ?2 || '\"') IS NULL";

/// A confirmation: an event for each child behind the phone, while the phone is theirs. One that is there already changes nothing.
fn confirm_text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        format!(
            "INSERT INTO answers (message_id, phone_id, student_id, kind, n, value, round, at)
             SELECT DISTINCT d.message_id, d.phone_id, r.value ->> 2, 'confirm',
               (SELECT COALESCE(MAX(a.n), 0) + 1 FROM answers a WHERE a.message_id = d.message_id AND a.phone_id = d.phone_id
                  AND a.student_id = r.value ->> 2 AND a.kind = 'confirm'), NULL, d.round, ?4
             FROM deliveries d CROSS JOIN messages m ON m.id = d.message_id CROSS JOIN phones p ON p.id = d.phone_id
             CROSS JOIN json_each(d.recipients) r
             WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped' AND m.released_at > ?5
               AND {} IS NULL AND {}",
            barred("p"),
            theirs("r.value", "d.phone_id")
        )
    })
}

/// Counts a phone in the batch of its SMS of round 0, once all its children are confirmed and where this was what did it.
const COUNT: &str = "UPDATE batches SET confirmed = confirmed + 1
  WHERE message_id = ?1 AND round = 0 AND changes() > 0
    AND no = (SELECT batch_no FROM deliveries WHERE message_id = ?1 AND round = 0 AND phone_id = ?2)";

/// What a token that was ours leads to.
pub enum Behind {
    /// A page.
    Page(Box<Page>),
    /// An SMS was sent there once, but the phone is not, or no more, theirs for whom it was meant.
    NotTheirs,
    /// Nothing, or nothing any more.
    Nothing,
}

fn page_sql(id: DeliveryId, now: Instant) -> Stmt {
    sql(page_text(), args![id.message, id.round, id.phone, now.plus(-LINK_LIFE)])
}

fn behind(app: &App, id: DeliveryId, rows: &Rows) -> Result<Behind, AppError> {
    let keys = &app.keys()?.links;
    let key = keys.first();
    let Some(row) = rows.first::<PageRow>()? else { return Ok(Behind::Nothing) };
    if row.people.is_empty() {
        return Ok(Behind::NotTheirs);
    }
    let mut children = Vec::new();
    let mut recipient = None;
    for (name, class_name, number) in row.people {
        match class_name {
            Some(class_name) => children.push(Child { name, class_name, number }),
            None => recipient = Some(name),
        }
    }
    Ok(Behind::Page(Box::new(Page {
        school: row.school,
        platform_word: row.platform_word,
        children,
        to_students: row.to_students,
        recipient,
        title: row.title,
        body: row.body,
        sender: row.sender,
        at: row.at,
        confirmed_at: row.confirmed_at,
        corrected_by: row.corrected_by.map(|row| other(row, id, key)),
        corrects: row.corrects.map(|row| other(row, id, key)),
        withdrawn_at: row.withdrawn_at,
    })))
}

/// The page behind a link.
///
/// # Errors
/// Where the database fails.
pub async fn page(app: &App, id: DeliveryId) -> Result<Behind, AppError> {
    behind(app, id, app.db.run(vec![page_sql(id, app.now())]).await?.at(0)?)
}

/// Leaves the hint that the page was opened.
///
/// # Errors
/// Where the database fails.
pub async fn leave_hint(app: &App, id: DeliveryId) -> Result<(), AppError> {
    app.db.run(vec![sql(HINT, args![id.message, id.phone.to_string(), app.now()])]).await?;
    Ok(())
}

/// Confirms; a second time changes nothing.
///
/// # Errors
/// Where the database fails.
pub async fn confirm(app: &App, id: DeliveryId) -> Result<Behind, AppError> {
    let now = app.now();
    let rows = app
        .db
        .run(vec![
            sql(confirm_text(), args![id.message, id.round, id.phone, now, now.plus(-LINK_LIFE)]),
            sql(COUNT, args![id.message, id.phone]),
            page_sql(id, now),
        ])
        .await?;
    behind(app, id, rows.at(2)?)
}

/// Takes in that the number is not theirs for whom the SMS was meant: from now on nothing goes there
/// for them, until the homeroom teacher or the office has settled it.
///
/// # Errors
/// Where the database fails.
pub async fn not_mine(app: &App, id: DeliveryId) -> Result<Behind, AppError> {
    let now = app.now();
    let [said, entry] = disputes::say_so(id.message.0, id.round, id.phone.0, now);
    let rows = app.db.run(vec![said, entry, page_sql(id, now)]).await?;
    behind(app, id, rows.at(2)?)
}
