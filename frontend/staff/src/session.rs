//! Who is signed in. The app cannot read the session's cookie; it only knows
//! what `GET /api/me` answers.

use domain::account::Me;
use domain::time::Instant;
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
pub struct Session {
    standing: RwSignal<Standing>,
    /// How far the Worker's clock is ahead of this device's, in milliseconds.
    ahead: StoredValue<i64>,
}

impl Session {
    /// Provides the session.
    pub fn provide() -> Self {
        let session = Self { standing: RwSignal::new(Standing::Unknown), ahead: StoredValue::new(0) };
        provide_context(session);
        session
    }

    /// What is known.
    pub fn standing(self) -> ReadSignal<Standing> {
        self.standing.read_only()
    }

    /// Somebody has signed in, or `GET /api/me` has answered.
    pub fn enter(self, me: Me) {
        self.ahead.set_value(me.now.0 - js_sys::Date::now() as i64);
        self.standing.set(Standing::In(Box::new(me)));
    }

    /// The person has signed out.
    pub fn leave(self) {
        self.standing.set(Standing::Left);
    }

    /// The Worker no longer knows the session.
    pub fn expire(self) {
        let expired = self.standing.with_untracked(|s| matches!(s, Standing::In(_)));
        if !matches!(self.standing.get_untracked(), Standing::Out { .. }) {
            self.standing.set(Standing::Out { expired });
        }
    }

    /// The Worker's clock (I12): this device's only tells how long ago it was heard.
    pub fn now(self) -> Instant {
        Instant(js_sys::Date::now() as i64 + self.ahead.get_value())
    }

    /// Changes what is known about the school or what waits, after an order.
    pub fn update(self, change: impl FnOnce(&mut Me)) {
        let _ = self.standing.try_update(|s| {
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
