//! The platform's events, and nothing else: each one is handed to the module
//! that is named after it.

pub mod account;
pub mod app;
pub mod approval;
pub mod audit;
pub mod bindings;
pub mod clock;
pub mod cron;
pub mod crypto;
pub mod dead_letters;
pub mod delivery;
pub mod error;
pub mod link;
pub mod message;
pub mod openapi;
pub mod roster;
pub mod router;
pub mod sandbox;
pub mod school;
pub mod sequencer_do;
pub mod sms_queue;

use worker::{Context, Env, MessageBatch, Request, Response, ScheduleContext, ScheduledEvent, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    router::respond(request, env, context).await
}

#[event(queue)]
async fn queue(batch: MessageBatch<serde_json::Value>, env: Env, context: Context) -> worker::Result<()> {
    if batch.queue().ends_with("-dead") {
        dead_letters::consume(&batch, env).await;
    } else {
        sms_queue::consume(&batch, env, &context).await;
    }
    // An error here would end the isolate: each message has its own verdict.
    Ok(())
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    cron::every_minute(env).await;
}
