//! HTTP: what a request brings, what an answer is, what a way in asks for.

pub mod call;
#[cfg(target_arch = "wasm32")]
pub mod cloudflare;
pub mod idempotency;
pub mod reply;
pub mod route;

pub use call::{Call, Key, Method, Request, Signed};
pub use idempotency::Kept;
pub use reply::{Content, EVERY_ANSWER, Reply};
pub use route::{Handler, Route, on, page};
