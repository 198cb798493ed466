//! Passes signed SMS requests on to the providers, from a server in the mainland.
//!
//! It is careful about three things: who may use it (a secret shared with the
//! Worker, over method, host, path, time and body), whom it calls (a short
//! list of hosts), and what it says when something is wrong: whether the
//! provider was called is what decides there if an SMS is sent again. The
//! format is in its README.

mod gate;
mod pass;

pub use gate::{Gate, NoSecret, PROVIDERS, mac};
pub use pass::{Limits, Relay, Served};
