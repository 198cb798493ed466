//! `/requests`: what leaders and departments hand in to the office, and what
//! the office makes of it.

use domain::access::{Action, Person};
use domain::account::Me;
use domain::api;
use domain::ids::RequestId;
use domain::message::{MessageState, TEXT_MAX, TITLE_MAX};
use domain::office_request::{
    AnswerChange, ChangedWords, DeclineRequest, HandIn, NOTE_MAX, RequestState, RequestView, Requests,
};
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Badge, Banner, Button, ButtonKind, ButtonLink, Card, ConfirmDialog, EmptyState, FormField, IconName,
    Page, TextArea, TextInput, Tone, t, tw, use_toasts,
};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::route::{Route, use_router};
use crate::session::{Session, use_me, use_session};

/// Whether the page concerns a person.
pub fn concerns(me: &Me) -> bool {
    me.person.may(Action::HandIn) || me.person.may(Action::TakeUpRequests)
}

/// `/requests`.
#[component]
pub fn RequestsPage() -> impl IntoView {
    let me = use_me();
    let (hands_in, takes) =
        me.with_untracked(|m| (m.person.may(Action::HandIn), m.person.may(Action::TakeUpRequests)));
    let query = Query::new(|| api::REQUESTS.into());
    let about = if takes {
        Words::fixed(
            "校领导和各处室要发的内容由校办室以校办室名义办理：改动文字须经来件人确认，再走审批流程。",
            "The office sends what leaders and departments hand in, in its own name: changed words need the agreement of who asked, then the approval procedure.",
        )
    } else {
        Words::fixed(
            "需要发给家长或教师的内容，统一报校办室办理：由校办室起草、报批并发送。",
            "Hand in what parents or teachers should know: the office writes it up, has it approved, and sends it.",
        )
    };
    view! {
        <Page title=t(title(takes)) narrow=true>
            <p class="x-muted">{t(about)}</p>
            {hands_in.then(|| view! { <Form query /> })}
            <Loaded query show=move |all| view! { <All all query /> }.into_any() />
        </Page>
    }
    .into_any()
}

/// What the page is called for those who hand in, and for the office.
pub fn title(takes: bool) -> Words {
    if takes {
        Words::fixed("校办来件", "Requests")
    } else {
        Words::fixed("报校办室办理", "Hand to the office")
    }
}

#[component]
fn All(all: Requests, query: Query<Requests>) -> impl IntoView {
    let reader = use_me().with_untracked(|m| m.person.clone());
    tell(use_session(), &reader, &all);
    if all.requests.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Message
                    title=t(Words::fixed("还没有来件", "Nothing was handed in"))
                    note=t(Words::fixed("报来的内容和办理情况会出现在这里。", "What is handed in, and what becomes of it, appears here."))
                />
            </Card>
        }
        .into_any();
    }
    // The one that a message leads to stands first, then what waits.
    let sought = untrack(|| use_router().query("request")).and_then(|text| text.parse().ok()).map(RequestId);
    let (sought, others): (Vec<_>, Vec<_>) = all.requests.into_iter().partition(|r| Some(r.id) == sought);
    let (waiting, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(|r| r.waits_for(&reader));
    let card = |r| view! { <One request=r query /> }.into_any();
    sought.into_iter().chain(waiting).chain(rest).map(card).collect::<Vec<_>>().into_any()
}

/// How far it has got: the message's state once it is one.
fn state(request: &RequestView) -> (Words, Tone) {
    match (request.state, request.message_state) {
        _ if request.changed.is_some() => {
            (Words::fixed("等来件人确认改动", "Changed words wait for an answer"), Tone::Warning)
        }
        (RequestState::Taken, Some(state)) if state != MessageState::Draft => {
            let tone = if state == MessageState::Sent { Tone::Good } else { Tone::Info };
            (state.title(), tone)
        }
        (state @ RequestState::Open, _) => (state.title(), Tone::Warning),
        (state, _) => (state.title(), Tone::Info),
    }
}

#[component]
fn One(request: RequestView, query: Query<Requests>) -> impl IntoView {
    let (state, tone) = state(&request);
    let RequestView { requester, post, unit, asked, at, officer, message, reason, changed, .. } =
        request.clone();
    let HandIn { title, body, whom, wanted_at, note } = asked;
    let (post, at) = (post.title(), at.words());
    let (pz, pe, az, ae) = (post.zh, post.en, at.zh, at.en);
    let from =
        words!("{requester}（{unit} {pz}）{az} 报来", "Handed in by {requester} ({pe}, {unit}) on {ae}");
    let when = wanted_at.map(|at| at.words());
    let when = match when {
        Some(at) => {
            let (zh, en) = (at.zh, at.en);
            words!("希望 {zh} 发出", "Should go out on {en}")
        }
        None => Words::fixed("批准后即发", "As soon as it is approved"),
    };
    let badge = move || view! { <Badge tone label=t(state.clone()) /> };
    let officer = (!officer.is_empty()).then(|| {
        let words = words!("经办：{officer}", "In hand: {officer}");
        view! { <p class="x-small x-muted">{t(words)}</p> }
    });
    let link = message.filter(|_| !request.own).map(|id| {
        let label = t(Words::fixed("查看通知", "Open the notice"));
        view! { <ButtonLink href=Route::Message(id).path() label kind=ButtonKind::Quiet /> }
    });
    let reason = (!reason.is_empty()).then(|| {
        let words = words!("理由：{reason}", "Reason: {reason}");
        view! { <Banner tone=Tone::Warning title=t(words) /> }
    });
    let changed = changed.map(|changed| view! { <Changed changed id=request.id own=request.own query /> });
    let note = (!note.is_empty()).then(|| view! { <p class="x-small x-prose">{note}</p> });
    view! {
        <Card title=Signal::derive(move || title.clone()) actions=badge>
            <p class="x-small x-muted">{t(from)}</p>
            <p class="x-small x-muted">
                <span lang="zh-CN">{whom}</span>
                " · "
                {t(when)}
            </p>
            <p class="x-prose" lang="zh-CN">{body}</p>
            {note}
            {officer}
            {reason}
            {changed}
            <p class="x-row">
                {link}
                <Steps request query />
            </p>
        </Card>
    }
    .into_any()
}

/// The changed words, and for who asked the two answers.
#[component]
fn Changed(changed: ChangedWords, id: RequestId, own: bool, query: Query<Requests>) -> impl IntoView {
    let ChangedWords { title, body, asked_at } = changed;
    let (order, toasts) = (Order::new(), use_toasts());
    let (open, reason) = (RwSignal::new(false), RwSignal::new(String::new()));
    let answer = move |agree: bool| {
        let body = AnswerChange { asked_at, agree, reason: reason.get_untracked() };
        order.send(api::ANSWER_CHANGE.at(id), &body, move |all| {
            open.set(false);
            toasts.done(Words::fixed("已答复校办室", "The office has your answer"));
            query.set(all);
        });
    };
    let answers = own.then(|| {
        view! {
            <p class="x-row">
                <Button
                    label=t(Words::fixed("同意改动", "Agree"))
                    kind=ButtonKind::Primary
                    busy=order.busy()
                    on_click=move |()| answer(true)
                />
                <Button label=t(Words::fixed("不同意", "Do not agree")) on_click=move |()| open.set(true) />
            </p>
            <Problems order />
            <ConfirmDialog
                open
                title=t(Words::fixed("不同意这样改动？", "Not in these words?"))
                confirm=t(Words::fixed("答复校办室", "Answer the office"))
                busy=order.busy()
                on_confirm=move |()| answer(false)
            >
                <FormField
                    label=t(Words::fixed("哪里不合适", "What is wrong with them"))
                    error=order.field_error("reason")
                    required=true
                >
                    <TextArea value=reason rows=3 max=NOTE_MAX />
                </FormField>
            </ConfirmDialog>
        }
    });
    view! {
        <Banner tone=Tone::Warning title=t(Words::fixed("校办室改动后的文字", "The words as the office changed them"))>
            <p><strong lang="zh-CN">{title}</strong></p>
            <p class="x-prose" lang="zh-CN">{body}</p>
            {answers}
        </Banner>
    }
    .into_any()
}

/// What the reader can do with it.
#[component]
fn Steps(request: RequestView, query: Query<Requests>) -> impl IntoView {
    let takes = use_me().with_untracked(|m| m.person.may(Action::TakeUpRequests));
    let (order, toasts, id) = (Order::new(), use_toasts(), request.id);
    let (open, reason) = (RwSignal::new(false), RwSignal::new(String::new()));
    let is_open = request.state == RequestState::Open;
    let take = (is_open && takes).then(|| {
        let href = format!("{}?request={id}", Route::Compose.path());
        view! {
            <ButtonLink href label=t(Words::fixed("接办，起草通知", "Write it up")) kind=ButtonKind::Primary />
            <Button label=t(Words::fixed("不予办理", "Decline")) on_click=move |()| open.set(true) />
        }
    });
    let back = (is_open && request.own).then(|| {
        let withdraw = move |()| {
            order.call(api::WITHDRAW_REQUEST.at(id), move |all| {
                toasts.done(Words::fixed("已撤回", "Taken back"));
                query.set(all);
            });
        };
        view! { <Button label=t(Words::fixed("撤回", "Take back")) busy=order.busy() on_click=withdraw /> }
    });
    let unsent = matches!(request.message_state, Some(MessageState::Draft | MessageState::Returned));
    let ask = (request.mine && request.differs && unsent && request.changed.is_none()).then(|| {
        let ask = move |()| {
            order.call(api::ASK_ABOUT_WORDS.at(id), move |all| {
                toasts.done(Words::fixed("已请来件人确认", "Who handed it in was asked"));
                query.set(all);
            });
        };
        view! {
            <Button
                label=t(Words::fixed("请来件人确认改动", "Ask about the changed words"))
                kind=ButtonKind::Primary
                busy=order.busy()
                on_click=ask
            />
        }
    });
    let decline = move |()| {
        let body = DeclineRequest { reason: reason.get_untracked() };
        order.send(api::DECLINE_REQUEST.at(id), &body, move |all| {
            open.set(false);
            query.set(all);
        });
    };
    view! {
        {take}
        {back}
        {ask}
        <Problems order />
        <ConfirmDialog
            open
            title=t(Words::fixed("不予办理这份来件？", "Decline this request?"))
            confirm=t(Words::fixed("不予办理", "Decline"))
            busy=order.busy()
            on_confirm=decline
            danger=true
        >
            <FormField
                label=t(Words::fixed("理由（来件人会看到）", "Why (who handed it in sees it)"))
                error=order.field_error("reason")
                required=true
            >
                <TextArea value=reason rows=3 max=NOTE_MAX />
            </FormField>
        </ConfirmDialog>
    }
    .into_any()
}

#[component]
fn Form(query: Query<Requests>) -> impl IntoView {
    let (order, toasts) = (Order::new(), use_toasts());
    let [title, body, whom, time, note] = [(); 5].map(|()| RwSignal::new(String::new()));
    let submit = move || {
        let order_body = HandIn {
            title: title.get_untracked(),
            body: body.get_untracked(),
            whom: whom.get_untracked(),
            wanted_at: Instant::from_local(&time.get_untracked()),
            note: note.get_untracked(),
        };
        order.send(api::HAND_IN, &order_body, move |all| {
            for field in [title, body, whom, time, note] {
                field.set(String::new());
            }
            toasts.done(Words::fixed("已报校办室", "The office has it"));
            query.set(all);
        });
    };
    let hint = tw(move || {
        let n = title.with(|t| t.chars().count());
        words!("{n}/{TITLE_MAX}", "{n}/{TITLE_MAX}")
    });
    view! {
        <Card title=t(Words::fixed("新的来件", "Hand something in"))>
            <Problems order />
            <form
                class="x-form"
                novalidate
                on:submit=move |event| {
                    event.prevent_default();
                    submit();
                }
            >
                <FormField
                    label=t(Words::fixed("标题", "Title"))
                    hint=Signal::derive(move || Some(hint.get()))
                    error=order.field_error("title")
                    required=true
                >
                    <TextInput value=title />
                </FormField>
                <FormField label=t(Words::fixed("正文", "Text")) error=order.field_error("body") required=true>
                    <TextArea value=body rows=5 max=TEXT_MAX />
                </FormField>
                <FormField label=t(Words::fixed("发给谁", "To whom")) error=order.field_error("whom") required=true>
                    <TextInput value=whom placeholder=t(Words::fixed("例如：七年级全体家长", "e.g. all parents of year 7")) />
                </FormField>
                <FormField
                    label=t(Words::fixed("希望发送时间（北京时间）", "When it should go out (Beijing time)"))
                    hint=t(Words::fixed("不填就在批准后发送", "As soon as it is approved where left empty"))
                    error=order.field_error("wanted_at")
                >
                    <TextInput value=time kind="datetime-local" />
                </FormField>
                <FormField
                    label=t(Words::fixed("给校办室的说明", "A note for the office"))
                    hint=t(Words::fixed("可不填", "Optional"))
                    error=order.field_error("note")
                >
                    <TextArea value=note rows=2 max=NOTE_MAX />
                </FormField>
                <Button
                    label=t(Words::fixed("报校办室", "Hand in"))
                    kind=ButtonKind::Primary
                    busy=order.busy()
                    on_click=move |()| submit()
                />
            </form>
        </Card>
    }
    .into_any()
}

/// Puts what waits for the reader into the session, as the start page tells it.
pub fn tell(session: Session, reader: &Person, all: &Requests) {
    let n = all.requests.iter().filter(|r| r.waits_for(reader)).count();
    session.update(|me| me.requests = n as u32);
}

/// On the start page while something waits for the reader.
#[component]
pub fn RequestsBanner() -> impl IntoView {
    let me = use_me();
    move || {
        let (n, takes) = me.with(|m| (m.requests, m.person.may(Action::TakeUpRequests)));
        (n > 0).then(|| {
            let title = if takes {
                words!("{n} 份来件待校办室接办", "Handed in and not taken up: {n}")
            } else {
                words!("{n} 份来件的文字改动待您确认", "Changed words that wait for your answer: {n}")
            };
            view! {
                <Banner tone=Tone::Warning title=t(title)>
                    <a href=Route::Requests.path()>{t(Words::fixed("去办理", "Open"))}</a>
                </Banner>
            }
        })
    }
}
