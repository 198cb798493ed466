//! A number that is changed or marked by hand. Each change is a row of
//! `phone_changes` under a seal, written before the number itself: what was
//! approved for the old number goes to the new one by that row alone.

use domain::access::{Action, Person};
use domain::audit::AuditAction;
use domain::ids::{GuardianId, StaffId};
use domain::message::RecipientKind;
use domain::phone::Phone;
use domain::roster::GuardianView;
use domain::roster::people::{MarkNumber, NumberState};
use domain::time::Instant;
use domain::words::Words;
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json;
use crate::roster::import_store::{INDEX_KEY, NEXT_PHONE};
use crate::roster::scope::Scope;
use crate::roster::store::{GUARDIAN, GuardianRow};
use crate::seals::{PhoneChangeSeal, Seal};

fn phone_of(text: &str) -> Result<Phone, AppError> {
    let words = Words::fixed("请填写 11 位手机号", "Enter a mobile number of eleven digits");
    Phone::parse(text).map_err(|_| AppError::field("phone", "phone", words))
}

fn same_number() -> AppError {
    AppError::field(
        "same_number",
        "phone",
        Words::fixed("这就是现在登记的号码", "This is the number that is on the roll already"),
    )
}

/// What a change of number needs to know.
#[derive(Deserialize)]
struct Before {
    phone_id: Option<i64>,
    known: Option<i64>,
    next: i64,
    roll_version: i64,
}

/// Columns of [`Before`] but the number; ?1 is the new number's keyed index.
fn before() -> String {
    format!(
        "(SELECT id FROM phones WHERE lookup = ?1) AS known, {NEXT_PHONE} AS next,
         (SELECT roll_version FROM school WHERE id = 1) AS roll_version"
    )
}

/// A change of number.
struct Change {
    kind: RecipientKind,
    person: i64,
    before: Before,
    phone: Phone,
    by: StaffId,
    now: Instant,
}

impl Change {
    /// All of it in one batch; loses where the roll was changed meanwhile.
    fn write<'a>(&self, app: &'a App) -> Result<Guarded<'a>, AppError> {
        let Self { kind, person, before, by, now, .. } = self;
        let keys = app.keys()?;
        let from = before.phone_id;
        let to = before.known.unwrap_or(before.next);
        if from == Some(to) {
            return Err(same_number());
        }
        let batch = app.db.guarded().must(
            format!(
                "UPDATE school SET roll_version = roll_version + 1 WHERE id = 1 AND roll_version = ?1 AND {NEXT_PHONE} = ?2"
            ),
            args![before.roll_version, before.next],
        );
        let batch = match before.known {
            Some(_) => batch,
            None => batch.then(
                "INSERT INTO phones (id, key_id, index_key_id, sealed, lookup, last4) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                args![
                    to,
                    keys.data_key_id(),
                    INDEX_KEY,
                    keys.seal_phone(&*app.host, to, &self.phone)?,
                    keys.phone_lookup(&self.phone),
                    keys.phone_last4(&self.phone)
                ],
            ),
        };
        let seal =
            PhoneChangeSeal { kind: kind.key(), person: *person, from, to: Some(to), at: *now, by: by.0 };
        let (table, action) = match kind {
            RecipientKind::Staff => ("staff", AuditAction::StaffNumberChanged),
            _ => ("guardians", AuditAction::GuardianNumberChanged),
        };
        Ok(batch
            .then(
                "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                args![kind.key(), *person, from, to, *now, *by, seal.mac(keys)],
            )
            .must(
                format!("UPDATE {table} SET phone_id = ?2 WHERE id = ?1 AND phone_id IS ?3 AND left_at IS NULL"),
                args![*person, to, from],
            )
            .then(
                "UPDATE disputes SET settled_at = ?3, settled_by = ?4, outcome = 'changed'
                 WHERE settled_at IS NULL AND kind = ?1 AND person = ?2",
                args![kind.key(), *person, *now, *by],
            )
            .audit(&Audit {
                at: *now,
                actor: by.0,
                action,
                subject: Subject::Row(kind.key(), *person),
                detail: &json!({ "from": from, "to": to }),
            }))
    }
}

/// The guardian ?1 as the roll shows it, where within reach of ?2 to ?4.
fn guardian_sql(person: &Person, id: GuardianId) -> Stmt {
    let [school, units, classes] = Scope::of(person, &[Action::EditRoster]).args();
    let text = format!(
        "SELECT {GUARDIAN} FROM guardians g JOIN students s ON s.id = g.student_id JOIN classes c ON c.id = s.class_id
           JOIN phones p ON p.id = g.phone_id
         WHERE g.id = ?1 AND g.left_at IS NULL AND s.left_at IS NULL AND {}",
        Scope::holds("c", 2)
    );
    sql(text, &[id.into(), school, units, classes])
}

fn view(app: &App, rows: &Rows) -> Result<GuardianView, AppError> {
    rows.one::<GuardianRow>()?.view(app.keys()?)
}

/// Commits an order about a guardian's number, and answers with the guardian.
async fn commit(
    call: &Signed,
    batch: Guarded<'_>,
    id: GuardianId,
    after: &GuardianView,
) -> Result<Reply<GuardianView>, AppError> {
    let json = json::text(after)?;
    let batch = call.remember(batch, 200, Kept::Json(&json));
    let at = batch.len();
    let rows = batch.append([guardian_sql(&call.person, id)]).commit().await?;
    Reply::json(200, &view(&call.app, rows.at(at)?)?)
}

/// `PUT /api/guardians/{id}/phone`: three round trips with the session's.
///
/// # Errors
/// Where the guardian is not within reach, or that is no number.
pub async fn change_guardian(
    call: &Signed,
    id: GuardianId,
    text: &str,
) -> Result<Reply<GuardianView>, AppError> {
    let (app, person) = (&call.app, &call.person);
    let phone = phone_of(text)?;
    let lookup = app.keys()?.phone_lookup(&phone);
    let rows = app
        .db
        .run(vec![
            guardian_sql(person, id),
            sql(
                format!("SELECT g.phone_id, {} FROM guardians g WHERE g.id = ?2", before()),
                args![lookup, id],
            ),
        ])
        .await?;
    let mut after = view(app, rows.at(0)?)?;
    after.phone = phone.masked();
    let before: Before = rows.at(1)?.one()?;
    let change =
        Change { kind: RecipientKind::Guardian, person: id.0, before, phone, by: person.id, now: app.now() };
    commit(call, change.write(app)?, id, &after).await
}

/// `PUT /api/staff/{id}/phone`.
///
/// # Errors
/// Where nobody of that id is on the staff, or that is no number.
pub async fn change_staff(call: &Signed, id: StaffId, text: &str) -> Result<Reply<()>, AppError> {
    let app = &call.app;
    let phone = phone_of(text)?;
    let lookup = app.keys()?.phone_lookup(&phone);
    let before: Option<Before> = app
        .db
        .first(
            format!("SELECT t.phone_id, {} FROM staff t WHERE t.id = ?2 AND t.left_at IS NULL", before()),
            args![lookup, id],
        )
        .await?;
    let before = before.ok_or(AppError::NotFound)?;
    let change = Change {
        kind: RecipientKind::Staff,
        person: id.0,
        before,
        phone,
        by: call.person.id,
        now: app.now(),
    };
    call.remember(change.write(app)?, 204, Kept::Json("")).commit().await?;
    Ok(Reply::empty())
}

/// `POST /api/guardians/{id}/phone`: for everybody behind this number.
///
/// # Errors
/// Where the guardian is not within reach, or nobody can say that by hand.
pub async fn mark(call: &Signed, id: GuardianId, order: MarkNumber) -> Result<Reply<GuardianView>, AppError> {
    let (app, now) = (&call.app, call.app.now());
    let rows = app.db.run(vec![guardian_sql(&call.person, id)]).await?;
    let row: GuardianRow = rows.at(0)?.one()?;
    let phone = row.phone_id();
    let mut after = row.view(app.keys()?)?;
    after.number = order.state;
    let set = match order.state {
        NumberState::Usable => {
            "revoked_at = NULL, revoked_why = NULL, contact_state = 'unknown', contact_why = 'by_hand', contact_at = ?2"
        }
        NumberState::OptedOut => "contact_state = 'opted_out', contact_why = 'by_hand', contact_at = ?2",
        NumberState::Revoked => "revoked_at = ?2, revoked_why = 'by_hand'",
        NumberState::Invalid | NumberState::Disputed => {
            return Err(AppError::field(
                "number_state",
                "state",
                Words::fixed(
                    "这一状态由系统根据回执或收信人反馈得出，不能手工设置",
                    "This follows from receipts or from what a recipient said; nobody sets it by hand",
                ),
            ));
        }
    };
    let batch =
        app.db.guarded().must(format!("UPDATE phones SET {set} WHERE id = ?1"), args![phone, now]).audit(
            &Audit {
                at: now,
                actor: call.person.id.0,
                action: AuditAction::NumberMarked,
                subject: Subject::Row("phone", phone),
                detail: &json!({ "state": order.state, "guardian": id }),
            },
        );
    commit(call, batch, id, &after).await
}
