//! How long one stays signed in (G12, G51), and one's own sessions as a list.

use serde::{Deserialize, Serialize};

use super::device::Device;
use crate::access::Person;
use crate::ids::SessionId;
use crate::time::{DAY, HOUR, Instant};

/// No session lives longer than this, whoever it belongs to.
pub const SESSION_LIFE: i64 = 30 * DAY;

/// How long a session may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// Unused.
    pub idle: i64,
    /// At most.
    pub life: i64,
}

/// The rules for a person, by the posts held now: a phone left on a table must not be able to decide or
/// administer for long.
pub fn session_rules(person: &Person) -> SessionRules {
    if person.appointments.iter().any(|a| a.post.needs_confirmation()) {
        SessionRules { idle: 2 * HOUR, life: 12 * HOUR }
    } else {
        SessionRules { idle: 12 * HOUR, life: SESSION_LIFE }
    }
}

impl SessionRules {
    /// Whether a session that began and was last used then still lives.
    pub fn lives(self, created_at: Instant, seen_at: Instant, now: Instant) -> bool {
        created_at.plus(self.life) > now && seen_at.plus(self.idle) > now
    }
}

/// One signed-in browser in `GET /api/me/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// On which device.
    pub device: Device,
    /// Since when.
    pub created_at: Instant,
    /// Last used, to within some minutes.
    pub seen_at: Instant,
    /// Whether it is the one that asks.
    pub current: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Appointment, Post};
    use crate::ids::{AppointmentId, StaffId, UnitId};

    fn person(posts: &[Post]) -> Person {
        let held = |(post, id): (&Post, i64)| Appointment {
            id: AppointmentId(id),
            post: *post,
            unit: UnitId(1),
            unit_name: String::new(),
            class: None,
            class_name: None,
            subject: None,
            above: None,
            listed: true,
        };
        Person {
            id: StaffId(1),
            name: "范知远".into(),
            number: "T0001".into(),
            appointments: posts.iter().zip(1..).map(held).collect(),
        }
    }

    #[test]
    fn who_decides_or_administers_stays_for_less_time() {
        let (short, long) = ((2, 12), (12, 30 * 24));
        for (posts, (idle, life)) in [
            (vec![], long),
            (vec![Post::SubjectTeacher, Post::HomeroomTeacher], long),
            (vec![Post::DepartmentClerk], long),
            (vec![Post::SubjectTeacher, Post::GradeHead], short),
            (vec![Post::Principal], short),
            (vec![Post::VicePrincipal], short),
            (vec![Post::OfficeDirector], short),
            (vec![Post::OfficeClerk], short),
            (vec![Post::Administrator], short),
        ] {
            let rules = SessionRules { idle: idle * HOUR, life: life * HOUR };
            assert_eq!(session_rules(&person(&posts)), rules, "{posts:?}");
        }
    }

    #[test]
    fn a_session_ends_idle_or_old() {
        let rules = session_rules(&person(&[Post::Principal]));
        let began = Instant(0);
        assert!(rules.lives(began, began, Instant(2 * HOUR - 1)));
        assert!(!rules.lives(began, began, Instant(2 * HOUR)));
        assert!(rules.lives(began, Instant(11 * HOUR), Instant(12 * HOUR - 1)));
        assert!(!rules.lives(began, Instant(12 * HOUR - 1), Instant(12 * HOUR)), "used or not");
    }
}
