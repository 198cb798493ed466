//! The roll (在册): classes, their students and guardians, and importing them.

mod classes;
mod import;
mod preview;
mod questions;

pub use classes::{ClassListPage, ClassPage};
pub use import::ImportPage;
