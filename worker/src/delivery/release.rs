//! The fan-out: one D1 batch makes everything that sending needs from the
//! frozen list. An SMS goes to the phone that the approver saw, or to the one
//! that a recorded change of the number led to since.

use std::collections::BTreeSet;

use domain::audit::AuditAction;
use domain::delivery::{ENQUEUED_MAX, RoundKind, TOO_OLD};
use domain::ids::{MessageId, StaffId, StreamId};
use domain::message::MessageState;
use domain::time::{Instant, SendingWindow};
use serde::Deserialize;
use serde_json::json;

use super::expire::is_too_old;
use super::provider;
use crate::message::held::{NOT_IN_ITS_POST, WITHOUT_CUSTODIAN};
use crate::message::transition;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Subject};
use crate::platform::error::AppError;
use crate::roster::whose::{barred, disputed};
use crate::seals::{RoundSeal, Seal};
use crate::{args, filing};

/// Messages that one run of cron releases; the next minute takes the rest.
pub const RELEASES_MAX: u32 = 15;
/// Statements that the release of one costs at most.
pub const RELEASE_QUERIES: u32 = 14;

/// Deliveries from the frozen list, one for each phone: ?1 is the message, ?2 now. A
/// phone lies in the stream of lowest rank, in chunks of one provider call. It
/// is `here` while anyone behind it still is, and while SMS may go there at all; who has left, or
/// says that the number is not theirs, is not listed with it.
fn deliveries(size: usize) -> String {
    let (barred, disputed) = (barred("p"), disputed("l.phone_id", "l.kind", "l.person"));
    format!(
        "WITH on_the_roll AS (
           SELECT r.stream_id, r.kind, r.person, r.student, c.rank,
                  COALESCE(CASE r.kind WHEN 'guardian' THEN g.phone_id WHEN 'staff' THEN t.phone_id END, r.phone_id) AS phone_id,
                  CASE r.kind WHEN 'guardian' THEN g.left_at IS NULL AND s.left_at IS NULL AND g.id IS NOT NULL
                              WHEN 'staff' THEN t.left_at IS NULL AND t.phone_id IS NOT NULL
                              ELSE s.left_at IS NULL AND s.id IS NOT NULL END AS present
           FROM messages m
           CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version
           CROSS JOIN streams c ON c.id = r.stream_id
           LEFT JOIN guardians g ON r.kind = 'guardian' AND g.id = r.person
           LEFT JOIN students s ON r.kind <> 'staff' AND s.id = r.student
           LEFT JOIN staff t ON r.kind = 'staff' AND t.id = r.person
           WHERE m.id = ?1),
         listed AS (
           SELECT stream_id, kind, person, student, rank, phone_id, why IS NULL AS here, why FROM (
             SELECT l.*, CASE WHEN NOT l.present THEN 'left' WHEN {disputed} THEN 'not_theirs' ELSE
                      (SELECT {barred} FROM phones p WHERE p.id = l.phone_id) END AS why FROM on_the_roll l)),
         by_phone AS (
           SELECT phone_id, MAX(here) AS here, MIN(why) AS why, MIN(CASE WHEN here THEN rank END) AS rank,
                  CASE WHEN MAX(here) THEN json_group_array(json_array(kind, person, student, stream_id)) FILTER (WHERE here)
                       ELSE json_group_array(json_array(kind, person, student, stream_id)) END AS recipients
           FROM listed GROUP BY phone_id),
         chunked AS (
           SELECT phone_id, here, why, rank, recipients,
                  (ROW_NUMBER() OVER (PARTITION BY rank ORDER BY phone_id) - 1) / {size} AS chunk FROM by_phone),
         numbered AS (
           SELECT phone_id, here, why, recipients, DENSE_RANK() OVER (ORDER BY here DESC, rank, chunk) AS no FROM chunked)
         INSERT INTO deliveries (message_id, round, phone_id, batch_no, state, reason, recipients, moved_at)
         SELECT ?1, 0, phone_id, CASE WHEN here THEN no ELSE 0 END, CASE WHEN here THEN 'queued' ELSE 'skipped' END,
                CASE WHEN here THEN NULL ELSE why END, recipients, ?2 FROM numbered ORDER BY phone_id"
    )
}

/// Batches of the deliveries just made: ?2 is now, ?3 the provider. All members of one have
/// the same stream of lowest rank, so any of them tells it.
fn batches() -> String {
    format!(
        "INSERT INTO batches (message_id, round, no, stream_id, state, members, size, provider, ready_at, check_at, totals)
         SELECT ?1, 0, b.no,
                (SELECT t.id FROM deliveries f CROSS JOIN json_each(f.recipients) x CROSS JOIN streams t ON t.id = x.value ->> 3
                 WHERE f.message_id = ?1 AND f.round = 0 AND f.phone_id = b.first ORDER BY t.rank LIMIT 1),
                'ready', b.members, b.n, ?3, ?2, ?2 + {ENQUEUED_MAX}, json_object('queued', b.n)
         FROM (SELECT d.batch_no AS no, MIN(d.phone_id) AS first, json_group_array(d.phone_id) AS members, COUNT(*) AS n
               FROM deliveries d WHERE d.message_id = ?1 AND d.round = 0 AND d.batch_no > 0 GROUP BY d.batch_no) b"
    )
}

/// An approved message whose time has come.
pub struct Release<'a> {
    /// Which.
    pub id: MessageId,
    /// By whose order: the author's, or the designated sender's.
    pub ordered_by: StaffId,
    /// What was approved.
    pub digest: &'a str,
    /// Its time.
    pub due_at: Instant,
}

/// Adds the release of an approved message to a batch: its round with its places in the
/// streams, its deliveries and SMS batches. The round is filled, checked as a
/// whole by the database, and then sends.
///
/// # Errors
/// Where the key that seals the round is missing.
pub fn statements<'a>(
    batch: Guarded<'a>,
    app: &App,
    order: &Release<'_>,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let Release { id, ordered_by, digest, due_at } = *order;
    let kind = RoundKind::Sending.key();
    let seal = RoundSeal { message: id.0, round: 0, kind, ordered_by: ordered_by.0, due_at, at: now, digest };
    let batch = filing::store::file(transition::released(batch, id, now), id, now);
    Ok(batch
        .must(
            "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (?1, 0, ?2, ?3, 'approved', ?4, ?5, ?6)",
            args![id, kind, ordered_by, due_at, now, seal.mac(app.keys()?)],
        )
        // What goes to some children of a class, or to some of the staff, has its turn in the stream, and no number;
        // a correction takes one where what it corrects took one.
        .then(
            "INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at)
             SELECT DISTINCT r.message_id, 0, r.stream_id, 'ready',
               COALESCE((SELECT q.takes_number FROM message_streams q WHERE q.message_id = m.corrects_id AND q.round = 0 AND q.stream_id = r.stream_id),
                 COALESCE(m.audience ->> '$.kind', '') NOT IN ('children', 'students', 'units')), ?2
             FROM messages m CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version WHERE m.id = ?1",
            args![id, now],
        )
        .then(deliveries(provider::batch_size(app)), args![id, now])
        .then(batches(), args![id, now, provider::key_of(app)])
        .must(
            "UPDATE rounds SET state = 'sending',
               skipped = (SELECT COUNT(*) FROM deliveries d WHERE d.message_id = ?1 AND d.round = 0 AND d.state = 'skipped')
             WHERE message_id = ?1 AND round = 0 AND state = 'filling'",
            args![id],
        )
        .audit(&Audit {
            at: now,
            actor: 0,
            action: AuditAction::MessageReleased,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "round": 0 }),
        }))
}

#[derive(Deserialize)]
struct DueRow {
    id: MessageId,
    ordered_by: StaffId,
    digest: String,
    due_at: Instant,
    window_from: u16,
    window_to: u16,
}

#[derive(Deserialize)]
struct StreamRow {
    stream_id: StreamId,
}

/// Releases what is due: cron's part. Each message in its own batch, so that
/// one that cannot go holds none of the others. Tells the streams that have
/// something to do.
///
/// # Errors
/// Where the database cannot be read.
pub async fn release_due(app: &App) -> Result<BTreeSet<StreamId>, AppError> {
    let now = app.now();
    // Where nothing can go out nothing piles up: it stays approved, its page says why, and only what is
    // too late by now ends.
    let until = if provider::missing(app).is_none() { now } else { now.plus(-TOO_OLD - 1) };
    let due: Vec<DueRow> = app
        .db
        .all(
            format!(
                "SELECT m.id, COALESCE((SELECT o.staff_id FROM release_orders o WHERE o.message_id = m.id AND o.version = m.version), m.author_id) AS ordered_by,
                   m.digest, m.due_at, s.window_from, s.window_to FROM messages m CROSS JOIN school s
                 WHERE m.state = 'approved' AND m.due_at <= ?1 AND (m.due_at < ?2 OR NOT ({NOT_IN_ITS_POST} OR {WITHOUT_CUSTODIAN}))
                   AND NOT EXISTS (SELECT 1 FROM missing_registrations r WHERE r.message_id = m.id)
                   AND NOT EXISTS (SELECT 1 FROM missing_release_orders o WHERE o.message_id = m.id)
                 ORDER BY m.due_at LIMIT {RELEASES_MAX}"
            ),
            args![until, now.plus(-TOO_OLD)],
        )
        .await?;
    let mut streams = BTreeSet::new();
    for message in due {
        match release(app, &message, now).await {
            Ok(more) => streams.extend(more),
            // Someone cancelled it, or another run was quicker.
            Err(AppError::Lost) => {}
            Err(error) => app.log_error("release", &error, json!({ "message": message.id })),
        }
    }
    Ok(streams)
}

async fn release(app: &App, message: &DueRow, now: Instant) -> Result<Vec<StreamId>, AppError> {
    let (id, batch) = (message.id, app.db.guarded());
    let open = SendingWindow { from: message.window_from, to: message.window_to }.next_open(now);
    let subject = Subject::Row("message", id.0);
    if is_too_old(message.due_at, now) {
        // Nobody wants yesterday's «bring an umbrella tomorrow».
        let batch = transition::step(batch, id, MessageState::Approved, MessageState::Cancelled, now);
        let detail = &json!({ "due_at": message.due_at });
        let entry = Audit { at: now, actor: 0, action: AuditAction::MessageTooOld, subject, detail };
        batch.audit(&entry).commit().await?;
    } else if open > now {
        transition::put_off(batch, id, open, StaffId(0), now).commit().await?;
    } else {
        let order =
            Release { id, ordered_by: message.ordered_by, digest: &message.digest, due_at: message.due_at };
        let batch = statements(batch, app, &order, now)?;
        let at = batch.len();
        let streams = "SELECT stream_id FROM message_streams WHERE message_id = ?1 AND round = 0";
        let rows = batch.then(streams, args![id]).commit().await?;
        return Ok(rows.at(at)?.all::<StreamRow>()?.into_iter().map(|s| s.stream_id).collect());
    }
    Ok(Vec::new())
}
