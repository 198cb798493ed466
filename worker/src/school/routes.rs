//! The ways in of the school.

use std::collections::BTreeSet;

use domain::account::{ACTIVATION_LIFE, Slips};
use domain::audit::{AuditAction, PersonKind};
use domain::blank::is_blank;
use domain::problem::Refusal;
use domain::rank::Lift;
use domain::school::{PersonRef, SchoolView, Setup, StopOrder, Stopped, UnitView};
use domain::time::SendingWindow;
use domain::words;
use domain::words::Words;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::store;
use crate::account;
use crate::audit::values::Values;
use crate::platform::error::AppError;
use crate::platform::http::{Call, Kept, Reply, Signed};
use crate::platform::json;

/// Longest name of a school.
const NAME_MAX: usize = 40;
/// Characters of a signature: what mainland providers register.
const SIGNATURE: std::ops::RangeInclusive<usize> = 2..=12;
/// First administrators: two, so that neither is alone with the keys.
const ADMINISTRATORS: usize = 2;
/// Longest reason for stopping.
const REASON_MAX: usize = 200;
/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// `POST /api/setup`, with the deployment's `SETUP_KEY`.
///
/// # Errors
/// 401 without the key, 409 where a school exists, 422 by field.
pub async fn setup(call: Call, wanted: Setup) -> Result<Reply<Slips>, AppError> {
    let app = &call.app;
    let given = call.header("authorization").unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    let expected = app.host.setting("SETUP_KEY").unwrap_or_default();
    // Without a key in the deployment nothing fits.
    if expected.is_empty() || !bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        return Err(AppError::Refused(
            401,
            Refusal::state(
                "wrong_setup_key",
                Words::fixed(
                    "安装密钥不正确，请按部署说明查看 SETUP_KEY",
                    "The setup key is wrong: see SETUP_KEY in the deployment guide",
                ),
            ),
        ));
    }
    let refusals = check(&wanted);
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let now = app.now();
    let owners: Vec<account::slips::Owner> = wanted
        .administrators
        .iter()
        .zip(1..)
        .map(|(a, id)| account::slips::Owner {
            id: domain::ids::StaffId(id),
            name: a.name.trim().to_owned(),
            number: a.number.trim().to_owned(),
            active: false,
            in_power: true,
        })
        .collect();
    let (slips, rows) =
        account::slips::fresh(app, &owners, domain::ids::StaffId(0), now.plus(ACTIVATION_LIFE))?;
    let window = wanted.window.unwrap_or(SendingWindow::DEFAULT);
    match store::open(app, &wanted, window, &owners, &rows, now).await {
        Err(AppError::Lost) => Err(AppError::conflict(
            "school_exists",
            Words::fixed("学校已经建立，不能再次安装", "The school exists already: setup works once"),
        )),
        other => {
            other?;
            Reply::json(200, &Slips { slips })
        }
    }
}

fn check(wanted: &Setup) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let name = wanted.name.trim().chars().count();
    if !(2..=NAME_MAX).contains(&name) {
        refusals.push(Refusal::field(
            "name",
            "name",
            words!("校名为 2 至 {NAME_MAX} 个字", "A name of 2 to {NAME_MAX} characters"),
        ));
    }
    let signature = wanted.signature.as_str();
    let plain = |c: char| c.is_alphanumeric();
    if !SIGNATURE.contains(&signature.chars().count()) || !signature.chars().all(plain) {
        refusals.push(Refusal::field(
            "signature",
            "signature",
            Words::fixed(
                "短信签名为 2 至 12 个汉字、字母或数字，不含【】，须与短信服务商登记的一致",
                "A signature of 2 to 12 Chinese characters, letters or digits, without 【】, as registered with the SMS provider",
            ),
        ));
    }
    if wanted.platform_word.as_deref().is_some_and(|w| !matches!(w, "校讯通" | "校信通")) {
        refusals.push(Refusal::field(
            "platform_word",
            "platform_word",
            Words::fixed("请填“校讯通”或“校信通”", "Either 校讯通 or 校信通"),
        ));
    }
    if wanted.window.is_some_and(|w| w.from >= w.to || w.to > DAY_MINUTES) {
        refusals.push(Refusal::field(
            "window",
            "window",
            Words::fixed(
                "发送时段的开始须早于结束，且在一天之内",
                "The window has to begin before it ends, within one day",
            ),
        ));
    }
    let numbers: BTreeSet<&str> = wanted.administrators.iter().map(|a| a.number.trim()).collect();
    if wanted.administrators.len() != ADMINISTRATORS || numbers.len() != ADMINISTRATORS {
        refusals.push(Refusal::field(
            "administrators",
            "administrators",
            Words::fixed(
                "须有两位不同的系统管理员，不让一个人独自掌管",
                "Two different administrators, so that neither is alone with the keys",
            ),
        ));
    }
    let sound = |a: &domain::school::FirstAdministrator| {
        let number = a.number.trim();
        let name = a.name.trim().chars().count();
        (1..=NAME_MAX).contains(&name)
            && (1..=32).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if !wanted.administrators.iter().all(sound) {
        refusals.push(Refusal::field(
            "administrators",
            "administrators",
            Words::fixed(
                "请填写管理员的姓名和教职工号（字母、数字和短横）",
                "Give each administrator's name and staff number (letters, digits, dashes)",
            ),
        ));
    }
    refusals
}

/// `GET /api/units`: open to all staff (G64).
///
/// # Errors
/// Where the database fails.
pub async fn units(call: Signed) -> Result<Reply<Vec<UnitView>>, AppError> {
    Reply::json(200, &store::units(&call.app).await?)
}

/// `POST /api/school/stop`: takes effect at the next claim of a batch.
///
/// # Errors
/// 422 without a reason, 409 where it is so already.
pub async fn stop(call: Signed, order: StopOrder) -> Result<Reply<SchoolView>, AppError> {
    let reason = order.reason.trim();
    let n = reason.chars().count();
    if n > REASON_MAX || (order.stopped && is_blank(reason)) {
        return Err(AppError::field(
            "reason",
            "reason",
            words!(
                "请写明停止发送的原因，最多 {REASON_MAX} 个字；它会记入日志，管理人员可见",
                "Say why, in at most {REASON_MAX} characters: it is logged, and those who manage see it"
            ),
        ));
    }
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let mut school = store::school(app).await?;
    if school.stopped.is_some() == order.stopped {
        let words = if order.stopped {
            Words::fixed("发送已经停止", "Sending is stopped already")
        } else {
            Words::fixed("发送没有停止，无需恢复", "Sending is not stopped")
        };
        return Err(AppError::conflict("already_so", words));
    }
    let lifted = school.stopped.take();
    let lift = lifted.as_ref().map(|stop| person.lift(stop)).transpose()?;
    let post = person.highest_post().ok_or(AppError::Forbidden)?;
    let me = PersonRef { id: person.id, name: person.name.clone(), number: person.number.clone() };
    school.stopped = match (&lifted, lift) {
        (Some(stop), Some(Lift::Asks)) => Some(Stopped { asked_by: Some(me), ..stop.clone() }),
        (Some(_), _) => None,
        (None, _) => Some(Stopped {
            by: person.name.clone(),
            post,
            reason: reason.to_owned(),
            at: now,
            vacant: false,
            asked_by: None,
        }),
    };
    let answer = Reply::json(200, &school)?;
    let text = json::text(&school)?;
    // What somebody wrote is personal: it lies sealed beside the log.
    let mut values = Values::default();
    if !reason.is_empty() {
        values.add(app, PersonKind::Staff, person.id.0, &json!({ "reason": [null, reason] }))?;
    }
    let (batch, action) = match (&lifted, lift) {
        (Some(stop), Some(Lift::Asks)) => {
            (store::ask_to_lift(app.db.guarded(), stop, person.id, now), AuditAction::SchoolLiftAsked)
        }
        _ => (
            store::stop(app.db.guarded(), (person.id, post), &order, lifted.as_ref(), now),
            if order.stopped { AuditAction::SchoolStopped } else { AuditAction::SchoolResumed },
        ),
    };
    let batch = batch.audit(&crate::platform::d1::Audit {
        at: now,
        actor: person.id.0,
        action,
        subject: crate::platform::d1::Subject::Row("school", 1),
        detail: &json!({ "values": values.hash(), "post": post.key() }),
    });
    let batch = values.keep(batch)?;
    call.remember(batch, 200, Kept::Json(&text)).commit().await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use domain::school::FirstAdministrator;

    use super::*;

    #[test]
    fn what_a_setup_must_say() {
        let person = |number: &str| FirstAdministrator { number: number.into(), name: "田沐华".into() };
        let good = Setup {
            name: "示范中学".into(),
            signature: "示范中学".into(),
            platform_word: None,
            regulation: Default::default(),
            window: None,
            administrators: vec![person("T0013"), person("T0014")],
        };
        let fields = |setup: &Setup| {
            check(setup).iter().filter_map(|r| r.field_name().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(fields(&good), Vec::<String>::new());
        let with = |change: fn(&mut Setup)| {
            let mut setup = good.clone();
            change(&mut setup);
            fields(&setup)
        };
        assert_eq!(with(|s| s.name = " ".into()), ["name"]);
        assert_eq!(with(|s| s.signature = "【示范】".into()), ["signature"]);
        assert_eq!(with(|s| s.signature = "一".into()), ["signature"]);
        assert_eq!(with(|s| s.platform_word = Some("短信".into())), ["platform_word"]);
        assert_eq!(with(|s| s.window = Some(SendingWindow { from: 600, to: 600 })), ["window"]);
        assert_eq!(with(|s| s.window = Some(SendingWindow { from: 0, to: 1441 })), ["window"]);
        assert_eq!(with(|s| s.administrators.truncate(1)), ["administrators"]);
        assert_eq!(with(|s| s.administrators[1].number = " T0013 ".into()), ["administrators"]);
        assert_eq!(with(|s| s.administrators[1].name = "".into()), ["administrators"]);
    }
}
