//! To whom: classes, all parents or all teachers, as far as the access table
//! grants it, and how many phones that is.

use domain::access::Action;
use domain::ids::UnitId;
use domain::roster::ClassView;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Button, ButtonKind, CheckOption, CheckboxList, Segmented, Tone, t, tw, use_lang};

use super::editor::Editor;
use super::form::{self, Form};
use super::preview::{reach_words, unreachable_words};
use crate::session::use_me;

#[component]
pub fn AudienceFields(form: Form, classes: Vec<ClassView>, error: Signal<Option<String>>) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let has_classes = !classes.is_empty();
    let kinds = move || {
        let (lang, mut kinds) = (lang.get(), Vec::new());
        let mut add = |key, words: Words| kinds.push(CheckOption::new(key, words.get(lang)));
        if has_classes {
            add(form::CLASSES, Words::fixed("按班级", "By class"));
        }
        me.with(|m| {
            if m.person.may_school(Action::WriteToAllGuardians) {
                add(form::ALL_GUARDIANS, Words::fixed("全校家长", "All parents"));
            }
            if m.person.may_school(Action::WriteToAllTeachers) {
                add(form::ALL_TEACHERS, Words::fixed("全体教师", "All teachers"));
            }
        });
        kinds
    };
    let several = untrack(kinds).len() > 1;
    let many = classes.len() > 6;
    let ids = StoredValue::new(classes.iter().map(|c| c.id.to_string()).collect::<Vec<_>>());
    let grades = StoredValue::new(by_grade(&classes));
    let options = Signal::derive(move || {
        let lang = lang.get();
        let option = |c: &ClassView| {
            let (students, phones) = (c.students, c.phones);
            let note = words!("{students} 名学生 · {phones} 部手机", "{students} students · {phones} phones");
            CheckOption::new(c.id.to_string(), c.name.clone()).note(note.get(lang))
        };
        classes.iter().map(option).collect::<Vec<_>>()
    });
    let by_class = move || form.audience.with(|a| a == form::CLASSES);
    let quick = move || {
        let mut picks = vec![(Words::fixed("全选", "All"), ids.get_value())];
        picks.extend(grades.get_value());
        picks.push((Words::fixed("清空", "None"), Vec::new()));
        let pick = |(label, ids): (Words, Vec<String>)| {
            let choose = move |()| form.classes.set(ids.clone());
            view! { <Button label=t(label) kind=ButtonKind::Quiet on_click=choose /> }
        };
        picks.into_iter().map(pick).collect::<Vec<_>>()
    };
    view! {
        {several
            .then(|| {
                view! {
                    <Segmented
                        label=t(Words::fixed("发给谁", "To whom"))
                        options=Signal::derive(kinds)
                        value=form.audience
                    />
                }
            })}
        <div hidden=move || !(by_class() && has_classes)>
            <CheckboxList
                legend=t(Words::fixed("选择班级（发给全班家长）", "Classes (all parents of each)"))
                options
                chosen=form.classes
                columns=many
                error=Signal::derive(move || error.get().filter(|_| by_class()))
            />
            {many.then(|| view! { <div class="x-row">{quick()}</div> })}
        </div>
        <p class="x-field-error" role="alert" hidden=move || by_class() && has_classes || error.get().is_none()>
            {move || error.get()}
        </p>
        <Reach />
    }
    .into_any()
}

/// The classes of each grade, named by what their names have in common: `七年级`.
fn by_grade(classes: &[ClassView]) -> Vec<(Words, Vec<String>)> {
    let mut grades: Vec<(UnitId, String, Vec<String>)> = Vec::new();
    for class in classes {
        let id = class.id.to_string();
        match grades.iter_mut().find(|(unit, ..)| *unit == class.unit) {
            None => grades.push((class.unit, class.name.clone(), vec![id])),
            Some((_, name, ids)) => {
                let same = name.chars().zip(class.name.chars()).take_while(|(a, b)| a == b);
                *name = same.map(|(a, _)| a).collect();
                ids.push(id);
            }
        }
    }
    // One grade alone is the same as «all», and a button needs a name.
    let named = |(_, name, _): &(_, String, Vec<String>)| !name.is_empty();
    if grades.len() < 2 || !grades.iter().all(named) {
        return Vec::new();
    }
    grades.into_iter().map(|(_, name, ids)| (Words::name(name), ids)).collect()
}

/// How many it reaches, after merging.
#[component]
fn Reach() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let line = tw(move || {
        editor.preview.with(|p| match p {
            Some(p) => reach_words(&p.reach),
            None => Words::fixed("选择后显示人数", "Choose, and the numbers appear here"),
        })
    });
    let missing = move || editor.preview.with(|p| p.as_ref().map_or(0, |p| p.reach.unreachable));
    view! {
        <p class="m-reach x-num" class:m-stale=move || editor.stale.get() aria-live="polite" data-test="reach">
            {line}
        </p>
        <p class="x-small x-muted" hidden=move || editor.preview.with(Option::is_none)>
            {t(
                Words::fixed(
                    "同一号码只发一条：兄弟姐妹、父母共用的号码已合并。",
                    "One SMS per number: siblings and shared numbers are merged.",
                ),
            )}
        </p>
        {move || {
            let n = missing();
            (n > 0).then(|| view! { <Banner tone=Tone::Warning title=t(unreachable_words(n)) /> })
        }}
    }
    .into_any()
}
