//! The audit log (I9): read, verified, and sealed by cron.

pub mod routes;
pub mod store;

pub use store::seal;
