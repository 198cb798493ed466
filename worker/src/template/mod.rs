//! Shared templates (G63): wordings that a unit keeps for its own.

pub mod routes;
pub mod store;
