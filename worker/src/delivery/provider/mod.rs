//! SMS providers: one call for one batch, and asking what became of it.
//!
//! A provider answers per phone; where it gives no answer the outcome is
//! unknown, and stays unknown until the provider is asked (I5).
//!
//! Which provider it is stands in the school's account. An isolate keeps what it read for
//! a minute: whoever asks here has called [`prepare`] before.

pub mod call;
mod http;
pub mod sandbox;

use std::cell::RefCell;
use std::rc::Rc;

use domain::message::Hold;
use domain::provider::Account;
use domain::time::{Instant, MINUTE};
use serde_json::json;

use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::sms_account::store;
pub use call::{CallResult, LOOK_UP_TIMEOUT, Outcome, Part, Provider, Question, Request, Sms};

/// How long an account is kept before it is read again.
const KEPT: i64 = MINUTE;

thread_local! {
    static ACCOUNT: RefCell<Option<(Instant, Rc<Account>)>> = const { RefCell::new(None) };
}

fn name(app: &App) -> String {
    app.host.setting("SMS_PROVIDER").unwrap_or_default()
}

/// Reads the school's account, unless that was done a moment ago. One that does not carry its seal is none.
pub async fn prepare(app: &App) {
    let (demo, now) = (name(app) == sandbox::KEY, app.now());
    let is_fresh = |at: Instant| (at.0..at.plus(KEPT).0).contains(&now.0);
    if demo || ACCOUNT.with_borrow(|kept| kept.as_ref().is_some_and(|(at, _)| is_fresh(*at))) {
        return;
    }
    let found = store::current(app).await.unwrap_or_else(|error| {
        app.log_error("sms_account", &error, json!({}));
        None
    });
    ACCOUNT.set(found.map(|account| (now, Rc::new(account))));
}

/// The deployment's provider: the one that its account is with.
///
/// # Errors
/// Where there is none, or the sandbox outside the demo.
pub fn of(app: &App) -> Result<Box<dyn Provider>, AppError> {
    match name(app).as_str() {
        sandbox::KEY if app.demo => return Ok(Box::new(sandbox::Sandbox)),
        sandbox::KEY => {
            return Err(AppError::Internal("the provider «sandbox» exists in the demo only".into()));
        }
        "" => {}
        other if domain::provider::ProviderKind::from_key(other).is_some() => {}
        other => return Err(AppError::Internal(format!("unknown SMS provider «{other}»"))),
    }
    let account = ACCOUNT.with_borrow(|kept| kept.as_ref().map(|(_, account)| account.clone()));
    match account.and_then(http::Http::new) {
        Some(provider) => Ok(Box::new(provider)),
        None => Err(AppError::Internal("there is no account with an SMS provider".into())),
    }
}

/// Why nothing can go out of this deployment, where that is so: then nothing is released, and what was
/// released rests.
pub fn missing(app: &App) -> Option<Hold> {
    if !app.links_are_safe() {
        Some(Hold::NoOrigin)
    } else if of(app).is_err() {
        Some(Hold::NoProvider)
    } else {
        None
    }
}

/// The name of the provider for what is released now; empty where the deployment has none.
pub fn key_of(app: &App) -> &'static str {
    of(app).map(|provider| provider.key()).unwrap_or_default()
}

/// SMS in one batch of this deployment's provider.
pub fn batch_size(app: &App) -> usize {
    let kind = domain::provider::ProviderKind::from_key(key_of(app));
    let facts = kind.and_then(|kind| kind.protocol()).map(|protocol| protocol.facts());
    facts.map_or(domain::delivery::BATCH_MAX, |facts| facts.recipients_per_batch)
}
