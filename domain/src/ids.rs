//! Row numbers with their kind in the type, so that a class can never be
//! looked up by a student's number.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A member of staff (教职工).
    StaffId,
    /// A unit of the school: the school itself, an office, a grade.
    UnitId,
    /// A move or closing of a unit that one person proposed.
    UnitChangeId,
    /// A class (班级).
    ClassId,
    /// A student (学生).
    StudentId,
    /// A guardian's entry for one student (监护人).
    GuardianId,
    /// A phone number; one row per number, whoever uses it.
    PhoneId,
    /// A message (a notice with its versions).
    MessageId,
    /// An uploaded roster file.
    ImportId,
    /// A number that somebody said is not theirs.
    DisputeId,
    /// A stream: the messages of one class, or those to all staff, in their order (I6).
    StreamId,
    /// An appointment: one person in one post, from one day to another.
    AppointmentId,
    /// A recorded absence, during which a substitute decides.
    DelegationId,
    /// Something that a leader or department handed in to the office.
    RequestId,
    /// A signed-in browser.
    SessionId,
    /// An activation slip (开通单).
    SlipId,
    /// A version of the account with an SMS provider.
    SmsAccountId,
    /// A shared template.
    TemplateId,
    /// An approval procedure of the school; its versions share the id.
    ProcedureId,
}
