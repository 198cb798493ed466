//! The rules of Xiaoxun (校讯): who may send what to whom, who approves it,
//! and what is kept.
//!
//! Nothing in here does I/O, reads a clock or draws a random number, so the
//! same code judges a message while it is typed in the browser and when the
//! Worker accepts it, and every rule can be tested natively.
//!
//! One module per feature; the feature keeps its name in `worker/`,
//! `frontend/` and `tests/`.

pub mod access;
pub mod account;
pub mod answer;
pub mod api;
pub mod appointment;
pub mod approval;
pub mod audit;
pub mod blank;
pub mod checklist;
pub mod content;
pub mod delegation;
pub mod delivery;
pub mod digest;
pub mod filing;
pub mod ids;
pub mod json;
mod keys;
pub mod link;
pub mod message;
pub mod office_request;
pub mod page_text;
pub mod phone;
pub mod powers;
pub mod problem;
pub mod provider;
pub mod rank;
pub mod register;
pub mod roster;
pub mod sandbox;
pub mod school;
pub mod sms;
pub mod sms_account;
pub mod template;
pub mod time;
pub mod unit;
pub mod why;
pub mod words;
