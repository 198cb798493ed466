//! `/filings`: the desk of whoever keeps the register: signed originals to enter, and filings with the
//! late ones first. And the lines about papers on the start page.

use domain::access::Action;
use domain::api;
use domain::filing::{FILING_DAYS_MAX, FilingLimit, FilingLine, Filings};
use domain::message::MessageBox;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Badge, Button, Card, EmptyState, FormField, IconName, List, ListItem, Page, TextInput, Tone, t,
    use_toasts,
};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::message::title_or_none;
use crate::route::Route;
use crate::session::use_me;

/// `/filings`.
#[component]
pub fn FilingsPage() -> impl IntoView {
    let query = Query::new(|| api::FILINGS.into());
    view! {
        <Page title=t(Words::fixed("登记与备案", "Register and filings"))>
            <Loaded query show=move |all| view! { <Parts all query /> }.into_any() />
        </Page>
    }
    .into_any()
}

#[component]
fn Parts(all: Filings, query: Query<Filings>) -> impl IntoView {
    let me = use_me();
    let now = me.with_untracked(|m| m.now);
    let days = all.days;
    let waiting: Vec<AnyView> = all
        .to_register
        .into_iter()
        .map(|row| {
            let (sender, at) = (row.sender, row.approved_at.short(now));
            let (zh, en) = (at.zh, at.en);
            let note = words!("{sender} · {zh} 批准", "{sender} · approved {en}");
            view! {
                <ListItem
                    href=Route::Message(row.message).path()
                    title=t(title_or_none(&row.title))
                    note=t(note)
                    icon=IconName::Shield
                />
            }
            .into_any()
        })
        .collect();
    let (open, received): (Vec<FilingLine>, Vec<FilingLine>) =
        all.filings.into_iter().partition(|line| line.filing.received_at.is_none());
    let (late, in_time): (Vec<FilingLine>, Vec<FilingLine>) =
        open.into_iter().partition(|line| line.filing.is_late(now));
    let is_empty = waiting.is_empty() && late.is_empty() && in_time.is_empty() && received.is_empty();
    let lines = |lines: Vec<FilingLine>| lines.into_iter().map(|l| line(l, now)).collect::<Vec<_>>();
    let nothing = is_empty.then(|| {
        view! {
            <Card>
                <EmptyState
                    icon=IconName::Done
                    title=t(Words::fixed("没有待登记的原件，也没有备案", "Nothing to register, and no filings"))
                />
            </Card>
        }
    });
    view! {
        {nothing}
        {part(Words::fixed("待登记的审批原件", "Signed originals to register"), waiting)}
        {part(words!("超过 {days} 天未登记的备案", "Filings not registered within {days} days"), lines(late))}
        {part(Words::fixed("待登记的备案", "Filings to register"), lines(in_time))}
        {part(Words::fixed("已登记的备案", "Registered filings"), lines(received))}
        {me.with_untracked(|m| m.person.may(Action::StopSending)).then(|| view! { <Limit days query /> })}
    }
    .into_any()
}

fn part(title: Words, rows: Vec<AnyView>) -> Option<AnyView> {
    (!rows.is_empty()).then(|| {
        let label = t(title.clone());
        view! {
            <Card title=t(title) flush=true>
                <List label>{rows}</List>
            </Card>
        }
        .into_any()
    })
}

fn line(line: FilingLine, now: domain::time::Instant) -> AnyView {
    let FilingLine { message, title, sender, filing, is_asked, chased } = line;
    let (number, at) = (filing.number(), filing.at.short(now));
    let (zh, en) = (at.zh, at.en);
    let note = match (&filing.received_by, chased) {
        (Some(by), _) => {
            words!("{number} · {sender} · {by} 登记", "{number} · {sender} · registered by {by}")
        }
        (None, 0) => words!("{number} · {sender} · {zh}", "{number} · {sender} · {en}"),
        (None, n) => {
            words!("{number} · {sender} · {zh} · 已催办 {n} 次", "{number} · {sender} · {en} · chased: {n}")
        }
    };
    let badge = move || {
        if filing.is_late(now) {
            view! { <Badge tone=Tone::Warning label=t(Words::fixed("超期", "Late")) /> }.into_any()
        } else if is_asked {
            view! { <Badge tone=Tone::Info label=t(Words::fixed("待答复", "Unanswered")) /> }.into_any()
        } else {
            ().into_any()
        }
    };
    view! {
        <ListItem
            href=Route::Message(message).path()
            title=t(title_or_none(&title))
            note=t(note)
            icon=IconName::Message
            trailing=badge
        />
    }
    .into_any()
}

/// Within how many days a filing is to be registered.
#[component]
fn Limit(days: u32, query: Query<Filings>) -> impl IntoView {
    let order = Order::new();
    let toasts = use_toasts();
    let value = RwSignal::new(days.to_string());
    let set = move |()| {
        // What is no number is refused in the same words as one that is too large.
        let days = value.with_untracked(|v| v.trim().parse().unwrap_or(0));
        order.send(api::FILING_LIMIT, &FilingLimit { days }, move |all| {
            toasts.done(Words::fixed("期限已更改", "The limit is changed"));
            query.set(all);
        });
    };
    let hint = t(words!(
        "超过期限没有登记的备案排在最前，每天催办一次。1 到 {FILING_DAYS_MAX} 天。",
        "Filings that are not registered by then come first, and are chased once a day. 1 to {FILING_DAYS_MAX} days."
    ));
    view! {
        <Card title=t(Words::fixed("登记期限", "Time limit"))>
            <Problems order />
            <FormField
                label=t(Words::fixed("几天内登记", "Days"))
                hint=Signal::derive(move || Some(hint.get()))
                error=order.field_error("days")
            >
                <TextInput value kind="number" />
            </FormField>
            <Button label=t(Words::fixed("保存", "Save")) busy=order.busy() on_click=set />
        </Card>
    }
    .into_any()
}

/// What papers ask of this person, on the start page.
#[component]
pub fn PaperLines() -> impl IntoView {
    let me = use_me();
    let desk = Memo::new(move |_| me.with(|m| m.desk));
    let mine = format!("/messages?box={}", MessageBox::Mine.key());
    let lines = move || {
        let desk = desk.get();
        let (late, waiting, released, asked) =
            (desk.late, desk.to_receive - desk.late, desk.to_release, desk.asked);
        let filings = Route::Filings.path();
        let chased = desk.chased_at.map(|at| {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            words!("已于 {zh} 催办", "Chased on {en}")
        });
        let all = [
            (
                late,
                words!("{late} 份备案超过期限未登记", "Late filings to register: {late}"),
                chased,
                filings.clone(),
            ),
            (waiting, words!("{waiting} 份备案待登记", "Filings to register: {waiting}"), None, filings),
            (
                released,
                words!("{released} 条通知已登记，等您发出", "Registered, for you to release: {released}"),
                None,
                mine.clone(),
            ),
            (
                asked,
                words!("{asked} 条通知有学生处的询问", "Notices with a question by student affairs: {asked}"),
                None,
                mine.clone(),
            ),
        ];
        let rows: Vec<AnyView> = all
            .into_iter()
            .filter(|(n, ..)| *n > 0)
            .map(|(_, title, note, href)| {
                let note = note.map(t);
                let note = Signal::derive(move || note.map(|note| note.get()));
                view! { <ListItem href title=t(title) note icon=IconName::Shield /> }.into_any()
            })
            .collect();
        part(Words::fixed("登记与备案", "Register and filings"), rows)
    };
    view! { {lines} }.into_any()
}
