//! What is lacking before SMS reach anybody: a page for the office, and a line
//! on its start page while something is.

use domain::access::Action;
use domain::api;
use domain::checklist::{CheckLine, CheckPoint, Checklist};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{Card, EmptyState, IconName, List, ListItem, Page, t};

use crate::api::{Load, Query};
use crate::common::Loaded;
use crate::route::Route;
use crate::session::use_me;

/// `/checklist`.
#[component]
pub fn ChecklistPage() -> impl IntoView {
    let list = Query::new(|| api::CHECKLIST.into());
    view! {
        <Page title=t(Words::fixed("发送准备", "Ready to send")) back=Route::Home.path()>
            <p class="x-muted">
                {t(Words::fixed(
                    "家长能收到短信之前，学校需要准备好的事项。",
                    "What the school needs before an SMS reaches anybody.",
                ))}
            </p>
            <Loaded query=list show=|list| view! { <Lines list /> }.into_any() />
        </Page>
    }
    .into_any()
}

/// The page on which a point is put right, where there is one for this person.
fn place(point: CheckPoint, imports: bool, sets: bool) -> Option<String> {
    use CheckPoint as P;
    match point {
        P::Accounts => Some(Route::Staff.path()),
        P::Provider | P::SmsSignature | P::SmsTemplate | P::SmsTrial if sets => {
            Some(Route::SmsAccount.path())
        }
        P::Administrators | P::Posts | P::Custodians | P::Children | P::StaffNumbers if imports => {
            Some(Route::Import.path())
        }
        _ => None,
    }
}

#[component]
fn Lines(list: Checklist) -> impl IntoView {
    let may = |action| use_me().with_untracked(|m| m.person.may(action));
    let (imports, sets) = (may(Action::ImportRoster), may(Action::SetSmsAccount));
    let (open, done): (Vec<CheckLine>, Vec<CheckLine>) = list.lines.iter().partition(|line| line.lacking > 0);
    let lacking = if open.is_empty() {
        view! {
            <EmptyState
                icon=IconName::Done
                title=t(Words::fixed("都准备好了", "Everything is ready"))
                note=t(Words::fixed("目前没有缺项。", "Nothing is lacking."))
            />
        }
        .into_any()
    } else {
        let rows = open.into_iter().map(move |line| {
            let (what, remedy) = (line.point.lacking(line.lacking), line.point.remedy());
            let (zh, en, then_zh, then_en) = (what.zh, what.en, remedy.zh, remedy.en);
            let (title, icon) = (t(line.point.title()), IconName::Warning);
            let note = t(words!("{zh}。{then_zh}。", "{en}. {then_en}."));
            match place(line.point, imports, sets) {
                Some(href) => view! { <ListItem href title note icon /> }.into_any(),
                None => view! { <ListItem title note icon /> }.into_any(),
            }
        });
        view! { <List label=t(Words::fixed("缺少的", "Lacking"))>{rows.collect::<Vec<_>>()}</List> }
            .into_any()
    };
    let rows = done.into_iter().map(|line| {
        view! {
            <ListItem title=t(line.point.title()) icon=IconName::Check />
        }
    });
    let sealed = list.sealed_at.map(|at| {
        let (zh, en) = (at.words().zh, at.words().en);
        view! {
            <p class="x-small x-muted">
                {t(words!("操作日志最近封存于 {zh}", "The audit log was last sealed at {en}"))}
            </p>
        }
    });
    view! {
        <Card title=t(Words::fixed("缺少的", "Lacking")) flush=true>{lacking}</Card>
        <Card title=t(Words::fixed("已经准备好的", "Ready")) flush=true>
            <List label=t(Words::fixed("已经准备好的", "Ready"))>{rows.collect::<Vec<_>>()}</List>
        </Card>
        {sealed}
    }
    .into_any()
}

/// A line on the start page while something is lacking.
#[component]
pub fn Lacking() -> impl IntoView {
    let list = Query::new(|| api::CHECKLIST.into());
    move || {
        let Load::Ready(list) = list.state().get() else { return ().into_any() };
        let n = list.open().count();
        let en = count(n as u64, "thing is", "things are");
        if n == 0 {
            return ().into_any();
        }
        view! {
            <Card flush=true>
                <List label=t(Words::fixed("发送准备", "Ready to send"))>
                    <ListItem
                        href=Route::Checklist.path()
                        icon=IconName::Warning
                        title=t(words!("发送准备还差 {n} 项", "{en} lacking before SMS go out"))
                        note=t(Words::fixed("查看缺少什么、怎么补上", "See what is lacking and what to do"))
                    />
                </List>
            </Card>
        }
        .into_any()
    }
}
