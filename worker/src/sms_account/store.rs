//! All SQL of the account with an SMS provider.

use data_encoding::BASE64;
use domain::ids::{SmsAccountId, StaffId};
use domain::provider::{Account, Credentials, FiledTemplate, FilingState, ProviderKind, masked};
use domain::sms_account::{AccountVersion, ProposeSmsAccount};
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::{Seal, SmsAccountSeal};

/// Versions shown beside the one in force.
const SHOWN: u32 = 50;
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
    provider: ProviderKind,
    #[serde(deserialize_with = "json::flag")]
    trial: bool,
    signature: String,
    signature_state: FilingState,
    templates: String,
    price: u32,
    key_id: i64,
    credentials: String,
    pub(super) set_by: StaffId,
    set_at: Instant,
    confirmed_by: Option<StaffId>,
    pub(super) confirmed_at: Option<Instant>,
    declined_at: Option<Instant>,
    mac: String,
    #[serde(default)]
    setter: Option<String>,
    #[serde(default)]
    confirmer: Option<String>,
    #[serde(default)]
    decliner: Option<String>,
}

impl Version {
    /// Whether it waits for a second person.
    pub(super) fn waits(&self) -> bool {
        self.confirmed_at.is_none() && self.declined_at.is_none()
    }

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
    fn templates(&self) -> Result<Vec<FiledTemplate>, AppError> {
        json::read("the account's templates", &self.templates)
    }

    /// What its calls are signed with.
    ///
    /// # Errors
    /// Where the key is gone or the value was changed.
    fn credentials(&self, keys: &Keys) -> Result<Credentials, AppError> {
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

/// Why an SMS to a number may not go while the account is on trial: SQL over the phone's id, NULL where it may.
pub fn trial(phone_id: &str) -> String {
    format!(
        "CASE WHEN EXISTS (SELECT 1 FROM sms_account_in_force ta WHERE ta.trial = 1)
                AND NOT EXISTS (SELECT 1 FROM staff ts WHERE ts.phone_id = {phone_id} AND ts.left_at IS NULL) THEN 'trial' END"
    )
}

/// Reads the version in force, what came behind it, and some before it; the newest first.
pub(super) fn all_sql() -> Stmt {
    sql(
        format!(
            "SELECT {COLUMNS}, s.name AS setter, c.name AS confirmer, d.name AS decliner FROM sms_accounts a
             LEFT JOIN staff s ON s.id = a.set_by LEFT JOIN staff c ON c.id = a.confirmed_by LEFT JOIN staff d ON d.id = a.declined_by
             WHERE a.version > (SELECT MAX(version) - {SHOWN} FROM sms_accounts)
               OR a.version = (SELECT version FROM sms_account_in_force)
             ORDER BY a.version DESC"
        ),
        &[],
    )
}

/// What of the school an account is checked beside.
#[derive(Deserialize)]
pub(super) struct School {
    pub signature: String,
}

/// Reads [`School`].
pub(super) fn school_sql() -> Stmt {
    sql("SELECT signature FROM school WHERE id = 1", &[])
}

/// The versions as they are shown, the oldest first.
///
/// # Errors
/// Where a row cannot be read, or the keys are missing.
pub(super) fn views(app: &App, all: &[Version]) -> Result<Vec<AccountVersion>, AppError> {
    let keys = app.keys()?;
    let mut in_force = None;
    let mut views = Vec::with_capacity(all.len());
    for v in all.iter().rev() {
        let key = v.credentials(keys).ok();
        let secret = key.as_ref().map(|k| k.secret.clone());
        views.push(AccountVersion {
            version: SmsAccountId(v.version.into()),
            provider: v.provider,
            trial: v.trial,
            signature: v.signature.clone(),
            signature_state: v.signature_state,
            templates: v.templates()?,
            price: v.price,
            new_secret: in_force.as_ref().is_some_and(|before| *before != secret),
            key: key.as_ref().map(|k| masked(&k.id)),
            app_id: key.as_ref().map(|k| k.app_id.clone()).unwrap_or_default(),
            region: key.map(|k| k.region).unwrap_or_default(),
            set_by: v.setter.clone().unwrap_or_default(),
            set_at: v.set_at,
            confirmed_by: v.confirmer.clone(),
            confirmed_at: v.confirmed_at,
            declined_by: v.decliner.clone(),
            declined_at: v.declined_at,
            sealed: v.fits(keys),
        });
        if v.confirmed_at.is_some() {
            in_force = Some(secret);
        }
    }
    Ok(views)
}

/// A version as it is proposed.
pub(super) struct Proposal<'a> {
    pub version: u32,
    pub order: &'a ProposeSmsAccount,
    /// The version in force, whose credentials are kept where the order brings none.
    pub in_force: Option<&'a Version>,
    pub by: StaffId,
    pub at: Instant,
}

/// Writes a version that waits for a second person.
///
/// # Errors
/// Where there are no credentials to keep, or sealing fails.
pub(super) fn propose<'a>(app: &'a App, proposal: &Proposal<'_>) -> Result<Guarded<'a>, AppError> {
    let Proposal { version, order, in_force, by, at } = proposal;
    let keys = app.keys()?;
    let (key_id, credentials) = match &order.credentials {
        Some(new) => {
            let plain = Credentials {
                id: new.id.clone(),
                secret: new.secret.clone(),
                app_id: new.app_id.clone(),
                region: new.region.clone(),
            };
            let sealed = keys.seal(&*app.host, json::text(&plain)?.as_bytes(), AAD)?;
            (i64::from(keys.data_key_id()), BASE64.encode(&sealed))
        }
        // Only those that two people stand behind are taken over.
        None => in_force
            .filter(|v| v.fits(keys))
            .map(|v| (v.key_id, v.credentials.clone()))
            .ok_or_else(|| AppError::Internal("there are no credentials to keep".into()))?,
    };
    let templates = json::text(&order.templates)?;
    let seal = SmsAccountSeal {
        version: *version,
        provider: order.provider.key(),
        trial: order.trial,
        signature: (&order.signature, order.signature_state.key()),
        templates: &templates,
        price: order.price,
        credentials: (key_id, &credentials),
        set_by: by.0,
        set_at: *at,
        confirmed: None,
    };
    Ok(app.db.guarded().must(
        "INSERT INTO sms_accounts (version, provider, trial, signature, signature_state, templates, price, key_id, credentials,
           set_by, set_at, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        args![
            *version,
            order.provider.key(),
            i64::from(order.trial),
            order.signature.as_str(),
            order.signature_state.key(),
            templates.as_str(),
            order.price,
            key_id,
            credentials.as_str(),
            *by,
            *at,
            seal.mac(keys)
        ],
    ))
}

/// Confirms a version; loses where it does not wait any more.
pub(super) fn confirm<'a>(
    batch: Guarded<'a>,
    v: &Version,
    by: StaffId,
    now: Instant,
    mac: &str,
) -> Guarded<'a> {
    batch.must(
        "UPDATE sms_accounts SET confirmed_by = ?2, confirmed_at = ?3, mac = ?4
         WHERE version = ?1 AND confirmed_at IS NULL AND declined_at IS NULL AND mac = ?5",
        args![v.version, by, now, mac, v.mac.as_str()],
    )
}

/// Declines a version; loses where it does not wait any more.
pub(super) fn decline<'a>(batch: Guarded<'a>, v: &Version, by: StaffId, now: Instant) -> Guarded<'a> {
    batch.must(
        "UPDATE sms_accounts SET declined_by = ?2, declined_at = ?3
         WHERE version = ?1 AND confirmed_at IS NULL AND declined_at IS NULL",
        args![v.version, by, now],
    )
}

/// What the check of the log reads of the versions from `from` to `to`.
pub fn sealed_sql(from: i64, to: i64) -> Stmt {
    sql(
        format!("SELECT {COLUMNS} FROM sms_accounts a WHERE a.version > ?1 AND a.version <= ?2"),
        args![from, to],
    )
}

/// Of the rows of [`sealed_sql`], each version with whether its seal fits.
///
/// # Errors
/// Where a row cannot be read.
pub fn sealed(keys: &Keys, rows: &Rows) -> Result<Vec<(i64, bool)>, AppError> {
    Ok(rows.all::<Version>()?.into_iter().map(|v| (v.version.into(), v.fits(keys))).collect())
}
