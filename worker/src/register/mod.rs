//! The register (登记簿) of what was submitted, its sheets, its totals, and what goes out next.

pub mod routes;
pub mod store;
