//! What stands behind a link, in one round trip.

use domain::answer::{Child, Page};
use domain::link::DeliveryId;
use domain::time::{DAY, Instant};
use serde::Deserialize;

use crate::app::App;
use crate::args;
use crate::bindings::Stmt;
use crate::error::AppError;

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
    people: String,
}

/// `[student's or staff member's name, class name or null, number in the class]`.
type PersonRow = (String, Option<String>, Option<i64>);

/// The page behind a delivery that was or is being sent.
const PAGE: &str = "SELECT s.name AS school, s.platform_word, m.title, m.body, m.sender_title AS sender, m.released_at AS at,
    (SELECT a.at FROM answers a WHERE a.message_id = d.message_id AND a.phone_id = d.phone_id) AS confirmed_at,
    (SELECT json_group_array(json_array(COALESCE(st.name, t.name), c.name, ms.seq))
     FROM json_each(d.recipients) r
     LEFT JOIN students st ON r.value ->> 1 <> 0 AND st.id = r.value ->> 1
     LEFT JOIN staff t ON r.value ->> 1 = 0 AND t.id = r.value ->> 0
     LEFT JOIN classes c ON 'class:' || c.id = r.value ->> 2 AND c.id = CAST(substr(r.value ->> 2, 7) AS INTEGER)
     LEFT JOIN message_streams ms ON ms.message_id = d.message_id AND ms.round = 0 AND ms.stream = r.value ->> 2) AS people
  FROM deliveries d CROSS JOIN messages m ON m.id = d.message_id CROSS JOIN school s
  WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped' AND m.released_at > ?4";

/// Leaves the hint that a page was opened (I8): nothing reads it but the funnel.
const HINT: &str = "INSERT INTO opened (message_id, round, batch_no, seen)
  SELECT d.message_id, d.round, d.batch_no, json_object(?3, ?4) FROM deliveries d
  WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped'
  ON CONFLICT DO UPDATE SET seen = json_set(seen, '$.\"' || ?3 || '\"', ?4)
    WHERE json_extract(seen, '$.\"' || ?3 || '\"') IS NULL";

/// An answer, once.
const CONFIRM: &str = "INSERT INTO answers (message_id, phone_id, round, at)
  SELECT d.message_id, d.phone_id, d.round, ?4 FROM deliveries d CROSS JOIN messages m ON m.id = d.message_id
  WHERE d.message_id = ?1 AND d.round = ?2 AND d.phone_id = ?3 AND d.state <> 'skipped' AND m.released_at > ?5
  ON CONFLICT DO NOTHING";

/// Counts it in its batch, where it is the first.
const COUNT: &str = "UPDATE batches SET confirmed = confirmed + 1
  WHERE message_id = ?1 AND round = ?2 AND changes() = 1
    AND no = (SELECT batch_no FROM deliveries WHERE message_id = ?1 AND round = ?2 AND phone_id = ?3)";

fn page_sql(app: &App, id: DeliveryId, now: Instant) -> Result<Stmt, AppError> {
    app.db.sql(PAGE, args![id.message, id.round, id.phone, now.plus(-LINK_LIFE)])
}

/// The page behind a link; `hint` leaves the mark that it was opened.
///
/// # Errors
/// Where the database fails.
pub async fn page(app: &App, id: DeliveryId, hint: bool) -> Result<Option<Page>, AppError> {
    let now = app.now();
    let mut statements = vec![page_sql(app, id, now)?];
    if hint {
        statements.push(app.db.sql(HINT, args![id.message, id.round, id.phone.0.to_string(), now])?);
    }
    let rows = app.db.run(statements).await?;
    let Some(row) = rows.first().map(crate::bindings::Rows::first::<PageRow>).transpose()?.flatten() else {
        return Ok(None);
    };
    let people: Vec<PersonRow> =
        serde_json::from_str(&row.people).map_err(|e| AppError::Internal(format!("recipients: {e}")))?;
    let mut children = Vec::new();
    let mut recipient = None;
    for (name, class_name, number) in people {
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

/// Confirms; a second time changes nothing. False where there is no such delivery.
///
/// # Errors
/// Where the database fails.
pub async fn confirm(app: &App, id: DeliveryId) -> Result<bool, AppError> {
    let now = app.now();
    let rows = app
        .db
        .run(vec![
            app.db.sql(CONFIRM, args![id.message, id.round, id.phone, now, now.plus(-LINK_LIFE)])?,
            app.db.sql(COUNT, args![id.message, id.round, id.phone])?,
            page_sql(app, id, now)?,
        ])
        .await?;
    Ok(rows.get(2).map(crate::bindings::Rows::first::<PageRow>).transpose()?.flatten().is_some())
}
