//! The demo's provider: a pretended telephone network that stores the SMS,
//! answers, and knows by reference. What each number does stands in
//! `domain::sandbox`.

use domain::delivery::Reason;
use domain::provider::{Finding, ProviderKind, variables};
use domain::sandbox::Magic;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;

use super::call::{CallResult, Outcome, Part, Provider, Question, Request, Sms};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Db, sql};
use crate::platform::error::AppError;
use crate::platform::host::SANDBOX_DB;
use crate::platform::json;

/// The name of this provider.
pub const KEY: &str = "sandbox";

/// The demo's provider.
pub struct Sandbox;

impl Provider for Sandbox {
    fn key(&self) -> &'static str {
        KEY
    }

    fn submit<'a>(
        &'a self,
        app: &'a App,
        request: &'a Request<'a>,
    ) -> LocalBoxFuture<'a, Result<CallResult, AppError>> {
        Box::pin(submit(app, request))
    }

    fn look_up<'a>(
        &'a self,
        app: &'a App,
        question: &'a Question<'a>,
    ) -> LocalBoxFuture<'a, Result<Vec<Finding>, AppError>> {
        Box::pin(look_up(app, question))
    }
}

/// The network's own database.
///
/// # Errors
/// Outside the demo.
pub fn db(app: &App) -> Result<Db, AppError> {
    let bound = app.host.database(SANDBOX_DB).filter(|_| app.demo);
    Ok(Db::new(bound.ok_or(AppError::NotFound)?, false))
}

async fn wait(app: &App, setting: &'static str) {
    let ms: i64 = app.host.setting(setting).and_then(|v| v.parse().ok()).unwrap_or(0);
    if ms > 0 {
        app.host.sleep(ms).await;
    }
}

/// Takes a batch.
async fn submit(app: &App, request: &Request<'_>) -> Result<CallResult, AppError> {
    wait(app, "SANDBOX_LATENCY_MS").await;
    let magic: Vec<Magic> = request.sms.iter().map(|s| Magic::of(&s.phone)).collect();
    if request.tries == 0 && magic.contains(&Magic::TimeoutAbsent) {
        return Ok(CallResult::Unknown("timeout".into()));
    }
    // As strict as the strictest: what a real provider would refuse does not work in the demo either.
    let refused =
        |sms: &Sms| variables(ProviderKind::Sandbox, request.template, request.title, &sms.link).is_err();
    if request.sms.iter().any(refused) {
        let part: Part = Outcome::Rejected(Reason::ContentRefused).into();
        return Ok(CallResult::Parts(vec![part; request.sms.len()]));
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
    db.run(vec![sql(
        "INSERT INTO sms (reference, phone, text, at, outcome, receipt_at)
         SELECT ?1, value ->> 0, value ->> 1, ?2, value ->> 2, value ->> 3 FROM json_each(?3)",
        args![request.reference, now, json::text(&taken)?],
    )])
    .await?;
    wait(app, "SANDBOX_ANSWER_DELAY_MS").await;
    if request.tries == 0 && magic.contains(&Magic::TimeoutTaken) {
        return Ok(CallResult::Unknown("timeout".into()));
    }
    Ok(CallResult::Parts(
        magic.iter().map(|m| m.refusal().map_or(Outcome::Accepted, Outcome::Rejected).into()).collect(),
    ))
}

#[derive(Deserialize)]
struct Taken {
    phone: String,
}

/// What became of an attempt, by its reference.
async fn look_up(app: &App, question: &Question<'_>) -> Result<Vec<Finding>, AppError> {
    wait(app, "SANDBOX_LATENCY_MS").await;
    let taken: Vec<Taken> =
        db(app)?.all("SELECT phone FROM sms WHERE reference = ?1", args![question.reference]).await?;
    Ok(question
        .phones
        .iter()
        .map(|p| {
            if taken.iter().any(|t| t.phone == p.digits()) {
                Finding::Taken(None, None)
            } else {
                Finding::Absent
            }
        })
        .collect())
}
