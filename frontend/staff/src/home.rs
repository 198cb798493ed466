//! The start page: what waits for this person, and the way to write.

use domain::access::Action;
use domain::account::{Me, Slip};
use domain::api;
use domain::message::{MessageBox, MessageList, MessageState, MessageSummary};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Banner, ButtonKind, ButtonLink, Card, EmptyState, Icon, IconName, List, ListItem, Page, Tone, t, tw,
    use_lang,
};

use crate::account::{PostNotices, ResetNotices, Slips, SlipsToConfirm, ToConfirm, Unconfirmed, posts_line};
use crate::api::{Load, Query};
use crate::checklist::Lacking;
use crate::common::Loaded;
use crate::filing::PaperLines;
use crate::menu::{menu, writes};
use crate::message::MessageRow;
use crate::office_request::{self, RequestsBanner};
use crate::roster::DisputesBanner;
use crate::route::Route;
use crate::session::use_me;

/// Messages of a box that the start page shows.
const SHOWN: usize = 5;

/// `/`.
#[component]
pub fn HomePage() -> impl IntoView {
    // A slip that a leader has confirmed takes the page's place: it is shown once.
    let slips = RwSignal::new(Vec::<Slip>::new());
    move || {
        let issued = slips.get();
        if issued.is_empty() {
            return view! { <Start slips /> }.into_any();
        }
        let done = Callback::new(move |()| slips.set(Vec::new()));
        view! { <Slips slips=issued done /> }.into_any()
    }
}

#[component]
fn Start(slips: RwSignal<Vec<Slip>>) -> impl IntoView {
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
    let edits = me.with_untracked(|m| m.person.may(Action::EditRoster));
    let requests = me.with_untracked(office_request::concerns);
    let office = me.with_untracked(|m| m.person.may(Action::ImportRoster));
    let manages = me.with_untracked(|m| m.person.may(Action::ManageAccounts));
    let seconds = !manages && me.with_untracked(|m| m.person.may(Action::ConfirmSlips));
    view! {
        <Page title=name actions=write>
            <p class="s-posts x-muted">{posts_line(me)}</p>
            <StoppedBanner />
            <TrialBanner />
            <Unconfirmed />
            <PostNotices />
            <ToConfirm />
            <Late />
            <ResetNotices />
            <PaperLines />
            {seconds.then(|| view! { <SlipsToConfirm slips /> })}
            {edits.then(|| view! { <DisputesBanner /> })}
            {requests.then(|| view! { <RequestsBanner /> })}
            {office.then(|| view! { <FirstSteps /> })}
            {manages.then(|| view! { <Lacking /> })}
            {(may_write || may_read)
                .then(|| {
                    view! { <Desk writes=may_write /> }
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
                            >
                                {requests
                                    .then(|| {
                                        view! {
                                            <ButtonLink
                                                href=Route::Requests.path()
                                                label=t(office_request::title(false))
                                                kind=ButtonKind::Primary
                                            />
                                        }
                                    })}
                            </EmptyState>
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
        let may = me.with(|m| m.person.may(Action::StopSending) && m.person.lift(&stop).is_ok());
        Some(view! {
            <Banner tone=Tone::Danger title=t(Words::fixed("全校发送已停止", "All sending of the school is stopped"))>
                <p>{stop.by} " · " {at}</p>
                // Empty for whom it was not written.
                {(!stop.reason.is_empty()).then(|| view! { <p class="x-prose">{stop.reason}</p> })}
                {may.then(|| view! { <a href="/settings">{t(Words::fixed("去恢复发送", "Resume sending"))}</a> })}
            </Banner>
        })
    }
}

/// Says on every start page that parents receive nothing yet, while the SMS account is on trial.
#[component]
fn TrialBanner() -> impl IntoView {
    let me = use_me();
    let trial = Memo::new(move |_| me.with(|m| m.school.trial));
    let may = move || me.with(|m| m.person.may(Action::SetSmsAccount));
    move || {
        trial.get().then(|| {
            let link = may().then(|| {
                view! { <a href=Route::SmsAccount.path()>{t(Words::fixed("去短信账户", "Open the SMS account"))}</a> }
            });
            view! {
                <Banner
                    tone=Tone::Warning
                    title=t(domain::sms_account::on_trial())
                >
                    {link}
                </Banner>
            }
        })
    }
}

/// What waits for somebody else longer than its procedure allows: the next in line is told, and may ask.
#[component]
fn Late() -> impl IntoView {
    let me = use_me();
    let some = Memo::new(move |_| me.with(|m| m.late > 0));
    move || {
        some.get().then(|| {
            let late = Query::new(|| api::MESSAGES.with(api::BOX, MessageBox::Late));
            let show = |list: MessageList| {
                let rows = list.messages.into_iter().map(|message| view! { <MessageRow message /> });
                let rows = rows.collect::<Vec<_>>();
                view! {
                    <Card title=t(Words::fixed("别人超过期限未办，请过问", "Late with somebody else: please ask")) flush=true>
                        <List label=t(Words::fixed("超过期限的", "Late"))>{rows}</List>
                    </Card>
                }
                .into_any()
            };
            view! { <Loaded query=late show lines=2 /> }
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

/// The day's desk: what waits for this person, what is being sent, what was written lately; each only
/// where there is something.
#[component]
fn Desk(writes: bool) -> impl IntoView {
    let which = if writes { MessageBox::Mine } else { MessageBox::All };
    let waiting = Query::new(|| api::MESSAGES.with(api::BOX, MessageBox::Waiting));
    let lately = Query::new(move || api::MESSAGES.with(api::BOX, which));
    // Told above this part of the page: then it is not said that nothing waits.
    let other = use_me().with_untracked(elsewhere);
    let show = move |waiting: MessageList| {
        view! {
            <Loaded
                query=lately
                show=move |lately| desk(waiting.clone().messages, lately.messages, which, other)
                lines=5
            />
        }
        .into_any()
    };
    view! { <Loaded query=waiting show lines=5 /> }.into_any()
}

/// Whether something that is no message waits for this person.
fn elsewhere(me: &Me) -> bool {
    let papers = me.desk.to_receive + me.desk.to_release + me.desk.asked;
    me.requests + me.to_confirm + me.late + papers > 0 || !me.resets.is_empty()
}

fn desk(
    mut waiting: Vec<MessageSummary>,
    lately: Vec<MessageSummary>,
    which: MessageBox,
    other: bool,
) -> AnyView {
    // Who has waited longest comes first.
    waiting.reverse();
    let is_under_way = |m: &MessageSummary| matches!(m.state, MessageState::Sending | MessageState::Paused);
    let listed: Vec<_> = waiting.iter().map(|m| m.id).collect();
    let (sending, rest): (Vec<_>, Vec<_>) =
        lately.into_iter().filter(|m| !listed.contains(&m.id)).partition(is_under_way);
    if waiting.is_empty() && sending.is_empty() && rest.is_empty() {
        return nothing(which);
    }
    let own = which == MessageBox::Mine;
    let quiet = (waiting.is_empty() && !other).then(|| {
        view! {
            <p class="s-quiet x-muted">
                <Icon name=IconName::Done />
                {t(Words::fixed("没有等您处理的事", "Nothing waits for you"))}
            </p>
        }
    });
    let part =
        |title: Words, messages: Vec<MessageSummary>, own: bool, to_do: bool, all: Option<MessageBox>| {
            let more = messages.len() > SHOWN;
            let rows = messages
                .into_iter()
                .take(SHOWN)
                .map(|message| view! { <MessageRow message own to_do /> })
                .collect::<Vec<_>>();
            let all = all.filter(|_| more || !to_do);
            let actions = move || {
                all.map(|which| {
                    view! {
                        <ButtonLink
                            href=format!("/messages?box={}", which.key())
                            label=t(Words::fixed("全部", "All"))
                            kind=ButtonKind::Quiet
                        />
                    }
                })
            };
            (!rows.is_empty()).then(|| {
                view! {
                    <Card title=t(title.clone()) actions flush=true>
                        <List label=t(title)>{rows}</List>
                    </Card>
                }
                .into_any()
            })
        };
    let title = if own {
        Words::fixed("我最近写的", "Written by me lately")
    } else {
        Words::fixed("最近的通知", "Recent notices")
    };
    let to_do = part(Words::fixed("待办", "To do"), waiting, false, true, Some(MessageBox::Waiting));
    let under_way = part(Words::fixed("正在发送", "Being sent"), sending, own, false, None);
    let lately = part(title, rest, own, false, Some(which));
    view! {
        {quiet}
        {to_do}
        {under_way}
        {lately}
    }
    .into_any()
}

/// A person who has written and decided nothing yet.
fn nothing(which: MessageBox) -> AnyView {
    let (title, note) = if which == MessageBox::Mine {
        (
            Words::fixed("还没有写过通知", "No notices yet"),
            Words::fixed(
                "写好后先报批，批准后才会发给家长。",
                "Write one and submit it: it goes to parents once it is approved.",
            ),
        )
    } else {
        (
            Words::fixed("还没有通知", "No notices yet"),
            Words::fixed("老师们报批的通知会出现在这里。", "What teachers submit appears here."),
        )
    };
    view! {
        <Card>
            <EmptyState title=t(title) note=t(note) />
        </Card>
    }
    .into_any()
}
