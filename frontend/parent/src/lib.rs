//! What parents see: the page behind the link in the SMS, and, in the demo
//! only, the phone on which that SMS arrives.
//!
//! Parents have no account and no app, and many read in the WebView of an
//! old phone. So each page is one request without script: the Worker calls a
//! function here and sends the string. The style is inlined and allowed by
//! its hash alone (`style_hash`), so the pages' CSP needs no `unsafe-inline`.

mod notice;
mod sandbox;
mod shell;

pub use notice::{not_found, not_theirs, page, style_hash};
pub use sandbox::{
    SandboxList, SandboxPhone, SandboxSms, sandbox_phones, sandbox_style_hash, sandbox_thread,
};
