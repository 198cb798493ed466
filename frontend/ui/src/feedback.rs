//! How things stand: badges, progress, and what is shown when there is
//! nothing, not yet something, or something went wrong.

use domain::problem::Problem;
use domain::words::Words;
use leptos::prelude::*;

use crate::button::Button;
use crate::icon::{Icon, IconName};
use crate::lang::t;

/// What a colour says. Words say the same: colour never stands alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Neutral,
    /// Under way, good to know.
    Info,
    /// Done.
    Good,
    /// Somebody should look.
    Warning,
    /// Wrong.
    Danger,
}

impl Tone {
    /// The class that colours an element.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "x-tone-neutral",
            Self::Info => "x-tone-info",
            Self::Good => "x-tone-good",
            Self::Warning => "x-tone-warning",
            Self::Danger => "x-tone-danger",
        }
    }

    pub(crate) fn icon(self) -> IconName {
        match self {
            Self::Neutral | Self::Info => IconName::Info,
            Self::Good => IconName::Done,
            Self::Warning | Self::Danger => IconName::Warning,
        }
    }
}

/// A state in a word or two.
#[component]
pub fn Badge(
    /// Its colour.
    #[prop(optional, into)]
    tone: Signal<Tone>,
    /// The word.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    view! { <span class=move || format!("x-badge {}", tone.get().class())>{label}</span> }.into_any()
}

/// A remark that stands on the page: what holds now, and what to do.
#[component]
pub fn Banner(
    /// Its colour.
    #[prop(optional)]
    tone: Tone,
    /// The sentence.
    #[prop(into)]
    title: Signal<String>,
    /// More about it, a link, a button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class=format!("x-banner {}", tone.class()) role=(tone == Tone::Danger).then_some("alert")>
            <Icon name=tone.icon() />
            <div class="x-banner-words">
                <p class="x-banner-title">{title}</p>
                {children.map(|c| c())}
            </div>
        </div>
    }
    .into_any()
}

/// How far something has got; without a value it only shows that it goes on.
#[component]
pub fn Progress(
    /// What is under way.
    #[prop(into)]
    label: Signal<String>,
    /// From 0 to 1, where it is known.
    #[prop(optional, into)]
    value: Signal<Option<f64>>,
) -> impl IntoView {
    view! {
        <div class="x-progress" role="status">
            <span>{label}</span>
            <progress max="1" value=move || value.get() aria-label=move || label.get()></progress>
        </div>
    }
    .into_any()
}

/// A number with its name.
#[component]
pub fn Stat(
    /// What is counted.
    #[prop(into)]
    label: Signal<String>,
    /// How many.
    #[prop(into)]
    value: Signal<String>,
    /// Its colour.
    #[prop(optional, into)]
    tone: Signal<Tone>,
) -> impl IntoView {
    view! {
        <div class=move || format!("x-stat {}", tone.get().class())>
            <dt>{label}</dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}

/// A list with nothing in it: says why, and what to do.
#[component]
pub fn EmptyState(
    /// A picture of what would stand here.
    #[prop(default = IconName::Message)]
    icon: IconName,
    /// What is not there.
    #[prop(into)]
    title: Signal<String>,
    /// Why, and what to do.
    #[prop(optional, into)]
    note: Signal<Option<String>>,
    /// A button that does it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="x-empty">
            <span class="x-empty-icon"><Icon name=icon /></span>
            <p class="x-empty-title">{title}</p>
            <p class="x-empty-note" hidden=move || note.with(Option::is_none)>
                {move || note.get()}
            </p>
            {children.map(|c| view! { <div class="x-empty-action">{c()}</div> })}
        </div>
    }
    .into_any()
}

/// What went wrong, in the words of the problem, and «try again».
#[component]
pub fn ErrorState(
    /// What went wrong.
    problem: Problem,
    /// Tries again.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let again = retry.map(|retry| {
        view! {
            <Button label=t(Words::fixed("重试", "Try again")) icon=IconName::Again on_click=retry />
        }
    });
    let fields = problem
        .errors
        .into_iter()
        .filter(|e| e.message != problem.title)
        .map(|e| view! { <li>{e.message}</li> })
        .collect::<Vec<_>>();
    let fields = (!fields.is_empty()).then(|| view! { <ul class="x-error-list">{fields}</ul> });
    view! {
        <div class="x-error" role="alert">
            <span class="x-empty-icon"><Icon name=IconName::Warning /></span>
            <p class="x-empty-title">{problem.title}</p>
            {problem.detail.map(|d| view! { <p class="x-empty-note">{d}</p> })}
            {fields}
            {again.map(|b| view! { <div class="x-empty-action">{b}</div> })}
        </div>
    }
    .into_any()
}

/// Grey lines where text will stand in a moment.
#[component]
pub fn Skeleton(
    /// How many lines.
    #[prop(default = 4)]
    lines: usize,
) -> impl IntoView {
    let bars = (0..lines).map(|_| view! { <span class="x-skeleton-line"></span> }).collect::<Vec<_>>();
    view! {
        <div class="x-skeleton" role="status">
            <span class="x-hidden">{t(Words::fixed("正在加载…", "Loading…"))}</span>
            {bars}
        </div>
    }
    .into_any()
}
