//! The staff's app (Leptos, rendered in the browser): rosters, writing,
//! approving, watching. It uses `domain`'s rules to decide what to offer; the
//! Worker checks the same rules again, and its answer counts.
//!
//! A feature has the name it has in `domain` and in the Worker.

mod account;
mod api;
mod app;
mod audit;
mod checklist;
mod chunks;
mod common;
mod filing;
mod home;
mod menu;
mod message;
mod office_request;
mod procedure;
mod register;
mod roster;
mod route;
mod school;
mod session;
mod sms_account;
mod units;
mod why;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

fn main() {
    // Until now #app shows the skeleton that index.html brings.
    let Some(root) = document().get_element_by_id("app") else { return };
    root.set_inner_html("");
    let Ok(root) = root.dyn_into::<leptos::web_sys::HtmlElement>() else { return };
    leptos::mount::mount_to(root, app::App).forget();
}
