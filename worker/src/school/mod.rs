//! The school itself: its first setup, its units (G1, G2), and the switch
//! that stops all sending.

pub mod checklist;
pub mod routes;
pub mod store;
pub mod unit_changes;
pub mod units;
