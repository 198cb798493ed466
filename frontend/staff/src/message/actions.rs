//! What a person can do with a message now: the bar of buttons at the bottom,
//! and the dialogs that ask before anything is done.

use domain::api::{self, Endpoint};
use domain::approval::{Decide, PHONES_WITHOUT_PASSWORD, REASON_MAX, StepKind, Verdict};
use domain::ids::MessageId;
use domain::message::{Command, MessageBox, MessageState, MessageView, STOP_REASON_MAX, StopMessage};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, ButtonLink, ConfirmDialog, FormField, IconName, TextArea, TextInput, Tone, t,
    tw, use_toasts,
};

use super::next::next_one;
use super::returning::ReturnDialog;
use crate::api::Order;
use crate::common::{Problems, refresh_me};
use crate::route::{Route, use_router};
use crate::session::{use_me, use_session};

/// The bar with what the reader may do; nothing where that is nothing.
#[component]
pub fn Actions(view: RwSignal<MessageView>, changed: Callback<MessageView>) -> impl IntoView {
    let me = use_me();
    let may = Memo::new(move |_| view.with(|v| v.may.clone()));
    let (author, self_id) = (view.with_untracked(|v| v.author), me.with_untracked(|m| m.person.id));
    // What has come to its end can be the beginning of a new one.
    let copies = Memo::new(move |_| author == self_id && view.with(|v| is_over(v.state)));
    let id = view.with_untracked(|v| v.id);
    let asked = RwSignal::new(None::<Command>);
    let asking = RwSignal::new(false);
    let (approving, returning) = (RwSignal::new(false), RwSignal::new(false));
    let stopping = RwSignal::new(false);
    let (resume, again, reminder) = (Order::new(), Order::new(), Order::new());
    let toasts = use_toasts();

    let ask = move |command| {
        asked.set(Some(command));
        asking.set(true);
    };
    let go_on = move |()| {
        resume.call(api::RESUME.at(id), move |v| {
            toasts.done(Words::fixed("已继续发送", "Sending resumed"));
            changed.run(v);
        });
    };
    let remind = move |()| {
        reminder.call(api::REMIND.at(id), move |v| {
            toasts.done(Words::fixed(
                "已催办，对方首页会显示；今天不能再催",
                "Reminded: it stands on their start page. Again tomorrow",
            ));
            changed.run(v);
        });
    };
    let put_again = move |()| {
        again.call(api::PUT_AGAIN.at(id), move |v| {
            toasts.done(Words::fixed("已重新提交", "Put on its way again"));
            changed.run(v);
        });
    };
    let correction = Order::new();
    let router = use_router();
    let correct = move |()| {
        correction.call(api::CORRECT.at(id), move |made| router.go(&Route::EditMessage(made.id).path()));
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
            // Papers have their own cards.
            Command::Register | Command::Receive | Command::Comment | Command::Answer => ().into_any(),
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
                    on_click=move |()| {
                        // Whether all sending is stopped may have changed since the page was opened.
                        refresh_me();
                        approving.set(true);
                    }
                />
            }
            .into_any(),
            Command::Resume => view! {
                <Button
                    label=t(Words::fixed("继续发送", "Resume sending"))
                    kind=ButtonKind::Primary
                    busy=resume.busy()
                    on_click=go_on
                />
            }
            .into_any(),
            Command::Remind => view! {
                <Button
                    label=t(Words::fixed("催办", "Remind"))
                    icon=IconName::Clock
                    busy=reminder.busy()
                    on_click=remind
                />
            }
            .into_any(),
            Command::Stop => view! {
                <Button
                    label=t(Words::fixed("停止发送", "Stop sending"))
                    icon=IconName::Stop
                    kind=ButtonKind::Danger
                    on_click=move |()| stopping.set(true)
                />
            }
            .into_any(),
            Command::PutAgain => view! {
                <Button
                    label=t(Words::fixed("重新提交", "Put again"))
                    busy=again.busy()
                    on_click=put_again
                />
            }
            .into_any(),
            Command::Correct => view! {
                <Button
                    label=t(Words::fixed("更正", "Correct it"))
                    icon=IconName::Write
                    busy=correction.busy()
                    on_click=correct
                />
            }
            .into_any(),
            other => {
                let (label, ..) = about(other, view.with_untracked(is_first_draft));
                view! { <Button label=t(label) on_click=move |()| ask(other) /> }.into_any()
            }
        };
        may.get().into_iter().map(one).collect::<Vec<_>>()
    };
    let copy = move || {
        copies.get().then(|| {
            let label = if view.with(|v| v.state == MessageState::Withdrawn) {
                Words::fixed("重新编辑", "Edit again")
            } else {
                Words::fixed("复制为新通知", "Copy as a new notice")
            };
            view! {
                <ButtonLink
                    href=format!("{}?from={id}", Route::Compose.path())
                    label=t(label)
                    icon=IconName::Write
                />
            }
        })
    };
    let shows = move || copies.get() || may.with(|m| m.iter().any(is_in_bar));
    view! {
        <Problems order=resume />
        <Problems order=again />
        <Problems order=correction />
        <Problems order=reminder />
        <div class="m-bar-bottom" hidden=move || !shows()>
            <div class="m-bar-buttons">{copy} {buttons}</div>
        </div>
        <ApproveDialog open=approving view changed kind=kind.into() />
        <ReturnDialog open=returning view changed />
        <CommandDialog open=asking command=asked view changed />
        <StopDialog open=stopping view changed />
    }
    .into_any()
}

/// Whether an order is a button of the bar: others have their place on the page.
fn is_in_bar(command: &Command) -> bool {
    use Command::{Answer, Comment, Receive, Register, Submit};
    !matches!(command, Submit | Register | Receive | Comment | Answer)
}

fn waiting_kind(view: &MessageView) -> StepKind {
    view.chain.steps.iter().find(|s| s.waits).map_or(StepKind::Approve, |s| s.step.kind)
}

/// Whether an approval now is the last one and releases to so many that the password is asked again.
fn sends_to_many(view: &MessageView) -> bool {
    let open = view.chain.steps.iter().filter(|s| s.step.is_decisive() && s.decision.is_none()).count();
    open == 1 && view.reach.phones > PHONES_WITHOUT_PASSWORD
}

/// 审核 and 审批 are never swapped. Other kinds of step never wait for a decision.
fn approve_label(kind: StepKind) -> Words {
    match kind {
        StepKind::Review => Words::fixed("审核通过", "Pass review"),
        StepKind::Approve | StepKind::File | StepKind::Register => Words::fixed("审批同意", "Approve"),
    }
}

/// Whether nothing more will become of it.
fn is_over(state: MessageState) -> bool {
    matches!(state, MessageState::Withdrawn | MessageState::Cancelled | MessageState::Sent)
}

/// Whether nobody but its drafter has ever seen it: then it is thrown away, not withdrawn.
fn is_first_draft(view: &MessageView) -> bool {
    view.state == MessageState::Draft && view.times.submitted_at.is_none()
}

/// The words of an order: its name, the question before it, what it does, and the answer «yes».
type About = (Words, Words, Words, Words);

fn about(command: Command, first_draft: bool) -> About {
    match command {
        Command::Withdraw if first_draft => (
            Words::fixed("删除草稿", "Delete draft"),
            Words::fixed("删除这份草稿？", "Delete this draft?"),
            Words::fixed(
                "还没有提交过，除了您没有人看到过。删除后不再出现在列表里。",
                "It was never submitted and nobody but you has seen it. It leaves your list.",
            ),
            Words::fixed("删除草稿", "Delete draft"),
        ),
        Command::Withdraw => (
            Words::fixed("撤回", "Withdraw"),
            Words::fixed("撤回这条通知？", "Withdraw this notice?"),
            Words::fixed(
                "撤回后不会再审批，也不会发送。需要时可以重新编辑，再次报批。",
                "It will not be decided on and not be sent. You can edit it again and submit it as a new one.",
            ),
            Words::fixed("撤回", "Withdraw"),
        ),
        Command::Cancel => (
            Words::fixed("取消发送", "Cancel sending"),
            Words::fixed("取消发送这条通知？", "Cancel this notice?"),
            Words::fixed(
                "已经批准，但还没有发出。取消后不会发给任何人，不能恢复。",
                "It is approved and has not gone out. Nobody will get it, and this cannot be undone.",
            ),
            Words::fixed("确认取消发送", "Yes, cancel it"),
        ),
        Command::Pause => (
            Words::fixed("暂停发送", "Pause"),
            Words::fixed("暂停发送？", "Pause sending?"),
            Words::fixed(
                "已经发出的收不回来，没发的先停住，可以随时继续；同班后面的通知会先发。",
                "What has gone out stays out; the rest waits until you resume. Later notices to the same classes go first.",
            ),
            Words::fixed("暂停发送", "Pause"),
        ),
        Command::Release => (
            Words::fixed("发出", "Release"),
            Words::fixed("发出这条通知？", "Release this notice?"),
            Words::fixed(
                "审批原件已在学生处登记。您作为指派专人发出后，将按时发给家长，收不回来。",
                "The signed original is registered. Once you release it as designated sender it goes out at its time and cannot be called back.",
            ),
            Words::fixed("发出", "Release"),
        ),
        Command::Register | Command::Receive | Command::Comment | Command::Answer => {
            let nothing = Words::fixed("", "");
            (nothing.clone(), nothing.clone(), nothing.clone(), nothing)
        }
        Command::Edit
        | Command::Submit
        | Command::Decide
        | Command::Remind
        | Command::Resume
        | Command::Stop
        | Command::PutAgain
        | Command::Correct => {
            let nothing = Words::fixed("", "");
            (nothing.clone(), nothing.clone(), nothing.clone(), nothing)
        }
    }
}

/// Where an order goes that needs no body.
fn endpoint(command: Command) -> Option<Endpoint<MessageId, (), MessageView>> {
    match command {
        Command::Remind => Some(api::REMIND),
        Command::Withdraw => Some(api::WITHDRAW),
        Command::Cancel => Some(api::CANCEL),
        Command::Pause => Some(api::PAUSE),
        Command::Resume => Some(api::RESUME),
        Command::PutAgain => Some(api::PUT_AGAIN),
        Command::Release => Some(api::RELEASE),
        Command::Submit
        | Command::Decide
        | Command::Edit
        | Command::Stop
        | Command::Correct
        | Command::Register
        | Command::Receive
        | Command::Comment
        | Command::Answer => None,
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
    let (toasts, session, router) = (use_toasts(), use_session(), use_router());
    let text = move |part: fn(About) -> Words| {
        tw(move || {
            let first_draft = view.with(is_first_draft);
            command.get().map_or(Words::fixed("", ""), |c| part(about(c, first_draft)))
        })
    };
    Effect::new(move |_| {
        if open.get() {
            order.clear();
        }
    });
    let run = move |()| {
        let Some(endpoint) = command.get_untracked().and_then(endpoint) else { return };
        let first_draft = view.with_untracked(is_first_draft);
        let came_back = view.with_untracked(|v| {
            v.state == MessageState::Returned || v.state == MessageState::Draft && v.version > 1
        });
        order.call(endpoint.at(view.with_untracked(|v| v.id)), move |v| {
            let _ = open.try_set(false);
            if came_back {
                session.update(|me| me.returned = me.returned.saturating_sub(1));
            }
            if first_draft {
                toasts.done(Words::fixed("草稿已删除", "Draft deleted"));
                router.replace(&format!("{}?box={}", Route::Messages.path(), MessageBox::Mine.key()));
                return;
            }
            toasts.done(v.state.title());
            changed.run(v);
        });
    };
    view! {
        <ConfirmDialog
            open
            title=text(|(_, question, ..)| question)
            confirm=text(|(.., yes)| yes)
            keep=t(Words::fixed("再想想", "Not now"))
            on_confirm=run
            busy=order.busy()
            danger=true
        >
            <p>{text(|(_, _, effect, _)| effect)}</p>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

/// Approves exactly what was on the screen.
fn approve(
    order: Order,
    view: RwSignal<MessageView>,
    (reason, password): (String, Option<String>),
    done: impl FnOnce(MessageView) + 'static,
) {
    let (id, digest) = view.with_untracked(|v| (v.id, v.digest.clone().unwrap_or_default()));
    let body = Decide { verdict: Verdict::Approve, digest, reason, passages: Vec::new(), password };
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
    let (me, toasts, session) = (use_me(), use_toasts(), use_session());
    let next = next_one(view.with_untracked(|v| v.id));
    let remark = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    // The page may be older than the rule: then the server asks.
    let server_asked = RwSignal::new(false);
    Effect::new(move |_| {
        if order.problem().with(|p| p.as_ref().is_some_and(|p| p.kind == "/problems/password_needed")) {
            server_asked.set(true);
        }
    });
    let asks_password = Memo::new(move |_| server_asked.get() || view.with(sends_to_many));
    Effect::new(move |_| {
        if open.get() {
            order.clear();
        } else {
            password.set(String::new());
        }
    });
    let run = move |()| {
        let given = asks_password.get_untracked().then(|| password.get_untracked()).filter(|p| !p.is_empty());
        approve(order, view, (remark.get_untracked(), given), move |v| {
            password.set(String::new());
            let _ = open.try_set(false);
            session.update(|me| me.waiting = me.waiting.saturating_sub(1));
            toasts.done(match v.state {
                MessageState::Submitted => {
                    Words::fixed("已同意，转到下一步", "Approved: the next step waits")
                }
                _ if me.with_untracked(|m| m.school.stopped.is_some()) => Words::fixed(
                    "已批准；全校发送停止中，恢复后自动发出",
                    "Approved: all sending is stopped, it goes out afterwards",
                ),
                _ if v.held.is_some() => Words::fixed("已批准，暂不发送", "Approved, but held"),
                MessageState::Approved if v.draft.send_at.is_some() => {
                    Words::fixed("已批准，到时间自动发送", "Approved: it goes out at its time")
                }
                _ => Words::fixed("已批准，开始发送", "Approved: sending starts"),
            });
            changed.run(v);
            next.run(());
        });
    };
    let count = tw(move || {
        view.with(|v| {
            let (phones, audience) = (v.reach.phones, &v.audience);
            let (zh, en) = (&audience.zh, &audience.en);
            let phones_en = count(phones, "phone", "phones");
            words!("发给 {zh}，{phones} 部手机", "{en}: {phones_en}")
        })
    });
    // Who approves while all sending is stopped has to know that nothing goes out now.
    let halted = move || {
        me.with(|m| m.school.stopped.clone()).map(|stop| {
            let by = stop.by;
            let words = words!(
                "全校发送已由 {by} 停止：同意后先等着，恢复发送后自动发出。",
                "{by} has stopped all sending: once approved, this waits and goes out by itself afterwards."
            );
            let reason = (!stop.reason.is_empty()).then(|| view! { <p class="x-prose">{stop.reason}</p> });
            view! { <Banner tone=Tone::Warning title=t(words)>{reason}</Banner> }
        })
    };
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
            {halted}
            <p class="x-small">{answers}</p>
            <details class="m-details">
                <summary>{t(Words::fixed("写一句意见", "Add a remark"))}</summary>
                <FormField
                    label=t(Words::fixed("意见（可不填）", "Remark (optional)"))
                    error=order.field_error("reason")
                >
                    <TextArea value=remark rows=2 max=REASON_MAX />
                </FormField>
            </details>
            <Show when=move || asks_password.get()>
                <FormField
                    label=t(Words::fixed("再输入一次您的密码", "Your password once more"))
                    hint=t(Words::fixed(
                        "批准后马上发给许多家长，请确认是您本人。",
                        "It goes out to many parents at once: please confirm that it is you.",
                    ))
                    error=order.field_error("password")
                    required=true
                >
                    <TextInput value=password kind="password" autocomplete="current-password" />
                </FormField>
            </Show>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

/// Asks why, and says what happens, before the sending of a message is ended.
#[component]
fn StopDialog(
    open: RwSignal<bool>,
    view: RwSignal<MessageView>,
    changed: Callback<MessageView>,
) -> impl IntoView {
    let order = Order::new();
    let toasts = use_toasts();
    let reason = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    Effect::new(move |_| {
        if open.get() {
            order.clear();
            tried.set(false);
        }
    });
    let missing = t(Words::fixed("请写明停止的理由", "Say why it is stopped"));
    let server = order.field_error("reason");
    let error = Signal::derive(move || {
        let is_missing = tried.get() && reason.with(|r| r.trim().is_empty());
        if is_missing { Some(missing.get()) } else { server.get() }
    });
    let run = move |()| {
        tried.set(true);
        let body = StopMessage { reason: reason.get_untracked() };
        if body.reason.trim().is_empty() {
            return;
        }
        order.send(api::STOP_MESSAGE.at(view.with_untracked(|v| v.id)), &body, move |v| {
            let _ = open.try_set(false);
            toasts.done(Words::fixed("已停止发送", "Sending is stopped"));
            changed.run(v);
        });
    };
    let waiting = tw(move || {
        let n = view.with(|v| v.funnel.map_or(0, |f| f.waiting));
        words!(
            "还没提交的（现在 {n} 部）不再发送，不能恢复；已经提交的收不回来，收到的家长仍能打开页面。同班后面的通知接着发。",
            "What has not gone out (now {n} phones) is not sent, and this cannot be undone. What has gone out stays out, and its page still opens. Later notices to the same classes go on."
        )
    });
    view! {
        <ConfirmDialog
            open
            title=t(Words::fixed("停止发送这条通知？", "Stop sending this notice?"))
            confirm=t(Words::fixed("停止发送", "Stop sending"))
            on_confirm=run
            busy=order.busy()
            danger=true
        >
            <p>{waiting}</p>
            <FormField
                label=t(Words::fixed("理由", "Reason"))
                hint=t(Words::fixed("会显示在这条通知上。", "It stands on the notice's page."))
                error
                required=true
            >
                <TextArea value=reason rows=3 max=STOP_REASON_MAX />
            </FormField>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}
