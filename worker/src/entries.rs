//! Cloudflare's events.

use std::rc::Rc;

use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::web_sys;
use worker::{
    Context, Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, ScheduleContext, ScheduledEvent, event,
};

use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::platform::host::cloudflare::Cloudflare;
use crate::platform::http::cloudflare::{request, response};
use crate::platform::log::{self, Level};
use crate::sequencer::SmsJob;
use crate::sms_queue::{self, Verdict};
use crate::{cron, dead_letters, router};

/// Work behind an answer begins so many milliseconds later: what it starts at once, such as two
/// hundred objects of a large school, would keep the answer waiting on the isolate's one thread.
const ANSWER_FIRST: i64 = 10;
/// Seconds before a failed job comes again.
const RETRY_SECONDS: u32 = 5;

/// What an event starts from. Where even that fails, the log says so.
fn open(env: Env, area: &str) -> Option<App> {
    App::new(Cloudflare::new(env))
        .inspect_err(|error| log::write(Level::Error, "", area, json!({ "cause": log::cause(error) })))
        .ok()
}

#[event(fetch)]
async fn fetch(raw: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    answer(raw.into(), env, &context).await.map_err(|e| worker::Error::RustError(format!("{e:?}")))
}

async fn answer(raw: JsValue, env: Env, context: &Context) -> Result<web_sys::Response, AppError> {
    let app = Rc::new(App::new(Cloudflare::new(env))?);
    let reply = router::answer(app.clone(), request(raw)?).await;
    let response = response(&reply)?;
    for work in reply.later {
        let app = app.clone();
        context.wait_until(async move {
            app.host.sleep(ANSWER_FIRST).await;
            work.await;
        });
    }
    Ok(response.unchecked_into())
}

#[event(queue)]
async fn queue(batch: MessageBatch<serde_json::Value>, env: Env, context: Context) -> worker::Result<()> {
    let Some(app) = open(env, "queue") else {
        batch.retry_all();
        return Ok(());
    };
    let name = batch.queue();
    if name.ends_with("-dead") {
        for message in batch.raw_iter() {
            let body = worker::js_sys::JSON::stringify(&message.body()).map(String::from).unwrap_or_default();
            match dead_letters::keep(&app, &name, &body).await {
                Ok(()) => message.ack(),
                Err(error) => {
                    app.log_error("dead_letters", &error, json!({}));
                    message.retry();
                }
            }
        }
        return Ok(());
    }
    // Read one by one: a body that is no job must not fail the others.
    let messages: Vec<_> = batch.raw_iter().collect();
    let job = |body: JsValue| {
        let text = worker::js_sys::JSON::stringify(&body).ok()?;
        crate::platform::json::parse::<SmsJob>(String::from(text).as_bytes()).ok()
    };
    let bodies: Vec<Option<SmsJob>> = messages.iter().map(|message| job(message.body())).collect();
    let (verdicts, streams) = sms_queue::work(&app, &bodies).await;
    // The next batch need not wait for it.
    context.wait_until(async move { sms_queue::afterwards(&app, streams).await });
    for (message, verdict) in messages.iter().zip(verdicts) {
        match verdict {
            Verdict::Ack => message.ack(),
            Verdict::Retry => message.retry_with_options(
                &QueueRetryOptionsBuilder::new().with_delay_seconds(RETRY_SECONDS).build(),
            ),
        }
    }
    // An error here would end the isolate: each message has its own verdict.
    Ok(())
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    if let Some(app) = open(env, "cron") {
        cron::every_minute(&app).await;
    }
}
