//! Moves and closings that wait: who would move what from where to where, what
//! follows, and the two buttons of the second person.

use domain::api;
use domain::ids::UnitChangeId;
use domain::school::UnitView;
use domain::unit::{UnitChanges, WaitingUnitChange};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, ConfirmDialog, t, use_toasts};

use crate::api::{Order, Query};
use crate::common::{Problems, me_refresher};

/// Nothing where nothing waits.
#[component]
pub fn Changes(changes: Query<UnitChanges>, units: Query<Vec<UnitView>>) -> impl IntoView {
    let asking = RwSignal::new(None::<(UnitChangeId, bool)>);
    let open = RwSignal::new(false);
    let order = Order::new();
    let (toasts, refresh) = (use_toasts(), me_refresher());
    let ask = Callback::new(move |what: (UnitChangeId, bool)| {
        order.clear();
        asking.set(Some(what));
        open.set(true);
    });
    let run = move |()| {
        let Some((id, confirms)) = asking.get_untracked() else { return };
        let to = if confirms { api::CONFIRM_UNIT_CHANGE.at(id) } else { api::DECLINE_UNIT_CHANGE.at(id) };
        order.call(to, move |left| {
            open.set(false);
            toasts.done(if confirms {
                Words::fixed("已确认，立即生效", "Confirmed: it holds from now on")
            } else {
                Words::fixed("已不同意，部门不变", "Declined: nothing changes")
            });
            changes.set(left);
            units.reload();
            refresh();
        });
    };
    let confirms = move || asking.get().is_some_and(|(_, confirms)| confirms);
    let words =
        move |yes: Words, no: Words| ui::tw(move || if confirms() { yes.clone() } else { no.clone() });
    let cards = move || {
        let waiting = changes.value().map(|all| all.waiting).unwrap_or_default();
        waiting.into_iter().map(|change| card(change, ask)).collect::<Vec<_>>()
    };
    view! {
        {cards}
        <ConfirmDialog
            open
            title=words(
                Words::fixed("确认这项调整？", "Confirm this change?"),
                Words::fixed("不同意这项调整？", "Decline this change?"),
            )
            confirm=words(Words::fixed("确认", "Confirm"), Words::fixed("不同意", "Decline"))
            on_confirm=run
            busy=order.busy()
        >
            <p>
                {words(
                    Words::fixed(
                        "确认后立即生效，您的姓名和时间会记录在案。",
                        "It holds at once. Your name and the time are recorded.",
                    ),
                    Words::fixed("这项调整从此作废，部门不变。", "It is void from now on; the unit stays as it is."),
                )}
            </p>
            <Problems order />
        </ConfirmDialog>
    }
    .into_any()
}

fn card(change: WaitingUnitChange, ask: Callback<(UnitChangeId, bool)>) -> AnyView {
    let (id, name) = (change.id, change.name.clone());
    let title = if change.to.is_some() {
        words!("移动“{name}”", "Move “{name}”")
    } else {
        words!("停用“{name}”", "Close “{name}”")
    };
    let place = |path: &[String]| path.join(" › ");
    let way = match &change.to {
        Some(to) => {
            let (from, to) = (place(&change.from), place(to));
            words!("{from} → {to}", "{from} → {to}")
        }
        None => Words::name(place(&change.from)),
    };
    let lines =
        change.consequences().into_iter().map(|words| view! { <li>{t(words)}</li> }).collect::<Vec<_>>();
    let (by, at) = (change.proposed_by.name, change.proposed_at.words());
    let (az, ae) = (at.zh, at.en);
    let barred = change.bar.is_some();
    let bar = change.bar.map(|bar| view! { <p class="x-small x-muted">{t(bar)}</p> });
    let confirm = (!barred).then(|| {
        view! {
            <Button
                label=t(Words::fixed("确认", "Confirm"))
                kind=ButtonKind::Primary
                on_click=move |()| ask.run((id, true))
            />
        }
    });
    let declines =
        if barred { Words::fixed("撤回", "Take it back") } else { Words::fixed("不同意", "Decline") };
    view! {
        <Card title=t(title)>
            <p class="x-prose">{t(way)}</p>
            <ul class="s-follows">{lines}</ul>
            <p class="x-small x-muted">{t(words!("{by} 于 {az} 提出", "Proposed by {by}, {ae}"))}</p>
            {bar}
            <div class="x-actions">
                {confirm} <Button label=t(declines) on_click=move |()| ask.run((id, false)) />
            </div>
        </Card>
    }
    .into_any()
}
