//! The roll (在册): who is seen by whom, and the files it comes from (G24, G25, G42).

mod former;
pub mod import;
pub mod import_apply;
pub mod import_look;
pub mod import_places;
pub mod import_record;
pub mod import_store;
pub mod import_writes;
pub mod leaving;
pub mod names;
pub mod routes;
pub mod scope;
pub mod store;
pub mod teachers;
pub mod whose;
