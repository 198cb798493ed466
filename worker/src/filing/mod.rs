//! Papers beside a message (filing; G5, G7): the register of signed originals, the release by a
//! department's designated sender, filings, comments, and the chase of what is late.

pub mod chase;
pub mod list;
pub mod release;
pub mod rights;
pub mod routes;
pub mod scan;
pub mod store;
