//! The demo's pretended telephone network as people and tests see it: the
//! phones at `/sandbox`, and the receipts that it reports. It has a database
//! of its own, which a real deployment does not bind.

pub mod receipts;
pub mod routes;
