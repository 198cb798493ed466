//! The language of the screen: one signal, kept by the browser from visit to visit.

use domain::words::{Lang, Words};
use leptos::prelude::*;

use crate::icon::{Icon, IconName};

/// Where the browser keeps the choice.
const KEY: &str = "xiaoxun-lang";

#[derive(Clone, Copy)]
struct LangContext(RwSignal<Lang>);

/// Sets the language for everything below.
pub fn provide_lang(lang: Lang) -> RwSignal<Lang> {
    let signal = RwSignal::new(lang);
    provide_context(LangContext(signal));
    signal
}

/// The language in force: read it, or set it to switch.
pub fn use_lang() -> RwSignal<Lang> {
    use_context::<LangContext>().map_or_else(|| provide_lang(Lang::default()), |c| c.0)
}

/// In a browser: takes the language chosen last time, else the browser's own,
/// and from then on keeps `<html lang>` and the stored choice in step.
pub fn follow_browser_lang() -> RwSignal<Lang> {
    let stored = storage().and_then(|s| s.get_item(KEY).ok().flatten());
    let lang = stored.or_else(|| window().navigator().language()).unwrap_or_default();
    let signal = provide_lang(Lang::from_accept_language(&lang));
    Effect::new(move |_| {
        let tag = signal.get().tag();
        if let Some(root) = document().document_element() {
            // Without it a screen reader would read Chinese with an English voice.
            let _ = root.set_attribute("lang", tag);
        }
        if let Some(storage) = storage() {
            // A full or forbidden storage only means asking the browser again next time.
            let _ = storage.set_item(KEY, tag);
        }
    });
    signal
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// Fixed words in the language in force.
pub fn t(words: Words) -> Signal<String> {
    let lang = use_lang();
    Signal::derive(move || words.get(lang.get()).to_owned())
}

/// Words that are computed, in the language in force.
pub fn tw(words: impl Fn() -> Words + Send + Sync + 'static) -> Signal<String> {
    let lang = use_lang();
    Signal::derive(move || words().get(lang.get()).to_owned())
}

/// The button that switches between Chinese and English.
#[component]
pub fn LangSwitch() -> impl IntoView {
    let lang = use_lang();
    let other = move || match lang.get() {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    };
    let name = move || match other() {
        Lang::Zh => "中文",
        Lang::En => "English",
    };
    view! {
        <button
            type="button"
            class="x-lang"
            lang=move || other().tag()
            on:click=move |_| {
                let next = other();
                lang.set(next);
            }
        >
            <Icon name=IconName::Globe />
            <span>{name}</span>
        </button>
    }
}
