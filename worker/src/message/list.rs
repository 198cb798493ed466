//! Lists of messages, newest first.

use std::collections::BTreeMap;

use domain::access::{Action, Person};
use domain::approval::StepKind;
use domain::delivery::DeliveryState;
use domain::ids::MessageId;
use domain::message::{MessageBox, MessageState};
use domain::time::Instant;
use serde::Deserialize;

use super::children::{self, Named};
use super::rows::{REMINDED, WAITS, totals};
use super::visibility::{TO_REGISTER, Visibility, WAITS_FOR_ME, late_sql, visible_sql, waiting_sql};
use crate::platform::app::App;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::names::name_at;
use crate::roster::scope::Scope;

/// Totals of a batch, and how many of its phones are confirmed.
pub type Counted = (BTreeMap<DeliveryState, u32>, u32);

/// A line of the list.
#[derive(Clone, Debug, Deserialize)]
pub struct SummaryRow {
    /// Id.
    pub id: MessageId,
    /// Title.
    pub title: String,
    /// Audience.
    pub audience_zh: String,
    /// Audience.
    pub audience_en: String,
    /// Children chosen one by one, where the reader may know their names.
    #[serde(deserialize_with = "json::optional_column")]
    pub children: Named,
    /// State.
    pub state: MessageState,
    /// What is asked of the reader.
    pub asked: Option<StepKind>,
    /// Drafter's name.
    pub author_name: String,
    /// Since when its step waits, and in how many hours that should be done.
    #[serde(deserialize_with = "json::optional_column")]
    pub waits: Option<(Instant, Option<i64>)>,
    /// Reminded.
    pub reminded_at: Option<Instant>,
    /// Changed.
    pub changed_at: Instant,
    /// Scheduled or due.
    pub send_at: Option<Instant>,
    /// Released.
    pub released_at: Option<Instant>,
    /// Totals and confirmations of each batch of its sending.
    #[serde(deserialize_with = "progress")]
    pub progress: Vec<Counted>,
    /// Skipped at release.
    pub skipped: u32,
}

/// A list of totals, each as lenient as [`totals`] is.
fn progress<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Counted>, D::Error> {
    let batches: Option<Vec<(serde_json::Value, u32)>> = json::lenient_column(from)?;
    let read = |(counted, confirmed): (serde_json::Value, u32)| {
        let text = serde_json::Value::String(counted.to_string());
        (totals(text).unwrap_or_default(), confirmed)
    };
    Ok(batches.unwrap_or_default().into_iter().map(read).collect())
}

/// A page: lines, and the ids of those whose row cannot be read.
pub type Lines = (Vec<SummaryRow>, Vec<MessageId>);

/// Lines of one page.
pub const PAGE: u32 = 30;

/// Messages of a list, `before` an id.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    app: &App,
    person: &Person,
    which: MessageBox,
    before: MessageId,
) -> Result<Lines, AppError> {
    let filter = match which {
        MessageBox::Waiting => waiting_sql(),
        // A draft that was thrown away and that nobody else ever saw.
        MessageBox::Mine => {
            "m.author_id = ?1 AND (m.state <> 'withdrawn' OR m.submitted_at IS NOT NULL)".into()
        }
        MessageBox::Late => late_sql(),
        MessageBox::All => visible_sql(),
    };
    let roll = Scope::of(person, &[Action::ReadRoster]).args();
    let values = Visibility::of(person)?.values([app.now().into(), before.into()].into_iter().chain(roll));
    let children = children::of_message(7);
    let author = name_at("staff", "a", "m.submitted_at");
    let rows = app
        .db
        .run(vec![sql(
            format!(
                "SELECT m.id, m.title, m.audience_zh, m.audience_en, {children} AS children, m.state, {author} AS author_name, m.changed_at,
                   COALESCE((SELECT s.kind FROM deciding_steps s WHERE {WAITS_FOR_ME} AND s.message_id = m.id AND s.version = m.version
                      AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = s.message_id AND d.version = s.version AND d.position = s.position)
                    ORDER BY s.position LIMIT 1), CASE WHEN {TO_REGISTER} THEN 'register' END) AS asked,
                   {WAITS} AS waits, {REMINDED} AS reminded_at, CASE WHEN m.send_at IS NOT NULL OR m.due_at > m.approved_at THEN COALESCE(m.due_at, m.send_at) END AS send_at,
                   m.released_at,
                   COALESCE((SELECT json_group_array(json_array(json(b.totals), b.confirmed)) FROM batches b
                     WHERE b.message_id = m.id AND b.round = 0), '[]') AS progress,
                   COALESCE((SELECT r.skipped FROM rounds r WHERE r.message_id = m.id AND r.round = 0), 0) AS skipped
                 FROM messages m JOIN staff a ON a.id = m.author_id
                 WHERE m.id < ?6 AND {filter} ORDER BY m.id DESC LIMIT {PAGE}"
            ),
            &values,
        )])
        .await?;
    let (mut lines, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows.at(0)?.each::<SummaryRow>() {
        match row {
            Ok(line) => lines.push(line),
            // D1 and JSON may give a whole number as a floating one.
            Err(row) => unreadable.extend(row["id"].as_f64().map(|id| MessageId(id as i64))),
        }
    }
    Ok((lines, unreadable))
}
