//! The roll (在册): who is seen by whom, and the files it comes from (G24, G25, G42).

pub mod import;
pub mod import_places;
pub mod import_store;
pub mod routes;
pub mod store;
