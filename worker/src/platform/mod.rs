//! What every feature stands on: the database, the runtime around it, keys,
//! errors, the log, and HTTP. Nothing in here names a feature.

pub mod app;
pub mod crypto;
pub mod d1;
pub mod error;
#[cfg(target_arch = "wasm32")]
pub mod glue;
pub mod host;
pub mod http;
pub mod json;
pub mod log;
pub mod text;
