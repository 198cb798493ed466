//! A class's roll as the homeroom teacher and the office put it right: a
//! number that changed, a family that gets nothing any more, who left.

use domain::api;
use domain::ids::{ClassId, GuardianId, StudentId};
use domain::message::RecipientKind;
use domain::roster::people::{FamilyLeaving, Leave, LeaveReason, Left, MarkNumber, NewNumber, NumberState};
use domain::roster::{ClassRoll, GuardianView, StudentView};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{
    Badge, Button, ButtonKind, Card, ConfirmDialog, EmptyState, FormField, IconName, List, ListItem, Page,
    Select, SelectOption, TextInput, Tone, t, tw, use_lang,
};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::route::Route;

/// Whom a dialog is about.
#[derive(Clone, PartialEq)]
enum About {
    Number(GuardianView),
    Guardian(GuardianView),
    Student(StudentView),
}

impl About {
    fn name(&self) -> String {
        match self {
            Self::Number(g) | Self::Guardian(g) => g.name.clone(),
            Self::Student(s) => s.name.clone(),
        }
    }
}

/// What the dialogs of the page share.
#[derive(Clone, Copy)]
struct Desk {
    about: RwSignal<Option<About>>,
    order: Order,
    roll: Query<ClassRoll>,
}

impl Desk {
    fn begin(self, about: About) {
        self.order.clear();
        self.about.set(Some(about));
    }

    fn done(self) {
        self.about.set(None);
        self.roll.reload();
    }
}

/// `/classes/{id}/edit`.
#[component]
pub fn EditClassPage(
    /// The class.
    id: ClassId,
) -> impl IntoView {
    let roll = Query::new(move || api::CLASS_ROLL.at(id));
    let title = tw(move || match roll.value() {
        Some(roll) => {
            let name = roll.class.name;
            words!("{name} · 核对名册", "{name} · correct the roll")
        }
        None => Words::fixed("核对名册", "Correct the roll"),
    });
    let desk = Desk { about: RwSignal::new(None), order: Order::new(), roll };
    view! {
        <Page title back=Route::Class(id).path()>
            <Loaded query=roll lines=10 show=move |roll| view! { <Rows roll desk /> }.into_any() />
            <NumberDialog desk />
            <LeaveDialog desk />
        </Page>
    }
    .into_any()
}

#[component]
fn Rows(roll: ClassRoll, desk: Desk) -> impl IntoView {
    if !roll.may_edit {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::People
                    title=t(Words::fixed("这个班的名册不由您维护", "This class's roll is not yours to change"))
                    note=t(Words::fixed("请带这个班的老师或负责名册的岗位办理。", "Ask who leads the class, or who keeps the rolls."))
                />
            </Card>
        }
        .into_any();
    }
    let students = roll.students.into_iter().map(|s| student(s, desk)).collect::<Vec<_>>();
    let left = (!roll.left.is_empty()).then(|| {
        let rows = roll.left.into_iter().map(|l| left_row(l, desk)).collect::<Vec<_>>();
        view! {
            <Card title=t(Words::fixed("已离开", "Left")) flush=true>
                <ul class="s-people">{rows}</ul>
            </Card>
        }
    });
    view! {
        <Card flush=true>
            <ul class="s-people">{students}</ul>
        </Card>
        {left}
    }
    .into_any()
}

fn student(student: StudentView, desk: Desk) -> AnyView {
    let leave = About::Student(student.clone());
    let guardians = student.guardians.into_iter().map(|g| guardian(g, desk)).collect::<Vec<_>>();
    view! {
        <li class="s-edit">
            <p class="x-row x-row-between">
                <span>
                    <strong lang="zh-CN">{student.name}</strong>
                    " "
                    <span class="x-num x-muted x-small">{student.number}</span>
                </span>
                <Button
                    label=t(Words::fixed("学生离校", "Student leaves"))
                    kind=ButtonKind::Quiet
                    on_click=move |()| desk.begin(leave.clone())
                />
            </p>
            {guardians}
        </li>
    }
    .into_any()
}

fn guardian(guardian: GuardianView, desk: Desk) -> AnyView {
    let state = guardian.number;
    let badge =
        (state != NumberState::Usable).then(|| view! { <Badge tone=Tone::Warning label=t(state.title()) /> });
    let (number, leave, id) =
        (About::Number(guardian.clone()), About::Guardian(guardian.clone()), guardian.id);
    let is_on = matches!(state, NumberState::Usable | NumberState::Invalid);
    let mark = move |()| {
        let state = if is_on { NumberState::Revoked } else { NumberState::Usable };
        desk.order.send(api::MARK_NUMBER.at(id), &MarkNumber { state }, move |_| desk.done());
    };
    let marked = (state != NumberState::Disputed).then(|| {
        let words = if is_on {
            Words::fixed("停用号码", "Stop using number")
        } else {
            Words::fixed("恢复号码", "Use number again")
        };
        view! { <Button label=t(words) kind=ButtonKind::Quiet busy=desk.order.busy() on_click=mark /> }
    });
    view! {
        <div class="s-edit-line">
            <p class="s-guardian">
                <span lang="zh-CN">{guardian.name}</span>
                <span class="x-muted x-small" lang="zh-CN">{guardian.relation}</span>
                <span class="x-num x-muted x-small">{guardian.phone}</span>
                {badge}
            </p>
            <p class="x-row">
                <Button
                    label=t(Words::fixed("换号码", "Change number"))
                    kind=ButtonKind::Quiet
                    on_click=move |()| desk.begin(number.clone())
                />
                {marked}
                <Button
                    label=t(Words::fixed("移除家长", "Remove"))
                    kind=ButtonKind::Quiet
                    on_click=move |()| desk.begin(leave.clone())
                />
            </p>
        </div>
    }
    .into_any()
}

fn left_row(left: Left, desk: Desk) -> AnyView {
    let (at, reason, by) = (left.at.words(), left.reason.title(), left.by);
    let note = Words {
        zh: format!("{} · {} · {by}", at.zh, reason.zh).into(),
        en: format!("{} · {} · {by}", at.en, reason.en).into(),
    };
    let (kind, person) = (left.kind, left.person);
    let back = move |()| match kind {
        RecipientKind::Student => {
            desk.order.call(api::RETURN_STUDENT.at(StudentId(person)), move |()| desk.done())
        }
        _ => desk.order.call(api::RETURN_GUARDIAN.at(GuardianId(person)), move |()| desk.done()),
    };
    view! {
        <li class="s-edit x-row x-row-between">
            <span>
                <span lang="zh-CN">{left.name}</span>
                " "
                <span class="x-small x-muted">{t(note)}</span>
            </span>
            <Button
                label=t(Words::fixed("恢复在册", "Put back"))
                kind=ButtonKind::Quiet
                busy=desk.order.busy()
                on_click=back
            />
        </li>
    }
    .into_any()
}

/// A signal that is true while the desk is about what `fits`, and turns it away when it is set to false.
fn opened(desk: Desk, fits: fn(&About) -> bool) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(desk.about.with(|about| about.as_ref().is_some_and(fits))));
    Effect::new(move |was: Option<bool>| {
        let is = open.get();
        if was == Some(true) && !is && desk.about.with_untracked(|about| about.as_ref().is_some_and(fits)) {
            desk.about.set(None);
        }
        is
    });
    open
}

#[component]
fn NumberDialog(desk: Desk) -> impl IntoView {
    let open = opened(desk, |about| matches!(about, About::Number(_)));
    let phone = RwSignal::new(String::new());
    Effect::new(move |_| {
        if open.get() {
            phone.set(String::new());
        }
    });
    let title = tw(move || {
        let name = desk.about.with(|a| a.as_ref().map(About::name)).unwrap_or_default();
        words!("更换 {name} 的接收号码", "Change the number of {name}")
    });
    let change = move |()| {
        if let Some(About::Number(guardian)) = desk.about.get_untracked() {
            let order = NewNumber { phone: phone.get_untracked() };
            desk.order.send(api::CHANGE_GUARDIAN_NUMBER.at(guardian.id), &order, move |_| desk.done());
        }
    };
    view! {
        <ConfirmDialog
            open
            title
            confirm=t(Words::fixed("更换号码", "Change the number"))
            on_confirm=change
            busy=desk.order.busy()
        >
            <p>
                {t(Words::fixed(
                    "已经批准、还没有发出的通知会发到新号码，起草人和审批人会看到这次更换；发到旧号码的链接从此打不开。",
                    "Notices that are approved and not yet sent go to the new number, and their author and approver see so. Links that went to the old number no longer open.",
                ))}
            </p>
            <FormField label=t(Words::fixed("新手机号", "New mobile number")) error=desk.order.field_error("phone") required=true>
                <TextInput value=phone kind="tel" />
            </FormField>
            <Problems order=desk.order />
        </ConfirmDialog>
    }
    .into_any()
}

#[component]
fn LeaveDialog(desk: Desk) -> impl IntoView {
    let open = opened(desk, |about| matches!(about, About::Guardian(_) | About::Student(_)));
    let reason = RwSignal::new(String::new());
    let title = tw(move || {
        let name = desk.about.with(|a| a.as_ref().map(About::name)).unwrap_or_default();
        words!("把 {name} 移出名册？", "Take {name} off the roll?")
    });
    let leave = move |()| {
        let order = LeaveReason::from_key(&reason.get_untracked()).map(|reason| Leave { reason });
        let (Some(order), Some(about)) = (order, desk.about.get_untracked()) else { return };
        match about {
            About::Student(s) => desk.order.send(api::LEAVE_STUDENT.at(s.id), &order, move |()| desk.done()),
            About::Guardian(g) | About::Number(g) => {
                desk.order.send(api::LEAVE_GUARDIAN.at(g.id), &order, move |()| desk.done())
            }
        }
    };
    let body = move || {
        let about = desk.about.get()?;
        let kind = match about {
            About::Student(_) => RecipientKind::Student,
            _ => RecipientKind::Guardian,
        };
        reason.set(LeaveReason::of(kind).first().map_or("", |r| r.key()).to_owned());
        Some(view! {
            <Follows about />
            <Reasons kind reason />
        })
    };
    view! {
        <ConfirmDialog
            open
            title
            confirm=t(Words::fixed("移出名册", "Take off the roll"))
            on_confirm=leave
            busy=desk.order.busy()
            danger=true
        >
            {body}
            <Problems order=desk.order />
        </ConfirmDialog>
    }
    .into_any()
}

/// The closed list of reasons that fit a kind of person.
#[component]
pub fn Reasons(kind: RecipientKind, reason: RwSignal<String>) -> impl IntoView {
    let lang = use_lang();
    let options = Signal::derive(move || {
        let option = |r: &LeaveReason| SelectOption::new(r.key(), r.title().get(lang.get()));
        LeaveReason::of(kind).iter().map(option).collect::<Vec<_>>()
    });
    view! {
        <FormField label=t(Words::fixed("原因", "Reason")) required=true>
            <Select value=reason options />
        </FormField>
    }
    .into_any()
}

/// What would follow, asked for before anything is done.
#[component]
fn Follows(about: About) -> impl IntoView {
    let query = match &about {
        About::Student(s) => {
            let id = s.id;
            Query::new(move || api::STUDENT_LEAVING.at(id))
        }
        About::Guardian(g) | About::Number(g) => {
            let id = g.id;
            Query::new(move || api::GUARDIAN_LEAVING.at(id))
        }
    };
    let show = |leaving: FamilyLeaving| {
        let (guardians, n) = (leaving.guardians.join("、"), leaving.messages);
        let nothing = words!(
            "{guardians} 不再收到关于这名学生的短信",
            "{guardians} get no more SMS about this student"
        );
        let under_way = (n > 0).then(|| {
            let en = count(n, "notice", "notices");
            let words =
                words!("{n} 条审批中或待发送的通知将不再发给他们", "{en} under way will not be sent to them");
            view! { <ListItem title=t(words) icon=IconName::Message /> }
        });
        let unreachable = leaving.unreachable.then(|| {
            let words = Words::fixed(
                "此后没有短信能联系到这名学生的家长",
                "After that no SMS reaches this student's family",
            );
            view! { <ListItem title=t(words) icon=IconName::People /> }
        });
        view! {
            <List label=t(Words::fixed("会发生什么", "What follows"))>
                <ListItem title=t(nothing) icon=IconName::Message />
                {under_way}
                {unreachable}
            </List>
        }
        .into_any()
    };
    view! { <Loaded query show lines=2 bare=true /> }.into_any()
}
