//! Who left, and what they left behind: posts to fill, units without a
//! custodian, drafts to take over, notices that are held.

use domain::api;
use domain::ids::StaffId;
use domain::roster::people::{Departures, Left, LeftDraft, Vacancy};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Card, EmptyState, IconName, List, ListItem, Page, Tone, t};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::menu::writes;
use crate::message::title_or_none;
use crate::route::{Route, use_router};
use crate::session::use_me;

/// `/staff/departures`.
#[component]
pub fn DeparturesPage() -> impl IntoView {
    let query = Query::new(|| api::DEPARTURES.into());
    let order = Order::new();
    let back = Callback::new(move |id: i64| {
        order.call(api::RETURN_STAFF.at(StaffId(id)), move |()| query.reload());
    });
    view! {
        <Page title=t(Words::fixed("离校与空缺", "Left and vacant")) back=Route::Staff.path()>
            <Problems order />
            <Loaded query show=move |all| view! { <Parts all back order /> }.into_any() />
        </Page>
    }
    .into_any()
}

#[component]
fn Parts(all: Departures, back: Callback<i64>, order: Order) -> impl IntoView {
    let Departures { left, vacancies, without_custodian, drafts, held } = all;
    let vacancies =
        part(Words::fixed("待补的岗位", "Posts to fill"), vacancies.into_iter().map(vacancy).collect());
    let units = part(
        Words::fixed("没有专人的部门", "Units without a custodian"),
        without_custodian
            .into_iter()
            .map(|name| view! { <ListItem title=name icon=IconName::Units /> }.into_any())
            .collect(),
    );
    let held = part(
        Words::fixed("暂不发送的通知", "Notices that are held"),
        held.into_iter()
            .map(|m| {
                view! { <ListItem href=Route::Message(m.id).path() title=m.title icon=IconName::Message /> }
                    .into_any()
            })
            .collect(),
    );
    let drafts = (!drafts.is_empty()).then(|| {
        let writes = use_me().with_untracked(writes);
        let rows = drafts.into_iter().map(|d| draft(d, writes.then_some(order))).collect::<Vec<_>>();
        view! { <Card title=t(Words::fixed("留下的草稿", "Drafts left behind"))>{rows}</Card> }
    });
    let left = if left.is_empty() {
        view! {
            <Card>
                <EmptyState icon=IconName::Staff title=t(Words::fixed("没有人离校", "Nobody has left")) />
            </Card>
        }
        .into_any()
    } else {
        let rows = left.into_iter().map(|l| leaver(l, back, order)).collect::<Vec<_>>();
        view! {
            <Card title=t(Words::fixed("已离校", "Left")) flush=true>
                <ul class="s-people">{rows}</ul>
            </Card>
        }
        .into_any()
    };
    view! {
        {vacancies}
        {units}
        {held}
        {drafts}
        {left}
    }
    .into_any()
}

fn part(title: Words, rows: Vec<AnyView>) -> Option<AnyView> {
    (!rows.is_empty()).then(|| {
        let label = t(title.clone());
        view! {
            <Card title=t(title) flush=true>
                <List label>{rows}</List>
            </Card>
        }
        .into_any()
    })
}

fn vacancy(vacancy: Vacancy) -> AnyView {
    let Vacancy { post, unit, class, subject, held_by, since } = vacancy;
    let (post, since) = (post.title(), since.words());
    let place = class.unwrap_or(unit);
    let subject = subject.map(|s| format!(" · {s}")).unwrap_or_default();
    let (pz, pe, sz, se) = (post.zh, post.en, since.zh, since.en);
    let title = words!("{place} {pz}{subject}", "{pe}, {place}{subject}");
    let note = words!("原由 {held_by} 担任，{sz} 起空缺", "Held by {held_by}; vacant since {se}");
    view! { <ListItem title=t(title) note=t(note) icon=IconName::Staff /> }.into_any()
}

/// A draft, with the way to make it one's own where the reader writes notices.
fn draft(draft: LeftDraft, order: Option<Order>) -> AnyView {
    let LeftDraft { id, author, audience, title, body, changed_at } = draft;
    let router = use_router();
    let take = order.map(|order| {
        let take = move |()| {
            order.call(api::TAKE_OVER.at(id), move |created| {
                router.go(&Route::Message(created.id).path());
            });
        };
        view! {
            <div class="x-actions">
                <Button
                    label=t(Words::fixed("接手为我的草稿", "Take over as my draft"))
                    busy=order.busy()
                    on_click=take
                />
            </div>
        }
    });
    let at = changed_at.words();
    let (zh, en, az, ae) = (audience.zh, audience.en, at.zh, at.en);
    let note = words!("{author} 写给 {zh} · {az}", "By {author} to {en} · {ae}");
    view! {
        <details class="s-draft">
            <summary><strong>{t(title_or_none(&title))}</strong> " " <span class="x-small x-muted">{t(note)}</span></summary>
            <p class="x-prose" lang="zh-CN">{body}</p>
            {take}
        </details>
    }
    .into_any()
}

fn leaver(left: Left, back: Callback<i64>, order: Order) -> AnyView {
    let (at, reason, by, id) = (left.at.words(), left.reason.title(), left.by, left.person);
    let note = Words {
        zh: format!("{} · 由 {by} 办理", at.zh).into(),
        en: format!("{} · entered by {by}", at.en).into(),
    };
    view! {
        <li class="s-edit x-row x-row-between">
            <span>
                <span lang="zh-CN">{left.name}</span>
                " "
                <span class="x-small x-muted">{t(note)}</span>
            </span>
            <span class="x-row">
                <Badge tone=Tone::Neutral label=t(reason) />
                <Button
                    label=t(Words::fixed("恢复在册", "Put back"))
                    kind=ButtonKind::Quiet
                    busy=order.busy()
                    on_click=move |()| back.run(id)
                />
            </span>
        </li>
    }
    .into_any()
}
