//! What every event handler starts from: the deployment's settings, its
//! database, its keys and its clock.

use std::cell::OnceCell;

use domain::time::Instant;
use worker::Env;

use crate::bindings::{self, Db};
use crate::clock;
use crate::crypto::Keys;
use crate::error::AppError;

/// One invocation's view of the deployment.
pub struct App {
    /// The platform's bindings.
    pub env: Env,
    /// The school's database.
    pub db: Db,
    /// Whether this is the demo.
    pub demo: bool,
    /// `https://x.example`, without a slash at the end: stands in parents' links.
    pub origin: String,
    offset: i64,
    keys: OnceCell<Keys>,
}

impl App {
    /// Opens what every handler needs.
    ///
    /// # Errors
    /// Where the database is not bound.
    pub fn new(env: Env) -> Result<Self, AppError> {
        Ok(Self {
            db: Db::open(&env, bindings::DB)?,
            demo: clock::demo(&env),
            origin: env
                .var("PUBLIC_ORIGIN")
                .map(|v| v.to_string().trim_end_matches('/').to_owned())
                .unwrap_or_default(),
            offset: clock::offset(&env),
            keys: OnceCell::new(),
            env,
        })
    }

    /// Now (I12).
    pub fn now(&self) -> Instant {
        clock::now(self.offset)
    }

    /// The secrets, read when first asked for.
    ///
    /// # Errors
    /// Where one is missing.
    pub fn keys(&self) -> Result<&Keys, AppError> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let keys = Keys::load(&self.env)?;
        Ok(self.keys.get_or_init(|| keys))
    }
}
