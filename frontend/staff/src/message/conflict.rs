//! Two windows on one draft: whoever saves second sees what the first one
//! saved, and chooses which of the two stays.

use domain::message::MessageView;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Dialog, t, tw};

use super::common::title_or_none;
use super::editor::Editor;
use crate::session::use_session;

#[component]
pub fn ConflictDialog() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let session = use_session();
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        let wanted = editor.theirs.with(Option::is_some);
        if open.get_untracked() != wanted {
            open.set(wanted);
        }
    });
    // Escape decides nothing: the next saving asks again.
    Effect::new(move |_| {
        if !open.get() && editor.theirs.with_untracked(Option::is_some) {
            editor.theirs.set(None);
        }
    });
    let choose = move |which: fn(Editor, &MessageView)| {
        move |()| {
            if let Some(theirs) = editor.theirs.get_untracked() {
                which(editor, &theirs);
            }
        }
    };
    let when = tw(move || {
        let at = editor.theirs.with(|t| t.as_ref().map(|v| v.times.changed_at.short(session.now())));
        let (zh, en) = at.map(|w| (w.zh, w.en)).unwrap_or_default();
        words!(
            "{zh} 在另一个窗口或另一台设备上保存过下面这份。要保留哪一份？",
            "Another window or device saved this version ({en}). Which one should stay?"
        )
    });
    let theirs = move || {
        editor.theirs.get().map(|view| {
            view! {
                <div class="m-other" lang="zh-CN">
                    <p class="m-submit-title">{t(title_or_none(&view.draft.title))}</p>
                    <p class="x-prose">{view.draft.body}</p>
                </div>
            }
        })
    };
    view! {
        <Dialog open title=t(Words::fixed("这条草稿在别的窗口里改过", "This draft was changed in another window"))>
            <div class="x-dialog-body">
                <p>{when}</p>
                {theirs}
            </div>
            <div class="x-dialog-actions">
                <Button
                    label=t(Words::fixed("换成那一份", "Take that one"))
                    on_click=choose(Editor::take_theirs)
                />
                <Button
                    label=t(Words::fixed("保留我这里的", "Keep mine"))
                    kind=ButtonKind::Primary
                    on_click=choose(Editor::keep_mine)
                />
            </div>
        </Dialog>
    }
    .into_any()
}
