//! The roll (在册): classes, their students and guardians, and importing them.

mod changes;
mod classes;
mod disputes;
mod edit;
mod fold;
mod import;
mod imports;
mod offers;
mod persons;
mod preview;
mod questions;
mod teachers;

pub use classes::{ClassListPage, ClassPage};
pub use disputes::{DisputesBanner, DisputesPage};
pub use edit::{EditClassPage, Reasons};
pub use import::ImportPage;
