//! Dead letters have a consumer: what the queue gave up on is written down
//! for the office, and its batch is put again by cron as any other that rests.

use worker::{Env, MessageBatch, MessageExt};

use crate::app::App;
use crate::args;
use crate::error::AppError;

/// A body longer than this is cut: what we enqueue has some 40 bytes.
const BODY_MAX: usize = 200;

/// Consumes one batch of dead letters.
pub async fn consume(batch: &MessageBatch<serde_json::Value>, env: Env) {
    let app = App::new(env);
    for message in batch.raw_iter() {
        let body = worker::js_sys::JSON::stringify(&message.body()).map(String::from).unwrap_or_default();
        match &app {
            Ok(app) => match keep(app, &batch.queue(), &body).await {
                Ok(()) => message.ack(),
                Err(error) => {
                    worker::console_error!(
                        "{}",
                        serde_json::json!({ "level": "error", "area": "dead_letters", "cause": format!("{error:?}") })
                    );
                    message.retry();
                }
            },
            Err(_) => message.retry(),
        }
    }
}

async fn keep(app: &App, queue: &str, body: &str) -> Result<(), AppError> {
    let body: String = body.chars().take(BODY_MAX).collect();
    app.db
        .run(vec![app.db.sql(
            "INSERT INTO dead_letters (queue, body, at) VALUES (?1, ?2, ?3)",
            args![queue, body, app.now()],
        )?])
        .await?;
    Ok(())
}
