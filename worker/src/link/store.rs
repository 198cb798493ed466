//! What stands behind a link, in one round trip.

use domain::answer::{Child, Page};
use domain::link::DeliveryId;
use domain::time::{DAY, Instant};
use serde::Deserialize;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;

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
    #[serde(deserialize_with = "json::column")]
    people: Vec<PersonRow>,
}

/// `[student's or staff member's name, class name or null, number in the class]`.
type PersonRow = (String, Option<String>, Option<i64>);

/// The page behind a delivery that was or is being sent.
const PAGE: &str = "SELECT s.name AS school, s.platform_word, m.title, m.body, m.sender_title AS sender, m.released_at AS at,
    (SELECT MIN(a.at) FROM answers_now a WHERE a.message_id = d.message_id AND a.phone_id = d.phone_id AND a.kind = 'confirm') AS confirmed_at,
    (SELECT json_group_array(json_array(COALESCE(st.name, t.name), c.name, ms.number))
     FROM json_each(d.recipients) r
     CROSS JOIN streams w ON w.id = r.value ->> 3
     LEFT JOIN students st ON r.value ->> 2 <> 0 AND st.id = r.value ->> 2
     LEFT JOIN staff t ON r.value ->> 0 = 'staff' AND t.id = r.value ->> 1
     LEFT JOIN classes c ON c.id = w.class_id
     LEFT JOIN message_streams ms ON ms.message_id = d.message_id AND ms.round = 0 AND ms.stream_id = w.id) AS people
  FROM deliveries d CROSS JOIN messages m ON m.id = d.message_id CROSS JOIN school s
  WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped' AND m.released_at > ?4";

/// Leaves the hint that a page was opened (I8): nothing reads it but the funnel. It stands with the
/// phone's SMS of round 0, by whichever round the page was opened, so that a phone counts once.
/// (D1 binds every number as a floating one, and JSON would keep it so.)
const HINT: &str = "INSERT INTO opened (message_id, round, batch_no, seen)
  SELECT d.message_id, d.round, d.batch_no, json_object(?2, CAST(?3 AS INTEGER)) FROM deliveries d
  WHERE d.message_id = ?1 AND d.round = 0 AND d.phone_id = CAST(?2 AS INTEGER) AND d.state <> 'skipped'
  ON CONFLICT DO UPDATE SET seen = json_set(seen, '$.\"' || ?2 || '\"', CAST(?3 AS INTEGER))
    WHERE json_extract(seen, '$.\"' || ?2 || '\"') IS NULL";

/// A confirmation: an event for each child behind the phone. One that is there already changes nothing.
const CONFIRM: &str = "INSERT INTO answers (message_id, phone_id, student_id, kind, n, value, round, at)
  SELECT DISTINCT d.message_id, d.phone_id, r.value ->> 2, 'confirm',
    (SELECT COALESCE(MAX(a.n), 0) + 1 FROM answers a WHERE a.message_id = d.message_id AND a.phone_id = d.phone_id
       AND a.student_id = r.value ->> 2 AND a.kind = 'confirm'), NULL, d.round, ?4
  FROM deliveries d CROSS JOIN messages m ON m.id = d.message_id CROSS JOIN json_each(d.recipients) r
  WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped' AND m.released_at > ?5";

/// Counts a phone in the batch of its SMS of round 0, once all its children are confirmed and where this was what did it.
const COUNT: &str = "UPDATE batches SET confirmed = confirmed + 1
  WHERE message_id = ?1 AND round = 0 AND changes() > 0
    AND no = (SELECT batch_no FROM deliveries WHERE message_id = ?1 AND round = 0 AND phone_id = ?2)";

fn page_sql(id: DeliveryId, now: Instant) -> Stmt {
    sql(PAGE, args![id.message, id.round, id.phone, now.plus(-LINK_LIFE)])
}

/// The page behind a link.
///
/// # Errors
/// Where the database fails.
pub async fn page(app: &App, id: DeliveryId) -> Result<Option<Page>, AppError> {
    let rows = app.db.run(vec![page_sql(id, app.now())]).await?;
    let Some(row) = rows.at(0)?.first::<PageRow>()? else { return Ok(None) };
    let mut children = Vec::new();
    let mut recipient = None;
    for (name, class_name, number) in row.people {
        match class_name {
            Some(class_name) => children.push(Child { name, class_name, number }),
            None => recipient = Some(name),
        }
    }
    Ok(Some(Page {
        school: row.school,
        platform_word: row.platform_word,
        children,
        recipient,
        title: row.title,
        body: row.body,
        sender: row.sender,
        at: row.at,
        confirmed_at: row.confirmed_at,
    }))
}

/// Leaves the hint that the page was opened.
///
/// # Errors
/// Where the database fails.
pub async fn leave_hint(app: &App, id: DeliveryId) -> Result<(), AppError> {
    app.db.run(vec![sql(HINT, args![id.message, id.phone.to_string(), app.now()])]).await?;
    Ok(())
}

/// Confirms; a second time changes nothing. False where there is no such delivery.
///
/// # Errors
/// Where the database fails.
pub async fn confirm(app: &App, id: DeliveryId) -> Result<bool, AppError> {
    let now = app.now();
    let rows = app
        .db
        .run(vec![
            sql(CONFIRM, args![id.message, id.round, id.phone, now, now.plus(-LINK_LIFE)]),
            sql(COUNT, args![id.message, id.phone]),
            page_sql(id, now),
        ])
        .await?;
    Ok(rows.at(2)?.first::<PageRow>()?.is_some())
}
