//! What every event starts from: the deployment's settings, its database, its
//! keys and its clock.

use std::cell::OnceCell;
use std::rc::Rc;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use domain::time::Instant;
use serde_json::Value;

use crate::platform::crypto::Keys;
use crate::platform::d1::Db;
use crate::platform::error::AppError;
use crate::platform::host::{DB, Host};
use crate::platform::log::{self, Level};

/// One invocation's view of the deployment.
pub struct App {
    /// The runtime around the database.
    pub host: Rc<dyn Host>,
    /// The school's database.
    pub db: Db,
    /// Whether this is the demo.
    pub demo: bool,
    /// `https://x.example`, without a slash at the end: stands in parents' links.
    pub origin: String,
    /// Names this invocation in the log.
    pub request: String,
    offset: i64,
    keys: OnceCell<Keys>,
}

impl App {
    /// Opens what every event needs.
    ///
    /// # Errors
    /// Where the database is not bound.
    pub fn new(host: Rc<dyn Host>) -> Result<Self, AppError> {
        #[cfg(target_arch = "wasm32")]
        log::tell_panics();
        let demo = host.setting("DEMO").is_some_and(|v| v == "1");
        let database =
            host.database(DB).ok_or_else(|| AppError::Internal("no database is bound as DB".into()))?;
        let mut name = [0; 6];
        host.random(&mut name)?;
        // The demo can set its clock forward, so that three days of waiting can be watched in a test.
        let offset = host.setting("CLOCK_OFFSET_MS").filter(|_| demo).and_then(|v| v.parse().ok());
        Ok(Self {
            db: Db::new(database, true),
            demo,
            origin: host.setting("PUBLIC_ORIGIN").unwrap_or_default().trim_end_matches('/').to_owned(),
            request: HEXLOWER.encode(&name),
            offset: offset.unwrap_or(0),
            keys: OnceCell::new(),
            host,
        })
    }

    /// Whether parents' links lead somewhere, and nobody on the way can read them. The demo's lead to this machine.
    pub fn links_are_safe(&self) -> bool {
        self.demo || self.origin.strip_prefix("https://").is_some_and(|host| !host.is_empty())
    }

    /// Now (I12).
    pub fn now(&self) -> Instant {
        self.host.now().plus(self.offset)
    }

    /// `x.example` or `127.0.0.1:8787`: where parents' links lead; empty where that is not set.
    pub fn site(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, site)| site)
    }

    /// What a message's text is checked beside.
    pub fn text_context(&self) -> domain::content::Context<'_> {
        domain::content::Context { now: self.now(), host: self.site() }
    }

    /// The secrets, read when first asked for.
    ///
    /// # Errors
    /// Where one is missing.
    pub fn keys(&self) -> Result<&Keys, AppError> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let keys = Keys::load(&*self.host)?;
        Ok(self.keys.get_or_init(|| keys))
    }

    /// Random bytes.
    ///
    /// # Errors
    /// Where the platform gives none.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], AppError> {
        let mut bytes = [0; N];
        self.host.random(&mut bytes)?;
        Ok(bytes)
    }

    /// A random token of 256 bits, base64url.
    ///
    /// # Errors
    /// As [`App::random`].
    pub fn random_token(&self) -> Result<String, AppError> {
        Ok(BASE64URL_NOPAD.encode(&self.random::<32>()?))
    }

    /// Writes an error into the log, with facts beside it.
    pub fn log_error(&self, area: &str, error: &AppError, mut facts: Value) {
        if let Value::Object(facts) = &mut facts {
            facts.insert("cause".into(), log::cause(error));
        }
        log::write(Level::Error, &self.request, area, facts);
    }

    /// Writes something into the log that is expected now and then.
    pub fn log_warning(&self, area: &str, facts: Value) {
        log::write(Level::Warn, &self.request, area, facts);
    }
}
