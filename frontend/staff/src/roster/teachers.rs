//! Which subject teachers may write to the parents of a class: read by all who
//! read its roll, changed by its homeroom teacher.

use domain::api;
use domain::ids::{AppointmentId, ClassId};
use domain::roster::{ClassRoll, ClassTeacher, ListTeachers};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Card, Tone, t};

use crate::api::{Order, Query};
use crate::common::Problems;
use crate::session::use_me;

/// The card on a class's page; nothing where nobody but the homeroom teacher teaches it.
#[component]
pub fn Teachers(
    class: ClassId,
    teachers: Vec<ClassTeacher>,
    /// Whether it is the reader's to change.
    may_list: bool,
    /// The page's query, which takes the answer.
    query: Query<ClassRoll>,
) -> impl IntoView {
    if teachers.is_empty() {
        return ().into_any();
    }
    let order = Order::new();
    let change = move |list: Vec<AppointmentId>, strike: Vec<AppointmentId>| {
        order.send(api::LIST_TEACHERS.at(class), &ListTeachers { list, strike }, move |roll| query.set(roll));
    };
    let off: Vec<AppointmentId> =
        teachers.iter().filter(|t| t.listed_at.is_none()).map(|t| t.appointment).collect();
    let all = (may_list && off.len() > 1).then(|| {
        view! {
            <Button
                label=t(Words::fixed("全部允许", "Allow all"))
                kind=ButtonKind::Quiet
                busy=order.busy()
                on_click=move |()| change(off.clone(), Vec::new())
            />
        }
    });
    let row = move |teacher: ClassTeacher| {
        let ClassTeacher { appointment, name, number, subject, listed_at } = teacher;
        let note = match listed_at.map(|at| at.words()) {
            None => Words::name(&subject),
            Some(at) => {
                let (zh, en) = (at.zh, at.en);
                let between = if subject.is_empty() { "" } else { " · " };
                words!("{subject}{between}{zh} 起可发", "{subject}{between}may write since {en}")
            }
        };
        let listed = listed_at.is_some();
        let state = if may_list {
            let toggle = move |_| {
                let one = vec![appointment];
                if listed { change(Vec::new(), one) } else { change(one, Vec::new()) }
            };
            view! {
                <input
                    type="checkbox"
                    prop:checked=listed
                    prop:disabled=move || order.busy().get()
                    on:change=toggle
                />
            }
            .into_any()
        } else if listed {
            view! { <Badge tone=Tone::Good label=t(Words::fixed("可发短信", "May write")) /> }.into_any()
        } else {
            view! { <Badge label=t(Words::fixed("不可发短信", "May not write")) /> }.into_any()
        };
        view! {
            <label class="x-choice s-teacher">
                {state}
                <span class="x-choice-words">
                    <span>
                        <span lang="zh-CN">{name}</span>
                        " "
                        <span class="x-num x-muted x-small">{number}</span>
                    </span>
                    <span class="x-choice-note">{t(note)}</span>
                </span>
            </label>
        }
        .into_any()
    };
    let hint = if may_list {
        Words::fixed(
            "打勾的任课教师可以给本班家长发通知（仍须审批）。取消打勾后立即生效，他们还没发出的通知会暂停。",
            "Teachers with a tick may write to the parents of the class; each notice still needs its approval. A tick taken away counts at once, also for what they have not sent yet.",
        )
    } else {
        let leader = use_me().with_untracked(|m| m.school.class_leader.title());
        let (zh, en) = (leader.zh, leader.en.to_lowercase());
        words!(
            "由{zh}决定哪些任课教师可以给本班家长发通知。",
            "The {en} says which subject teachers may write to the parents of the class."
        )
    };
    let rows = teachers.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <Card title=t(Words::fixed("任课教师", "Subject teachers"))>
            <p class="x-small x-muted">{t(hint)}</p>
            <div class="x-choices x-choices-columns">{rows}</div>
            {all}
            <Problems order />
        </Card>
    }
    .into_any()
}
