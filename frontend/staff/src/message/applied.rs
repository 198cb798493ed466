//! A department's application as signals of the form.

use domain::access::{Person, Post};
use domain::filing::Application;
use domain::time::{DAY, Instant};
use leptos::prelude::*;

/// The application as signals.
#[derive(Clone, Copy, Default)]
pub struct Applied {
    /// What it is needed for.
    pub need: RwSignal<String>,
    /// What is sent.
    pub content: RwSignal<String>,
    /// To whom.
    pub audience: RwSignal<String>,
    /// Who sends.
    pub sender: RwSignal<String>,
    /// `2026-09-01` in Shanghai.
    pub from: RwSignal<String>,
    /// The last day.
    pub until: RwSignal<String>,
}

/// Midnight at the start of a day that a browser gives.
fn day(text: &str) -> Option<Instant> {
    Instant::from_local(&format!("{text}T00:00"))
}

/// The last day of a period.
pub fn last_day(until: Instant) -> String {
    until.plus(-1).date()
}

impl Applied {
    /// Shows another application.
    pub fn fill(self, application: Option<&Application>) {
        let given = application.cloned().unwrap_or_default();
        self.need.set(given.need);
        self.content.set(given.content);
        self.audience.set(given.audience);
        self.sender.set(given.sender);
        self.from.set(given.from.map(Instant::date).unwrap_or_default());
        self.until.set(given.until.map(last_day).unwrap_or_default());
    }

    /// The application as it stands (reactive); none while nothing of it is filled in.
    pub fn application(self) -> Option<Application> {
        let application = Application {
            need: self.need.get(),
            content: self.content.get(),
            audience: self.audience.get(),
            sender: self.sender.get(),
            from: self.from.with(|text| day(text)),
            until: self.until.with(|text| day(text)).map(|at| at.plus(DAY)),
        };
        (application != Application::default()).then_some(application)
    }
}

/// What a designated sender begins with.
pub fn begun(person: &Person, now: Instant) -> Option<Application> {
    person.holds(Post::DesignatedSender, None).then(|| Application {
        sender: person.name.clone(),
        from: Some(now.start_of_day()),
        ..Application::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_holds_its_last_day() {
        let until = day("2026-11-30").expect("a day").plus(DAY);
        assert_eq!(last_day(until), "2026-11-30");
        assert_eq!(until.date_time(), "2026-12-01 00:00");
        assert_eq!(day("2026-13-01"), None);
    }
}
