//! Choosing one or several from a list that is seen at once.

use leptos::prelude::*;

use crate::form::{describe, notes};
use crate::fresh_id::fresh_id;

/// One entry of a [`CheckboxList`], [`RadioList`] or [`Segmented`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckOption {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// A second, smaller line; may be empty.
    pub note: String,
}

impl CheckOption {
    /// An entry without a note.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), note: String::new() }
    }

    /// The same entry with a note.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

fn group(
    legend: Signal<String>,
    hint: Signal<Option<String>>,
    error: Signal<Option<String>>,
    columns: bool,
    entries: impl Fn() -> Vec<AnyView> + Send + 'static,
) -> AnyView {
    let id = fresh_id("group");
    let described_by = describe(&id, hint, error);
    let notes = notes(&id, hint, error);
    view! {
        <fieldset
            class="x-field x-group"
            class:x-field-invalid=move || error.with(Option::is_some)
            aria-describedby=move || described_by.get()
        >
            <legend class="x-field-label">{legend}</legend>
            <div class="x-choices" class:x-choices-columns=columns>
                {entries}
            </div>
            {notes}
        </fieldset>
    }
    .into_any()
}

fn words(option: &CheckOption) -> AnyView {
    let note =
        (!option.note.is_empty()).then(|| view! { <span class="x-choice-note">{option.note.clone()}</span> });
    view! {
        <span class="x-choice-words">
            <span>{option.label.clone()}</span>
            {note}
        </span>
    }
    .into_any()
}

/// Any number of entries.
#[component]
pub fn CheckboxList(
    /// What is chosen here.
    #[prop(into)]
    legend: Signal<String>,
    /// The entries.
    #[prop(into)]
    options: Signal<Vec<CheckOption>>,
    /// The values chosen, in the order of choosing.
    chosen: RwSignal<Vec<String>>,
    /// What helps to choose.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with the choice.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Whether the entries are short and can stand side by side.
    #[prop(optional)]
    columns: bool,
) -> impl IntoView {
    let entries = move || {
        let entry = |option: CheckOption| {
            let words = words(&option);
            let value = option.value;
            let mine = value.clone();
            let checked = move || chosen.with(|c| c.contains(&mine));
            let toggle = move |event| {
                let on = event_target_checked(&event);
                chosen.update(|c| {
                    c.retain(|v| *v != value);
                    if on {
                        c.push(value.clone());
                    }
                });
            };
            view! {
                <label class="x-choice">
                    <input type="checkbox" prop:checked=checked on:change=toggle />
                    {words}
                </label>
            }
            .into_any()
        };
        options.get().into_iter().map(entry).collect()
    };
    group(legend, hint, error, columns, entries)
}

/// Exactly one entry.
#[component]
pub fn RadioList(
    /// What is chosen here.
    #[prop(into)]
    legend: Signal<String>,
    /// The entries.
    #[prop(into)]
    options: Signal<Vec<CheckOption>>,
    /// The value chosen.
    value: RwSignal<String>,
    /// What helps to choose.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with the choice.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Whether the entries are short and can stand side by side.
    #[prop(optional)]
    columns: bool,
) -> impl IntoView {
    let name = fresh_id("radio");
    let entries = move || {
        let entry = |option: CheckOption| {
            let words = words(&option);
            let mine = option.value.clone();
            let key = option.value.clone();
            view! {
                <label class="x-choice">
                    <input
                        type="radio"
                        name=name.clone()
                        value=key
                        prop:checked=move || value.with(|v| *v == mine)
                        on:change=move |_| value.set(option.value.clone())
                    />
                    {words}
                </label>
            }
            .into_any()
        };
        options.get().into_iter().map(entry).collect()
    };
    group(legend, hint, error, columns, entries)
}

/// A small set of views of the same list, one of which is shown.
#[component]
pub fn Segmented(
    /// What is switched, for screen readers.
    #[prop(into)]
    label: Signal<String>,
    /// The views.
    #[prop(into)]
    options: Signal<Vec<CheckOption>>,
    /// The value of the one shown.
    value: RwSignal<String>,
) -> impl IntoView {
    let entries = move || {
        let entry = |option: CheckOption| {
            let mine = option.value.clone();
            let note = (!option.note.is_empty())
                .then(|| view! { <span class="x-segment-note">{option.note.clone()}</span> });
            view! {
                <button
                    type="button"
                    class="x-segment"
                    aria-pressed=move || if value.with(|v| *v == mine) { "true" } else { "false" }
                    on:click=move |_| value.set(option.value.clone())
                >
                    {option.label}
                    {note}
                </button>
            }
        };
        options.get().into_iter().map(entry).collect::<Vec<_>>()
    };
    view! {
        <div class="x-segmented" role="group" aria-label=move || label.get()>
            {entries}
        </div>
    }
    .into_any()
}
