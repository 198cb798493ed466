//! `/messages/{id}`: one page for drafter, approver and reader. All see the
//! same: what parents get, who and how many, who decided, how far it has got.

use std::time::Duration;

use domain::api;
use domain::approval::{StepKind, Verdict};
use domain::delivery::Funnel;
use domain::ids::MessageId;
use domain::message::{Category, ChangedNumber, Command, Earlier, Linked, MessageState, MessageView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Banner, Button, Card, Fact, Facts, IconName, Page, Tone, t, tw, use_lang};

use super::actions::Actions;
use super::application::ApplicationCard;
use super::chain::{ChainSteps, EarlierDecisions};
use super::common::{StateBadge, every, join, title_or_none};
use super::deliveries::Deliveries;
use super::diff::{Piece, diff};
use super::findings::FoundBefore;
use super::funnel::FunnelSteps;
use super::papers::PapersPart;
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
        let names = view! { <Names id is_released funnel own_class_only /> }.into_any();
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
            if is_open { (v.joined.clone(), v.left.clone(), v.moved) } else { Default::default() }
        })
    });
    let held = Memo::new(move |_| view.with(|v| v.held));
    let changed = Memo::new(move |_| view.with(|v| v.changed.clone()));
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
        // Names are told to those who may read that roll; the others get the count.
        let told = |n: u32, list: Vec<String>| {
            let all = names(list);
            let rest = if all.zh.is_empty() { ("", "") } else { ("：", ": ") };
            (n, format!("{}{}", rest.0, all.zh), format!("{}{}", rest.1, all.en))
        };
        let (joined, left, count) = moved.get();
        let joined = (count.joined > 0).then(|| {
            let (n, zh, en) = told(count.joined, joined);
            let words = words!(
                "名单锁定后新增 {n} 人，收不到这条通知{zh}",
                "Joined after the list was locked, will not get it ({n}){en}"
            );
            view! { <Banner tone=Tone::Info title=t(words) /> }
        });
        let left = (count.left > 0).then(|| {
            let (n, zh, en) = told(count.left, left);
            let words = words!(
                "名单锁定后有 {n} 人离开，不再发给他们{zh}",
                "Left after the list was locked, will be skipped ({n}){en}"
            );
            view! { <Banner tone=Tone::Info title=t(words) /> }
        });
        view! { {joined} {left} }
    };
    let waits = move || {
        held.get().map(|why| {
            view! {
                <Banner tone=Tone::Warning title=t(why.title())>
                    <p>{t(why.remedy())}</p>
                </Banner>
            }
        })
    };
    let numbers = move || {
        let changed = changed.get();
        (!changed.is_empty()).then(|| {
            let n = changed.len();
            let rows = changed.into_iter().map(changed_number).collect::<Vec<_>>();
            let title = words!(
                "报批后有 {n} 个接收号码更换，短信按新号码发送",
                "Numbers changed since it was submitted: {n}. The SMS goes to the new ones"
            );
            view! {
                <Banner tone=Tone::Info title=t(title)>
                    <ul>{rows}</ul>
                </Banner>
            }
        })
    };
    let halted = move || {
        stopped.get().map(|s| {
            let by = s.by;
            let words = words!(
                "全校短信已由 {by} 停止发送，恢复后自动接着发。",
                "{by} has stopped all sending of the school. What waits is sent by itself afterwards."
            );
            // The reason reaches those for whom it was written.
            let reason = (!s.reason.is_empty()).then(|| view! { <p class="x-prose">{s.reason}</p> });
            view! { <Banner tone=Tone::Warning title=t(words)>{reason}</Banner> }
        })
    };
    let links = Memo::new(move |_| view.with(|v| (v.corrected_by.clone(), v.corrects.clone())));
    let corrections = move || {
        let (by, of) = links.get();
        let by = by.map(|by| {
            let state = by.state.title();
            let (zh, en) = (state.zh, state.en);
            let words = match by.released_at {
                Some(at) => {
                    let at = at.words();
                    let (zh, en) = (at.zh, at.en);
                    words!("已于 {zh} 更正", "Corrected on {en}")
                }
                None => words!("更正正在办理：{zh}", "A correction is under way: {en}"),
            };
            linked(words, by)
        });
        let of = of.map(|of| linked(Words::fixed("这是一条更正", "This is a correction"), of));
        view! { {by} {of} }
    };
    view! {
        {corrections}
        {halted}
        <Standstill view />
        {waits}
        {came_back}
        {lists}
        {numbers}
    }
    .into_any()
}

/// A message that is named beside this one, with a way to it.
fn linked(words: Words, message: Linked) -> AnyView {
    let (href, title) = (Route::Message(message.id).path(), title_or_none(&message.title));
    view! {
        <Banner tone=Tone::Info title=t(words)>
            <a href=href>{t(title)}</a>
        </Banner>
    }
    .into_any()
}

fn changed_number(change: ChangedNumber) -> AnyView {
    let ChangedNumber { name, from, to, at, by_import } = change;
    let at = at.words();
    let how = if by_import {
        Words::fixed("按导入的名册", "by an imported list")
    } else {
        Words::fixed("手工更改", "by hand")
    };
    let note = Words {
        zh: format!("{} · {}", at.zh, how.zh).into(),
        en: format!("{} · {}", at.en, how.en).into(),
    };
    let or_none = |phone: String| if phone.is_empty() { "—".to_owned() } else { phone };
    let numbers = format!("{} → {}", or_none(from), or_none(to));
    view! {
        <li>
            <span lang="zh-CN">{name}</span>
            " "
            <span class="x-num">{numbers}</span>
            " "
            <span class="x-small x-muted">{t(note)}</span>
        </li>
    }
    .into_any()
}

/// Why something of it is not going out: paused or stopped by whom, held, set apart.
#[component]
fn Standstill(view: RwSignal<MessageView>) -> impl IntoView {
    let me = use_me();
    let halt = Memo::new(move |_| view.with(|v| v.halted.clone().map(|halt| (v.state, halt))));
    let gone =
        Memo::new(move |_| view.with(|v| v.funnel.map(|f| (f.phones, f.phones - f.waiting - f.skipped))));
    let hold = Memo::new(move |_| view.with(|v| v.hold));
    let apart = Memo::new(move |_| view.with(|v| v.set_apart.clone()));
    let by_whom = move || {
        halt.get().map(|(state, halt)| {
            let (post, at) = (halt.post.title(), halt.at.words());
            let (name, pz, pe, az, ae) = (halt.by, post.zh, post.en, at.zh, at.en);
            let title = if state == MessageState::Stopped {
                words!("{name}（{pz}）于 {az} 停止发送", "Stopped by {name} ({pe}), {ae}")
            } else {
                words!("{name}（{pz}）于 {az} 暂停发送", "Paused by {name} ({pe}), {ae}")
            };
            let reason = (!halt.reason.is_empty()).then(|| view! { <p class="x-prose">{halt.reason}</p> });
            let count = gone.get().filter(|_| state == MessageState::Stopped).map(|(phones, gone)| {
                let words = words!(
                    "停止前已提交 {gone} 部，共 {phones} 部；其余不再发送。收到的家长仍能打开页面。",
                    "{gone} of {phones} phones had gone out before; the rest is not sent. Those who have it can still open the page."
                );
                view! { <p>{t(words)}</p> }
            });
            let who = me
                .with(|m| m.person.may_lift(halt.post).err())
                .filter(|_| state == MessageState::Paused)
                .map(|refusal| view! { <p>{t(refusal.words)}</p> });
            view! { <Banner tone=Tone::Warning title=t(title)>{reason} {count} {who}</Banner> }
        })
    };
    let held = move || hold.get().map(|hold| view! { <Banner tone=Tone::Warning title=t(hold.title()) /> });
    let set_apart = move || {
        let banner = |apart: domain::delivery::SetApart| {
            let (n, since, why) = (apart.phones, apart.since.words(), apart.why.title());
            let (zh, en) = (since.zh, since.en);
            let title = words!(
                "{n} 部手机的短信自 {zh} 起搁置",
                "The SMS to {n} phones have been set apart since {en}"
            );
            view! { <Banner tone=Tone::Warning title=t(title)><p>{t(why)}</p></Banner> }
        };
        apart.get().into_iter().map(banner).collect::<Vec<_>>()
    };
    view! {
        {by_whom}
        {held}
        {set_apart}
    }
    .into_any()
}

/// Where it stands, what of it is asked of the reader, and whether it is a draft that was thrown away.
fn stands(view: &MessageView) -> (MessageState, Option<StepKind>, bool) {
    let waits = view.chain.steps.iter().find(|s| s.waits).map(|s| s.step.kind);
    let asked = waits.filter(|_| view.may.contains(&Command::Decide));
    let thrown_away = view.state == MessageState::Withdrawn && view.times.submitted_at.is_none();
    (view.state, asked, thrown_away)
}

/// Where it stands, and in sentences to whom it goes, who did what, and when it is sent.
#[component]
fn Summary(view: RwSignal<MessageView>) -> impl IntoView {
    let state = Memo::new(move |_| view.with(stands));
    let about = tw(move || {
        view.with(|v| {
            let n = v.version;
            let category = v.draft.category.map_or(Words::fixed("未选类别", "No category"), Category::title);
            let (zh, en) = (category.zh, category.en);
            words!("第 {n} 稿 · {zh}", "Version {n} · {en}")
        })
    });
    let to = tw(move || view.with(addressed));
    let story = tw(move || view.with(story));
    let unreachable = move || view.with(|v| v.reach.unreachable);
    view! {
        <div class="x-row">
            {move || {
                let (state, asked, thrown_away) = state.get();
                view! { <StateBadge state asked thrown_away /> }
            }}
            <span class="x-small x-muted">{about}</span>
        </div>
        <div class="m-lead">
            <p class="m-lead-to x-num">{to}</p>
            <p class="x-num">{story}</p>
        </div>
        {move || {
            let n = unreachable();
            (n > 0).then(|| view! { <Banner tone=Tone::Warning title=t(view.with_untracked(|v| unreachable_words(&v.draft.audience, n))) /> })
        }}
    }
    .into_any()
}

/// To whom and how many.
fn addressed(view: &MessageView) -> Words {
    if view.draft.audience.is_empty() {
        return Words::fixed("还没有选择发给谁", "Not addressed to anybody yet");
    }
    let (to, reach) = (&view.audience, reach_words(&view.draft.audience, &view.reach));
    let (tz, te, rz, re) = (&to.zh, &to.en, reach.zh, reach.en);
    words!("发给{tz}：{rz}", "{te}: {re}")
}

/// Who drafted it, who decided, when it is or was sent: as a colleague would tell it.
fn story(view: &MessageView) -> Words {
    let (name, post) = (&view.author_name, &view.sender_title);
    let mut told = vec![match view.times.submitted_at {
        _ if post.is_empty() => words!("{name}起草。", "Drafted by {name}."),
        None => words!("{name}（{post}）起草。", "Drafted by {name} ({post})."),
        Some(at) => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            words!("{name}（{post}）起草，{zh} 报批。", "Drafted by {name} ({post}), submitted on {en}.")
        }
    }];
    for d in view.history.iter().filter(|d| d.version == view.version && d.verdict == Verdict::Approve) {
        let (name, at) = (&d.name, d.at.words());
        let (zh, en) = (at.zh, at.en);
        told.push(if d.kind == StepKind::Review {
            words!("{name} {zh} 审核通过。", "Reviewed by {name} on {en}.")
        } else {
            words!("{name} {zh} 审批同意。", "Approved by {name} on {en}.")
        });
    }
    let is_over = matches!(view.state, MessageState::Withdrawn | MessageState::Cancelled);
    match (view.times.released_at, view.draft.send_at) {
        (Some(at), _) => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            told.push(words!("{zh} 开始发送。", "Sending began on {en}."));
        }
        (None, Some(at)) if !is_over => {
            let at = at.words();
            let (zh, en) = (at.zh, at.en);
            told.push(words!("定于 {zh} 发送。", "To be sent on {en}."));
        }
        (None, None) if view.times.approved_at.is_none() && !is_over => {
            told.push(Words::fixed("审批通过后立即发送。", "It goes out as soon as it is approved."));
        }
        (None, _) => {}
    }
    let all =
        |pick: fn(&Words) -> &str, gap: &str| told.iter().map(pick).collect::<Vec<_>>().join(gap).into();
    Words { zh: all(|w| &w.zh, ""), en: all(|w| &w.en, " ") }
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
fn Names(
    id: MessageId,
    is_released: Memo<bool>,
    funnel: RwSignal<Option<Funnel>>,
    own_class_only: bool,
) -> impl IntoView {
    let wanted = RwSignal::new(false);
    let title = tw(move || {
        if own_class_only {
            Words::fixed("本班谁确认了，谁还没有", "Your class: who has confirmed, who has not")
        } else if is_released.get() {
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
                <Button
                    label=t(Words::fixed("查看名单", "Show the list"))
                    icon=IconName::People
                    block=true
                    on_click=move |()| wanted.set(true)
                />
            }
            .into_any()
        }
    };
    view! { <Card title=title>{content}</Card> }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::access::Post;
    use domain::approval::{ChainView, DecisionView, OWN_PROCEDURE};
    use domain::ids::{ClassId, StaffId};
    use domain::message::{Audience, Audiences, Draft, Times};
    use domain::sms::Length;
    use domain::time::Instant;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_local(text).expect("a time")
    }

    fn message() -> MessageView {
        MessageView {
            id: MessageId(1),
            version: 2,
            state: MessageState::Sending,
            draft: Draft {
                audience: Audience::Classes { classes: vec![ClassId(1)] },
                appointment: None,
                category: Some(Category::Event),
                title: "秋季运动会".into(),
                body: "请准备运动鞋。".into(),
                send_at: None,
                reasons: Default::default(),
                application: None,
            },
            audience: Words::fixed("七年级1班家长", "Parents of 七年级1班"),
            author: StaffId(18),
            author_name: "潘然书".into(),
            sender_title: "七年级1班班主任".into(),
            digest: None,
            sms: String::new(),
            length: Length { units: 0, parts: 1 },
            reach: Audiences { children: 49, people: 78, phones: 74, unreachable: 0 },
            findings: Vec::new(),
            chain: ChainView { label: OWN_PROCEDURE, steps: Vec::new() },
            history: [(1, Verdict::Return), (2, Verdict::Approve)]
                .map(|(version, verdict)| DecisionView {
                    version,
                    position: 1,
                    kind: StepKind::Approve,
                    name: "陶明远".into(),
                    post: Post::GradeHead,
                    verdict,
                    reason: String::new(),
                    at: at("2026-11-24T18:10"),
                })
                .to_vec(),
            before: None,
            joined: Vec::new(),
            left: Vec::new(),
            moved: Default::default(),
            changed: Vec::new(),
            held: None,
            halted: None,
            hold: None,
            set_apart: Vec::new(),
            corrects: None,
            corrected_by: None,
            reminded_at: None,
            papers: Default::default(),
            own_class_only: false,
            may: Vec::new(),
            times: Times {
                created_at: at("2026-11-24T17:00"),
                changed_at: at("2026-11-24T18:10"),
                submitted_at: Some(at("2026-11-24T17:30")),
                approved_at: Some(at("2026-11-24T18:10")),
                released_at: Some(at("2026-11-24T18:10")),
            },
            funnel: None,
        }
    }

    #[test]
    fn a_message_is_told_in_sentences() {
        let mut view = message();
        assert_eq!(addressed(&view).zh, "发给七年级1班家长：49 名学生 · 78 位家长 · 74 部手机");
        let told = story(&view);
        assert_eq!(
            told.zh,
            "潘然书（七年级1班班主任）起草，11月24日 17:30 报批。陶明远 11月24日 18:10 审批同意。11月24日 18:10 开始发送。"
        );
        assert_eq!(
            told.en,
            "Drafted by 潘然书 (七年级1班班主任), submitted on 24 Nov, 17:30. Approved by 陶明远 on 24 Nov, 18:10. Sending began on 24 Nov, 18:10."
        );
        (view.state, view.history) = (MessageState::Draft, Vec::new());
        view.times = Times { submitted_at: None, approved_at: None, released_at: None, ..view.times };
        assert_eq!(story(&view).zh, "潘然书（七年级1班班主任）起草。审批通过后立即发送。");
        view.draft.audience = Audience::Classes { classes: Vec::new() };
        assert_eq!(addressed(&view).zh, "还没有选择发给谁");
        view.state = MessageState::Withdrawn;
        assert_eq!(story(&view).zh, "潘然书（七年级1班班主任）起草。");
    }

    #[test]
    fn what_waits_for_the_reader_says_so() {
        let mut view = message();
        assert_eq!(stands(&view), (MessageState::Sending, None, false));
        view.state = MessageState::Withdrawn;
        view.times.submitted_at = None;
        assert_eq!(stands(&view), (MessageState::Withdrawn, None, true));
    }
}
