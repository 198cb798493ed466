//! One member of staff: what they hold, another number, and leaving.

use domain::api;
use domain::ids::StaffId;
use domain::message::RecipientKind;
use domain::roster::StaffView;
use domain::roster::people::{Leave, LeaveReason, MessageRef, NewNumber, StaffLeaving};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, Card, ConfirmDialog, EmptyState, Fact, Facts, FormField, IconName, Page,
    TextInput, Tone, t, tw, use_lang,
};

use super::giving::Posts;
use super::posts::posts_words;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::message::title_or_none;
use crate::roster::Reasons;
use crate::route::{Route, use_router};
use crate::why::Why;

/// `/staff/{id}`.
#[component]
pub fn MemberPage(
    /// Who.
    id: StaffId,
) -> impl IntoView {
    let staff = Query::new(|| api::STAFF.into());
    let member = move || staff.value().and_then(|all| all.into_iter().find(|s| s.id == id));
    let title = tw(move || member().map_or(Words::fixed("教职工", "Staff"), |m| Words::name(m.name)));
    let show = move |all: Vec<StaffView>| {
        match all.into_iter().find(|s| s.id == id) {
        Some(member) => view! { <Member member staff /> }.into_any(),
        None => view! {
            <Card>
                <EmptyState
                    icon=IconName::Staff
                    title=t(Words::fixed("此人不在册", "Not on the staff"))
                    note=t(Words::fixed("已离校的人列在“离校与空缺”里。", "Who left is listed under “Left and vacant”."))
                />
            </Card>
        }
        .into_any(),
    }
    };
    view! {
        <Page title back=Route::Staff.path()>
            <Loaded query=staff show />
        </Page>
    }
    .into_any()
}

#[component]
fn Member(member: StaffView, staff: Query<Vec<StaffView>>) -> impl IntoView {
    let id = member.id;
    let held = member.clone();
    let (changing, leaving) = (RwSignal::new(false), RwSignal::new(false));
    let phone = if member.phone.is_empty() { "—".to_owned() } else { member.phone };
    view! {
        <Card>
            <Facts>
                <Fact label=t(Words::fixed("教职工号", "Staff number"))><span class="x-num">{member.number}</span></Fact>
                <Fact label=t(Words::fixed("手机号", "Mobile number"))><span class="x-num">{phone}</span></Fact>
            </Facts>
            <p class="x-row">
                <Button label=t(Words::fixed("换号码", "Change number")) on_click=move |()| changing.set(true) />
                <Button
                    label=t(Words::fixed("办理离校", "Record a departure"))
                    kind=ButtonKind::Danger
                    on_click=move |()| leaving.set(true)
                />
            </p>
        </Card>
        <Posts member=held staff />
        <Why from=api::WHY_MEMBER.at(id) />
        <NumberDialog id open=changing staff />
        <LeaveDialog id open=leaving />
    }
    .into_any()
}

#[component]
fn NumberDialog(id: StaffId, open: RwSignal<bool>, staff: Query<Vec<StaffView>>) -> impl IntoView {
    let order = Order::new();
    let phone = RwSignal::new(String::new());
    let change = move |()| {
        let body = NewNumber { phone: phone.get_untracked() };
        order.send(api::CHANGE_STAFF_NUMBER.at(id), &body, move |()| {
            open.set(false);
            staff.reload();
        });
    };
    view! {
        <ConfirmDialog
            open
            title=t(Words::fixed("更换手机号", "Change the number"))
            confirm=t(Words::fixed("更换号码", "Change the number"))
            on_confirm=change
            busy=order.busy()
        >
            <FormField label=t(Words::fixed("新手机号", "New mobile number")) error=order.field_error("phone") required=true>
                <TextInput value=phone kind="tel" />
            </FormField>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

#[component]
fn LeaveDialog(id: StaffId, open: RwSignal<bool>) -> impl IntoView {
    let (order, router) = (Order::new(), use_router());
    let first = LeaveReason::of(RecipientKind::Staff).first().map_or("", |r| r.key());
    let reason = RwSignal::new(first.to_owned());
    let leave = move |()| {
        let Some(reason) = LeaveReason::from_key(&reason.get_untracked()) else { return };
        order.send(api::LEAVE_STAFF.at(id), &Leave { reason }, move |()| {
            open.set(false);
            router.go(&Route::Departures.path());
        });
    };
    // Asked for only once it is opened.
    let follows = move || open.get().then(|| view! { <Follows id /> });
    view! {
        <ConfirmDialog
            open
            title=t(Words::fixed("办理离校？", "Record this departure?"))
            confirm=t(Words::fixed("确认离校", "Record departure"))
            on_confirm=leave
            busy=order.busy()
            danger=true
        >
            {follows}
            <Reasons kind=RecipientKind::Staff reason />
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

/// What would follow, before anything is done.
#[component]
fn Follows(id: StaffId) -> impl IntoView {
    let query = Query::new(move || api::STAFF_LEAVING.at(id));
    view! { <Loaded query show=|leaving| view! { <Consequences leaving /> }.into_any() lines=4 bare=true /> }
        .into_any()
}

#[component]
fn Consequences(leaving: StaffLeaving) -> impl IntoView {
    let lang = use_lang();
    let StaffLeaving { posts, vacant, custodian_of, drafts, held, waiting, .. } = leaving;
    let empty: Vec<_> = posts.iter().filter(|p| vacant.contains(&p.id.0)).cloned().collect();
    let lines = move |posts: &[domain::access::Appointment]| posts_words(posts, lang.get()).join(" · ");
    let ends = (!posts.is_empty()).then(|| {
        let ends = Signal::derive(move || lines(&posts));
        view! { <Fact label=t(Words::fixed("结束的岗位", "Posts that end"))>{ends}</Fact> }
    });
    let vacancies = (!empty.is_empty()).then(|| {
        let empty = Signal::derive(move || lines(&empty));
        view! { <Fact label=t(Words::fixed("因此空缺", "Vacant then"))>{empty}</Fact> }
    });
    let units = (!custodian_of.is_empty()).then(|| {
        let label = t(Words::fixed("失去专人的部门", "Units without a custodian then"));
        view! { <Fact label>{custodian_of.join("、")}</Fact> }
    });
    let stuck = waiting.iter().filter(|w| w.others.is_empty()).count();
    let steps = (!waiting.is_empty()).then(|| {
        let rows = waiting
            .into_iter()
            .map(|w| {
                let others = w.others.join("、");
                let who = if others.is_empty() {
                    Words::fixed("没有人可以接办", "nobody can take it")
                } else {
                    words!("由 {others} 接办", "passes to {others}")
                };
                view! { <li><span>{title(w.message)}</span> " · " {t(who)}</li> }
            })
            .collect::<Vec<_>>();
        view! { <Fact label=t(Words::fixed("等此人决定的通知", "Notices that wait for them"))><ul>{rows}</ul></Fact> }
    });
    let warning = (stuck > 0).then(|| {
        let en = count(stuck as u64, "notice", "notices");
        let words = words!(
            "有 {stuck} 条通知会没有人可以审批，请先任命接任者",
            "Nobody could decide on {en}: appoint a successor first"
        );
        view! { <Banner tone=Tone::Warning title=t(words) /> }
    });
    view! {
        <p>{t(Words::fixed("账号立即停用，已登录的设备会退出。", "The account stops working at once, and signed-in devices are signed out."))}</p>
        {warning}
        <Facts>
            {ends}
            {vacancies}
            {units}
            {steps}
            {messages(Words::fixed("暂不发送的通知", "Notices that are held"), held)}
            {messages(Words::fixed("留下的草稿", "Drafts left behind"), drafts)}
        </Facts>
    }
    .into_any()
}

fn title(message: MessageRef) -> Signal<String> {
    t(title_or_none(&message.title))
}

fn messages(label: Words, list: Vec<MessageRef>) -> Option<AnyView> {
    (!list.is_empty()).then(|| {
        let rows = list.into_iter().map(|m| view! { <li>{title(m)}</li> }).collect::<Vec<_>>();
        view! { <Fact label=t(label)><ul>{rows}</ul></Fact> }.into_any()
    })
}
