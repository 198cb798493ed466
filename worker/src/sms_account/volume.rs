//! What went out lately: this month's SMS and parts, and how the last days
//! went. Counted from the totals that each batch keeps.

use std::collections::BTreeMap;

use domain::delivery::DeliveryState;
use domain::link::TOKEN_CHARS;
use domain::sms::{Template, length};
use domain::sms_account::{DAYS_SHOWN, DayOutcome, MonthVolume};
use domain::time::{DAY, Instant};
use serde::Deserialize;

use crate::args;
use crate::platform::d1::{Rows, Stmt, sql};
use crate::platform::error::AppError;

fn start_of_month(now: Instant) -> Instant {
    let day: i64 = now.date().rsplit('-').next().and_then(|d| d.parse().ok()).unwrap_or(1);
    now.start_of_day().plus(-(day - 1) * DAY)
}

/// From when the page counts.
pub(super) fn since(now: Instant) -> Instant {
    start_of_month(now).min(now.start_of_day().plus(-(DAYS_SHOWN - 1) * DAY))
}

/// Reads, of what was released since then, how many SMS are in which state.
pub(super) fn sql_since(since: Instant) -> Stmt {
    sql(
        "SELECT m.released_at AS at, m.title, m.signature, m.template, m.template_version, t.key AS state, SUM(t.value) AS n
         FROM messages m INDEXED BY messages_released
         CROSS JOIN batches b ON b.message_id = m.id CROSS JOIN json_each(b.totals) t
         WHERE m.released_at IS NOT NULL AND m.released_at >= ?1 GROUP BY m.id, t.key",
        args![since],
    )
}

#[derive(Deserialize)]
struct Row {
    at: Instant,
    title: String,
    signature: String,
    template: String,
    template_version: u32,
    state: DeliveryState,
    n: u64,
}

impl Row {
    /// Into how many parts each of these SMS was split.
    fn parts(&self, links: &str) -> u64 {
        let link = format!("{links}{}", "x".repeat(TOKEN_CHARS));
        let text = Template::find(&self.template, self.template_version)
            .map(|t| t.render(&self.signature, &self.title, &link));
        text.map_or(1, |text| length(&text).parts as u64)
    }
}

/// This month, and the last days, the newest first.
///
/// # Errors
/// Where a row cannot be read.
pub(super) fn read(
    rows: &Rows,
    links: &str,
    now: Instant,
) -> Result<(MonthVolume, Vec<DayOutcome>), AppError> {
    use DeliveryState as S;
    let month_begins = start_of_month(now);
    let mut month = MonthVolume::default();
    let last: Vec<String> = (0..DAYS_SHOWN).map(|ago| now.plus(-ago * DAY).date()).collect();
    let mut days: BTreeMap<String, DayOutcome> =
        last.into_iter().map(|day| (day.clone(), DayOutcome { day, ..DayOutcome::default() })).collect();
    for row in rows.all::<Row>()? {
        let taken = matches!(row.state, S::Accepted | S::Delivered | S::Undelivered | S::NoReceipt);
        let unknown = matches!(row.state, S::Unknown | S::Abandoned);
        if row.at >= month_begins && taken {
            month.sms += row.n;
            month.parts += row.n * row.parts(links);
        } else if row.at >= month_begins && unknown {
            month.unknown += row.n;
        }
        let Some(day) = days.get_mut(&row.at.date()) else { continue };
        let place = match row.state {
            S::Delivered => &mut day.delivered,
            S::Accepted | S::NoReceipt => &mut day.no_word,
            S::Undelivered => &mut day.undelivered,
            S::Rejected => &mut day.rejected,
            S::Unknown | S::Abandoned => &mut day.unknown,
            S::Queued | S::Submitting | S::Skipped => continue,
        };
        *place += row.n;
        day.handed += row.n;
    }
    Ok((month, days.into_values().rev().collect()))
}
