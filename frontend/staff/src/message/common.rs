//! What several pages of messages need.

use std::time::Duration;

use domain::approval::StepKind;
use domain::message::MessageState;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Tone, t};

/// Where a message stands, in a word: what is asked of the reader, where it waits for the reader.
#[component]
pub fn StateBadge(state: MessageState, asked: Option<StepKind>, thrown_away: bool) -> impl IntoView {
    let (tone, words) = match asked {
        Some(kind) => (Tone::Warning, kind.asked()),
        None if thrown_away => (Tone::Neutral, Words::fixed("已删除的草稿", "Deleted draft")),
        None => (crate::common::state_tone(state), state.title()),
    };
    view! { <Badge tone label=t(words) /> }.into_any()
}

/// A title, or that there is none yet.
pub fn title_or_none(title: &str) -> Words {
    if title.trim().is_empty() {
        Words::fixed("（还没有标题）", "(no title yet)")
    } else {
        Words::name(title)
    }
}

/// Several words as one list.
pub fn join(parts: &[Words]) -> Words {
    let in_lang =
        |pick: fn(&Words) -> &str, comma: &str| parts.iter().map(pick).collect::<Vec<_>>().join(comma).into();
    Words { zh: in_lang(|w| &w.zh, "、"), en: in_lang(|w| &w.en, ", ") }
}

/// Calls `act` again and again while the page is open and its tab is in front.
pub fn every(interval: Duration, act: impl Fn() + 'static) {
    let handle = set_interval_with_handle(
        move || {
            if !document().hidden() {
                act();
            }
        },
        interval,
    );
    if let Ok(handle) = handle {
        on_cleanup(move || handle.clear());
    }
}
