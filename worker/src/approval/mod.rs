//! Approval: taking decisions. The rules are `domain::approval`'s, the last
//! word is the database's triggers'.

pub mod routes;
