//! A page: its heading, the way back, what can be done, and its content.

use domain::words::Words;
use leptos::html;
use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::lang::t;

/// The frame of every screen; sets the browser's title and takes the focus,
/// so that a screen reader reads the new page's heading.
#[component]
pub fn Page(
    /// The heading.
    #[prop(into)]
    title: Signal<String>,
    /// Where «back» leads; the rail's own pages have none.
    #[prop(optional, into)]
    back: Option<String>,
    /// What can be done with the whole page, at the right of the heading.
    #[prop(optional, into)]
    actions: ViewFn,
    /// Whether it is a form or a text, which reads badly when it is wide.
    #[prop(optional)]
    narrow: bool,
    /// The content.
    children: Children,
) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    Effect::new(move |_| document().set_title(&title.get()));
    Effect::new(move |_| {
        if let Some(h1) = heading.get() {
            // Nothing is lost where the browser refuses the focus.
            let _ = h1.focus();
        }
    });
    let back = back.map(|href| {
        let label = t(Words::fixed("返回", "Back"));
        view! {
            <a class="x-page-back" href=href aria-label=move || label.get()>
                <Icon name=IconName::Back />
            </a>
        }
    });
    view! {
        <div class="x-page" class:x-page-narrow=narrow>
            <header class="x-page-head">
                {back} <h1 node_ref=heading tabindex="-1">
                    {title}
                </h1> <div class="x-page-actions">{actions.run()}</div>
            </header>
            <div class="x-page-body">{children()}</div>
        </div>
    }
    .into_any()
}
