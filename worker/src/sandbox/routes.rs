//! `/sandbox`: the demo's phones, for eyes; `/sandbox/api`, for tests. Both
//! are 404 in a real deployment.

use domain::sandbox::Magic;
use domain::time::Instant;
use domain::words::{Lang, Words};
use parent::{SandboxList, SandboxPhone, SandboxSms};
use serde::{Deserialize, Serialize};

use crate::args;
use crate::delivery::provider::sandbox as network;
use crate::platform::d1;
use crate::platform::error::AppError;
use crate::platform::http::{Call, Reply};

/// Phones on one page.
const PAGE: u32 = 30;
/// SMS in one answer of `/sandbox/api/messages`.
const MESSAGES_MAX: i64 = 5_000;

#[derive(Deserialize)]
struct PhoneRow {
    phone: String,
    last_text: String,
    last_at: Instant,
    count: u32,
    total: u32,
}

#[derive(Deserialize)]
struct SmsRow {
    text: String,
    at: Instant,
    outcome: String,
    told_at: Option<Instant>,
}

fn endings() -> Vec<(String, Words)> {
    Magic::ALL.iter().map(|m| (m.ending().to_owned(), m.words())).collect()
}

/// `GET /sandbox?q=&page=&phone=&live=1`.
///
/// # Errors
/// Outside the demo.
pub async fn phones(call: Call) -> Result<Reply, AppError> {
    let db = network::db(&call.app)?;
    let lang = match call.query("lang").as_deref() {
        Some("en") => Lang::En,
        Some("zh") => Lang::Zh,
        _ => call.lang,
    };
    let digits = |name: &str| -> String {
        call.query(name)
            .map(|v| v.chars().filter(char::is_ascii_digit).take(11).collect())
            .unwrap_or_default()
    };
    let query = digits("q");
    let page: u32 = call.query("page").and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, 100_000);
    let rows: Vec<PhoneRow> = db
        .all(
            "SELECT s.phone, s.text AS last_text, s.at AS last_at, g.count, COUNT(*) OVER () AS total
             FROM (SELECT phone, MAX(id) AS id, COUNT(*) AS count FROM sms WHERE ?1 = '' OR instr(phone, ?1) > 0 GROUP BY phone) g
             JOIN sms s ON s.id = g.id ORDER BY g.id DESC LIMIT ?2 OFFSET ?3",
            args![query.as_str(), PAGE, (page - 1) * PAGE],
        )
        .await?;
    let total = rows.first().map_or(0, |r| r.total);
    let list = SandboxList {
        phones: rows
            .into_iter()
            .map(|r| SandboxPhone {
                phone: r.phone,
                last_text: r.last_text,
                last_at: r.last_at,
                count: r.count,
            })
            .collect(),
        query,
        live: call.query("live").is_some_and(|l| l == "1"),
        page,
        pages: total.div_ceil(PAGE).max(1),
        total,
    };
    let phone = digits("phone");
    let html = if phone.is_empty() {
        parent::sandbox_phones(&list, &endings(), lang)
    } else {
        let sms: Vec<SmsRow> = db
            .all(
                "SELECT text, at, outcome, told_at FROM sms WHERE phone = ?1 ORDER BY id DESC LIMIT 100",
                args![phone.as_str()],
            )
            .await?;
        let thread: Vec<SandboxSms> = sms
            .into_iter()
            .rev()
            .map(|s| SandboxSms { text: s.text, at: s.at, receipt: receipt(&s.outcome, s.told_at.is_some()) })
            .collect();
        parent::sandbox_thread(&list, &phone, &thread, &endings(), lang)
    };
    let csp = format!(
        "default-src 'none'; style-src {}; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        parent::sandbox_style_hash()
    );
    Ok(Reply::html(200, html).header("Content-Security-Policy", csp))
}

fn receipt(outcome: &str, told: bool) -> Words {
    match (outcome, told) {
        ("delivered", true) => Words::fixed("已报告送达", "Reported delivered"),
        ("undelivered", true) => Words::fixed("已报告未送达", "Reported undelivered"),
        ("never", _) => Words::fixed("不会有回执", "No receipt will come"),
        _ => Words::fixed("回执待发", "Receipt still to come"),
    }
}

#[derive(Serialize, Deserialize)]
struct Message {
    id: i64,
    phone: String,
    text: String,
    at: Instant,
    reference: String,
}

/// `GET /sandbox/api/messages?after=<id>&limit=`.
///
/// # Errors
/// Outside the demo.
pub async fn messages(call: Call) -> Result<Reply, AppError> {
    let db = network::db(&call.app)?;
    let number = |name: &str| call.query(name).and_then(|v| v.parse::<i64>().ok());
    let after = number("after").unwrap_or(0);
    let limit = number("limit").unwrap_or(MESSAGES_MAX).clamp(1, MESSAGES_MAX);
    let messages: Vec<Message> = db
        .all(
            "SELECT id, phone, text, at, reference FROM sms WHERE id > ?1 ORDER BY id LIMIT ?2",
            args![after, limit],
        )
        .await?;
    let next = messages.last().map_or(after, |m| m.id);
    Ok(Reply::json(200, &serde_json::json!({ "messages": messages, "next": next }))?.untyped())
}

/// `GET /sandbox/api/usage`.
///
/// # Errors
/// Outside the demo.
pub async fn usage(call: Call) -> Result<Reply, AppError> {
    network::db(&call.app)?;
    Ok(Reply::json(200, &d1::usage(false))?.untyped())
}

/// `DELETE /sandbox/api/usage`.
///
/// # Errors
/// Outside the demo.
pub async fn reset_usage(call: Call) -> Result<Reply, AppError> {
    network::db(&call.app)?;
    Ok(Reply::json(200, &d1::usage(true))?.untyped())
}
