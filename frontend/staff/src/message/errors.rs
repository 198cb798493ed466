//! What is wrong with a notice while it is written: by field, so that each
//! sentence stands beside what it is about, and where the eye is led first.

use domain::access::ClassPlace;
use domain::content::Finding;
use domain::message::Draft;
use domain::problem::Refusal;
use domain::time::Instant;
use domain::words::Words;
use leptos::prelude::*;
use leptos::web_sys;
use ui::use_lang;
use wasm_bindgen::JsCast;

use super::editor::Editor;
use crate::session::use_me;

/// What stands against saving or submitting, as the page's parts find it in the context.
#[derive(Clone, Copy)]
pub struct Errors {
    editor: Editor,
    /// What this app knows by itself.
    own: Memo<Vec<Refusal>>,
}

impl Errors {
    /// Judges the draft from now on, and puts the result into context.
    pub fn provide(editor: Editor, findings: Memo<Vec<Finding>>, places: Vec<ClassPlace>) -> Self {
        let me = use_me();
        let own = Memo::new(move |_| {
            let draft = editor.draft.get();
            let mut all = me.with(|m| draft.check_saving(&m.person, &places));
            if editor.tried.get() {
                all.extend(findings.with(|f| later_refusals(&draft, f)));
                if editor.form.lacks_time() {
                    all.push(Refusal::field(
                        "time_missing",
                        "send_at",
                        Words::fixed("请选择发送时间", "Choose a time"),
                    ));
                }
            }
            all
        });
        let errors = Self { editor, own };
        provide_context(errors);
        Effect::new(move |before: Option<u32>| {
            let refused = editor.refused.get();
            if before.is_some_and(|b| b != refused) {
                lead_to_first();
            }
            refused
        });
        errors
    }

    /// Whether this app knows of something by itself.
    pub fn is_any(self) -> bool {
        !self.own.with_untracked(Vec::is_empty)
    }

    /// What is wrong with a field. What the content check found stands at its finding instead.
    pub fn of(self, field: impl Into<String>) -> Signal<Option<String>> {
        let (lang, field) = (use_lang(), field.into());
        let Self { editor, own } = self;
        Signal::derive(move || {
            let is_of = |r: &&Refusal| r.field_name() == Some(&field) && r.kind != "content_blocked";
            let found = own.with(|all| all.iter().find(is_of).cloned()).or_else(|| {
                let is_current = editor.tried.get() && !editor.stale.get();
                editor
                    .preview
                    .with(|p| p.as_ref()?.refusals.iter().find(is_of).filter(|_| is_current).cloned())
            });
            found.map(|r| r.words.get(lang.get()).to_owned()).or_else(|| {
                editor
                    .saving
                    .problem()
                    .with(|p| p.as_ref()?.errors.iter().find(|e| e.field == field).map(|e| e.message.clone()))
            })
        })
    }

    /// What stands against submission and is of no field: nobody can decide, no custodian.
    pub fn general(self) -> Memo<Vec<Refusal>> {
        let preview = self.editor.preview;
        Memo::new(move |_| {
            preview.with(|p| {
                let all = p.iter().flat_map(|p| p.refusals.iter());
                all.filter(|r| r.field_name().is_none()).cloned().collect()
            })
        })
    }
}

/// The errors of the page around this component.
pub fn use_errors() -> Errors {
    expect_context::<Errors>()
}

/// What submission asks for beyond saving, without the sending time: only the
/// Worker's clock can judge that.
fn later_refusals(draft: &Draft, findings: &[Finding]) -> Vec<Refusal> {
    let draft = Draft { send_at: None, ..draft.clone() };
    draft.check_submission(findings, Instant(0))
}

/// Everything that can stand against submission, in the order of the page.
const WRONG: &str = ".x-field-invalid, .m-finding-wrong, .m-refusal, .s-problems .x-banner";
/// What in it takes the focus: the control that has to be changed, else the sentence itself.
const CONTROL: &str = "input:not([type=hidden]), select, textarea, button";

/// Scrolls to the first error and puts the focus there, once the page shows it.
fn lead_to_first() {
    request_animation_frame(|| {
        let Ok(Some(place)) = document().query_selector(WRONG) else { return };
        let control = place.query_selector(CONTROL).ok().flatten().unwrap_or_else(|| place.clone());
        if let Some(control) = control.dyn_ref::<web_sys::HtmlElement>() {
            // Nothing is lost where a browser refuses the focus.
            let _ = control.focus();
        }
        // A reason without the finding that it answers says nothing.
        place.closest(".m-finding").ok().flatten().unwrap_or(place).scroll_into_view();
    });
}
