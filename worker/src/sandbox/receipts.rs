//! Receipts of the pretended network, handed over as a provider would call back.

use domain::delivery::Reason;
use domain::phone::Phone;
use domain::provider::{Fate, Receipt};
use serde::Deserialize;

use crate::args;
use crate::delivery::provider::sandbox::{KEY, db};
use crate::delivery::receipts;
use crate::platform::app::App;
use crate::platform::d1::sql;
use crate::platform::error::AppError;
use crate::platform::json;

/// Receipts handed over at once.
const RECEIPTS_MAX: usize = 2_000;
/// Times that one invocation does so, nine statements each.
const TIMES_MAX: usize = 10;

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
pub async fn hand_over(app: &App) -> Result<(), AppError> {
    if !app.demo {
        return Ok(());
    }
    for _ in 0..TIMES_MAX {
        if hand_over_some(app).await? < RECEIPTS_MAX {
            break;
        }
    }
    Ok(())
}

/// Hands over the oldest of those that are due, and tells how many.
async fn hand_over_some(app: &App) -> Result<usize, AppError> {
    let db = db(app)?;
    let due: Vec<DueReceipt> = db
        .all(
            format!(
                "SELECT id, reference, phone, outcome FROM sms
                 WHERE told_at IS NULL AND receipt_at IS NOT NULL AND receipt_at <= ?1 ORDER BY receipt_at LIMIT {RECEIPTS_MAX}"
            ),
            args![app.now()],
        )
        .await?;
    if due.is_empty() {
        return Ok(0);
    }
    let receipts: Vec<Receipt> = due
        .iter()
        .filter_map(|r| {
            Some(Receipt {
                reference: Some(r.reference.clone()),
                id: None,
                phone: Phone::parse(&r.phone).ok()?,
                fate: if r.outcome == "delivered" {
                    Fate::Delivered
                } else {
                    Fate::Failed(Reason::PhoneUnreachable)
                },
            })
        })
        .collect();
    receipts::take_in(app, KEY, &receipts).await?;
    let told: Vec<i64> = due.iter().map(|r| r.id).collect();
    let mark = "UPDATE sms SET told_at = ?1 WHERE id IN (SELECT value FROM json_each(?2))";
    db.run(vec![sql(mark, args![app.now(), json::text(&told)?])]).await?;
    Ok(due.len())
}
