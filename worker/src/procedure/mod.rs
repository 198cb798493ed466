//! Approval procedures: proposed by one person, confirmed by a second, and
//! tried with the people of today.

pub mod routes;
pub mod sealed;
mod store;
