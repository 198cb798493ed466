//! Signing out: for the rail and for the person's own page.

use domain::api;
use leptos::prelude::*;

use crate::api::Order;
use crate::session::{Session, use_session};

/// The order to sign out, and the session that it ends.
#[derive(Clone, Copy)]
pub struct SignOut {
    order: Order,
    session: Session,
}

impl SignOut {
    /// Called inside a component.
    pub fn new() -> Self {
        Self { order: Order::new(), session: use_session() }
    }

    /// Whether it is under way.
    pub fn busy(self) -> Signal<bool> {
        self.order.busy()
    }

    pub fn run(self) {
        self.order.call(api::SIGN_OUT, move |()| self.session.leave());
    }
}
