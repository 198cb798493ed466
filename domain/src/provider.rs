//! SMS providers: what an account with one is, and what a provider allows in a
//! variable. Their protocols are pure here as well: nothing is called.

mod account;
mod variables;

pub use account::{Account, Credentials, FiledTemplate, FilingState, ProviderKind, masked};
pub(crate) use variables::is_refused;
pub use variables::{NotAllowed, variables};
