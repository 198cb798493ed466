//! Form fields. [`FormField`] owns label, hint and error; the control inside
//! takes its `id` and what describes it from there.

use domain::words::Words;
use leptos::context::Provider;
use leptos::prelude::*;

use crate::fresh_id::fresh_id;
use crate::lang::tw;

/// What a control has to refer to.
#[derive(Clone)]
pub(crate) struct FieldContext {
    pub id: String,
    pub described_by: Signal<Option<String>>,
    pub invalid: Signal<bool>,
    pub required: bool,
}

impl FieldContext {
    /// The field around this control, or a lone one.
    fn get() -> Self {
        use_context().unwrap_or_else(|| Self {
            id: fresh_id("control"),
            described_by: Signal::default(),
            invalid: Signal::default(),
            required: false,
        })
    }
}

/// The ids of hint and error, as far as they are there.
pub(crate) fn describe(
    id: &str,
    hint: Signal<Option<String>>,
    error: Signal<Option<String>>,
) -> Signal<Option<String>> {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    Signal::derive(move || {
        let mut ids = Vec::new();
        if error.with(Option::is_some) {
            ids.push(error_id.as_str());
        }
        if hint.with(Option::is_some) {
            ids.push(hint_id.as_str());
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    })
}

/// The lines under a control: its hint, and what is wrong with it.
pub(crate) fn notes(id: &str, hint: Signal<Option<String>>, error: Signal<Option<String>>) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    view! {
        <div class="x-field-notes">
            <p class="x-field-error" id=error_id role="alert" hidden=move || error.with(Option::is_none)>
                {move || error.get()}
            </p>
            <p class="x-field-hint" id=hint_id hidden=move || hint.with(Option::is_none)>
                {move || hint.get()}
            </p>
        </div>
    }
    .into_any()
}

/// One labelled control with its hint and its error.
#[component]
pub fn FormField(
    /// The label.
    #[prop(into)]
    label: Signal<String>,
    /// What helps to fill it in.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Whether it has to be filled in.
    #[prop(optional)]
    required: bool,
    /// A [`TextInput`], [`TextArea`] or [`Select`].
    children: Children,
) -> impl IntoView {
    let id = fresh_id("field");
    let invalid = Signal::derive(move || error.with(Option::is_some));
    // For the control inside alone: a component is no scope of its own, and a
    // lone control further down the page would take this field's id.
    let context =
        FieldContext { id: id.clone(), described_by: describe(&id, hint, error), invalid, required };
    let notes = notes(&id, hint, error);
    view! {
        <div class="x-field" class:x-field-invalid=move || invalid.get()>
            <label class="x-field-label" for=id>
                {label}
            </label>
            <Provider value=context>{children()}</Provider>
            {notes}
        </div>
    }
    .into_any()
}

/// One line of text. A password can be shown while it is typed: a long sentence typed blind on a phone is often wrong.
#[component]
pub fn TextInput(
    /// What is typed.
    value: RwSignal<String>,
    /// The input's `type`: `text`, `password`, `tel`, `datetime-local`, `search`, ….
    #[prop(default = "text")]
    kind: &'static str,
    /// For password managers: `username`, `current-password`, `new-password`, ….
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// An example, never a label.
    #[prop(optional, into)]
    placeholder: Signal<String>,
    /// Label for screen readers where no [`FormField`] stands around it.
    #[prop(optional, into)]
    label: Option<Signal<String>>,
    /// Whether it cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// The earliest value of a time.
    #[prop(optional, into)]
    min: Option<String>,
    /// The latest value of a time.
    #[prop(optional, into)]
    max: Option<String>,
) -> impl IntoView {
    let field = FieldContext::get();
    let shown = RwSignal::new(false);
    let is_password = kind == "password";
    let reveal = is_password.then(|| view! { <Reveal shown input=field.id.clone() /> });
    let input = view! {
        <input
            class="x-input"
            id=field.id
            type=move || if shown.get() { "text" } else { kind }
            autocomplete=autocomplete
            autocapitalize="off"
            spellcheck="false"
            placeholder=move || Some(placeholder.get()).filter(|p| !p.is_empty())
            aria-label=move || label.map(|l| l.get())
            aria-describedby=move || field.described_by.get()
            aria-invalid=move || field.invalid.get().then_some("true")
            aria-required=field.required.then_some("true")
            disabled=move || disabled.get()
            min=min
            max=max
            prop:value=move || value.get()
            on:input=move |event| value.set(event_target_value(&event))
        />
    };
    match reveal {
        Some(reveal) => view! { <div class="x-password">{input} {reveal}</div> }.into_any(),
        None => input.into_any(),
    }
}

/// The button that shows a password and hides it again.
#[component]
fn Reveal(shown: RwSignal<bool>, input: String) -> impl IntoView {
    let words =
        tw(move || if shown.get() { Words::fixed("隐藏", "Hide") } else { Words::fixed("显示", "Show") });
    // What the button acts on is told by `aria-controls`: a label of its own that names the password would be
    // taken for the field's.
    view! {
        <button
            type="button"
            class="x-reveal"
            aria-controls=input
            aria-pressed=move || if shown.get() { "true" } else { "false" }
            on:click=move |_| shown.update(|s| *s = !*s)
        >
            {words}
        </button>
    }
    .into_any()
}

/// Several lines of text, with a counter where there is a limit.
#[component]
pub fn TextArea(
    /// What is typed.
    value: RwSignal<String>,
    /// Lines shown.
    #[prop(default = 5)]
    rows: u32,
    /// Most characters; more can be typed, and the counter says so.
    #[prop(optional, into)]
    max: Option<usize>,
    /// An example, never a label.
    #[prop(optional, into)]
    placeholder: Signal<String>,
    /// Whether it cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let field = FieldContext::get();
    let counter = max.map(|max| {
        let used = Memo::new(move |_| value.with(|v| v.chars().count()));
        view! {
            <span class="x-counter" class:x-counter-over=move || { used.get() > max }>
                {move || used.get()}
                " / "
                {max}
            </span>
        }
    });
    view! {
        <div class="x-textarea">
            <textarea
                class="x-input"
                id=field.id
                rows=rows
                placeholder=move || Some(placeholder.get()).filter(|p| !p.is_empty())
                aria-describedby=move || field.described_by.get()
                aria-invalid=move || field.invalid.get().then_some("true")
                aria-required=field.required.then_some("true")
                disabled=move || disabled.get()
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
            {counter}
        </div>
    }
    .into_any()
}

/// One entry of a [`Select`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectOption {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: String,
}

impl SelectOption {
    /// An entry.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// A choice of one among many.
#[component]
pub fn Select(
    /// The chosen entry's value.
    value: RwSignal<String>,
    /// The entries.
    #[prop(into)]
    options: Signal<Vec<SelectOption>>,
    /// Shown while nothing is chosen.
    #[prop(optional, into)]
    prompt: Option<Signal<String>>,
    /// Label for screen readers where no [`FormField`] stands around it.
    #[prop(optional, into)]
    label: Option<Signal<String>>,
    /// Whether it cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let field = FieldContext::get();
    let entries = move || {
        let chosen = value.get();
        let entry = |o: SelectOption| {
            let selected = o.value == chosen;
            view! {
                <option value=o.value selected=selected>
                    {o.label}
                </option>
            }
        };
        options.get().into_iter().map(entry).collect::<Vec<_>>()
    };
    view! {
        <div class="x-select">
            <select
                class="x-input"
                id=field.id
                aria-label=move || label.map(|l| l.get())
                aria-describedby=move || field.described_by.get()
                aria-invalid=move || field.invalid.get().then_some("true")
                aria-required=field.required.then_some("true")
                disabled=move || disabled.get()
                on:change=move |event| value.set(event_target_value(&event))
            >
                {prompt
                    .map(|prompt| {
                        view! {
                            <option value="" selected=move || value.with(String::is_empty)>
                                {prompt}
                            </option>
                        }
                    })}
                {entries}
            </select>
        </div>
    }
    .into_any()
}
