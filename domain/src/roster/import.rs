//! Reading roster files: what a school's clerk exports from a spreadsheet,
//! repaired where the repair is certain, refused by row and cell in plain
//! words where it is not. Pure: the Worker brings bytes and the roll, and
//! writes what comes out.

mod cell;
pub mod changes;
mod classes;
mod codes;
mod columns;
pub mod diff;
pub mod offers;
pub mod on_roll;
pub mod persons;
pub mod places;
pub mod plan;
mod questions;
mod read;
pub mod refs;
mod rows;
mod staff;
mod students;
mod table;
#[cfg(test)]
mod tests;
mod unclear;
mod unit_names;

pub use questions::{MAX_CHOICES, MAX_QUESTIONS};
pub use read::{MAX_CLASSES, MAX_UNITS};
pub use rows::{Parsed, shown};
pub use staff::{StaffRow, count_staff, read_staff};
pub use students::{GuardianEntry, StudentRow, classes_of, colleges_of, count_students, read_students};
pub use table::{Decode, MAX_COLUMNS, MAX_ROWS};
