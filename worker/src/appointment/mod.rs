//! Appointments that wait for a second person, who confirms or declines them; and how each ends.

pub mod routes;
pub mod sealed;
pub mod store;
