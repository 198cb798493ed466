//! `/messages/new` and `/messages/{id}/edit`: writing a notice. While typing,
//! the browser runs the rules that the Worker will run, and asks the Worker
//! only for what it alone knows: how many phones, which chain.

use domain::access::{Action, ClassPlace};
use domain::api;
use domain::approval::Verdict;
use domain::content::{self, Finding};
use domain::ids::MessageId;
use domain::message::{Audience, Category, Command, Draft, MessageView, TEXT_MAX, TITLE_MAX};
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

use super::audience::AudienceFields;
use super::chain::ChainSteps;
use super::editor::{After, Editor};
use super::findings::LiveFindings;
use super::form::{self, Form, LATER, NOW};
use super::preview::{Letter, SmsBubble};
use super::submit::SubmitDialog;
use crate::api::Query;
use crate::common::{Loaded, Problems};
use crate::route::{Route, use_router};
use crate::session::use_me;

/// `/messages/new` and `/messages/{id}/edit`.
#[component]
pub fn ComposePage() -> impl IntoView {
    let id = match use_router().route().get_untracked() {
        Route::EditMessage(id) => Some(id),
        _ => None,
    };
    let classes = Query::new(|| api::CLASSES.into());
    let (title, back) = match id {
        Some(id) => (Words::fixed("修改通知", "Edit notice"), Route::Message(id).path()),
        None => (Words::fixed("写通知", "Write a notice"), Route::Messages.path()),
    };
    let editor = move |classes: Vec<ClassView>| match id {
        None => view! { <Composer classes start=None /> }.into_any(),
        Some(id) => {
            let message = Query::new(move || api::MESSAGE.at(id));
            view! {
                <Loaded
                    query=message
                    show=move |m| {
                        let classes = classes.clone();
                        if m.may.contains(&Command::Edit) {
                            view! { <Composer classes start=Some(Box::new(m)) /> }.into_any()
                        } else {
                            closed(id)
                        }
                    }
                />
            }
            .into_any()
        }
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
fn Composer(classes: Vec<ClassView>, start: Option<Box<MessageView>>) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let staff = me.with_untracked(|m| m.person.id);
    let classes: Vec<ClassView> = classes.into_iter().filter(|c| c.may_write).collect();
    let start_id = start.as_ref().map(|m| m.id);
    let on_server = start.as_ref().map(|m| m.draft.clone());
    let begin = on_server.clone().unwrap_or_else(|| first_draft(&classes, &me.get_untracked().person));
    let kept = form::kept(staff, start_id).filter(|k| Some(k) != on_server.as_ref() && !form::is_blank(k));
    let restored = RwSignal::new(kept.is_some());
    let form = Form::of(kept.as_ref().unwrap_or(&begin));
    let editor = Editor::provide(form, staff, start_id, on_server);

    let places: Vec<ClassPlace> = classes.iter().map(ClassView::place).collect();
    let findings: Memo<Vec<Finding>> =
        Memo::new(move |_| form.title.with(|t| form.body.with(|b| content::check(t, b))));
    let refusals = Memo::new(move |_| {
        let draft = editor.draft.get();
        let mut all = me.with(|m| draft.check_saving(&m.person, &places));
        if editor.tried.get() {
            all.extend(findings.with(|f| later_refusals(&draft, f)));
            if form.lacks_time() {
                all.push(Refusal::field(
                    "time_missing",
                    "send_at",
                    Words::fixed("请选择发送时间", "Choose a time"),
                ));
            }
        }
        all
    });
    let wrong = move |field: &'static str| {
        let server = editor.saving.field_error(field);
        Signal::derive(move || {
            let own = refusals.with(|r| r.iter().find(|r| r.field_name() == Some(field)).cloned());
            let own = own.or_else(|| {
                let tried = editor.tried.get() && !editor.stale.get();
                editor.preview.with(|p| {
                    let found = p.as_ref()?.refusals.iter().find(|r| r.field_name() == Some(field));
                    found.filter(|_| tried).cloned()
                })
            });
            own.map(|r| r.words.get(lang.get()).to_owned()).or_else(|| server.get())
        })
    };

    let begin = StoredValue::new(begin);
    let discard = move |()| {
        form::forget(staff, editor.id.get_untracked());
        begin.with_value(|b| form.fill(b));
        restored.set(false);
    };
    let submit_now = move |()| {
        editor.tried.set(true);
        if refusals.with_untracked(Vec::is_empty) {
            editor.save(After::Submit);
        } else {
            first_error();
        }
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
        {start.as_deref().and_then(returned)}
        <Problems order=editor.saving />
        <div class="x-columns">
            <div class="x-stack">
                <Card title=t(Words::fixed("发给谁", "To whom"))>
                    <AudienceFields form classes error=wrong("audience") />
                </Card>
                <Card title=t(Words::fixed("内容", "Content"))>
                    <ContentFields form wrong=[wrong("category"), wrong("title"), wrong("body")] />
                </Card>
                <LiveFindings form findings />
                <Card title=t(Words::fixed("什么时候发", "When"))>
                    <TimeFields form error=wrong("send_at") />
                </Card>
            </div>
            <div class="x-stack x-sticky">
                <PreviewPane />
            </div>
        </div>
        <div class="m-bar-bottom">
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
    }
    .into_any()
}

/// What submission asks for beyond saving, without the sending time: only the
/// Worker's clock can judge that.
fn later_refusals(draft: &Draft, findings: &[Finding]) -> Vec<Refusal> {
    let draft = Draft { send_at: None, ..draft.clone() };
    draft.check_submission(findings, Instant(0))
}

/// A new draft with the audience that leaves the least to choose.
fn first_draft(classes: &[ClassView], person: &domain::access::Person) -> Draft {
    let mut draft = form::empty_draft();
    draft.audience = match classes {
        [] if person.may_school(Action::WriteToAllGuardians) => Audience::AllGuardians,
        [] if person.may_school(Action::WriteToAllTeachers) => Audience::AllTeachers,
        [only] => Audience::Classes { classes: vec![only.id] },
        _ => draft.audience,
    };
    draft
}

/// Scrolls to the first field with an error; the field's own text says what.
fn first_error() {
    request_animation_frame(|| {
        if let Ok(Some(field)) = document().query_selector(".x-field-invalid, .m-findings .x-tone-danger") {
            field.scroll_into_view();
        }
    });
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

#[component]
fn ContentFields(form: Form, wrong: [Signal<Option<String>>; 3]) -> impl IntoView {
    let lang = use_lang();
    let [category_error, title_error, body_error] = wrong;
    let was = form.category.get_untracked();
    let categories = Signal::derive(move || {
        let lang = lang.get();
        // What concerns one child never goes to a group (G8): not offered, unless it stands in the draft.
        let offered = |c: &Category| !c.is_about_one_child() || c.key() == was;
        let option = |c: Category| SelectOption::new(c.key(), c.title().get(lang));
        Category::ALL.into_iter().filter(offered).map(option).collect::<Vec<_>>()
    });
    let category_hint = t(Words::fixed(
        "涉及某个学生个人的思想、学习、生活情况，不能群发。",
        "What concerns one student alone never goes to a group.",
    ));
    let title_hint = tw(move || {
        let n = form.title.with(|t| t.chars().count());
        words!("{n}/{TITLE_MAX}，会写进短信", "{n}/{TITLE_MAX}, goes into the SMS")
    });
    let some = |words: Signal<String>| Signal::derive(move || Some(words.get()));
    view! {
        <FormField
            label=t(Words::fixed("内容类别", "Category"))
            hint=some(category_hint)
            error=category_error
            required=true
        >
            <Select
                value=form.category
                options=categories
                prompt=t(Words::fixed("请选择", "Choose"))
            />
        </FormField>
        <div id="m-title">
            <FormField
                label=t(Words::fixed("标题", "Title"))
                hint=some(title_hint)
                error=title_error
                required=true
            >
                <TextInput
                    value=form.title
                    placeholder=t(Words::fixed("例如：秋季运动会安排", "e.g. Autumn sports day"))
                />
            </FormField>
        </div>
        <div id="m-body">
            <FormField label=t(Words::fixed("正文", "Text")) error=body_error required=true>
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
fn TimeFields(form: Form, error: Signal<Option<String>>) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
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
    let editor = expect_context::<Editor>();
    let hint = tw(move || {
        let window = me.with(|m| m.school.window);
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let (from, to) = (clock(window.from), clock(window.to));
        let wanted = form.time.with(|t| Instant::from_local(t)).filter(|_| is_later());
        let moved = wanted.map(|at| window.next_open(at)).filter(|open| Some(*open) != wanted);
        match (moved, editor.preview.with(|p| p.as_ref().map(|p| p.sends_at))) {
            (Some(at), _) => {
                let at = at.words();
                let (zh, en) = (at.zh, at.en);
                words!(
                    "不在发送时段（{from}–{to}）内，将顺延到 {zh} 发出",
                    "Outside the sending hours ({from}–{to}): it goes out {en}"
                )
            }
            _ => words!(
                "发送时段 {from}–{to}，时段外会顺延，不打扰家长休息",
                "Sending hours {from}–{to}; outside them it waits, so that nobody is disturbed"
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
    let chain = Memo::new(move |_| editor.preview.with(|p| p.as_ref().map(|p| p.chain.clone())));
    let general = Memo::new(move |_| {
        editor.preview.with(|p| {
            p.iter()
                .flat_map(|p| p.refusals.iter())
                .filter(|r| r.field_name().is_none())
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let steps = move || {
        chain.get().map(|chain| {
            let label = t(chain.label.clone());
            view! {
                <Card title=label>
                    {(!chain.steps.is_empty()).then(|| view! { <ChainSteps chain /> })}
                    {general
                        .get()
                        .into_iter()
                        .map(|r| view! { <Banner tone=Tone::Warning title=t(r.words) /> })
                        .collect::<Vec<_>>()}
                </Card>
            }
        })
    };
    let waiting = move || editor.asking.busy().get() && editor.preview.with(Option::is_none);
    view! {
        <Card>
            <SmsBubble
                text=sms
                spare=Signal::derive(move || editor.form.title.with(|t| t.chars().count()))
            />
            <Letter title=editor.form.title body=editor.form.body sender=String::new() />
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
