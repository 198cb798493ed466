//! The written application (书面申请) of a department, beside its draft: what it is needed for, what is
//! sent, to whom, by whom and until when.

use domain::access::Post;
use domain::approval::Sender;
use domain::filing::{APPLICATION_MAX, Application};
use domain::time::Instant;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Card, Fact, Facts, FormField, TextArea, TextInput, t, use_lang};

use super::applied::last_day;
use super::editor::Editor;
use super::errors::use_errors;
use crate::session::use_me;

/// The fields, while the draft is sent as a department.
#[component]
pub fn ApplicationFields(editor: Editor) -> impl IntoView {
    let me = use_me();
    let errors = use_errors();
    let form = editor.form.applied;
    let is_department = Memo::new(move |_| {
        let chosen = editor.form.appointment.get();
        editor.preview.with(|p| match p {
            Some(p) => {
                let mut all = p.capacities.iter();
                let taken = all.clone().find(|c| c.appointment.to_string() == chosen).or_else(|| all.next());
                taken.is_some_and(|c| c.post.sender() == Some(Sender::Department))
            }
            None => me.with(|m| m.person.appointments.iter().all(|a| a.post == Post::DesignatedSender)),
        })
    });
    let area = move |field: &'static str, label: Words, value: RwSignal<String>, example: Words| {
        view! {
            <FormField label=t(label) error=errors.of(field) required=true>
                <TextArea value rows=2 max=APPLICATION_MAX placeholder=t(example) />
            </FormField>
        }
        .into_any()
    };
    let fields = move || {
        is_department.get().then(|| {
            view! {
                <Card title=t(Words::fixed("书面申请", "Written application"))>
                    <p class="x-small x-muted">
                        {t(Words::fixed(
                            "部门使用须先申请：本部门第一责任人审核，分管校领导审批，审批原件交学生处登记后由指派专人发出。",
                            "A department applies first: its first responsible person reviews, the leader in charge approves, the signed original is registered at student affairs, and then the designated sender releases it.",
                        ))}
                    </p>
                    {area(
                        "application.need",
                        Words::fixed("使用需求", "What it is needed for"),
                        form.need,
                        Words::fixed("例如：通知家长下学期选课安排", "e.g. tell parents about course choice"),
                    )}
                    {area(
                        "application.content",
                        Words::fixed("发送内容", "What is sent"),
                        form.content,
                        Words::fixed("例如：选课时间、办法和咨询电话", "e.g. when and how to choose, whom to ask"),
                    )}
                    {area(
                        "application.audience",
                        Words::fixed("发送对象", "To whom"),
                        form.audience,
                        Words::fixed("例如：2023级全体学生家长", "e.g. all parents of the 2023 year group"),
                    )}
                    <FormField
                        label=t(Words::fixed("发送人（指派专人）", "Who sends (designated sender)"))
                        error=errors.of("application.sender")
                        required=true
                    >
                        <TextInput value=form.sender />
                    </FormField>
                    <FormField
                        label=t(Words::fixed("使用期限：从", "Period: from"))
                        error=errors.of("application.from")
                        required=true
                    >
                        <TextInput value=form.from kind="date" />
                    </FormField>
                    <FormField
                        label=t(Words::fixed("使用期限：到（含当天）", "Period: to (that day included)"))
                        error=errors.of("application.until")
                        required=true
                    >
                        <TextInput value=form.until kind="date" />
                    </FormField>
                </Card>
            }
        })
    };
    view! { {fields} }.into_any()
}

/// The application as those who decide read it.
#[component]
pub fn ApplicationCard(application: Application) -> impl IntoView {
    let lang = use_lang();
    let days = move || {
        let shown = |day: Option<String>| day.unwrap_or_else(|| "—".into());
        let (from, until) =
            (shown(application.from.map(Instant::date)), shown(application.until.map(last_day)));
        Words { zh: format!("{from} 至 {until}").into(), en: format!("{from} to {until}").into() }
            .get(lang.get())
            .to_owned()
    };
    let fact = |label: Words, text: String| {
        view! { <Fact label=t(label)><span class="x-prose" lang="zh-CN">{text}</span></Fact> }.into_any()
    };
    view! {
        <Card title=t(Words::fixed("书面申请", "Written application"))>
            <Facts>
                {fact(Words::fixed("使用需求", "Needed for"), application.need)}
                {fact(Words::fixed("发送内容", "What is sent"), application.content)}
                {fact(Words::fixed("发送对象", "To whom"), application.audience)}
                {fact(Words::fixed("发送人", "Who sends"), application.sender)}
                <Fact label=t(Words::fixed("使用期限", "Period"))><span class="x-num">{days}</span></Fact>
            </Facts>
        </Card>
    }
    .into_any()
}
