//! Dialogs on the browser's own `<dialog>`: it keeps the focus inside, closes
//! on Escape and gives the focus back.

use domain::words::Words;
use leptos::html;
use leptos::prelude::*;

use crate::button::{Button, ButtonKind};
use crate::fresh_id::fresh_id;
use crate::lang::t;

/// A dialog that is shown while `open`.
#[component]
pub fn Dialog(
    /// Whether it is shown; turns false when it is closed.
    open: RwSignal<bool>,
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// Whether something has to be typed first: its field takes the focus. Else the heading does,
    /// so that no keyboard covers on a phone what is to be read.
    #[prop(optional)]
    typing: bool,
    /// Text, fields and, in a `div.x-dialog-actions`, the buttons.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let heading = NodeRef::<html::H2>::new();
    let id = fresh_id("dialog");
    let labelled_by = id.clone();
    Effect::new(move |_| {
        let wanted = open.get();
        if let Some(dialog) = node.get() {
            match (wanted, dialog.open()) {
                // It fails only where the element is gone: then nobody sees it either.
                (true, false) => {
                    drop(dialog.show_modal());
                    if let Some(heading) = heading.get_untracked().filter(|_| !typing) {
                        drop(heading.focus());
                    }
                }
                (false, true) => dialog.close(),
                _ => {}
            }
        }
    });
    view! {
        <dialog class="x-dialog" node_ref=node aria-labelledby=labelled_by on:close=move |_| open.set(false)>
            <h2 id=id class="x-dialog-title" node_ref=heading tabindex=(!typing).then_some("-1")>
                {title}
            </h2>
            {children()}
        </dialog>
    }
    .into_any()
}

/// Asks before something that cannot be taken back. It stays open while
/// `busy`; whoever opened it sets `open` to false when the work is done.
#[component]
pub fn ConfirmDialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Signal<String>,
    /// The words on the button that does it: the act itself, not «OK».
    #[prop(into)]
    confirm: Signal<String>,
    /// Does it.
    #[prop(into)]
    on_confirm: Callback<()>,
    /// Whether it is under way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Whether it destroys or stops something.
    #[prop(optional)]
    danger: bool,
    /// The words on the button that leaves everything as it is, where «cancel» could mean the act itself.
    #[prop(optional, into)]
    keep: Option<Signal<String>>,
    /// Whether a reason has to be typed first.
    #[prop(optional)]
    typing: bool,
    /// What will happen, and fields such as a reason.
    children: Children,
) -> impl IntoView {
    let kind = if danger { ButtonKind::Danger } else { ButtonKind::Primary };
    let keep = keep.unwrap_or_else(|| t(Words::fixed("取消", "Cancel")));
    view! {
        <Dialog open title typing>
            <div class="x-dialog-body">{children()}</div>
            <div class="x-dialog-actions">
                <Button label=keep on_click=move |()| open.set(false) />
                <Button label=confirm kind busy on_click=on_confirm />
            </div>
        </Dialog>
    }
    .into_any()
}
