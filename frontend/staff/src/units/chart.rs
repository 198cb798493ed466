//! The units as a drawing: who lies in what, who leads it and who keeps its
//! account, and what is vacant. What lies below a unit folds away behind it.
//! Beside it stands the list, which says the same without lines.

use domain::ids::UnitId;
use domain::school::{PersonRef, UnitKind, UnitView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Tone, t};

/// A school with more units begins with what lies deeper folded away.
const OPEN_MOST: usize = 30;
/// How deep the tree is drawn; a broken one may go in circles.
const DEEPEST: usize = 12;

/// Those directly below a unit, in the order of the list.
fn below(all: &[UnitView], id: Option<UnitId>) -> Vec<&UnitView> {
    let mut children: Vec<&UnitView> = all.iter().filter(|unit| unit.parent == id).collect();
    children.sort_by_key(|unit| (UnitKind::ALL.iter().position(|kind| *kind == unit.kind), unit.id));
    children
}

/// Whether somebody should lead it and nobody does. A college's sections and years have no head of their own.
pub fn lacks_head(all: &[UnitView], unit: &UnitView) -> bool {
    let in_college = || {
        let above = |unit: &&UnitView| all.iter().find(|other| Some(other.id) == unit.parent);
        std::iter::successors(Some(unit), above).skip(1).take(DEEPEST).any(|u| u.kind == UnitKind::College)
    };
    unit.heads.is_empty() && (unit.kind == UnitKind::Society || !in_college())
}

#[component]
pub fn Chart(all: Vec<UnitView>) -> impl IntoView {
    let few = all.len() <= OPEN_MOST;
    // Which way all were folded last; each can still be folded by itself.
    let open = RwSignal::new(few);
    let fold = move |()| open.update(|open| *open = !*open);
    let label = ui::tw(move || {
        if open.get() {
            Words::fixed("全部收起", "Fold all")
        } else {
            Words::fixed("全部展开", "Unfold all")
        }
    });
    let roots = below(&all, None).into_iter().map(|root| node(&all, root, 0, open)).collect::<Vec<_>>();
    view! {
        <p>
            <Button label kind=ButtonKind::Quiet on_click=fold />
        </p>
        <div class="s-chart">
            <ul>{roots}</ul>
        </div>
    }
    .into_any()
}

fn node(all: &[UnitView], unit: &UnitView, depth: usize, open: RwSignal<bool>) -> AnyView {
    let children = if depth < DEEPEST { below(all, Some(unit.id)) } else { Vec::new() };
    let face = face(all, unit);
    if children.is_empty() {
        return view! { <li><div class="s-chart-unit">{face}</div></li> }.into_any();
    }
    let n = children.len();
    // Units that hold others stand apart from those that hold none: as columns, and as one block.
    let (deep, plain): (Vec<_>, Vec<_>) =
        children.into_iter().partition(|child| all.iter().any(|u| u.parent == Some(child.id)));
    let draw = |units: Vec<&UnitView>| {
        let rows = units.into_iter().map(|child| node(all, child, depth + 1, open)).collect::<Vec<_>>();
        (!rows.is_empty()).then(|| view! { <ul>{rows}</ul> })
    };
    let (deep, plain) = (draw(deep), draw(plain));
    let root = depth == 0;
    view! {
        <li class:s-chart-root=root>
            <details open=move || root || open.get()>
                <summary class="s-chart-unit">
                    {face}
                    <span class="s-chart-count x-muted x-small">{t(words!("下级 {n} 个", "{n} below"))}</span>
                </summary>
                {plain}
                {deep}
            </details>
        </li>
    }
    .into_any()
}

fn people(label: Words, all: &[PersonRef]) -> AnyView {
    let names = all.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join("、");
    view! {
        <span class="s-chart-person">
            <span class="x-muted">{t(label)}</span>
            " "
            {names}
        </span>
    }
    .into_any()
}

/// What stands in a unit's box.
fn face(all: &[UnitView], unit: &UnitView) -> AnyView {
    let heads = if unit.heads.is_empty() {
        lacks_head(all, unit).then(|| {
            view! { <Badge tone=Tone::Warning label=t(Words::fixed("负责人空缺", "No head")) /> }.into_any()
        })
    } else {
        Some(people(Words::fixed("负责人", "Head"), &unit.heads))
    };
    let custodian = match &unit.custodian {
        Some(person) => Some(people(Words::fixed("专人", "Custodian"), std::slice::from_ref(person))),
        None if unit.has_account => Some(
            view! { <Badge tone=Tone::Warning label=t(Words::fixed("专人空缺", "No custodian")) /> }
                .into_any(),
        ),
        None => None,
    };
    view! {
        <span class="s-chart-name">
            <strong>{unit.name.clone()}</strong>
            " "
            <span class="x-muted x-small">{t(unit.kind.title())}</span>
        </span>
        <span class="s-chart-people x-small">{heads} {custodian}</span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::ids::StaffId;

    use super::*;

    fn unit(id: i64, parent: Option<i64>, kind: UnitKind, headed: bool) -> UnitView {
        let head = || PersonRef { id: StaffId(1), name: "甲".into(), number: "U1".into() };
        UnitView {
            id: UnitId(id),
            parent: parent.map(UnitId),
            kind,
            name: id.to_string(),
            has_account: false,
            custodian: None,
            heads: headed.then(head).into_iter().collect(),
        }
    }

    #[test]
    fn a_unit_that_should_have_a_head_and_has_none_is_marked() {
        let all = vec![
            unit(1, None, UnitKind::School, true),
            unit(2, Some(1), UnitKind::College, false),
            unit(3, Some(2), UnitKind::Grade, false),
            unit(4, Some(2), UnitKind::Society, false),
            unit(5, Some(1), UnitKind::Department, true),
        ];
        let marked: Vec<i64> = all.iter().filter(|u| lacks_head(&all, u)).map(|u| u.id.0).collect();
        assert_eq!(marked, [2, 4], "not the year of a college");
    }
}
