//! What several pages of messages need.

use std::time::Duration;

use domain::message::MessageState;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, t};

/// Where a message stands, in a word.
#[component]
pub fn StateBadge(state: MessageState) -> impl IntoView {
    view! { <Badge tone=crate::common::state_tone(state) label=t(state.title()) /> }.into_any()
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
