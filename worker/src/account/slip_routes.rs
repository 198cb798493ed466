//! Activation slips: ordering them, the second person, and using one.

use domain::account::{
    ACTIVATION_LIFE, Activation, ActivationView, Known, Slip, SlipOrder, SlipView, check_new_password, slip,
};
use domain::audit::AuditAction;
use domain::ids::{SlipId, StaffId};
use domain::problem::Refusal;
use domain::words::Words;
use serde_json::json;

use super::{password, slips};
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Call, Kept, Reply, Signed};
use crate::platform::json;

/// Slips in one order: a large school's whole staff.
const SLIPS_MAX: usize = 1_000;
/// Of these for accounts that are active: each is looked at by a second person.
const RESETS_MAX: usize = 50;

fn dead_link() -> AppError {
    AppError::Refused(
        404,
        Refusal::state(
            "activation_dead",
            Words::fixed(
                "这个开通链接已经用过或过期，或者开通码有误，请核对开通单或向校办室重新领取",
                "This link has been used or has expired, or the code is wrong: check your slip or ask the office for a new one",
            ),
        ),
    )
}

async fn find(call: &Call, order: &Activation) -> Result<slips::Opened, AppError> {
    let address = call.header("cf-connecting-ip").unwrap_or_default();
    slips::open(&call.app, &order.token, address, call.app.now()).await?.ok_or_else(dead_link)
}

/// `POST /api/activations/check`.
///
/// # Errors
/// Where the slip is used, expired or unknown.
pub async fn check(call: Call, order: Activation) -> Result<Reply<ActivationView>, AppError> {
    let opened = find(&call, &order).await?;
    let view = ActivationView {
        name: opened.name,
        number: opened.number,
        reset: opened.is_reset,
        school: opened.school,
        platform_word: opened.platform_word,
        demo: call.app.demo,
    };
    Reply::json(200, &view)
}

/// `POST /api/activations`: the owner chooses the password.
///
/// # Errors
/// Where the slip is dead or the password weak.
pub async fn activate(call: Call, order: Activation) -> Result<Reply<()>, AppError> {
    let opened = find(&call, &order).await?;
    let chosen = order.password.unwrap_or_default();
    let known = Known {
        number: &opened.number,
        name: &opened.name,
        school: &opened.school,
        platform_word: &opened.platform_word,
        demo: call.app.demo,
    };
    check_new_password(&password::one_form(&chosen), &known).map_err(|r| AppError::Invalid(vec![r]))?;
    let phc = password::hash(&call.app, opened.staff_id, &chosen)?;
    slips::use_up(&call.app, &opened, &phc).await.map_err(|e| match e {
        AppError::Lost => dead_link(),
        other => other,
    })?;
    Ok(Reply::empty())
}

/// `POST /api/staff/activations`: to the people named, or to all who have none active.
///
/// # Errors
/// Where the database fails.
pub async fn issue_many(call: Signed, order: SlipOrder) -> Result<Reply<Vec<Slip>>, AppError> {
    if order.staff.len() > SLIPS_MAX {
        return Err(AppError::field(
            "too_many",
            "staff",
            domain::words!("一次最多 {SLIPS_MAX} 人", "At most {SLIPS_MAX} people at a time"),
        ));
    }
    let slips = issue(&call, &order.staff).await?;
    Reply::json(200, &slips)
}

/// `POST /api/staff/{id}/activation`.
///
/// # Errors
/// Where there is no such person.
pub async fn issue_one(call: Signed, id: StaffId) -> Result<Reply<Slip>, AppError> {
    let slips = issue(&call, &[id]).await?;
    let slip = slips.into_iter().next().ok_or(AppError::NotFound)?;
    Reply::json(200, &slip)
}

async fn issue(call: &Signed, ids: &[StaffId]) -> Result<Vec<Slip>, AppError> {
    let people = slips::owners(&call.app, ids).await?;
    if people.len() < ids.len() {
        return Err(AppError::NotFound);
    }
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let (active, fresh): (Vec<_>, Vec<_>) =
        people.iter().map(|p| (p.id, p.active)).partition(|(_, active)| *active);
    if active.len() > RESETS_MAX {
        return Err(AppError::field(
            "too_many",
            "staff",
            domain::words!(
                "一次最多为 {RESETS_MAX} 个已开通的账号申请开通单",
                "At most {RESETS_MAX} accounts that are active at a time"
            ),
        ));
    }
    let now = call.app.now();
    let by = call.person.id;
    let (slips, rows) = slips::fresh(&call.app, &people, by, now.plus(ACTIVATION_LIFE))?;
    let mut batch = slips::insert(call.app.db.guarded(), &rows, by, now)?;
    if let Some((first, _)) = fresh.first() {
        batch = batch.audit(&Audit {
            at: now,
            actor: by.0,
            action: AuditAction::AccountSlipsIssued,
            subject: Subject::Row("staff", first.0),
            detail: &json!({ "staff": fresh.iter().map(|(id, _)| id).collect::<Vec<_>>() }),
        });
    }
    for (id, _) in &active {
        batch = batch.audit(&Audit {
            at: now,
            actor: by.0,
            action: AuditAction::AccountResetOrdered,
            subject: Subject::Row("staff", id.0),
            detail: &json!({}),
        });
    }
    // A slip is a secret that is shown once: a repeat under the same key gets its number, not the link.
    let shown_once: Vec<Slip> = slips.iter().map(without_secret).collect();
    let shown_once = match (ids, shown_once.as_slice()) {
        ([_], [one]) if call.params.contains_key("id") => json::text(one)?,
        (_, all) => json::text(all)?,
    };
    call.remember(batch, 200, Kept::Json(&shown_once)).commit().await?;
    Ok(slips)
}

fn without_secret(slip: &Slip) -> Slip {
    Slip { link: String::new(), code: String::new(), ..slip.clone() }
}

/// `GET /api/staff/activations`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<Vec<SlipView>>, AppError> {
    Reply::json(200, &slips::to_look_at(&call.app, call.person.id).await?)
}

/// `POST /api/staff/activations/{id}/confirm`.
///
/// # Errors
/// Where it does not wait, or waits for somebody else.
pub async fn confirm(call: Signed, id: SlipId) -> Result<Reply<Slip>, AppError> {
    let waiting = slips::waiting(&call.app, id).await?;
    let by = call.person.id;
    slip::may_confirm(by, waiting.ordered_by, waiting.staff_id)?;
    let (slip, batch) = slips::confirm(&call.app, &waiting, by, call.app.now())?;
    let shown_once = json::text(&without_secret(&slip))?;
    call.remember(batch, 200, Kept::Json(&shown_once)).commit().await?;
    Reply::json(200, &slip)
}

/// `POST /api/staff/activations/{id}/decline`.
///
/// # Errors
/// Where it does not wait.
pub async fn decline(call: Signed, id: SlipId) -> Result<Reply<()>, AppError> {
    let waiting = slips::waiting(&call.app, id).await?;
    slips::decline(&call.app, &waiting, call.person.id, call.app.now()).commit().await?;
    Ok(Reply::empty())
}
