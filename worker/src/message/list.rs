//! Lists of messages, newest first.

use std::collections::BTreeMap;

use domain::access::Person;
use domain::delivery::DeliveryState;
use domain::ids::MessageId;
use domain::message::{MessageBox, MessageState};
use domain::time::Instant;
use serde::Deserialize;

use super::visibility::{VISIBLE, Visibility, WAITS_FOR_ME};
use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::platform::json;

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
    /// State.
    pub state: MessageState,
    /// Drafter's name.
    pub author_name: String,
    /// Changed.
    pub changed_at: Instant,
    /// Scheduled or due.
    pub send_at: Option<Instant>,
    /// Released.
    pub released_at: Option<Instant>,
    /// Totals and confirmations of each batch of its sending.
    #[serde(deserialize_with = "json::column")]
    pub progress: Vec<(BTreeMap<DeliveryState, u32>, u32)>,
    /// Skipped at release.
    pub skipped: u32,
}

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
) -> Result<Vec<SummaryRow>, AppError> {
    let filter = match which {
        MessageBox::Waiting => WAITS_FOR_ME,
        MessageBox::Mine => "m.author_id = ?1",
        MessageBox::All => VISIBLE,
    };
    let values = Visibility::of(person)?.values([before.into()]);
    app.db
        .all(
            format!(
                "SELECT m.id, m.title, m.audience_zh, m.audience_en, m.state, a.name AS author_name, m.changed_at,
                   COALESCE(m.due_at, m.send_at) AS send_at, m.released_at,
                   COALESCE((SELECT json_group_array(json_array(json(b.totals), b.confirmed)) FROM batches b
                     WHERE b.message_id = m.id AND b.round = 0), '[]') AS progress,
                   COALESCE((SELECT r.skipped FROM rounds r WHERE r.message_id = m.id AND r.round = 0), 0) AS skipped
                 FROM messages m JOIN staff a ON a.id = m.author_id
                 WHERE m.id < ?5 AND {filter} ORDER BY m.id DESC LIMIT {PAGE}"
            ),
            &values,
        )
        .await
}
