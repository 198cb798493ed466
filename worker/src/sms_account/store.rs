//! All SQL of the account with an SMS provider.

use data_encoding::BASE64;
use domain::ids::StaffId;
use domain::provider::{Account, Credentials, FiledTemplate, FilingState, ProviderKind};
use domain::time::Instant;
use serde::Deserialize;

use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::{Seal, SmsAccountSeal};

/// What the sealed credentials are bound to.
const AAD: &[u8] = b"sms_account";

/// The columns of [`Version`], of a version `a`.
const COLUMNS: &str = "a.version, a.provider, a.trial, a.signature, a.signature_state, a.templates, a.price, a.key_id, a.credentials,
   a.set_by, a.set_at, a.confirmed_by, a.confirmed_at, a.declined_at, a.mac";

/// A version with all that its seal is over.
#[derive(Deserialize)]
pub struct Version {
    /// Which.
    pub version: u32,
    pub(super) provider: ProviderKind,
    #[serde(deserialize_with = "json::flag")]
    pub(super) trial: bool,
    pub(super) signature: String,
    pub(super) signature_state: FilingState,
    templates: String,
    pub(super) price: u32,
    key_id: i64,
    credentials: String,
    pub(super) set_by: StaffId,
    pub(super) set_at: Instant,
    pub(super) confirmed_by: Option<StaffId>,
    pub(super) confirmed_at: Option<Instant>,
    pub(super) declined_at: Option<Instant>,
    pub(super) mac: String,
}

impl Version {
    /// What is sealed of it, proposed or confirmed.
    pub(super) fn seal(&self, confirmed: Option<(StaffId, Instant)>) -> SmsAccountSeal<'_> {
        SmsAccountSeal {
            version: self.version,
            provider: self.provider.key(),
            trial: self.trial,
            signature: (&self.signature, self.signature_state.key()),
            templates: &self.templates,
            price: self.price,
            credentials: (self.key_id, &self.credentials),
            set_by: self.set_by.0,
            set_at: self.set_at,
            confirmed,
        }
    }

    /// Whether it is as it was proposed or confirmed.
    pub(super) fn fits(&self, keys: &Keys) -> bool {
        self.seal(self.confirmed_by.zip(self.confirmed_at)).fits(keys, &self.mac)
    }

    /// The templates as they are filed.
    ///
    /// # Errors
    /// Where they are not what was written.
    pub(super) fn templates(&self) -> Result<Vec<FiledTemplate>, AppError> {
        json::read("the account's templates", &self.templates)
    }

    /// What its calls are signed with.
    ///
    /// # Errors
    /// Where the key is gone or the value was changed.
    pub(super) fn credentials(&self, keys: &Keys) -> Result<Credentials, AppError> {
        let broken = || AppError::Internal("the account's credentials cannot be opened".into());
        let sealed = BASE64.decode(self.credentials.as_bytes()).map_err(|_| broken())?;
        serde_json::from_slice(&keys.open(self.key_id, &sealed, AAD)?).map_err(|_| broken())
    }

    fn account(&self, app: &App) -> Result<Account, AppError> {
        let keys = app.keys()?;
        if !self.fits(keys) {
            return Err(AppError::Internal(format!("version {} of the SMS account is forged", self.version)));
        }
        Ok(Account {
            provider: self.provider,
            credentials: self.credentials(keys)?,
            signature: self.signature.clone(),
            templates: self.templates()?,
            base_url: app.host.setting("SMS_BASE_URL").filter(|url| !url.is_empty()),
        })
    }
}

/// Reads the version in force.
pub fn current_sql() -> Stmt {
    sql(format!("SELECT {COLUMNS} FROM sms_account_in_force a"), &[])
}

/// The account in force, from the rows of [`current_sql`]; none where there is none yet.
///
/// # Errors
/// Where it does not carry its seal, or cannot be opened.
pub fn read_current(app: &App, rows: &Rows) -> Result<Option<Account>, AppError> {
    rows.first::<Version>()?.map(|version| version.account(app)).transpose()
}

/// The account in force; none where there is none yet.
///
/// # Errors
/// As [`read_current`].
pub async fn current(app: &App) -> Result<Option<Account>, AppError> {
    let rows = app.db.run(vec![current_sql()]).await?;
    read_current(app, rows.at(0)?)
}
