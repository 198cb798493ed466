//! Who is signed in. The app cannot read the session's cookie; it only knows
//! what `GET /api/me` answers.

use domain::account::Me;
use leptos::prelude::*;

/// What is known about the person at the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Not asked yet.
    Unknown,
    /// Signed in.
    In(Box<Me>),
    /// Signed out on purpose: nothing to come back to.
    Left,
    /// Not signed in; `expired` where the person was a moment ago.
    Out {
        /// Whether a session has ended on its own.
        expired: bool,
    },
}

/// The session, as every component finds it in the context.
#[derive(Clone, Copy)]
pub struct Session(RwSignal<Standing>);

impl Session {
    /// Provides the session.
    pub fn provide() -> Self {
        let session = Self(RwSignal::new(Standing::Unknown));
        provide_context(session);
        session
    }

    /// What is known.
    pub fn standing(self) -> ReadSignal<Standing> {
        self.0.read_only()
    }

    /// Somebody has signed in, or `GET /api/me` has answered.
    pub fn enter(self, me: Me) {
        self.0.set(Standing::In(Box::new(me)));
    }

    /// The person has signed out.
    pub fn leave(self) {
        self.0.set(Standing::Left);
    }

    /// The Worker no longer knows the session.
    pub fn expire(self) {
        let expired = self.0.with_untracked(|s| matches!(s, Standing::In(_)));
        if !matches!(self.0.get_untracked(), Standing::Out { .. }) {
            self.0.set(Standing::Out { expired });
        }
    }

    /// Changes what is known about the school or what waits, after an order.
    pub fn update(self, change: impl FnOnce(&mut Me)) {
        let _ = self.0.try_update(|s| {
            if let Standing::In(me) = s {
                change(me);
            }
        });
    }
}

/// The session of this app.
pub fn use_session() -> Session {
    expect_context::<Session>()
}

/// The signed-in person: on every page inside the shell.
pub fn use_me() -> Signal<Me> {
    expect_context::<Signal<Me>>()
}
