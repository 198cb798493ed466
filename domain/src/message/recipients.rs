//! To whom a submitted message goes, class by class: counts for everybody who
//! sees the message as a whole, names for those who may know them.

use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, StreamId};

/// The recipients of one class of a frozen list, or its members of staff, in counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecipientGroup {
    /// Its order of SMS: one for each class, one for the staff.
    pub group: StreamId,
    /// The class; none for the staff.
    pub class: Option<ClassId>,
    /// Its name; empty for the staff.
    pub name: String,
    /// Students whom it concerns.
    pub children: u32,
    /// Entries: guardians, students themselves, or members of staff.
    pub people: u32,
    /// Phones.
    pub phones: u32,
    /// Whether the reader may ask for the names.
    pub may_name: bool,
}

/// `POST /api/messages/{id}/names`: whose names are asked for. Asking is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamesWanted {
    /// Which group.
    pub group: StreamId,
}

/// The names of one class, or of the staff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupNames {
    /// Children by number, each with those who get the message for it.
    pub children: Vec<ChildNames>,
    /// Members of staff by number.
    pub staff: Vec<String>,
}

/// A child, and who gets the message for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChildNames {
    /// Its name.
    pub name: String,
    /// `许明（父亲）`: name and relation of each.
    pub people: Vec<(String, String)>,
}
