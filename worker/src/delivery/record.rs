//! Writing down what a provider call came to. Nothing here is lost by dying
//! before it: cron finds the attempt past its deadline and asks.

use domain::delivery::{
    ASK_UNKNOWN_AFTER, ATTEMPTS_MAX, LIMIT_AFTER, PATIENCE, PartOutcome, RETRY_AFTER, Reason,
};
use domain::ids::StreamId;
use domain::provider::Fate;
use domain::time::Instant;
use serde_json::json;

use super::provider::{CallResult, Outcome, Part};
use super::sequence::settle_sql;
use super::{BatchKey, health, totals};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::Guarded;
use crate::platform::error::AppError;
use crate::platform::json;

/// A call that was made.
pub(super) struct Attempt<'a> {
    /// Its batch.
    pub key: BatchKey,
    /// Our reference.
    pub reference: &'a str,
    /// Its stream.
    pub stream: StreamId,
    /// The provider.
    pub provider: &'a str,
    /// Earlier attempts of these SMS.
    pub tries: u32,
    /// The claim that made it.
    pub claim: i64,
    /// Whether the calls before it failed.
    pub ailing: bool,
    /// The phones, in the order of the call.
    pub members: &'a [i64],
    /// When it went out.
    pub called_at: Instant,
}

/// Writes what the provider said.
///
/// # Errors
/// Where the database fails, or somebody else has recorded it meanwhile.
pub(super) async fn record(app: &App, attempt: &Attempt<'_>, result: &CallResult) -> Result<(), AppError> {
    let now = app.now();
    let Attempt { key, reference, stream, provider, tries, claim, ailing, members, called_at } = *attempt;
    let batch = app.db.guarded();
    let health = health::after(provider, result, ailing, now);
    let (batch, look_at) = match result {
        CallResult::Unknown(cause) => {
            app.log_warning("provider", json!({ "reference": reference, "answer": cause }));
            let batch = batch
                .must(
                    "UPDATE attempts SET state = 'unknown', answer = 'no_answer', called_at = ?2 WHERE reference = ?1 AND state = 'submitting'",
                    args![reference, called_at],
                )
                .then(UNKNOWN, args![key.message_id, key.round, json::text(members)?, now]);
            (batch, now.plus(ASK_UNKNOWN_AFTER))
        }
        CallResult::Parts(parts) => {
            // Where cron has asked meanwhile, its finding stands: a retry may be under way.
            let answer = parts.iter().find_map(|part| part.code.as_deref()).unwrap_or("ok");
            let unknown: Vec<i64> = members
                .iter()
                .zip(parts)
                .filter(|(_, part)| part.outcome == Outcome::Unknown)
                .map(|(member, _)| *member)
                .collect();
            let (state, ended_at, look_at) = if unknown.is_empty() {
                ("answered", Some(now), now.plus(PATIENCE))
            } else {
                app.log_warning("provider", json!({ "reference": reference, "answer": answer }));
                ("unknown", None, now.plus(ASK_UNKNOWN_AFTER))
            };
            let mut batch = batch.must(
                "UPDATE attempts SET state = ?5, called_at = ?2, ended_at = ?3, answer = ?4
                 WHERE reference = ?1 AND state IN ('submitting', 'unknown')",
                args![reference, called_at, ended_at, answer, state],
            );
            if !unknown.is_empty() {
                batch = batch.then(UNKNOWN, args![key.message_id, key.round, json::text(&unknown)?, now]);
            }
            let batch = write_parts(batch, reference, provider, members, parts)?;
            (apply(batch, key, tries, members, parts, now, app.random::<1>()?)?, look_at)
        }
    };
    batch
        .then(
            "UPDATE batches SET state = 'settled', check_at = ?4 WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'submitting' AND claim = ?5",
            args![key.message_id, key.round, key.no, look_at, claim],
        )
        .append(health)
        .append([totals::recount(&[key], None)?])
        .append(settle_sql(key.message_id, key.round, stream, now))
        .commit()
        .await?;
    Ok(())
}

/// Writes for each phone of an attempt what became of it, with the provider's id.
///
/// # Errors
/// Where the parts cannot be written as JSON.
pub(super) fn write_parts<'a>(
    batch: Guarded<'a>,
    reference: &str,
    provider: &str,
    members: &[i64],
    parts: &[Part],
) -> Result<Guarded<'a>, AppError> {
    let rows: Vec<(i64, &str, Option<&str>)> = members
        .iter()
        .zip(parts)
        .filter_map(|(member, part)| {
            let outcome = match part.outcome {
                Outcome::Accepted => PartOutcome::Accepted,
                Outcome::Rejected(_) => PartOutcome::Rejected,
                Outcome::NotTaken | Outcome::Later | Outcome::OverLimit => PartOutcome::NotTaken,
                Outcome::Unknown => return None,
            };
            Some((*member, outcome.key(), part.id.as_deref()))
        })
        .collect();
    Ok(batch.then(
        "INSERT INTO attempt_parts (reference, phone_id, provider, provider_id, outcome)
         SELECT ?1, value ->> 0, ?2, value ->> 2, value ->> 1 FROM json_each(?3)",
        args![reference, provider, json::text(&rows)?],
    ))
}

/// Members whose attempt has no answer: ?3 are the phones.
pub(super) const UNKNOWN: &str = "UPDATE deliveries SET state = 'unknown', reason = 'no_answer', moved_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND state = 'queued' AND phone_id IN (SELECT value FROM json_each(?3))";

/// Moves deliveries that were asked about by what became of them at the phone.
///
/// # Errors
/// As [`apply`].
pub(super) fn arrived<'a>(
    mut batch: Guarded<'a>,
    key: BatchKey,
    fates: &[(i64, Fate)],
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let rows: Vec<(i64, &str, Option<Reason>)> = fates
        .iter()
        .map(|(phone, fate)| match fate {
            Fate::Delivered => (*phone, "delivered", None),
            Fate::Failed(reason) => (*phone, "undelivered", Some(*reason)),
        })
        .collect();
    if !rows.is_empty() {
        batch = batch.then(
            "UPDATE deliveries SET moved_at = ?4,
               state = (SELECT value ->> 1 FROM json_each(?3) WHERE value ->> 0 = deliveries.phone_id),
               reason = (SELECT value ->> 2 FROM json_each(?3) WHERE value ->> 0 = deliveries.phone_id)
             WHERE message_id = ?1 AND round = ?2 AND state = 'accepted' AND phone_id IN (SELECT value ->> 0 FROM json_each(?3))",
            args![key.message_id, key.round, json::text(&rows)?, now],
        );
    }
    Ok(batch)
}

/// Moves deliveries by what is known of each: taken, refused, or to be tried
/// again in a batch of its own, later each time.
///
/// # Errors
/// Where a list cannot be written as JSON.
pub(super) fn apply<'a>(
    mut batch: Guarded<'a>,
    key: BatchKey,
    tries: u32,
    members: &[i64],
    parts: &[Part],
    now: Instant,
    [spread]: [u8; 1],
) -> Result<Guarded<'a>, AppError> {
    let of = |wanted: Outcome| -> Vec<i64> {
        members.iter().zip(parts).filter(|(_, part)| part.outcome == wanted).map(|(m, _)| *m).collect()
    };
    let taken = of(Outcome::Accepted);
    if !taken.is_empty() {
        batch = batch.then(
            "UPDATE deliveries SET state = 'accepted', reason = NULL, moved_at = ?4
             WHERE message_id = ?1 AND round = ?2 AND state IN ('queued', 'unknown') AND phone_id IN (SELECT value FROM json_each(?3))",
            args![key.message_id, key.round, json::text(&taken)?, now],
        );
    }
    let invalid = of(Outcome::Rejected(Reason::NumberInvalid));
    if !invalid.is_empty() {
        // The provider's own word is the evidence: later messages spare themselves this phone.
        batch = batch.then(
            "UPDATE phones SET contact_state = 'invalid', contact_why = 'number_invalid', contact_at = ?2
             WHERE contact_state IN ('unknown', 'reachable', 'unreachable') AND id IN (SELECT value FROM json_each(?1))",
            args![json::text(&invalid)?, now],
        );
    }
    let (mut again, mut refused, mut wait) = (Vec::new(), Vec::new(), RETRY_AFTER);
    for (member, part) in members.iter().zip(parts) {
        match part.outcome {
            Outcome::Rejected(reason) => refused.push((*member, reason)),
            Outcome::NotTaken if tries + 1 >= ATTEMPTS_MAX => refused.push((*member, Reason::TooManyTries)),
            Outcome::OverLimit if tries + 1 >= ATTEMPTS_MAX => refused.push((*member, Reason::OverLimit)),
            // Where the provider takes nothing from anybody it is tried until the message's time is over.
            Outcome::NotTaken | Outcome::Later => again.push(*member),
            Outcome::OverLimit => {
                wait = LIMIT_AFTER;
                again.push(*member);
            }
            Outcome::Accepted | Outcome::Unknown => {}
        }
    }
    if !refused.is_empty() {
        batch = batch.then(
            "UPDATE deliveries SET state = 'rejected', moved_at = ?4,
               reason = (SELECT value ->> 1 FROM json_each(?3) WHERE value ->> 0 = deliveries.phone_id)
             WHERE message_id = ?1 AND round = ?2 AND state IN ('queued', 'unknown')
               AND phone_id IN (SELECT value ->> 0 FROM json_each(?3))",
            args![key.message_id, key.round, json::text(&refused)?, now],
        );
    }
    if !again.is_empty() {
        // Up to a quarter later, each batch by its own draw: else all that failed together comes again together.
        let wait = wait << tries.min(5);
        let at = now.plus(wait + wait * i64::from(spread) / 1_024);
        let phones = json::text(&again)?;
        batch = batch
            .then(
                // Those whose receipt came first are in no further batch: nobody counts twice.
                "INSERT INTO batches (message_id, round, no, stream_id, state, members, size, provider, tries, not_before, ready_at, check_at, totals)
                 SELECT message_id, round, (SELECT MAX(no) + 1 FROM batches WHERE message_id = ?1 AND round = ?2), stream_id, 'numbered',
                        l.members, l.n, provider, tries + 1, ?5, ready_at, ?5, json_object('queued', l.n)
                 FROM batches CROSS JOIN (
                   SELECT json_group_array(d.phone_id) AS members, COUNT(*) AS n FROM json_each(?4) x
                   CROSS JOIN deliveries d ON d.message_id = ?1 AND d.round = ?2 AND d.phone_id = x.value
                   WHERE d.state IN ('queued', 'unknown')) l
                 WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND l.n > 0",
                args![key.message_id, key.round, key.no, phones.as_str(), at],
            )
            .then(
                "UPDATE deliveries SET state = 'queued', reason = NULL, moved_at = ?4,
                   batch_no = (SELECT MAX(no) FROM batches WHERE message_id = ?1 AND round = ?2)
                 WHERE message_id = ?1 AND round = ?2 AND state IN ('queued', 'unknown') AND phone_id IN (SELECT value FROM json_each(?3))",
                args![key.message_id, key.round, phones.as_str(), now],
            );
    }
    Ok(batch)
}
