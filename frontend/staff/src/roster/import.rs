//! Importing a roster (G24, G25, G42): choose, look, answer, apply. Nothing
//! changes before the last step.

use domain::access::Action;
use domain::api;
use domain::problem::Problem;
use domain::roster::{
    Answer, ImportApplied, ImportApply, ImportKind, ImportPreview, MAX_IMPORT_BYTES, PersonAnswer, template,
};
use domain::words;
use domain::words::Words;
use leptos::html;
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, ButtonLink, Card, CheckOption, IconName, Page, Progress, RadioList, Stat,
    Tone, t, tw, use_lang,
};

use super::imports::{Imports, Undo};
use super::preview::PreviewPart;
use crate::api::Order;
use crate::common::{Problems, refresh_me};
use crate::session::use_me;

/// How far the import has got.
#[derive(Clone)]
enum Stage {
    Choose,
    /// With what was answered and ticked so far.
    Preview(Box<ImportPreview>, ImportApply),
    Applied(ImportKind, ImportApplied),
}

/// `/import`.
#[component]
pub fn ImportPage() -> impl IntoView {
    let stage = RwSignal::new(Stage::Choose);
    let kind = RwSignal::new(ImportKind::Staff.key().to_owned());
    // Each stage begins at its top, however far down the button of the last one stood.
    Effect::new(move |before: Option<()>| {
        stage.track();
        if before.is_some() {
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
    });
    let body = move || match stage.get() {
        Stage::Choose => view! { <Choose stage kind /> }.into_any(),
        Stage::Preview(preview, given) => view! { <Preview preview=*preview given stage /> }.into_any(),
        Stage::Applied(done, applied) => view! { <Applied done applied stage kind /> }.into_any(),
    };
    view! { <Page title=t(Words::fixed("导入名单", "Import rosters"))>{body}</Page> }.into_any()
}

#[component]
fn Choose(stage: RwSignal<Stage>, kind: RwSignal<String>) -> impl IntoView {
    let lang = use_lang();
    let order = Order::new();
    let file_input = NodeRef::<html::Input>::new();
    let file_name = RwSignal::new(String::new());
    let options = Signal::derive(move || {
        let option = |value: &str, label: Words, note: Words| {
            let lang = lang.get();
            CheckOption::new(value, label.get(lang)).note(note.get(lang))
        };
        vec![
            option(
                ImportKind::Staff.key(),
                Words::fixed("教职工名单", "Staff list"),
                Words::fixed(
                    "工号、姓名、手机、部门、职务、班主任班级（大学为辅导员所带班级）、任教",
                    "Number, name, phone, department, post, class led (as homeroom teacher or counsellor), teaching",
                ),
            ),
            option(
                ImportKind::Students.key(),
                Words::fixed("学生和家长名单", "Students and parents"),
                Words::fixed(
                    "学号、姓名、年级、班级（大学再加学院），以及家长的姓名、关系、手机；学生自己的号码，关系填“本人”",
                    "Number, name, grade, class (at a university the college as well); each parent's name, relation and phone. A student's own number has the relation 本人",
                ),
            ),
        ]
    });
    let upload = move || {
        let file = file_input.get_untracked().and_then(|i| i.files()).and_then(|f| f.get(0));
        let refuse = |words: Words| {
            order.refuse(Problem {
                kind: "/problems/file".into(),
                title: words.get(lang.get_untracked()).to_owned(),
                status: 0,
                detail: None,
                errors: Vec::new(),
            });
        };
        let Some(file) = file else {
            return refuse(Words::fixed("请先选择名单文件", "Choose the file first"));
        };
        if file.size() > MAX_IMPORT_BYTES as f64 {
            return refuse(Words::fixed(
                "文件太大。名单一般不到 1 MB，请检查是否选错了文件",
                "The file is too large. A roster is usually below 1 MB: is it the right one?",
            ));
        }
        if file.name().to_lowercase().ends_with(".xlsx") || file.name().to_lowercase().ends_with(".xls") {
            return refuse(Words::fixed(
                "请先在 Excel 或 WPS 中把表格“另存为 CSV”，再上传",
                "Please save the sheet as CSV first (in Excel or WPS: «Save as»), then upload it",
            ));
        }
        let Some(kind) = kind.with_untracked(|key| ImportKind::from_key(key)) else { return };
        let to = api::PREVIEW_IMPORT.with(api::KIND, kind);
        order.upload(to, file, move |preview: ImportPreview| {
            let given = preview.likely();
            stage.set(Stage::Preview(Box::new(preview), given));
        });
    };
    let chosen = tw(move || match file_name.get() {
        name if name.is_empty() => Words::fixed("选择 CSV 文件", "Choose a CSV file"),
        name => Words::name(name),
    });
    view! {
        <div class="x-columns">
            <Card>
                <form
                    class="x-form"
                    on:submit=move |event| {
                        event.prevent_default();
                        upload();
                    }
                >
                    <RadioList legend=t(Words::fixed("要导入什么？", "What do you import?")) options value=kind />
                    <div class="x-field">
                        <span class="x-field-label" id="file-label">
                            {t(Words::fixed("名单文件", "File"))}
                        </span>
                        <label class="s-file">
                            <input
                                node_ref=file_input
                                type="file"
                                name="file"
                                accept=".csv,text/csv,.txt,.xlsx,.xls"
                                aria-labelledby="file-label file-name"
                                on:change=move |_| {
                                    let file = file_input
                                        .get_untracked()
                                        .and_then(|i| i.files())
                                        .and_then(|f| f.get(0));
                                    file_name.set(file.map(|f| f.name()).unwrap_or_default());
                                    order.clear();
                                }
                            />
                            <ui::Icon name=IconName::Import />
                            <span id="file-name">{chosen}</span>
                        </label>
                        <p class="s-file-hint x-small x-muted">
                            {t(Words::fixed(
                                "CSV 格式，UTF-8 或 GB18030 编码都可以（Excel、WPS 另存的 CSV 可直接用）。",
                                "CSV in UTF-8 or GB18030; what Excel and WPS save as CSV works as it is.",
                            ))}
                        </p>
                    </div>
                    <Templates />
                    <Problems order />
                    <Show when=move || order.busy().get()>
                        <Progress label=t(Words::fixed(
                            "正在上传并逐行检查，一般几秒钟…",
                            "Uploading and checking each row, usually a few seconds…",
                        )) />
                    </Show>
                    <div class="x-actions">
                        <Button
                            label=t(Words::fixed("上传并预览", "Upload and preview"))
                            kind=ButtonKind::Primary
                            submit=true
                            busy=order.busy()
                        />
                    </div>
                </form>
            </Card>
            <Card title=t(Words::fixed("怎样导入", "How to import"))>
                <ol class="s-steps">
                    <li>
                        {t(Words::fixed(
                            "先导入教职工名单：部门、年级、班级和岗位随之建立。",
                            "The staff list first: departments, grades, classes and posts come with it.",
                        ))}
                    </li>
                    <li>
                        {t(Words::fixed(
                            "再导入学生和家长名单。",
                            "Then the list of students and parents.",
                        ))}
                    </li>
                    <li>
                        {t(Words::fixed(
                            "每次都先预览：每一处改动前后是什么，哪一行有问题。确认之前什么都不会改；文件里没有的人和职务，不勾选就不动。",
                            "You always see a preview first: each change from what to what, and which row is wrong. Nothing changes before you confirm; people and posts that the file lacks stay unless you tick them.",
                        ))}
                    </li>
                    <li>
                        {t(Words::fixed(
                            "最后为教职工签发开通单。",
                            "At the end, issue the staff's activation slips.",
                        ))}
                    </li>
                </ol>
            </Card>
        </div>
        <Imports />
    }
    .into_any()
}

/// The two files to begin with.
#[component]
fn Templates() -> impl IntoView {
    let link = |kind: ImportKind, file: &'static str, label: Words| {
        let text = js_sys::encode_uri_component(template(kind));
        view! {
            <a class="s-template" href=format!("data:text/csv;charset=utf-8,{text}") download=file>
                {t(label)}
            </a>
        }
    };
    view! {
        <p class="s-templates x-small">
            <span class="x-muted">{t(Words::fixed("下载模板：", "Templates:"))}</span>
            {link(ImportKind::Staff, "教职工名单模板.csv", Words::fixed("教职工名单", "Staff list"))}
            {link(
                ImportKind::Students,
                "学生和家长名单模板.csv",
                Words::fixed("学生和家长名单", "Students and parents"),
            )}
        </p>
    }
    .into_any()
}

#[component]
fn Preview(preview: ImportPreview, given: ImportApply, stage: RwSignal<Stage>) -> impl IntoView {
    let order = Order::new();
    let (id, kind) = (preview.id, preview.kind);
    // The questions' parts keep the answers here, by question.
    let answers = RwSignal::new(given.answers.clone());
    let persons = RwSignal::new(given.persons.clone());
    let ticked = RwSignal::new(given.ticked.clone());
    let nothing = preview.counts.valid == 0 && preview.others.is_empty();
    let counts = preview.counts.clone();
    let questions = StoredValue::new(preview.questions.clone());
    let open = Memo::new(move |_| {
        answers.with(|answers| {
            questions.with_value(|questions| {
                questions
                    .iter()
                    .filter(|q| {
                        let n = answers.iter().find(|a| a.id == q.id).map_or(0, |a| a.chosen.len());
                        n < q.min as usize || n > q.max as usize
                    })
                    .count()
            })
        })
    });
    let others = StoredValue::new(preview.others.iter().map(|o| o.id.clone()).collect::<Vec<_>>());
    let unsettled = Memo::new(move |_| {
        persons.with(|given| {
            others.with_value(|o| o.iter().filter(|id| !given.iter().any(|p| p.id == **id)).count())
        })
    });
    // The changes below were found with these answers; with others they have to be looked at first.
    let seen = StoredValue::new((given.answers, given.persons, preview.shown.clone()));
    let is_as_seen = Memo::new(move |_| {
        seen.with_value(|(a, p, _)| answers.with(|now| now == a) && persons.with(|now| now == p))
    });
    let tried = RwSignal::new(false);
    let go = move |()| {
        tried.set(true);
        if open.get_untracked() + unsettled.get_untracked() > 0 {
            return;
        }
        let body = ImportApply {
            answers: answers.get_untracked(),
            persons: persons.get_untracked(),
            ticked: ticked.get_untracked(),
            shown: seen.with_value(|(_, _, shown)| shown.clone()),
        };
        if is_as_seen.get_untracked() {
            order.send(api::APPLY_IMPORT.at(id), &body, move |done| stage.set(Stage::Applied(kind, done)));
        } else {
            let given = body.clone();
            order.send(api::LOOK_AGAIN.at(id), &body, move |preview: ImportPreview| {
                let given = still_given(given, &preview);
                stage.set(Stage::Preview(Box::new(preview), given));
            });
        }
    };
    let import = {
        let n = counts.valid;
        match kind {
            ImportKind::Staff => words!("导入 {n} 名教职工", "Import {n} members of staff"),
            ImportKind::Students => words!("导入 {n} 名学生", "Import {n} students"),
        }
    };
    let label =
        tw(
            move || {
                if is_as_seen.get() {
                    import.clone()
                } else {
                    Words::fixed("查看改动", "See what changes")
                }
            },
        );
    let also = move || {
        let (posts, people) = ticked.with(|t| {
            let posts = t.iter().filter(|id| id.starts_with("post:")).count();
            (posts, t.len() - posts)
        });
        (posts + people > 0).then(|| {
            view! {
                <Banner
                    tone=Tone::Warning
                    title=t(words!(
                        "另外勾选了：免去 {posts} 个职务，{people} 人离校或不再接收短信",
                        "Also ticked: posts that end: {posts}; people who leave or get no more SMS: {people}"
                    ))
                />
            }
        })
    };
    view! {
        <PreviewPart preview answers persons ticked tried=tried.into() />
        <Card>
            <Problems order />
            {also}
            <Show when=move || { tried.get() && open.get() + unsettled.get() > 0 }>
                <Banner
                    tone=Tone::Warning
                    title=tw(move || {
                        let n = open.get() + unsettled.get();
                        words!("还有 {n} 个问题没有答好，请看上面", "{n} questions above still need an answer")
                    })
                />
            </Show>
            <Show when=move || order.busy().get()>
                <Progress label=t(Words::fixed(
                    "正在写入名单，一千多名学生大约需要十几秒，请不要关闭页面…",
                    "Writing the roster; a thousand students take some ten seconds. Keep this page open…",
                )) />
            </Show>
            <div class="x-actions">
                <Button label kind=ButtonKind::Primary busy=order.busy() disabled=nothing on_click=go />
                <Button
                    label=t(Words::fixed("放弃，另选文件", "Discard, choose another file"))
                    disabled=order.busy()
                    on_click=move |()| stage.set(Stage::Choose)
                />
            </div>
        </Card>
    }
    .into_any()
}

/// What was answered and ticked, as far as it is still asked and offered; what is new is answered as suggested.
fn still_given(given: ImportApply, preview: &ImportPreview) -> ImportApply {
    let likely = preview.likely();
    let answer = |new: Answer| given.answers.iter().find(|a| a.id == new.id).cloned().unwrap_or(new);
    let is_asked = |p: &PersonAnswer| preview.others.iter().any(|o| o.id == p.id);
    let is_offered = |id: &String| preview.offers.iter().any(|o| o.id == *id);
    ImportApply {
        answers: likely.answers.into_iter().map(answer).collect(),
        persons: given.persons.iter().filter(|p| is_asked(p)).cloned().collect(),
        ticked: given.ticked.iter().filter(|id| is_offered(id)).cloned().collect(),
        shown: likely.shown,
    }
}

#[component]
fn Applied(
    done: ImportKind,
    applied: ImportApplied,
    stage: RwSignal<Stage>,
    kind: RwSignal<String>,
) -> impl IntoView {
    // A roster can give the person at the screen another post.
    refresh_me();
    let ImportApplied { id, counts, waiting } = applied;
    let me = use_me();
    let staff = done == ImportKind::Staff;
    let title = if staff {
        Words::fixed("教职工名单已导入", "The staff list is imported")
    } else {
        Words::fixed("学生和家长名单已导入", "Students and parents are imported")
    };
    let next = move |()| {
        kind.set(ImportKind::Students.key().to_owned());
        stage.set(Stage::Choose);
    };
    let slips = move || {
        me.with(|m| m.person.may(Action::ManageAccounts)).then(|| {
            let kind = if staff { ButtonKind::Plain } else { ButtonKind::Primary };
            view! { <ButtonLink href="/staff" label=t(Words::fixed("去签发开通单", "Issue activation slips")) kind /> }
        })
    };
    let more = if staff {
        view! {
            <Button
                label=t(Words::fixed("接着导入学生名单", "Now the students' list"))
                kind=ButtonKind::Primary
                on_click=next
            />
        }
        .into_any()
    } else {
        view! { <ButtonLink href="/classes" label=t(Words::fixed("查看班级", "See the classes")) /> }
            .into_any()
    };
    view! {
        <Banner tone=Tone::Good title=t(title) />
        {(waiting > 0).then(|| view! { <WaitsForSecond waiting /> })}
        <Card>
            <dl class="x-stats">
                <Stat label=t(Words::fixed("新增", "New")) value=counts.added.to_string() tone=Tone::Good />
                <Stat label=t(Words::fixed("变动", "Changed")) value=counts.changed.to_string() />
                <Stat label=t(Words::fixed("不变", "Unchanged")) value=counts.same.to_string() />
                {(counts.left > 0)
                    .then(|| {
                        view! { <Stat label=t(Words::fixed("离校", "Left")) value=counts.left.to_string() /> }
                    })}
                {(counts.ended > 0)
                    .then(|| {
                        view! { <Stat label=t(Words::fixed("免去职务", "Posts ended")) value=counts.ended.to_string() /> }
                    })}
                {(counts.errors > 0)
                    .then(|| {
                        view! {
                            <Stat
                                label=t(Words::fixed("未导入（有错误）", "Left out (errors)"))
                                value=counts.errors.to_string()
                                tone=Tone::Danger
                            />
                        }
                    })}
            </dl>
            <div class="x-actions">
                {more} {slips} <Undo id on_done=move |()| stage.set(Stage::Choose) />
            </div>
        </Card>
    }
    .into_any()
}

/// Appointments of the file that count for nothing yet.
#[component]
fn WaitsForSecond(waiting: u32) -> impl IntoView {
    let title = match waiting {
        1 => Words::fixed("1 个任命待第二人确认", "1 appointment waits for a second person"),
        n => words!("{n} 个任命待第二人确认", "{n} appointments wait for a second person"),
    };
    view! {
        <Banner tone=Tone::Info title=t(title)>
            <p>
                {t(Words::fixed(
                    "管理岗位由您任命后，还须另一位能管理账号的人确认才生效。请告诉对方：首页会有提示。",
                    "Managing posts count once somebody else who manages accounts has confirmed them. Tell that person: the start page will say so.",
                ))}
            </p>
            <a href="/appointments">{t(Words::fixed("查看这些任命", "See these appointments"))}</a>
        </Banner>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::ids::ImportId;
    use domain::roster::{ImportCounts, Offer, OfferKind, OtherPerson, Question, Sameness};

    use super::*;

    #[test]
    fn what_was_answered_stays_while_it_is_asked() {
        let nothing = || Words::fixed("", "");
        let question = |id: &str| Question {
            id: id.into(),
            words: nothing(),
            min: 1,
            max: 1,
            choices: Vec::new(),
            suggested: vec!["T1".into()],
        };
        let preview = ImportPreview {
            id: ImportId(1),
            kind: ImportKind::Staff,
            encoding: String::new(),
            counts: ImportCounts::default(),
            findings: Vec::new(),
            questions: vec![question("custodian:school"), question("head:政教处")],
            others: vec![OtherPerson {
                id: "staff:1".into(),
                row: 2,
                whose: nothing(),
                before: String::new(),
                after: String::new(),
                hints: Vec::new(),
            }],
            changes: Vec::new(),
            offers: vec![Offer {
                id: "post:7".into(),
                kind: OfferKind::PostEnds,
                group: nothing(),
                who: String::new(),
                what: nothing(),
            }],
            offers_left_out: 0,
            shown: "new".into(),
        };
        let answer = |id: &str, who: &str| Answer { id: id.into(), chosen: vec![who.into()] };
        let is = |id: &str| PersonAnswer { id: id.into(), is: Sameness::Mistake };
        let given = ImportApply {
            answers: vec![answer("custodian:school", "T9"), answer("custodian:gone", "T9")],
            persons: vec![is("staff:1"), is("staff:2")],
            ticked: vec!["post:7".into(), "post:8".into()],
            shown: "old".into(),
        };
        let still = still_given(given, &preview);
        assert_eq!(still.answers, [answer("custodian:school", "T9"), answer("head:政教处", "T1")]);
        assert_eq!((still.persons, still.ticked), (vec![is("staff:1")], vec!["post:7".to_owned()]));
        assert_eq!(still.shown, "new");
    }
}
