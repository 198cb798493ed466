//! `/messages/{id}`: one page for drafter, approver and reader. All see the
//! same: what parents get, who and how many, who decided, how far it has got.

use std::time::Duration;

use domain::api;
use domain::approval::Verdict;
use domain::delivery::Funnel;
use domain::ids::MessageId;
use domain::message::{Category, Earlier, MessageState, MessageView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Banner, Button, Card, EmptyState, Fact, Facts, IconName, Page, Tone, t, tw};

use super::actions::Actions;
use super::chain::{ChainSteps, EarlierDecisions};
use super::common::{StateBadge, every, join, title_or_none};
use super::deliveries::Deliveries;
use super::diff::{Piece, diff};
use super::findings::FoundBefore;
use super::funnel::FunnelSteps;
use super::preview::{Letter, SmsBubble, reach_words, unreachable_words};
use crate::api::{Query, use_api};
use crate::common::Loaded;
use crate::route::{Route, use_router};
use crate::session::use_me;

/// How often the page looks whether something has moved.
const TICK: Duration = Duration::from_secs(2);

/// `/messages/{id}`.
#[component]
pub fn MessagePage() -> impl IntoView {
    let Route::Message(id) = use_router().route().get_untracked() else { return ().into_any() };
    let query = Query::new(move || api::MESSAGE.at(id));
    let title =
        tw(move || query.value().map_or(Words::fixed("通知", "Notice"), |v| title_or_none(&v.draft.title)));
    view! {
        <Page title=title back=Route::Messages.path()>
            <Loaded query lines=10 show=|first| view! { <Message first=Box::new(first) /> }.into_any() />
        </Page>
    }
    .into_any()
}

/// How many ticks apart the whole message is read again.
fn pace(state: MessageState, is_planned: bool) -> u32 {
    match state {
        MessageState::Sending | MessageState::Paused => 3,
        MessageState::Approved if !is_planned => 1,
        MessageState::Submitted => 5,
        MessageState::Approved | MessageState::Returned | MessageState::Sent => 15,
        MessageState::Draft | MessageState::Withdrawn | MessageState::Cancelled => u32::MAX,
    }
}

/// How many ticks apart the funnel is read again; none before release.
fn funnel_pace(state: MessageState) -> Option<u32> {
    match state {
        MessageState::Sending => Some(1),
        MessageState::Paused | MessageState::Sent => Some(3),
        _ => None,
    }
}

/// Looks whether something has moved; what comes back replaces what is shown.
fn follow(id: MessageId, view: RwSignal<MessageView>, funnel: RwSignal<Option<Funnel>>) {
    let api = use_api();
    let ticks = StoredValue::new(0_u32);
    let asking = StoredValue::new(false);
    every(TICK, move || {
        let tick = ticks.get_value().wrapping_add(1);
        ticks.set_value(tick);
        if asking.get_value() {
            return;
        }
        let (state, is_planned) = view.with_untracked(|v| (v.state, v.draft.send_at.is_some()));
        if tick.is_multiple_of(pace(state, is_planned)) {
            asking.set_value(true);
            spawn_local(async move {
                let answer = api.get(api::MESSAGE.at(id)).await;
                let _ = asking.try_set_value(false);
                // A failed look is repeated at the next tick.
                if let Ok(new) = answer {
                    show(new, view, funnel);
                }
            });
        } else if funnel_pace(state).is_some_and(|n| tick.is_multiple_of(n)) {
            asking.set_value(true);
            spawn_local(async move {
                let answer = api.get(api::FUNNEL.at(id)).await;
                let _ = asking.try_set_value(false);
                if let Ok(new) = answer {
                    let _ = funnel.try_set(Some(new));
                }
            });
        }
    });
}

fn show(new: MessageView, view: RwSignal<MessageView>, funnel: RwSignal<Option<Funnel>>) {
    let _ = funnel.try_set(new.funnel);
    let has_changed = view.try_with_untracked(|old| *old != new);
    if has_changed == Some(true) {
        let _ = view.try_set(new);
    }
}

#[component]
fn Message(first: Box<MessageView>) -> impl IntoView {
    let id = first.id;
    let funnel = RwSignal::new(first.funnel);
    let view = RwSignal::new(*first);
    follow(id, view, funnel);
    let changed = Callback::new(move |new: MessageView| show(new, view, funnel));

    // Each part depends only on what it shows, so that a change elsewhere does
    // not build it anew while someone reads it.
    let part = Parts::of(view);
    let is_released = Memo::new(move |_| funnel.with(Option::is_some));
    let approval = move || {
        let (chain, history) = part.chain.get();
        let is_empty = chain.steps.is_empty() && history.is_empty();
        (!is_empty).then(|| {
            let label = t(chain.label.clone());
            view! {
                <Card title=label>
                    <ChainSteps chain />
                    <EarlierDecisions history />
                </Card>
            }
            .into_any()
        })
    };
    let seen = move || {
        view! {
            <Card title=t(Words::fixed("家长会看到", "What parents get"))>
                {move || {
                    let text = part.sms.get();
                    view! { <SmsBubble text /> }
                }}
                {move || {
                    let (draft, sender) = part.text.get();
                    view! { <Letter title=draft.title body=draft.body sender /> }
                }}
            </Card>
        }
        .into_any()
    };
    let check = move || {
        let (findings, draft) = part.findings.get();
        view! {
            <Card title=t(Words::fixed("内容检查", "Content check"))>
                <FoundBefore findings title=draft.title body=draft.body reasons=draft.reasons />
            </Card>
        }
        .into_any()
    };
    let changes = move || part.before.get().map(|before| view! { <Changes before view /> }.into_any());
    // Before release the text matters, afterwards who has it; on a phone this
    // is the order of reading, on a desk it is two columns.
    let columns = move || {
        let names = view! { <Names id is_released funnel /> }.into_any();
        let (main, side) = if is_released.get() {
            let counts = Signal::derive(move || funnel.get().unwrap_or_default());
            let progress = view! {
                <Card title=t(Words::fixed("发送进展", "Progress"))>
                    <FunnelSteps funnel=counts />
                </Card>
            };
            ([progress.into_any(), names], [seen.into_any(), approval.into_any(), check.into_any()])
        } else {
            ([changes.into_any(), seen.into_any()], [approval.into_any(), check.into_any(), names])
        };
        view! {
            <div class="x-stack">{main.into_iter().collect::<Vec<_>>()}</div>
            <div class="x-stack">{side.into_iter().collect::<Vec<_>>()}</div>
        }
        .into_any()
    };
    view! {
        <Remarks view />
        <Card>
            <Summary view />
        </Card>
        <div class="x-columns">{columns}</div>
        <Actions view changed />
    }
    .into_any()
}

type Texts = (domain::message::Draft, String);
type Chains = (domain::approval::ChainView, Vec<domain::approval::DecisionView>);
type Found = (Vec<domain::content::Finding>, domain::message::Draft);

/// The message by what is shown together.
#[derive(Clone, Copy)]
struct Parts {
    text: Memo<Texts>,
    sms: Memo<String>,
    chain: Memo<Chains>,
    before: Memo<Option<Earlier>>,
    findings: Memo<Found>,
}

impl Parts {
    fn of(view: RwSignal<MessageView>) -> Self {
        Self {
            text: Memo::new(move |_| view.with(|v| (v.draft.clone(), v.sender_title.clone()))),
            sms: Memo::new(move |_| view.with(|v| v.sms.clone())),
            chain: Memo::new(move |_| {
                view.with(|v| {
                    let earlier = v.history.iter().filter(|d| d.version < v.version).cloned().collect();
                    (v.chain.clone(), earlier)
                })
            }),
            before: Memo::new(move |_| view.with(|v| v.before.clone())),
            findings: Memo::new(move |_| view.with(|v| (v.findings.clone(), v.draft.clone()))),
        }
    }
}

/// What has to be known before anything else is read.
#[component]
fn Remarks(view: RwSignal<MessageView>) -> impl IntoView {
    let me = use_me();
    let state = Memo::new(move |_| view.with(|v| v.state));
    let returned = Memo::new(move |_| {
        view.with(|v| {
            let last = v.history.iter().rev().find(|d| d.verdict == Verdict::Return)?;
            (v.state == MessageState::Returned).then(|| last.clone())
        })
    });
    let moved = Memo::new(move |_| {
        view.with(|v| {
            let is_open = matches!(v.state, MessageState::Submitted | MessageState::Approved);
            if is_open { (v.joined.clone(), v.left.clone()) } else { Default::default() }
        })
    });
    let stopped = Memo::new(move |_| {
        let can_move =
            matches!(state.get(), MessageState::Submitted | MessageState::Approved | MessageState::Sending);
        me.with(|m| m.school.stopped.clone()).filter(|_| can_move)
    });
    let names = |list: Vec<String>| join(&list.into_iter().map(Words::name).collect::<Vec<_>>());
    let came_back = move || {
        returned.get().map(|d| {
            let (name, post, at) = (d.name, d.post.title(), d.at.words());
            let (pz, pe, az, ae) = (post.zh, post.en, at.zh, at.en);
            let title = words!("{name}（{pz}）于 {az} 退回", "Returned by {name} ({pe}), {ae}");
            view! {
                <Banner tone=Tone::Warning title=t(title)>
                    <p class="x-prose">{d.reason}</p>
                </Banner>
            }
        })
    };
    let lists = move || {
        let (joined, left) = moved.get();
        let joined = (!joined.is_empty()).then(|| {
            let (n, all) = (joined.len(), names(joined));
            let (zh, en) = (all.zh, all.en);
            let words = words!(
                "名单锁定后新增 {n} 人，收不到这条通知：{zh}",
                "{n} joined after the list was locked and will not get it: {en}"
            );
            view! { <Banner tone=Tone::Info title=t(words) /> }
        });
        let left = (!left.is_empty()).then(|| {
            let (n, all) = (left.len(), names(left));
            let (zh, en) = (all.zh, all.en);
            let words = words!(
                "名单锁定后有 {n} 人离开，将不发给：{zh}",
                "{n} left after the list was locked and will be skipped: {en}"
            );
            view! { <Banner tone=Tone::Info title=t(words) /> }
        });
        view! { {joined} {left} }
    };
    let halted = move || {
        stopped.get().map(|s| {
            let (by, reason) = (s.by, s.reason);
            let words = words!(
                "全校短信已由 {by} 暂停：{reason}。恢复后自动继续。",
                "{by} has stopped all sending: {reason}. It goes on by itself afterwards."
            );
            view! { <Banner tone=Tone::Warning title=t(words) /> }
        })
    };
    view! {
        {halted}
        {came_back}
        {lists}
    }
    .into_any()
}

/// The facts: state, to whom, how many, from whom, when.
#[component]
fn Summary(view: RwSignal<MessageView>) -> impl IntoView {
    let words = move |pick: fn(&MessageView) -> Words| tw(move || view.with(pick));
    let state = Memo::new(move |_| view.with(|v| v.state));
    let category =
        |v: &MessageView| v.draft.category.map_or(Words::fixed("未选择", "Not chosen"), Category::title);
    let author = |v: &MessageView| {
        let (name, post) = (&v.author_name, &v.sender_title);
        if post.is_empty() {
            Words::name(name.clone())
        } else {
            words!("{name}（{post}）", "{name} ({post})")
        }
    };
    let when = |v: &MessageView| match (v.times.released_at, v.draft.send_at) {
        (Some(at), _) => at.words(),
        (None, Some(at)) => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            words!("定于 {zh}", "planned for {en}")
        }
        (None, None) => Words::fixed("审批通过后立即发送", "as soon as it is approved"),
    };
    let unreachable = move || view.with(|v| v.reach.unreachable);
    view! {
        <div class="x-row">
            {move || view! { <StateBadge state=state.get() /> }}
            <span class="x-small x-muted">
                {words(|v| {
                    let n = v.version;
                    words!("第 {n} 稿", "Version {n}")
                })}
            </span>
        </div>
        <div class="m-summary">
        <Facts>
            <Fact label=t(Words::fixed("发给", "To"))>{words(|v| v.audience.clone())}</Fact>
            <Fact label=t(Words::fixed("人数", "How many"))>
                <span class="x-num">{words(|v| reach_words(&v.reach))}</span>
            </Fact>
            <Fact label=t(Words::fixed("类别", "Category"))>{words(category)}</Fact>
            <Fact label=t(Words::fixed("起草", "Drafted by"))>{words(author)}</Fact>
            {move || {
                view.with(|v| v.times.submitted_at)
                    .map(|at| {
                        view! {
                            <Fact label=t(Words::fixed("报批", "Submitted"))>{t(at.words())}</Fact>
                        }
                    })
            }}
            <Fact label=t(Words::fixed("发送", "Sending"))>{words(when)}</Fact>
        </Facts>
        </div>
        {move || {
            let n = unreachable();
            (n > 0).then(|| view! { <Banner tone=Tone::Warning title=t(unreachable_words(n)) /> })
        }}
    }
    .into_any()
}

/// What changed since it was returned: earlier and now, in one text.
#[component]
fn Changes(before: Earlier, view: RwSignal<MessageView>) -> impl IntoView {
    let (title, body, audience) =
        view.with_untracked(|v| (v.draft.title.clone(), v.draft.body.clone(), v.audience.clone()));
    let asked = (!before.reason.is_empty()).then(|| {
        view! {
            <p class="m-reason x-prose">
                <span class="x-muted">{t(Words::fixed("退回理由：", "Returned because: "))}</span>
                {before.reason.clone()}
            </p>
        }
    });
    view! {
        <Card title=t(Words::fixed("退回后改了什么", "What changed since it was returned"))>
            {asked}
            <Facts>
                {compared(Words::fixed("标题", "Title"), &before.title, &title)}
                {compared(Words::fixed("正文", "Text"), &before.body, &body)}
                {compared(Words::fixed("发给", "To"), &before.audience.zh, &audience.zh)}
            </Facts>
        </Card>
    }
    .into_any()
}

fn compared(label: Words, old: &str, new: &str) -> AnyView {
    let content = if old == new {
        let same = t(Words::fixed("未改动", "unchanged"));
        view! { <span class="x-muted">{same}</span> }.into_any()
    } else {
        let marked = diff(old, new)
            .into_iter()
            .map(|piece| match piece {
                Piece::Same(text) => view! { <span>{text.to_owned()}</span> }.into_any(),
                Piece::Gone(text) => view! { <del>{text.to_owned()}</del> }.into_any(),
                Piece::New(text) => view! { <ins>{text.to_owned()}</ins> }.into_any(),
            })
            .collect::<Vec<_>>();
        view! { <div class="m-diff x-prose" lang="zh-CN">{marked}</div> }.into_any()
    };
    view! { <Fact label=t(label)>{content}</Fact> }.into_any()
}

/// The named list: there once it is released, on demand before.
#[component]
fn Names(id: MessageId, is_released: Memo<bool>, funnel: RwSignal<Option<Funnel>>) -> impl IntoView {
    let wanted = RwSignal::new(false);
    let title = tw(move || {
        if is_released.get() {
            Words::fixed("谁确认了，谁还没有", "Who has confirmed, who has not")
        } else {
            Words::fixed("收件名单", "Who gets it")
        }
    });
    let content = move || {
        if is_released.get() || wanted.get() {
            view! { <Deliveries id funnel /> }.into_any()
        } else {
            view! {
                <EmptyState
                    icon=IconName::People
                    title=t(Words::fixed("按学生查看收件的家长", "The parents who get it, by child"))
                >
                    <Button
                        label=t(Words::fixed("查看名单", "Show the list"))
                        on_click=move |()| wanted.set(true)
                    />
                </EmptyState>
            }
            .into_any()
        }
    };
    view! { <Card title=title>{content}</Card> }.into_any()
}
