//! Of one class, all or some of its students: a message to these children's own parents.

use domain::api;
use domain::ids::{ClassId, StudentId};
use domain::message::{Audience, ChosenChild, children_words, count_words};
use domain::roster::{ClassRoll, ClassView, StudentView};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{CheckOption, Segmented, TextInput, t, tw, use_lang};

use super::editor::Editor;
use super::form::{Form, SOME, WHOLE};
use crate::api::Query;
use crate::common::Loaded;

/// Whom it goes to where students are chosen one by one: by name as far as the Worker told them (reactive).
pub fn chosen_words(editor: Editor, classes: &[(String, String)]) -> Option<Words> {
    let (class, students) = editor.draft.with(|d| match &d.audience {
        Audience::Children { class, students } => Some((class.to_string(), students.clone())),
        _ => None,
    })?;
    let class = classes.iter().find(|(id, _)| *id == class).map_or("", |(_, name)| name);
    if students.is_empty() {
        return Some(words!("{class}：选择学生", "{class}: choose students"));
    }
    let names = editor.preview.with(|p| p.as_ref().and_then(|p| names_of(&p.children, &students)));
    Some(match names {
        Some(names) => children_words(class, &names),
        None => count_words(class, students.len()),
    })
}

/// The names of these students, where all are known and none of somebody else is.
fn names_of(known: &[ChosenChild], students: &[StudentId]) -> Option<Vec<String>> {
    let all_known = students.iter().all(|id| known.iter().any(|child| child.student == *id));
    let chosen = known.iter().filter(|child| students.contains(&child.student));
    chosen.map(|child| child.name.clone()).collect::<Option<Vec<_>>>().filter(|_| all_known)
}

/// Below the classes: of the one that is chosen, all or some. Offered where its roll can be read.
#[component]
pub fn PartOfClass(form: Form, classes: Vec<ClassView>) -> impl IntoView {
    let lang = use_lang();
    let classes = StoredValue::new(classes);
    let only = Memo::new(move |_| {
        let id = form.classes.with(|chosen| match chosen.as_slice() {
            [one] => one.parse::<ClassId>().ok(),
            _ => None,
        })?;
        let can_choose = |c: &&ClassView| c.id == id && (c.may_read || form.part.with(|p| p == SOME));
        classes.with_value(|all| all.iter().find(can_choose).map(|c| (id, c.may_read)))
    });
    let options = Signal::derive(move || {
        [(WHOLE, Words::fixed("全班", "Whole class")), (SOME, Words::fixed("选学生", "Some students"))]
            .map(|(key, words)| CheckOption::new(key, words.get(lang.get())))
            .to_vec()
    });
    let list = move || {
        let (class, may_read) = only.get().filter(|_| form.part.with(|p| p == SOME))?;
        Some(if may_read {
            view! { <Students form class /> }.into_any()
        } else {
            let closed = t(Words::fixed(
                "您看不到这个班的名册，不能在这里改选学生；可以改为发给全班。",
                "You cannot open this class's roll, so the students cannot be changed here; the whole class can be chosen.",
            ));
            view! { <p class="x-small x-muted">{closed}</p> }.into_any()
        })
    };
    view! {
        <div hidden=move || only.get().is_none()>
            <Segmented
                label=t(Words::fixed("全班还是部分学生", "The whole class or some"))
                options
                value=form.part
            />
        </div>
        {list}
    }
    .into_any()
}

/// The students of a class, to choose from.
#[component]
fn Students(form: Form, class: ClassId) -> impl IntoView {
    let roll = Query::new(move || api::CLASS_ROLL.at(class));
    view! {
        <Loaded
            query=roll
            bare=true
            show=move |roll: ClassRoll| view! { <StudentChoices form class students=roll.students /> }.into_any()
        />
    }
    .into_any()
}

#[component]
fn StudentChoices(form: Form, class: ClassId, students: Vec<StudentView>) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let search = RwSignal::new(String::new());
    let n = Memo::new(move |_| {
        editor.draft.with(|d| match &d.audience {
            Audience::Children { students, .. } => students.len(),
            _ => 0,
        })
    });
    let of = students.len();
    let here: Vec<StudentId> = students.iter().map(|s| s.id).collect();
    // Who was chosen and has left since stays in sight until taken off.
    let gone = Memo::new(move |_| {
        let gone = |child: &&ChosenChild| {
            !here.contains(&child.student)
                && form.students.with(|chosen| chosen.contains(&child.student.to_string()))
        };
        editor
            .preview
            .with(|p| p.iter().flat_map(|p| &p.children).filter(gone).cloned().collect::<Vec<ChosenChild>>())
    });
    let left = move || {
        let row = |child: ChosenChild| {
            let note = t(Words::fixed("已不在这个班，请去掉", "No longer in this class: take off"));
            let name = child.name.unwrap_or_default();
            view! { <StudentChoice form class id=child.student name note /> }
        };
        gone.get().into_iter().map(row).collect::<Vec<_>>()
    };
    let rows = students
        .into_iter()
        .map(|student| {
            let note = note(&student);
            let (id, name, number) = (student.id, student.name, student.number);
            let sought = format!("{name} {number}");
            let hidden = move || search.with(|s| !sought.contains(s.trim()));
            view! {
                <div hidden=hidden>
                    <StudentChoice form class id name note=t(note) />
                </div>
            }
        })
        .collect::<Vec<_>>();
    let legend = tw(move || {
        let n = n.get();
        let of_en = count(of as u64, "student", "students");
        words!("选学生（已选 {n}/{of}）", "Students ({n} of {of_en})")
    });
    view! {
        <fieldset class="x-field x-group m-students">
            <legend class="x-field-label x-num" aria-live="polite">{legend}</legend>
            <TextInput
                value=search
                kind="search"
                label=t(Words::fixed("查找学生", "Find a student"))
                placeholder=t(Words::fixed("姓名或学号", "Name or number"))
            />
            <div class="x-choices m-student-list">{left} {rows}</div>
        </fieldset>
    }
    .into_any()
}

/// The number, and whether the parents can be reached.
fn note(student: &StudentView) -> Words {
    let number = &student.number;
    if student.guardians.is_empty() {
        words!("{number} · 没有接收手机号", "{number} · no receiving number")
    } else {
        Words::name(number)
    }
}

#[component]
fn StudentChoice(
    form: Form,
    class: ClassId,
    id: StudentId,
    name: String,
    #[prop(into)] note: Signal<String>,
) -> impl IntoView {
    let is_chosen = move || form.students.with(|chosen| chosen.contains(&id.to_string()));
    view! {
        <label class="x-choice">
            <input
                type="checkbox"
                prop:checked=is_chosen
                on:change=move |event| form.choose_student(class, id, event_target_checked(&event))
            />
            <span class="x-choice-words">
                <span lang="zh-CN">{name}</span>
                <span class="x-choice-note x-num">{note}</span>
            </span>
        </label>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_named_where_all_of_them_are_known() {
        let child = |id, name: Option<&str>| ChosenChild {
            student: StudentId(id),
            name: name.map(ToString::to_string),
            is_here: true,
        };
        let known = [child(1, Some("王小明")), child(2, Some("李红")), child(3, None)];
        let of = |ids: &[i64]| names_of(&known, &ids.iter().map(|id| StudentId(*id)).collect::<Vec<_>>());
        assert_eq!(of(&[1]), Some(vec!["王小明".to_owned()]));
        assert_eq!(of(&[2, 1]), Some(vec!["王小明".to_owned(), "李红".to_owned()]));
        assert_eq!(of(&[1, 4]), None, "a student chosen just now");
        assert_eq!(of(&[1, 3]), None, "a roll that is closed");
    }
}
