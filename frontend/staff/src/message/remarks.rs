//! What has to be known before a message is read: why it came back, what stands
//! in its way, who moved since its list was frozen, what it is linked with.

use domain::approval::Verdict;
use domain::message::{ChangedNumber, Linked, MessageState, MessageView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Tone, t};

use super::common::{join, title_or_none};
use super::passages::PassageReasons;
use crate::route::Route;
use crate::session::use_me;

/// What has to be known before anything else is read.
#[component]
pub fn Remarks(view: RwSignal<MessageView>) -> impl IntoView {
    let me = use_me();
    let state = Memo::new(move |_| view.with(|v| v.state));
    let returned = Memo::new(move |_| {
        view.with(|v| {
            let last = v.history.iter().rev().find(|d| d.verdict == Verdict::Return)?;
            (v.state == MessageState::Returned).then(|| last.clone())
        })
    });
    let moved = Memo::new(move |_| {
        view.with(|v| {
            let is_open = matches!(v.state, MessageState::Submitted | MessageState::Approved);
            if is_open { (v.joined.clone(), v.left.clone(), v.moved) } else { Default::default() }
        })
    });
    let held = Memo::new(move |_| view.with(|v| v.held));
    let changed = Memo::new(move |_| view.with(|v| v.changed.clone()));
    let stopped = Memo::new(move |_| {
        let can_move =
            matches!(state.get(), MessageState::Submitted | MessageState::Approved | MessageState::Sending);
        me.with(|m| m.school.stopped.clone()).filter(|_| can_move)
    });
    let names = |list: Vec<String>| join(&list.into_iter().map(Words::name).collect::<Vec<_>>());
    let came_back = move || {
        returned.get().map(|d| {
            let (name, post, at) = (d.name, d.post.title(), d.at.words());
            let (pz, pe, az, ae) = (post.zh, post.en, at.zh, at.en);
            let title = words!("{name}（{pz}）于 {az} 退回", "Returned by {name} ({pe}), {ae}");
            view! {
                <Banner tone=Tone::Warning title=t(title)>
                    <p class="x-prose">{d.reason}</p>
                    <PassageReasons passages=d.passages />
                </Banner>
            }
        })
    };
    let lists = move || {
        // Names are told to those who may read that roll; the others get the count.
        let told = |n: u32, list: Vec<String>| {
            let all = names(list);
            let rest = if all.zh.is_empty() { ("", "") } else { ("：", ": ") };
            (n, format!("{}{}", rest.0, all.zh), format!("{}{}", rest.1, all.en))
        };
        let (joined, left, count) = moved.get();
        let joined = (count.joined > 0).then(|| {
            let (n, zh, en) = told(count.joined, joined);
            let words = words!(
                "名单锁定后新增 {n} 人，收不到这条通知{zh}",
                "Joined after the list was locked, will not get it ({n}){en}"
            );
            view! { <Banner tone=Tone::Info title=t(words) /> }
        });
        let left = (count.left > 0).then(|| {
            let (n, zh, en) = told(count.left, left);
            let words = words!(
                "名单锁定后有 {n} 人离开，不再发给他们{zh}",
                "Left after the list was locked, will be skipped ({n}){en}"
            );
            view! { <Banner tone=Tone::Info title=t(words) /> }
        });
        view! { {joined} {left} }
    };
    let waits = move || {
        held.get().map(|why| {
            view! {
                <Banner tone=Tone::Warning title=t(why.title())>
                    <p>{t(why.remedy())}</p>
                </Banner>
            }
        })
    };
    let numbers = move || {
        let changed = changed.get();
        (!changed.is_empty()).then(|| {
            let n = changed.len();
            let rows = changed.into_iter().map(changed_number).collect::<Vec<_>>();
            let title = words!(
                "报批后有 {n} 个接收号码更换，短信按新号码发送",
                "Numbers changed since it was submitted: {n}. The SMS goes to the new ones"
            );
            view! {
                <Banner tone=Tone::Info title=t(title)>
                    <ul>{rows}</ul>
                </Banner>
            }
        })
    };
    let halted = move || {
        stopped.get().map(|s| {
            let by = s.by;
            let words = words!(
                "全校短信已由 {by} 停止发送，恢复后自动接着发。",
                "{by} has stopped all sending of the school. What waits is sent by itself afterwards."
            );
            // The reason reaches those for whom it was written.
            let reason = (!s.reason.is_empty()).then(|| view! { <p class="x-prose">{s.reason}</p> });
            view! { <Banner tone=Tone::Warning title=t(words)>{reason}</Banner> }
        })
    };
    let links = Memo::new(move |_| view.with(|v| (v.corrected_by.clone(), v.corrects.clone())));
    let corrections = move || {
        let (by, of) = links.get();
        let by = by.map(|by| {
            let state = by.state.title();
            let (zh, en) = (state.zh, state.en);
            let words = match by.released_at {
                Some(at) => {
                    let at = at.words();
                    let (zh, en) = (at.zh, at.en);
                    words!("已于 {zh} 更正", "Corrected on {en}")
                }
                None => words!("更正正在办理：{zh}", "A correction is under way: {en}"),
            };
            linked(words, by)
        });
        let of = of.map(|of| linked(Words::fixed("这是一条更正", "This is a correction"), of));
        view! { {by} {of} }
    };
    view! {
        {corrections}
        {halted}
        <Standstill view />
        {waits}
        {came_back}
        {lists}
        {numbers}
    }
    .into_any()
}

/// A message that is named beside this one, with a way to it.
fn linked(words: Words, message: Linked) -> AnyView {
    let (href, title) = (Route::Message(message.id).path(), title_or_none(&message.title));
    view! {
        <Banner tone=Tone::Info title=t(words)>
            <a href=href>{t(title)}</a>
        </Banner>
    }
    .into_any()
}

fn changed_number(change: ChangedNumber) -> AnyView {
    let ChangedNumber { name, from, to, at, by_import } = change;
    let at = at.words();
    let how = if by_import {
        Words::fixed("按导入的名册", "by an imported list")
    } else {
        Words::fixed("手工更改", "by hand")
    };
    let note = Words {
        zh: format!("{} · {}", at.zh, how.zh).into(),
        en: format!("{} · {}", at.en, how.en).into(),
    };
    let or_none = |phone: String| if phone.is_empty() { "—".to_owned() } else { phone };
    let numbers = format!("{} → {}", or_none(from), or_none(to));
    view! {
        <li>
            <span lang="zh-CN">{name}</span>
            " "
            <span class="x-num">{numbers}</span>
            " "
            <span class="x-small x-muted">{t(note)}</span>
        </li>
    }
    .into_any()
}

/// Why something of it is not going out: paused or stopped by whom, held, set apart.
#[component]
fn Standstill(view: RwSignal<MessageView>) -> impl IntoView {
    let me = use_me();
    let halt = Memo::new(move |_| view.with(|v| v.halted.clone().map(|halt| (v.state, halt))));
    let gone =
        Memo::new(move |_| view.with(|v| v.funnel.map(|f| (f.phones, f.phones - f.waiting - f.skipped))));
    let hold = Memo::new(move |_| view.with(|v| v.hold));
    let apart = Memo::new(move |_| view.with(|v| v.set_apart.clone()));
    let by_whom = move || {
        halt.get().map(|(state, halt)| {
            let (post, at) = (halt.post.title(), halt.at.words());
            let (name, pz, pe, az, ae) = (halt.by, post.zh, post.en, at.zh, at.en);
            let title = if state == MessageState::Stopped {
                words!("{name}（{pz}）于 {az} 停止发送", "Stopped by {name} ({pe}), {ae}")
            } else {
                words!("{name}（{pz}）于 {az} 暂停发送", "Paused by {name} ({pe}), {ae}")
            };
            let reason = (!halt.reason.is_empty()).then(|| view! { <p class="x-prose">{halt.reason}</p> });
            let count = gone.get().filter(|_| state == MessageState::Stopped).map(|(phones, gone)| {
                let words = words!(
                    "停止前已提交 {gone} 部，共 {phones} 部；其余不再发送。收到的家长仍能打开页面。",
                    "{gone} of {phones} phones had gone out before; the rest is not sent. Those who have it can still open the page."
                );
                view! { <p>{t(words)}</p> }
            });
            let who = me
                .with(|m| m.person.may_lift(halt.post).err())
                .filter(|_| state == MessageState::Paused)
                .map(|refusal| view! { <p>{t(refusal.words)}</p> });
            view! { <Banner tone=Tone::Warning title=t(title)>{reason} {count} {who}</Banner> }
        })
    };
    let held = move || hold.get().map(|hold| view! { <Banner tone=Tone::Warning title=t(hold.title()) /> });
    let set_apart = move || {
        let banner = |apart: domain::delivery::SetApart| {
            let (n, since, why) = (apart.phones, apart.since.words(), apart.why.title());
            let (zh, en) = (since.zh, since.en);
            let title = words!(
                "{n} 部手机的短信自 {zh} 起搁置",
                "The SMS to {n} phones have been set apart since {en}"
            );
            view! { <Banner tone=Tone::Warning title=t(title)><p>{t(why)}</p></Banner> }
        };
        apart.get().into_iter().map(banner).collect::<Vec<_>>()
    };
    view! {
        {by_whom}
        {held}
        {set_apart}
    }
    .into_any()
}
