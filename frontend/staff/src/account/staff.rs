//! The staff on the roll, their posts, and who can sign in yet (G42).

use std::collections::BTreeSet;

use domain::account::{Slip, SlipOrder, SlipView};
use domain::api;
use domain::ids::StaffId;
use domain::roster::StaffView;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Badge, Button, ButtonKind, ButtonLink, Card, CheckOption, ConfirmDialog, EmptyState, IconName, Page,
    Segmented, TextInput, Tone, t, tw, use_lang,
};

use super::pending::PendingSlips;
use super::posts::posts_words;
use super::slips::Slips;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::route::Route;

/// `/staff`.
#[component]
pub fn StaffPage() -> impl IntoView {
    let slips = RwSignal::new(Vec::<Slip>::new());
    let staff = Query::new(|| api::STAFF.into());
    let pending = Query::new(|| api::SLIPS.into());
    move || {
        let issued = slips.get();
        if issued.is_empty() {
            return view! { <StaffList staff pending slips /> }.into_any();
        }
        let done = Callback::new(move |()| {
            staff.reload();
            pending.reload();
            slips.set(Vec::new());
        });
        view! { <Slips slips=issued done /> }.into_any()
    }
}

#[component]
fn StaffList(
    staff: Query<Vec<StaffView>>,
    pending: Query<Vec<SlipView>>,
    slips: RwSignal<Vec<Slip>>,
) -> impl IntoView {
    let chosen = RwSignal::new(BTreeSet::<i64>::new());
    let asking = RwSignal::new(false);
    let order = Order::new();
    // An empty list orders slips for all who are not active yet.
    let issue = move |()| {
        let staff = chosen.with_untracked(|c| c.iter().map(|id| StaffId(*id)).collect());
        order.send(api::ISSUE_SLIPS, &SlipOrder { staff }, move |issued| {
            asking.set(false);
            slips.set(issued);
        });
    };
    let waiting =
        Signal::derive(move || staff.value().map_or(0, |all| all.iter().filter(|s| !s.active).count()));
    let label = tw(move || match (chosen.with(BTreeSet::len), waiting.get()) {
        (0, n) => words!("为未开通的 {n} 人签发开通单", "Issue slips for the {n} not active"),
        (n, _) => words!("签发 {n} 张开通单", "Issue {n} slips"),
    });
    let question = tw(move || {
        let n = match chosen.with(BTreeSet::len) {
            0 => waiting.get(),
            n => n,
        };
        words!("签发 {n} 张开通单？", "Issue {n} activation slips?")
    });
    view! {
        <Page
            title=t(Words::fixed("教职工", "Staff"))
            actions=move || {
                // One thing stands out: what waits to be confirmed comes before new slips.
                let kind = match pending.value() {
                    Some(all) if all.iter().any(|slip| slip.may_confirm) => ButtonKind::Plain,
                    _ => ButtonKind::Primary,
                };
                view! {
                    <ButtonLink
                        href=Route::Departures.path()
                        label=t(Words::fixed("离校与空缺", "Left and vacant"))
                    />
                    <Button
                        label
                        kind
                        disabled=Signal::derive(move || waiting.get() == 0 && chosen.with(BTreeSet::is_empty))
                        on_click=move |()| asking.set(true)
                    />
                }
            }
        >
            <PendingSlips pending slips />
            <Loaded query=staff show=move |all| view! { <StaffTable all chosen /> }.into_any() />
            <ConfirmDialog
                open=asking
                title=question
                confirm=t(Words::fixed("签发", "Issue"))
                on_confirm=issue
                busy=order.busy()
            >
                <p>
                    {t(Words::fixed(
                        "每张开通单含一个只能用一次的链接和开通码，三天内有效。已开通的人凭新开通单重设密码；这样的开通单，和担任管理职务的人的开通单，须先由另一位管理账号的人或校领导确认。",
                        "Each slip holds a link and a code that work once, within three days. Someone who is active already sets a new password with it. Such a slip, and one for somebody in a managing post, is first confirmed by another person who manages accounts, or by a leader of the school.",
                    ))}
                </p>
                <Problems order />
            </ConfirmDialog>
        </Page>
    }
    .into_any()
}

#[component]
fn StaffTable(all: Vec<StaffView>, chosen: RwSignal<BTreeSet<i64>>) -> impl IntoView {
    if all.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Staff
                    title=t(Words::fixed("还没有教职工", "No staff yet"))
                    note=t(Words::fixed(
                        "导入教职工名单后，在这里为每个人签发开通单。",
                        "Import the staff list; then issue everybody's activation slip here.",
                    ))
                >
                    <ButtonLink href="/import" label=t(Words::fixed("导入名单", "Import")) kind=ButtonKind::Primary />
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let lang = use_lang();
    let search = RwSignal::new(String::new());
    let filter = RwSignal::new("all".to_owned());
    let total = all.len();
    let active = all.iter().filter(|s| s.active).count();
    let issued = all.iter().filter(|s| !s.active && s.slip_until.is_some()).count();
    let options = Signal::derive(move || {
        let option = |value: &str, words: Words, n: usize| {
            CheckOption::new(value, words.get(lang.get())).note(n.to_string())
        };
        vec![
            option("all", Words::fixed("全部", "All"), total),
            option("active", Words::fixed("已开通", "Active"), active),
            option("issued", Words::fixed("已签发", "Slip issued"), issued),
            option("none", Words::fixed("未开通", "Not active"), total - active - issued),
        ]
    });
    let all = StoredValue::new(all);
    let shown = move || {
        let (needle, filter) = (search.get(), filter.get());
        let needle = needle.trim();
        all.with_value(|all| {
            all.iter()
                .filter(|s| match filter.as_str() {
                    "active" => s.active,
                    "issued" => !s.active && s.slip_until.is_some(),
                    "none" => !s.active && s.slip_until.is_none(),
                    _ => true,
                })
                .filter(|s| {
                    needle.is_empty()
                        || s.name.contains(needle)
                        || s.number.to_lowercase().contains(&needle.to_lowercase())
                        || s.appointments.iter().any(|a| {
                            a.unit_name.contains(needle)
                                || a.class_name.as_deref().is_some_and(|c| c.contains(needle))
                        })
                })
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    let rows = move || {
        let shown = shown();
        if shown.is_empty() {
            return view! {
                <EmptyState
                    icon=IconName::Search
                    title=t(Words::fixed("没有符合条件的教职工", "Nobody matches"))
                    note=t(Words::fixed("换个姓名、工号或班级试试。", "Try another name, number or class."))
                />
            }
            .into_any();
        }
        let rows = shown.into_iter().map(|s| row(s, chosen)).collect::<Vec<_>>();
        view! { <ul class="s-people">{rows}</ul> }.into_any()
    };
    view! {
        <div class="x-row x-row-between">
            <Segmented label=t(Words::fixed("按开通情况筛选", "Filter by activation")) options value=filter />
            <div class="s-search">
                <TextInput
                    value=search
                    kind="search"
                    label=t(Words::fixed("查找教职工", "Find staff"))
                    placeholder=t(Words::fixed("姓名、工号、班级", "Name, number, class"))
                />
            </div>
        </div>
        <Card flush=true>{rows}</Card>
    }
    .into_any()
}

fn row(staff: StaffView, chosen: RwSignal<BTreeSet<i64>>) -> AnyView {
    let lang = use_lang();
    let id = staff.id.0;
    let posts = staff.appointments.clone();
    let posts = Signal::derive(move || posts_words(&posts, lang.get()).join(" · "));
    let (tone, words) = match (staff.active, staff.slip_until) {
        (true, _) => (Tone::Good, Words::fixed("已开通", "Active")),
        (false, Some(until)) => {
            let until = until.words();
            let (zh, en) = (until.zh, until.en);
            (Tone::Info, words!("开通单有效至 {zh}", "Slip until {en}"))
        }
        (false, None) => (Tone::Neutral, Words::fixed("未开通", "Not active")),
    };
    let toggle = move |event| {
        let on = event_target_checked(&event);
        chosen.update(|c| {
            if on {
                c.insert(id);
            } else {
                c.remove(&id);
            }
        });
    };
    view! {
        <li class="s-member">
            <label class="x-choice s-staff">
                <input type="checkbox" prop:checked=move || chosen.with(|c| c.contains(&id)) on:change=toggle />
                <span class="x-choice-words">
                    <span>{staff.name} " " <span class="x-muted x-small">{staff.number} " " {t(domain::phone::shown(&staff.phone))}</span></span>
                    <span class="x-choice-note">{posts}</span>
                </span>
                <Badge tone label=t(words) />
            </label>
            <ButtonLink
                href=Route::Member(StaffId(id)).path()
                label=t(Words::fixed("办理", "Open"))
                kind=ButtonKind::Quiet
            />
        </li>
    }
    .into_any()
}
