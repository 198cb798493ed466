//! What several pages need: showing what is read, and what went wrong.

use domain::api;
use domain::message::MessageState;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use ui::{ErrorState, Skeleton, Tone};

use crate::api::{Load, Order, Query, use_api};
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
        MessageState::Returned | MessageState::Paused | MessageState::Stopped => Tone::Warning,
        MessageState::Sent => Tone::Good,
    }
}

/// Asks again who is signed in and how many messages wait for a decision. Not for when an answer has come:
/// see [`me_refresher`].
pub fn refresh_me() {
    me_refresher()();
}

/// [`refresh_me`] for when an answer has come: taken inside a component, because
/// what runs after an await no longer finds the app's context.
pub fn me_refresher() -> impl Fn() + Copy + 'static {
    let (api, session) = (use_api(), use_session());
    move || {
        spawn_local(async move {
            if let Ok(me) = api.get(api::ME).await {
                session.enter(me);
            }
        });
    }
}
