//! A notice while it is written: the form, what the Worker has of it, the
//! preview of it. The parts of the page share it through the context.

use std::time::Duration;

use domain::api;
use domain::ids::{MessageId, StaffId};
use domain::message::{Draft, DraftChange, MessageState, MessageView, Preview};
use domain::time::Instant;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::form::{self, Form};
use crate::api::{Api, Order, use_api};
use crate::route::Route;
use crate::session::{Session, use_session};

/// How long after the last letter the preview is asked for.
const PREVIEW_AFTER: Duration = Duration::from_millis(500);
/// How long after the last letter the draft is saved.
const SAVE_AFTER: Duration = Duration::from_secs(5);
/// The refusal of a save where the draft was saved elsewhere since it was read here.
const CHANGED_MEANWHILE: &str = "/problems/changed_meanwhile";

/// What happens once the draft is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The page stays as it is.
    Stay,
    /// It is submitted: the dialog before submission opens, if nothing stands against it.
    Submit,
}

/// The draft as the Worker has it when writing begins.
pub struct OnServer {
    pub id: MessageId,
    pub draft: Draft,
    pub changed_at: Instant,
    /// Whether it came back to its drafter and counts as a thing to do.
    pub came_back: bool,
}

impl OnServer {
    /// Of a message that can be edited.
    pub fn of(message: &MessageView) -> Self {
        Self {
            id: message.id,
            draft: message.draft.clone(),
            changed_at: message.times.changed_at,
            came_back: message.state == MessageState::Returned || message.version > 1,
        }
    }
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
    /// Whether everything is saved, nothing stands against it, and the dialog before submission is open.
    pub ready: RwSignal<bool>,
    /// How often submission was refused: each time the eye is led to the first cause.
    pub refused: RwSignal<u32>,
    /// The draft that another window saved meanwhile: which one stays has to be chosen.
    pub theirs: RwSignal<Option<MessageView>>,
    /// Whether a submission waits for the preview of what was just saved.
    checks: RwSignal<bool>,
    /// When the draft was saved that is changed here.
    changed_at: StoredValue<Option<Instant>>,
    /// What was last sent to be saved.
    sent: StoredValue<Option<Draft>>,
    came_back: bool,
    staff: StaffId,
    after: RwSignal<After>,
    api: Api,
    session: Session,
}

impl Editor {
    /// Starts writing and puts the editor into context.
    pub fn provide(form: Form, staff: StaffId, on_server: Option<OnServer>) -> Self {
        let editor = Self {
            form,
            id: RwSignal::new(on_server.as_ref().map(|s| s.id)),
            draft: Memo::new(move |_| form.draft()),
            preview: RwSignal::new(None),
            stale: RwSignal::new(true),
            saved: RwSignal::new(on_server.as_ref().map(|s| s.draft.clone())),
            saving: Order::new(),
            asking: Order::new(),
            tried: RwSignal::new(false),
            ready: RwSignal::new(false),
            refused: RwSignal::new(0),
            theirs: RwSignal::new(None),
            checks: RwSignal::new(false),
            came_back: on_server.as_ref().is_some_and(|s| s.came_back),
            changed_at: StoredValue::new(on_server.map(|s| s.changed_at)),
            sent: StoredValue::new(None),
            staff,
            after: RwSignal::new(After::Stay),
            api: use_api(),
            session: use_session(),
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
        // What cannot be submitted is said before the last question, not behind it: only the Worker
        // knows its clock, whom the audience holds, and who can decide.
        Effect::new(move |_| {
            if !self.checks.get() {
                return;
            }
            let failed = !self.asking.busy().get() && self.asking.problem().with(Option::is_some);
            if self.stale.get() && !failed {
                return;
            }
            self.checks.set(false);
            let is_good = self.preview.with_untracked(|p| p.as_ref().is_some_and(|p| p.refusals.is_empty()));
            if failed || !is_good {
                self.refuse();
            } else if self.saved.with_untracked(Clone::clone) == Some(self.draft.get_untracked()) {
                self.ready.set(true);
            }
        });
        Effect::new(move |_| {
            if self.saving.problem().with(|p| p.as_ref().is_some_and(|p| p.kind == CHANGED_MEANWHILE)) {
                self.look_at_theirs();
            }
        });
    }

    /// Keeps the capacity among those in which the draft can be sent: another audience can leave the chosen
    /// one behind, and where there is a choice the chip of the one that is taken has to look chosen.
    fn settle_capacity(self, preview: &Preview) {
        let fits: Vec<String> = preview.capacities.iter().map(|c| c.appointment.to_string()).collect();
        let Some(chosen) = self.form.appointment.try_get_untracked() else { return };
        if fits.contains(&chosen) || fits.len() < 2 && chosen.is_empty() {
            return;
        }
        self.form.appointment.set(fits.into_iter().next().unwrap_or_default());
    }

    fn ask(self) {
        let Some(draft) = self.draft.try_get_untracked() else { return };
        if draft.audience.is_empty() {
            self.preview.set(None);
            return;
        }
        self.asking.send(api::PREVIEW_MESSAGE, &draft.clone(), move |preview| {
            if self.draft.try_get_untracked().is_some_and(|now| now == draft) {
                let _ = self.stale.try_set(false);
                self.settle_capacity(&preview);
            }
            let _ = self.preview.try_set(Some(preview));
        });
    }

    /// Asks for the preview where the one that is there is of an earlier draft.
    pub fn look_again(self) {
        if self.stale.get_untracked() {
            self.ask();
        }
    }

    /// Leads the eye to the first thing that stands against submission.
    pub fn refuse(self) {
        self.refused.update(|n| *n = n.wrapping_add(1));
    }

    /// Whether the draft is being saved for its own sake.
    pub fn is_saving(self) -> bool {
        self.saving.busy().get() && self.after.get() == After::Stay
    }

    /// Whether the draft is being saved and checked because it is to be submitted.
    pub fn is_submitting(self) -> bool {
        self.checks.get() || self.saving.busy().get() && self.after.get() == After::Submit
    }

    fn autosave(self) {
        let Some(draft) = self.draft.try_get_untracked() else { return };
        let is_open = self.ready.get_untracked() || self.theirs.with_untracked(Option::is_some);
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
        self.sent.set_value(Some(draft.clone()));
        match self.id.get_untracked() {
            Some(id) => {
                let change = DraftChange { draft: draft.clone(), changed_at: self.changed_at.get_value() };
                self.saving.send(api::CHANGE_MESSAGE.at(id), &change, move |view| {
                    form::forget_saved(staff, Some(id), &draft);
                    let _ = self.changed_at.try_set_value(Some(view.times.changed_at));
                    self.saved_as(draft);
                });
            }
            None => {
                self.saving.send(api::CREATE_MESSAGE, &draft.clone(), move |made| {
                    // Also where the page was left: else the kept text would be offered as a new notice.
                    form::forget_saved(staff, None, &draft);
                    let _ = self.changed_at.try_set_value(Some(made.changed_at));
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
            self.checks.set(true);
            self.look_again();
        } else {
            // Something was typed meanwhile: it has to be saved before it can be submitted.
            self.save(After::Submit);
        }
    }

    /// Another window has saved this draft: reads what it wrote.
    fn look_at_theirs(self) {
        let Some(id) = self.id.get_untracked() else { return };
        spawn_local(async move {
            // Where it cannot be read, the problem of the saving stays on the page.
            let Ok(view) = self.api.get(api::MESSAGE.at(id)).await else { return };
            // It may be what was sent from here, with an answer that got lost.
            if self.sent.try_get_value().flatten().as_ref() == Some(&view.draft) {
                self.keep_mine(&view);
            } else {
                let _ = self.theirs.try_set(Some(view));
            }
        });
    }

    /// What is written here takes the place of what the other window saved.
    pub fn keep_mine(self, theirs: &MessageView) {
        let _ = self.changed_at.try_set_value(Some(theirs.times.changed_at));
        let _ = self.theirs.try_set(None);
        self.saving.clear();
        self.save(self.after.get_untracked());
    }

    /// What the other window saved takes the place of what is written here.
    pub fn take_theirs(self, theirs: &MessageView) {
        self.changed_at.set_value(Some(theirs.times.changed_at));
        self.saved.set(Some(theirs.draft.clone()));
        self.after.set(After::Stay);
        self.saving.clear();
        self.form.fill(&theirs.draft);
        self.theirs.set(None);
    }

    /// What came back is no longer a thing to do once it is submitted again.
    pub fn submitted(self) {
        if self.came_back {
            self.session.update(|me| me.returned = me.returned.saturating_sub(1));
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
