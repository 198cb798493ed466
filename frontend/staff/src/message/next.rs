//! Several small ones in a row: after one decision the next message opens.

use domain::api;
use domain::ids::MessageId;
use domain::message::{MessageBox, MessageList};
use domain::words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Tone, use_toasts};

use crate::api::use_api;
use crate::route::{Route, use_router};

/// Opens the next message that waits for the reader's decision (下一条), who has waited longest first, and says
/// how many there are: several small ones are decided in a row without going back to a list.
pub fn next_one(decided: MessageId) -> Callback<()> {
    let (api, router, toasts) = (use_api(), use_router(), use_toasts());
    Callback::new(move |()| {
        let here = router.here();
        spawn_local(async move {
            let waiting = api.get(api::MESSAGES.with(api::BOX, MessageBox::Waiting)).await;
            let Ok(MessageList { messages, next, .. }) = waiting else { return };
            let mut left: Vec<_> =
                messages.into_iter().filter(|m| m.asked.is_some() && m.id != decided).collect();
            left.sort_by_key(|m| (m.since, m.id));
            let (n, more) = (left.len(), if next.is_some() { "+" } else { "" });
            // Who has gone elsewhere meanwhile is left alone.
            if router.here() != here {
                return;
            }
            let Some(first) = left.first() else { return };
            toasts.show(
                Tone::Info,
                words!("下一条（还有 {n}{more} 条待您办理）", "Next one ({n}{more} left for you)"),
            );
            router.go(&Route::Message(first.id).path());
        });
    })
}
