//! A notice while it is written: the form, what the Worker has of it, the
//! preview of it. The parts of the page share it through the context.

use std::time::Duration;

use domain::api;
use domain::ids::{MessageId, StaffId};
use domain::message::{Audience, Draft, Preview};
use leptos::prelude::*;

use super::form::{self, Form};
use crate::api::Order;
use crate::route::Route;

/// How long after the last letter the preview is asked for.
const PREVIEW_AFTER: Duration = Duration::from_millis(500);
/// How long after the last letter the draft is saved.
const SAVE_AFTER: Duration = Duration::from_secs(5);

/// What happens once the draft is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The page stays as it is.
    Stay,
    /// The dialog before submission opens.
    Submit,
}

/// Everything that the parts of the page share.
#[derive(Clone, Copy)]
pub struct Editor {
    pub form: Form,
    /// The message's id, once the Worker has it.
    pub id: RwSignal<Option<MessageId>>,
    pub draft: Memo<Draft>,
    pub preview: RwSignal<Option<Preview>>,
    /// Whether the preview is of an earlier draft.
    pub stale: RwSignal<bool>,
    /// What the Worker has.
    pub saved: RwSignal<Option<Draft>>,
    pub saving: Order,
    /// The order that asks for the preview.
    pub asking: Order,
    /// Whether submission was tried: from then on the form says what is missing.
    pub tried: RwSignal<bool>,
    /// Whether everything is saved and the dialog before submission is open.
    pub ready: RwSignal<bool>,
    staff: StaffId,
    after: RwSignal<After>,
}

impl Editor {
    /// Starts writing and puts the editor into context. `on_server` is the
    /// draft as the Worker has it.
    pub fn provide(form: Form, staff: StaffId, id: Option<MessageId>, on_server: Option<Draft>) -> Self {
        let editor = Self {
            form,
            id: RwSignal::new(id),
            draft: Memo::new(move |_| form.draft()),
            preview: RwSignal::new(None),
            stale: RwSignal::new(true),
            saved: RwSignal::new(on_server),
            saving: Order::new(),
            asking: Order::new(),
            tried: RwSignal::new(false),
            ready: RwSignal::new(false),
            staff,
            after: RwSignal::new(After::Stay),
        };
        provide_context(editor);
        editor.follow();
        editor
    }

    /// Keeps copy, preview and draft in step with what is typed.
    fn follow(self) {
        let staff = self.staff;
        let (to_ask, to_save) = (StoredValue::new(None), StoredValue::new(None));
        Effect::new(move |first: Option<()>| {
            let draft = self.draft.get();
            self.stale.set(true);
            if first.is_some() && self.saved.with_untracked(|s| s.as_ref() != Some(&draft)) {
                form::keep(staff, self.id.get_untracked(), &draft);
                later(to_save, SAVE_AFTER, move || self.autosave());
            }
            later(to_ask, if first.is_some() { PREVIEW_AFTER } else { Duration::ZERO }, move || self.ask());
        });
        // A preview that was wanted while another was under way is asked for now.
        Effect::new(move |was_busy: Option<bool>| {
            let busy = self.asking.busy().get();
            if was_busy == Some(true)
                && !busy
                && self.stale.get_untracked()
                && self.asking.problem().with_untracked(Option::is_none)
            {
                later(to_ask, PREVIEW_AFTER, move || self.ask());
            }
            busy
        });
        // The browser's copy is no longer needed once the Worker has the draft.
        Effect::new(move |_| {
            let (saved, id) = (self.saved.get(), self.id.get());
            if saved.is_some_and(|s| s == self.draft.get()) {
                form::forget(staff, None);
                form::forget(staff, id);
            }
        });
    }

    fn ask(self) {
        let Some(draft) = self.draft.try_get_untracked() else { return };
        if matches!(&draft.audience, Audience::Classes { classes } if classes.is_empty()) {
            self.preview.set(None);
            return;
        }
        self.asking.send(api::PREVIEW_MESSAGE, &draft.clone(), move |preview| {
            let _ = self.preview.try_set(Some(preview));
            if self.draft.try_get_untracked().is_some_and(|now| now == draft) {
                let _ = self.stale.try_set(false);
            }
        });
    }

    /// Asks for the preview where the one that is there is of an earlier draft.
    pub fn look_again(self) {
        if self.stale.get_untracked() {
            self.ask();
        }
    }

    /// Whether the draft is being saved for its own sake.
    pub fn is_saving(self) -> bool {
        self.saving.busy().get() && self.after.get() == After::Stay
    }

    /// Whether the draft is being saved because it is to be submitted.
    pub fn is_submitting(self) -> bool {
        self.saving.busy().get() && self.after.get() == After::Submit
    }

    fn autosave(self) {
        let Some(draft) = self.draft.try_get_untracked() else { return };
        let is_open = self.ready.get_untracked();
        if !is_open && !form::is_blank(&draft) && self.saved.with_untracked(|s| s.as_ref() != Some(&draft)) {
            self.save(After::Stay);
        }
    }

    /// Saves what is not saved yet; a submission goes on from there.
    pub fn save(self, after: After) {
        let (staff, draft) = (self.staff, self.draft.get_untracked());
        self.after.set(after);
        if self.saving.busy().get_untracked() {
            // `saved_as` calls this again when the saving under way has ended.
            return;
        }
        if self.id.get_untracked().is_some() && self.saved.with_untracked(|s| s.as_ref() == Some(&draft)) {
            self.saved_as(draft);
            return;
        }
        match self.id.get_untracked() {
            Some(id) => {
                self.saving.send(api::CHANGE_MESSAGE.at(id), &draft.clone(), move |_| {
                    form::forget_saved(staff, Some(id), &draft);
                    self.saved_as(draft);
                });
            }
            None => {
                self.saving.send(api::CREATE_MESSAGE, &draft.clone(), move |made| {
                    // Also where the page was left: else the kept text would be offered as a new notice.
                    form::forget_saved(staff, None, &draft);
                    if self.id.try_set(Some(made.id)).is_none() {
                        rename(made.id);
                    }
                    self.saved_as(draft);
                });
            }
        }
    }

    fn saved_as(self, draft: Draft) {
        // The page may have been left by now.
        if self.saved.try_set(Some(draft.clone())).is_some() || self.after.get_untracked() == After::Stay {
            return;
        }
        if self.draft.get_untracked() == draft {
            self.after.set(After::Stay);
            self.ready.set(true);
            self.look_again();
        } else {
            // Something was typed meanwhile: it has to be saved before it can be submitted.
            self.save(After::Submit);
        }
    }
}

/// The draft now has an address; the page must not be built anew for it,
/// because someone is typing in it.
fn rename(id: MessageId) {
    if let Ok(history) = window().history() {
        let path = Route::EditMessage(id).path();
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
    }
}

/// Does something after a pause; a new call starts the pause anew.
fn later(timer: StoredValue<Option<TimeoutHandle>>, pause: Duration, act: impl Fn() + 'static) {
    if let Some(Some(running)) = timer.try_update_value(Option::take) {
        running.clear();
    }
    timer.set_value(set_timeout_with_handle(act, pause).ok());
}
