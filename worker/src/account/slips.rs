//! Activation slips in the database.

use domain::account::slip::{ACTIVATION_LIFE, CODE_BYTES, RESET_CAUTION, read_code, write_code};
use domain::account::{Reset, ResetView, Slip, SlipState, SlipView, slip};
use domain::audit::AuditAction;
use domain::ids::{SlipId, StaffId};
use domain::school::PersonRef;
use domain::time::{DAY, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::throttle::CodeTries;
use crate::args;
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::Seal;

/// For how long those who manage accounts see that an owner reported a reset.
const REPORT_SHOWN: i64 = 90 * DAY;
/// For how long an owner is told of a reset that was not answered.
const RESET_TOLD: i64 = 365 * DAY;

/// A slip that opens an account: its code belongs to this owner and to those who gave it.
#[derive(Serialize)]
struct ActivationSeal<'a> {
    staff: StaffId,
    code: &'a str,
    ordered_by: StaffId,
    confirmed_by: Option<StaffId>,
}

impl Seal for ActivationSeal<'_> {
    const PURPOSE: &'static str = "activation";
}

/// Someone who can get a slip.
#[derive(Clone, Debug, Deserialize)]
pub struct Owner {
    /// Staff id.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// Whether the account is active.
    #[serde(deserialize_with = "json::flag")]
    pub active: bool,
    /// Whether a post was given to its owner that decides, administers or runs the office.
    #[serde(deserialize_with = "json::flag")]
    pub in_power: bool,
}

impl Owner {
    /// Whether a second person has to confirm the slip: it hands over power that somebody has, or gets.
    pub fn needs_second(&self) -> bool {
        self.active || self.in_power
    }
}

/// What is stored of a slip: whose it is, its code's index and seal, and whether it resets a password.
pub type SlipRow = (StaffId, Option<String>, Option<String>, u8);

/// A code, and how it is stored.
struct Code {
    text: String,
    index: String,
}

impl Code {
    fn new(app: &App) -> Result<Self, AppError> {
        Self::of(app.keys()?, &app.random::<CODE_BYTES>()?)
    }

    fn of(keys: &Keys, bytes: &[u8; CODE_BYTES]) -> Result<Self, AppError> {
        let text = write_code(bytes);
        Ok(Self { index: keys.index("activation", &text), text })
    }

    fn slip(self, app: &App, name: String, number: String, expires_at: Instant) -> Slip {
        let link = format!("{}/activate#{}", app.origin, self.text);
        Slip { name, number, link, code: self.text, expires_at, waits: false }
    }
}

/// Fresh slips, and the rows to store. Those that a second person has to confirm have neither link nor code yet.
///
/// # Errors
/// Where the platform gives no randomness.
pub fn fresh(
    app: &App,
    people: &[Owner],
    ordered_by: StaffId,
    expires_at: Instant,
) -> Result<(Vec<Slip>, Vec<SlipRow>), AppError> {
    let keys = app.keys()?;
    let (mut slips, mut rows) = (Vec::new(), Vec::new());
    for person in people {
        let (name, number) = (person.name.clone(), person.number.clone());
        // The first administrators get theirs from setup, before there is anybody else.
        if person.needs_second() && ordered_by != StaffId(0) {
            rows.push((person.id, None, None, u8::from(person.active)));
            let nothing = String::new;
            slips.push(Slip { name, number, link: nothing(), code: nothing(), expires_at, waits: true });
            continue;
        }
        let code = Code::new(app)?;
        let seal = ActivationSeal { staff: person.id, code: &code.index, ordered_by, confirmed_by: None };
        rows.push((person.id, Some(code.index.clone()), Some(seal.mac(keys)), 0));
        slips.push(code.slip(app, name, number, expires_at));
    }
    Ok((slips, rows))
}

/// The people asked for, or all who have not activated their account.
///
/// # Errors
/// Where the database fails.
pub async fn owners(app: &App, ids: &[StaffId]) -> Result<Vec<Owner>, AppError> {
    app.db
        .all(
            "SELECT id, name, number, password IS NOT NULL AS active,
               EXISTS (SELECT 1 FROM appointments a WHERE a.staff_id = staff.id AND a.until IS NULL
                       AND a.post IN (SELECT post FROM posts_to_confirm)) AS in_power
             FROM staff WHERE left_at IS NULL
               AND (json_array_length(?1) = 0 AND password IS NULL OR id IN (SELECT value FROM json_each(?1))) ORDER BY number",
            args![json::text(&ids)?],
        )
        .await
}

/// Statements that order slips: older unused ones end.
///
/// # Errors
/// Where the list cannot be written as JSON.
pub fn insert<'a>(
    batch: Guarded<'a>,
    slips: &[SlipRow],
    by: StaffId,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let list = json::text(&slips)?;
    Ok(batch
        .then(
            "UPDATE activations SET expires_at = ?2 WHERE used_at IS NULL AND expires_at > ?2
               AND staff_id IN (SELECT value ->> 0 FROM json_each(?1))",
            args![list.as_str(), now],
        )
        .then(
            "INSERT INTO activations (staff_id, code_index, mac, is_reset, ordered_by, created_at, expires_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2, ?3, ?4 FROM json_each(?1)",
            args![list, by, now, now.plus(ACTIVATION_LIFE)],
        ))
}

/// A slip with a code, not used yet: ?2 its index, ?3 now.
const LIVE: &str = "SELECT 1 FROM activations WHERE code_index = ?2 AND used_at IS NULL AND expires_at > ?3";

/// What a good code opens.
#[derive(Clone, Debug, Deserialize)]
pub struct Opened {
    /// The slip.
    pub id: SlipId,
    /// Whose account.
    pub staff_id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// Whether the account was active.
    #[serde(deserialize_with = "json::flag")]
    pub is_reset: bool,
    /// The school's name.
    pub school: String,
    /// The school's own word for the platform.
    pub platform_word: String,
    ordered_by: StaffId,
    confirmed_by: Option<StaffId>,
    code_index: String,
    mac: Option<String>,
}

/// Looks up a code as it was typed; wrong ones are counted by address.
///
/// # Errors
/// [`AppError::Throttled`].
pub async fn open(app: &App, typed: &str, address: &str, now: Instant) -> Result<Option<Opened>, AppError> {
    let keys = app.keys()?;
    // What is no code is counted, too, and names none.
    let index = match read_code(typed) {
        Some(bytes) => Code::of(keys, &bytes)?.index,
        None => String::new(),
    };
    let tries = CodeTries::of(keys, address);
    let rows = app
        .db
        .run(vec![
            tries.count_sql(now),
            sql(
                "SELECT a.id, a.staff_id, t.name, t.number, a.is_reset, a.ordered_by, a.confirmed_by, a.code_index, a.mac,
                   s.name AS school, s.platform_word
                 FROM activations a JOIN staff t ON t.id = a.staff_id JOIN school s ON s.id = 1
                 WHERE a.code_index = ?1 AND a.used_at IS NULL AND a.expires_at > ?2 AND t.left_at IS NULL",
                args![index.as_str(), now],
            ),
            tries.forgive_sql(LIVE, &index, now),
        ])
        .await?;
    CodeTries::counted(rows.at(0)?)?;
    let Some(opened) = rows.at(1)?.first::<Opened>()? else { return Ok(None) };
    let Opened { staff_id: staff, ordered_by, confirmed_by, code_index, mac, .. } = &opened;
    let seal = ActivationSeal {
        staff: *staff,
        code: code_index,
        ordered_by: *ordered_by,
        confirmed_by: *confirmed_by,
    };
    if !seal.fits(keys, mac.as_deref().unwrap_or_default()) {
        let error = AppError::Internal("the seal of a slip does not fit".into());
        app.log_error("activation", &error, json!({ "slip": opened.id }));
        return Ok(None);
    }
    Ok(Some(opened))
}

/// Sets the password that its owner chose, once per slip; all sessions end.
///
/// # Errors
/// [`AppError::Lost`] where the slip was used meanwhile.
pub async fn use_up(app: &App, opened: &Opened, password: &str) -> Result<(), AppError> {
    let now = app.now();
    let id = opened.staff_id;
    let (action, detail) = if opened.is_reset {
        let by = json!({ "slip": opened.id, "ordered_by": opened.ordered_by, "confirmed_by": opened.confirmed_by });
        (AuditAction::AccountReset, by)
    } else {
        (AuditAction::AccountActivated, json!({ "slip": opened.id, "ordered_by": opened.ordered_by }))
    };
    app.db
        .guarded()
        .must(
            "UPDATE activations SET used_at = ?2 WHERE id = ?1 AND used_at IS NULL AND expires_at > ?2",
            args![opened.id, now],
        )
        .must(
            "UPDATE staff SET password = ?2, password_at = ?3
             WHERE id = ?1 AND left_at IS NULL AND (password IS NOT NULL) = ?4",
            args![id, password, now, opened.is_reset],
        )
        .then("DELETE FROM sessions WHERE staff_id = ?1", args![id])
        .audit(&Audit { at: now, actor: id.0, action, subject: Subject::Row("staff", id.0), detail: &detail })
        .commit()
        .await?;
    Ok(())
}

#[derive(Deserialize)]
struct SlipViewRow {
    id: SlipId,
    state: SlipState,
    owner_id: StaffId,
    owner_name: String,
    owner_number: String,
    by_id: StaffId,
    by_name: String,
    by_number: String,
    second_id: Option<StaffId>,
    second_name: Option<String>,
    second_number: Option<String>,
    created_at: Instant,
    until: Instant,
}

/// The newest first, by the column of the index that holds them.
fn people_sql(state: SlipState, (until, newest): (&str, &str), condition: &str) -> String {
    format!(
        "SELECT a.id, '{}' AS state, t.id AS owner_id, t.name AS owner_name, t.number AS owner_number,
           o.id AS by_id, o.name AS by_name, o.number AS by_number,
           c.id AS second_id, c.name AS second_name, c.number AS second_number, a.created_at, {until} AS until
         FROM activations a JOIN staff t ON t.id = a.staff_id JOIN staff o ON o.id = a.ordered_by
         LEFT JOIN staff c ON c.id = a.confirmed_by WHERE {condition} ORDER BY {newest} DESC",
        state.key()
    )
}

/// What those who manage accounts have to look at.
///
/// # Errors
/// Where the database fails.
pub async fn to_look_at(app: &App, reader: StaffId) -> Result<Vec<SlipView>, AppError> {
    let now = app.now();
    let waiting = "a.code_index IS NULL AND a.used_at IS NULL AND a.expires_at > ?1 AND t.left_at IS NULL";
    let reported = "a.reported_at IS NOT NULL AND a.reported_at > ?1";
    let rows = app
        .db
        .run(vec![
            sql(people_sql(SlipState::Waiting, ("a.expires_at", "a.expires_at"), waiting), args![now]),
            sql(
                people_sql(SlipState::Reported, ("a.used_at", "a.reported_at"), reported),
                args![now.plus(-REPORT_SHOWN)],
            ),
        ])
        .await?;
    let all = rows.at(0)?.all::<SlipViewRow>()?.into_iter().chain(rows.at(1)?.all()?);
    let person = |id, name, number| PersonRef { id, name, number };
    Ok(all
        .map(|row| SlipView {
            may_confirm: row.state == SlipState::Waiting
                && slip::may_confirm(reader, row.by_id, row.owner_id).is_ok(),
            id: row.id,
            state: row.state,
            owner: person(row.owner_id, row.owner_name, row.owner_number),
            ordered_by: person(row.by_id, row.by_name, row.by_number),
            ordered_at: row.created_at,
            confirmed_by: match (row.second_id, row.second_name, row.second_number) {
                (Some(id), Some(name), Some(number)) => Some(person(id, name, number)),
                _ => None,
            },
            until: row.until,
        })
        .collect())
}

/// A slip that waits for its second person.
#[derive(Clone, Debug, Deserialize)]
pub struct Waiting {
    /// Its id.
    pub id: SlipId,
    /// Whose account.
    pub staff_id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// Who ordered it.
    pub ordered_by: StaffId,
    /// Whether the account is active: it takes a new password.
    #[serde(deserialize_with = "json::flag")]
    pub is_reset: bool,
}

/// Reads a slip that waits.
///
/// # Errors
/// [`AppError::NotFound`] where it does not wait.
pub async fn waiting(app: &App, id: SlipId) -> Result<Waiting, AppError> {
    app.db
        .first(
            "SELECT a.id, a.staff_id, t.name, t.number, a.ordered_by, a.is_reset FROM activations a JOIN staff t ON t.id = a.staff_id
             WHERE a.id = ?1 AND a.code_index IS NULL AND a.used_at IS NULL AND a.expires_at > ?2 AND t.left_at IS NULL",
            args![id, app.now()],
        )
        .await?
        .ok_or(AppError::NotFound)
}

/// Gives a waiting slip its code, by the second person's word.
///
/// # Errors
/// Where the platform gives no randomness.
pub fn confirm<'a>(
    app: &'a App,
    waiting: &Waiting,
    by: StaffId,
    now: Instant,
) -> Result<(Slip, Guarded<'a>), AppError> {
    let code = Code::new(app)?;
    let expires_at = now.plus(ACTIVATION_LIFE);
    let Waiting { id, staff_id, ordered_by, .. } = waiting;
    let seal = ActivationSeal {
        staff: *staff_id,
        code: &code.index,
        ordered_by: *ordered_by,
        confirmed_by: Some(by),
    };
    let mac = seal.mac(app.keys()?);
    let (action, detail) = if waiting.is_reset {
        (AuditAction::AccountResetConfirmed, json!({ "slip": id, "ordered_by": ordered_by }))
    } else {
        (AuditAction::AccountSlipsIssued, json!({ "staff": [staff_id], "ordered_by": ordered_by }))
    };
    let batch = app
        .db
        .guarded()
        .must(
            "UPDATE activations SET code_index = ?2, mac = ?3, confirmed_by = ?4, confirmed_at = ?5, expires_at = ?6
             WHERE id = ?1 AND code_index IS NULL AND used_at IS NULL AND expires_at > ?5",
            args![*id, code.index.as_str(), mac, by, now, expires_at],
        )
        .audit(&Audit {
            at: now,
            actor: by.0,
            action,
            subject: Subject::Row("staff", staff_id.0),
            detail: &detail,
        });
    Ok((code.slip(app, waiting.name.clone(), waiting.number.clone(), expires_at), batch))
}

/// Ends a slip that waits.
pub fn decline<'a>(app: &'a App, waiting: &Waiting, by: StaffId, now: Instant) -> Guarded<'a> {
    app.db
        .guarded()
        .must(
            "UPDATE activations SET expires_at = ?2 WHERE id = ?1 AND code_index IS NULL AND expires_at > ?2",
            args![waiting.id, now],
        )
        .audit(&Audit {
            at: now,
            actor: by.0,
            action: AuditAction::AccountResetDeclined,
            subject: Subject::Row("staff", waiting.staff_id.0),
            detail: &json!({ "slip": waiting.id, "ordered_by": waiting.ordered_by }),
        })
}

/// Resets of a person's account that limit what it decides now; read by [`Rows::all`] as [`Reset`].
pub fn recent_sql(id: StaffId, now: Instant) -> Stmt {
    sql(
        "SELECT ordered_by, confirmed_by, used_at FROM activations
         WHERE staff_id = ?1 AND is_reset = 1 AND used_at > ?2",
        args![id, now.plus(-RESET_CAUTION)],
    )
}

/// Reads what [`recent_sql`] gave.
///
/// # Errors
/// Where a row does not fit.
pub fn recent(rows: &Rows) -> Result<Vec<Reset>, AppError> {
    rows.all()
}

#[derive(Deserialize)]
struct ResetRow {
    id: SlipId,
    ordered_by: String,
    created_at: Instant,
    confirmed_by: String,
    confirmed_at: Instant,
    used_at: Instant,
    reported_at: Option<Instant>,
}

/// Resets that a person has to know of: recent ones, those not answered, and those that were answered before another
/// reset, since whoever had got in would have answered.
pub fn told_sql(id: StaffId, now: Instant) -> Stmt {
    sql(
        "SELECT a.id, o.name AS ordered_by, a.created_at, c.name AS confirmed_by, a.confirmed_at, a.used_at, a.reported_at
         FROM activations a JOIN staff o ON o.id = a.ordered_by JOIN staff c ON c.id = a.confirmed_by
         WHERE a.staff_id = ?1 AND a.is_reset = 1 AND a.used_at > ?2 AND (
           a.used_at > ?3 OR a.acknowledged_at IS NULL AND a.reported_at IS NULL
           OR EXISTS (SELECT 1 FROM activations l WHERE l.staff_id = a.staff_id AND l.is_reset = 1 AND l.used_at > a.acknowledged_at))
         ORDER BY a.used_at DESC",
        args![id, now.plus(-RESET_TOLD), now.plus(-RESET_CAUTION)],
    )
}

/// Reads what [`told_sql`] gave.
///
/// # Errors
/// Where a row does not fit.
pub fn told(rows: &Rows) -> Result<Vec<ResetView>, AppError> {
    let all: Vec<ResetRow> = rows.all()?;
    Ok(all
        .into_iter()
        .map(|row| ResetView {
            id: row.id,
            ordered_by: row.ordered_by,
            ordered_at: row.created_at,
            confirmed_by: row.confirmed_by,
            confirmed_at: row.confirmed_at,
            used_at: row.used_at,
            caution_until: row.used_at.plus(RESET_CAUTION),
            reported_at: row.reported_at,
        })
        .collect())
}
