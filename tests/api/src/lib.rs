//! What the scenarios stand on: a school of one's own, clients by role, and a
//! look into its databases.
//!
//! Most scenarios run in process: the Worker's own code on SQLite with the real
//! schema, in milliseconds. Those that are about the platform run the same
//! school on workerd ([`App::on_workerd`]). Either copies a prepared state, so that
//! scenarios run side by side and share nothing. Nothing sleeps: [`eventually`]
//! asks again until a deadline.

mod app;
mod client;
mod contract;
mod native;
mod provider;
pub mod small_university;
mod story;
mod template;
mod university;

pub use app::{App, PASSPHRASE, Sms};
pub use client::{Client, Reply};
pub use contract::Contract;
pub use native::{Prepared, Turns};
pub use story::{PHONES, PHONES_FAILING, PHONES_REFUSED, draft_to, draft_to_all, link_in};

use std::time::Duration;

/// How long a scenario waits for what happens by itself, on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// Asks again until there is an answer.
///
/// # Panics
/// After the deadline, with what was waited for.
pub fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(now() < deadline, "waited {within:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}

#[expect(clippy::disallowed_methods, reason = "tests run natively and only measure waiting")]
pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}
