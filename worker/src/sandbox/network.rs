//! What a provider does, pretended: store the SMS, answer, know by reference,
//! hand over receipts. What each number does stands in `domain::sandbox`.

use std::time::Duration;

use domain::phone::Phone;
use domain::sandbox::Magic;
use serde::Deserialize;

use crate::app::App;
use crate::args;
use crate::bindings::{Db, SANDBOX_DB};
use crate::delivery::provider::{Answer, Known, Outcome, Request};
use crate::delivery::receipts::{self, Receipt};
use crate::error::AppError;
use crate::message::store::json;

/// Receipts handed over at once.
const RECEIPTS_MAX: u32 = 2_000;

/// The network's own database.
///
/// # Errors
/// Outside the demo.
pub fn db(app: &App) -> Result<Db, AppError> {
    if app.demo { Db::open(&app.env, SANDBOX_DB) } else { Err(AppError::NotFound) }
}

fn delay(app: &App, name: &str) -> Duration {
    let ms = app.env.var(name).ok().and_then(|v| v.to_string().parse().ok()).unwrap_or(0u64);
    Duration::from_millis(ms)
}

async fn wait(app: &App, name: &str) {
    let duration = delay(app, name);
    if !duration.is_zero() {
        worker::Delay::from(duration).await;
    }
}

/// Takes a batch.
///
/// # Errors
/// Where its database fails: for the caller, an unknown outcome.
pub async fn submit(app: &App, request: &Request<'_>) -> Result<Answer, AppError> {
    wait(app, "SANDBOX_LATENCY_MS").await;
    let magic: Vec<Magic> = request.sms.iter().map(|s| Magic::of(&s.phone)).collect();
    if request.tries == 0 && magic.contains(&Magic::TimeoutAbsent) {
        return Ok(Answer::Unknown("timeout".into()));
    }
    let now = app.now();
    let taken: Vec<_> = request
        .sms
        .iter()
        .zip(&magic)
        .filter(|(_, m)| m.refusal().is_none())
        .map(|(s, m)| {
            let fate = m.fate(now);
            (s.phone.digits(), s.text.as_str(), fate.outcome, fate.receipt_at)
        })
        .collect();
    let db = db(app)?;
    db.run(vec![db.sql(
        "INSERT INTO sms (reference, phone, text, at, outcome, receipt_at)
         SELECT ?1, value ->> 0, value ->> 1, ?2, value ->> 2, value ->> 3 FROM json_each(?3)",
        args![request.reference, now, json(&taken)?],
    )?])
    .await?;
    wait(app, "SANDBOX_ANSWER_DELAY_MS").await;
    if request.tries == 0 && magic.contains(&Magic::TimeoutTaken) {
        return Ok(Answer::Unknown("timeout".into()));
    }
    Ok(Answer::Outcomes(
        magic.iter().map(|m| m.refusal().map_or(Outcome::Accepted, Outcome::Rejected)).collect(),
    ))
}

#[derive(Deserialize)]
struct Taken {
    phone: String,
}

/// What became of an attempt, by its reference.
///
/// # Errors
/// Where its database fails.
pub async fn ask(app: &App, reference: &str, phones: &[Phone]) -> Result<Vec<Known>, AppError> {
    let taken: Vec<Taken> =
        db(app)?.all("SELECT phone FROM sms WHERE reference = ?1", args![reference]).await?;
    Ok(phones
        .iter()
        .map(|p| if taken.iter().any(|t| t.phone == p.digits()) { Known::Taken } else { Known::Absent })
        .collect())
}

#[derive(Deserialize)]
struct DueReceipt {
    id: i64,
    reference: String,
    phone: String,
    outcome: String,
}

/// Hands over the receipts that are due, and marks them as told only when
/// they have been taken in: a receipt may come twice, never not at all.
///
/// # Errors
/// Where a database fails.
pub async fn hand_over_receipts(app: &App) -> Result<(), AppError> {
    if !app.demo {
        return Ok(());
    }
    let db = db(app)?;
    let due: Vec<DueReceipt> = db
        .all(
            &format!(
                "SELECT id, reference, phone, outcome FROM sms
                 WHERE told_at IS NULL AND receipt_at IS NOT NULL AND receipt_at <= ?1 ORDER BY receipt_at LIMIT {RECEIPTS_MAX}"
            ),
            args![app.now()],
        )
        .await?;
    if due.is_empty() {
        return Ok(());
    }
    let receipts: Vec<Receipt> = due
        .iter()
        .filter_map(|r| {
            Some(Receipt {
                reference: r.reference.clone(),
                phone: Phone::parse(&r.phone).ok()?,
                delivered: r.outcome == "delivered",
            })
        })
        .collect();
    receipts::take_in(app, &receipts).await?;
    let told: Vec<i64> = due.iter().map(|r| r.id).collect();
    db.run(vec![db.sql(
        "UPDATE sms SET told_at = ?1 WHERE id IN (SELECT value FROM json_each(?2))",
        args![app.now(), json(&told)?],
    )?])
    .await?;
    Ok(())
}
