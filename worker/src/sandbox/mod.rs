//! The demo's pretend telephone network: takes SMS, shows them at `/sandbox`,
//! reports receipts. It has a database of its own, which a real deployment
//! does not bind.

pub mod network;
pub mod routes;
