//! The school's account with an SMS provider: proposed by one person who
//! administers, confirmed by a second, tried on one's own phone.

pub mod routes;
pub mod store;
mod test;
mod volume;
