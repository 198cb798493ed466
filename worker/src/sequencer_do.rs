//! The Sequencer: one Durable Object per stream, named after it. It serialises
//! what `delivery::sequence` does and keeps an alarm for what rests.

use std::cell::Cell;

use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::delivery::sequence::advance;
use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::platform::host::cloudflare::Cloudflare;
use crate::platform::log::{self, Level};
use crate::sequencer::stream_of;

/// After an error the alarm looks again so soon, in milliseconds.
const AFTER_ERROR: i64 = 5_000;
/// An alarm is armed before the work, for the case that we die in it.
const IN_CASE: i64 = 60_000;

/// One stream's Sequencer.
#[durable_object]
pub struct Sequencer {
    state: State,
    env: Env,
    working: Cell<bool>,
    again: Cell<bool>,
}

/// Clears the flag also where the work is dropped at an await.
struct Working<'a>(&'a Cell<bool>);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Sequencer {
    /// Works until nothing more can be done now. A call that comes while
    /// another one works leaves a mark and goes: requests interleave at
    /// awaits, and never wait for each other's futures.
    async fn work(&self) -> Result<()> {
        if self.working.replace(true) {
            self.again.set(true);
            return Ok(());
        }
        let _working = Working(&self.working);
        let storage = self.state.storage();
        storage.set_alarm(IN_CASE).await?;
        loop {
            self.again.set(false);
            let next = match self.advance().await {
                Ok(next) => next,
                Err(error) => {
                    log::write(
                        Level::Error,
                        "",
                        "sequencer",
                        serde_json::json!({ "cause": log::cause(&error) }),
                    );
                    // Never an error to the platform: it counts, and gives up after the sixth.
                    storage.set_alarm(AFTER_ERROR).await?;
                    return Ok(());
                }
            };
            if self.again.get() {
                continue;
            }
            match next {
                Some(wait) => storage.set_alarm(wait.max(1)).await?,
                None => storage.delete_alarm().await?,
            }
            // Someone may have come while the alarm was set.
            if !self.again.get() {
                return Ok(());
            }
        }
    }

    /// Returns in how many milliseconds to look again.
    async fn advance(&self) -> std::result::Result<Option<i64>, AppError> {
        let Some(stream) = self.state.id().name().as_deref().and_then(stream_of) else { return Ok(None) };
        let app = App::new(Cloudflare::new(self.env.clone()))?;
        let next = advance(&app, stream).await?;
        Ok(next.map(|at| at.0 - app.now().0))
    }
}

impl DurableObject for Sequencer {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, working: Cell::new(false), again: Cell::new(false) }
    }

    async fn fetch(&self, _request: Request) -> Result<Response> {
        self.work().await?;
        Response::empty()
    }

    async fn alarm(&self) -> Result<Response> {
        self.work().await?;
        Response::empty()
    }
}
