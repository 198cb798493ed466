//! `/messages`: what waits for me, what I wrote, what I may see.

use std::time::Duration;

use domain::access::Action;
use domain::api::{self, Address};
use domain::ids::MessageId;
use domain::message::{MessageBox, MessageList, MessageSummary};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Button, ButtonKind, ButtonLink, CheckOption, EmptyState, ErrorState, IconName, Page, Segmented, t,
    use_lang,
};

use super::common::every;
use super::row::MessageRow;
use crate::api::{Order, Query, use_api};
use crate::common::Loaded;
use crate::menu;
use crate::route::{Route, use_router};
use crate::session::use_me;

const WAITING: &str = MessageBox::Waiting.key();
const MINE: &str = MessageBox::Mine.key();
const LATE: &str = MessageBox::Late.key();
const ALL: &str = MessageBox::All.key();

/// Where the messages of a box are read.
fn messages_of(which: &str) -> Address<(), MessageList> {
    api::MESSAGES.with(api::BOX, MessageBox::from_key(which).unwrap_or(MessageBox::Mine))
}

/// `/messages?box=waiting|mine|late|all`.
#[component]
pub fn MessageListPage() -> impl IntoView {
    let (me, router, lang) = (use_me(), use_router(), use_lang());
    let writes = move || me.with(menu::writes);
    let fallback = move || {
        me.with_untracked(|m| match () {
            () if m.to_do() > 0 => WAITING,
            () if menu::writes(m) => MINE,
            () => ALL,
        })
    };
    let in_address = move || router.query("box").filter(|b| [WAITING, MINE, LATE, ALL].contains(&b.as_str()));
    let chosen = RwSignal::new(untrack(in_address).unwrap_or_else(|| fallback().to_owned()));
    // The address follows the choice, so that «back» returns to it; and a link
    // to another box of this page changes the choice.
    Effect::new(move |_| {
        if let Some(wanted) = in_address()
            && chosen.with_untracked(|c| *c != wanted)
        {
            chosen.set(wanted);
        }
    });
    Effect::new(move |first: Option<()>| {
        let wanted = chosen.get();
        if first.is_some() && untrack(in_address).as_deref() != Some(wanted.as_str()) {
            router.replace(&format!("/messages?box={wanted}"));
        }
    });

    let boxes = Signal::derive(move || {
        let lang = lang.get();
        let (waiting, reads_all) = me.with(|m| (m.to_do(), m.person.may(Action::ReadMessages)));
        let count = if waiting > 0 { waiting.to_string() } else { String::new() };
        let entry = |key, words: Words| CheckOption::new(key, words.get(lang));
        let mut entries = vec![entry(WAITING, Words::fixed("待我办理", "Waiting for me")).note(count)];
        if writes() {
            entries.push(entry(MINE, Words::fixed("我写的", "Written by me")));
        }
        // What is late with somebody else is a box of its own while there is some, or while it is looked at.
        let late = me.with(|m| m.late);
        if late > 0 || chosen.get() == LATE {
            let count = if late > 0 { late.to_string() } else { String::new() };
            entries.push(entry(LATE, Words::fixed("他人超期", "Late with others")).note(count));
        }
        if reads_all {
            entries.push(entry(ALL, Words::fixed("全部", "All")));
        }
        entries
    });

    let first = Query::new(move || messages_of(&chosen.get()));
    // Looks for news without building the list anew where there are none, and
    // not under someone who has gone on to older ones.
    let paged = RwSignal::new(false);
    let api = use_api();
    every(Duration::from_secs(15), move || {
        let Some(before) = untrack(|| first.value()).filter(|_| !paged.get_untracked()) else { return };
        let which = chosen.get_untracked();
        spawn_local(async move {
            let news = api.get(messages_of(&which)).await;
            let is_same_box = chosen.try_get_untracked() == Some(which);
            if let Ok(news) = news.map_err(drop)
                && is_same_box
                && news != before
            {
                first.set(news);
            }
        });
    });
    let write = move || {
        writes().then(|| {
            view! {
                <ButtonLink
                    href=Route::Compose.path()
                    label=t(Words::fixed("写通知", "Write"))
                    icon=IconName::Write
                    kind=ButtonKind::Primary
                />
            }
        })
    };
    view! {
        <Page title=t(Words::fixed("通知", "Notices")) actions=write>
            <Segmented
                label=t(Words::fixed("看哪些通知", "Which notices"))
                options=boxes
                value=chosen
            />
            <Loaded
                query=first
                lines=8
                show=move |list| {
                    let which = chosen.get_untracked();
                    if list.messages.is_empty() && list.unreadable.is_empty() {
                        empty(&which, untrack(writes))
                    } else {
                        view! { <Rows which list paged /> }.into_any()
                    }
                }
            />
        </Page>
    }
    .into_any()
}

fn empty(which: &str, writes: bool) -> AnyView {
    let (icon, title, note) = match which {
        WAITING => (
            IconName::Done,
            Words::fixed("没有等您办理的通知", "Nothing waits for you"),
            Words::fixed(
                "要您审批的，或者退回给您修改的，会出现在这里，首页也会提醒您。",
                "What you have to decide on, or to correct after it was returned, appears here and on the home page.",
            ),
        ),
        MINE => (
            IconName::Write,
            Words::fixed("您还没有写过通知", "You have not written a notice yet"),
            Words::fixed(
                "写好后提交报批，审批通过才会发给家长；没写完可以先存草稿。",
                "Write one and submit it: it goes out once it is approved. You can save it as a draft meanwhile.",
            ),
        ),
        LATE => (
            IconName::Done,
            Words::fixed("没有超过期限的", "Nothing is late"),
            Words::fixed(
                "一步超过审批流程里的期限还没有办，而您是下一位时，会出现在这里，请您过问；到期不会自动通过。",
                "What somebody has not done within the time that the procedure gives appears here when you are the next in line: please ask. Nothing is approved by the clock.",
            ),
        ),
        _ => (
            IconName::Message,
            Words::fixed("还没有通知", "No notices yet"),
            Words::fixed("老师们提交的通知会出现在这里。", "Notices that teachers submit appear here."),
        ),
    };
    let write = (writes && which != WAITING && which != LATE).then(|| {
        view! {
            <ButtonLink
                href=Route::Compose.path()
                label=t(Words::fixed("写第一条通知", "Write a notice"))
                icon=IconName::Write
            />
        }
    });
    view! {
        <div class="x-card">
            <EmptyState icon title=t(title) note=tw_some(note)>
                {write}
            </EmptyState>
        </div>
    }
    .into_any()
}

fn tw_some(words: Words) -> Signal<Option<String>> {
    let words = t(words);
    Signal::derive(move || Some(words.get()))
}

/// The rows of a box, with older ones on demand.
#[component]
fn Rows(which: String, list: MessageList, paged: RwSignal<bool>) -> impl IntoView {
    paged.set(false);
    let which_is = MessageBox::from_key(&which);
    let next = RwSignal::new(list.next);
    let older = RwSignal::new(Vec::<MessageSummary>::new());
    let order = Order::new();
    let (busy, problem) = (order.busy(), order.problem());
    let load = move |before: MessageId| {
        paged.set(true);
        order.read(messages_of(&which).with(api::BEFORE, before), move |more| {
            let _ = next.try_set(more.next);
            let _ = older.try_update(|o| o.extend(more.messages));
        });
    };
    let load = StoredValue::new(load);
    let (own, to_do) = (which_is == Some(MessageBox::Mine), which_is == Some(MessageBox::Waiting));
    let newest = list.messages;
    let unreadable = RwSignal::new(list.unreadable);
    view! {
        <div class="x-card x-card-flush">
            <ul class="x-list m-rows">
                {newest.into_iter().map(|message| view! { <MessageRow message own to_do /> }).collect::<Vec<_>>()}
                {move || unreadable.get().into_iter().map(unreadable_row).collect::<Vec<_>>()}
                <For
                    each=move || older.get()
                    key=|m| m.id
                    children=move |message| view! { <MessageRow message own to_do /> }
                />
            </ul>
        </div>
        {move || problem.get().map(|problem| view! { <ErrorState problem /> })}
        {move || {
            next.get()
                .map(|before| {
                    view! {
                        <Button
                            label=t(Words::fixed("看更早的", "Older ones"))
                            busy
                            block=true
                            on_click=move |()| load.with_value(|load| load(before))
                        />
                    }
                })
        }}
    }
    .into_any()
}
/// A message whose row cannot be read, in its list.
fn unreadable_row(id: MessageId) -> AnyView {
    let words = words!(
        "编号 {id} 的通知无法读取，请告知系统管理员",
        "Notice no. {id} cannot be read: tell the administrator"
    );
    view! {
        <li class="x-item">
            <span class="x-item-words">
                <span class="x-item-note">{t(words)}</span>
            </span>
        </li>
    }
    .into_any()
}
