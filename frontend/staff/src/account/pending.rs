//! Slips that hand over power: those that wait for a second person, and those
//! that their owner knows nothing of.

use domain::account::{Slip, SlipState, SlipView};
use domain::api;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Card, Tone, t, use_toasts};

use crate::api::{Order, Query};
use crate::common::Problems;

/// For a leader of the school, who manages no accounts and may be the second person: on the start page.
#[component]
pub fn SlipsToConfirm(slips: RwSignal<Vec<Slip>>) -> impl IntoView {
    let pending = Query::new(|| api::SLIPS.into());
    view! { <PendingSlips pending slips /> }
}

/// Nothing where there is none. A confirmed slip is shown once, by `slips`.
#[component]
pub fn PendingSlips(pending: Query<Vec<SlipView>>, slips: RwSignal<Vec<Slip>>) -> impl IntoView {
    move || {
        let all = pending.value().unwrap_or_default();
        (!all.is_empty()).then(|| {
            let rows = all.into_iter().map(|slip| view! { <Pending slip pending slips /> }).collect::<Vec<_>>();
            view! {
                <Card title=t(Words::fixed("须两人办理的开通单", "Slips that take two people"))>
                    <p class="x-small x-muted">
                        {t(Words::fixed(
                            "有权审批、管理账号的人，以及账号已开通的人，领开通单须由申请人和本人以外的另一位管理账号的人或校领导确认，才会有链接。",
                            "For somebody who decides or manages accounts, or whose account is active, another person who manages accounts, or a leader of the school, has to confirm: neither who ordered the slip nor the owner. Only then is there a link.",
                        ))}
                    </p>
                    <ul class="s-pending">{rows}</ul>
                </Card>
            }
        })
    }
}

#[component]
fn Pending(slip: SlipView, pending: Query<Vec<SlipView>>, slips: RwSignal<Vec<Slip>>) -> impl IntoView {
    let toasts = use_toasts();
    let order = Order::new();
    let id = slip.id;
    let confirm = move |()| {
        order.call(api::CONFIRM_SLIP.at(id), move |slip| {
            pending.reload();
            slips.set(vec![slip]);
        });
    };
    let decline = move |()| {
        order.call(api::DECLINE_SLIP.at(id), move |()| {
            toasts.done(Words::fixed("已作废", "Declined"));
            pending.reload();
        });
    };
    let (by, at, until) = (slip.ordered_by.name, slip.ordered_at.words(), slip.until.words());
    let (az, ae, uz, ue) = (at.zh, at.en, until.zh, until.en);
    let second = slip.confirmed_by.map(|c| c.name).unwrap_or_default();
    let (tone, state, note) = match slip.state {
        SlipState::Waiting => (
            Tone::Warning,
            Words::fixed("待确认", "Waits"),
            words!("{by} 于 {az} 申请，{uz} 前有效", "Ordered by {by} on {ae}, lapses on {ue}"),
        ),
        SlipState::Reported => (
            Tone::Danger,
            Words::fixed("本人否认", "Not the owner"),
            words!(
                "{by} 申请，{second} 确认，{uz} 使用；本人说不是自己重设的",
                "Ordered by {by}, confirmed by {second}, used on {ue}; its owner says it was somebody else"
            ),
        ),
    };
    let waits = slip.state == SlipState::Waiting;
    let (declines, others) = if slip.may_confirm {
        (Words::fixed("不同意", "Decline"), None)
    } else {
        let others = Words::fixed("须由另一人确认", "Another person has to confirm it");
        (Words::fixed("撤销申请", "Take it back"), Some(others))
    };
    let may_confirm = slip.may_confirm;
    view! {
        <li class="s-pending-slip">
            <div class="x-row x-row-between">
                <span>{slip.owner.name} " " <span class="x-muted x-small">{slip.owner.number}</span></span>
                <Badge tone label=t(state) />
            </div>
            <p class="x-small x-muted">{t(note)}</p>
            {waits
                .then(|| {
                    view! {
                        {others.map(|words| view! { <p class="x-small">{t(words)}</p> })}
                        <div class="x-actions">
                            {may_confirm
                                .then(|| {
                                    view! {
                                        <Button
                                            label=t(Words::fixed("确认并打印", "Confirm and print"))
                                            kind=ButtonKind::Primary
                                            busy=order.busy()
                                            on_click=confirm
                                        />
                                    }
                                })} <Button label=t(declines) busy=order.busy() on_click=decline />
                        </div>
                        <Problems order />
                    }
                })}
        </li>
    }
    .into_any()
}
