//! `/messages/new` and `/messages/{id}/edit`: writing a notice. While typing,
//! the browser runs the rules that the Worker will run, and asks the Worker
//! only for what it alone knows: how many phones, which chain.

use domain::access::{Action, ClassPlace};
use domain::api;
use domain::approval::Verdict;
use domain::content::{self, Finding};
use domain::ids::{ClassId, MessageId, RequestId, StudentId};
use domain::message::{Audience, CapacityView, Category, Command, Draft, MessageView, TEXT_MAX, TITLE_MAX};
use domain::office_request::{HandIn, RequestState, RequestView, Requests, TakeUp};
use domain::problem::Refusal;
use domain::roster::ClassView;
use domain::sms::LINK_TEMPLATE;
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, ButtonLink, Card, CheckOption, FormField, Page, Segmented, Select,
    SelectOption, Skeleton, TextArea, TextInput, Tone, t, tw, use_lang,
};

use super::application::ApplicationFields;
use super::applied::begun;
use super::audience::AudienceLine;
use super::chain::ChainSteps;
use super::conflict::ConflictDialog;
use super::editor::{After, Editor, OnServer};
use super::errors::{Errors, use_errors};
use super::findings::LiveFindings;
use super::form::{self, Form, LATER, NOW};
use super::passages::{LivePassages, to_correct};
use super::preview::{Letter, SmsBubble};
use super::submit::SubmitDialog;
use super::templates::Templates;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::office_request;
use crate::route::{Route, use_router};
use crate::session::{use_me, use_session};

/// What writing begins with.
enum Start {
    /// Nothing: a new notice, to this class, or this student of it, where one was asked for.
    New(Option<ClassId>, Option<StudentId>),
    /// What somebody handed in to the office.
    Request(Box<RequestView>),
    /// A copy of another notice of one's own.
    Copy(Box<MessageView>),
    /// A draft that is there.
    Edit(Box<MessageView>),
}

/// `/messages/new`, also `?class={id}`, `?class={id}&student={id}`, `?from={id}` and `?request={id}`, and `/messages/{id}/edit`.
#[component]
pub fn ComposePage() -> impl IntoView {
    let router = use_router();
    let id = match router.route().get_untracked() {
        Route::EditMessage(id) => Some(id),
        _ => None,
    };
    let (class, from, request) =
        untrack(|| (router.query("class"), router.query("from"), router.query("request")));
    let request = request.and_then(|text| text.parse().ok()).map(RequestId).filter(|_| id.is_none());
    let class = class.and_then(|text| text.parse().ok()).map(ClassId);
    let student = untrack(|| router.query("student")).and_then(|text| text.parse().ok()).map(StudentId);
    let from = from.and_then(|text| text.parse().ok()).map(MessageId).filter(|_| id.is_none());
    let classes = Query::new(|| api::CLASSES.into());
    let (title, back) = match (id, from) {
        (Some(id), _) => (Words::fixed("修改通知", "Edit notice"), Route::Message(id).path()),
        (None, Some(from)) => (Words::fixed("写通知", "Write a notice"), Route::Message(from).path()),
        (None, None) => (Words::fixed("写通知", "Write a notice"), Route::Messages.path()),
    };
    let me = use_me();
    let editor = move |classes: Vec<ClassView>| {
        if let Some(wanted) = request {
            return view! { <Requested wanted classes /> }.into_any();
        }
        let Some(read) = id.or(from) else {
            return view! { <Composer classes start=Start::New(class, student) /> }.into_any();
        };
        let message = Query::new(move || api::MESSAGE.at(read));
        view! {
            <Loaded
                query=message
                show=move |m| {
                    let classes = classes.clone();
                    let is_own = me.with_untracked(|me| me.person.id == m.author);
                    match id {
                        Some(_) if m.may.contains(&Command::Edit) => {
                            view! { <Composer classes start=Start::Edit(Box::new(m)) /> }.into_any()
                        }
                        None if is_own => view! { <Composer classes start=Start::Copy(Box::new(m)) /> }.into_any(),
                        _ => closed(read),
                    }
                }
            />
        }
        .into_any()
    };
    view! {
        <Page title=t(title) back=back>
            <Loaded query=classes lines=8 show=editor />
        </Page>
    }
    .into_any()
}

fn closed(id: MessageId) -> AnyView {
    let words = Words::fixed(
        "这条通知现在不能修改：已提交报批，或不是您起草的",
        "This notice cannot be changed now: it is submitted, or somebody else wrote it",
    );
    view! {
        <Banner tone=Tone::Warning title=t(words)>
            <ButtonLink href=Route::Message(id).path() label=t(Words::fixed("查看通知", "Open the notice")) />
        </Banner>
    }
    .into_any()
}

#[component]
fn Composer(classes: Vec<ClassView>, start: Start) -> impl IntoView {
    let me = use_me();
    let staff = me.with_untracked(|m| m.person.id);
    let classes: Vec<ClassView> = classes.into_iter().filter(|c| c.may_write).collect();
    let first = || first_draft(&classes, &me.get_untracked());
    let (begin, on_server) = match &start {
        Start::New(class, student) => {
            let wanted = class.filter(|id| classes.iter().any(|c| c.id == *id));
            let draft = first();
            let audience = wanted.map(|class| match student {
                Some(student) => Audience::Children { class, students: vec![*student] },
                None => Audience::Classes { classes: vec![class] },
            });
            (Draft { audience: audience.unwrap_or(draft.audience), ..draft }, None)
        }
        Start::Copy(message) => (form::copied(&message.draft), None),
        Start::Request(request) => {
            let HandIn { title, body, wanted_at, .. } = request.asked.clone();
            (Draft { title, body, send_at: wanted_at, ..first() }, None)
        }
        Start::Edit(message) => (message.draft.clone(), Some(OnServer::of(message))),
    };
    // What was not saved is of a new notice, not of a copy.
    let kept = match &start {
        Start::Copy(_) | Start::Request(_) => None,
        Start::New(..) => form::kept(staff, None),
        Start::Edit(message) => form::kept(staff, Some(message.id)).filter(|k| *k != message.draft),
    };
    let kept = kept.filter(|k| !form::is_blank(k));
    let restored = RwSignal::new(kept.is_some());
    let form = Form::of(kept.as_ref().unwrap_or(&begin));
    let editor = Editor::provide(form, staff, on_server);

    let places: Vec<ClassPlace> = classes.iter().map(ClassView::place).collect();
    let (now, host) = (me.with_untracked(|m| m.now), window().location().host().unwrap_or_default());
    let findings: Memo<Vec<Finding>> = Memo::new(move |_| {
        let context = content::Context { now, host: &host };
        form.title.with(|t| form.body.with(|b| content::check(t, b, &context)))
    });
    let errors = Errors::provide(editor, findings, places);

    let begin = StoredValue::new(begin);
    let discard = move |()| {
        form::forget(staff, editor.id.get_untracked());
        begin.with_value(|b| form.fill(b));
        restored.set(false);
    };
    let submit_now = move |()| {
        editor.tried.set(true);
        if errors.is_any() {
            editor.refuse();
        } else {
            editor.save(After::Submit);
        }
    };
    let general = errors.general();
    let refusals = move || {
        let refusal = |r: Refusal| {
            view! {
                <div class="m-refusal" tabindex="-1">
                    <Banner tone=Tone::Warning title=t(r.words) />
                </div>
            }
        };
        general.get().into_iter().map(refusal).collect::<Vec<_>>()
    };
    let marked = match &start {
        Start::Edit(message) => to_correct(message),
        Start::New(..) | Start::Copy(_) | Start::Request(_) => Vec::new(),
    };
    let remark = match &start {
        Start::New(..) => None,
        Start::Copy(message) => {
            let title = message.draft.title.clone();
            let words =
                words!("内容复制自“{title}”，这是一条新通知", "Copied from “{title}”: this is a new notice");
            Some(view! { <Banner tone=Tone::Info title=t(words) /> }.into_any())
        }
        Start::Request(request) => Some(view! { <TakenUp request=(**request).clone() editor /> }.into_any()),
        Start::Edit(message) => returned(message),
    };
    view! {
        {move || {
            restored
                .get()
                .then(|| {
                    view! {
                        <Banner
                            tone=Tone::Info
                            title=t(Words::fixed("已恢复上次没有保存的内容", "Unsaved text from last time is back"))
                        >
                            <Button
                                label=t(Words::fixed("不要这些内容", "Discard it"))
                                kind=ButtonKind::Quiet
                                on_click=discard
                            />
                        </Banner>
                    }
                })
        }}
        {remark}
        <SavingProblems />
        {refusals}
        <div class="x-columns m-writing">
            <div class="x-stack">
                <Card>
                    <AudienceLine form classes error=errors.of("audience") />
                    <CapacityField editor error=errors.of("appointment") />
                    <Templates form />
                    <TextFields form />
                    <LivePassages form passages=marked />
                    <LiveFindings form findings />
                </Card>
                <ApplicationFields editor />
                <Card>
                    <CategoryField form />
                    <TimeFields form />
                </Card>
            </div>
            <div class="x-stack x-sticky">
                <PreviewPane />
            </div>
        </div>
        <div class="m-bar-bottom m-bar-slim">
            <SaveState />
            <div class="m-bar-buttons">
                <Button
                    label=t(Words::fixed("保存草稿", "Save draft"))
                    busy=Signal::derive(move || editor.is_saving())
                    on_click=move |()| editor.save(After::Stay)
                />
                <Button
                    label=t(Words::fixed("提交报批", "Submit for approval"))
                    kind=ButtonKind::Primary
                    busy=Signal::derive(move || editor.is_submitting())
                    on_click=submit_now
                />
            </div>
        </div>
        <SubmitDialog open=editor.ready />
        <ConflictDialog />
    }
    .into_any()
}

/// Begins with what was handed in, unless somebody else has taken it up meanwhile.
#[component]
fn Requested(wanted: RequestId, classes: Vec<ClassView>) -> impl IntoView {
    let requests = Query::new(|| api::REQUESTS.into());
    let show = move |all: Requests| {
        let open = |r: &RequestView| r.id == wanted && r.state == RequestState::Open;
        match all.requests.into_iter().find(open) {
            Some(request) => {
                view! { <Composer classes=classes.clone() start=Start::Request(Box::new(request)) /> }.into_any()
            }
            None => view! {
                <Banner
                    tone=Tone::Warning
                    title=t(Words::fixed("这份来件已有人接办，或已撤回", "This request was taken up or taken back"))
                >
                    <ButtonLink href=Route::Requests.path() label=t(Words::fixed("查看来件", "Open the requests")) />
                </Banner>
            }
            .into_any(),
        }
    };
    view! { <Loaded query=requests lines=8 show /> }.into_any()
}

/// Ties the draft to the request once it is saved for the first time, and says where the words stand.
#[component]
fn TakenUp(request: RequestView, editor: Editor) -> impl IntoView {
    let (order, session) = (Order::new(), use_session());
    let reader = StoredValue::new(use_me().with_untracked(|m| m.person.clone()));
    let id = request.id;
    Effect::new(move |was: Option<bool>| {
        let made = editor.id.get();
        if let Some(message) = made
            && was != Some(true)
        {
            order.send(api::TAKE_UP.at(id), &TakeUp { message }, move |all| {
                office_request::tell(session, &reader.get_value(), &all);
            });
        }
        made.is_some()
    });
    let (name, post, whom) = (request.requester, request.post.title(), request.asked.whom);
    let (pz, pe) = (post.zh, post.en);
    let title = words!("{name}（{pz}）来件，发给：{whom}", "From {name} ({pe}), to: {whom}");
    let note = request.asked.note;
    view! {
        <Banner tone=Tone::Info title=t(title)>
            {(!note.is_empty()).then(|| view! { <p class="x-prose">{note}</p> })}
            <p>
                {t(Words::fixed(
                    "以校办室名义发送。改动标题或正文后，须在“校办来件”中请来件人确认才能报批。",
                    "It is sent in the office's name. Where you change title or text, ask on the page of requests before you submit.",
                ))}
            </p>
        </Banner>
        <Problems order />
    }
    .into_any()
}

/// What went wrong with saving; a save from another window is asked about in a dialog of its own.
#[component]
fn SavingProblems() -> impl IntoView {
    let editor = expect_context::<Editor>();
    view! {
        <div hidden=move || {
            editor.theirs.with(Option::is_some) || editor.saving.problem().with(Option::is_none)
        }>
            <Problems order=editor.saving />
        </div>
    }
    .into_any()
}

/// A new draft with the audience that leaves the least to choose.
fn first_draft(classes: &[ClassView], me: &domain::account::Me) -> Draft {
    let person = &me.person;
    let mut draft = form::empty_draft();
    draft.application = begun(person, me.now);
    draft.audience = match classes {
        [] if person.may_school(Action::WriteToAllGuardians) => Audience::AllGuardians,
        [] if person.may_school(Action::WriteToAllTeachers) => Audience::AllTeachers,
        [only] => Audience::Classes { classes: vec![only.id] },
        _ => draft.audience,
    };
    draft
}

/// Why it came back, on top of everything.
fn returned(message: &MessageView) -> Option<AnyView> {
    let last = message.history.iter().rev().find(|d| d.verdict == Verdict::Return)?;
    let (name, post) = (&last.name, last.post.title());
    let (pz, pe) = (post.zh, post.en);
    let title = words!("{name}（{pz}）退回了这条通知", "{name} ({pe}) returned this notice");
    let reason = last.reason.clone();
    Some(
        view! {
            <Banner tone=Tone::Warning title=t(title)>
                <p class="x-prose">{reason}</p>
            </Banner>
        }
        .into_any(),
    )
}

/// As whom it is sent (以什么身份发送): shown where there is a choice.
#[component]
fn CapacityField(editor: Editor, error: Signal<Option<String>>) -> impl IntoView {
    let lang = use_lang();
    let capacities = Memo::new(move |_| {
        editor.preview.with(|p| p.as_ref().map_or_else(Vec::new, |p| p.capacities.clone()))
    });
    let options = Signal::derive(move || {
        let option = |c: CapacityView| {
            CheckOption::new(c.appointment.to_string(), c.title).note(c.post.title().get(lang.get()))
        };
        capacities.get().into_iter().map(option).collect::<Vec<_>>()
    });
    view! {
        <div class="x-field" hidden=move || capacities.with(|c| c.len() < 2) && error.with(Option::is_none)>
            <span class="x-field-label">{t(Words::fixed("发送身份", "Send as"))}</span>
            <Segmented
                label=t(Words::fixed("发送身份", "Send as"))
                options
                value=editor.form.appointment
            />
            <p class="x-field-error" role="alert" hidden=move || error.with(Option::is_none)>
                {move || error.get()}
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn CategoryField(form: Form) -> impl IntoView {
    let lang = use_lang();
    let editor = expect_context::<Editor>();
    let one_child = Memo::new(move |_| editor.draft.with(|d| d.audience.is_one_child()));
    let categories = Signal::derive(move || {
        let (lang, one_child, chosen) = (lang.get(), one_child.get(), form.category.get());
        // What concerns one child never goes to a group (G8): not offered, unless it stands in the draft.
        let offered = |c: &Category| !c.is_about_one_child() || one_child || c.key() == chosen;
        let option = |c: Category| SelectOption::new(c.key(), c.title().get(lang));
        Category::ALL.into_iter().filter(offered).map(option).collect::<Vec<_>>()
    });
    let hint = tw(move || {
        if one_child.get() {
            Words::fixed(
                "只发给这一名学生的家长，可以写该生的思想、学习和生活情况。",
                "It goes to this student's parents only, so it may be about the student.",
            )
        } else {
            Words::fixed(
                "涉及某个学生个人的思想、学习、生活情况，不能群发：请在“发给”里只选这一名学生。",
                "What concerns one student alone never goes to a group: choose just that student under “To”.",
            )
        }
    });
    view! {
        <FormField
            label=t(Words::fixed("内容类别", "Category"))
            hint=Signal::derive(move || Some(hint.get()))
            error=use_errors().of("category")
            required=true
        >
            <Select
                value=form.category
                options=categories
                prompt=t(Words::fixed("请选择", "Choose"))
            />
        </FormField>
    }
    .into_any()
}

#[component]
fn TextFields(form: Form) -> impl IntoView {
    let errors = use_errors();
    let title_hint = tw(move || {
        let n = form.title.with(|t| t.chars().count());
        words!("{n}/{TITLE_MAX}，会写进短信", "{n}/{TITLE_MAX}, goes into the SMS")
    });
    view! {
        <div id="m-title">
            <FormField
                label=t(Words::fixed("标题", "Title"))
                hint=Signal::derive(move || Some(title_hint.get()))
                error=errors.of("title")
                required=true
            >
                <TextInput
                    value=form.title
                    placeholder=t(Words::fixed("例如：秋季运动会安排", "e.g. Autumn sports day"))
                />
            </FormField>
        </div>
        <div id="m-body">
            <FormField label=t(Words::fixed("正文", "Text")) error=errors.of("body") required=true>
                <TextArea
                    value=form.body
                    rows=9
                    max=TEXT_MAX
                    placeholder=t(
                        Words::fixed(
                            "写清时间、地点、要家长做什么。空一行就是新的一段。",
                            "Say when, where, and what parents should do. An empty line starts a new paragraph.",
                        ),
                    )
                />
            </FormField>
        </div>
    }
    .into_any()
}

#[component]
fn TimeFields(form: Form) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let error = use_errors().of("send_at");
    let options = Signal::derive(move || {
        let lang = lang.get();
        [
            (NOW, Words::fixed("审批通过后立即发送", "As soon as it is approved")),
            (LATER, Words::fixed("定时发送", "At a time")),
        ]
        .map(|(key, words)| CheckOption::new(key, words.get(lang)))
        .to_vec()
    });
    let is_later = move || form.when.with(|w| w == LATER);
    let hint = tw(move || {
        let window = me.with(|m| m.school.window);
        let hours = window.words();
        let (hz, he) = (hours.zh, hours.en);
        let wanted = form.time.with(|t| Instant::from_local(t)).filter(|_| is_later());
        let moved = wanted.map(|at| window.next_open(at)).filter(|open| Some(*open) != wanted);
        match moved {
            Some(at) => {
                let at = at.words();
                let (zh, en) = (at.zh, at.en);
                words!(
                    "不在发送时段（{hz}）内，将顺延到 {zh} 发出",
                    "Outside the sending hours ({he}): it goes out on {en}"
                )
            }
            None if window.is_always() => Words::fixed("全天都可以发送", "Notices can go out at any hour"),
            None => words!(
                "发送时段 {hz}，时段外会顺延，不打扰家长休息",
                "Sending hours {he}. Outside them a notice waits, so that nobody is disturbed"
            ),
        }
    });
    let earliest = me.with_untracked(|m| m.now.to_local());
    view! {
        <Segmented label=t(Words::fixed("什么时候发", "When")) options value=form.when />
        <div hidden=move || !is_later()>
            <FormField label=t(Words::fixed("发送时间（北京时间）", "Time (Beijing)")) error>
                <TextInput value=form.time kind="datetime-local" min=earliest />
            </FormField>
        </div>
        <p class="x-small x-muted">{hint}</p>
    }
    .into_any()
}

/// Beside the form: the SMS as it will look, and the approval that it needs.
#[component]
fn PreviewPane() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let me = use_me();
    // The SMS is rendered here with every letter typed; only the address comes from the Worker.
    let sms = Signal::derive(move || {
        let link = editor.preview.with(|p| {
            let sms = &p.as_ref()?.sms;
            sms.rfind("http").map(|at| sms[at..].to_owned())
        });
        let link = link.unwrap_or_else(|| {
            let origin = window().location().origin().unwrap_or_default();
            format!("{origin}/m/{}", "x".repeat(domain::link::TOKEN_CHARS))
        });
        let title = editor.form.title.get();
        me.with(|m| LINK_TEMPLATE.render(&m.school.signature, title.trim(), &link))
    });
    let chain = Memo::new(move |_| {
        editor.preview.with(|p| p.as_ref().map(|p| p.chain.clone()).filter(|c| !c.steps.is_empty()))
    });
    let steps = move || {
        chain.get().map(|chain| {
            let label = t(chain.label.clone());
            view! {
                <Card title=label>
                    <ChainSteps chain />
                </Card>
            }
        })
    };
    let sender = Signal::derive(move || {
        editor.preview.with(|p| p.as_ref().map(|p| p.sender.clone())).unwrap_or_default()
    });
    let audience = Signal::derive(move || editor.draft.with(|d| d.audience.clone()));
    let waiting = move || editor.asking.busy().get() && editor.preview.with(Option::is_none);
    view! {
        <Card>
            <SmsBubble
                text=sms
                spare=Signal::derive(move || editor.form.title.with(|t| t.chars().count()))
            />
            <Letter title=editor.form.title body=editor.form.body sender audience />
        </Card>
        {move || waiting().then(|| view! { <div class="x-card"><Skeleton lines=3 /></div> })}
        {steps}
        <Problems order=editor.asking />
    }
    .into_any()
}

/// Whether what is typed is saved: by the Worker, or at least on this device.
#[component]
fn SaveState() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let words = tw(move || {
        let saved = editor.saved.with(|s| s.as_ref() == Some(&editor.draft.get()));
        match (saved, editor.saving.busy().get(), editor.saving.problem().with(Option::is_some)) {
            (true, _, _) if editor.id.get().is_some() => Words::fixed("草稿已保存", "Draft saved"),
            (_, true, _) => Words::fixed("正在保存…", "Saving…"),
            (_, _, true) => {
                Words::fixed("还没保存成功，内容暂存在本机", "Not saved yet; a copy is on this device")
            }
            _ if editor.draft.with(form::is_blank) => Words::fixed("", ""),
            _ => Words::fixed("已暂存在本机", "A copy is on this device"),
        }
    });
    view! { <p class="x-small x-muted" role="status">{words}</p> }.into_any()
}
