//! Instants are UTC milliseconds; people live in Asia/Shanghai (I12).
//!
//! China has had one zone and no daylight saving since 1991, so a fixed
//! offset of eight hours is exact for every instant this product can meet.

use chrono::{DateTime, Datelike, FixedOffset, TimeZone, Timelike, Utc};
use serde::{Deserialize, Serialize};

use crate::words::{Lang, Words};

/// A second in milliseconds.
pub const SECOND: i64 = 1_000;
/// A minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day in milliseconds.
pub const DAY: i64 = 24 * HOUR;
/// Asia/Shanghai's distance from UTC in milliseconds.
const SHANGHAI: i64 = 8 * HOUR;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// The last one that a JavaScript `Date` can hold; numbers beyond 2^53 would not read back.
    pub const MAX: Self = Self(8_640_000_000_000_000);

    /// The instant `ms` milliseconds later (earlier where negative).
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    fn shanghai(self) -> DateTime<FixedOffset> {
        // The fall-back is unreachable for instants a JavaScript Date can hold.
        let utc = Utc.timestamp_millis_opt(self.0).single().unwrap_or_default();
        match FixedOffset::east_opt(8 * 3600) {
            Some(zone) => utc.with_timezone(&zone),
            None => utc.fixed_offset(),
        }
    }

    /// Minutes since midnight in Shanghai, 0 to 1439.
    pub fn minute_of_day(self) -> u16 {
        (self.0 + SHANGHAI).rem_euclid(DAY).div_euclid(MINUTE) as u16
    }

    /// Midnight in Shanghai at the start of this instant's day.
    pub fn start_of_day(self) -> Self {
        Self((self.0 + SHANGHAI).div_euclid(DAY) * DAY - SHANGHAI)
    }

    /// The year in Shanghai, by which registers count.
    pub fn year(self) -> u32 {
        self.shanghai().year().unsigned_abs()
    }

    /// Midnight in Shanghai at the start of this instant's year.
    pub fn start_of_year(self) -> Self {
        let days = i64::from(self.shanghai().ordinal0());
        Self(self.start_of_day().0 - days * DAY)
    }

    /// The day in Shanghai, counted from 1970.
    pub fn day(self) -> i64 {
        (self.0 + SHANGHAI).div_euclid(DAY)
    }

    /// `2026-09-01` in Shanghai.
    pub fn date(self) -> String {
        let t = self.shanghai();
        format!("{:04}-{:02}-{:02}", t.year(), t.month(), t.day())
    }

    /// `2026-08-31T23:30:00Z`, in UTC.
    pub fn rfc3339(self) -> String {
        let utc = Utc.timestamp_millis_opt(self.0).single().unwrap_or_default();
        let (h, m, s) = (utc.hour(), utc.minute(), utc.second());
        format!("{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}Z", utc.year(), utc.month(), utc.day())
    }

    /// `2026-09-01 07:30` in Shanghai.
    pub fn date_time(self) -> String {
        let t = self.shanghai();
        format!("{} {:02}:{:02}", self.date(), t.hour(), t.minute())
    }

    /// As a school writes it: `9月1日 07:30`, `1 Sep, 07:30`.
    pub fn words(self) -> Words {
        let t = self.shanghai();
        let (month, day, hour, minute) = (t.month(), t.day(), t.hour(), t.minute());
        let name = MONTHS[t.month0() as usize % 12];
        crate::words!("{month}月{day}日 {hour:02}:{minute:02}", "{day} {name}, {hour:02}:{minute:02}")
    }

    /// Short enough for a line of a list, seen at `now`: `今天 18:05`, `昨天 18:05`, `周三 18:05`
    /// within the last six days, `11月3日` within the year, else with the year.
    pub fn short(self, now: Self) -> Words {
        const DAYS: [(&str, &str); 7] = [
            ("周一", "Mon"),
            ("周二", "Tue"),
            ("周三", "Wed"),
            ("周四", "Thu"),
            ("周五", "Fri"),
            ("周六", "Sat"),
            ("周日", "Sun"),
        ];
        let t = self.shanghai();
        let (year, month, day, hour, minute) = (t.year(), t.month(), t.day(), t.hour(), t.minute());
        let name = MONTHS[t.month0() as usize % 12];
        match (now.start_of_day().0 - self.start_of_day().0) / DAY {
            0 => crate::words!("今天 {hour:02}:{minute:02}", "Today {hour:02}:{minute:02}"),
            1 => crate::words!("昨天 {hour:02}:{minute:02}", "Yesterday {hour:02}:{minute:02}"),
            -1 => crate::words!("明天 {hour:02}:{minute:02}", "Tomorrow {hour:02}:{minute:02}"),
            2..=6 => {
                let (zh, en) = DAYS[t.weekday().num_days_from_monday() as usize % 7];
                crate::words!("{zh} {hour:02}:{minute:02}", "{en} {hour:02}:{minute:02}")
            }
            _ if now.shanghai().year() == year => crate::words!("{month}月{day}日", "{day} {name}"),
            _ => crate::words!("{year}年{month}月{day}日", "{day} {name} {year}"),
        }
    }

    /// [`Instant::words`] in one language.
    pub fn show(self, lang: Lang) -> String {
        self.words().get(lang).to_owned()
    }

    /// Reads `2026-09-01T07:30` (a browser's `datetime-local`) as Shanghai time.
    pub fn from_local(text: &str) -> Option<Self> {
        let t = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
        Some(Self(t.and_utc().timestamp_millis() - SHANGHAI))
    }

    /// `2026-09-01T07:30` in Shanghai, for `datetime-local`.
    pub fn to_local(self) -> String {
        self.date_time().replace(' ', "T")
    }
}

/// The hours in which parents and teachers may be disturbed (G14, G34), in
/// minutes since midnight in Shanghai; `from` inclusive, `to` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendingWindow {
    /// First minute.
    pub from: u16,
    /// First minute after it; 1440 is midnight.
    pub to: u16,
}

impl SendingWindow {
    /// The product's default for a school: 07:00 to 21:00.
    pub const DEFAULT: Self = Self { from: 7 * 60, to: 21 * 60 };

    /// Whether it is open day and night.
    pub fn is_always(self) -> bool {
        self.from == 0 && self.to >= 24 * 60
    }

    /// `07:00–21:00`, or that there is no hour at which nothing goes out.
    pub fn words(self) -> Words {
        if self.is_always() {
            return Words::fixed("全天", "All day");
        }
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Words::name(format!("{}–{}", clock(self.from), clock(self.to)))
    }

    /// The first instant, `at` or later, that lies in the window.
    pub fn next_open(self, at: Instant) -> Instant {
        let minute = at.minute_of_day();
        if self.from <= minute && minute < self.to {
            at
        } else if minute < self.from {
            at.start_of_day().plus(i64::from(self.from) * MINUTE)
        } else {
            at.start_of_day().plus(DAY + i64::from(self.from) * MINUTE)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shanghai_is_eight_hours_ahead() {
        let t = Instant::from_local("2026-09-01T00:30").expect("a time");
        assert_eq!(t.0, 1_788_193_800_000);
        assert_eq!(t.date_time(), "2026-09-01 00:30");
        assert_eq!(t.words().get(Lang::Zh), "9月1日 00:30");
        assert_eq!(t.to_local(), "2026-09-01T00:30");
        assert_eq!(Instant::from_local("tomorrow"), None);
    }

    #[test]
    fn dates_in_lists_fit_one_line() {
        // A Wednesday.
        let now = Instant::from_local("2026-09-02T08:00").expect("a time");
        for (at, zh, en) in [
            ("2026-09-02T07:30", "今天 07:30", "Today 07:30"),
            ("2026-09-02T23:59", "今天 23:59", "Today 23:59"),
            ("2026-09-03T07:30", "明天 07:30", "Tomorrow 07:30"),
            ("2026-09-01T23:59", "昨天 23:59", "Yesterday 23:59"),
            ("2026-08-31T00:00", "周一 00:00", "Mon 00:00"),
            ("2026-08-27T18:05", "周四 18:05", "Thu 18:05"),
            ("2026-08-26T18:05", "8月26日", "26 Aug"),
            ("2026-09-05T18:05", "9月5日", "5 Sep"),
            ("2025-12-31T18:05", "2025年12月31日", "31 Dec 2025"),
        ] {
            let words = Instant::from_local(at).expect("a time").short(now);
            assert_eq!((words.get(Lang::Zh), words.get(Lang::En)), (zh, en), "{at}");
        }
    }

    #[test]
    fn a_window_without_an_end_is_no_window() {
        assert_eq!(SendingWindow::DEFAULT.words().get(Lang::Zh), "07:00–21:00");
        assert_eq!(SendingWindow { from: 0, to: 1440 }.words().get(Lang::Zh), "全天");
        assert!(!SendingWindow { from: 0, to: 1439 }.is_always());
    }

    proptest! {
        #[test]
        fn the_next_opening_is_in_the_window_and_within_a_day(
            at in 0i64..4_102_444_800_000, from in 0u16..1439, len in 1u16..1440,
        ) {
            let window = SendingWindow { from, to: (from + len).min(1440) };
            let open = window.next_open(Instant(at));
            prop_assert!(open.0 >= at && open.0 - at <= DAY);
            let minute = open.minute_of_day();
            prop_assert!(window.from <= minute && minute < window.to);
        }
    }
}
