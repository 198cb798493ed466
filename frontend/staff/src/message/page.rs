//! `/messages/{id}`: one page for drafter, approver and reader. All see the
//! same: what parents get, who and how many, who decided, how far it has got.

use std::time::Duration;

use domain::api;
use domain::delivery::Funnel;
use domain::ids::MessageId;
use domain::message::{Earlier, MessageState, MessageView};
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Card, Page, t, tw, use_lang};

use super::actions::Actions;
use super::application::ApplicationCard;
use super::asked::Asked;
use super::chain::ChainSteps;
use super::common::{every, title_or_none};
use super::findings::FoundBefore;
use super::funnel::FunnelSteps;
use super::history::{Changes, EarlierDecisions};
use super::names::Names;
use super::papers::PapersPart;
use super::preview::{Letter, SmsBubble};
use super::remarks::Remarks;
use super::summary::Summary;
use crate::api::{Query, use_api};
use crate::common::Loaded;
use crate::route::{Route, use_router};
use crate::why::Why;

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
        MessageState::Approved | MessageState::Returned | MessageState::Sent | MessageState::Stopped => 15,
        MessageState::Draft | MessageState::Withdrawn | MessageState::Cancelled => u32::MAX,
    }
}

/// How many ticks apart the funnel is read again; none before release.
fn funnel_pace(state: MessageState) -> Option<u32> {
    match state {
        MessageState::Sending => Some(1),
        MessageState::Paused | MessageState::Sent | MessageState::Stopped => Some(3),
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
    let is_submitted = Memo::new(move |_| view.with(|v| v.digest.is_some()));
    let is_released = Memo::new(move |_| funnel.with(Option::is_some));
    let approval = move || {
        let (chain, history, papers) = part.chain.get();
        let is_empty = chain.steps.is_empty() && history.is_empty();
        (!is_empty).then(|| {
            let label = t(chain.label.clone());
            view! {
                <Card title=label>
                    <ChainSteps chain papers />
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
                    view! { <Letter title=draft.title body=draft.body sender audience=draft.audience sent=part.sent /> }
                }}
            </Card>
        }
        .into_any()
    };
    let application = Memo::new(move |_| view.with(|v| v.draft.application.clone()));
    let applied =
        move || application.get().map(|application| view! { <ApplicationCard application /> }.into_any());
    let own_class_only = view.with_untracked(|v| v.own_class_only);
    let check = move || {
        // What was found, and why it stands, is between the drafter and those who decide.
        if own_class_only {
            return ().into_any();
        }
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
        let names = view! { <Names id is_submitted is_released funnel own_class_only /> }.into_any();
        let (main, side) = if is_released.get() {
            let counts = Signal::derive(move || funnel.get().unwrap_or_default());
            let progress = view! {
                <Card title=t(if own_class_only {
                    Words::fixed("发送进展（全部收件人）", "Progress (all recipients)")
                } else {
                    Words::fixed("发送进展", "Progress")
                })>
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
        <Asked view />
        <Card>
            <Summary view />
            {move || {
                view.with(|v| v.digest.is_some())
                    .then(|| {
                        view! {
                            <p class="x-small">
                                <a href=Route::Sheet(id).path()>
                                    {t(Words::fixed("审核登记表（可打印）", "Approval record (for print)"))}
                                </a>
                            </p>
                        }
                    })
            }}
        </Card>
        {applied}
        <PapersPart view changed />
        <div class="x-columns">{columns}</div>
        {(!own_class_only).then(|| view! { <Why from=api::WHY_MESSAGE.at(id) /> })}
        <Actions view changed />
    }
    .into_any()
}

/// When it was sent, in the reader's language.
type Sent = Signal<Option<String>>;
type Texts = (domain::message::Draft, String);
type Chains = (domain::approval::ChainView, Vec<domain::approval::DecisionView>, domain::filing::Papers);
type Found = (Vec<domain::content::Finding>, domain::message::Draft);

/// The message by what is shown together.
#[derive(Clone, Copy)]
struct Parts {
    text: Memo<Texts>,
    sent: Sent,
    sms: Memo<String>,
    chain: Memo<Chains>,
    before: Memo<Option<Earlier>>,
    findings: Memo<Found>,
}

impl Parts {
    fn of(view: RwSignal<MessageView>) -> Self {
        let lang = use_lang();
        Self {
            text: Memo::new(move |_| view.with(|v| (v.draft.clone(), v.sender_title.clone()))),
            sent: Signal::derive(move || view.with(|v| v.times.released_at).map(|at| at.show(lang.get()))),
            sms: Memo::new(move |_| view.with(|v| v.sms.clone())),
            chain: Memo::new(move |_| {
                view.with(|v| {
                    let earlier = v.history.iter().filter(|d| d.version < v.version).cloned().collect();
                    (v.chain.clone(), earlier, v.papers.clone())
                })
            }),
            before: Memo::new(move |_| view.with(|v| v.before.clone())),
            findings: Memo::new(move |_| view.with(|v| (v.findings.clone(), v.draft.clone()))),
        }
    }
}
