//! Who may let go on what somebody stopped: the same rank, or a higher one. A
//! clerk does not lift the principal's stop, and an author does not resume
//! what a leader paused. Stopping is open to all who may; only lifting asks.
//!
//! Where nobody has the rank of a stop of all sending any more, it would stand
//! for ever; and one person could bring that about by recording that leaders
//! have left. So two people let it go on together. (A message that is paused
//! needs none of this: it can be ended, and goes the way of the chain again.)

use crate::access::{Person, Post};
use crate::problem::Refusal;
use crate::school::Stopped;
use crate::words;
use crate::words::Words;

/// How high a post stands where something was stopped.
pub fn rank(post: Post) -> u8 {
    match post {
        Post::Principal | Post::LeaderInCharge => 4,
        Post::VicePrincipal => 3,
        Post::OfficeDirector | Post::StudentAffairsHead | Post::StudentAffairsDeputy => 2,
        Post::OfficeClerk => 1,
        // They stop and resume as authors only.
        Post::DepartmentLeader
        | Post::StudentAffairsClerk
        | Post::Dean
        | Post::CollegeLeader
        | Post::CollegeClerk
        | Post::FirstResponsible
        | Post::DesignatedSender
        | Post::Custodian
        | Post::DepartmentHead
        | Post::DepartmentClerk
        | Post::GradeHead
        | Post::HomeroomTeacher
        | Post::Counsellor
        | Post::SubjectTeacher
        | Post::SocietyTeacher
        | Post::LeadingGroup
        | Post::Auditor
        | Post::Administrator => 0,
    }
}

/// What somebody's order to let all sending go on comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lift {
    /// It goes on.
    Now,
    /// It waits for a second person.
    Asks,
}

/// The posts that may lift a stop by any post above an author's, lowest first.
const LEADERS: [Post; 4] = [Post::OfficeClerk, Post::OfficeDirector, Post::VicePrincipal, Post::Principal];

impl Person {
    /// The highest post held: by it one stops, and lifts what others stopped. None without a post.
    pub fn highest_post(&self) -> Option<Post> {
        // Of equal rank the first in the order in which posts are shown.
        let posts = self.appointments.iter().map(|a| a.post);
        posts.max_by_key(|post| (rank(*post), std::cmp::Reverse(*post)))
    }

    /// Whether this person may lift what was stopped by this post.
    ///
    /// # Errors
    /// Names who can.
    pub fn may_lift(&self, stopped_by: Post) -> Result<(), Refusal> {
        if self.highest_post().is_some_and(|post| rank(post) >= rank(stopped_by)) {
            return Ok(());
        }
        Err(Refusal::rights("outranked", who_may_lift(stopped_by)))
    }

    /// What this person's order to let all sending go on comes to.
    ///
    /// # Errors
    /// Names who can.
    pub fn lift(&self, stop: &Stopped) -> Result<Lift, Refusal> {
        let outranked = match self.may_lift(stop.post) {
            Ok(()) => return Ok(Lift::Now),
            Err(refusal) => refusal,
        };
        if !stop.vacant || self.highest_post().is_none_or(|post| rank(post) == 0) {
            return Err(outranked);
        }
        match &stop.asked_by {
            None => Ok(Lift::Asks),
            Some(first) if first.id != self.id => Ok(Lift::Now),
            Some(_) => Err(Refusal::rights(
                "second_person",
                Words::fixed(
                    "您已申请恢复，须由另一位可以停止发送的人确认",
                    "You have asked already: another person who may stop sending has to confirm it",
                ),
            )),
        }
    }
}

/// Who may lift what was stopped by this post, in words.
pub fn who_may_lift(stopped_by: Post) -> Words {
    let able: Vec<Words> =
        LEADERS.into_iter().filter(|post| rank(*post) >= rank(stopped_by)).map(Post::title).collect();
    let by = stopped_by.title();
    let join =
        |between: &str, pick: fn(&Words) -> &str| able.iter().map(pick).collect::<Vec<_>>().join(between);
    let (zh, en) = (join("、", |w| &w.zh), join(", ", |w| &w.en).to_lowercase());
    let (by_zh, by_en) = (by.zh, by.en.to_lowercase());
    words!(
        "这是{by_zh}停下的，须由{zh}恢复",
        "This was stopped by the {by_en}: only these posts can let it go on: {en}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Appointment;
    use crate::ids::{AppointmentId, StaffId, UnitId};

    fn person(posts: &[Post]) -> Person {
        Person {
            id: StaffId(1),
            name: "范知".into(),
            number: "T0001".into(),
            appointments: posts
                .iter()
                .map(|post| Appointment {
                    id: AppointmentId(1),
                    post: *post,
                    unit: UnitId(1),
                    unit_name: String::new(),
                    class: None,
                    class_name: None,
                    subject: None,
                    above: None,
                    listed: true,
                })
                .collect(),
        }
    }

    #[test]
    fn the_same_rank_or_a_higher_one_lifts_a_stop() {
        use Post::*;
        let order = [HomeroomTeacher, OfficeClerk, OfficeDirector, VicePrincipal, Principal];
        for (a, stopped_by) in order.into_iter().enumerate() {
            for (b, lifter) in order.into_iter().enumerate() {
                assert_eq!(
                    person(&[lifter]).may_lift(stopped_by).is_ok(),
                    b >= a,
                    "{lifter:?} {stopped_by:?}"
                );
            }
            assert!(person(&[]).may_lift(stopped_by).is_err(), "who holds no post lifts nothing");
        }
        // An administrator runs accounts, not sending.
        assert!(person(&[Administrator]).may_lift(OfficeClerk).is_err());
    }

    #[test]
    fn the_highest_post_counts() {
        use Post::*;
        assert_eq!(person(&[SubjectTeacher, OfficeDirector]).highest_post(), Some(OfficeDirector));
        assert_eq!(person(&[SubjectTeacher, HomeroomTeacher]).highest_post(), Some(HomeroomTeacher));
        assert!(person(&[SubjectTeacher, VicePrincipal]).may_lift(OfficeDirector).is_ok());
    }

    #[test]
    fn of_a_rank_that_nobody_has_two_people_lift_a_stop_together() {
        use Post::*;
        let stop = |vacant, asked: Option<i64>| Stopped {
            by: "范知".into(),
            post: Principal,
            reason: String::new(),
            at: crate::time::Instant(1),
            vacant,
            asked_by: asked.map(|id| crate::school::PersonRef {
                id: StaffId(id),
                name: String::new(),
                number: String::new(),
            }),
        };
        let said = |post: Post, stop: &Stopped| person(&[post]).lift(stop).map_err(|refusal| refusal.kind);
        assert_eq!(said(VicePrincipal, &stop(false, None)), Err("outranked".into()));
        assert_eq!(said(VicePrincipal, &stop(true, None)), Ok(Lift::Asks), "never alone");
        assert_eq!(said(VicePrincipal, &stop(true, Some(1))), Err("second_person".into()), "nor twice");
        assert_eq!(said(OfficeClerk, &stop(true, Some(2))), Ok(Lift::Now));
        assert_eq!(said(Principal, &stop(true, None)), Ok(Lift::Now), "the post is filled again");
        for nobody in [Administrator, HomeroomTeacher] {
            assert_eq!(said(nobody, &stop(true, Some(2))), Err("outranked".into()));
        }
    }

    #[test]
    fn the_refusal_names_who_can() {
        let refusal = person(&[Post::OfficeClerk]).may_lift(Post::VicePrincipal).expect_err("outranked");
        assert_eq!(refusal.words.zh, "这是副校长停下的，须由副校长、校长恢复");
    }
}
