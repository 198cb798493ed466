//! The runtime around the database: time, randomness, settings, queues,
//! objects, buckets. On Cloudflare it is the Worker's environment; natively
//! whoever runs the code drives it.

#[cfg(target_arch = "wasm32")]
pub mod cloudflare;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;

use std::rc::Rc;

use domain::provider::{HttpAnswer, HttpCall};
use domain::time::Instant;
use futures_util::future::LocalBoxFuture;

use crate::platform::d1::Backend;
use crate::platform::error::AppError;

/// D1: rosters, approvals, deliveries.
pub const DB: &str = "DB";
/// D1 of the demo's pretend telephone network; absent in a real deployment.
pub const SANDBOX_DB: &str = "SANDBOX_DB";
/// Object storage.
pub const ARCHIVE: &str = "ARCHIVE";

/// What an invocation has beside its database.
pub trait Host {
    /// The platform's time.
    fn now(&self) -> Instant;

    /// Fills the bytes from the platform's randomness.
    ///
    /// # Errors
    /// Where it gives none.
    fn random(&self, bytes: &mut [u8]) -> Result<(), AppError>;

    /// A variable or a secret of the deployment; none where it is not set.
    fn setting(&self, name: &'static str) -> Option<String>;

    /// The database behind a binding; none where it is not bound.
    fn database(&self, binding: &'static str) -> Option<Rc<dyn Backend>>;

    /// Ends after so many milliseconds.
    fn sleep(&self, ms: i64) -> LocalBoxFuture<'static, ()>;

    /// Puts messages (JSON values) on a queue: at most a hundred.
    fn enqueue<'a>(
        &'a self,
        queue: &'static str,
        bodies: Vec<serde_json::Value>,
    ) -> LocalBoxFuture<'a, Result<(), AppError>>;

    /// Calls a server of somebody else's. It is broken off when the future is dropped, and every error
    /// leaves open whether the call arrived. No part of a call gets into an error.
    fn fetch<'a>(&'a self, call: &'a HttpCall) -> LocalBoxFuture<'a, Result<HttpAnswer, AppError>>;

    /// A JSON file that is uploaded beside the Worker.
    #[cfg(target_arch = "wasm32")]
    fn asset<'a>(&'a self, path: &'a str) -> LocalBoxFuture<'a, Result<String, AppError>>;

    /// Calls the object of this name, which then looks what there is to do.
    fn wake<'a>(&'a self, objects: &'static str, name: &'a str) -> LocalBoxFuture<'a, Result<(), AppError>>;

    /// Stores a file in a bucket unless one of this name is there, which then stays as it is; says whether it did.
    fn store_new<'a>(
        &'a self,
        bucket: &'static str,
        name: &'a str,
        content: Vec<u8>,
    ) -> LocalBoxFuture<'a, Result<bool, AppError>>;

    /// Names of files that begin with `prefix` and come behind `after`, in order: at most a thousand.
    fn names<'a>(
        &'a self,
        bucket: &'static str,
        prefix: &'a str,
        after: &'a str,
    ) -> LocalBoxFuture<'a, Result<Vec<String>, AppError>>;

    /// A file of a bucket; none where there is none.
    fn load<'a>(
        &'a self,
        bucket: &'static str,
        name: &'a str,
    ) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, AppError>>;
}
