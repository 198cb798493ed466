//! Classes that the person may see, and the roll of one.

use domain::access::Action;
use domain::api;
use domain::ids::ClassId;
use domain::roster::people::NumberState;
use domain::roster::{ClassRoll, ClassView, StudentView};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{
    Badge, Banner, ButtonKind, ButtonLink, Card, EmptyState, Icon, IconName, List, ListItem, Page, Stat,
    TextInput, Tone, t, tw,
};

use super::fold::Fold;
use super::teachers::Teachers;
use crate::api::Query;
use crate::common::Loaded;
use crate::route::Route;
use crate::session::use_me;

/// Up to so many classes the grades lie open.
const OPEN_CLASSES: usize = 30;

/// `/classes`.
#[component]
pub fn ClassListPage() -> impl IntoView {
    let me = use_me();
    let classes = Query::new(|| api::CLASSES.into());
    let import = move || {
        me.with(|m| m.person.may(Action::ImportRoster)).then(|| {
            view! {
                <ButtonLink href="/import" label=t(Words::fixed("导入名单", "Import")) icon=IconName::Import />
            }
        })
    };
    view! {
        <Page title=t(Words::fixed("班级", "Classes")) actions=import>
            <Loaded query=classes show=move |all| view! { <Classes all /> }.into_any() />
        </Page>
    }
    .into_any()
}

#[component]
fn Classes(all: Vec<ClassView>) -> impl IntoView {
    let me = use_me();
    if all.is_empty() {
        let imports = me.with_untracked(|m| m.person.may(Action::ImportRoster));
        let note = if imports {
            Words::fixed(
                "先导入教职工名单，再导入学生名单，班级会随之建立。",
                "Import the staff list, then the students': the classes come with them.",
            )
        } else {
            let leader = me.with_untracked(|m| m.school.class_leader.title());
            let (zh, en) = (leader.zh, leader.en.to_lowercase());
            words!(
                "您还没有可以查看或发通知的班级。任课教师须由{zh}列入发送名单；如有出入，请告诉管理名册的部门。",
                "There is no class that you can read or write to yet. The {en} of a class lets its subject teachers write; if something is wrong, tell the office that keeps the rolls."
            )
        };
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::People
                    title=t(Words::fixed("还没有班级", "No classes yet"))
                    note=t(note)
                >
                    {imports
                        .then(|| {
                            view! {
                                <ButtonLink
                                    href="/import"
                                    label=t(Words::fixed("导入名单", "Import"))
                                    kind=ButtonKind::Primary
                                />
                            }
                        })}
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let sum = |f: fn(&ClassView) -> u32| all.iter().map(f).sum::<u32>().to_string();
    let unreachable: u32 = all.iter().map(|c| c.unreachable).sum();
    let totals = (all.len() > 1).then(|| {
        let tone = if unreachable == 0 { Tone::Good } else { Tone::Warning };
        view! {
            <dl class="x-stats">
                <Stat label=t(Words::fixed("班级", "Classes")) value=all.len().to_string() />
                <Stat label=t(Words::fixed("学生", "Students")) value=sum(|c| c.students) />
                <Stat label=t(Words::fixed("家长", "Parents")) value=sum(|c| c.guardians) />
                <Stat
                    label=t(Words::fixed("短信联系不上的学生", "Students no SMS reaches"))
                    value=unreachable.to_string()
                    tone
                />
            </dl>
        }
    });
    // Classes stand by grade, in the order in which the Worker gives them.
    let mut grades: Vec<Vec<ClassView>> = Vec::new();
    for class in all {
        match grades.iter_mut().find(|g| g.first().is_some_and(|c| c.unit == class.unit)) {
            Some(grade) => grade.push(class),
            None => grades.push(vec![class]),
        }
    }
    let leader = me.with_untracked(|m| m.school.class_leader.title());
    let is_open = grades.iter().map(Vec::len).sum::<usize>() <= OPEN_CLASSES;
    let grades = grades
        .into_iter()
        .map(|grade| {
            let name = grade.first().map(|c| c.path.join(" ")).unwrap_or_default();
            let (classes, students) = (grade.len(), grade.iter().map(|c| c.students).sum::<u32>());
            let note =
                words!("{classes} 个班 · {students} 名学生", "Classes: {classes} · students: {students}");
            let unreachable: u32 = grade.iter().map(|c| c.unreachable).sum();
            let trailing = move || (unreachable > 0).then(|| out_of_reach(unreachable));
            let grade = StoredValue::new(grade);
            let leader = leader.clone();
            let rows = move || {
                let rows =
                    grade.get_value().into_iter().map(|class| class_row(class, &leader)).collect::<Vec<_>>();
                view! { <List label=t(Words::fixed("班级", "Classes"))>{rows}</List> }.into_any()
            };
            view! { <Fold title=t(Words::name(name)) note=t(note) trailing is_open rows /> }
        })
        .collect::<Vec<_>>();
    view! {
        {totals}
        <div class="s-grades">{grades}</div>
    }
    .into_any()
}

fn out_of_reach(students: u32) -> AnyView {
    view! {
        <Badge tone=Tone::Warning label=t(words!("{students} 人联系不上", "{students} out of reach")) />
    }
    .into_any()
}

fn class_row(class: ClassView, leader: &Words) -> AnyView {
    let (leader_zh, leader_en) = (&leader.zh, leader.en.to_lowercase());
    let ClassView { students, phones, unreachable, .. } = class;
    let teachers = class.homeroom.join("、");
    let (students_en, phones_en) = (count(students, "student", "students"), count(phones, "phone", "phones"));
    let note = if teachers.is_empty() {
        words!(
            "{students} 名学生 · {phones} 个接收手机号 · 还没有{leader_zh}",
            "{students_en} · {phones_en} · no {leader_en}"
        )
    } else {
        words!(
            "{teachers} · {students} 名学生 · {phones} 个接收手机号",
            "{teachers} · {students_en} · {phones_en}"
        )
    };
    let trailing = move || (unreachable > 0).then(|| out_of_reach(unreachable));
    let note = t(note);
    if class.may_read {
        view! { <ListItem href=Route::Class(class.id).path() title=class.name note trailing /> }.into_any()
    } else {
        view! { <ListItem title=class.name note trailing /> }.into_any()
    }
}

/// `/classes/{id}`.
#[component]
pub fn ClassPage(
    /// The class.
    id: ClassId,
) -> impl IntoView {
    let query = Query::new(move || api::CLASS_ROLL.at(id));
    let title = tw(move || match query.value() {
        Some(roll) => Words::name(roll.class.full_name()),
        None => Words::fixed("班级", "Class"),
    });
    let write = move || {
        let edit = query.value().filter(|r| r.may_edit).map(|r| {
            let href = Route::EditClass(r.class.id).path();
            view! { <ButtonLink href label=t(Words::fixed("核对名册", "Correct the roll")) /> }
        });
        let write = query.value().filter(|r| r.class.may_write).map(|r| {
            view! {
                <ButtonLink
                    href=format!("{}?class={}", Route::Compose.path(), r.class.id)
                    label=t(Words::fixed("给本班家长写通知", "Write to the parents"))
                    kind=ButtonKind::Primary
                    icon=IconName::Write
                />
            }
        });
        view! {
            {edit}
            {write}
        }
    };
    view! {
        <Page title back=Route::Classes.path() actions=write>
            <Loaded
                query
                lines=10
                show=move |roll: ClassRoll| {
                    let (teachers, may_list) = (roll.teachers.clone(), roll.may_list);
                    view! {
                        <Roll roll />
                        <Teachers class=id teachers may_list query />
                    }
                        .into_any()
                }
            />
        </Page>
    }
    .into_any()
}

#[component]
fn Roll(roll: ClassRoll) -> impl IntoView {
    let ClassView { id, students, guardians, phones, unreachable, homeroom, may_write, .. } = roll.class;
    let unreachable_en = count(unreachable, "student", "students");
    let warning = (unreachable > 0).then(|| {
        view! {
            <Banner
                tone=Tone::Warning
                title=t(words!(
                    "{unreachable} 名学生没有可用的接收手机号，短信通知不到",
                    "No SMS reaches {unreachable_en}: there is no receiving number"
                ))
            >
                <p>
                    {t(Words::fixed(
                        "请向家长核对号码，补进学生名单后重新导入。",
                        "Ask the families for their numbers, add them to the list and import it again.",
                    ))}
                </p>
            </Banner>
        }
    });
    if roll.students.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::People
                    title=t(Words::fixed("这个班还没有学生", "No students in this class yet"))
                    note=t(Words::fixed("导入学生名单后，学生和家长会出现在这里。", "They appear here once the students' list is imported."))
                />
            </Card>
        }
        .into_any();
    }
    let search = RwSignal::new(String::new());
    let all = StoredValue::new(roll.students);
    let write_to = may_write.then(|| format!("{}?class={id}&student=", Route::Compose.path()));
    let rows = move || {
        let needle = search.get();
        let needle = needle.trim();
        let shown: Vec<AnyView> = all.with_value(|all| {
            all.iter()
                .filter(|s| {
                    needle.is_empty()
                        || s.name.contains(needle)
                        || s.number.contains(needle)
                        || s.guardians.iter().any(|g| g.name.contains(needle))
                })
                .map(|s| student_row(s, write_to.as_deref()))
                .collect()
        });
        if shown.is_empty() {
            return view! {
                <EmptyState
                    icon=IconName::Search
                    title=t(Words::fixed("没有符合条件的学生", "No student matches"))
                    note=t(Words::fixed("换个姓名或学号试试。", "Try another name or number."))
                />
            }
            .into_any();
        }
        view! {
            <table class="x-table">
                <thead>
                    <tr>
                        <th scope="col">{t(Words::fixed("学生", "Student"))}</th>
                        <th scope="col">{t(Words::fixed("家长", "Parents"))}</th>
                    </tr>
                </thead>
                <tbody>{shown}</tbody>
            </table>
        }
        .into_any()
    };
    let homeroom = homeroom.join("、");
    view! {
        {warning}
        <dl class="x-stats">
            <Stat label=t(use_me().with_untracked(|m| m.school.class_leader.title())) value=if homeroom.is_empty() { "—".to_owned() } else { homeroom } />
            <Stat label=t(Words::fixed("学生", "Students")) value=students.to_string() />
            <Stat label=t(Words::fixed("家长", "Parents")) value=guardians.to_string() />
            <Stat label=t(Words::fixed("接收手机号", "Receiving numbers")) value=phones.to_string() />
        </dl>
        <div class="s-search">
            <TextInput
                value=search
                kind="search"
                label=t(Words::fixed("查找学生", "Find a student"))
                placeholder=t(Words::fixed("学生姓名、学号、家长姓名", "Student, number or parent"))
            />
        </div>
        <Card flush=true>{rows}</Card>
    }
    .into_any()
}

/// A student with the parents; `write_to` is where one writes to them, but for the student's id.
fn student_row(student: &StudentView, write_to: Option<&str>) -> AnyView {
    let write = write_to.filter(|_| !student.guardians.is_empty()).map(|to| {
        let name = &student.name;
        let label = t(words!("给{name}的家长写通知", "Write to the parents of {name}"));
        view! {
            <a class="s-write-to" href=format!("{to}{}", student.id) aria-label=label title=label>
                <Icon name=IconName::Write />
            </a>
        }
    });
    let guardians = if student.guardians.is_empty() {
        view! {
            <Badge tone=Tone::Warning label=t(Words::fixed("没有接收手机号", "No receiving number")) />
        }
        .into_any()
    } else {
        let line = |g: &domain::roster::GuardianView| {
            view! {
                <p class="s-guardian">
                    <span>{g.name.clone()}</span>
                    <span class="x-muted x-small">{g.relation.clone()}</span>
                    <span class="x-num x-muted x-small">{t(domain::phone::shown(&g.phone))}</span>
                    {(g.number != NumberState::Usable)
                        .then(|| view! { <Badge tone=Tone::Warning label=t(g.number.title()) /> })}
                </p>
            }
        };
        student.guardians.iter().map(line).collect::<Vec<_>>().into_any()
    };
    view! {
        <tr>
            <th scope="row" class="s-student">
                <span>{student.name.clone()}</span>
                <span class="x-num x-muted x-small">{student.number.clone()}</span>
            </th>
            <td>
                <div class="s-parents">
                    <div>{guardians}</div>
                    {write}
                </div>
            </td>
        </tr>
    }
    .into_any()
}
