//! Appointments that wait for a second person, who confirms or declines them.

pub mod routes;
pub mod store;
