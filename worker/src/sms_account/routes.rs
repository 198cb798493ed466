//! The ways in of the account with an SMS provider.

use domain::api;
use domain::audit::AuditAction;
use domain::ids::SmsAccountId;
use domain::provider::ProviderKind;
use domain::sms_account::{Hooks, ProposeSmsAccount, SmsAccountView, TESTS_PER_DAY, confirm_bar};
use domain::words::Words;
use serde_json::json;

use super::store::{self, Proposal, Version};
pub use super::test::test;
use super::{test as tests, volume};
use crate::hooks::routes::HOOK_SECRET_MIN;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::seals::Seal;

/// What the page shows.
fn reads(call: &Signed) -> [Stmt; 5] {
    let now = call.app.now();
    [
        store::all_sql(),
        store::school_sql(),
        volume::sql_since(volume::since(now)),
        tests::count_sql(call.person.id, now),
        tests::own_phone_sql(call.person.id),
    ]
}

/// The addresses that are reported to: whoever does not know them cannot report. None while the deployment has no
/// secret for them.
fn hooks(app: &App) -> Vec<Hooks> {
    let Some(secret) = app.host.setting("HOOK_SECRET").filter(|secret| secret.len() >= HOOK_SECRET_MIN)
    else {
        return Vec::new();
    };
    let of = |provider: ProviderKind| {
        let at = format!("{}/hooks/{}/{secret}", app.origin, provider.key());
        Hooks { provider, report: format!("{at}/report"), reply: format!("{at}/reply") }
    };
    [ProviderKind::Aliyun, ProviderKind::Tencent].map(of).into()
}

fn view(call: &Signed, rows: &[Rows]) -> Result<SmsAccountView, AppError> {
    let (app, now) = (&call.app, call.app.now());
    let all: Vec<Version> = rows.at(0)?.all()?;
    let bar = all.first().filter(|v| v.waits()).and_then(|v| confirm_bar(call.person.id, v.set_by));
    let signature = rows.at(1)?.one::<store::School>()?.signature;
    let mut earlier = store::views(app, &all)?;
    let proposed = earlier.pop_if(|v| v.confirmed_at.is_none() && v.declined_at.is_none());
    let in_force = earlier.iter().rposition(|v| v.confirmed_at.is_some()).map(|at| earlier.remove(at));
    earlier.reverse();
    let links = if app.links_are_safe() { format!("{}/m/", app.origin) } else { String::new() };
    let (month, days) = volume::read(rows.at(2)?, &links, now)?;
    let providers = ProviderKind::ALL.into_iter().filter(|p| app.demo || *p != ProviderKind::Sandbox);
    Ok(SmsAccountView {
        in_force,
        proposed,
        bar: bar.map(|refusal| refusal.words),
        earlier,
        providers: providers.collect(),
        signature,
        links,
        hooks: hooks(app),
        month,
        days,
        phone: tests::own_phone(rows.at(4)?)?.map(|p| p.masked(app)).transpose()?,
        tests_left: TESTS_PER_DAY.saturating_sub(tests::count(rows.at(3)?)?),
    })
}

/// `GET /api/sms-account`.
///
/// # Errors
/// Where the database fails.
pub async fn show(call: Signed) -> Result<Reply<SmsAccountView>, AppError> {
    let rows = call.app.db.run(reads(&call).into()).await?;
    Reply::json(200, &view(&call, &rows)?)
}

/// `POST /api/sms-account`.
///
/// # Errors
/// 422 for what no provider would take, 409 where a version waits already or another came into force.
pub async fn propose(call: Signed, order: ProposeSmsAccount) -> Result<Reply<SmsAccountView>, AppError> {
    let (app, now) = (&call.app, call.app.now());
    let rows = app.db.run(vec![store::all_sql(), store::school_sql()]).await?;
    let all: Vec<Version> = rows.at(0)?.all()?;
    if all.first().is_some_and(Version::waits) {
        return Err(AppError::conflict(
            "proposal_waits",
            Words::fixed(
                "已有一个修改在等第二人确认，请先确认或不采用",
                "A change waits for a second person already: let it be confirmed or declined first",
            ),
        ));
    }
    let in_force = all.iter().find(|v| v.confirmed_at.is_some());
    if order.behind.0 != in_force.map_or(0, |v| i64::from(v.version)) {
        return Err(AppError::conflict(
            "changed_meanwhile",
            Words::fixed("设置已被更改，请刷新后再看", "It was changed meanwhile: reload and look again"),
        ));
    }
    if order.provider == ProviderKind::Sandbox && !app.demo {
        return Err(AppError::field(
            "provider",
            "provider",
            Words::fixed("演示网络只在演示中存在", "The demo network exists in the demo only"),
        ));
    }
    let before = store::views(app, &all)?.into_iter().rfind(|v| v.confirmed_at.is_some());
    let refusals = order.check(before.as_ref(), &rows.at(1)?.one::<store::School>()?.signature);
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let version = all.first().map_or(0, |v| v.version) + 1;
    let proposal = Proposal { version, order: &order, in_force, by: call.person.id, at: now };
    let batch = store::propose(app, &proposal)?;
    let detail = json!({ "provider": order.provider.key(), "trial": order.trial, "new_key": order.credentials.is_some() });
    told(&call, batch, version, AuditAction::SmsAccountProposed, &detail).await
}

/// The version that waits, as it was read by who decides on it.
async fn waiting(call: &Signed, id: SmsAccountId) -> Result<Version, AppError> {
    let rows = call.app.db.run(vec![store::all_sql()]).await?;
    let all: Vec<Version> = rows.at(0)?.all()?;
    let version = all.into_iter().find(|v| i64::from(v.version) == id.0).ok_or(AppError::NotFound)?;
    if version.waits() { Ok(version) } else { Err(waits_no_more()) }
}

fn waits_no_more() -> AppError {
    AppError::conflict(
        "waits_no_more",
        Words::fixed(
            "这个修改已经确认或不采用，请刷新后再看",
            "This change has been confirmed or declined meanwhile: reload and look again",
        ),
    )
}

/// `POST /api/sms-account/{id}/confirm`.
///
/// # Errors
/// 403 for what the caller proposed, 409 for what does not wait or is not as it was proposed.
pub async fn confirm(call: Signed, id: SmsAccountId) -> Result<Reply<SmsAccountView>, AppError> {
    let version = waiting(&call, id).await?;
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    if let Some(bar) = confirm_bar(person.id, version.set_by) {
        return Err(bar.into());
    }
    let keys = app.keys()?;
    // What was written past the Worker gets no good seal by being confirmed.
    if !version.fits(keys) {
        return Err(AppError::conflict(
            "not_ours",
            Words::fixed(
                "这个修改的记录与封印不符，不能确认；请不采用，并立即查明是谁改动了数据库",
                "The record of this change does not fit its seal and cannot be confirmed: decline it, and find out who wrote into the database",
            ),
        ));
    }
    let mac = version.seal(Some((person.id, now))).mac(keys);
    let batch = store::confirm(app.db.guarded(), &version, person.id, now, &mac);
    decided(&call, batch, &version, AuditAction::SmsAccountConfirmed).await
}

/// `POST /api/sms-account/{id}/decline`.
///
/// # Errors
/// 409 for what does not wait.
pub async fn decline(call: Signed, id: SmsAccountId) -> Result<Reply<SmsAccountView>, AppError> {
    let version = waiting(&call, id).await?;
    let batch = store::decline(call.app.db.guarded(), &version, call.person.id, call.app.now());
    decided(&call, batch, &version, AuditAction::SmsAccountDeclined).await
}

async fn decided(
    call: &Signed,
    batch: Guarded<'_>,
    version: &Version,
    action: AuditAction,
) -> Result<Reply<SmsAccountView>, AppError> {
    told(call, batch, version.version, action, &json!({ "set_by": version.set_by })).await.map_err(
        |e| match e {
            AppError::Lost => waits_no_more(),
            other => other,
        },
    )
}

/// Commits with an entry, and answers with what holds now.
async fn told(
    call: &Signed,
    batch: Guarded<'_>,
    version: u32,
    action: AuditAction,
    detail: &serde_json::Value,
) -> Result<Reply<SmsAccountView>, AppError> {
    let batch = batch.audit(&Audit {
        at: call.app.now(),
        actor: call.person.id.0,
        action,
        subject: Subject::Row("sms_account", version.into()),
        detail,
    });
    let batch = call.remember(batch, 200, Kept::Resource(api::SMS_ACCOUNT.operation.path));
    let at = batch.len();
    let rows = batch.append(reads(call)).commit().await?;
    Reply::json(200, &view(call, rows.get(at..).unwrap_or_default())?)
}
