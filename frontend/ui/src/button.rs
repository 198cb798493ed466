//! Buttons: one primary action per view, a busy state that keeps its width.

use leptos::prelude::*;

use crate::icon::{Icon, IconName};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do on this page.
    Primary,
    /// Everything else.
    #[default]
    Plain,
    /// A word among others.
    Quiet,
    /// Cannot be taken back.
    Danger,
}

impl ButtonKind {
    fn class(self, block: bool) -> String {
        let kind = match self {
            Self::Primary => "x-btn x-btn-primary",
            Self::Plain => "x-btn x-btn-plain",
            Self::Quiet => "x-btn x-btn-quiet",
            Self::Danger => "x-btn x-btn-danger",
        };
        if block { format!("{kind} x-btn-block") } else { kind.to_owned() }
    }
}

/// A button. While `busy` it turns a wheel, tells a screen reader, and takes no clicks.
#[component]
pub fn Button(
    /// The words on it.
    #[prop(into)]
    label: Signal<String>,
    /// Its weight.
    #[prop(optional)]
    kind: ButtonKind,
    /// What it does; a submit button needs none.
    #[prop(optional, into)]
    on_click: Option<Callback<()>>,
    /// Whether it submits the form around it.
    #[prop(optional)]
    submit: bool,
    /// Whether its work is under way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Whether it cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// An icon before the words.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// Whether it takes the whole width.
    #[prop(optional)]
    block: bool,
) -> impl IntoView {
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class(block)
            disabled=move || disabled.get()
            aria-busy=move || busy.get().then_some("true")
            on:click=move |event| {
                if busy.get_untracked() {
                    event.prevent_default();
                } else if let Some(act) = on_click {
                    act.run(());
                }
            }
        >
            <span class="x-btn-wheel" aria-hidden="true"></span>
            {icon.map(|name| view! { <Icon name /> })}
            <span class="x-btn-label">{label}</span>
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    /// Where it leads.
    #[prop(into)]
    href: Signal<String>,
    /// The words on it.
    #[prop(into)]
    label: Signal<String>,
    /// Its weight.
    #[prop(optional)]
    kind: ButtonKind,
    /// An icon before the words.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// Whether it takes the whole width.
    #[prop(optional)]
    block: bool,
) -> impl IntoView {
    view! {
        <a class=kind.class(block) href=move || href.get()>
            {icon.map(|name| view! { <Icon name /> })}
            <span class="x-btn-label">{label}</span>
        </a>
    }
    .into_any()
}
