//! What leaders and departments hand in to the office, which sends it in its
//! own name (G13).

pub mod routes;
pub mod store;
