//! A school whose SMS go to Aliyun or Tencent Cloud: the stand-in for both is asked in process, and it posts to the
//! school's hooks.

use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use domain::ids::StaffId;
use domain::provider::{FiledTemplate, FilingState, HttpAnswer, HttpCall, ProviderKind};
use domain::sms::LINK_TEMPLATE;
use domain::time::Instant;
use gateway::{Callback, Gateway, Request, Script};
use rusqlite::params;
use serde_json::json;
use xiaoxun_worker::platform::host::native::{Heard, Native};
use xiaoxun_worker::seals::{Seal, SmsAccountSeal};

use crate::native::ORIGIN;
use crate::{App, small_university, template};

/// The signature of the demo school.
const SIGNATURE: &str = "示范中学";
/// Nobody waits for an answer as long as this.
const NEVER: i64 = 9_000;

/// A provider's network.
#[derive(Clone)]
pub(crate) struct Network {
    pub kind: ProviderKind,
    pub gateway: Arc<Mutex<Gateway>>,
}

impl Network {
    pub fn handle(&self, now: Instant, call: &HttpCall) -> (i64, Heard) {
        let from = call.url.find("://").map_or(0, |at| at + 3);
        let path = call.url[from..].find('/').map_or("/", |at| &call.url[from + at..]);
        let request = Request {
            method: call.method.to_owned(),
            path: path.to_owned(),
            headers: call.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            body: call.body.clone(),
        };
        let (after, reply) = self.gateway.lock().expect("the gateway").handle(now.0, &request);
        match reply {
            gateway::Reply::Answer { status, body } if after < NEVER => {
                (after, Heard::Answer(HttpAnswer { status, body }))
            }
            gateway::Reply::Dropped => (after.min(NEVER), Heard::Broken),
            _ => (0, Heard::Nothing),
        }
    }

    pub fn due(&self, now: Instant) -> Vec<Callback> {
        self.gateway.lock().expect("the gateway").due(now.0)
    }

    pub fn acknowledged(&self, id: u64, status: u16, body: &[u8]) {
        self.gateway.lock().expect("the gateway").acknowledged(id, status, body);
    }
}

impl App {
    /// The middle school with an account at this provider, which behaves as the script says.
    ///
    /// # Panics
    /// Where the account is refused.
    pub fn with_provider(kind: ProviderKind, script: Script) -> Self {
        let mut app = Self::start();
        let wording = LINK_TEMPLATE.to_file(ProviderKind::Aliyun, &format!("{ORIGIN}/m/"));
        let config = gateway::demo(&app.hook_secret(), SIGNATURE, &[("SMS_1", "1001", &wording)]);
        let gateway = Arc::new(Mutex::new(Gateway::new(config, script)));
        app.network = Some(Network { kind, gateway });
        app.open_account(kind, true);
        app.open_account(kind, false);
        app.restart_with(&[]);
        app
    }

    /// The provider, to look into its ledger or to change its mind.
    ///
    /// # Panics
    /// Where there is none.
    pub fn gateway<T>(&self, look: impl FnOnce(&mut Gateway) -> T) -> T {
        look(&mut self.network.as_ref().expect("a provider").gateway.lock().expect("the gateway"))
    }

    /// The secret in the addresses of the school's hooks.
    ///
    /// # Panics
    /// Where there is none.
    pub fn hook_secret(&self) -> String {
        let settings = self.settings();
        settings.into_iter().find(|(name, _)| name == "HOOK_SECRET").expect("the secret").1
    }

    /// An account that two administrators stand behind.
    fn open_account(&self, kind: ProviderKind, trial: bool) {
        let (db, keys) = (self.db(), self.keys());
        let now: i64 = db.query_row("SELECT MAX(at) + 1 FROM audit", [], |row| row.get(0)).expect("a time");
        let staff = |number: &str| -> i64 {
            let sql = "SELECT id FROM staff WHERE number = ?1";
            db.query_row(sql, [number], |row| row.get(0)).expect("an administrator")
        };
        let (first, second) = (staff("T0013"), staff("T0014"));
        let version: u32 = db
            .query_row("SELECT COALESCE(MAX(version), 0) + 1 FROM sms_accounts", [], |row| row.get(0))
            .expect("a version");
        let (id, secret, app_id, code) = match kind {
            ProviderKind::Aliyun => ("demo-access-key-id", "demo-access-key-secret", "", "SMS_1"),
            _ => ("demo-secret-id", "demo-secret-key", "1400006666", "1001"),
        };
        let plain = json!({ "id": id, "secret": secret, "app_id": app_id, "region": "" }).to_string();
        let host = Native::new(Instant(now), 7, [], []);
        let sealed = keys.seal(&*host, plain.as_bytes(), b"sms_account").expect("it is sealed");
        let (key_id, sealed) = (i64::from(keys.data_key_id()), BASE64.encode(&sealed));
        let templates = vec![FiledTemplate {
            name: LINK_TEMPLATE.name.into(),
            version: LINK_TEMPLATE.version,
            code: code.into(),
            state: FilingState::Approved,
        }];
        let templates = serde_json::to_string(&templates).expect("JSON");
        let mac = |confirmed| {
            SmsAccountSeal {
                version,
                provider: kind.key(),
                trial,
                signature: (SIGNATURE, FilingState::Approved.key()),
                templates: &templates,
                price: 45,
                credentials: (key_id, &sealed),
                set_by: first,
                set_at: Instant(now),
                confirmed,
            }
            .mac(&keys)
        };
        db.execute(
            "INSERT INTO sms_accounts (version, provider, trial, signature, signature_state, templates, price, key_id, credentials, set_by, set_at, mac)
             VALUES (?1, ?2, ?3, ?4, 'approved', ?5, 45, ?6, ?7, ?8, ?9, ?10)",
            params![version, kind.key(), trial, SIGNATURE, templates, key_id, sealed, first, now, mac(None)],
        )
        .expect("it is proposed");
        db.execute(
            "UPDATE sms_accounts SET confirmed_by = ?2, confirmed_at = ?3, mac = ?4 WHERE version = ?1",
            params![version, second, now, mac(Some((StaffId(second), Instant(now))))],
        )
        .expect("it is confirmed");
        small_university::told(&db);
    }

    fn settings(&self) -> Vec<(String, String)> {
        template::settings(self.state())
    }
}
