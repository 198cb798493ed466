//! SMS providers, as far as they can be told without a network: what is sent
//! to one, signed, and what its answers, receipts and replies say.
//!
//! A provider is one file and one line in [`ProviderKind::protocol`]. All that
//! comes from outside is read without trust: what cannot be read moves
//! nothing, and an answer that does not say what became of an SMS leaves it
//! unknown (I5).

pub mod account;
mod aliyun;
pub mod code;
mod json;
pub mod signing;
mod tencent;
mod variables;
mod wire;

pub use account::{Account, Credentials, FiledTemplate, FilingState, ProviderKind, masked};
pub use code::{Action, Cause, Outcome};
pub use variables::{NotAllowed, variables};
pub use wire::{
    ANSWER_BYTES_MAX, Facts, Fate, Finding, HttpAnswer, HttpCall, NO_TEMPLATE, NotSendable, Part, Protocol,
    Question, Reading, Receipt, Reply, Submission, Unreadable, by_relay, is_opt_out,
};

impl ProviderKind {
    /// What is spoken with it; none with the sandbox, which has no network.
    pub fn protocol(self) -> Option<&'static dyn Protocol> {
        match self {
            Self::Sandbox => None,
            Self::Aliyun => Some(&aliyun::Aliyun),
            Self::Tencent => Some(&tencent::Tencent),
        }
    }
}

#[cfg(test)]
mod tests;
