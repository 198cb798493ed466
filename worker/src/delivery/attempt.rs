//! Batches, from the queue to the provider and back.
//!
//! 1. Claim by a conditional update with a lease, several jobs in one round
//!    trip; the claim asks again what may have changed since: state, window,
//!    switch, older SMS on their way (I6).
//! 2. Recompute the digest from what is about to be rendered; where it
//!    differs, nothing goes out (I2).
//! 3. Write the attempt: the last await before the provider is called. From
//!    here on a crash means «unknown», never «again».
//! 4. Call the provider.
//! 5. Record, batch settled; then tell the Sequencer.

use data_encoding::HEXLOWER;
use domain::audit::AuditAction;
use domain::delivery::{ATTEMPT_DEADLINE, ApartReason, CALL_TIMEOUT, HOLD, LEASE, Reason};
use domain::ids::{MessageId, ProcedureId, StreamId};
use domain::link::DeliveryId;
use domain::message::{CanonicalMessage, ListRoot, Recipient};
use domain::sms::Template;
use domain::time::{Instant, SECOND, SendingWindow};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;

use super::authority::{self, Authority, Flaw, Held, Member};
use super::provider::{Provider, Request, Sms, call};
use super::{BatchKey, halt, record, totals};
use crate::args;
use crate::message::rows::{MessageRow, row_sql};
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::whose::held_back;
use crate::sequencer::SmsJob;
use crate::sms_account::store::trial;

/// Provider calls at once. Each job holds one connection at a time (D1 or the
/// provider), and the platform gives an invocation six.
pub const AT_ONCE: usize = 6;
/// Jobs claimed in one round trip: two for each call at once, so that the
/// lease covers even two calls behind each other that take as long as they may.
const CLAIMED_TOGETHER: usize = 2 * AT_ONCE;
const _: () = assert!(LEASE > 2 * (CALL_TIMEOUT + 5 * SECOND));
/// Statements that a job costs at most: nine to claim it, five for the attempt, sixteen to record it.
pub const QUERIES_PER_JOB: usize = 30;
/// Of these, what claiming asks.
const CLAIM_QUERIES: usize = FIRST_CLAIM + authority::QUERIES;
/// The claim itself and what it works with; behind them stands on whose authority it goes.
const FIRST_CLAIM: usize = 6;

/// What follows from a job, for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The Sequencer of this stream has something new to look at.
    Tell(StreamId),
    /// Nothing: the batch is in other hands, or settled.
    Nothing,
}

/// A batch that this consumer holds until its lease ends.
#[derive(Deserialize)]
struct Claimed {
    stream_id: StreamId,
    tries: u32,
    claim: i64,
    /// Whether the last calls to the provider failed.
    #[serde(deserialize_with = "json::flag")]
    ailing: bool,
    due_at: Instant,
}

/// What was submitted: by it the digest is computed again.
#[derive(Deserialize)]
struct VersionRow {
    digest: String,
    digest_form: u32,
    procedure_id: ProcedureId,
    procedure_version: u32,
    #[serde(deserialize_with = "json::column")]
    lists: Vec<ListRoot>,
}

#[derive(Deserialize)]
struct EntryRow {
    kind: domain::message::RecipientKind,
    person: i64,
    student: i64,
    phone: domain::ids::PhoneId,
}

#[derive(Deserialize)]
struct SchoolRow {
    window_from: u16,
    window_to: u16,
}

#[derive(Deserialize)]
struct StreamRow {
    stream_id: StreamId,
}

/// How soon a batch looks again whether a phone is free.
const LOOK_AGAIN: i64 = 3 * SECOND;

/// The claim. Older SMS are asked for by key: for each older round that is open, few, and for each of my
/// phones, at most a hundred. So it does not grow with what is open.
fn claim_sql(job: SmsJob, provider: &str, now: Instant) -> Stmt {
    sql(
        // INDEXED BY: without it the planner walks all batches to spare a sort.
        "UPDATE batches SET state = 'claimed', claim = claim + 1, check_at = ?4, provider = ?8
         WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'enqueued' AND not_before <= ?5 AND set_apart_at IS NULL
           AND EXISTS (SELECT 1 FROM rounds m WHERE m.message_id = ?1 AND m.round = ?2 AND m.state = 'sending')
           AND EXISTS (SELECT 1 FROM school WHERE stopped_at IS NULL AND window_from <= ?6 AND ?6 < window_to)
           AND NOT EXISTS (SELECT 1 FROM provider_health h WHERE h.provider = ?8 AND h.open_until > ?5)
           -- I6: a phone waits while an older SMS to it is on its way in another stream. One that is
           -- held back is not on its way, and one that still waits for its turn there is waited for as
           -- long as a message holds its stream: two streams never wait for each other for good.
           AND NOT EXISTS (
             SELECT 1 FROM (
               SELECT r.message_id, r.round FROM rounds r
               WHERE r.ended_at IS NULL AND r.at <= batches.ready_at
                 AND (r.at, r.message_id, r.round) < (batches.ready_at, batches.message_id, batches.round)) older
             CROSS JOIN json_each(batches.members) x
             CROSS JOIN deliveries d ON d.message_id = older.message_id AND d.round = older.round AND d.phone_id = x.value
             CROSS JOIN batches o ON o.message_id = d.message_id AND o.round = d.round AND o.no = d.batch_no
             WHERE d.state = 'queued' AND o.state <> 'settled' AND o.stream_id <> batches.stream_id AND o.not_before <= ?5 + ?7 AND o.set_apart_at IS NULL
               AND (o.state IN ('claimed', 'submitting') OR (o.state <> 'ready' OR o.ready_at > ?5 - ?7)
                 AND EXISTS (SELECT 1 FROM rounds p WHERE p.message_id = o.message_id AND p.round = o.round AND p.state = 'sending')))
         RETURNING stream_id, tries, claim, EXISTS (SELECT 1 FROM provider_health h WHERE h.provider = ?8 AND h.failures > 0) AS ailing, (SELECT m.due_at FROM rounds m WHERE m.message_id = ?1 AND m.round = ?2) AS due_at",
        args![job.message, job.round, job.no, now.plus(LEASE), now, now.minute_of_day(), HOLD, provider],
    )
}

fn claim_and_read(job: SmsJob, provider: &str, now: Instant) -> impl Iterator<Item = Stmt> + use<> {
    let key = args![job.message, job.round, job.no];
    let first: [Stmt; FIRST_CLAIM] = [
        claim_sql(job, provider, now),
        row_sql(MessageId(job.message)),
        sql(
            "SELECT v.digest, v.digest_form, v.procedure_id, v.procedure_version, v.lists FROM messages m
             CROSS JOIN message_versions v ON v.message_id = m.id AND v.version = m.version WHERE m.id = ?1",
            args![job.message],
        ),
        sql(
            "SELECT r.kind, r.person, r.student, r.phone_id AS phone FROM batches b
             CROSS JOIN messages m ON m.id = b.message_id
             CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version AND r.stream_id = b.stream_id
             WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3",
            key,
        ),
        sql(
            format!(
                "SELECT d.phone_id AS id, COALESCE(p.key_id, -1) AS key_id, COALESCE(p.sealed, '') AS sealed, COALESCE({}, {}) AS held_back
                 FROM batches b CROSS JOIN json_each(b.members) x
                 CROSS JOIN deliveries d ON d.message_id = b.message_id AND d.round = b.round AND d.phone_id = x.value
                 LEFT JOIN phones p ON p.id = d.phone_id
                 WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3 AND d.batch_no = b.no AND d.state = 'queued'",
                held_back("d", "p"),
                trial("d.phone_id")
            ),
            key,
        ),
        sql("SELECT window_from, window_to FROM school WHERE id = 1", &[]),
    ];
    first.into_iter().chain(authority::statements(job))
}

/// A job with what claiming it gave.
type Asked = (SmsJob, Result<Vec<Rows>, AppError>, Instant);

/// Claims some jobs in one round trip.
async fn claim(app: &App, provider: &str, jobs: &[SmsJob]) -> Vec<Asked> {
    let now = app.now();
    let statements = jobs.iter().flat_map(|job| claim_and_read(*job, provider, now)).collect();
    match app.db.run(statements).await {
        Ok(rows) => {
            let mut rows = rows.into_iter();
            jobs.iter().map(|job| (*job, Ok(rows.by_ref().take(CLAIM_QUERIES).collect()), now)).collect()
        }
        Err(error) => {
            let why = format!("{error:?}");
            jobs.iter().map(|job| (*job, Err(AppError::Internal(why.clone())), now)).collect()
        }
    }
}

/// Takes jobs from the queue as far as they go. Each has a verdict of its own, in order; one that
/// fails rests where it was, and cron sees it. The next few are claimed while the last calls are
/// under way.
pub async fn run(app: &App, provider: &dyn Provider, jobs: &[SmsJob]) -> Vec<Result<Done, AppError>> {
    futures_util::stream::iter(jobs.chunks(CLAIMED_TOGETHER))
        .then(|together| claim(app, provider.key(), together))
        .flat_map(futures_util::stream::iter)
        .map(|(job, rows, now)| async move { one(app, provider, job, &rows?, now).await })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn one(
    app: &App,
    provider: &dyn Provider,
    job: SmsJob,
    rows: &[Rows],
    now: Instant,
) -> Result<Done, AppError> {
    let key = BatchKey { message_id: job.message, round: job.round, no: job.no };
    let Some(claimed) = rows.at(0)?.first::<Claimed>()? else {
        let school: SchoolRow = rows.at(5)?.one()?;
        return rest(app, key, SendingWindow { from: school.window_from, to: school.window_to }, now).await;
    };
    if super::expire::is_too_old(claimed.due_at, now) {
        return skip(app, key, &claimed, Reason::TooOld, now).await;
    }
    // 2.
    let message: MessageRow = rows.at(1)?.one()?;
    let version: VersionRow = rows.at(2)?.one()?;
    if !CanonicalMessage::knows(version.digest_form) {
        return set_apart(app, key, &claimed, ApartReason::UnknownForm, now).await;
    }
    let list = entries(rows.at(3)?)?;
    let Some(digest) = approved_digest(&message, &version, claimed.stream_id, &list)? else {
        return skip(app, key, &claimed, Reason::DigestMismatch, now).await;
    };
    let authority = Authority::read(rows.get(FIRST_CLAIM..).unwrap_or_default())?;
    let keys = app.keys()?;
    if let Some(flaw) = authority.flaw(keys, &message, job.round, &digest) {
        return stop(app, key, &claimed, Reason::NotAuthorised, Some(flaw), now).await;
    }
    let Some(template) = Template::find(&message.template, message.template_version) else {
        return set_apart(app, key, &claimed, ApartReason::UnknownTemplate, now).await;
    };
    let (mine, held) = authority.sort(keys, &list, rows.at(4)?.all()?);
    let (sms, held) = render(app, &message, template, job.round, &mine, held)?;
    if sms.is_empty() {
        return settle_nothing(app, key, &claimed, &held, now).await;
    }
    // 3.
    let now = app.now();
    let reference = HEXLOWER.encode(&app.random::<16>()?);
    let members: Vec<i64> = sms.iter().map(|s| s.phone_id.0).collect();
    hold_back(app.db.guarded(), key, &held, now)?
        .must(
            "UPDATE batches SET state = 'submitting', check_at = ?4, provider = ?6
             WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'claimed' AND claim = ?5",
            args![key.message_id, key.round, key.no, now.plus(ATTEMPT_DEADLINE), claimed.claim, provider.key()],
        )
        .then(
            "INSERT INTO attempts (reference, message_id, round, batch_no, provider, digest, members, late, state, started_at, deadline)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,
               EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = ?2 AND s.round = ?3 AND s.stream_id = ?8 AND s.state = 'settled'),
               'submitting', ?9, ?10",
            args![
                &reference,
                key.message_id,
                key.round,
                key.no,
                provider.key(),
                digest,
                json::text(&members)?,
                claimed.stream_id,
                now,
                now.plus(ATTEMPT_DEADLINE)
            ],
        )
        .commit()
        .await?;
    // 4. Not where writing that took so long that the call could outlive its
    // deadline: cron finds the attempt, and that nothing was taken.
    let called_at = app.now();
    if called_at > now.plus(ATTEMPT_DEADLINE - CALL_TIMEOUT) {
        return Ok(Done::Nothing);
    }
    let request =
        Request { reference: &reference, template, title: &message.title, sms: &sms, tries: claimed.tries };
    let result = call::submit(app, provider, &request).await;
    // 5.
    let attempt = record::Attempt {
        key,
        reference: &reference,
        stream: claimed.stream_id,
        provider: provider.key(),
        tries: claimed.tries,
        claim: claimed.claim,
        ailing: claimed.ailing,
        members: &members,
        called_at,
    };
    record::record(app, &attempt, &result).await?;
    Ok(Done::Tell(claimed.stream_id))
}

/// The stream's part of the frozen list.
fn entries(rows: &Rows) -> Result<Vec<Recipient>, AppError> {
    let entry =
        |e: EntryRow| Recipient { kind: e.kind, person: e.person, student: e.student, phone: e.phone };
    Ok(rows.all::<EntryRow>()?.into_iter().map(entry).collect())
}

/// The digest over what is about to be sent, where it is the approved one and
/// the stream's part of the list is the approved one, too.
///
/// # Errors
/// Where the rows cannot be read.
fn approved_digest(
    message: &MessageRow,
    version: &VersionRow,
    stream: StreamId,
    list: &[Recipient],
) -> Result<Option<String>, AppError> {
    let procedure = (version.procedure_id, version.procedure_version);
    let digest = message.digest_over(version.digest_form, procedure, &version.lists).ok_or_else(|| {
        AppError::Internal(format!("form {} of the digest is unknown", version.digest_form))
    })?;
    let fits = message.digest.as_deref() == Some(&digest)
        && version.digest == digest
        && version.lists.contains(&ListRoot::of(stream, list));
    Ok(fits.then_some(digest))
}

/// An SMS for each phone whose number can be opened. One bad number is one bad number: it joins
/// those that are held back, and the others go.
fn render(
    app: &App,
    message: &MessageRow,
    template: &Template,
    round: u8,
    phones: &[Member],
    mut held: Vec<Held>,
) -> Result<(Vec<Sms>, Vec<Held>), AppError> {
    let keys = app.keys()?;
    let link_key = keys.links.first().ok_or_else(|| AppError::Internal("no link key".into()))?;
    let mut sms = Vec::with_capacity(phones.len());
    for row in phones {
        let Ok(phone) = keys.open_phone(row.id.0, row.key_id, &row.sealed) else {
            held.push((row.id, Reason::Unreadable));
            continue;
        };
        let id = DeliveryId { message: message.id, round, phone: row.id };
        let token =
            link_key.sign(id).ok_or_else(|| AppError::Internal("an id is too large for a link".into()))?;
        let link = format!("{}/m/{token}", app.origin);
        let text = template.render(&message.signature, &message.title, &link);
        sms.push(Sms { phone_id: row.id, phone, text, link });
    }
    Ok((sms, held))
}

/// Sets the batch apart: it cannot be worked on by this version.
async fn set_apart(
    app: &App,
    key: BatchKey,
    claimed: &Claimed,
    why: ApartReason,
    now: Instant,
) -> Result<Done, AppError> {
    app.db.run(halt::set_apart(&[(key, claimed.claim)], why, now)?).await?;
    Ok(Done::Tell(claimed.stream_id))
}

/// A batch that may not go now rests: until the window opens, in its place and order, or a few seconds
/// where something older is on its way to one of its phones.
async fn rest(app: &App, key: BatchKey, window: SendingWindow, now: Instant) -> Result<Done, AppError> {
    let open = window.next_open(now);
    let (state, check_at) = if open > now { ("numbered", open) } else { ("enqueued", now.plus(LOOK_AGAIN)) };
    let stream: Option<StreamRow> = app
        .db
        .first(
            "UPDATE batches SET state = ?4, check_at = ?5
             WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'enqueued' AND not_before <= ?6 AND set_apart_at IS NULL
             RETURNING stream_id",
            args![key.message_id, key.round, key.no, state, check_at, now],
        )
        .await?;
    Ok(stream.map_or(Done::Nothing, |s| Done::Tell(s.stream_id)))
}

fn settled<'a>(batch: Guarded<'a>, key: BatchKey, claimed: &Claimed) -> Guarded<'a> {
    batch.must(
        "UPDATE batches SET state = 'settled' WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'claimed' AND claim = ?4",
        args![key.message_id, key.round, key.no, claimed.claim],
    )
}

async fn skip(
    app: &App,
    key: BatchKey,
    claimed: &Claimed,
    reason: Reason,
    now: Instant,
) -> Result<Done, AppError> {
    stop(app, key, claimed, reason, None, now).await
}

/// Ends a batch before its call; a flaw in what it stands on is named in the log.
async fn stop(
    app: &App,
    key: BatchKey,
    claimed: &Claimed,
    reason: Reason,
    flaw: Option<Flaw>,
    now: Instant,
) -> Result<Done, AppError> {
    let mut detail = json!({ "reason": reason.key(), "stream": claimed.stream_id, "batch": key.no });
    if let Some(flaw) = flaw {
        detail["flaw"] = flaw.key().into();
        app.log_warning("attempt", json!({ "message": key.message_id, "flaw": flaw.key() }));
    }
    settled(app.db.guarded(), key, claimed)
        .then(
            "UPDATE deliveries SET state = 'skipped', reason = ?4, moved_at = ?5
             WHERE message_id = ?1 AND round = ?2 AND state = 'queued' AND batch_no = ?3
               AND phone_id IN (SELECT x.value FROM batches b, json_each(b.members) x WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3)",
            args![key.message_id, key.round, key.no, reason.key(), now],
        )
        .append([totals::recount(&[key], None)?])
        .audit(&Audit {
            at: now,
            actor: 0,
            action: AuditAction::DeliveryStopped,
            subject: Subject::Row("message", key.message_id),
            detail: &detail,
        })
        .commit()
        .await?;
    Ok(Done::Tell(claimed.stream_id))
}

/// Ends deliveries whose phone is not, or no more, to be written to: each with its reason.
fn hold_back<'a>(
    batch: Guarded<'a>,
    key: BatchKey,
    held: &[Held],
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    if held.is_empty() {
        return Ok(batch);
    }
    Ok(batch.then(
        "UPDATE deliveries SET state = 'skipped', moved_at = ?4,
           reason = (SELECT value ->> 1 FROM json_each(?3) WHERE value ->> 0 = deliveries.phone_id)
         WHERE message_id = ?1 AND round = ?2 AND state = 'queued' AND phone_id IN (SELECT value ->> 0 FROM json_each(?3))",
        args![key.message_id, key.round, json::text(&held)?, now],
    ))
}

async fn settle_nothing(
    app: &App,
    key: BatchKey,
    claimed: &Claimed,
    held: &[Held],
    now: Instant,
) -> Result<Done, AppError> {
    settled(hold_back(app.db.guarded(), key, held, now)?, key, claimed)
        .append([totals::recount(&[key], None)?])
        .commit()
        .await?;
    Ok(Done::Tell(claimed.stream_id))
}
