//! People who leave and come back, and whose a number is (G10, G24, G25): what
//! is asked for by hand, and what is shown before and after.

use serde::{Deserialize, Serialize};

use crate::access::{Appointment, Post};
use crate::ids::{ClassId, DisputeId, MessageId};
use crate::keys::keyed;
use crate::message::RecipientKind;
use crate::problem::Refusal;
use crate::time::Instant;
use crate::words::Words;

keyed! {
    /// Why somebody left the roll.
    pub enum LeaveReason {
        /// 转学 or 调离.
        Transferred = "transferred",
        /// 毕业.
        Graduated = "graduated",
        /// 休学.
        Suspended = "suspended",
        /// 离职.
        Resigned = "resigned",
        /// 退休.
        Retired = "retired",
        /// 去世.
        Deceased = "deceased",
        /// The person is the child's guardian no more.
        Custody = "custody",
        /// The entry was never right.
        Mistake = "mistake",
        /// A roster file said so.
        Imported = "imported",
    }
}

impl LeaveReason {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Transferred => Words::fixed("转学或调离", "Moved to another school"),
            Self::Graduated => Words::fixed("毕业", "Graduated"),
            Self::Suspended => Words::fixed("休学", "On leave from school"),
            Self::Resigned => Words::fixed("离职", "Left the job"),
            Self::Retired => Words::fixed("退休", "Retired"),
            Self::Deceased => Words::fixed("去世", "Deceased"),
            Self::Custody => Words::fixed("不再是监护人", "No longer a guardian"),
            Self::Mistake => Words::fixed("登记错误", "Entered by mistake"),
            Self::Imported => Words::fixed("按导入的名册", "By an imported list"),
        }
    }

    /// What can be chosen by hand for this kind of person.
    pub fn of(kind: RecipientKind) -> &'static [Self] {
        match kind {
            RecipientKind::Staff => {
                &[Self::Resigned, Self::Retired, Self::Transferred, Self::Deceased, Self::Mistake]
            }
            RecipientKind::Student => {
                &[Self::Transferred, Self::Graduated, Self::Suspended, Self::Deceased, Self::Mistake]
            }
            RecipientKind::Guardian => &[Self::Custody, Self::Deceased, Self::Mistake],
        }
    }
}

/// `POST …/leave`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Leave {
    /// Why.
    pub reason: LeaveReason,
}

impl Leave {
    /// Whether this kind of person can leave for this reason.
    ///
    /// # Errors
    /// A refusal in words.
    pub fn check(self, kind: RecipientKind) -> Result<(), Refusal> {
        if LeaveReason::of(kind).contains(&self.reason) {
            return Ok(());
        }
        let words = Words::fixed("请选择合适的离开原因", "Choose a reason that fits this person");
        Err(Refusal::field("leave_reason", "reason", words))
    }
}

/// A message, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageRef {
    /// Which.
    pub id: MessageId,
    /// Its title.
    pub title: String,
}

/// A step that waits for a leaver, and who can decide it afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitingStep {
    /// Of which message.
    pub message: MessageRef,
    /// Who can decide it then; nobody: a post has to be filled first.
    pub others: Vec<String>,
}

/// `GET /api/staff/{id}/leave`: what would follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StaffLeaving {
    /// Who.
    pub name: String,
    /// Posts that end.
    pub posts: Vec<Appointment>,
    /// Of these, what nobody else holds: ids of appointments.
    pub vacant: Vec<i64>,
    /// Units that lose their custodian (G2) and cannot send until they have another.
    pub custodian_of: Vec<String>,
    /// Drafts that are left behind.
    pub drafts: Vec<MessageRef>,
    /// Messages under way in one of the posts: they are held before they are sent.
    pub held: Vec<MessageRef>,
    /// Steps that wait for this person.
    pub waiting: Vec<WaitingStep>,
}

/// `GET /api/students/{id}/leave`, `GET /api/guardians/{id}/leave`: what would follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FamilyLeaving {
    /// Who.
    pub name: String,
    /// Guardians who get nothing more about this child.
    pub guardians: Vec<String>,
    /// Messages under way that would have reached them.
    pub messages: u32,
    /// Whether no SMS reaches the child any more, where it stays itself.
    pub unreachable: bool,
}

/// Somebody who left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Left {
    /// Guardian, member of staff or student.
    pub kind: RecipientKind,
    /// Their id.
    pub person: i64,
    /// Name.
    pub name: String,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: LeaveReason,
    /// Who said so.
    pub by: String,
}

/// A post that nobody holds since its holder left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Vacancy {
    /// The post.
    pub post: Post,
    /// Where.
    pub unit: String,
    /// For teachers.
    pub class: Option<String>,
    /// For subject teachers.
    pub subject: Option<String>,
    /// Who held it.
    pub held_by: String,
    /// Since when it is empty.
    pub since: Instant,
}

/// A draft whose author has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeftDraft {
    /// Which.
    pub id: MessageId,
    /// Who wrote it.
    pub author: String,
    /// To whom.
    pub audience: Words,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Last saved.
    pub changed_at: Instant,
}

/// `GET /api/staff/departures`: what leavers left behind, for who manages accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Departures {
    /// Who left, newest first.
    pub left: Vec<Left>,
    /// Posts to fill.
    pub vacancies: Vec<Vacancy>,
    /// Units to give a custodian.
    pub without_custodian: Vec<String>,
    /// Drafts to take over.
    pub drafts: Vec<LeftDraft>,
    /// Messages that are held since their author lost the post.
    pub held: Vec<MessageRef>,
}

keyed! {
    /// Whether SMS go to a number.
    pub enum NumberState {
        /// They do.
        Usable = "usable",
        /// The network says that there is no such number.
        Invalid = "invalid",
        /// Its owner wants no SMS.
        OptedOut = "opted_out",
        /// It was taken back.
        Revoked = "revoked",
        /// Whoever has the phone says that it is not this person's.
        Disputed = "disputed",
    }
}

impl NumberState {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Usable => Words::fixed("可用", "In use"),
            Self::Invalid => Words::fixed("空号", "No such number"),
            Self::OptedOut => Words::fixed("家长退订", "Opted out"),
            Self::Revoked => Words::fixed("已停用", "Taken back"),
            Self::Disputed => Words::fixed("对方称不是本人号码", "Said to be a wrong number"),
        }
    }
}

/// `PUT /api/guardians/{id}/phone`, `PUT /api/staff/{id}/phone`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewNumber {
    /// The number, as people write it.
    pub phone: String,
}

/// `POST /api/guardians/{id}/phone`: nothing more to this number, or again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkNumber {
    /// `usable`, `opted_out` or `revoked`.
    pub state: NumberState,
}

/// A number that somebody said is not theirs, until it is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dispute {
    /// Which.
    pub id: DisputeId,
    /// Whose number it was taken for: guardian or staff.
    pub kind: RecipientKind,
    /// Their id.
    pub person: i64,
    /// Name.
    pub name: String,
    /// 父亲, 母亲, …; empty for staff.
    pub relation: String,
    /// The child.
    pub student: Option<String>,
    /// Its class.
    pub class: Option<ClassId>,
    /// The class's name.
    pub class_name: Option<String>,
    /// `199******50`.
    pub phone: String,
    /// Through which notice it was said.
    pub message: String,
    /// When.
    pub at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_fits_somebody_and_none_by_hand_is_the_files() {
        for reason in LeaveReason::ALL {
            let fits = RecipientKind::ALL.iter().any(|kind| Leave { reason }.check(*kind).is_ok());
            assert_eq!(fits, reason != LeaveReason::Imported, "{reason:?}");
        }
        assert!(Leave { reason: LeaveReason::Retired }.check(RecipientKind::Student).is_err());
    }
}
