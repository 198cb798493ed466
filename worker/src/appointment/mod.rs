//! Appointments: given and ended by hand, and the second person who confirms or declines those that wait.

pub mod coming;
pub mod ending;
pub mod giving;
pub mod routes;
pub mod sealed;
pub mod store;
