//! A part of a list that folds: a grade with its classes, a kind of change.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

/// What it holds is made when it is first opened: a school has thousands of rows.
#[component]
pub fn Fold(
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// A smaller line beside the heading.
    #[prop(into)]
    note: Signal<String>,
    /// What stands at the right of the heading.
    #[prop(optional, into)]
    trailing: ViewFn,
    /// Whether it lies open at first.
    is_open: bool,
    /// What it holds.
    rows: impl Fn() -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    let node = NodeRef::<html::Details>::new();
    let was_open = RwSignal::new(is_open);
    let toggled = move |_: ev::Event| {
        if node.get_untracked().is_some_and(|details| details.open()) {
            was_open.set(true);
        }
    };
    view! {
        <details class="x-card s-fold" node_ref=node prop:open=is_open on:toggle=toggled>
            <summary class="s-fold-head">
                <span class="s-fold-title">{title}</span>
                <span class="x-small x-muted">{note}</span>
                <span class="s-fold-end">{trailing.run()}</span>
            </summary>
            {move || was_open.get().then(&rows)}
        </details>
    }
    .into_any()
}
