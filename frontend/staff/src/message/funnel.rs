//! How far a message has got: approved → with the carrier → delivered → opened →
//! confirmed, counted in phones, and those that failed or were skipped.

use domain::delivery::Funnel;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Tone, t, tw};

/// Counts one step.
type Count = fn(&Funnel) -> u32;
/// Says how many.
type Say = fn(u32) -> Words;

/// Phones whose SMS was given to the provider, whatever came of it.
fn submitted(f: &Funnel) -> u32 {
    f.phones.saturating_sub(f.waiting + f.skipped)
}

/// A share in thousandths. Integers, because formatting floats adds much code.
fn share_of(part: u32, whole: u32) -> u32 {
    (u64::from(part) * 1000).checked_div(u64::from(whole)).map_or(0, |s| s.min(1000) as u32)
}

/// A thin bar with the same colours everywhere: confirmed, delivered, on the way, failed.
#[component]
pub fn MiniBar(funnel: Funnel) -> impl IntoView {
    let confirmed = funnel.confirmed.min(funnel.delivered);
    let shares = [
        ("m-bar-confirmed", confirmed),
        ("m-bar-delivered", funnel.delivered - confirmed),
        ("m-bar-accepted", funnel.accepted),
        ("m-bar-failed", funnel.failed + funnel.unknown + funnel.skipped),
    ];
    let mut x = 0;
    let bars = shares.map(|(class, n)| {
        let (start, width) = (x, share_of(n, funnel.phones));
        x += width;
        view! { <rect class=class x=start.to_string() y="0" width=width.to_string() height="6"></rect> }
    });
    // Screen readers read the numbers beside it.
    view! {
        <svg class="m-bar" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
            {bars.into_iter().collect::<Vec<_>>()}
        </svg>
    }
    .into_any()
}

/// The funnel, live: each step with its number, its share and a bar.
#[component]
pub fn FunnelSteps(funnel: Signal<Funnel>) -> impl IntoView {
    let steps: [(Words, Count); 5] = [
        (Words::fixed("已批准", "Approved"), |f| f.phones),
        (Words::fixed("已交运营商", "With carrier"), submitted),
        (Words::fixed("已送达", "Delivered"), |f| f.delivered),
        (Words::fixed("已打开", "Opened"), |f| f.opened),
        (Words::fixed("已确认", "Confirmed"), |f| f.confirmed),
    ];
    let rows = steps.map(|(label, count)| {
        let number = move || funnel.with(count);
        let share = move || share_of(number(), funnel.with(|f| f.phones));
        view! {
            <li class="m-step">
                <span class="m-step-label">{t(label)}</span>
                <span class="m-step-bar">
                    <svg class="m-bar" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
                        <rect class="m-bar-confirmed" x="0" y="0" width=move || share().to_string() height="6"></rect>
                    </svg>
                </span>
                <span class="m-step-number x-num">{number}</span>
                <span class="m-step-share x-num">{move || format!("{}%", share() / 10)}</span>
            </li>
        }
    });
    let remarks: [(Tone, Count, Say); 5] = [
        (Tone::Info, |f| f.waiting, |n| words!("{n} 部等待发出", "{n} waiting")),
        (
            Tone::Info,
            |f| f.accepted,
            |n| words!("{n} 部已交运营商，等回执", "{n} with the carrier, receipt awaited"),
        ),
        (
            Tone::Warning,
            |f| f.unknown,
            |n| words!("{n} 部结果待查，系统正在核实", "{n} with unknown outcome, being checked"),
        ),
        (Tone::Danger, |f| f.failed, |n| words!("{n} 部没有送达", "{n} not delivered")),
        (Tone::Neutral, |f| f.skipped, |n| words!("{n} 部未发送", "{n} not sent")),
    ];
    let remarks = remarks.map(|(tone, count, words)| {
        let number = move || funnel.with(count);
        view! {
            <li class=format!("x-badge {}", tone.class()) hidden=move || number() == 0>
                {tw(move || words(number()))}
            </li>
        }
    });
    let done = move || funnel.with(|f| share_of(f.confirmed, f.phones));
    let everybody = move || funnel.with(|f| f.phones > 0 && f.confirmed == f.phones);
    let figure = tw(move || {
        let (n, of) = funnel.with(|f| (f.confirmed, f.phones));
        if everybody() {
            Words::fixed("全部确认了，辛苦了", "Everybody has confirmed: well done")
        } else {
            words!("{of} 部手机中 {n} 部已确认", "{n} of {of} phones have confirmed")
        }
    });
    let opened = t(Words::fixed(
        "按接收手机计。“已打开”仅供参考：有的手机会自动预读链接。",
        "Counted in phones. “Opened” is a hint only: some phones fetch links by themselves.",
    ));
    view! {
        <div class="m-ring-row">
            <svg class="m-ring" viewBox="0 0 64 64" aria-hidden="true">
                <circle class="m-ring-all" cx="32" cy="32" r="27"></circle>
                <circle
                    class="m-ring-done"
                    cx="32"
                    cy="32"
                    r="27"
                    pathLength="1000"
                    stroke-dasharray=move || format!("{} 1000", done())
                ></circle>
                <text class="m-ring-share x-num" x="32" y="37">{move || format!("{}%", done() / 10)}</text>
            </svg>
            <p class="m-ring-words x-num">{figure}</p>
        </div>
        <ol class="m-funnel">{rows.into_iter().collect::<Vec<_>>()}</ol>
        <ul class="x-row">{remarks.into_iter().collect::<Vec<_>>()}</ul>
        <p class="x-small x-muted">{opened}</p>
    }
    .into_any()
}
