//! A test to one's own phone: a fixed text in the template of all notices,
//! so that it proves what they stand on. Written before the call, as every
//! attempt is, and a few a day.

use data_encoding::HEXLOWER;
use domain::audit::AuditAction;
use domain::delivery::Reason;
use domain::ids::{PhoneId, StaffId};
use domain::phone::{Phone, shown};
use domain::sms::LINK_TEMPLATE;
use domain::sms_account::{TEST_TITLE, TEST_TOKEN, TESTS_PER_DAY, TestResult};
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use serde::Deserialize;
use serde_json::json;

use super::store;
use crate::args;
use crate::delivery::provider::{self, CallResult, Outcome, Request, Sms, call as calls};
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::roster::whose::barred;

/// Reads a person's own number.
pub(super) fn own_phone_sql(person: StaffId) -> Stmt {
    sql(
        format!(
            "SELECT p.id, p.key_id, p.sealed, {} AS barred FROM staff t JOIN phones p ON p.id = t.phone_id WHERE t.id = ?1",
            barred("p")
        ),
        args![person],
    )
}

/// A person's own number.
#[derive(Deserialize)]
pub(super) struct OwnPhone {
    id: PhoneId,
    key_id: i64,
    sealed: String,
    barred: Option<Reason>,
}

impl OwnPhone {
    fn open(&self, app: &App) -> Result<Phone, AppError> {
        app.keys()?.open_phone(self.id.0, self.key_id, &self.sealed)
    }

    /// As it is shown.
    pub fn masked(&self, app: &App) -> Result<String, AppError> {
        Ok(app.keys()?.masked_phone(self.id.0, self.key_id, &self.sealed))
    }
}

/// From the rows of [`own_phone_sql`].
///
/// # Errors
/// Where the row cannot be read.
pub(super) fn own_phone(rows: &Rows) -> Result<Option<OwnPhone>, AppError> {
    rows.first()
}

/// Reads how many tests a person has made today.
pub(super) fn count_sql(person: StaffId, now: Instant) -> Stmt {
    sql("SELECT COUNT(*) AS n FROM sms_tests WHERE staff_id = ?1 AND day = ?2", args![person, now.date()])
}

#[derive(Deserialize)]
struct Count {
    n: u32,
}

/// From the rows of [`count_sql`].
///
/// # Errors
/// Where the row cannot be read.
pub(super) fn count(rows: &Rows) -> Result<u32, AppError> {
    Ok(rows.one::<Count>()?.n)
}

fn unreachable(why: Reason) -> AppError {
    AppError::conflict("phone_barred", why.title())
}

/// `POST /api/sms-account/test`.
///
/// # Errors
/// 409 without a number of one's own, without a provider, and after the last test of the day.
pub async fn test(call: Signed) -> Result<Reply<TestResult>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    provider::prepare(app).await;
    let provider = provider::of(app).map_err(|_| {
        AppError::conflict(
            "no_provider",
            Words::fixed("还没有接通短信服务商", "There is no SMS provider yet"),
        )
    })?;
    let rows =
        app.db.run(vec![own_phone_sql(person.id), count_sql(person.id, now), store::school_sql()]).await?;
    let phone = own_phone(rows.at(0)?)?.ok_or_else(|| {
        AppError::conflict(
            "no_number",
            Words::fixed(
                "您的档案里没有手机号，请先在教职工页登记",
                "You have no number on the roll: enter it on the page “Staff” first",
            ),
        )
    })?;
    if let Some(why) = phone.barred {
        return Err(unreachable(why));
    }
    if count(rows.at(1)?)? >= TESTS_PER_DAY {
        return Err(AppError::conflict(
            "too_many_tests",
            words!(
                "每人每天最多测试 {TESTS_PER_DAY} 次，请明天再试",
                "{TESTS_PER_DAY} tests a day at most: try again tomorrow"
            ),
        ));
    }
    let number = phone.open(app).map_err(|_| unreachable(Reason::Unreadable))?;
    let masked = shown(&number.masked());
    let school: store::School = rows.at(2)?.one()?;
    let link = format!("{}/m/{TEST_TOKEN}", app.origin);
    let text = LINK_TEMPLATE.render(&school.signature, TEST_TITLE, &link);
    let reference = HEXLOWER.encode(&app.random::<16>()?);
    app.db
        .guarded()
        .must(
            "INSERT INTO sms_tests (reference, staff_id, day, nth, account, at)
             SELECT ?1, ?2, ?3, n + 1, (SELECT version FROM sms_account_in_force), ?4
             FROM (SELECT COUNT(*) AS n FROM sms_tests WHERE staff_id = ?2 AND day = ?3) WHERE n < ?5",
            args![reference.as_str(), person.id, now.date(), now, TESTS_PER_DAY],
        )
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::SmsAccountTested,
            subject: Subject::Row("staff", person.id.0),
            detail: &json!({ "provider": provider.key() }),
        })
        .commit()
        .await?;
    let sms = [Sms { phone_id: phone.id, phone: number, text, link }];
    let request =
        Request { reference: &reference, template: &LINK_TEMPLATE, title: TEST_TITLE, sms: &sms, tries: 0 };
    let result = calls::submit(app, &*provider, &request).await;
    let (outcome, id, words) = match result {
        CallResult::Parts(parts) => match parts.into_iter().next() {
            Some(part) => {
                let (outcome, words) = said(part.outcome, &masked);
                (outcome, part.id, words)
            }
            None => ("unknown", None, said_nothing()),
        },
        CallResult::Unknown(why) => {
            app.log_warning("sms_test", json!({ "reference": reference, "why": why }));
            ("unknown", None, said_nothing())
        }
    };
    app.db
        .run(vec![sql(
            "UPDATE sms_tests SET outcome = ?2, provider_id = ?3 WHERE reference = ?1 AND outcome IS NULL",
            args![reference.as_str(), outcome, id.as_deref()],
        )])
        .await?;
    Reply::json(200, &TestResult { taken: outcome == "accepted", words })
}

fn said(outcome: Outcome, masked: &Words) -> (&'static str, Words) {
    match outcome {
        Outcome::Accepted => {
            let (zh, en) = (&masked.zh, &masked.en);
            (
                "accepted",
                words!(
                    "已交给服务商，{zh} 应在一分钟内收到",
                    "The provider has taken it: {en} should have it within a minute"
                ),
            )
        }
        Outcome::Rejected(why) => ("rejected", why.title()),
        Outcome::Unknown => ("unknown", said_nothing()),
        Outcome::NotTaken | Outcome::Later | Outcome::OverLimit => (
            "not_taken",
            Words::fixed(
                "服务商没有接收，请核对账户设置后再试",
                "The provider did not take it: check the account and try again",
            ),
        ),
    }
}

fn said_nothing() -> Words {
    Words::fixed(
        "服务商没有及时答复，也可能已经发出；请看手机，几分钟后再试",
        "The provider did not answer in time; it may have gone out. Look at your phone, and try again in a few minutes",
    )
}
