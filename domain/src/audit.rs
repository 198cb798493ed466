//! The audit log (I9): who did what, when, to what; chained so that a change
//! of any entry shows.

mod entry;
mod history;
mod sentence;
mod verify;

pub use entry::{
    AuditAction, AuditPage, Entry, EntryView, GENESIS, PersonKind, SealedValue, link, values_hash,
};
pub use history::{FieldChange, History, HistoryEntry, RecordKind, Reveal, Revealed, RevealedValue};
pub use sentence::{Sentence, Target};
pub use verify::{
    AuditExport, Fault, GuardFault, Head, HeadCheck, VerifyFrom, VerifyPage, VerifyPart, Walk, check_head,
};
