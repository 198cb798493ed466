//! Who gets a message. Before it goes out: by class in counts, and the names of a
//! class on demand, which is logged. Afterwards: who has confirmed, and who not.

use domain::api;
use domain::delivery::Funnel;
use domain::ids::MessageId;
use domain::message::{ChildNames, GroupNames, NamesWanted, RecipientGroup};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{Card, Icon, IconName, Skeleton, t, tw};

use super::deliveries::Deliveries;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};

/// The recipients, as far as the message has got.
#[component]
pub fn Names(
    id: MessageId,
    /// Whether its list is frozen: a draft has none.
    is_submitted: Memo<bool>,
    is_released: Memo<bool>,
    funnel: RwSignal<Option<Funnel>>,
    own_class_only: bool,
) -> impl IntoView {
    let title = tw(move || {
        if own_class_only {
            Words::fixed("本班谁确认了，谁还没有", "Your class: who has confirmed, who has not")
        } else if is_released.get() {
            Words::fixed("谁确认了，谁还没有", "Who has confirmed, who has not")
        } else {
            Words::fixed("收件名单", "Who gets it")
        }
    });
    move || {
        let content = match (is_released.get(), is_submitted.get()) {
            (true, _) => view! { <Deliveries id funnel /> }.into_any(),
            (false, true) => view! { <Groups id /> }.into_any(),
            (false, false) => return ().into_any(),
        };
        view! { <Card title=title>{content}</Card> }.into_any()
    }
}

/// The frozen list by class.
#[component]
fn Groups(id: MessageId) -> impl IntoView {
    let groups = Query::new(move || api::RECIPIENTS.at(id));
    let show = move |all: Vec<RecipientGroup>| {
        let hidden = all.iter().any(|group| !group.may_name).then(|| {
            let why = Words::fixed(
                "审批前，姓名只显示给正在办理的审批人和有权查看该班名册的人。",
                "Before it goes out, names are for whoever has to decide now and for those who may read that class's roll.",
            );
            view! { <p class="x-small x-muted">{t(why)}</p> }
        });
        let told = all.iter().any(|group| group.may_name).then(|| {
            let why = Words::fixed(
                "点开一个班，查看收件人姓名；查看会留下记录。",
                "Tap a class for its names; that you looked is recorded.",
            );
            view! { <p class="x-small x-muted">{t(why)}</p> }
        });
        let rows = all.into_iter().map(|group| view! { <Group id group /> }).collect::<Vec<_>>();
        view! {
            {told}
            {hidden}
            <ul class="m-groups">{rows}</ul>
        }
        .into_any()
    };
    view! { <Loaded query=groups lines=3 bare=true show /> }.into_any()
}

/// `49 名学生 · 78 位家长 · 74 部手机`.
fn counted(group: &RecipientGroup) -> Words {
    let RecipientGroup { children, people, phones, .. } = *group;
    let phones_en = count(phones, "phone", "phones");
    if group.class.is_none() && children == 0 {
        let people_en = count(people, "person", "people");
        return words!("{people} 人 · {phones} 部手机", "{people_en} · {phones_en}");
    }
    let (children_en, people_en) =
        (count(children, "student", "students"), count(people, "recipient", "recipients"));
    words!(
        "{children} 名学生 · {people} 位收件人 · {phones} 部手机",
        "{children_en} · {people_en} · {phones_en}"
    )
}

/// One class: its names come when it is opened.
#[component]
fn Group(id: MessageId, group: RecipientGroup) -> impl IntoView {
    let order = Order::new();
    let names = RwSignal::new(None::<GroupNames>);
    let open = RwSignal::new(false);
    let (wanted, note) = (NamesWanted { group: group.group }, counted(&group));
    let name = if group.class.is_none() {
        Words::fixed("教职工", "Staff")
    } else {
        Words::name(group.name.clone())
    };
    let head = view! {
        <span class="m-group-words">
            <span class="x-item-title">{t(name)}</span>
            <span class="x-item-note x-num">{t(note)}</span>
        </span>
    };
    if !group.may_name {
        return view! { <li class="m-group"><div class="m-group-head">{head}</div></li> }.into_any();
    }
    let toggle = move |_| {
        open.update(|on| *on = !*on);
        if open.get_untracked() && names.with_untracked(Option::is_none) && !order.busy().get_untracked() {
            order.send(api::NAMES.at(id), &wanted, move |told| {
                let _ = names.try_set(Some(told));
            });
        }
    };
    let content = move || {
        open.get().then(|| match names.get() {
            Some(told) => listed(told),
            None if order.problem().with(Option::is_some) => view! { <Problems order /> }.into_any(),
            None => view! { <Skeleton lines=3 /> }.into_any(),
        })
    };
    view! {
        <li class="m-group">
            <button
                type="button"
                class="m-group-head"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                on:click=toggle
            >
                {head}
                <span class="m-group-open" class:m-group-is-open=move || open.get()>
                    <Icon name=IconName::Forward />
                </span>
            </button>
            {content}
        </li>
    }
    .into_any()
}

fn listed(told: GroupNames) -> AnyView {
    let child = |ChildNames { name, people }: ChildNames| {
        let people = people
            .iter()
            .map(
                |(name, relation)| {
                    if relation.is_empty() { name.clone() } else { format!("{name}（{relation}）") }
                },
            )
            .collect::<Vec<_>>()
            .join("、");
        view! {
            <li class="m-group-name">
                <span>{name}</span>
                <span class="x-small x-muted">{people}</span>
            </li>
        }
        .into_any()
    };
    let member = |name: String| view! { <li class="m-group-name"><span>{name}</span></li> }.into_any();
    let rows: Vec<AnyView> =
        told.children.into_iter().map(child).chain(told.staff.into_iter().map(member)).collect();
    view! { <ul class="m-group-names" lang="zh-CN">{rows}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::ids::{ClassId, StreamId};

    use super::*;

    #[test]
    fn a_class_is_counted_in_students_and_the_staff_in_people() {
        let group = |class: Option<i64>, children, people, phones| RecipientGroup {
            group: StreamId(1),
            class: class.map(ClassId),
            name: String::new(),
            children,
            people,
            phones,
            may_name: true,
        };
        assert_eq!(counted(&group(Some(1), 49, 78, 74)).zh, "49 名学生 · 78 位收件人 · 74 部手机");
        assert_eq!(counted(&group(Some(1), 1, 2, 1)).en, "1 student · 2 recipients · 1 phone");
        assert_eq!(counted(&group(None, 0, 1, 1)).en, "1 person · 1 phone");
    }
}
