//! Numbers that stand for another name in the file than on the roll: asked row
//! by row, with nothing filled in.

use domain::message::RecipientKind;
use domain::roster::{OtherPerson, PersonAnswer, Sameness};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Card, CheckOption, RadioList, t, use_lang};

/// All of them.
#[component]
pub fn Persons(
    /// What is asked.
    others: Vec<OtherPerson>,
    /// What was answered.
    persons: RwSignal<Vec<PersonAnswer>>,
    /// Whether going on was tried.
    tried: Signal<bool>,
) -> impl IntoView {
    let n = others.len();
    let fields = others.into_iter().map(|other| view! { <One other persons tried /> }).collect::<Vec<_>>();
    view! {
        <Card title=t(words!("{n} 行与名单上的人对不上", "Rows that name another person than the roll: {n}"))>
            <p class="x-muted x-small">
                {t(Words::fixed(
                    "同一个号码，名单和文件里的姓名不同。请逐行说明是怎么回事。",
                    "One number, two names: say for each row what it means.",
                ))}
            </p>
            <div class="s-questions">{fields}</div>
        </Card>
    }
    .into_any()
}

/// What an answer says, and what follows from it.
fn choice(is: Sameness, who: RecipientKind) -> (Words, Words) {
    use RecipientKind::{Guardian, Staff, Student};
    match (is, who) {
        (Sameness::Renamed, Staff) => (
            Words::fixed("同一个人，姓名有更正", "The same person under a corrected name"),
            Words::fixed("账号、职务和记录都不变", "Account, posts and records stay"),
        ),
        (Sameness::Renamed, Student) => (
            Words::fixed("同一名学生，姓名有更正", "The same student under a corrected name"),
            Words::fixed("家长和以前的记录都不变", "Parents and past records stay"),
        ),
        (Sameness::Renamed, Guardian) => (
            Words::fixed("同一位家长，姓名和号码都更正", "The same parent, name and number corrected"),
            Words::fixed("之前批准的通知会发到新号码", "Notices approved before go to the new number"),
        ),
        (Sameness::Mistake, Staff | Student) => (
            Words::fixed("文件填错了", "A mistake in the file"),
            Words::fixed("跳过这一行，名单不变", "The row is left out, the roll stays"),
        ),
        (Sameness::Mistake, Guardian) => (
            Words::fixed("文件填错了", "A mistake in the file"),
            Words::fixed("跳过这位家长，名单不变", "This parent is left out, the roll stays"),
        ),
        (Sameness::NewPerson, Staff) => (
            Words::fixed("换了人", "Another person"),
            Words::fixed(
                "原来的人离校，号码归新的人，从头开通",
                "The old one leaves; the number passes on and starts anew",
            ),
        ),
        (Sameness::NewPerson, Student) => (
            Words::fixed("换了一名学生", "Another student"),
            Words::fixed("原来的学生离校，学号归新的学生", "The old one leaves; the number passes on"),
        ),
        (Sameness::NewPerson, Guardian) => (
            Words::fixed("换了一位家长", "Another parent"),
            Words::fixed("原来的家长不再收到短信", "The old one gets no more SMS"),
        ),
    }
}

#[component]
fn One(other: OtherPerson, persons: RwSignal<Vec<PersonAnswer>>, tried: Signal<bool>) -> impl IntoView {
    let lang = use_lang();
    let OtherPerson { id, row, whose, before, after, hints } = other;
    let who = match id.split(':').next() {
        Some("guardian") => RecipientKind::Guardian,
        Some("student") => RecipientKind::Student,
        _ => RecipientKind::Staff,
    };
    let now = persons.with_untracked(|p| p.iter().find(|p| p.id == id).map(|p| p.is.key().to_owned()));
    let value = RwSignal::new(now.unwrap_or_default());
    Effect::new(move |_| {
        let Some(is) = value.with(|key| Sameness::from_key(key)) else { return };
        persons.update(|persons| match persons.iter_mut().find(|p| p.id == id) {
            Some(answer) => answer.is = is,
            None => persons.push(PersonAnswer { id: id.clone(), is }),
        });
    });
    let options = Signal::derive(move || {
        let lang = lang.get();
        let option = |is: Sameness| {
            let (label, note) = choice(is, who);
            CheckOption::new(is.key(), label.get(lang)).note(note.get(lang))
        };
        Sameness::ALL.into_iter().map(option).collect::<Vec<_>>()
    });
    let (zh, en) = (whose.zh, whose.en);
    let legend = words!(
        "第 {row} 行 · {zh}：名单上是 {before}，文件里是 {after}",
        "Row {row} · {en}: {before} on the roll, {after} in the file"
    );
    let hint = Signal::derive(move || {
        let lang = lang.get();
        let hints: Vec<&str> = hints.iter().map(|h| h.get(lang)).collect();
        (!hints.is_empty()).then(|| hints.join(" · "))
    });
    let error = Signal::derive(move || {
        let lang = lang.get();
        let is_open = tried.get() && value.with(String::is_empty);
        is_open.then(|| Words::fixed("请选择一项", "Choose one").get(lang).to_owned())
    });
    view! { <RadioList legend=t(legend) options value hint error /> }.into_any()
}
