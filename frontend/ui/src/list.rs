//! Cards, lists and facts: how things stand on a page.

use leptos::prelude::*;

use crate::fresh_id::fresh_id;
use crate::icon::{Icon, IconName};

/// A titled part of a page.
#[component]
pub fn Card(
    /// Its heading; none for a part that needs no name.
    #[prop(optional, into)]
    title: Option<Signal<String>>,
    /// What stands at the right of the heading.
    #[prop(optional, into)]
    actions: ViewFn,
    /// Whether lists inside reach its edges.
    #[prop(optional)]
    flush: bool,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    let id = fresh_id("card");
    let labelled = title.map(|_| id.clone());
    let heading = title.map(|title| {
        view! {
            <div class="x-card-head">
                <h2 id=id>{title}</h2>
                {actions.run()}
            </div>
        }
    });
    view! {
        <section class="x-card" class:x-card-flush=flush aria-labelledby=labelled>
            {heading}
            <div class="x-card-body">{children()}</div>
        </section>
    }
    .into_any()
}

/// A list of [`ListItem`]s.
#[component]
pub fn List(
    /// What is listed, for screen readers.
    #[prop(into)]
    label: Signal<String>,
    /// The items.
    children: Children,
) -> impl IntoView {
    view! {
        <ul class="x-list" aria-label=move || label.get()>
            {children()}
        </ul>
    }
    .into_any()
}

/// One line of a list: a link where it leads somewhere.
#[component]
pub fn ListItem(
    /// Where it leads.
    #[prop(optional, into)]
    href: Option<String>,
    /// The line itself.
    #[prop(into)]
    title: Signal<String>,
    /// A second, smaller line.
    #[prop(optional, into)]
    note: Signal<Option<String>>,
    /// An icon before it.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// What stands at its right: a [`crate::Badge`], a number.
    #[prop(optional, into)]
    trailing: ViewFn,
) -> impl IntoView {
    let body = view! {
        {icon.map(|name| view! { <span class="x-item-icon"><Icon name /></span> })}
        <span class="x-item-words">
            <span class="x-item-title">{title}</span>
            <span class="x-item-note" hidden=move || note.with(Option::is_none)>
                {move || note.get()}
            </span>
        </span>
        <span class="x-item-end">{trailing.run()}</span>
    };
    let item = match href {
        Some(href) => view! {
            <a class="x-item x-item-link" href=href>
                {body}
                <span class="x-item-arrow"><Icon name=IconName::Forward /></span>
            </a>
        }
        .into_any(),
        None => view! { <div class="x-item">{body}</div> }.into_any(),
    };
    view! { <li>{item}</li> }.into_any()
}

/// Names and values: a definition list.
#[component]
pub fn Facts(
    /// The [`Fact`]s.
    children: Children,
) -> impl IntoView {
    view! { <dl class="x-facts">{children()}</dl> }.into_any()
}

/// One name with its value.
#[component]
pub fn Fact(
    /// The name.
    #[prop(into)]
    label: Signal<String>,
    /// The value.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="x-fact">
            <dt>{label}</dt>
            <dd>{children()}</dd>
        </div>
    }
    .into_any()
}
