//! Toasts: a short word that something was done. What has to be acted on
//! stands on the page instead, because a toast goes away.

use std::time::Duration;

use domain::words::Words;
use leptos::prelude::*;

use crate::feedback::Tone;
use crate::icon::Icon;
use crate::lang::t;

/// How long a toast is read.
const SHOWN: Duration = Duration::from_secs(5);

#[derive(Clone, PartialEq)]
struct Toast {
    id: u32,
    tone: Tone,
    words: Words,
}

/// The toasts on the screen.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// Shows a toast for a few seconds.
    pub fn show(self, tone: Tone, words: Words) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|l| l.push(Toast { id, tone, words }));
        set_timeout(move || self.remove(id), SHOWN);
    }

    /// Shows that something was done.
    pub fn done(self, words: Words) {
        self.show(Tone::Good, words);
    }

    fn remove(self, id: u32) {
        // The page may be closed by the time the timer fires.
        let _ = self.list.try_update(|l| l.retain(|toast| toast.id != id));
    }
}

/// Makes room for toasts; [`ToastHost`] shows them.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
    provide_context(toasts);
    toasts
}

/// The toasts of this screen.
pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(provide_toasts)
}

/// Where toasts appear; once, at the end of the page.
#[component]
pub fn ToastHost() -> impl IntoView {
    let toasts = use_toasts();
    let row = |toast: Toast| {
        view! {
            <div class=format!("x-toast {}", toast.tone.class())>
                <Icon name=toast.tone.icon() />
                <span>{t(toast.words)}</span>
            </div>
        }
    };
    view! {
        <div class="x-toasts" role="status" aria-live="polite">
            <For each=move || toasts.list.get() key=|toast| toast.id children=row />
        </div>
    }
    .into_any()
}
