//! The start page: what waits for this person, and the way to write.

use domain::access::Action;
use domain::api;
use domain::message::{MessageBox, MessageList};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Banner, ButtonKind, ButtonLink, Card, EmptyState, IconName, List, ListItem, Page, Tone, t, tw, use_lang,
};

use crate::account::posts_line;
use crate::api::{Load, Query};
use crate::common::{Loaded, MessageItem};
use crate::menu::{menu, writes};
use crate::route::Route;
use crate::session::use_me;

/// Messages of a box that the start page shows.
const SHOWN: usize = 5;

/// `/`.
#[component]
pub fn HomePage() -> impl IntoView {
    let me = use_me();
    let may = me.with_untracked(|m| (writes(m), m.person.may(Action::ReadMessages)));
    let (may_write, may_read) = may;
    let name = tw(move || {
        let name = me.with(|m| m.person.name.clone());
        words!("{name}，您好", "Hello, {name}")
    });
    let write = move || {
        may_write.then(|| {
            view! {
                <ButtonLink
                    href=Route::Compose.path()
                    label=t(Words::fixed("写通知", "Write a notice"))
                    kind=ButtonKind::Primary
                    icon=IconName::Write
                />
            }
        })
    };
    let office = me.with_untracked(|m| m.person.may(Action::ImportRoster));
    view! {
        <Page title=name actions=write>
            <p class="s-posts x-muted">{posts_line(me)}</p>
            <StoppedBanner />
            {office.then(|| view! { <FirstSteps /> })}
            {(may_write || may_read)
                .then(|| {
                    view! {
                        <div class="x-columns x-columns-even">
                            <Waiting />
                            <Recent mine=may_write />
                        </div>
                    }
                })}
            // A person who neither writes nor reads notices gets links to their own pages.
            {(!may_write && !may_read && office).then(|| view! { <Work /> })}
            {(!may_write && !may_read && !office)
                .then(|| {
                    view! {
                        <Card>
                            <EmptyState
                                icon=IconName::Message
                                title=t(Words::fixed("您的岗位不直接发送通知", "Your post does not send notices itself"))
                                note=t(Words::fixed(
                                    "需要发给家长的内容，请统一交校办室办理。",
                                    "Please hand what parents should know to the school office.",
                                ))
                            />
                        </Card>
                    }
                })}
        </Page>
    }
    .into_any()
}

/// Says on every start page that sending is stopped, while it is.
#[component]
fn StoppedBanner() -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    move || {
        let stop = me.with(|m| m.school.stopped.clone())?;
        let at = stop.at.show(lang.get());
        let may = me.with(|m| m.person.may(Action::StopSending));
        Some(view! {
            <Banner tone=Tone::Danger title=t(Words::fixed("全校发送已停止", "All sending of the school is stopped"))>
                <p>{stop.by} " · " {at} " · " {stop.reason}</p>
                {may.then(|| view! { <a href="/settings">{t(Words::fixed("去恢复发送", "Let it go on"))}</a> })}
            </Banner>
        })
    }
}

/// The pages of a post that has nothing to do with notices, as an administrator's.
#[component]
fn Work() -> impl IntoView {
    let me = use_me();
    let pages = move || {
        let items = me.with(menu).into_iter().filter(|i| i.rail && i.href != "/");
        items.map(|i| view! { <ListItem href=i.href title=t(i.label) icon=i.icon /> }).collect::<Vec<_>>()
    };
    view! {
        <Card title=t(Words::fixed("您的工作", "Your work")) flush=true>
            <List label=t(Words::fixed("您的工作", "Your work"))>{pages}</List>
        </Card>
    }
    .into_any()
}

/// A new school: the three things that have to be done first.
#[component]
fn FirstSteps() -> impl IntoView {
    let classes = Query::new(|| api::CLASSES.into());
    let accounts = use_me().with_untracked(|m| m.person.may(Action::ManageAccounts));
    move || {
        let Load::Ready(all) = classes.state().get() else { return ().into_any() };
        if all.iter().any(|c| c.students > 0) {
            return ().into_any();
        }
        let slips = accounts.then(|| {
            view! {
                <ListItem
                    href="/staff"
                    icon=IconName::Staff
                    title=t(Words::fixed("3. 签发开通单", "3. Issue activation slips"))
                    note=t(Words::fixed("打印后当面交给本人", "Print them and hand each to its owner"))
                />
            }
        });
        view! {
            <Card title=t(Words::fixed("开始使用", "Getting started")) flush=true>
                <List label=t(Words::fixed("开始使用", "Getting started"))>
                    <ListItem
                        href="/import"
                        icon=IconName::Import
                        title=t(Words::fixed("1. 导入教职工名单", "1. Import the staff list"))
                        note=t(Words::fixed("部门、年级、班级和岗位随之建立", "Departments, grades, classes and posts come with it"))
                    />
                    <ListItem
                        href="/import"
                        icon=IconName::People
                        title=t(Words::fixed("2. 导入学生和家长名单", "2. Import students and parents"))
                        note=t(Words::fixed("先预览，确认后才写入", "You see a preview before anything is written"))
                    />
                    {slips}
                </List>
            </Card>
        }
        .into_any()
    }
}

#[component]
fn Waiting() -> impl IntoView {
    let list = Query::new(|| api::MESSAGES.with(api::BOX, MessageBox::Waiting));
    let show = move |list: MessageList| {
        if list.messages.is_empty() {
            return view! {
                <EmptyState
                    icon=IconName::Done
                    title=t(Words::fixed("没有等您处理的通知", "Nothing waits for you"))
                    note=t(Words::fixed("轮到您审核、审批或修改时，会出现在这里。", "What you have to review, approve or correct appears here."))
                />
            }
            .into_any();
        }
        items(list)
    };
    view! {
        <Card title=t(Words::fixed("待办", "To do")) flush=true>
            <Loaded query=list show lines=3 bare=true />
        </Card>
    }
    .into_any()
}

#[component]
fn Recent(mine: bool) -> impl IntoView {
    let which = if mine { MessageBox::Mine } else { MessageBox::All };
    let list = Query::new(move || api::MESSAGES.with(api::BOX, which));
    let show = move |list: MessageList| {
        if list.messages.is_empty() {
            let (title, note) = if mine {
                (
                    Words::fixed("还没有写过通知", "No notices yet"),
                    Words::fixed(
                        "写好后先报批，批准后才会发给家长。",
                        "Write one, submit it; it goes to parents once approved.",
                    ),
                )
            } else {
                (
                    Words::fixed("还没有通知", "No notices yet"),
                    Words::fixed("老师们报批的通知会出现在这里。", "What teachers submit appears here."),
                )
            };
            return view! { <EmptyState title=t(title) note=t(note) /> }.into_any();
        }
        items(list)
    };
    let title = if mine {
        Words::fixed("我的通知", "My notices")
    } else {
        Words::fixed("最近的通知", "Recent notices")
    };
    let all = move || {
        view! {
            <ButtonLink
                href=format!("/messages?box={}", which.key())
                label=t(Words::fixed("全部", "All"))
                kind=ButtonKind::Quiet
            />
        }
    };
    view! {
        <Card title=t(title) actions=all flush=true>
            <Loaded query=list show lines=3 bare=true />
        </Card>
    }
    .into_any()
}

fn items(list: MessageList) -> AnyView {
    let rows = list
        .messages
        .into_iter()
        .take(SHOWN)
        .map(|message| view! { <MessageItem message /> })
        .collect::<Vec<_>>();
    view! { <List label=t(Words::fixed("通知", "Notices"))>{rows}</List> }.into_any()
}
