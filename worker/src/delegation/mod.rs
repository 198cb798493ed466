//! Recorded absences, during which the substitute of a step decides.

pub mod routes;
pub mod sealed;
pub mod store;
