//! `/messages`: what waits for me, what I wrote, what I may see.

use std::time::Duration;

use domain::access::Action;
use domain::api::{self, Address};
use domain::delivery::Funnel;
use domain::ids::MessageId;
use domain::message::{MessageBox, MessageList, MessageSummary};
use domain::problem::Problem;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Button, ButtonKind, ButtonLink, CheckOption, EmptyState, ErrorState, Icon, IconName, Page, Segmented, t,
    use_lang,
};

use super::common::{StateBadge, every, join, title_or_none};
use super::funnel::MiniBar;
use crate::api::{Query, use_api};
use crate::common::Loaded;
use crate::menu;
use crate::route::{Route, use_router};
use crate::session::use_me;

const WAITING: &str = MessageBox::Waiting.key();
const MINE: &str = MessageBox::Mine.key();
const ALL: &str = MessageBox::All.key();

/// Where the messages of a box are read.
fn messages_of(which: &str) -> Address<(), MessageList> {
    api::MESSAGES.with(api::BOX, MessageBox::from_key(which).unwrap_or(MessageBox::Mine))
}

/// `/messages?box=waiting|mine|all`.
#[component]
pub fn MessageListPage() -> impl IntoView {
    let (me, router, lang) = (use_me(), use_router(), use_lang());
    let writes = move || me.with(menu::writes);
    let fallback = move || {
        me.with_untracked(|m| match () {
            () if m.waiting > 0 => WAITING,
            () if menu::writes(m) => MINE,
            () => ALL,
        })
    };
    let in_address = move || router.query("box").filter(|b| [WAITING, MINE, ALL].contains(&b.as_str()));
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
        let (waiting, reads_all) = me.with(|m| (m.waiting, m.person.may(Action::ReadMessages)));
        let count = if waiting > 0 { waiting.to_string() } else { String::new() };
        let entry = |key, words: Words| CheckOption::new(key, words.get(lang));
        let mut entries = vec![entry(WAITING, Words::fixed("待我办理", "Waiting for me")).note(count)];
        if writes() {
            entries.push(entry(MINE, Words::fixed("我写的", "Written by me")));
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
                    if list.messages.is_empty() {
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
                "有通知报批到您这里时，会出现在这里，首页也会提醒您。",
                "When a notice needs your decision it appears here and on the home page.",
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
        _ => (
            IconName::Message,
            Words::fixed("还没有通知", "No notices yet"),
            Words::fixed("老师们提交的通知会出现在这里。", "Notices that teachers submit appear here."),
        ),
    };
    let write = (writes && which != WAITING).then(|| {
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
    let api = use_api();
    paged.set(false);
    let next = RwSignal::new(list.next);
    let older = RwSignal::new(Vec::<MessageSummary>::new());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Problem>);
    let load = move |before: MessageId| {
        let from = messages_of(&which).with(api::BEFORE, before);
        busy.set(true);
        paged.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = api.get(from).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(more) => {
                    let _ = next.try_set(more.next);
                    let _ = older.try_update(|o| o.extend(more.messages));
                }
                Err(p) => {
                    let _ = problem.try_set(Some(p));
                }
            }
        });
    };
    let load = StoredValue::new(load);
    let newest = list.messages;
    view! {
        <div class="x-card x-card-flush">
            <ul class="x-list m-rows">
                {newest.into_iter().map(|message| view! { <MessageRow message /> }).collect::<Vec<_>>()}
                <For
                    each=move || older.get()
                    key=|m| m.id
                    children=|message| view! { <MessageRow message /> }
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

/// One message in a list.
#[component]
pub fn MessageRow(
    /// The message.
    message: MessageSummary,
) -> impl IntoView {
    let MessageSummary { id, title, audience, state, author, changed_at, send_at, funnel } = message;
    let note = join(&[audience, Words::name(author), changed_at.words()]);
    // Middle dots, not commas: an audience may be a list itself.
    let note = Words { zh: note.zh.replace('、', " · ").into(), en: note.en.replace(", ", " · ").into() };
    let planned = send_at.filter(|_| funnel.is_none()).map(|at| {
        let at = at.words();
        let (zh, en) = (at.zh, at.en);
        let words = words!("定时 {zh}", "Planned for {en}");
        view! {
            <span class="x-item-note m-planned">
                <Icon name=IconName::Clock />
                {t(words)}
            </span>
        }
    });
    let progress = funnel.map(|funnel| {
        view! {
            <span class="m-row-funnel">
                <MiniBar funnel />
                <span class="x-item-note">{t(funnel_line(&funnel))}</span>
            </span>
        }
    });
    view! {
        <li>
            <a class="x-item x-item-link" href=Route::Message(id).path()>
                <span class="x-item-words">
                    <span class="x-item-title">{t(title_or_none(&title))}</span>
                    <span class="x-item-note">{t(note)}</span>
                    {planned}
                    {progress}
                </span>
                <span class="x-item-end">
                    <StateBadge state />
                </span>
                <span class="x-item-arrow">
                    <Icon name=IconName::Forward />
                </span>
            </a>
        </li>
    }
    .into_any()
}

fn funnel_line(funnel: &Funnel) -> Words {
    let Funnel { phones, delivered, confirmed, failed, .. } = *funnel;
    if failed > 0 {
        words!(
            "送达 {delivered}/{phones} · 已确认 {confirmed} · {failed} 部有问题",
            "{delivered}/{phones} delivered · {confirmed} confirmed · {failed} failed"
        )
    } else {
        words!(
            "送达 {delivered}/{phones} · 已确认 {confirmed}",
            "{delivered}/{phones} delivered · {confirmed} confirmed"
        )
    }
}
