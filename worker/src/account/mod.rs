//! Accounts (account): sign-in, sessions, and activation by single-use slips,
//! so that nobody ever knows another's password.

pub mod again;
pub mod cookie;
pub mod own;
pub mod password;
pub mod routes;
pub mod slip_routes;
pub mod slips;
pub mod store;
pub mod throttle;

pub use cookie::session_token;
pub use store::{Entered, enter, touch};
