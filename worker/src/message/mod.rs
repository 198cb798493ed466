//! Messages (message): drafts, what they would send to whom, submission with
//! its frozen list, and what becomes visible to whom.

pub mod routes;
pub mod store;
pub mod view;
