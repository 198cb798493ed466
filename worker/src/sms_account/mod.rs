//! The school's account with an SMS provider: proposed by one person who
//! administers, confirmed by a second.

pub mod store;
