//! The staff's app (Leptos, rendered in the browser): rosters, writing,
//! approving, watching. It judges with `domain`'s rules what to offer; the
//! Worker judges again and counts.
//!
//! A feature has the name it has in `domain` and in the Worker.

mod account;
mod api;
mod app;
mod audit;
mod common;
mod home;
mod message;
mod parts;
mod roster;
mod route;
mod school;
mod session;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

fn main() {
    // The skeleton in index.html stands inside #app until this moment.
    let Some(root) = document().get_element_by_id("app") else { return };
    root.set_inner_html("");
    let Ok(root) = root.dyn_into::<leptos::web_sys::HtmlElement>() else { return };
    leptos::mount::mount_to(root, app::App).forget();
}
