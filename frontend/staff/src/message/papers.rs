//! Papers beside a message: its entry in the register with the scan of the signed original, its filing,
//! and what 学生处 and the sender say to each other.

use domain::api;
use domain::approval::StepKind;
use domain::filing::{
    COMMENT_MAX, Comment, CommentKind, Filing, NewComment, Register, Registration, SCAN_BYTES_MAX, Scan,
    ScanKind,
};
use domain::ids::MessageId;
use domain::message::{Command, MessageState, MessageView};
use domain::problem::Problem;
use domain::words;
use domain::words::Words;
use leptos::html;
use leptos::prelude::*;
use ui::{
    Badge, Banner, Button, ButtonKind, Card, Fact, Facts, FormField, Icon, IconName, TextArea, TextInput,
    Tone, t, tw, use_lang, use_toasts,
};

use crate::api::Order;
use crate::common::{Problems, me_refresher};
use crate::session::use_me;

/// All of them, each only where there is something.
#[component]
pub fn PapersPart(view: RwSignal<MessageView>, changed: Callback<MessageView>) -> impl IntoView {
    let id = view.with_untracked(|v| v.id);
    let may = move |command: Command| Memo::new(move |_| view.with(|v| v.may.contains(&command)));
    let (registers, receives, comments, answers) =
        (may(Command::Register), may(Command::Receive), may(Command::Comment), may(Command::Answer));
    let registration = Memo::new(move |_| view.with(|v| v.papers.registration.clone()));
    let waits = Memo::new(move |_| {
        view.with(|v| {
            let asks = v.chain.steps.iter().any(|s| s.step.kind == StepKind::Register && s.step.holds);
            asks && v.state == MessageState::Approved && v.papers.registration.is_none()
        })
    });
    let to_release = Memo::new(move |_| {
        view.with(|v| {
            v.state == MessageState::Approved && v.papers.registration.is_some() && v.papers.ordered.is_none()
        }) && view.with(|v| v.draft.application.is_some())
    });
    let filing = Memo::new(move |_| view.with(|v| v.papers.filing.clone()));
    let said = Memo::new(move |_| view.with(|v| v.papers.comments.clone()));
    let register = move || {
        if registers.get() {
            return view! { <RegisterForm id changed /> }.into_any();
        }
        let entered = registration.get().map(|entry| view! { <RegistrationCard id entry /> });
        let waiting = waits.get().then(|| {
            view! {
                <Banner
                    tone=Tone::Info
                    title=t(Words::fixed(
                        "已批准，等待学生处登记审批原件；请把签字的原件送到学生处",
                        "Approved. It waits for its entry in the register: take the signed original to student affairs",
                    ))
                />
            }
        });
        let released = to_release.get().then(|| {
            view! {
                <Banner
                    tone=Tone::Info
                    title=t(Words::fixed(
                        "已登记，等待本部门指派专人发出",
                        "Registered. It waits for the department's designated sender to release it",
                    ))
                />
            }
        });
        view! { {waiting} {released} {entered} }.into_any()
    };
    let filed =
        move || filing.get().map(|filing| view! { <FilingCard id filing receives changed /> }.into_any());
    let talk = move || {
        let all = said.get();
        let speaks = comments.get() || answers.get();
        (!all.is_empty() || speaks).then(|| {
            let lines = all.into_iter().map(line).collect::<Vec<_>>();
            view! {
                <Card title=t(Words::fixed("意见和答复", "Comments and answers"))>
                    <ul class="m-said">{lines}</ul>
                    <SayForm id comments answers changed />
                </Card>
            }
            .into_any()
        })
    };
    view! {
        {register}
        {filed}
        {talk}
    }
    .into_any()
}

/// The path of the scan.
fn scan_path(id: MessageId) -> String {
    api::SCAN.at(id).url
}

#[component]
fn RegistrationCard(id: MessageId, entry: Registration) -> impl IntoView {
    let lang = use_lang();
    let at = entry.at;
    let when = move || at.show(lang.get());
    let scan = entry.scan.map(|scan| {
        let label = match scan.kind {
            ScanKind::Pdf => Words::fixed("下载审批原件扫描件（PDF）", "Download the signed original (PDF)"),
            _ => Words::fixed("下载审批原件照片", "Download the picture of the signed original"),
        };
        // A picture is shown; a PDF is only saved.
        let picture = (scan.kind != ScanKind::Pdf).then(|| {
            view! {
                <img
                    class="m-scan"
                    src=scan_path(id)
                    loading="lazy"
                    alt=move || {
                        Words::fixed("审批原件的照片", "Picture of the signed original").get(lang.get()).to_owned()
                    }
                />
            }
        });
        view! {
            {picture}
            <p>
                <a href=scan_path(id) download="">{t(label)}</a>
            </p>
            <p class="x-small x-muted m-hash">"SHA-256 " {scan.sha256}</p>
        }
    });
    let place = (!entry.place.is_empty()).then(|| {
        view! { <Fact label=t(Words::fixed("原件存放", "Kept at"))><span lang="zh-CN">{entry.place}</span></Fact> }
    });
    view! {
        <Card title=t(Words::fixed("登记备案", "Register"))>
            <Facts>
                <Fact label=t(Words::fixed("登记号", "Register number"))>
                    <strong class="x-num" lang="zh-CN">{entry.number}</strong>
                </Fact>
                <Fact label=t(Words::fixed("送交人", "Brought by"))><span lang="zh-CN">{entry.delivered_by}</span></Fact>
                {place}
                <Fact label=t(Words::fixed("登记人", "Entered by"))>
                    <span lang="zh-CN">{entry.by}</span>
                    " "
                    <span class="x-num x-muted">{when}</span>
                </Fact>
            </Facts>
            {scan}
        </Card>
    }
    .into_any()
}

/// Number, who brought it, where it is kept, and the scan.
#[component]
fn RegisterForm(id: MessageId, changed: Callback<MessageView>) -> impl IntoView {
    let lang = use_lang();
    let (toasts, refresh) = (use_toasts(), me_refresher());
    let (storing, order) = (Order::new(), Order::new());
    let (number, by, place) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let scan = RwSignal::new(None::<Scan>);
    let file_name = RwSignal::new(String::new());
    let input = NodeRef::<html::Input>::new();
    let store = move || {
        let Some(file) = input.get_untracked().and_then(|i| i.files()).and_then(|f| f.get(0)) else { return };
        scan.set(None);
        file_name.set(file.name());
        if file.size() > SCAN_BYTES_MAX as f64 {
            let words = Words::fixed(
                "文件超过 5 MB，请用较低的分辨率重新扫描或拍照",
                "The file is larger than 5 MB: scan or photograph it at a lower resolution",
            );
            return storing.refuse(Problem {
                kind: "/problems/too_large".into(),
                title: words.get(lang.get_untracked()).to_owned(),
                status: 0,
                detail: None,
                errors: Vec::new(),
            });
        }
        storing.upload(api::STORE_SCAN.at(id), file, move |stored| {
            let _ = scan.try_set(Some(stored));
        });
    };
    let chosen = tw(move || {
        let name = file_name.get();
        match (name.is_empty(), storing.busy().get(), scan.with(Option::is_some)) {
            (true, ..) => Words::fixed(
                "拍照或选择扫描件（PDF、JPEG、PNG、WebP，最大 5 MB）",
                "Photograph it, or choose a scan (PDF, JPEG, PNG, WebP, at most 5 MB)",
            ),
            (_, true, _) => words!("{name} 正在上传…", "{name}: uploading…"),
            (_, _, true) => words!("{name} 已上传", "{name}: uploaded"),
            _ => Words::name(name),
        }
    });
    let enter = move |()| {
        let body = Register {
            number: number.get_untracked(),
            delivered_by: by.get_untracked(),
            place: place.get_untracked(),
            document: scan.with_untracked(|s| s.as_ref().map(|s| s.sha256.clone())).unwrap_or_default(),
        };
        order.send(api::REGISTER_ORIGINAL.at(id), &body, move |view| {
            toasts.done(Words::fixed("已登记", "Registered"));
            refresh();
            changed.run(view);
        });
    };
    let lacking = order.field_error("document");
    view! {
        <Card title=t(Words::fixed("登记审批原件", "Register the signed original"))>
            <Problems order=storing />
            <Problems order />
            <FormField label=t(Words::fixed("登记号", "Register number")) error=order.field_error("number") required=true>
                <TextInput value=number placeholder=t(Words::fixed("例如：学信〔2026〕12号", "as in the register book")) />
            </FormField>
            <FormField label=t(Words::fixed("送交人", "Brought by")) error=order.field_error("delivered_by") required=true>
                <TextInput value=by />
            </FormField>
            <FormField label=t(Words::fixed("原件存放处", "Where the original is kept")) error=order.field_error("place")>
                <TextInput value=place />
            </FormField>
            <div class="x-field">
                <span class="x-field-label" id="scan-label">
                    {t(Words::fixed("审批原件扫描件", "Scan of the signed original"))}
                </span>
                <label class="s-file">
                    <input
                        node_ref=input
                        type="file"
                        name="scan"
                        accept="application/pdf,image/jpeg,image/png,image/webp"
                        aria-labelledby="scan-label scan-name"
                        on:change=move |_| store()
                    />
                    <Icon name=IconName::Import />
                    <span id="scan-name">{chosen}</span>
                </label>
                <p class="x-field-error" role="alert" hidden=move || lacking.with(Option::is_none)>
                    {move || lacking.get()}
                </p>
            </div>
            <Button
                label=t(Words::fixed("登记", "Register"))
                kind=ButtonKind::Primary
                busy=Signal::derive(move || order.busy().get() || storing.busy().get())
                on_click=enter
            />
        </Card>
    }
    .into_any()
}

#[component]
fn FilingCard(
    id: MessageId,
    filing: Filing,
    receives: Memo<bool>,
    changed: Callback<MessageView>,
) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let (toasts, refresh) = (use_toasts(), me_refresher());
    let order = Order::new();
    let number = filing.number();
    let (at, due) = (filing.at, filing.due);
    let is_late = filing.is_late(me.with_untracked(|m| m.now));
    let state = match (&filing.received_by, filing.received_at) {
        (Some(by), Some(at)) => {
            let (by, at) = (by.clone(), at.words());
            let (zh, en) = (at.zh, at.en);
            let words = words!("{by} {zh} 登记", "Registered by {by}, {en}");
            view! { <span>{t(words)}</span> }.into_any()
        }
        _ if is_late => {
            view! { <Badge tone=Tone::Warning label=t(Words::fixed("超过期限，尚未登记", "Late: not registered yet")) /> }
                .into_any()
        }
        _ => {
            let due = due.words();
            let (zh, en) = (due.zh, due.en);
            view! { <span>{t(words!("待学生处登记，{zh} 前", "To be registered by student affairs by {en}"))}</span> }
                .into_any()
        }
    };
    let receive = move |()| {
        order.call(api::RECEIVE_FILING.at(id), move |view| {
            toasts.done(Words::fixed("备案已登记", "Filing registered"));
            refresh();
            changed.run(view);
        });
    };
    let button = move || {
        receives.get().then(|| {
            view! {
                <Problems order />
                <Button
                    label=t(Words::fixed("收到，登记备案", "Received: register the filing"))
                    kind=ButtonKind::Primary
                    busy=order.busy()
                    on_click=receive
                />
            }
        })
    };
    view! {
        <Card title=t(Words::fixed("备案", "Filing"))>
            <Facts>
                <Fact label=t(Words::fixed("备案号", "Filing number"))>
                    <strong class="x-num" lang="zh-CN">{number}</strong>
                </Fact>
                <Fact label=t(Words::fixed("备案时间", "Filed"))>
                    <span class="x-num">{move || at.show(lang.get())}</span>
                </Fact>
                <Fact label=t(Words::fixed("登记", "Registered"))>{state}</Fact>
            </Facts>
            {button}
        </Card>
    }
    .into_any()
}

fn line(comment: Comment) -> AnyView {
    let (kind, at, n) = (comment.kind.title(), comment.at.words(), comment.version);
    let (kz, ke, az, ae) = (kind.zh, kind.en, at.zh, at.en);
    let about = words!("{kz} · 第 {n} 稿 · {az}", "{ke} · version {n} · {ae}");
    view! {
        <li class="m-said-line">
            <strong lang="zh-CN">{comment.by}</strong>
            " "
            <span class="x-small x-muted">{t(about)}</span>
            <p class="x-prose" lang="zh-CN">{comment.text}</p>
        </li>
    }
    .into_any()
}

/// A comment or a question by whoever keeps the register, an answer by the sender.
#[component]
fn SayForm(
    id: MessageId,
    comments: Memo<bool>,
    answers: Memo<bool>,
    changed: Callback<MessageView>,
) -> impl IntoView {
    let order = Order::new();
    let (toasts, refresh) = (use_toasts(), me_refresher());
    let text = RwSignal::new(String::new());
    let say = move |kind: CommentKind| {
        order.send(api::COMMENT.at(id), &NewComment { kind, text: text.get_untracked() }, move |view| {
            let _ = text.try_set(String::new());
            toasts.done(Words::fixed("已写下", "Noted"));
            refresh();
            changed.run(view);
        });
    };
    let button = move |kind: CommentKind, label: Words| {
        view! { <Button label=t(label) busy=order.busy() on_click=move |()| say(kind) /> }
    };
    let form = move || {
        let (comments, answers) = (comments.get(), answers.get());
        (comments || answers).then(|| {
            let label = if answers {
                Words::fixed("答复询问", "Answer the question")
            } else {
                Words::fixed("意见或问题（不影响审批和发送）", "Comment or question (holds nothing up)")
            };
            let fields = view! {
                <Problems order />
                <FormField label=t(label) error=order.field_error("text")>
                    <TextArea value=text rows=3 max=COMMENT_MAX />
                </FormField>
                <div class="x-row">
                    {comments.then(|| button(CommentKind::Comment, Words::fixed("写意见", "Comment")))}
                    {comments.then(|| button(CommentKind::Question, Words::fixed("询问", "Ask")))}
                    {answers.then(|| button(CommentKind::Answer, Words::fixed("答复", "Answer")))}
                </div>
            };
            if answers {
                return fields.into_any();
            }
            // Nobody asked: the message is read first.
            view! {
                <details class="m-details">
                    <summary>{t(Words::fixed("写意见，或询问发送人", "Comment, or ask the sender"))}</summary>
                    {fields}
                </details>
            }
            .into_any()
        })
    };
    view! { {form} }.into_any()
}
