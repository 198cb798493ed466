//! Who holds posts that decide, and why somebody's appointment does not decide
//! a message.

use crate::access::Post;
use crate::ids::{AppointmentId, StaffId, UnitId};
use crate::problem::Refusal;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// In which capacity somebody decides a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Capacity {
    /// By the step's own post.
    Own,
    /// By its substitute's.
    StandsIn,
}

/// Who holds a post that decides, by an appointment that counts now: confirmed by a second person,
/// begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The appointment.
    pub appointment: AppointmentId,
    /// Who.
    pub staff: StaffId,
    /// Name.
    pub name: String,
    /// The post.
    pub post: Post,
    /// The unit in which it is held.
    pub unit: UnitId,
    /// Who gave it; 0 opened it with the school.
    pub given_by: StaffId,
    /// The second person; 0 opened it with the school.
    pub confirmed_by: StaffId,
    /// When it was confirmed.
    pub confirmed_at: Instant,
    /// Recorded absences that hold now.
    pub away: Vec<Absence>,
}

/// A recorded absence of somebody who holds a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Who recorded it.
    pub recorded_by: StaffId,
    /// Until when.
    pub until: Instant,
}

/// Why somebody's appointment does not decide a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    /// The own draft.
    Drafted,
    /// An earlier step decided.
    Decided,
    /// Confirmed only after the message was submitted.
    Late,
    /// Given and confirmed by nobody but the drafter and the decider.
    AmongThemselves,
}

impl Bar {
    /// As a refusal, in words for that person.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Drafted => Refusal::rights(
                "own_draft",
                Words::fixed("不能审批自己起草的信息", "Nobody decides on their own draft"),
            ),
            Self::Decided => Refusal::rights(
                "decided_before",
                Words::fixed(
                    "您已在前一步作出决定，审核与审批须由不同的人负责",
                    "You decided an earlier step: review and approval are for different people",
                ),
            ),
            Self::Late => Refusal::rights(
                "appointed_later",
                Words::fixed(
                    "您的任命是在这条信息报批之后才确认的，不能审批这一条，请由报批前已在任的人办理",
                    "Your appointment was confirmed after this message was submitted: somebody who held the post before has to decide",
                ),
            ),
            Self::AmongThemselves => Refusal::rights(
                "appointed_among_themselves",
                Words::fixed(
                    "您的任命只经您本人和起草人之手，不能审批这一条，请由其他人办理",
                    "Only you and the drafter had a part in your appointment: somebody else has to decide this message",
                ),
            ),
        }
    }
}

/// Why a holder of a step's post cannot decide it, so that the substitute may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unable {
    /// The appointment does not decide this message.
    Barred(Bar),
    /// Recorded as away, until then.
    Away(Instant),
}

impl Unable {
    /// In words, of the holder with this name.
    pub fn of(&self, name: &str) -> Words {
        match self {
            Self::Barred(Bar::Drafted) => words!("{name}是起草人", "{name} drafted it"),
            Self::Barred(Bar::Decided) => {
                words!("{name}已在前一步作出决定", "{name} decided an earlier step")
            }
            Self::Barred(Bar::Late) => {
                words!(
                    "{name}的任命在报批之后才确认",
                    "{name}'s appointment was confirmed after it was submitted"
                )
            }
            Self::Barred(Bar::AmongThemselves) => words!(
                "{name}的任命只经本人和起草人之手",
                "only {name} and the drafter had a part in that appointment"
            ),
            Self::Away(until) => {
                let until = until.words();
                let (zh, en) = (until.zh, until.en);
                words!("{name}请假至{zh}", "{name} is away until {en}")
            }
        }
    }
}
