//! The audit log (I9): read, sealed by cron, verified, told of one person or
//! number; and what is personal in it, sealed beside it.

mod forged;
mod history;
pub mod routes;
mod seal;
pub mod store;
pub mod values;
pub mod verify;

pub use seal::seal;
