//! Who sees the papers of a message, and who enters it in the register.

use domain::access::Action;
use domain::approval::StepKind;
use domain::filing::Papers;
use domain::message::MessageState;
use domain::words::Words;

use crate::message::rows::Loaded;
use crate::platform::error::AppError;
use crate::platform::http::Signed;

/// The papers of a message, for who reads it as a whole.
pub(super) fn with_papers(loaded: &Loaded) -> Option<&Papers> {
    loaded.row.seen_whole.then_some(&loaded.beside.papers)
}

/// Says why the caller does not enter this message in the register.
///
/// # Errors
/// Where that is so.
pub(super) fn why_not_registered(call: &Signed, loaded: &Loaded) -> Result<(), AppError> {
    if loaded.beside.registrar.is_some() {
        return Ok(());
    }
    if !call.person.may(Action::KeepRegister) {
        return Err(AppError::Forbidden);
    }
    let has_step = loaded.steps.iter().any(|s| s.kind == StepKind::Register);
    Err(match (has_step, loaded.beside.missing) {
        (false, _) => AppError::conflict(
            "nothing_to_register",
            Words::fixed("这条信息不需要登记审批原件", "This message needs no entry of a signed original"),
        ),
        (true, None) => AppError::conflict(
            "registered_already",
            Words::fixed("这条信息已经登记", "This message is in the register already"),
        ),
        (true, Some(_)) if loaded.row.state != MessageState::Approved => AppError::conflict(
            "not_approved_yet",
            Words::fixed(
                "审批通过后才能登记审批原件",
                "The signed original is registered once the message is approved",
            ),
        ),
        (true, Some(_)) => AppError::Forbidden,
    })
}
