//! SMS providers: one call for one batch, and asking what became of it.
//!
//! A provider answers per phone; where a call as a whole gives no answer the
//! outcome is unknown, and stays unknown until the provider is asked (I5).

pub mod call;
pub mod sandbox;

use domain::message::Hold;

use crate::platform::app::App;
use crate::platform::error::AppError;
pub use call::{CallResult, LOOK_UP_TIMEOUT, Lookup, Outcome, Part, Provider, Request, Sms};

fn name(app: &App) -> String {
    app.host.setting("SMS_PROVIDER").unwrap_or_default()
}

/// The provider that the deployment names.
///
/// # Errors
/// Where none is named, or the sandbox outside the demo.
pub fn of(app: &App) -> Result<Box<dyn Provider>, AppError> {
    match name(app).as_str() {
        sandbox::KEY if app.demo => Ok(Box::new(sandbox::Sandbox)),
        sandbox::KEY => Err(AppError::Internal("the provider «sandbox» exists in the demo only".into())),
        "" => Err(AppError::Internal("no SMS provider is set (SMS_PROVIDER)".into())),
        other => Err(AppError::Internal(format!("unknown SMS provider «{other}»"))),
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
