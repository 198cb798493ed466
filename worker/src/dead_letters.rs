//! Dead letters have a consumer: what the queue gave up on is written down
//! for the office, and its batch is put again by cron as any other that rests.

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::sql;
use crate::platform::error::AppError;

/// A body longer than this is cut: what we enqueue has some 40 bytes.
const BODY_MAX: usize = 200;

/// Writes one dead letter down.
///
/// # Errors
/// Where the database fails; the letter comes again.
pub async fn keep(app: &App, queue: &str, body: &str) -> Result<(), AppError> {
    let body: String = body.chars().take(BODY_MAX).collect();
    let write = "INSERT INTO dead_letters (queue, body, at) VALUES (?1, ?2, ?3)";
    app.db.run(vec![sql(write, args![queue, body, app.now()])]).await?;
    Ok(())
}
