//! An entry's sentence on the screen: who, and what with a way to it.

use domain::audit::{EntryView, RecordKind, Sentence, Target};
use domain::words::Words;
use leptos::prelude::*;
use ui::t;

use crate::route::Route;

/// Who did it, with the way to that person's history.
pub(super) fn who(view: &EntryView) -> AnyView {
    if view.entry.actor == 0 {
        return view! { {t(Words::fixed("系统", "The system"))} }.into_any();
    }
    let href = Route::History(RecordKind::Staff, view.entry.actor).path();
    view! { <a href=href>{view.actor_name.clone()}</a> }.into_any()
}

/// A sentence with its object as a link.
pub(super) fn told(sentence: Sentence) -> AnyView {
    let Sentence { before, object, target, after } = sentence;
    let object = match target {
        Some(Target::Message(id)) => view! { <a href=Route::Message(id).path()>{t(object)}</a> }.into_any(),
        Some(Target::History(kind, id)) => {
            view! { <a href=Route::History(kind, id).path()>{t(object)}</a> }.into_any()
        }
        None => view! { {t(object)} }.into_any(),
    };
    view! { {t(before)} {object} {t(after)} }.into_any()
}
