//! What a person can do with a message now: the bar of buttons at the bottom,
//! and the dialogs that ask before anything is done.

use domain::api::{self, Endpoint};
use domain::approval::{Decide, REASON_MAX, StepKind, Verdict};
use domain::ids::MessageId;
use domain::message::{Command, MessageState, MessageView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, ButtonLink, ConfirmDialog, FormField, IconName, TextArea, Tone, t, tw, use_toasts,
};

use crate::api::Order;
use crate::common::Problems;
use crate::route::Route;
use crate::session::use_session;

/// The bar with what the reader may do; nothing where that is nothing.
#[component]
pub fn Actions(view: RwSignal<MessageView>, changed: Callback<MessageView>) -> impl IntoView {
    let may = Memo::new(move |_| view.with(|v| v.may.clone()));
    let id = view.with_untracked(|v| v.id);
    let asked = RwSignal::new(None::<Command>);
    let asking = RwSignal::new(false);
    let (approving, returning) = (RwSignal::new(false), RwSignal::new(false));
    let resume = Order::new();
    let toasts = use_toasts();

    let ask = move |command| {
        asked.set(Some(command));
        asking.set(true);
    };
    let go_on = move |()| {
        resume.call(api::RESUME.at(id), move |v| {
            toasts.done(Words::fixed("已继续发送", "Sending goes on"));
            changed.run(v);
        });
    };
    let kind = Memo::new(move |_| view.with(waiting_kind));
    let approve_words = tw(move || approve_label(kind.get()));
    let buttons = move || {
        let one = |command: Command| match command {
            Command::Edit => view! {
                <ButtonLink
                    href=Route::EditMessage(id).path()
                    label=t(Words::fixed("修改", "Edit"))
                    icon=IconName::Write
                    kind=ButtonKind::Primary
                />
            }
            .into_any(),
            // Submission starts on the page where the text can be seen and changed.
            Command::Submit => ().into_any(),
            Command::Decide => view! {
                <Button
                    label=t(Words::fixed("退回修改", "Return"))
                    icon=IconName::Back
                    on_click=move |()| returning.set(true)
                />
                <Button
                    label=approve_words
                    icon=IconName::Check
                    kind=ButtonKind::Primary
                    on_click=move |()| approving.set(true)
                />
            }
            .into_any(),
            Command::Resume => view! {
                <Button
                    label=t(Words::fixed("继续发送", "Go on sending"))
                    kind=ButtonKind::Primary
                    busy=resume.busy()
                    on_click=go_on
                />
            }
            .into_any(),
            other => {
                let (label, ..) = about(other);
                view! { <Button label=t(label) on_click=move |()| ask(other) /> }.into_any()
            }
        };
        may.get().into_iter().map(one).collect::<Vec<_>>()
    };
    let shows = move || may.with(|m| m.iter().any(|c| *c != Command::Submit));
    view! {
        <Problems order=resume />
        <div class="m-bar-bottom" hidden=move || !shows()>
            <div class="m-bar-buttons">{buttons}</div>
        </div>
        <ApproveDialog open=approving view changed kind=kind.into() />
        <ReturnDialog open=returning view changed />
        <CommandDialog open=asking command=asked view changed />
    }
    .into_any()
}

fn waiting_kind(view: &MessageView) -> StepKind {
    view.chain.steps.iter().find(|s| s.waits).map_or(StepKind::Approve, |s| s.step.kind)
}

/// 审核 and 审批 are never swapped. Other kinds of step never wait for a decision.
fn approve_label(kind: StepKind) -> Words {
    match kind {
        StepKind::Review => Words::fixed("审核通过", "Pass review"),
        StepKind::Approve | StepKind::File | StepKind::Register => Words::fixed("审批同意", "Approve"),
    }
}

/// An order's name, the question before it, and what it does.
fn about(command: Command) -> (Words, Words, Words) {
    match command {
        Command::Withdraw => (
            Words::fixed("撤回", "Withdraw"),
            Words::fixed("撤回这条通知？", "Withdraw this notice?"),
            Words::fixed(
                "撤回后不会再审批，也不会发送。需要时可以重新写一条。",
                "It will not be decided on and not be sent. You can write a new one.",
            ),
        ),
        Command::Cancel => (
            Words::fixed("取消发送", "Cancel sending"),
            Words::fixed("取消发送这条通知？", "Cancel this notice?"),
            Words::fixed(
                "已经批准，但还没有发出。取消后不会发给任何人，不能恢复。",
                "It is approved and has not gone out. Nobody will get it, and this cannot be undone.",
            ),
        ),
        Command::Pause => (
            Words::fixed("暂停发送", "Pause"),
            Words::fixed("暂停发送？", "Pause sending?"),
            Words::fixed(
                "已经发出的收不回来，没发的先停住，可以随时继续。",
                "What has gone out stays out; the rest waits until you go on.",
            ),
        ),
        Command::Edit | Command::Submit | Command::Decide | Command::Resume => {
            (Words::fixed("", ""), Words::fixed("", ""), Words::fixed("", ""))
        }
    }
}

/// Where an order goes that needs no body.
fn endpoint(command: Command) -> Option<Endpoint<MessageId, (), MessageView>> {
    match command {
        Command::Withdraw => Some(api::WITHDRAW),
        Command::Cancel => Some(api::CANCEL),
        Command::Pause => Some(api::PAUSE),
        Command::Resume => Some(api::RESUME),
        Command::Submit | Command::Decide | Command::Edit => None,
    }
}

/// Asks before a message is withdrawn, cancelled or paused.
#[component]
fn CommandDialog(
    open: RwSignal<bool>,
    command: RwSignal<Option<Command>>,
    view: RwSignal<MessageView>,
    changed: Callback<MessageView>,
) -> impl IntoView {
    let order = Order::new();
    let toasts = use_toasts();
    let text = move |part: fn((Words, Words, Words)) -> Words| {
        tw(move || command.get().map_or(Words::fixed("", ""), |c| part(about(c))))
    };
    Effect::new(move |_| {
        if open.get() {
            order.clear();
        }
    });
    let run = move |()| {
        let Some(endpoint) = command.get_untracked().and_then(endpoint) else { return };
        order.call(endpoint.at(view.with_untracked(|v| v.id)), move |v| {
            let _ = open.try_set(false);
            let state = v.state.title();
            toasts.done(state);
            changed.run(v);
        });
    };
    view! {
        <ConfirmDialog
            open
            title=text(|(_, question, _)| question)
            confirm=text(|(name, ..)| name)
            on_confirm=run
            busy=order.busy()
            danger=true
        >
            <p>{text(|(_, _, effect)| effect)}</p>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

/// Sends a decision about exactly what was on the screen.
fn decide(
    order: Order,
    view: RwSignal<MessageView>,
    (verdict, reason): (Verdict, String),
    done: impl FnOnce(MessageView) + 'static,
) {
    let (id, digest) = view.with_untracked(|v| (v.id, v.digest.clone().unwrap_or_default()));
    let body = Decide { verdict, digest, reason };
    order.send(api::DECIDE.at(id), &body, done);
}

#[component]
fn ApproveDialog(
    open: RwSignal<bool>,
    view: RwSignal<MessageView>,
    changed: Callback<MessageView>,
    kind: Signal<StepKind>,
) -> impl IntoView {
    let order = Order::new();
    let (toasts, session) = (use_toasts(), use_session());
    let remark = RwSignal::new(String::new());
    Effect::new(move |_| {
        if open.get() {
            order.clear();
        }
    });
    let run = move |()| {
        decide(order, view, (Verdict::Approve, remark.get_untracked()), move |v| {
            let _ = open.try_set(false);
            session.update(|me| me.waiting = me.waiting.saturating_sub(1));
            toasts.done(match v.state {
                MessageState::Submitted => {
                    Words::fixed("已同意，转到下一步", "Approved: the next step waits")
                }
                MessageState::Approved if v.draft.send_at.is_some() => {
                    Words::fixed("已批准，到时间自动发送", "Approved: it goes out at its time")
                }
                _ => Words::fixed("已批准，开始发送", "Approved: sending starts"),
            });
            changed.run(v);
        });
    };
    let count = tw(move || {
        view.with(|v| {
            let (phones, audience) = (v.reach.phones, &v.audience);
            let (zh, en) = (&audience.zh, &audience.en);
            words!("发给 {zh}，{phones} 部手机", "To {en}: {phones} phones")
        })
    });
    let answers = tw(move || match kind.get() {
        StepKind::Approve => Words::fixed(
            "谁审批，谁负责。您的姓名、职务和时间会记录在案。",
            "Whoever approves answers for it. Your name, post and the time are recorded.",
        ),
        StepKind::Review | StepKind::File | StepKind::Register => Words::fixed(
            "您的姓名、职务和时间会记录在案，之后转下一步审批。",
            "Your name, post and the time are recorded; the next step follows.",
        ),
    });
    view! {
        <ConfirmDialog
            open
            title=tw(move || approve_label(kind.get()))
            confirm=tw(move || approve_label(kind.get()))
            on_confirm=run
            busy=order.busy()
        >
            <p class="m-submit-title">{move || view.with(|v| v.draft.title.clone())}</p>
            <p class="m-submit-count">{count}</p>
            <p class="x-small">{answers}</p>
            <FormField
                label=t(Words::fixed("意见（可不填）", "Remark (optional)"))
                error=order.field_error("reason")
            >
                <TextArea value=remark rows=2 max=REASON_MAX />
            </FormField>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

#[component]
fn ReturnDialog(
    open: RwSignal<bool>,
    view: RwSignal<MessageView>,
    changed: Callback<MessageView>,
) -> impl IntoView {
    let order = Order::new();
    let (toasts, session) = (use_toasts(), use_session());
    let reason = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    Effect::new(move |_| {
        if open.get() {
            order.clear();
            tried.set(false);
        }
    });
    let missing = t(Words::fixed(
        "请写明理由，起草人才知道怎么改",
        "Say why, so that the drafter knows what to change",
    ));
    let server = order.field_error("reason");
    let error = Signal::derive(move || {
        let is_missing = tried.get() && reason.with(|r| r.trim().is_empty());
        if is_missing { Some(missing.get()) } else { server.get() }
    });
    let run = move |()| {
        tried.set(true);
        if reason.with_untracked(|r| r.trim().is_empty()) {
            return;
        }
        decide(order, view, (Verdict::Return, reason.get_untracked()), move |v| {
            let _ = open.try_set(false);
            session.update(|me| me.waiting = me.waiting.saturating_sub(1));
            toasts.show(Tone::Info, Words::fixed("已退回给起草人", "Returned to the drafter"));
            changed.run(v);
        });
    };
    view! {
        <ConfirmDialog
            open
            title=t(Words::fixed("退回修改", "Return it"))
            confirm=t(Words::fixed("退回", "Return"))
            on_confirm=run
            busy=order.busy()
        >
            <FormField
                label=t(Words::fixed("退回理由", "Reason"))
                hint=Some(String::new()).filter(|h| !h.is_empty())
                error
                required=true
            >
                <TextArea
                    value=reason
                    rows=4
                    max=REASON_MAX
                    placeholder=t(
                        Words::fixed(
                            "例如：到校时间写错了，应为 7:20",
                            "e.g. The time is wrong: it should be 7:20",
                        ),
                    )
                />
            </FormField>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}
