//! The named list of a message, by child: who has not confirmed, where an
//! SMS did not arrive, why, and what to do about it.

use std::time::Duration;

use domain::api;
use domain::delivery::{ChildRow, DeliveryList, DeliveryState, Funnel, Reason, RecipientRow};
use domain::ids::MessageId;
use domain::problem::Problem;
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Badge, Button, CheckOption, EmptyState, ErrorState, IconName, Segmented, Skeleton, TextInput, Tone, t,
    tw, use_lang,
};

use super::common::every;
use crate::api::use_api;

/// Rows shown at first, and added with each «more».
const SHOWN: usize = 50;
/// A list longer than this is read again only on demand.
const FOLLOWED: usize = 400;

const OPEN: &str = "open";
const CONFIRMED: &str = "confirmed";
const TROUBLE: &str = "trouble";

/// A line of the list: a child with its guardians, or a teacher.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    key: i64,
    name: String,
    class_name: String,
    confirmed: bool,
    is_child: bool,
    recipients: Vec<RecipientRow>,
}

impl Line {
    fn all(list: &DeliveryList) -> Vec<Self> {
        let child = |c: &ChildRow| Self {
            key: c.student.0,
            name: c.name.clone(),
            class_name: c.class_name.clone(),
            confirmed: c.confirmed,
            is_child: true,
            recipients: c.guardians.clone(),
        };
        let staff = |(n, r): (usize, &RecipientRow)| Self {
            key: -1 - n as i64,
            name: r.name.clone(),
            class_name: String::new(),
            confirmed: r.confirmed_at.is_some(),
            is_child: false,
            recipients: vec![r.clone()],
        };
        list.children.iter().map(child).chain(list.staff.iter().enumerate().map(staff)).collect()
    }

    fn is_in(&self, tab: &str) -> bool {
        match tab {
            CONFIRMED => self.confirmed,
            TROUBLE => self.recipients.is_empty() || self.recipients.iter().any(is_trouble),
            _ => !self.confirmed,
        }
    }

    fn matches(&self, search: &str) -> bool {
        let found = |text: &str| text.contains(search);
        search.is_empty()
            || found(&self.name)
            || found(&self.class_name)
            || self.recipients.iter().any(|r| found(&r.name) || found(&r.phone))
    }
}

fn is_trouble(row: &RecipientRow) -> bool {
    use DeliveryState::*;
    matches!(row.state, Some(Undelivered | Rejected | Unknown | Abandoned | NoReceipt | Skipped))
}

fn tone(state: DeliveryState) -> Tone {
    use DeliveryState::*;
    match state {
        Queued | Submitting | Accepted => Tone::Info,
        Delivered => Tone::Good,
        Undelivered | Rejected => Tone::Danger,
        Unknown | Abandoned | NoReceipt => Tone::Warning,
        Skipped => Tone::Neutral,
    }
}

/// What happened and what to do, where there is something to say.
fn trouble(row: &RecipientRow) -> Option<(Words, Words)> {
    let told = |reason: Reason| (reason.title(), reason.remedy());
    match (row.reason, row.state) {
        (Some(reason), Some(state)) if state != DeliveryState::Delivered => Some(told(reason)),
        (None, Some(DeliveryState::Unknown)) => Some(told(Reason::NoAnswer)),
        (None, Some(DeliveryState::NoReceipt)) => Some((
            Words::fixed(
                "72 小时没有收到回执，不能确定是否送达",
                "No receipt within 72 hours: nobody knows whether it arrived",
            ),
            Words::fixed("请电话核实", "Ask by phone"),
        )),
        (None, Some(DeliveryState::Abandoned)) => Some((
            Words::fixed("一直没能查明是否送达", "It was never found out whether it arrived"),
            Words::fixed("请电话核实，并报告校办室", "Ask by phone, and tell the office"),
        )),
        (None, Some(DeliveryState::Undelivered | DeliveryState::Rejected)) => Some((
            Words::fixed("短信没有送达", "The SMS did not arrive"),
            Words::fixed("请电话告知，并核对接收手机号", "Tell them by phone, and check the number"),
        )),
        _ => None,
    }
}

/// The list; before release it names who will get the message.
#[component]
pub fn Deliveries(id: MessageId, #[prop(into)] funnel: Signal<Option<Funnel>>) -> impl IntoView {
    let api = use_api();
    let list = RwSignal::new(None::<Vec<Line>>);
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    // What the funnel counted when the names were last asked for.
    let counted = StoredValue::new(None::<Option<Funnel>>);
    let load = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        counted.set_value(Some(funnel.get_untracked()));
        spawn_local(async move {
            let answer = api.get(api::DELIVERIES.at(id)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(found) => {
                    let _ = problem.try_set(None);
                    let _ = list.try_set(Some(Line::all(&found)));
                }
                Err(p) => {
                    let _ = counted.try_set_value(None);
                    let _ = problem.try_set(Some(p));
                }
            }
        });
    };
    load();
    // When the funnel's counts change, the names' states have changed as well.
    every(Duration::from_secs(4), move || {
        let is_short = list.with_untracked(|l| l.as_ref().is_some_and(|l| l.len() <= FOLLOWED));
        if is_short && counted.get_value() != Some(funnel.get_untracked()) {
            load();
        }
    });
    let again = Callback::new(move |()| load());
    // What is chosen and searched stays when the names are read again.
    let is_here = Memo::new(move |_| list.with(Option::is_some));
    move || {
        if is_here.get() {
            let lines = Signal::derive(move || list.get().unwrap_or_default());
            let released = Signal::derive(move || funnel.with(Option::is_some));
            return view! { <Lines lines released again busy=busy.into() /> }.into_any();
        }
        match problem.get() {
            Some(problem) => view! { <ErrorState problem retry=again /> }.into_any(),
            None => view! { <Skeleton lines=5 /> }.into_any(),
        }
    }
}

#[component]
fn Lines(
    lines: Signal<Vec<Line>>,
    released: Signal<bool>,
    again: Callback<()>,
    busy: Signal<bool>,
) -> impl IntoView {
    let lang = use_lang();
    let tab = RwSignal::new(OPEN.to_owned());
    let search = RwSignal::new(String::new());
    let shown = RwSignal::new(SHOWN);
    Effect::new(move |_| {
        tab.track();
        search.track();
        shown.set(SHOWN);
    });
    let tabs = Signal::derive(move || {
        let lang = lang.get();
        let entry = |key: &str, words: Words| {
            let n = lines.with(|l| l.iter().filter(|line| line.is_in(key)).count());
            CheckOption::new(key, words.get(lang)).note(n.to_string())
        };
        let open = if released.get() {
            Words::fixed("未确认", "Not confirmed")
        } else {
            Words::fixed("名单", "List")
        };
        vec![
            entry(OPEN, open),
            entry(CONFIRMED, Words::fixed("已确认", "Confirmed")),
            entry(TROUBLE, Words::fixed("有问题", "Problems")),
        ]
    });
    let found = Memo::new(move |_| {
        let (tab, search) = (tab.get(), search.get());
        let search = search.trim();
        lines.with(|l| {
            l.iter().filter(|line| line.is_in(&tab) && line.matches(search)).cloned().collect::<Vec<_>>()
        })
    });
    let rows = move || {
        let visible: Vec<Line> = found.with(|f| f.iter().take(shown.get()).cloned().collect());
        visible.into_iter().map(|line| row(line, released.get())).collect::<Vec<_>>()
    };
    let rest = move || found.with(Vec::len).saturating_sub(shown.get());
    let more = tw(move || {
        let n = rest().min(SHOWN);
        words!("再显示 {n} 名", "{n} more")
    });
    let nothing = tw(move || match (search.with(|s| s.trim().is_empty()), tab.get().as_str()) {
        (false, _) => Words::fixed("没有符合的姓名", "No name matches"),
        (_, CONFIRMED) => Words::fixed("还没有人确认", "Nobody has confirmed yet"),
        (_, TROUBLE) => Words::fixed("没有送不到的，放心", "Nothing went wrong"),
        _ => Words::fixed("全部确认了", "Everybody has confirmed"),
    });
    view! {
        <Segmented label=t(Words::fixed("按确认情况看", "By confirmation")) options=tabs value=tab />
        <div class="m-search">
            <TextInput
                value=search
                kind="search"
                label=t(Words::fixed("按姓名查找", "Find a name"))
                placeholder=t(Words::fixed("按学生、家长姓名或班级查找", "Student, parent or class"))
            />
            <Button label=t(Words::fixed("刷新", "Refresh")) icon=IconName::Again busy on_click=again />
        </div>
        <ul class="m-names">{rows}</ul>
        {move || {
            found.with(Vec::is_empty).then(|| view! { <EmptyState icon=IconName::People title=nothing /> })
        }}
        <div hidden=move || rest() == 0>
            <Button label=more block=true on_click=move |()| shown.update(|n| *n += SHOWN) />
        </div>
    }
    .into_any()
}

fn row(line: Line, released: bool) -> AnyView {
    let confirmed = (released || line.confirmed).then(|| {
        let (tone, words) = if line.confirmed {
            (Tone::Good, Words::fixed("已确认", "Confirmed"))
        } else {
            (Tone::Neutral, Words::fixed("未确认", "Not confirmed"))
        };
        view! { <Badge tone label=t(words) /> }
    });
    let nobody = line.recipients.is_empty().then(|| {
        explain(
            Words::fixed(
                "没有可用的接收手机号，短信到不了",
                "No usable number: no SMS can reach this family",
            ),
            Words::fixed(
                "请电话或当面告知，并补登接收手机号",
                "Tell them by phone or in person, and register a number",
            ),
        )
    });
    let is_child = line.is_child;
    let recipients: Vec<_> = line.recipients.into_iter().map(|r| recipient(r, is_child)).collect();
    view! {
        <li class="m-name">
            <p class="x-row x-row-between">
                <span>
                    <strong lang="zh-CN">{line.name}</strong>
                    " "
                    <span class="x-small x-muted" lang="zh-CN">{line.class_name}</span>
                </span>
                {confirmed}
            </p>
            {nobody}
            <ul>{recipients}</ul>
        </li>
    }
    .into_any()
}

fn recipient(row: RecipientRow, with_name: bool) -> AnyView {
    let what = trouble(&row).map(|(title, remedy)| explain(title, remedy));
    let state = row.state.map(|state| view! { <Badge tone=tone(state) label=t(state.title()) /> });
    let at = |at: Instant, zh: &str, en: &str| {
        let (a, b) = (at.words().zh, at.words().en);
        words!("{zh} {a}", "{en} {b}")
    };
    let seen = match (row.confirmed_at, row.opened_at) {
        (Some(time), _) => Some(at(time, "已确认", "confirmed")),
        (None, Some(time)) => Some(at(time, "已打开", "opened")),
        (None, None) => None,
    };
    let name = with_name.then(|| {
        view! {
            <span lang="zh-CN">{row.relation} " " {row.name}</span>
            " "
        }
    });
    view! {
        <li class="m-recipient">
            <p class="x-row">
                <span>{name}<span class="x-num x-muted">{row.phone}</span></span>
                {state}
                {seen.map(|words| view! { <span class="x-small x-muted">{t(words)}</span> })}
            </p>
            {what}
        </li>
    }
    .into_any()
}

fn explain(title: Words, remedy: Words) -> AnyView {
    view! {
        <p class="m-trouble x-small">
            <span>{t(title)}</span>
            <span class="m-remedy">{t(remedy)}</span>
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient(state: Option<DeliveryState>, reason: Option<Reason>) -> RecipientRow {
        RecipientRow {
            guardian: None,
            name: "龙建国".into(),
            relation: "父亲".into(),
            phone: "199******50".into(),
            state,
            reason,
            opened_at: None,
            confirmed_at: None,
        }
    }

    #[test]
    fn every_failure_says_what_to_do() {
        use DeliveryState::*;
        for state in DeliveryState::ALL {
            let row = recipient(Some(state), None);
            let is_told = trouble(&row).is_some() || state == Skipped;
            assert_eq!(is_told, is_trouble(&row), "{state:?}");
        }
        for reason in Reason::ALL {
            assert!(trouble(&recipient(Some(Rejected), Some(reason))).is_some());
        }
        // A late receipt leaves an old reason behind: there is nothing to do about it any more.
        assert_eq!(trouble(&recipient(Some(Delivered), Some(Reason::NoAnswer))), None);
        assert_eq!(trouble(&recipient(None, None)), None);
    }

    #[test]
    fn a_child_nobody_can_reach_is_a_problem_and_is_not_confirmed() {
        let line = Line {
            key: 1,
            name: "龙思齐".into(),
            class_name: "七年级1班".into(),
            confirmed: false,
            is_child: true,
            recipients: Vec::new(),
        };
        assert!(line.is_in(TROUBLE) && line.is_in(OPEN) && !line.is_in(CONFIRMED));
        assert!(line.matches("思齐") && line.matches("1班") && !line.matches("父亲"));
    }
}
