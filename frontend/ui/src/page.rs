//! A page: its heading, the way back, what can be done, and its content.

use domain::words::Words;
use leptos::html;
use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::lang::t;

/// In the context: where «back» leads on a phone from a page that names no way back itself. On a
/// desk the rail stands beside it.
#[derive(Clone, Copy)]
pub struct PhoneBack(pub Signal<Option<String>>);

/// The frame of every screen; sets the browser's title and takes the focus,
/// so that a screen reader reads the new page's heading.
#[component]
pub fn Page(
    /// The heading.
    #[prop(into)]
    title: Signal<String>,
    /// Where «back» leads; the rail's own pages have none on a desk, see [`PhoneBack`].
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
    let arrow = |href: Signal<String>, class: &'static str| {
        let label = t(Words::fixed("返回", "Back"));
        view! {
            <a class=class href=move || href.get() aria-label=move || label.get()>
                <Icon name=IconName::Back />
            </a>
        }
    };
    let back = match (back, use_context::<PhoneBack>()) {
        (Some(href), _) => Some(arrow(href.into(), "x-page-back").into_any()),
        (None, Some(PhoneBack(to))) => {
            let leads = Memo::new(move |_| to.with(Option::is_some));
            let href = Signal::derive(move || to.get().unwrap_or_default());
            Some((move || leads.get().then(|| arrow(href, "x-page-back x-page-back-phone"))).into_any())
        }
        (None, None) => None,
    };
    view! {
        <div class="x-page" class:x-page-narrow=narrow>
            <header class="x-page-head">
                {back} <h1 node_ref=heading tabindex="-1">
                    {title}
                </h1> <div class="x-page-actions">{move || actions.run()}</div>
            </header>
            <div class="x-page-body">{children()}</div>
        </div>
    }
    .into_any()
}
