//! Days of the week that do not fit their dates: 11月25日星期五, 本周五（28日）.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::finding::{Findings, Severity};
use super::text::Text;
use crate::time::Instant;
use crate::words;

/// A date without a year that lies longer ago may mean the one to come.
const PAST: i64 = 60;
/// A day without a month is near: so many days ago at most, so many ahead.
const NEAR: (u64, u64) = (7, 21);

const NAMES: [(&str, &str); 7] = [
    ("星期一", "Monday"),
    ("星期二", "Tuesday"),
    ("星期三", "Wednesday"),
    ("星期四", "Thursday"),
    ("星期五", "Friday"),
    ("星期六", "Saturday"),
    ("星期日", "Sunday"),
];

fn name(day: Weekday) -> (&'static str, &'static str) {
    NAMES[day.num_days_from_monday() as usize % NAMES.len()]
}

/// Runs the check; a date without its year is one near `now`.
pub(super) fn check(text: &Text, now: Instant, found: &mut Findings) {
    let Ok(today) = NaiveDate::parse_from_str(&now.date(), "%Y-%m-%d") else { return };
    let mut at = 0;
    while at < text.folded.len() {
        let end = date_and_day(text, at, today, found).or_else(|| day_and_date(text, at, today, found));
        at = end.unwrap_or(at + 1);
    }
}

/// A number of at most `most` digits; where it ends.
fn number(text: &Text, at: usize, most: usize) -> Option<(u32, usize)> {
    let digits: String =
        text.folded.get(at..)?.iter().take(most + 1).take_while(|c| c.is_ascii_digit()).collect();
    let fits = !digits.is_empty() && digits.len() <= most;
    fits.then(|| digits.parse().ok().map(|n| (n, at + digits.len()))).flatten()
}

fn sign(text: &Text, at: usize, signs: &[char]) -> Option<usize> {
    text.folded.get(at).filter(|c| signs.contains(c)).map(|_| at + 1)
}

/// Spaces and an opening bracket between a date and its day.
fn gap(text: &Text, mut at: usize) -> usize {
    while text.folded.get(at).is_some_and(|c| matches!(c, ' ' | '(' | '（' | ',' | '，')) {
        at += 1;
    }
    at
}

/// 星期五, 周五, 礼拜五; where it ends.
fn weekday(text: &Text, at: usize) -> Option<(Weekday, usize)> {
    let behind =
        ["星期", "礼拜", "周"].iter().find(|word| text.at(at, word)).map(|w| at + w.chars().count())?;
    let day = match text.folded.get(behind)? {
        '一' => Weekday::Mon,
        '二' => Weekday::Tue,
        '三' => Weekday::Wed,
        '四' => Weekday::Thu,
        '五' => Weekday::Fri,
        '六' => Weekday::Sat,
        '日' | '天' => Weekday::Sun,
        _ => return None,
    };
    Some((day, behind + 1))
}

/// (2026年)?11月25日; year, month, day, where it ends.
fn date(text: &Text, at: usize) -> Option<(Option<i32>, u32, u32, usize)> {
    let is_inside = at.checked_sub(1).and_then(|p| text.folded.get(p)).is_some_and(char::is_ascii_digit);
    if is_inside {
        return None;
    }
    let with_year = number(text, at, 4).and_then(|(year, end)| Some((year, sign(text, end, &['年'])?)));
    let (year, at) = with_year.map_or((None, at), |(year, end)| (i32::try_from(year).ok(), end));
    let (month, end) = number(text, at, 2)?;
    let (day, end) = number(text, sign(text, end, &['月'])?, 2)?;
    Some((year, month, day, sign(text, end, &['日', '号'])?))
}

/// The days that a date can mean.
fn meant(year: Option<i32>, month: u32, day: u32, today: NaiveDate) -> Vec<NaiveDate> {
    let of = |year| NaiveDate::from_ymd_opt(year, month, day);
    if let Some(year) = year {
        return of(year).into_iter().collect();
    }
    let away = |date: &NaiveDate| (*date - today).num_days();
    let this: Option<NaiveDate> = of(today.year());
    match this {
        Some(date) if away(&date) < -PAST => {
            [Some(date), of(today.year() + 1)].into_iter().flatten().collect()
        }
        // In January, December is the one that was.
        Some(date) if away(&date) > 365 - PAST => {
            [Some(date), of(today.year() - 1)].into_iter().flatten().collect()
        }
        other => other.into_iter().collect(),
    }
}

fn tell(place: (usize, usize), date: NaiveDate, said: Weekday, found: &mut Findings) {
    let ((is_zh, is_en), (said_zh, said_en)) = (name(date.weekday()), name(said));
    let (year, month, day) = (date.year(), date.month(), date.day());
    found.add(
        ("weekday", Severity::Explain),
        place,
        words!(
            "{year}年{month}月{day}日是{is_zh}，不是{said_zh}。请核对日期和星期；如无误，请说明",
            "{year}-{month:02}-{day:02} is a {is_en}, not a {said_en}. Check both; if they are right, say why"
        ),
        None,
    );
}

/// 11月25日（星期五）.
fn date_and_day(text: &Text, at: usize, today: NaiveDate, found: &mut Findings) -> Option<usize> {
    let (year, month, day, end) = date(text, at)?;
    let (said, end) = weekday(text, gap(text, end))?;
    let meant = meant(year, month, day, today);
    if let Some(first) = meant.first().filter(|_| meant.iter().all(|date| date.weekday() != said)) {
        tell((at, end - at), *first, said, found);
    }
    Some(end)
}

/// 本周五（27日）, 星期五（11月27日）.
fn day_and_date(text: &Text, at: usize, today: NaiveDate, found: &mut Findings) -> Option<usize> {
    let (said, end) = weekday(text, at)?;
    let open = sign(text, end, &['(', '（'])?;
    let (meant, end) = match date(text, open) {
        Some((year, month, day, end)) => (meant(year, month, day, today), end),
        None => {
            let (day, end) = number(text, open, 2)?;
            let end = sign(text, end, &['日', '号'])?;
            let first = today.checked_sub_days(Days::new(NEAR.0))?;
            let near = first.iter_days().take((NEAR.0 + NEAR.1) as usize + 1);
            (near.filter(|date| date.day() == day).collect(), end)
        }
    };
    if let Some(first) = meant.first().filter(|_| meant.iter().all(|date| date.weekday() != said)) {
        tell((at, end - at), *first, said, found);
    }
    Some(end)
}
