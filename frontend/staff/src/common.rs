//! What several pages need: showing what is read, and what went wrong.

use domain::api;
use domain::message::{MessageState, MessageSummary};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use ui::{Badge, ErrorState, ListItem, Skeleton, Tone, t};

use crate::api::{Load, Order, Query, use_api};
use crate::route::Route;
use crate::session::use_session;

/// Shows what a [`Query`] reads: grey lines while it is read, the answer, or
/// what went wrong with «try again».
#[component]
pub fn Loaded<T, F>(
    query: Query<T>,
    /// The view of the answer.
    show: F,
    /// Grey lines while it is read.
    #[prop(default = 6)]
    lines: usize,
    /// Whether it is inside a card already.
    #[prop(optional)]
    bare: bool,
) -> impl IntoView
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
    F: Fn(T) -> AnyView + Send + Sync + 'static,
{
    let state = query.state();
    let class = if bare { "" } else { "x-card" };
    let view = move || match state.get() {
        Load::Waiting => view! { <div class=class><Skeleton lines /></div> }.into_any(),
        Load::Ready(value) => show(value),
        Load::Failed(problem) => {
            let retry = Callback::new(move |()| query.reload());
            view! { <div class=class><ErrorState problem retry /></div> }.into_any()
        }
    };
    view.into_any()
}

/// Shows what went wrong with an order, above its form; an error of one field
/// is shown at that field as well.
#[component]
pub fn Problems(order: Order) -> impl IntoView {
    let problem = order.problem();
    let shown = move || {
        problem.get().map(|p| {
            let detail = p.detail.map(|d| view! { <p>{d}</p> });
            let fields = p
                .errors
                .into_iter()
                .filter(|e| e.message != p.title)
                .map(|e| view! { <li>{e.message}</li> })
                .collect::<Vec<_>>();
            view! {
                <ui::Banner tone=ui::Tone::Danger title=p.title>
                    {detail}
                    <ul>{fields}</ul>
                </ui::Banner>
            }
        })
    };
    view! { <div class="s-problems">{shown}</div> }.into_any()
}

/// The colour of a message's state.
pub fn state_tone(state: MessageState) -> Tone {
    match state {
        MessageState::Draft | MessageState::Withdrawn | MessageState::Cancelled => Tone::Neutral,
        MessageState::Submitted | MessageState::Approved | MessageState::Sending => Tone::Info,
        MessageState::Returned | MessageState::Paused => Tone::Warning,
        MessageState::Sent => Tone::Good,
    }
}

/// One message in a list: title, audience, author, date and state.
#[component]
pub fn MessageItem(message: MessageSummary) -> impl IntoView {
    let MessageSummary { id, title, audience, state, author, changed_at, funnel, .. } = message;
    let title = if title.trim().is_empty() {
        Words::fixed("（无标题）", "(no title)")
    } else {
        Words::name(title)
    };
    let when = changed_at.words();
    let (to, at) = ((audience.zh, audience.en), (when.zh, when.en));
    let done = funnel.filter(|f| f.phones > 0).map(|f| {
        let (sure, all) = (f.confirmed, f.phones);
        words!(" · {sure}/{all} 已确认", " · {sure} of {all} confirmed")
    });
    let done = done.unwrap_or_else(|| Words::name(""));
    let note = Words {
        zh: format!("{} · {author} · {}{}", to.0, at.0, done.zh).into(),
        en: format!("{} · {author} · {}{}", to.1, at.1, done.en).into(),
    };
    let trailing = move || view! { <Badge tone=state_tone(state) label=t(state.title()) /> };
    view! { <ListItem href=Route::Message(id).path() title=t(title) note=t(note) trailing /> }.into_any()
}

/// Asks again who is signed in and how many messages wait for a decision.
pub fn refresh_me() {
    let (api, session) = (use_api(), use_session());
    spawn_local(async move {
        if let Ok(me) = api.get(api::ME).await {
            session.enter(me);
        }
    });
}
