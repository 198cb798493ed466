//! The tree of units (G1) with who heads and who answers for each (G2), and,
//! for whom the table lets, making and renaming them, and, with a second
//! person, moving and closing them.

mod changes;
mod chart;

use domain::access::Action;
use domain::api;
use domain::ids::UnitId;
use domain::school::{PersonRef, UnitKind, UnitView};
use domain::unit::{NewUnit, UnitChange, UnitChanges, UnitMove};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Badge, Banner, Button, ButtonKind, Card, CheckOption, ConfirmDialog, EmptyState, FormField, IconName,
    Page, Segmented, Select, SelectOption, TextInput, Tone, t, use_lang, use_toasts,
};

use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::session::use_me;
use crate::why::Why;

use self::changes::Changes;
use self::chart::Chart;

/// How far the tree is drawn to the right; what lies deeper stands below its parent all the same.
const DEPTH_SHOWN: usize = 4;

/// The ways in which the units are shown.
const LIST: &str = "list";
const CHART: &str = "chart";

/// `/units`.
#[component]
pub fn UnitsPage() -> impl IntoView {
    let units = Query::new(|| api::UNITS.into());
    let edits = use_me().with_untracked(|me| me.person.may(Action::EditUnits));
    let changes = edits.then(|| Query::new(|| api::UNIT_CHANGES.into()));
    view! {
        <Page title=t(Words::fixed("部门与专人", "Units and custodians"))>
            {changes.map(|changes| view! { <Changes changes units /> })}
            <Loaded query=units show=move |all| view! { <Units all query=units changes /> }.into_any() />
        </Page>
    }
    .into_any()
}

/// A unit with its depth, each behind the one above it.
fn in_order(all: &[UnitView]) -> Vec<(usize, UnitView)> {
    fn below(all: &[UnitView], parent: Option<UnitId>, depth: usize, out: &mut Vec<(usize, UnitView)>) {
        // A broken tree is drawn as far as it goes.
        if out.len() > all.len() {
            return;
        }
        let mut children: Vec<&UnitView> = all.iter().filter(|u| u.parent == parent).collect();
        children.sort_by_key(|u| (UnitKind::ALL.iter().position(|kind| *kind == u.kind), u.id));
        for unit in children {
            out.push((depth, unit.clone()));
            below(all, Some(unit.id), depth + 1, out);
        }
    }
    let mut out = Vec::new();
    below(all, None, 0, &mut out);
    out
}

#[component]
fn Units(
    all: Vec<UnitView>,
    query: Query<Vec<UnitView>>,
    /// What waits, where the reader edits units.
    changes: Option<Query<UnitChanges>>,
) -> impl IntoView {
    let vacant = all.iter().filter(|u| u.custodian.is_none() && u.has_account).count();
    let warning = (vacant > 0).then(|| {
        view! {
            <Banner
                tone=Tone::Warning
                title=t(words!("{vacant} 个单位没有专人负责，不能发送", "{vacant} units have no custodian and cannot send"))
            >
                <p>
                    {t(Words::fixed(
                        "在“教职工”里打开负责人，任命为账号专人；由第二人确认后即可发送。",
                        "Open the person under Staff and give the post of custodian; it counts once a second person has confirmed it.",
                    ))}
                </p>
            </Banner>
        }
    });
    let (making, changing) = (RwSignal::new(false), RwSignal::new(None::<UnitView>));
    let ordered = in_order(&all);
    let only_school = ordered.len() <= 1;
    let rows = ordered
        .into_iter()
        .map(|(depth, unit)| unit_row(depth, unit, changes.map(|_| changing)))
        .collect::<Vec<_>>();
    let empty = only_school.then(|| {
        view! {
            <EmptyState
                icon=IconName::Units
                title=t(Words::fixed("还没有部门", "No units yet"))
                note=t(Words::fixed("导入教职工名单后，部门和年级会出现在这里，也可以在这里新增。", "They appear here once the staff list is imported; you can also add them here."))
            />
        }
    });
    let all = StoredValue::new(all);
    // The list says the same without lines, for who cannot see them and for who edits.
    let (lang, shown) = (use_lang(), RwSignal::new(LIST.to_owned()));
    let ways = Signal::derive(move || {
        let lang = lang.get();
        [(LIST, Words::fixed("列表", "List")), (CHART, Words::fixed("组织图", "Org chart"))]
            .into_iter()
            .map(|(key, words)| CheckOption::new(key, words.get(lang).to_owned()))
            .collect::<Vec<_>>()
    });
    let drawn = move || (shown.with(|s| s == CHART)).then(|| view! { <Chart all=all.get_value() /> });
    let listed = move || shown.with(|s| s == LIST);
    let add = changes.map(|waiting| {
        view! {
            <p>
                <Button
                    label=t(Words::fixed("新增部门", "Add a unit"))
                    kind=ButtonKind::Primary
                    on_click=move |()| making.set(true)
                />
            </p>
            <MakeDialog all open=making query />
            {move || changing.get().map(|unit| view! { <ChangeDialog all unit shown=changing query waiting /> })}
        }
    });
    view! {
        {warning}
        <p class="x-muted">
            {t(Words::fixed(
                "账号和密码由专人负责；没有专人的单位不能发送。",
                "Each unit's custodian answers for its account and password; a unit without one cannot send.",
            ))}
        </p>
        {add}
        {(!only_school).then(|| view! { <Segmented label=t(Words::fixed("显示方式", "Show as")) options=ways value=shown /> })}
        {drawn}
        <div hidden=move || !listed()>
            <Card flush=true>
                <ul class="s-tree">{rows}</ul>
                {empty}
            </Card>
        </div>
    }
    .into_any()
}

fn names(people: &[PersonRef]) -> String {
    people.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join("、")
}

fn unit_row(depth: usize, unit: UnitView, changing: Option<RwSignal<Option<UnitView>>>) -> AnyView {
    let class = format!("s-tree-unit s-tree-{}", depth.min(DEPTH_SHOWN));
    let heads = (!unit.heads.is_empty()).then(|| {
        let names = names(&unit.heads);
        view! { <span>{t(words!("负责人 {names}", "Head: {names}"))}</span> }
    });
    let custodian = match &unit.custodian {
        Some(person) => {
            let name = person.name.clone();
            Some(view! { <span>{t(words!("专人 {name}", "Custodian: {name}"))}</span> }.into_any())
        }
        None if unit.has_account => Some(
            view! { <Badge tone=Tone::Warning label=t(Words::fixed("专人空缺", "No custodian")) /> }
                .into_any(),
        ),
        None => None,
    };
    let edit = changing.filter(|_| unit.parent.is_some()).map(|changing| {
        let own = unit.clone();
        view! {
            <Button
                label=t(Words::fixed("修改", "Change"))
                kind=ButtonKind::Quiet
                on_click=move |()| changing.set(Some(own.clone()))
            />
        }
    });
    view! {
        <li class=class>
            <div class="s-tree-words">
                <h2>
                    {unit.name.clone()}
                    " "
                    <span class="x-muted x-small">{t(unit.kind.title())}</span>
                </h2>
                <p class="x-muted x-small s-tree-people">{heads} {custodian}</p>
            </div>
            {edit}
            <Why from=api::WHY_UNIT.at(unit.id) compact=true />
        </li>
    }
    .into_any()
}

/// Where such a unit can lie; what lies below `but` is left out with it.
fn parents(all: &[UnitView], kind: UnitKind, but: Option<UnitId>) -> Vec<SelectOption> {
    let lies_below = |unit: &UnitView| {
        let mut at = Some(unit);
        for _ in 0..=all.len() {
            match at {
                Some(here) if Some(here.id) == but => return true,
                Some(here) => at = here.parent.and_then(|parent| all.iter().find(|u| u.id == parent)),
                None => break,
            }
        }
        false
    };
    let options = in_order(all).into_iter().filter(|(_, u)| kind.lies_in(u.kind) && !lies_below(u));
    options
        .map(|(depth, u)| SelectOption::new(u.id.0.to_string(), format!("{}{}", "　".repeat(depth), u.name)))
        .collect()
}

#[component]
fn MakeDialog(
    all: StoredValue<Vec<UnitView>>,
    open: RwSignal<bool>,
    query: Query<Vec<UnitView>>,
) -> impl IntoView {
    let (order, lang, toasts) = (Order::new(), use_lang(), use_toasts());
    let (name, kind) = (RwSignal::new(String::new()), RwSignal::new(UnitKind::Department.key().to_owned()));
    let parent = RwSignal::new(String::new());
    let kinds = Signal::derive(move || {
        let offered = UnitKind::ALL.iter().filter(|kind| {
            let has_one = all.with_value(|all| all.iter().any(|u| u.kind == **kind));
            !(kind.is_single() && has_one)
        });
        offered
            .map(|kind| SelectOption::new(kind.key(), kind.title().get(lang.get()).to_owned()))
            .collect::<Vec<_>>()
    });
    let places = Signal::derive(move || {
        let kind = UnitKind::from_key(&kind.get()).unwrap_or(UnitKind::Department);
        all.with_value(|all| parents(all, kind, None))
    });
    let make = move |()| {
        let Some(kind) = UnitKind::from_key(&kind.get_untracked()) else { return };
        let chosen = parent.get_untracked();
        let first = || places.with_untracked(|all| all.first().map(|o| o.value.clone()));
        let chosen = if chosen.is_empty() { first().unwrap_or_default() } else { chosen };
        let Ok(parent) = chosen.parse() else { return };
        let body = NewUnit { parent, kind, name: name.get_untracked() };
        order.send(api::MAKE_UNIT, &body, move |all| {
            open.set(false);
            toasts.done(Words::fixed("已新增", "Added"));
            query.set(all);
        });
    };
    view! {
        <ConfirmDialog
            open
            title=t(Words::fixed("新增部门", "Add a unit"))
            confirm=t(Words::fixed("新增", "Add"))
            on_confirm=make
            busy=order.busy()
            typing=true
        >
            <Problems order />
            <FormField label=t(Words::fixed("类别", "Kind")) error=order.field_error("kind") required=true>
                <Select value=kind options=kinds />
            </FormField>
            <FormField label=t(Words::fixed("上级部门", "Unit above it")) error=order.field_error("parent") required=true>
                <Select value=parent options=places />
            </FormField>
            <FormField label=t(Words::fixed("名称", "Name")) error=order.field_error("name") required=true>
                <TextInput value=name />
            </FormField>
        </ConfirmDialog>
    }
    .into_any()
}

#[component]
fn ChangeDialog(
    all: StoredValue<Vec<UnitView>>,
    unit: UnitView,
    shown: RwSignal<Option<UnitView>>,
    query: Query<Vec<UnitView>>,
    waiting: Query<UnitChanges>,
) -> impl IntoView {
    let (order, toasts) = (Order::new(), use_toasts());
    let (id, kind) = (unit.id, unit.kind);
    let open = RwSignal::new(true);
    Effect::new(move |_| {
        if !open.get() {
            shown.set(None);
        }
    });
    let name = RwSignal::new(unit.name.clone());
    let parent = RwSignal::new(unit.parent.map(|p| p.0.to_string()).unwrap_or_default());
    let places = Signal::derive(move || all.with_value(|all| parents(all, kind, Some(id))));
    let (was, lay_in) = (unit.name.clone(), unit.parent);
    let proposed = move |left: UnitChanges| {
        open.set(false);
        toasts.done(Words::fixed("已提出，待第二人确认", "Proposed: a second person has to confirm it"));
        waiting.set(left);
    };
    let change = move |()| {
        let Ok(parent) = parent.get_untracked().parse() else { return };
        let moves = lay_in != Some(parent);
        let propose = move || order.send(api::MOVE_UNIT.at(id), &UnitMove { parent }, proposed);
        if name.with_untracked(|name| name.trim() == was) {
            if moves {
                propose();
            } else {
                open.set(false);
            }
            return;
        }
        order.send(api::CHANGE_UNIT.at(id), &UnitChange { name: name.get_untracked() }, move |all| {
            query.set(all);
            if moves {
                propose();
            } else {
                open.set(false);
                toasts.done(Words::fixed("已保存", "Saved"));
            }
        });
    };
    let close = move |()| order.call(api::CLOSE_UNIT.at(id), proposed);
    let title = unit.name;
    view! {
        <ConfirmDialog
            open
            title=t(words!("修改“{title}”", "Change “{title}”"))
            confirm=t(Words::fixed("保存", "Save"))
            on_confirm=change
            busy=order.busy()
            typing=true
        >
            <Problems order />
            <FormField label=t(Words::fixed("名称", "Name")) error=order.field_error("name") required=true>
                <TextInput value=name />
            </FormField>
            <FormField
                label=t(Words::fixed("上级部门", "Unit above it"))
                hint=t(Words::fixed(
                    "移动要由第二人确认，下级部门和班级随它一起移动。",
                    "A second person confirms a move; what lies below moves with it.",
                ))
                error=order.field_error("parent")
                required=true
            >
                <Select value=parent options=places />
            </FormField>
            <p>
                <Button
                    label=t(Words::fixed("停用这个部门", "Close this unit"))
                    kind=ButtonKind::Danger
                    busy=order.busy()
                    on_click=close
                />
            </p>
            <p class="x-muted x-small">
                {t(Words::fixed(
                    "没有下级、学生、任职和未办结的通知时才能停用，由第二人确认；以前的记录都保留。",
                    "Only a unit without units, students, posts and open notices is closed, with a second person; its records stay.",
                ))}
            </p>
        </ConfirmDialog>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(id: i64, parent: Option<i64>, kind: UnitKind) -> UnitView {
        UnitView {
            id: UnitId(id),
            parent: parent.map(UnitId),
            kind,
            name: format!("{id}"),
            has_account: false,
            custodian: None,
            heads: Vec::new(),
        }
    }

    fn school() -> Vec<UnitView> {
        vec![
            unit(1, None, UnitKind::School),
            unit(2, Some(1), UnitKind::College),
            unit(3, Some(2), UnitKind::Grade),
            unit(4, Some(1), UnitKind::Department),
        ]
    }

    #[test]
    fn each_unit_stands_behind_the_one_above_it() {
        let drawn: Vec<(usize, i64)> =
            in_order(&school()).iter().map(|(depth, u)| (*depth, u.id.0)).collect();
        assert_eq!(drawn, [(0, 1), (1, 4), (1, 2), (2, 3)]);
    }

    #[test]
    fn a_unit_is_offered_no_place_below_itself() {
        let offered =
            |kind, but| parents(&school(), kind, but).into_iter().map(|o| o.value).collect::<Vec<_>>();
        assert_eq!(offered(UnitKind::Department, None), ["1", "4", "2"]);
        assert_eq!(offered(UnitKind::Grade, Some(UnitId(2))), ["1", "4"]);
    }
}
