//! What SMS providers post by themselves: receipts, and SMS that came back.
//!
//! Their formats carry no signature, so the address is the secret: `POST /hooks/{provider}/{secret}/report|reply`.
//! Behind a wrong one is what is behind any unknown path. Who knows it can still only name SMS of ours, by ids that
//! only the provider was told, and move them forward.

mod replies;
pub mod routes;
