//! Standing in: somebody is away for a time, which is recorded with dates, so
//! that the substitute of a step decides meanwhile. Who is there decides in
//! person.

use serde::{Deserialize, Serialize};

use crate::access::{Appointment, Person, Post};
use crate::ids::{AppointmentId, DelegationId, StaffId};
use crate::problem::Refusal;
use crate::school::PersonRef;
use crate::time::{DAY, Instant};
use crate::words;
use crate::words::Words;

/// Most characters of a reason.
pub const REASON_MAX: usize = 200;
/// Longest absence in days: who is away longer needs a successor.
const DAYS_MAX: i64 = 180;

/// Whether somebody can stand in for this post: one that decides.
pub fn can_be_away(post: Post) -> bool {
    post.needs_confirmation() && !matches!(post, Post::OfficeClerk | Post::Custodian | Post::Administrator)
}

/// Whether a person may record that others are away: somebody who is ill cannot do it.
pub fn may_record_others(person: &Person) -> bool {
    person.holds(Post::Principal, None) || person.holds(Post::OfficeDirector, None)
}

/// Whether a person may record or withdraw an absence of `holder`.
pub fn may_record(person: &Person, holder: StaffId) -> bool {
    person.id == holder || may_record_others(person)
}

/// `POST /api/delegations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordAbsence {
    /// The post that somebody else decides for.
    pub appointment: AppointmentId,
    /// From when; at once where absent.
    pub from: Option<Instant>,
    /// Until when.
    pub until: Instant,
    /// Why; needed where somebody else records it.
    pub reason: String,
}

impl RecordAbsence {
    /// From when it holds.
    pub fn begins(&self, now: Instant) -> Instant {
        self.from.unwrap_or(now).max(now)
    }

    /// What is wrong with it; `own` where the holder records it.
    pub fn check(&self, own: bool, now: Instant) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let from = self.begins(now);
        if self.until <= from || self.until.0 - from.0 > DAYS_MAX * DAY {
            refusals.push(Refusal::field(
                "until",
                "until",
                words!(
                    "结束时间须晚于开始时间和现在，最长 {DAYS_MAX} 天；更长的请另行任命",
                    "It has to end after it begins and after now, within {DAYS_MAX} days; for longer, appoint somebody"
                ),
            ));
        }
        let n = self.reason.trim().chars().count();
        if n > REASON_MAX || n == 0 && !own {
            refusals.push(Refusal::field(
                "reason",
                "reason",
                words!(
                    "替他人登记请假须写明原因，最多 {REASON_MAX} 个字",
                    "Say why you record it for somebody else, in at most {REASON_MAX} characters"
                ),
            ));
        }
        refusals
    }
}

/// A post for which an absence can be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeldPost {
    /// Whose.
    pub staff: PersonRef,
    /// Which.
    pub appointment: Appointment,
}

/// A recorded absence that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AbsenceView {
    /// Its id.
    pub id: DelegationId,
    /// Whose, and for which post.
    pub held: HeldPost,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Name of who recorded it.
    pub recorded_by: String,
    /// Why.
    pub reason: String,
}

/// `GET /api/delegations`: what concerns the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delegations {
    /// Absences that have not ended.
    pub absences: Vec<AbsenceView>,
    /// Posts for which the reader can record one; the own ones first.
    pub posts: Vec<HeldPost>,
}

/// What to say where a post is not the person's to record for.
pub fn not_your_post() -> Refusal {
    Refusal::field(
        "not_your_post",
        "appointment",
        Words::fixed(
            "只能登记本人的岗位；替他人登记请找校长或校办室主任",
            "You can record it for your own posts; for others the principal or the office director does",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_has_an_end_and_for_others_a_reason() {
        let now = Instant(1_000);
        let absence = |from: Option<i64>, until: i64, reason: &str| RecordAbsence {
            appointment: AppointmentId(1),
            from: from.map(Instant),
            until: Instant(until),
            reason: reason.into(),
        };
        let fields = |absence: RecordAbsence, own| {
            let refusals = absence.check(own, now);
            refusals.iter().filter_map(|r| r.field_name().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(fields(absence(None, 2_000, ""), true), [""; 0]);
        assert_eq!(fields(absence(None, 2_000, " "), false), ["reason"]);
        assert_eq!(fields(absence(None, 1_000, ""), true), ["until"]);
        assert_eq!(fields(absence(Some(3_000), 2_000, ""), true), ["until"]);
        assert_eq!(fields(absence(None, 1_000 + 181 * DAY, ""), true), ["until"]);
        assert_eq!(fields(absence(None, 2_000, &"长".repeat(201)), true), ["reason"]);
        assert_eq!(absence(Some(1), 2_000, "").begins(now), now, "nothing is recorded for the past");
    }
}
