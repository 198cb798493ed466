//! Deliveries: from release to receipt. Batches carry the truth; whoever is
//! killed whenever, the next one to look at a batch knows what to do.

pub mod attempt;
mod authority;
pub mod expire;
pub mod halt;
mod health;
pub mod names;
pub mod provider;
pub mod receipts;
mod record;
pub mod release;
pub mod resolve;
pub mod routes;
pub mod sequence;
mod totals;

use domain::ids::PhoneId;
use serde::{Deserialize, Serialize};

/// The key of a batch: up to a hundred phones of one stream, for one provider call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BatchKey {
    /// Message.
    pub message_id: i64,
    /// Round.
    pub round: u8,
    /// Number.
    pub no: i64,
}

/// A phone's row, as far as sending needs it.
#[derive(Deserialize)]
struct PhoneRow {
    id: PhoneId,
    key_id: i64,
    sealed: String,
}
