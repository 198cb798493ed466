//! Appointments: where each post is held, posts given by hand, and those that
//! wait for a second person: who gives power is not alone
//! in giving it. A post that decides, administers, runs the office or opens
//! accounts counts once somebody else who manages accounts has confirmed it.

use serde::{Deserialize, Serialize};

mod ending;

pub use ending::{EndPost, Ended, Ending};

use crate::access::{Appointment, Post};
use crate::ids::{AppointmentId, ClassId, ImportId, StaffId, UnitId};
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::school::{PersonRef, UnitKind};
use crate::time::{DAY, Instant};
use crate::words;
use crate::words::Words;

/// Most appointments confirmed at once.
pub const CONFIRM_MAX: usize = 200;
/// How long a declined appointment stays on the page, in milliseconds.
pub const DECLINED_SHOWN: i64 = 30 * DAY;
/// Most characters of a reason.
pub const REASON_MAX: usize = 200;

keyed! {
    /// Why somebody is not the second person for an appointment.
    pub enum ConfirmBar {
        /// The same person gave it.
        GivenByYou = "given_by_you",
        /// It is the person's own.
        Yours = "yours",
        /// The same person alone opened the account that would hold it.
        OpenedByYou = "opened_by_you",
    }
}

impl ConfirmBar {
    /// Whether somebody is barred from confirming what `given_by` gave to `staff`, whose account
    /// `opened_by` opened with a slip that nobody else looked at: whoever issued it may hold the account.
    pub fn of(me: StaffId, staff: StaffId, given_by: StaffId, opened_by: Option<StaffId>) -> Option<Self> {
        if me == given_by {
            Some(Self::GivenByYou)
        } else if me == staff {
            Some(Self::Yours)
        } else {
            (opened_by == Some(me)).then_some(Self::OpenedByYou)
        }
    }

    /// For the screen.
    pub fn words(self) -> Words {
        match self {
            Self::GivenByYou => Words::fixed(
                "由您任命，须由另一位能管理账号的人确认",
                "You gave it: somebody else who manages accounts has to confirm it",
            ),
            Self::OpenedByYou => Words::fixed(
                "此人的账号由您一人签发的开通单开通，须由另一位能管理账号的人确认",
                "The account was opened with a slip that you issued alone: somebody else who manages accounts has to confirm it",
            ),
            Self::Yours => Words::fixed(
                "是您本人的任命，须由另一位能管理账号的人确认",
                "It is your own: somebody else who manages accounts has to confirm it",
            ),
        }
    }

    /// As a refusal.
    pub fn refusal(self) -> Refusal {
        Refusal::rights(self.key(), self.words())
    }
}

/// Whether somebody may end posts of a member of staff.
///
/// # Errors
/// Nobody ends their own.
pub fn may_end_post(me: StaffId, staff: StaffId) -> Result<(), Refusal> {
    if me != staff {
        return Ok(());
    }
    let words = Words::fixed(
        "不能结束自己的任职，请由同事办理",
        "You cannot end a post of your own: ask a colleague",
    );
    Err(Refusal::rights("own_post", words))
}

/// Whether somebody may take a member of staff off the roll.
///
/// # Errors
/// Nobody takes themselves off.
pub fn may_take_off(me: StaffId, staff: StaffId) -> Result<(), Refusal> {
    if me != staff {
        return Ok(());
    }
    let words = Words::fixed(
        "不能为自己办理离校，请由另一位管理账号的同事办理",
        "Nobody takes themselves off the roll: ask another person who manages accounts",
    );
    Err(Refusal::rights("own_departure", words))
}

/// An appointment that counts for nothing yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitingAppointment {
    /// What and where.
    pub appointment: Appointment,
    /// Who is to hold it.
    pub staff: PersonRef,
    /// From when.
    pub since: Instant,
    /// Who gave it.
    pub given_by: PersonRef,
    /// When it was given.
    pub given_at: Instant,
    /// By which imported file.
    pub import: Option<ImportId>,
    /// Who alone issued the slip with which the account was opened; none where two did, or it is not open.
    #[serde(default)]
    pub opened_by: Option<PersonRef>,
    /// Why the reader cannot confirm it.
    pub bar: Option<ConfirmBar>,
}

/// An appointment that was declined lately, so that who gave it reads why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeclinedAppointment {
    /// What and where.
    pub appointment: Appointment,
    /// Who was to hold it.
    pub staff: PersonRef,
    /// Name of who gave it.
    pub given_by: String,
    /// Name of who declined it.
    pub declined_by: String,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
}

/// `GET /api/appointments/waiting`, and what is left after an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitingAppointments {
    /// Newest first.
    pub waiting: Vec<WaitingAppointment>,
    /// Those declined in the last [`DECLINED_SHOWN`], newest first.
    pub declined: Vec<DeclinedAppointment>,
}

/// `POST /api/appointments/confirmations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Confirm {
    /// Which.
    pub appointments: Vec<AppointmentId>,
}

impl Confirm {
    /// Checks the order's form.
    ///
    /// # Errors
    /// Where it names nothing, or too many.
    pub fn check(&self) -> Result<(), Refusal> {
        let n = self.appointments.len();
        if (1..=CONFIRM_MAX).contains(&n) {
            return Ok(());
        }
        Err(Refusal::field(
            "how_many",
            "appointments",
            words!("请选择 1 至 {CONFIRM_MAX} 项任命", "Choose 1 to {CONFIRM_MAX} appointments"),
        ))
    }
}

/// Where a post is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldIn {
    /// In a unit of one of these kinds.
    Unit(&'static [UnitKind]),
    /// In one class.
    Class,
}

impl Post {
    /// Where it is held.
    pub fn held_in(self) -> HeldIn {
        use UnitKind::{College, Department, Grade, Office, School, Society, StudentAffairs};
        HeldIn::Unit(match self {
            Self::Principal
            | Self::VicePrincipal
            | Self::LeaderInCharge
            | Self::LeadingGroup
            | Self::Auditor
            | Self::Administrator => &[School],
            Self::SocietyTeacher => &[Society],
            Self::DepartmentLeader | Self::FirstResponsible | Self::DesignatedSender => &[Department, Office],
            Self::OfficeDirector | Self::OfficeClerk => &[Office],
            Self::StudentAffairsHead | Self::StudentAffairsDeputy | Self::StudentAffairsClerk => {
                &[StudentAffairs]
            }
            Self::Dean | Self::CollegeLeader | Self::CollegeClerk => &[College],
            Self::Custodian => &[School, Office, StudentAffairs, College, Grade],
            Self::DepartmentHead | Self::DepartmentClerk => &[Department],
            Self::GradeHead => &[Grade],
            Self::HomeroomTeacher | Self::Counsellor | Self::SubjectTeacher => return HeldIn::Class,
        })
    }
}

/// `POST /api/appointments`: a post given by hand. One that decides or manages waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Give {
    /// To whom.
    pub staff: StaffId,
    /// Which.
    pub post: Post,
    /// In which unit; the class's own where it is held in a class.
    #[serde(default)]
    pub unit: Option<UnitId>,
    /// In which class.
    #[serde(default)]
    pub class: Option<ClassId>,
    /// The subject taught.
    #[serde(default)]
    pub subject: String,
    /// From which day on, in Shanghai; from now on where it is absent.
    #[serde(default)]
    pub from: Option<Instant>,
}

/// How far ahead a post can be given, in days.
pub const DAYS_AHEAD: i64 = 366;

/// A post that begins on a later day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComingPost {
    /// What and where.
    pub appointment: Appointment,
    /// From when it counts.
    pub since: Instant,
    /// Whether a second person has yet to confirm it.
    pub waits: bool,
}

/// Most characters of a subject.
pub const SUBJECT_MAX: usize = 20;

impl Give {
    /// Checks the order's form: a class for a teacher, a unit for everybody else, a subject for who teaches one.
    ///
    /// # Errors
    /// By field.
    pub fn check(&self) -> Result<(), Refusal> {
        let missing = |field: &'static str, words| Err(Refusal::field("post_place", field, words));
        match (self.post.held_in(), self.unit, self.class) {
            (HeldIn::Class, _, None) => missing("class", Words::fixed("请选择班级", "Choose the class")),
            (HeldIn::Unit(_), None, _) => missing("unit", Words::fixed("请选择部门", "Choose the unit")),
            (HeldIn::Unit(_), _, Some(_)) => {
                missing("class", Words::fixed("这个岗位不设在班级里", "This post is not held in a class"))
            }
            _ => Ok(()),
        }?;
        let subject = self.subject.trim();
        if self.post == Post::SubjectTeacher && !(1..=SUBJECT_MAX).contains(&subject.chars().count()) {
            return missing(
                "subject",
                words!(
                    "请填写学科，最多 {SUBJECT_MAX} 个字",
                    "Fill in the subject, at most {SUBJECT_MAX} characters"
                ),
            );
        }
        if self.post != Post::SubjectTeacher && !subject.is_empty() {
            return missing(
                "subject",
                Words::fixed("只有任课教师填写学科", "Only subject teachers have a subject"),
            );
        }
        Ok(())
    }

    /// From when it would count: now, or the beginning of a later day.
    ///
    /// # Errors
    /// For a day that is past or too far ahead.
    pub fn begins(&self, now: Instant) -> Result<Instant, Refusal> {
        let Some(from) = self.from.map(Instant::start_of_day) else { return Ok(now) };
        let today = now.start_of_day();
        if from == today {
            return Ok(now);
        }
        if from < today || from > today.plus(DAYS_AHEAD * DAY) {
            return Err(Refusal::field(
                "post_from",
                "from",
                words!(
                    "起任日期只能是今天到 {DAYS_AHEAD} 天之内",
                    "It begins today or within {DAYS_AHEAD} days, never on a day that is past"
                ),
            ));
        }
        Ok(from)
    }

    /// Checks the unit in which it would be held.
    ///
    /// # Errors
    /// Where such a unit has no such post.
    pub fn check_unit(&self, kind: UnitKind) -> Result<(), Refusal> {
        match self.post.held_in() {
            HeldIn::Unit(kinds) if !kinds.contains(&kind) => {
                let (post, unit) = (self.post.title(), kind.title());
                let (pz, pe, uz, ue) = (post.zh, post.en, unit.zh, unit.en);
                Err(Refusal::field(
                    "post_place",
                    "unit",
                    words!("{uz}没有“{pz}”这个岗位", "{ue}: no such post as {pe}"),
                ))
            }
            _ => Ok(()),
        }
    }
}

/// `POST /api/appointments/{id}/decline`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decline {
    /// Why.
    pub reason: String,
}

impl Decline {
    /// Checks the order's form.
    ///
    /// # Errors
    /// Where the reason is missing or too long.
    pub fn check(&self) -> Result<(), Refusal> {
        if (1..=REASON_MAX).contains(&self.reason.trim().chars().count()) {
            return Ok(());
        }
        Err(Refusal::field(
            "reason",
            "reason",
            words!(
                "请写明不予确认的理由，最多 {REASON_MAX} 个字",
                "Say why you decline, in at most {REASON_MAX} characters"
            ),
        ))
    }
}

/// Why a custodian cannot be given or confirmed: whoever takes over does so on the day itself, so that the account
/// has neither two nor nobody.
pub fn custodian_bar(now: Instant, since: Instant, other: Option<Instant>) -> Option<Refusal> {
    match other? {
        other if other > now => {
            let date = other.date();
            Some(Refusal::state(
                "custodian_coming",
                words!(
                    "已确认另一位专人自 {date} 起任；要换人，请先结束那项任命",
                    "Another custodian is confirmed from {date} on: end that appointment first"
                ),
            ))
        }
        _ if since > now => Some(Refusal::state(
            "custodian_there",
            Words::fixed(
                "这个单位现在有专人；请在交接当天再任命，第二人确认时自动交接",
                "This unit has a custodian: give the post on the day of the hand-over, which happens when it is confirmed",
            ),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_begins_now_or_on_a_later_day_and_never_before() {
        let now = Instant(1_800_000_000_000);
        let give = |from| Give {
            staff: StaffId(1),
            post: Post::Dean,
            unit: Some(UnitId(1)),
            class: None,
            subject: String::new(),
            from,
        };
        let begins = |from| give(from).begins(now).map_err(|r| r.kind.into_owned());
        assert_eq!(begins(None), Ok(now));
        assert_eq!(begins(Some(now.start_of_day())), Ok(now), "today is now");
        let tomorrow = now.start_of_day().plus(DAY);
        assert_eq!(begins(Some(tomorrow.plus(DAY / 2))), Ok(tomorrow), "a day begins at its beginning");
        assert_eq!(begins(Some(now.plus(-DAY))), Err("post_from".to_owned()));
        assert_eq!(begins(Some(now.plus(DAY * (DAYS_AHEAD + 2)))), Err("post_from".to_owned()));
    }

    #[test]
    fn g2_an_account_has_neither_two_custodians_nor_a_gap() {
        let (now, later) = (Instant(1_000), Instant(9_000));
        let bar = |since, other| custodian_bar(now, since, other).map(|r| r.kind.into_owned());
        assert_eq!(bar(now, None), None);
        assert_eq!(bar(later, None), None);
        assert_eq!(bar(now, Some(Instant(1))), None, "taken over at once");
        assert_eq!(bar(later, Some(Instant(1))).as_deref(), Some("custodian_there"));
        assert_eq!(bar(now, Some(later)).as_deref(), Some("custodian_coming"));
    }

    #[test]
    fn neither_who_gave_it_nor_who_gets_it_confirms() {
        let (giver, holder, other) = (StaffId(1), StaffId(2), StaffId(3));
        assert_eq!(ConfirmBar::of(giver, holder, giver, None), Some(ConfirmBar::GivenByYou));
        assert_eq!(ConfirmBar::of(holder, holder, giver, None), Some(ConfirmBar::Yours));
        assert_eq!(ConfirmBar::of(other, holder, giver, None), None);
        assert_eq!(ConfirmBar::of(giver, giver, giver, None), Some(ConfirmBar::GivenByYou));
    }

    #[test]
    fn nor_who_alone_opened_the_account() {
        let (giver, holder, other, opener) = (StaffId(1), StaffId(2), StaffId(3), Some(StaffId(4)));
        assert_eq!(ConfirmBar::of(StaffId(4), holder, giver, opener), Some(ConfirmBar::OpenedByYou));
        assert_eq!(ConfirmBar::of(other, holder, giver, opener), None);
        // Who opened it and gave the post is barred for having given it; a second one confirms.
        assert_eq!(ConfirmBar::of(giver, holder, giver, Some(giver)), Some(ConfirmBar::GivenByYou));
        assert_eq!(ConfirmBar::of(other, holder, giver, Some(giver)), None);
    }
}
