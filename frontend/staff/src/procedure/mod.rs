//! Approval procedures: what holds, what is to come, what waits for a second
//! person, and the editor with its dry run.

mod editor;
mod list;
mod rehearsal;

use domain::approval::{Scope, Sender};
use leptos::prelude::*;

use crate::route::use_router;

/// `/procedures`, and with `?edit=teacher-grade` the editor.
#[component]
pub fn ProceduresPage() -> impl IntoView {
    let router = use_router();
    let edited = Memo::new(move |_| router.query("edit").as_deref().and_then(read));
    move || match edited.get() {
        Some((sender, scope)) => view! { <editor::EditorPage sender scope /> }.into_any(),
        None => view! { <list::ListPage /> }.into_any(),
    }
}

/// Reads which procedure is edited.
fn read(key: &str) -> Option<(Sender, Scope)> {
    let (sender, scope) = key.split_once('-')?;
    Some((Sender::from_key(sender)?, Scope::from_key(scope)?))
}
