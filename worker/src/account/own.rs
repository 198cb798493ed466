//! One's own account: the password, the browsers one is signed in with, and
//! what one says of a reset.

use domain::account::device::{Browser, Device, System};
use domain::account::{
    Known, PASSWORD_MAX_BYTES, PasswordChange, ResetAnswer, SessionView, check_new_password, session_rules,
};
use domain::audit::AuditAction;
use domain::ids::{SessionId, SlipId};
use domain::problem::Refusal;
use domain::time::Instant;
use domain::words::Words;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cookie::Kept;
use super::{again, password};
use crate::args;
use crate::platform::d1::{Answers, Audit, Guarded, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};

#[derive(Deserialize)]
struct SchoolRow {
    name: String,
    platform_word: String,
}

fn audited<'a>(batch: Guarded<'a>, call: &Signed, action: AuditAction, detail: &Value) -> Guarded<'a> {
    let me = call.person.id.0;
    batch.audit(&Audit { at: call.app.now(), actor: me, action, subject: Subject::Row("staff", me), detail })
}

/// `PUT /api/me/password`: all other sessions end.
///
/// # Errors
/// Where the old one is wrong or the new one weak.
pub async fn change_password(call: Signed, order: PasswordChange) -> Result<Reply<()>, AppError> {
    let (app, me) = (&call.app, &call.person);
    let now = app.now();
    if order.old.len() > PASSWORD_MAX_BYTES {
        return Err(again::wrong("old"));
    }
    let mut asked = again::ask_sql(me.id, now);
    let at = asked.len();
    asked.push(sql("SELECT name, platform_word FROM school WHERE id = 1", &[]));
    let rows = app.db.run(asked).await?;
    let stored = again::check(app, me.id, ("old", &order.old), &rows, now)?;
    let school: SchoolRow = rows.at(at)?.one()?;
    let known = Known {
        number: &me.number,
        name: &me.name,
        school: &school.name,
        platform_word: &school.platform_word,
        demo: app.demo,
    };
    if let Err(refusal) = check_change(&order, &known) {
        // The old one was right: looking for a new one costs no tries.
        again::forgive(app.db.guarded(), me.id).commit().await?;
        return Err(AppError::Invalid(vec![refusal]));
    }
    let hash = password::hash(app, me.id, &order.password)?;
    let batch = app
        .db
        .guarded()
        .must(
            "UPDATE staff SET password = ?2, password_at = ?3 WHERE id = ?1 AND password = ?4 AND left_at IS NULL",
            args![me.id, hash, now, stored],
        )
        .then("DELETE FROM sessions WHERE staff_id = ?1 AND token_hash <> ?2", args![me.id, &call.session]);
    let batch = audited(again::forgive(batch, me.id), &call, AuditAction::AccountPasswordChanged, &json!({}));
    batch.commit().await?;
    // The marks were bound to the old password.
    let mut kept = Kept::of(call.header("cookie"));
    if let Some(token) = kept.token.take() {
        let kept = kept.opened(app, token, (me.id, now))?;
        return Ok(Reply::empty().header("Set-Cookie", kept.header()));
    }
    Ok(Reply::empty())
}

fn check_change(order: &PasswordChange, known: &Known<'_>) -> Result<(), Refusal> {
    let (old, new) = (password::one_form(&order.old), password::one_form(&order.password));
    check_new_password(&new, known)?;
    if new == old {
        return Err(Refusal::field(
            "same_password",
            "password",
            Words::fixed("新密码与原密码相同，请换一个", "This is the password you have: choose another"),
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
struct SessionRow {
    id: SessionId,
    system: String,
    browser: String,
    created_at: Instant,
    seen_at: Instant,
    current: i64,
}

/// `GET /api/me/sessions`.
///
/// # Errors
/// Where the database fails.
pub async fn sessions(call: Signed) -> Result<Reply<Vec<SessionView>>, AppError> {
    let now = call.app.now();
    let rows: Vec<SessionRow> = call
        .app
        .db
        .all(
            "SELECT id, system, browser, created_at, seen_at, token_hash = ?2 AS current FROM sessions
             WHERE staff_id = ?1 AND expires_at > ?3 ORDER BY seen_at DESC",
            args![call.person.id, &call.session, now],
        )
        .await?;
    let rules = session_rules(&call.person);
    let alive = rows.into_iter().filter(|row| rules.lives(row.created_at, row.seen_at, now));
    let views: Vec<SessionView> = alive
        .map(|row| SessionView {
            id: row.id,
            // A key of another version is no reason to hide a session from its owner.
            device: Device {
                system: System::from_key(&row.system).unwrap_or(System::Other),
                browser: Browser::from_key(&row.browser).unwrap_or(Browser::Other),
            },
            created_at: row.created_at,
            seen_at: row.seen_at,
            current: row.current != 0,
        })
        .collect();
    Reply::json(200, &views)
}

/// `DELETE /api/me/sessions/{id}`.
///
/// # Errors
/// [`AppError::NotFound`] where it is not one's own.
pub async fn end_session(call: Signed, id: SessionId) -> Result<Reply<()>, AppError> {
    let end = call
        .app
        .db
        .guarded()
        .must("DELETE FROM sessions WHERE id = ?1 AND staff_id = ?2", args![id, call.person.id]);
    let end = audited(end, &call, AuditAction::SessionsEnded, &json!({ "session": id }));
    end.commit().await.map_err(none_of_ones_own)?;
    Ok(Reply::empty())
}

/// `DELETE /api/me/sessions`: all but this one.
///
/// # Errors
/// Where the database fails.
pub async fn end_others(call: Signed) -> Result<Reply<()>, AppError> {
    let end = call.app.db.guarded().then(
        "DELETE FROM sessions WHERE staff_id = ?1 AND token_hash <> ?2",
        args![call.person.id, &call.session],
    );
    audited(end, &call, AuditAction::SessionsEnded, &json!({ "others": true })).commit().await?;
    Ok(Reply::empty())
}

/// `POST /api/me/resets/{id}`.
///
/// # Errors
/// [`AppError::NotFound`] where it is no reset of one's own.
pub async fn answer_reset(call: Signed, id: SlipId, answer: ResetAnswer) -> Result<Reply<()>, AppError> {
    let (me, now) = (call.person.id, call.app.now());
    let set = if answer.mine { "acknowledged_at = ?3" } else { "reported_at = COALESCE(reported_at, ?3)" };
    let mut batch = call.app.db.guarded().must(
        format!(
            "UPDATE activations SET {set} WHERE id = ?1 AND staff_id = ?2 AND is_reset = 1 AND used_at IS NOT NULL"
        ),
        args![id, me, now],
    );
    let action = if answer.mine {
        AuditAction::AccountResetAcknowledged
    } else {
        batch = batch
            .then("DELETE FROM sessions WHERE staff_id = ?1 AND token_hash <> ?2", args![me, &call.session]);
        AuditAction::AccountResetReported
    };
    let batch = audited(batch, &call, action, &json!({ "slip": id }));
    batch.commit().await.map_err(none_of_ones_own)?;
    Ok(Reply::empty())
}

fn none_of_ones_own(error: AppError) -> AppError {
    match error {
        AppError::Lost => AppError::NotFound,
        other => other,
    }
}
