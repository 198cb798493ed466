//! What a digest is taken over (I2): all that a parent will see, and exactly
//! who will see it.
//!
//! A message that was approved under an older form stays sendable, so every
//! form ever used can still be computed. The number of its form is stored
//! with each version of a message.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::kinds::{AnswerLevel, Category, Mode};
use crate::digest::Digest;
use crate::filing::Application;
use crate::ids::{AppointmentId, MessageId, PhoneId, ProcedureId, StaffId, StreamId, UnitId};
use crate::keys::keyed;
use crate::time::Instant;

keyed! {
    /// What a recipient is to the school. Declared in the order of the keys,
    /// so that `ORDER BY kind` sorts as [`Recipient`] does.
    pub enum RecipientKind {
        /// A guardian's entry for one student (监护人).
        Guardian = "guardian",
        /// A member of staff (教职工).
        Staff = "staff",
        /// A student (学生).
        Student = "student",
    }
}

/// An entry of the frozen list: whom the approver saw, at which phone.
///
/// Entries sort by kind, person, student, phone: within one stream of one
/// version that is the order of the table's primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Recipient {
    /// What the person is to the school.
    pub kind: RecipientKind,
    /// A guardian's, staff member's or student's id.
    pub person: i64,
    /// The student whom it is about; 0 where there is none.
    pub student: i64,
    /// The phone at the time of submission.
    pub phone: PhoneId,
}

/// The part of the frozen list that lies in one stream, by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRoot {
    /// The stream.
    pub stream: StreamId,
    /// Number of entries.
    pub entries: u32,
    /// SHA-256 over the sorted entries, 64 hexadecimal characters.
    pub root: String,
}

impl ListRoot {
    /// The root over a stream's entries, in whatever order they come.
    pub fn of(stream: StreamId, entries: &[Recipient]) -> Self {
        let mut sorted = entries.to_vec();
        sorted.sort_unstable();
        let mut hasher = RootHasher::new(stream);
        sorted.iter().for_each(|entry| hasher.take(entry));
        hasher.finish()
    }
}

/// Computes a [`ListRoot`] from entries that come one at a time, so that
/// nobody has to hold a list of a hundred thousand.
#[derive(Clone)]
pub struct RootHasher {
    stream: StreamId,
    entries: u32,
    last: Option<Recipient>,
    hash: Sha256,
}

/// An entry came before one that sorts after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfOrder;

impl RootHasher {
    /// The root of a list that is still empty.
    pub fn new(stream: StreamId) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("xiaoxun/list/v1\nstream {stream}\n"));
        Self { stream, entries: 0, last: None, hash }
    }

    /// Adds the next entry; entries come sorted.
    ///
    /// # Errors
    /// [`OutOfOrder`] where it sorts before the one added last: the root
    /// would match nothing.
    pub fn add(&mut self, entry: &Recipient) -> Result<(), OutOfOrder> {
        if self.last.is_some_and(|last| *entry < last) {
            return Err(OutOfOrder);
        }
        self.take(entry);
        Ok(())
    }

    fn take(&mut self, entry: &Recipient) {
        let Recipient { kind, person, student, phone } = entry;
        // A key and three integers: no two different entries give the same line.
        self.hash.update(format!("{} {person} {student} {phone}\n", kind.key()));
        self.entries += 1;
        self.last = Some(*entry);
    }

    /// The root of all entries added.
    pub fn finish(self) -> ListRoot {
        ListRoot { stream: self.stream, entries: self.entries, root: Digest::finished(self.hash).to_hex() }
    }
}

/// Everything that the digest of a version covers. A field that is added
/// comes with a new form; [`CanonicalMessage::digest`] says how.
#[derive(Clone, Debug)]
pub struct CanonicalMessage<'a> {
    /// Title.
    pub title: &'a str,
    /// Text on the page.
    pub body: &'a str,
    /// What it is about.
    pub category: Option<Category>,
    /// SMS signature.
    pub signature: &'a str,
    /// Name of the SMS template.
    pub template: &'a str,
    /// Version of the SMS template.
    pub template_version: u32,
    /// How parents get to the text.
    pub mode: Mode,
    /// What is asked of parents.
    pub answer: AnswerLevel,
    /// When to send; none is as soon as it is approved.
    pub send_at: Option<Instant>,
    /// Who wrote it.
    pub author: StaffId,
    /// The sender's post as parents see it.
    pub sender_title: &'a str,
    /// The appointment in which it is sent.
    pub appointment: AppointmentId,
    /// The unit of that appointment.
    pub capacity_unit: UnitId,
    /// The audience as it was chosen, in the JSON that is stored.
    pub audience: &'a str,
    /// The procedure that it takes.
    pub procedure: ProcedureId,
    /// Version of the procedure.
    pub procedure_version: u32,
    /// The written application of a department. Since form 2.
    pub application: Option<&'a Application>,
    /// The frozen list, by stream.
    pub lists: &'a [ListRoot],
    /// The message that it corrects (since form 2).
    pub corrects: Option<MessageId>,
}

impl<'a> CanonicalMessage<'a> {
    /// The form of new digests.
    pub const FORM: u32 = 2;

    /// Whether this version of the program can compute digests of this form.
    pub fn knows(form: u32) -> bool {
        (1..=Self::FORM).contains(&form)
    }

    /// The digest in one of the forms ever used; `None` where this version
    /// of the program does not know the form.
    ///
    /// A form is the JSON of a struct of its own, so that a field added to
    /// `CanonicalMessage` for a later form changes no digest of an earlier one.
    pub fn digest(&self, form: u32) -> Option<Digest> {
        match form {
            1 => Some(Digest::of(&self.form1(1))),
            2 => Some(Digest::of(&Form2 {
                base: self.form1(2),
                application: self.application,
                corrects: self.corrects,
            })),
            _ => None,
        }
    }

    fn form1(&self, form: u32) -> Form1<'a> {
        Form1 {
            form,
            title: self.title,
            body: self.body,
            category: self.category,
            signature: self.signature,
            template: (self.template, self.template_version),
            mode: self.mode,
            answer: self.answer,
            send_at: self.send_at,
            author: self.author,
            sender_title: self.sender_title,
            capacity: (self.appointment, self.capacity_unit),
            audience: self.audience,
            procedure: (self.procedure, self.procedure_version),
            lists: self.lists,
        }
    }
}

#[derive(Serialize)]
struct Form1<'a> {
    form: u32,
    title: &'a str,
    body: &'a str,
    category: Option<Category>,
    signature: &'a str,
    template: (&'a str, u32),
    mode: Mode,
    answer: AnswerLevel,
    send_at: Option<Instant>,
    author: StaffId,
    sender_title: &'a str,
    capacity: (AppointmentId, UnitId),
    audience: &'a str,
    procedure: (ProcedureId, u32),
    lists: &'a [ListRoot],
}

#[derive(Serialize)]
struct Form2<'a> {
    #[serde(flatten)]
    base: Form1<'a>,
    application: Option<&'a Application>,
    corrects: Option<MessageId>,
}
