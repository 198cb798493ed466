//! The fan-out: one D1 batch makes everything that sending needs from the
//! frozen list, at each person's number of that moment.

use domain::delivery::{BATCH_MAX, ENQUEUED_MAX};
use domain::ids::MessageId;
use domain::time::Instant;
use serde_json::json;

use crate::app::App;
use crate::args;
use crate::bindings::{Audit, Guarded, Subject};
use crate::error::AppError;

/// Deliveries from the frozen list, one for each phone: ?1 is the message. A
/// phone lies in the stream of its lowest class id (`place`; the stream
/// `staff` is 0), in chunks of one provider call. It is `here` while anyone
/// behind it still is; who has left is not listed with it.
fn deliveries() -> String {
    format!(
        "WITH listed AS (
           SELECT r.stream, r.person, r.student,
                  CASE WHEN r.stream = 'staff' THEN t.phone_id ELSE g.phone_id END AS phone_id,
                  CASE WHEN r.stream = 'staff' THEN t.left_at IS NULL ELSE g.left_at IS NULL AND s.left_at IS NULL END AS here,
                  {PLACE} AS place
           FROM messages m
           CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version
           LEFT JOIN guardians g ON r.stream <> 'staff' AND g.id = r.person
           LEFT JOIN students s ON r.stream <> 'staff' AND s.id = r.student
           LEFT JOIN staff t ON r.stream = 'staff' AND t.id = r.person
           WHERE m.id = ?1),
         by_phone AS (
           SELECT phone_id, MAX(here) AS here, MIN(CASE WHEN here THEN place END) AS place,
                  CASE WHEN MAX(here) THEN json_group_array(json_array(person, student, stream)) FILTER (WHERE here)
                       ELSE json_group_array(json_array(person, student, stream)) END AS recipients
           FROM listed WHERE phone_id IS NOT NULL GROUP BY phone_id),
         chunked AS (
           SELECT phone_id, here, place, recipients,
                  (ROW_NUMBER() OVER (PARTITION BY place ORDER BY phone_id) - 1) / {BATCH_MAX} AS chunk FROM by_phone),
         numbered AS (
           SELECT phone_id, here, recipients, DENSE_RANK() OVER (ORDER BY here DESC, place, chunk) AS no FROM chunked)
         INSERT INTO deliveries (message_id, round, phone_id, batch_no, state, reason, recipients, moved_at)
         SELECT ?1, 0, phone_id, CASE WHEN here THEN no ELSE 0 END, CASE WHEN here THEN 'queued' ELSE 'skipped' END,
                CASE WHEN here THEN NULL ELSE 'left' END, recipients, ?2 FROM numbered ORDER BY phone_id"
    )
}

/// A stream's rank among a phone's: the class id, 0 for `staff`. Over a column `stream`.
const PLACE: &str = "CASE WHEN r.stream = 'staff' THEN 0 ELSE CAST(substr(r.stream, 7) AS INTEGER) END";

/// Batches of the deliveries just made: ?2 is now. All members of one have
/// the same lowest stream, so any of them tells it.
fn batches() -> String {
    format!(
        "INSERT INTO batches (message_id, round, no, stream, state, members, ready_at, check_at, totals)
         SELECT ?1, 0, b.no,
                (SELECT x.value ->> 2 FROM deliveries f, json_each(f.recipients) x
                 WHERE f.message_id = ?1 AND f.round = 0 AND f.phone_id = b.first
                 ORDER BY CASE WHEN x.value ->> 2 = 'staff' THEN 0 ELSE CAST(substr(x.value ->> 2, 7) AS INTEGER) END LIMIT 1),
                'ready', b.members, ?2, ?2 + {ENQUEUED_MAX}, json_object('queued', b.n)
         FROM (SELECT d.batch_no AS no, MIN(d.phone_id) AS first, json_group_array(d.phone_id) AS members, COUNT(*) AS n
               FROM deliveries d WHERE d.message_id = ?1 AND d.round = 0 AND d.batch_no > 0 GROUP BY d.batch_no) b"
    )
}

/// Adds the release of an approved message to a batch: its places in the
/// streams, its SMS batches, its deliveries, and the state `sending`.
///
/// # Errors
/// Where values cannot be bound.
pub fn statements(batch: Guarded<'_>, id: MessageId, now: Instant) -> Result<Guarded<'_>, AppError> {
    batch
        .must("UPDATE messages SET state = 'sending', released_at = ?1 WHERE id = ?2 AND state = 'approved' AND due_at <= ?1", args![
            now, id
        ])?
        .then(
            "INSERT INTO message_streams (message_id, round, stream, state, ready_at)
             SELECT DISTINCT r.message_id, 0, r.stream, 'ready', ?1
             FROM messages m CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version WHERE m.id = ?2",
            args![now, id],
        )?
        .then(&deliveries(), args![id, now])?
        .then(&batches(), args![id, now])?
        .then(
            "INSERT INTO rounds (message_id, round, kind, ordered_by, why, at, skipped)
             SELECT ?1, 0, 'sending', m.author_id, 'approved', ?2,
               (SELECT COUNT(*) FROM deliveries d WHERE d.message_id = ?1 AND d.round = 0 AND d.state = 'skipped')
             FROM messages m WHERE m.id = ?1",
            args![id, now],
        )?
        .audit(&Audit {
            at: now,
            actor: 0,
            action: "message.released",
            subject: Subject::Row("message", id.0),
            detail: &json!({ "round": 0 }),
        })
}

/// Releases what is due: cron's part. Each message in its own batch, so that
/// one that cannot go holds none of the others.
///
/// # Errors
/// Where the database cannot be read.
pub async fn release_due(app: &App) -> Result<(), AppError> {
    #[derive(serde::Deserialize)]
    struct Due {
        id: MessageId,
        due_at: Instant,
        lists: String,
        window_from: u16,
        window_to: u16,
    }
    let now = app.now();
    let due: Vec<Due> = app
        .db
        .all(
            "SELECT m.id, m.due_at, m.lists, s.window_from, s.window_to FROM messages m CROSS JOIN school s
             WHERE m.state = 'approved' AND m.due_at <= ?1 ORDER BY m.due_at LIMIT 20",
            args![now],
        )
        .await?;
    for message in due {
        let window = domain::time::SendingWindow { from: message.window_from, to: message.window_to };
        let open = window.next_open(now);
        let id = message.id;
        let batch = app.db.guarded();
        let batch = if message.due_at.plus(domain::delivery::TOO_OLD) < now {
            // Nobody wants yesterday's «bring an umbrella tomorrow».
            batch
                .must("UPDATE messages SET state = 'cancelled', changed_at = ?1 WHERE id = ?2 AND state = 'approved'", args![now, id])?
                .audit(&Audit {
                    at: now,
                    actor: 0,
                    action: "message.too_old",
                    subject: Subject::Row("message", id.0),
                    detail: &json!({ "due_at": message.due_at }),
                })?
        } else if open > now {
            batch
                .must(
                    "UPDATE messages SET due_at = ?1 WHERE id = ?2 AND state = 'approved'",
                    args![open, id],
                )?
                .audit(&Audit {
                    at: now,
                    actor: 0,
                    action: "message.put_off",
                    subject: Subject::Row("message", id.0),
                    detail: &json!({ "due_at": open }),
                })?
        } else {
            statements(batch, id, now)?
        };
        match batch.commit().await {
            Ok(_) => {
                let lists: Vec<domain::message::ListRoot> =
                    serde_json::from_str(&message.lists).unwrap_or_default();
                super::poke(app, lists.into_iter().map(|l| l.stream).collect()).await;
            }
            // Someone cancelled it, or another cron was quicker.
            Err(AppError::Lost) => {}
            Err(other) => worker::console_error!(
                "{}",
                json!({ "level": "error", "area": "release", "message": id, "cause": format!("{other:?}") })
            ),
        }
    }
    Ok(())
}
