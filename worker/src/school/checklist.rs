//! What is lacking before SMS reach anybody, counted for the office.

use domain::checklist::{CheckLine, CheckPoint, Checklist, SEAL_PATIENCE};
use domain::roster::OWN_NUMBER;
use domain::sms::LINK_TEMPLATE;
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::delivery::provider;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};

/// Administrators that a school has at least.
const ADMINISTRATORS: u32 = 2;
/// Dead letters are counted up to here.
const LETTERS_MAX: u32 = 1_000;

#[derive(Deserialize)]
struct Counts {
    administrators: u32,
    posts: u32,
    custodians: u32,
    accounts: u32,
    children: u32,
    staff_numbers: u32,
    unsealed: u32,
    set_apart: u32,
    sms_signature: u32,
    sms_template: u32,
    sms_trial: u32,
}

/// Who holds a post at ?1.
const HOLDS: &str = "appointments a JOIN staff t ON t.id = a.staff_id
    WHERE a.since <= ?1 AND (a.until IS NULL OR a.until > ?1) AND t.left_at IS NULL";

fn counts() -> String {
    format!(
        "SELECT
           (SELECT COUNT(DISTINCT a.staff_id) FROM {HOLDS} AND a.post = 'administrator' AND t.password IS NOT NULL) AS administrators,
           (SELECT COUNT(*) FROM (SELECT 'principal' AS post, 0 AS university UNION ALL SELECT 'office_director', 0
                UNION ALL SELECT 'leader_in_charge', 1 UNION ALL SELECT 'student_affairs_head', 1) p
              WHERE p.university = EXISTS (SELECT 1 FROM units s WHERE s.kind = 'student_affairs' AND s.closed_at IS NULL)
                AND NOT EXISTS (SELECT 1 FROM {HOLDS} AND a.post = p.post))
           + (SELECT COUNT(*) FROM units u CROSS JOIN (SELECT 'dean' AS post UNION ALL SELECT 'college_leader') p
              WHERE u.kind = 'college' AND u.closed_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM {HOLDS} AND a.post = p.post AND a.unit_id = u.id))
           + (SELECT COUNT(*) FROM units_with_account w JOIN units u ON u.id = w.unit_id WHERE u.kind = 'grade'
              AND NOT EXISTS (SELECT 1 FROM {HOLDS} AND a.post = 'grade_head' AND a.unit_id = u.id)) AS posts,
           (SELECT COUNT(*) FROM units_with_account u
              WHERE NOT EXISTS (SELECT 1 FROM custodians c WHERE c.unit_id = u.unit_id AND c.since <= ?1)) AS custodians,
           (SELECT COUNT(*) FROM staff t WHERE t.left_at IS NULL AND t.password IS NULL) AS accounts,
           (SELECT COUNT(*) FROM students s WHERE s.left_at IS NULL AND NOT EXISTS (
              SELECT 1 FROM guardians g JOIN phones p ON p.id = g.phone_id WHERE g.student_id = s.id AND g.left_at IS NULL
                AND g.relation <> '{OWN_NUMBER}' AND p.revoked_at IS NULL AND p.contact_state NOT IN ('invalid', 'opted_out'))) AS children,
           (SELECT COUNT(*) FROM staff t WHERE t.left_at IS NULL AND t.phone_id IS NULL) AS staff_numbers,
           (SELECT COUNT(*) FROM audit e WHERE e.seq > COALESCE((SELECT MAX(seq) FROM audit_seals), 0) AND e.at < ?2) AS unsealed,
           (SELECT COUNT(*) FROM batches b INDEXED BY batches_apart WHERE b.set_apart_at IS NOT NULL AND b.state <> 'settled') AS set_apart,
           (SELECT COUNT(*) FROM sms_account_in_force a WHERE a.signature_state <> 'approved') AS sms_signature,
           (SELECT COUNT(*) FROM sms_account_in_force a WHERE NOT EXISTS (SELECT 1 FROM json_each(a.templates) x
              WHERE x.value ->> 'name' = '{}' AND x.value ->> 'version' = {} AND x.value ->> 'state' = 'approved')) AS sms_template,
           (SELECT COUNT(*) FROM sms_account_in_force a WHERE a.trial = 1) AS sms_trial",
        LINK_TEMPLATE.name, LINK_TEMPLATE.version
    )
}

#[derive(Deserialize)]
struct Letters {
    n: u32,
}

#[derive(Deserialize)]
struct Sealed {
    sealed_at: Instant,
}

/// `GET /api/school/checklist`.
///
/// # Errors
/// Where the database fails.
pub async fn checklist(call: Signed) -> Result<Reply<Checklist>, AppError> {
    let app = &call.app;
    let now = app.now();
    let rows = app
        .db
        .run(vec![
            sql(counts(), args![now, now.plus(-SEAL_PATIENCE)]),
            sql(format!("SELECT COUNT(*) AS n FROM (SELECT 1 FROM dead_letters LIMIT {LETTERS_MAX})"), &[]),
            sql("SELECT sealed_at FROM audit_seals ORDER BY seq DESC LIMIT 1", &[]),
        ])
        .await?;
    provider::prepare(app).await;
    let counts: Counts = rows.at(0)?.one()?;
    let missing = |is_there: bool| u32::from(!is_there);
    let lacking = |point: CheckPoint| match point {
        CheckPoint::Origin => missing(app.links_are_safe()),
        CheckPoint::Provider => missing(provider::of(app).is_ok()),
        CheckPoint::SmsSignature => counts.sms_signature,
        CheckPoint::SmsTemplate => counts.sms_template,
        CheckPoint::SmsTrial => counts.sms_trial,
        CheckPoint::Secrets => missing(app.keys().is_ok()),
        CheckPoint::Administrators => ADMINISTRATORS.saturating_sub(counts.administrators),
        CheckPoint::Posts => counts.posts,
        CheckPoint::Custodians => counts.custodians,
        CheckPoint::Accounts => counts.accounts,
        CheckPoint::Children => counts.children,
        CheckPoint::StaffNumbers => counts.staff_numbers,
        CheckPoint::AuditHead => counts.unsealed,
        CheckPoint::SetApart => counts.set_apart,
        CheckPoint::DeadLetters => rows.get(1).and_then(|r| r.first::<Letters>().ok()?).map_or(0, |l| l.n),
    };
    let lines = CheckPoint::ALL.map(|point| CheckLine { point, lacking: lacking(point) }).to_vec();
    let sealed_at = rows.at(2)?.first::<Sealed>()?.map(|s| s.sealed_at);
    Reply::json(200, &Checklist { lines, sealed_at })
}
