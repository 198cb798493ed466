//! What a file changes, from what to what, by kind.

use domain::roster::{ChangeKind, ImportChange};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Button, Card, EmptyState, IconName, t, tw};

use super::fold::Fold;

/// Rows shown at once; more on demand, so that a phone stays quick.
const ROWS_AT_ONCE: usize = 50;
/// A kind with up to so many changes lies open.
const OPEN_ROWS: usize = 20;

/// All changes of a file.
#[component]
pub fn Changes(
    /// The changes, by kind.
    changes: Vec<ImportChange>,
) -> impl IntoView {
    if changes.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    icon=IconName::Done
                    title=t(Words::fixed("名单不会有改动", "The roll stays as it is"))
                />
            </Card>
        }
        .into_any();
    }
    let groups = ChangeKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let rows: Vec<ImportChange> = changes.iter().filter(|c| c.kind == kind).cloned().collect();
            (!rows.is_empty()).then(|| view! { <Group kind rows /> })
        })
        .collect::<Vec<_>>();
    let n = changes.len();
    view! {
        <section class="s-group">
            <h2 class="s-group-title">{t(words!("名单会有 {n} 处改动", "Changes to the roll: {n}"))}</h2>
            {groups}
        </section>
    }
    .into_any()
}

#[component]
fn Group(kind: ChangeKind, rows: Vec<ImportChange>) -> impl IntoView {
    let n = rows.len();
    let is_open = n <= OPEN_ROWS && kind != ChangeKind::Added;
    let rows = StoredValue::new(rows);
    let limit = RwSignal::new(ROWS_AT_ONCE);
    let shown = move || {
        let shown =
            move || rows.with_value(|r| r.iter().take(limit.get()).map(change_row).collect::<Vec<_>>());
        view! {
            <ul class="s-changes">{shown}</ul>
            <Show when=move || { limit.get() < n }>
                <div class="s-pad">
                    <Button
                        label=tw(move || {
                            let rest = n.saturating_sub(limit.get());
                            words!("再显示一些（还有 {rest} 条）", "Show more ({rest} left)")
                        })
                        on_click=move |()| limit.update(|l| *l += ROWS_AT_ONCE)
                    />
                </div>
            </Show>
        }
        .into_any()
    };
    view! { <Fold title=t(kind.title()) note=t(words!("{n} 处", "{n}")) is_open rows=shown /> }.into_any()
}

fn change_row(change: &ImportChange) -> AnyView {
    let ImportChange { row, who, before, after, .. } = change.clone();
    let old = (!before.zh.is_empty()).then(|| {
        view! {
            <del>{t(before)}</del>
            <span class="s-arrow" aria-hidden="true">
                "→"
            </span>
        }
    });
    let line = (row > 0).then(|| {
        view! { <span class="x-small x-muted s-nowrap">{t(words!("第 {row} 行", "Row {row}"))}</span> }
    });
    view! {
        <li class="s-change">
            <span class="s-change-who">{who} {line}</span>
            <span class="s-change-what">{old} <ins>{t(after)}</ins></span>
        </li>
    }
    .into_any()
}
