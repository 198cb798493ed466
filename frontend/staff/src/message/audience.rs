//! To whom: one line that says it, and behind it a sheet with the classes, all
//! parents or all teachers, as far as the access table grants it.

use std::collections::HashSet;

use domain::access::Action;
use domain::ids::UnitId;
use domain::message::Missed;
use domain::roster::ClassView;
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{Banner, Button, ButtonKind, CheckOption, Dialog, Icon, IconName, Segmented, Tone, t, tw, use_lang};

use super::common::join;
use super::editor::Editor;
use super::form::{self, Form};
use super::preview::{reach_words, unreachable_words};
use super::students::{PartOfClass, WhoseNumbers, chosen_words};
use super::units::{UnitPicker, units_words};
use crate::session::use_me;

/// Class names that are told before it becomes «and others».
const NAMED: usize = 3;

/// So many classes stand under each other, without folding.
const FEW: usize = 6;

/// The line on top of a notice that is written.
#[component]
pub fn AudienceLine(form: Form, classes: Vec<ClassView>, error: Signal<Option<String>>) -> impl IntoView {
    let open = RwSignal::new(false);
    let names =
        StoredValue::new(classes.iter().map(|c| (c.id.to_string(), c.full_name())).collect::<Vec<_>>());
    let editor = expect_context::<Editor>();
    let is_chosen = move || !editor.draft.with(|d| d.audience.is_empty());
    let preview = editor.preview;
    let is_fixed = Memo::new(move |_| form.audience.with(|a| a == form::EARLIER));
    let whom = tw(move || match is_fixed.get() {
        true => preview.with(|p| {
            p.as_ref().map_or(Words::fixed("原通知的收件人", "Those who got the original"), |p| {
                p.audience.clone()
            })
        }),
        false => names.with_value(|all| whom(form, all)),
    });
    view! {
        <div class="x-field m-to" class:x-field-invalid=move || error.with(Option::is_some)>
            <button
                type="button"
                class="m-to-line"
                aria-haspopup="dialog"
                disabled=is_fixed
                on:click=move |_| open.set(true)
            >
                <span class="m-to-label">{t(Words::fixed("发给", "To"))}</span>
                <span class="m-to-words">
                    <span class:m-to-open=move || !is_chosen()>{whom}</span>
                    <Reach />
                </span>
                <Show when=move || !is_fixed.get()>
                    <Icon name=IconName::Forward />
                </Show>
            </button>
            <p class="x-field-error" role="alert" hidden=move || error.with(Option::is_none)>
                {move || error.get()}
            </p>
            <Unreachable />
            <NotReached />
        </div>
        <Dialog open title=t(Words::fixed("发给谁", "To whom"))>
            <div class="x-dialog-body">
                <AudienceFields form classes />
            </div>
            <div class="x-dialog-actions">
                <Button
                    label=t(Words::fixed("完成", "Done"))
                    kind=ButtonKind::Primary
                    on_click=move |()| open.set(false)
                />
            </div>
        </Dialog>
    }
    .into_any()
}

/// Who got the original and will not get its correction, by name.
#[component]
fn NotReached() -> impl IntoView {
    let preview = expect_context::<Editor>().preview;
    let missed = Memo::new(move |_| preview.with(|p| p.as_ref().map_or_else(Vec::new, |p| p.missed.clone())));
    let told = move || {
        let missed = missed.get();
        (!missed.is_empty()).then(|| {
            let n = missed.len();
            let title = words!(
                "有 {n} 位收到过原通知的人收不到更正，请另行告知",
                "{n} who got the original will not get the correction: tell them in another way"
            );
            let row = |one: Missed| {
                let name = if one.name.is_empty() { "—".to_owned() } else { one.name };
                view! {
                    <li>
                        <span lang="zh-CN">{name}</span>
                        " · "
                        <span class="x-small x-muted">{t(one.why.title())}</span>
                    </li>
                }
            };
            view! {
                <Banner tone=Tone::Warning title=t(title)>
                    <ul>{missed.into_iter().map(row).collect::<Vec<_>>()}</ul>
                </Banner>
            }
        })
    };
    told.into_any()
}

/// To whom, in words, of what is chosen now (reactive).
fn whom(form: Form, classes: &[(String, String)]) -> Words {
    let editor = expect_context::<Editor>();
    if let Some(words) = chosen_words(editor, classes) {
        return words;
    }
    match form.audience.get().as_str() {
        form::ALL_GUARDIANS => Words::fixed("全校家长", "All parents"),
        form::ALL_TEACHERS => Words::fixed("全体教师", "All teachers"),
        form::UNITS => units_words(editor, form.units.with(Vec::len)),
        _ => {
            let to_students = form.whose.with(|w| w == form::STUDENTS);
            form.classes.with(|chosen| classes_words(classes, chosen, to_students))
        }
    }
}

/// The chosen classes in words, in the order of the list.
fn classes_words(classes: &[(String, String)], chosen: &[String], to_students: bool) -> Words {
    let names: Vec<Words> =
        classes.iter().filter(|(id, _)| chosen.contains(id)).map(|(_, name)| Words::name(name)).collect();
    let n = names.len();
    let first = join(&names[..n.min(NAMED)]);
    let (zh, en) = (first.zh, first.en);
    match n {
        0 => Words::fixed("选择发给谁", "Choose to whom"),
        1..=NAMED if to_students => words!("{zh}学生", "Students of {en}"),
        _ if to_students => words!("{zh}等 {n} 个班的学生", "Students of {en} and others ({n} classes)"),
        1..=NAMED => words!("{zh}家长", "Parents of {en}"),
        _ => words!("{zh}等 {n} 个班的家长", "Parents of {en} and others ({n} classes)"),
    }
}

#[component]
fn AudienceFields(form: Form, classes: Vec<ClassView>) -> impl IntoView {
    let (me, lang, editor) = (use_me(), use_lang(), expect_context::<Editor>());
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
            if m.person.may(Action::WriteToAllTeachers) {
                add(form::UNITS, Words::fixed("按部门", "By unit"));
            }
        });
        kinds
    };
    let several = untrack(kinds).len() > 1;
    let by_class = move || form.audience.with(|a| a == form::CLASSES);
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
        <div class="m-by-class" hidden=move || !(by_class() && has_classes)>
            <ClassPicker classes=classes.clone() chosen=form.classes />
            <WhoseNumbers form classes=classes.clone() />
            <PartOfClass form classes />
        </div>
        {move || {
            form.audience.with(|a| a == form::UNITS).then(|| view! { <UnitPicker chosen=form.units /> })
        }}
        <p class="m-reach x-num" aria-live="polite">{reach_line()}</p>
        <p class="x-small x-muted" hidden=move || editor.draft.with(|d| d.audience.is_staff())>
            {t(
                Words::fixed(
                    "同一号码只发一条：兄弟姐妹、父母共用的号码已合并。",
                    "One SMS per number: siblings and shared numbers are merged.",
                ),
            )}
        </p>
    }
    .into_any()
}

/// Some of the entries of a list, all of which can be chosen at once.
#[component]
fn ChooseAll(
    /// The values that it stands for.
    values: Vec<String>,
    chosen: RwSignal<Vec<String>>,
    #[prop(into)] label: Signal<String>,
) -> impl IntoView {
    let values = StoredValue::new(values);
    let n = Memo::new(move |_| {
        chosen.with(|c| values.with_value(|v| v.iter().filter(|id| c.contains(id)).count()))
    });
    let of = values.with_value(Vec::len);
    let toggle = move |event| {
        let on = event_target_checked(&event);
        chosen.update(|c| values.with_value(|v| choose(c, v, on)));
    };
    let note = tw(move || {
        let (n, classes) = (n.get(), count(of as u64, "class", "classes"));
        if n == 0 {
            words!("{of} 个班", "{classes}")
        } else {
            words!("已选 {n}/{of} 个班", "{n} of {classes}")
        }
    });
    view! {
        <label class="x-choice m-choose-all">
            <input
                type="checkbox"
                prop:checked=move || n.get() == of
                prop:indeterminate=move || (1..of).contains(&n.get())
                on:change=toggle
            />
            <span class="x-choice-words">
                <span>{label}</span>
                <span class="x-choice-note">{note}</span>
            </span>
        </label>
    }
    .into_any()
}

/// Puts all of these into a choice, or takes them all out.
fn choose(chosen: &mut Vec<String>, these: &[String], on: bool) {
    chosen.retain(|id| !these.contains(id));
    if on {
        chosen.extend_from_slice(these);
    }
}

/// The classes: all of them on top, then by grade, each grade folded until it is opened.
#[component]
fn ClassPicker(classes: Vec<ClassView>, chosen: RwSignal<Vec<String>>) -> impl IntoView {
    let ids = |classes: &[ClassView]| classes.iter().map(|c| c.id.to_string()).collect::<Vec<_>>();
    let all = (classes.len() > 1).then(|| {
        let values = ids(&classes);
        view! { <ChooseAll values chosen label=t(Words::fixed("全选", "All classes")) /> }
    });
    let few = classes.len() <= FEW;
    let grades = by_grade(classes);
    let folds = grades.len() > 1;
    let one = |class: ClassView| view! { <ClassChoice class chosen /> }.into_any();
    let grade = |(name, classes): (String, Vec<ClassView>)| {
        if !folds {
            let rows = classes.into_iter().map(one).collect::<Vec<_>>();
            return view! { <div class="m-classes" class:x-choices-columns=!few>{rows}</div> }.into_any();
        }
        let values = ids(&classes);
        let some: HashSet<String> = values.iter().cloned().collect();
        let open = RwSignal::new(untrack(|| {
            let n = chosen.with(|c| c.iter().filter(|id| some.contains(*id)).count());
            n > 0 && n < some.len()
        }));
        let (label, fold_name) = (name.clone(), name);
        let fold = tw(move || {
            let name = &fold_name;
            if open.get() {
                words!("收起{name}", "Fold {name}")
            } else {
                words!("展开{name}", "Unfold {name}")
            }
        });
        let rows = classes.into_iter().map(one).collect::<Vec<_>>();
        view! {
            <div class="m-grade">
                <ChooseAll values chosen label />
                <button
                    type="button"
                    class="m-fold"
                    aria-expanded=move || if open.get() { "true" } else { "false" }
                    aria-label=move || fold.get()
                    on:click=move |_| open.update(|o| *o = !*o)
                >
                    <Icon name=IconName::Forward />
                </button>
            </div>
            <div class="x-choices-columns m-grade-classes" hidden=move || !open.get()>{rows}</div>
        }
        .into_any()
    };
    let groups = grades.into_iter().map(grade).collect::<Vec<_>>();
    view! {
        <fieldset class="x-field x-group">
            <legend class="x-field-label">{t(Words::fixed("选择班级", "Classes"))}</legend>
            <div class="x-choices">{all} {groups}</div>
        </fieldset>
    }
    .into_any()
}

#[component]
fn ClassChoice(class: ClassView, chosen: RwSignal<Vec<String>>) -> impl IntoView {
    let (students, phones) = (class.students, class.phones);
    let (students_en, phones_en) = (count(students, "student", "students"), count(phones, "phone", "phones"));
    let note = words!("{students} 名学生 · {phones} 部手机", "{students_en} · {phones_en}");
    let id = class.id.to_string();
    let mine = id.clone();
    let toggle = move |event| {
        let on = event_target_checked(&event);
        chosen.update(|c| choose(c, std::slice::from_ref(&id), on));
    };
    view! {
        <label class="x-choice">
            <input
                type="checkbox"
                prop:checked=move || chosen.with(|c| c.contains(&mine))
                on:change=toggle
            />
            <span class="x-choice-words">
                <span lang="zh-CN">{class.name}</span>
                <span class="x-choice-note">{t(note)}</span>
            </span>
        </label>
    }
    .into_any()
}

/// The classes of each grade, named by what their names have in common: `七年级`. Where a grade has no
/// such name, or there is one grade alone, all stand together.
fn by_grade(classes: Vec<ClassView>) -> Vec<(String, Vec<ClassView>)> {
    let mut grades: Vec<(UnitId, String, Vec<ClassView>)> = Vec::new();
    for class in &classes {
        match grades.iter_mut().find(|(unit, ..)| *unit == class.unit) {
            None => grades.push((class.unit, class.full_name(), vec![class.clone()])),
            Some((_, name, of)) => {
                // `信息学院2023级` where each college has such a grade.
                *name = name
                    .chars()
                    .zip(class.full_name().chars())
                    .take_while(|(a, b)| a == b)
                    .map(|(a, _)| a)
                    .collect();
                of.push(class.clone());
            }
        }
    }
    if grades.len() < 2 || classes.len() <= FEW || grades.iter().any(|(_, name, _)| name.is_empty()) {
        return vec![(String::new(), classes)];
    }
    grades.into_iter().map(|(_, name, classes)| (name, classes)).collect()
}

/// How many it reaches, after merging.
fn reach_line() -> Signal<String> {
    let editor = expect_context::<Editor>();
    tw(move || {
        editor.preview.with(|p| match p {
            Some(p) => editor.draft.with(|d| reach_words(&d.audience, &p.reach)),
            None => Words::fixed("选择后显示人数", "Choose, and the numbers appear here"),
        })
    })
}

#[component]
fn Reach() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let line = reach_line();
    view! {
        <span
            class="m-to-reach x-num"
            class:m-stale=move || editor.stale.get()
            hidden=move || editor.preview.with(Option::is_none)
            data-test="reach"
        >
            {line}
        </span>
    }
    .into_any()
}

#[component]
fn Unreachable() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let missing = Memo::new(move |_| editor.preview.with(|p| p.as_ref().map_or(0, |p| p.reach.unreachable)));
    move || {
        let n = missing.get();
        (n > 0).then(|| view! { <Banner tone=Tone::Warning title=t(editor.draft.with_untracked(|d| unreachable_words(&d.audience, n))) /> })
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::ClassId;

    use super::*;

    fn class(id: i64, unit: i64, name: &str) -> ClassView {
        ClassView {
            id: ClassId(id),
            name: name.into(),
            unit: UnitId(unit),
            path: Vec::new(),
            within: Vec::new(),
            homeroom: Vec::new(),
            students: 0,
            guardians: 0,
            phones: 0,
            unreachable: 0,
            own_numbers: 0,
            may_write: true,
            may_read: true,
        }
    }

    #[test]
    fn many_classes_fold_by_grade_and_few_stand_together() {
        let many: Vec<ClassView> = (0..8)
            .map(|n| {
                class(
                    n,
                    n / 4,
                    if n < 4 {
                        ["七年级1班", "七年级2班", "七年级3班", "七年级4班"][n as usize]
                    } else {
                        "八年级1班"
                    },
                )
            })
            .collect();
        let grades: Vec<(String, usize)> =
            by_grade(many.clone()).into_iter().map(|(n, c)| (n, c.len())).collect();
        assert_eq!(grades, [("七年级".to_owned(), 4), ("八年级1班".to_owned(), 4)]);
        assert_eq!(by_grade(many[..4].to_vec()).len(), 1);
        assert_eq!(by_grade(vec![class(1, 1, "七年级1班"), class(2, 2, "八年级1班")]).len(), 1);
    }

    #[test]
    fn choosing_all_puts_in_what_was_missing_and_takes_out_no_other() {
        let these = ["1".to_owned(), "2".to_owned()];
        let mut chosen = vec!["9".to_owned(), "2".to_owned()];
        choose(&mut chosen, &these, true);
        assert_eq!(chosen, ["9", "1", "2"]);
        choose(&mut chosen, &these, false);
        assert_eq!(chosen, ["9"]);
    }

    #[test]
    fn the_line_names_few_and_counts_many() {
        let all: Vec<(String, String)> = (1..=5).map(|n| (n.to_string(), format!("七年级{n}班"))).collect();
        let of =
            |ids: &[&str]| classes_words(&all, &ids.iter().map(|s| s.to_string()).collect::<Vec<_>>(), false);
        assert_eq!(of(&[]).zh, "选择发给谁");
        assert_eq!(of(&["2", "1"]).zh, "七年级1班、七年级2班家长");
        assert_eq!(of(&["1", "2", "3", "4"]).zh, "七年级1班、七年级2班、七年级3班等 4 个班的家长");
        assert_eq!(of(&["1"]).en, "Parents of 七年级1班");
    }
}
