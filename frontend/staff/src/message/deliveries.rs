//! The named list of a message, by child: who has not confirmed, where an
//! SMS did not arrive, why, and what to do about it.

use std::time::Duration;

use domain::api;
use domain::delivery::{ChildRow, ClassCount, DeliveryList, DeliveryState, Funnel, Reason, RecipientRow};
use domain::ids::MessageId;
use domain::problem::Problem;
use domain::time::Instant;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{
    Badge, Button, CheckOption, EmptyState, ErrorState, IconName, List, ListItem, Segmented, Skeleton,
    TextInput, Tone, t, tw, use_lang,
};

use super::common::every;
use crate::api::use_api;
use crate::session::{use_me, use_session};

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

/// As many of the same are said once above the list, and no more in each line.
const SHARED: usize = 4;

/// What many lines have in common: a state that all of them are in, and reasons with their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
struct Common {
    state: Option<DeliveryState>,
    phones: usize,
    reasons: Vec<(Words, Words, usize)>,
}

impl Common {
    fn of(lines: &[Line]) -> Self {
        let mut common = Self::default();
        let rows = || lines.iter().flat_map(|line| &line.recipients);
        for (title, remedy) in rows().filter_map(trouble) {
            match common.reasons.iter_mut().find(|(known, ..)| *known == title) {
                Some((.., n)) => *n += 1,
                None => common.reasons.push((title, remedy, 1)),
            }
        }
        common.reasons.retain(|(.., n)| *n >= SHARED);
        common.phones = rows().count();
        let first = rows().next().and_then(|row| row.state).filter(|s| *s != DeliveryState::Delivered);
        common.state = first.filter(|s| common.phones >= SHARED && rows().all(|row| row.state == Some(*s)));
        common
    }

    fn tells(&self, reason: &Words) -> bool {
        self.reasons.iter().any(|(known, ..)| known == reason)
    }

    /// Above the list.
    fn view(&self) -> AnyView {
        let state = self.state.map(|state| {
            let n = self.phones;
            view! {
                <p class="x-row">
                    <Badge tone=tone(state) label=t(state.title()) />
                    <span class="x-small x-muted">{t(words!("以下 {n} 部手机", "all {n} phones below"))}</span>
                </p>
            }
        });
        let reasons = self.reasons.iter().map(|(title, remedy, n)| {
            let (zh, en) = (&title.zh, &title.en);
            explain(words!("{n} 部手机：{zh}", "{n} phones: {en}"), remedy.clone())
        });
        view! { {state} {reasons.collect::<Vec<_>>()} }.into_any()
    }
}

/// The list; before release it names who will get the message.
#[component]
pub fn Deliveries(id: MessageId, #[prop(into)] funnel: Signal<Option<Funnel>>) -> impl IntoView {
    let api = use_api();
    let list = RwSignal::new(None::<Vec<Line>>);
    let unnamed = RwSignal::new(Vec::<ClassCount>::new());
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
                    let counts = found.classes.into_iter().filter(|c| !c.named).collect();
                    let _ = unnamed.try_set(counts);
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
            // Whose names are not told, by class, in counts; alone where nobody's are.
            let counts =
                move || unnamed.with(|c| (!c.is_empty()).then(|| view! { <Counts classes=c.clone() /> }));
            let named = move || {
                let only_counts = lines.with(Vec::is_empty) && unnamed.with(|c| !c.is_empty());
                (!only_counts).then(|| view! { <Lines lines released again busy=busy.into() /> })
            };
            return view! { {counts} {named} }.into_any();
        }
        match problem.get() {
            Some(problem) => view! { <ErrorState problem retry=again /> }.into_any(),
            None => view! { <Skeleton lines=5 /> }.into_any(),
        }
    }
}

/// Classes whose names the reader is not told.
#[component]
fn Counts(classes: Vec<ClassCount>) -> impl IntoView {
    let rows = classes
        .into_iter()
        .map(|class| {
            let ClassCount { children, people, confirmed, .. } = class;
            let note = words!(
                "{children} 名学生 · {people} 位家长 · {confirmed} 名学生的家长已确认",
                "{children} students · {people} parents · confirmed for {confirmed}"
            );
            view! { <ListItem title=class.class_name note=t(note) icon=IconName::People /> }
        })
        .collect::<Vec<_>>();
    let leader = use_me().with_untracked(|m| m.school.class_leader.title());
    let (zh, en) = (leader.zh, leader.en.to_lowercase());
    let why = words!(
        "这些班级的姓名只显示给{zh}和管理名册的部门；发送后，任课和审批的老师也能看到。",
        "Names of these classes are for the {en} and those who keep the rolls; once it is sent, also for who teaches there or answers for it."
    );
    view! {
        <p class="x-small x-muted">{t(why)}</p>
        <List label=t(Words::fixed("班级", "Classes"))>{rows}</List>
    }
    .into_any()
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
            Words::fixed("收件人", "Recipients")
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
        let common = found.with(|f| Common::of(f));
        let above = common.view();
        let group = move |(class, lines): (String, Vec<Line>)| {
            let heading =
                (!class.is_empty()).then(|| view! { <h3 class="m-names-class" lang="zh-CN">{class}</h3> });
            let rows = lines.into_iter().map(|line| row(line, &common)).collect::<Vec<_>>();
            view! {
                {heading}
                <ul class="m-names">{rows}</ul>
            }
        };
        let groups = by_class(visible).into_iter().map(group).collect::<Vec<_>>();
        view! { {above} {groups} }
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
                placeholder=t(Words::fixed("姓名或班级", "Name or class"))
            />
            <Button label=t(Words::fixed("刷新", "Refresh")) icon=IconName::Again busy on_click=again />
        </div>
        <div>{rows}</div>
        {move || {
            found.with(Vec::is_empty).then(|| view! { <EmptyState icon=IconName::People title=nothing /> })
        }}
        <div hidden=move || rest() == 0>
            <Button label=more block=true on_click=move |()| shown.update(|n| *n += SHOWN) />
        </div>
    }
    .into_any()
}

/// A child or a teacher. What every line of the tab has in common is left out: the tab says whether
/// they have confirmed, the heading which class, and that an SMS arrived is the normal case.
fn row(line: Line, common: &Common) -> AnyView {
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
    let recipients: Vec<_> = line.recipients.into_iter().map(|r| recipient(r, is_child, common)).collect();
    view! {
        <li class="m-name">
            <p class="m-name-who"><strong lang="zh-CN">{line.name}</strong></p>
            <div class="m-name-whom">
                {nobody}
                <ul>{recipients}</ul>
            </div>
        </li>
    }
    .into_any()
}

/// The lines by class, in their order; one class alone needs no heading.
fn by_class(lines: Vec<Line>) -> Vec<(String, Vec<Line>)> {
    let mut groups: Vec<(String, Vec<Line>)> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|(class, _)| *class == line.class_name) {
            Some((_, group)) => group.push(line),
            None => groups.push((line.class_name.clone(), vec![line])),
        }
    }
    if let [(class, _)] = groups.as_mut_slice() {
        class.clear();
    }
    groups
}

fn recipient(row: RecipientRow, with_name: bool, common: &Common) -> AnyView {
    let session = use_session();
    let what = trouble(&row).filter(|(title, _)| !common.tells(title));
    let what = what.map(|(title, remedy)| explain(title, remedy));
    let state = row.state.filter(|s| *s != DeliveryState::Delivered && common.state != Some(*s));
    let state = state.map(|state| view! { <Badge tone=tone(state) label=t(state.title()) /> });
    let at = move |at: Instant, zh: &'static str, en: &'static str| {
        tw(move || {
            let at = at.short(session.now());
            let (a, b) = (at.zh, at.en);
            words!("{zh} {a}", "{en} {b}")
        })
    };
    let unreadable = row.unreadable.then(|| {
        view! {
            <Badge tone=Tone::Danger label=t(Words::fixed("这条记录无法读取，请告知系统管理员", "This record cannot be read: tell the administrator")) />
        }
    });
    let seen = match (row.confirmed_at, row.opened_at) {
        (Some(time), _) => Some(at(time, "已确认", "Confirmed")),
        (None, Some(time)) => Some(at(time, "已打开", "Opened")),
        (None, None) => None,
    };
    let replies: Vec<_> = row
        .replies
        .into_iter()
        .map(|reply| {
            let opts_out = reply.opts_out.then(|| {
                view! { <Badge tone=Tone::Danger label=t(Words::fixed("退订，以后不再发送", "Opted out: gets no more")) /> }
            });
            view! {
                <p class="x-row x-small">
                    <span class="x-muted">{at(reply.at, "短信回复", "Replied by SMS")}</span>
                    <span lang="zh-CN">{reply.text}</span>
                    {opts_out}
                </p>
            }
        })
        .collect();
    let name = with_name.then(|| view! { <span lang="zh-CN">{row.relation} " " {row.name}</span> });
    view! {
        <li class="m-recipient">
            <p class="x-row">
                {name}
                <span class="x-num x-muted">{t(domain::phone::shown(&row.phone))}</span>
                {state}
                {seen.map(|words| view! { <span class="x-small x-muted">{words}</span> })}
                {unreadable}
            </p>
            {what}
            {replies}
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
            unreadable: false,
            replies: Vec::new(),
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
    fn what_many_have_in_common_is_said_once() {
        use DeliveryState::*;
        let line = |state, reason| Line {
            key: 1,
            name: "龙思齐".into(),
            class_name: "七年级1班".into(),
            confirmed: false,
            is_child: true,
            recipients: vec![recipient(Some(state), reason)],
        };
        let lines = |n: usize, state, reason| vec![line(state, reason); n];
        let few = Common::of(&lines(SHARED - 1, Unknown, None));
        assert_eq!((few.state, few.reasons.len()), (None, 0));
        let all = Common::of(&lines(SHARED, Unknown, None));
        assert_eq!((all.state, all.phones, all.reasons.len()), (Some(Unknown), SHARED, 1));
        assert!(all.tells(&Reason::NoAnswer.title()));
        // One that differs keeps its state, and all others keep theirs.
        let mixed = [lines(SHARED, Unknown, None), lines(1, Delivered, None)].concat();
        let mixed = Common::of(&mixed);
        assert_eq!((mixed.state, mixed.reasons.len()), (None, 1));
        assert_eq!(Common::of(&lines(9, Delivered, None)), Common { phones: 9, ..Common::default() });
    }

    #[test]
    fn a_class_is_named_once_and_one_class_alone_not_at_all() {
        let line = |key, class: &str| Line {
            key,
            name: "龙思齐".into(),
            class_name: class.into(),
            confirmed: false,
            is_child: true,
            recipients: Vec::new(),
        };
        let heads = |lines| by_class(lines).into_iter().map(|(c, l)| (c, l.len())).collect::<Vec<_>>();
        assert_eq!(heads(vec![line(1, "七年级1班"), line(2, "七年级1班")]), [(String::new(), 2)]);
        let two = heads(vec![line(1, "七年级1班"), line(2, "七年级2班"), line(3, "七年级1班")]);
        assert_eq!(two, [("七年级1班".to_owned(), 2), ("七年级2班".to_owned(), 1)]);
        assert_eq!(heads(Vec::new()), []);
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
