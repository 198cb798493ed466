//! `/agenda`: what goes out today and this week, day by day.

use domain::api;
use domain::register::AgendaItem;
use domain::time::{DAY, Instant};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{Badge, Card, EmptyState, IconName, Page, t, tw};

use crate::api::Query;
use crate::common::{Loaded, state_tone};
use crate::message::title_or_none;
use crate::route::Route;
use crate::session::use_me;

/// `/agenda`.
#[component]
pub fn AgendaPage() -> impl IntoView {
    let me = use_me();
    let agenda = Query::new(|| api::AGENDA.into());
    let now = move || me.with_untracked(|m| m.now);
    view! {
        <Page title=t(Words::fixed("本周发送安排", "Going out this week"))>
            <Loaded query=agenda lines=8 show=move |items| days(items, now()) />
        </Page>
    }
    .into_any()
}

/// `今天`, `明天`, then the day with its weekday; what has no time yet stands last.
fn day_words(at: Option<Instant>, now: Instant) -> Words {
    const DAYS: [(&str, &str); 7] = [
        ("周四", "Thu"),
        ("周五", "Fri"),
        ("周六", "Sat"),
        ("周日", "Sun"),
        ("周一", "Mon"),
        ("周二", "Tue"),
        ("周三", "Wed"),
    ];
    let Some(at) = at else {
        return Words::fixed("等待审批，批准后即发", "Waiting for approval, then at once");
    };
    let day = at.start_of_day();
    match (day.0 - now.start_of_day().0) / DAY {
        0 => Words::fixed("今天", "Today"),
        1 => Words::fixed("明天", "Tomorrow"),
        _ => {
            // The first of January 1970 was a Thursday; midnight in Shanghai is the evening before in UTC.
            let (zh, en) = DAYS[(day.plus(DAY / 2).0 / DAY).rem_euclid(7) as usize];
            let date = at.words();
            let date_zh = date.zh.split(' ').next().unwrap_or_default().to_owned();
            let date_en = date.en.split(',').next().unwrap_or_default().to_owned();
            words!("{date_zh} {zh}", "{en}, {date_en}")
        }
    }
}

fn days(items: Vec<AgendaItem>, now: Instant) -> AnyView {
    if items.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Clock
                    title=t(Words::fixed("本周没有要发送的通知", "Nothing goes out this week"))
                    note=t(Words::fixed(
                        "今天已发的、定时的和等待审批的通知会列在这里。",
                        "What went out today, is scheduled, or waits for approval appears here.",
                    ))
                />
            </Card>
        }
        .into_any();
    }
    let day = |item: &AgendaItem| item.at.map(Instant::start_of_day);
    items
        .chunk_by(|a, b| day(a) == day(b))
        .map(|of_day| {
            let title = day_words(of_day[0].at, now);
            let phones: u32 = of_day.iter().map(|i| i.phones).sum();
            let n = of_day.len();
            let (n_en, phones_en) = (count(n as u32, "notice", "notices"), count(phones, "phone", "phones"));
            let total = words!("{n} 条，{phones} 部手机", "{n_en}, {phones_en}");
            let rows = of_day.iter().cloned().map(row).collect::<Vec<_>>();
            view! {
                <Card title=t(title) flush=true>
                    <p class="x-small x-muted r-day">{t(total)}</p>
                    <ul class="x-list r-agenda">{rows}</ul>
                </Card>
            }
        })
        .collect::<Vec<_>>()
        .into_any()
}

fn row(item: AgendaItem) -> AnyView {
    let state = item.state;
    let clock = item.at.map(|at| at.date_time().split_off(11)).unwrap_or_else(|| "—".into());
    let audience = {
        let (zh, en, sender) = (item.audience.zh, item.audience.en, item.sender);
        words!("{sender} → {zh}", "{sender} → {en}")
    };
    view! {
        <li>
            <a class="x-item" href=Route::Message(item.id).path()>
                <span class="x-num r-clock">{clock}</span>
                <span class="x-item-words">
                    <span class="x-item-title">{t(title_or_none(&item.title))}</span>
                    <span class="x-item-note">{t(audience)}</span>
                </span>
                <Badge tone=state_tone(state) label=tw(move || state.title()) />
            </a>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_named_as_people_name_them() {
        let at = |text: &str| Instant::from_local(text).expect("a time");
        // A Wednesday.
        let now = at("2026-11-25T09:00");
        let zh = |text: &str| day_words(Some(at(text)), now).zh.into_owned();
        assert_eq!((zh("2026-11-25T23:59").as_str(), zh("2026-11-26T00:00").as_str()), ("今天", "明天"));
        assert_eq!(zh("2026-11-27T07:00"), "11月27日 周五");
        assert_eq!(zh("2026-11-30T00:00"), "11月30日 周一");
        assert_eq!(day_words(Some(at("2026-11-29T23:59")), now).en, "Sun, 29 Nov");
    }
}
