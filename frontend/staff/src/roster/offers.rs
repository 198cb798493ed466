//! What a file lacks, with a tick for each: nothing is ticked at first.

use std::collections::HashSet;

use domain::roster::{Offer, OfferKind};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{t, tw};

use super::fold::Fold;

/// A group with up to so many entries lies open.
const OPEN_ROWS: usize = 10;

/// All that a file lacks.
#[component]
pub fn Offers(
    /// The offers.
    offers: Vec<Offer>,
    /// How many more there are.
    left_out: u32,
    /// Ids of those ticked.
    ticked: RwSignal<Vec<String>>,
) -> impl IntoView {
    let total = offers.len();
    let kinds = OfferKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let of_kind: Vec<Offer> = offers.iter().filter(|o| o.kind == kind).cloned().collect();
            (!of_kind.is_empty()).then(|| view! { <Kind kind offers=of_kind ticked /> })
        })
        .collect::<Vec<_>>();
    let more = (left_out > 0).then(|| {
        view! {
            <p class="x-small x-muted">
                {t(words!(
                    "只列出前 {total} 项，还有 {left_out} 项没有列出：请用完整的名单导入。",
                    "Only the first {total} are listed, {left_out} are not: import a complete list."
                ))}
            </p>
        }
    });
    view! { <div class="s-offers">{kinds} {more}</div> }.into_any()
}

#[component]
fn Kind(kind: OfferKind, offers: Vec<Offer>, ticked: RwSignal<Vec<String>>) -> impl IntoView {
    let n = offers.len();
    let ids: Vec<String> = offers.iter().map(|o| o.id.clone()).collect();
    // In the order in which they come; each group once.
    let mut groups: Vec<(Words, Vec<Offer>)> = Vec::new();
    for offer in offers {
        match groups.iter_mut().find(|(name, _)| *name == offer.group) {
            Some((_, group)) => group.push(offer),
            None => groups.push((offer.group.clone(), vec![offer])),
        }
    }
    let folds = groups
        .into_iter()
        .map(|(name, group)| {
            let n = group.len();
            let ids: Vec<String> = group.iter().map(|o| o.id.clone()).collect();
            let group = StoredValue::new(group);
            let rows = move || {
                let rows = group.with_value(|g| g.iter().map(|o| offer_row(o, ticked)).collect::<Vec<_>>());
                view! {
                    <div class="s-ticks">
                        <All ids=ids.clone() ticked />
                        {rows}
                    </div>
                }
                .into_any()
            };
            view! { <Fold title=t(name) note=t(words!("{n} 项", "{n}")) is_open=n <= OPEN_ROWS rows /> }
        })
        .collect::<Vec<_>>();
    view! {
        <section class="s-group">
            <h2 class="s-group-title">{t(kind.title())} " · " {n}</h2>
            <p class="x-small x-muted">{t(kind.remedy())}</p>
            <div class="x-card s-ticks">
                <All ids ticked />
            </div>
            {folds}
        </section>
    }
    .into_any()
}

/// 全选: ticks or clears all of a list.
#[component]
fn All(ids: Vec<String>, ticked: RwSignal<Vec<String>>) -> impl IntoView {
    let n = ids.len();
    let ids = StoredValue::new(ids.into_iter().collect::<HashSet<_>>());
    let chosen = Memo::new(move |_| {
        ids.with_value(|ids| ticked.with(|t| t.iter().filter(|id| ids.contains(*id)).count()))
    });
    let toggle = move |event| {
        let on = event_target_checked(&event);
        ids.with_value(|ids| {
            ticked.update(|t| {
                t.retain(|id| !ids.contains(id));
                if on {
                    let mut all: Vec<String> = ids.iter().cloned().collect();
                    all.sort_unstable();
                    t.extend(all);
                }
            });
        });
    };
    view! {
        <label class="x-choice s-all">
            <input
                type="checkbox"
                prop:checked=move || chosen.get() == n
                prop:indeterminate=move || { chosen.get() > 0 && chosen.get() < n }
                on:change=toggle
            />
            <span class="x-choice-words">
                {tw(move || {
                    let chosen = chosen.get();
                    words!("全选（已选 {chosen} / {n}）", "Select all ({chosen} of {n} selected)")
                })}
            </span>
        </label>
    }
    .into_any()
}

fn offer_row(offer: &Offer, ticked: RwSignal<Vec<String>>) -> AnyView {
    let Offer { id, who, what, .. } = offer.clone();
    let mine = id.clone();
    let toggle = move |event| {
        let on = event_target_checked(&event);
        ticked.update(|t| {
            t.retain(|other| *other != id);
            if on {
                t.push(id.clone());
            }
        });
    };
    view! {
        <label class="x-choice">
            <input
                type="checkbox"
                prop:checked=move || ticked.with(|t| t.contains(&mine))
                on:change=toggle
            />
            <span class="x-choice-words">
                <span>{who}</span>
                <span class="x-choice-note">{t(what)}</span>
            </span>
        </label>
    }
    .into_any()
}
