//! Parents' pages: opened by the signed link in the SMS, without an account
//! and without JavaScript. A GET shows; only the button's POST answers (I8).

pub mod routes;
pub mod store;
mod throttle;
