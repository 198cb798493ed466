//! The platform's events, and nothing else: each one is handed to the module
//! that is named after it.

mod account;
mod appointment;
mod approval;
pub mod audit;
pub mod cron;
pub mod dead_letters;
mod delegation;
pub mod delivery;
mod filing;
pub mod hooks;
mod link;
mod me;
mod message;
mod office_request;
mod openapi;
mod people;
pub mod platform;
mod procedure;
mod register;
mod roster;
pub mod router;
mod sandbox;
mod school;
pub mod seals;
pub mod sequencer;
pub mod sms_account;
pub mod sms_queue;
mod template;
mod why;

#[cfg(target_arch = "wasm32")]
mod entries;
#[cfg(target_arch = "wasm32")]
mod sequencer_do;
