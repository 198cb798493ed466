//! Who may do what, written out from the two regulations and from nothing else: this table knows no
//! `domain::access`, so that a fault there shows as a cell that differs.

use domain::access::Post::{self, *};

use super::messages::{Kind, Message, State};
use super::world::{Actor, Standing, UNIT_A, World};

/// How far a post's right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Wherever the thing is.
    School,
    /// In the unit of the post, or in a class of it.
    Unit,
    /// In the class of the post.
    Class,
}

/// Posts and their reach.
pub type Grants = &'static [(&'static [Post], Reach)];

/// By what right.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// Whoever knows what it asks for.
    Anybody,
    /// Nobody, as it is asked here.
    Nobody,
    /// All staff.
    Staff,
    /// Posts.
    Posts(Grants),
    /// Whose it is, and posts.
    OwnerOr(Grants),
    /// That of a message: see [`message_row`].
    Message,
}

/// What a refusal is answered with where the right is lacking.
const RIGHTS: &[u16] = &[403, 404];
/// The same where a wrong object is a wrong field.
const FIELD: &[u16] = &[403, 404, 422];
/// The same where it has moved on, or is another's.
const MOVED: &[u16] = &[403, 404, 409];

/// The row of an endpoint.
pub struct Row {
    /// Who.
    pub by: By,
    /// With what everybody else is refused.
    pub refused: &'static [u16],
}

const fn row(by: By) -> Row {
    Row { by, refused: RIGHTS }
}

const OFFICE: &[Post] = &[OfficeDirector, OfficeClerk];
const AFFAIRS: &[Post] = &[StudentAffairsHead, StudentAffairsDeputy, StudentAffairsClerk];
const LEADERS: &[Post] = &[Principal, VicePrincipal, LeaderInCharge];

/// 1 校办室统一管理和维护; 系统管理员 opens accounts (G46).
const SYSTEM: Grants = &[(OFFICE, Reach::School), (&[Administrator], Reach::School)];
/// 三 and 2①: 学生处 all students, a college its own, 班主任 and 辅导员 the own class; 校办室 maintains all.
const ROLL: Grants = &[
    (OFFICE, Reach::School),
    (AFFAIRS, Reach::School),
    (&[CollegeLeader, CollegeClerk], Reach::Unit),
    (&[HomeroomTeacher, Counsellor], Reach::Class),
];
/// Who may send to the parents of a class: those of the roll, 任课教师 on the list, 指派专人 by application (六).
const TO_CLASS: Grants = &[
    (OFFICE, Reach::School),
    (AFFAIRS, Reach::School),
    (&[DesignatedSender], Reach::School),
    (&[CollegeLeader, CollegeClerk], Reach::Unit),
    (&[HomeroomTeacher, Counsellor, SubjectTeacher], Reach::Class),
];
/// 三: the whole school is 学生处's, with 校办室 at a middle school, and what a department has applied for.
const TO_ALL: Grants =
    &[(OFFICE, Reach::School), (AFFAIRS, Reach::School), (&[DesignatedSender], Reach::School)];
/// 2①, 2②: 向全体教师群发短信.
const TO_TEACHERS: Grants = &[(OFFICE, Reach::School), (&[HomeroomTeacher, SubjectTeacher], Reach::School)];
/// Staff of a unit: of the own one; teachers and 校办室 write to all teachers anyway.
const TO_UNIT: Grants = &[
    (OFFICE, Reach::School),
    (&[HomeroomTeacher, SubjectTeacher], Reach::School),
    (&[StudentAffairsDeputy, StudentAffairsClerk, CollegeLeader, CollegeClerk], Reach::Unit),
];
/// Who may stop sending: those who answer for it (谁审批，谁负责) and 校办室.
const STOP: Grants = &[
    (LEADERS, Reach::School),
    (OFFICE, Reach::School),
    (&[StudentAffairsHead, StudentAffairsDeputy], Reach::School),
];
/// Who sees what was done: leaders, 校办室, 学生处's leaders, those who watch over use.
const LOG: Grants = &[
    (LEADERS, Reach::School),
    (OFFICE, Reach::School),
    (&[StudentAffairsHead, StudentAffairsDeputy, Administrator], Reach::School),
];
/// Former names and numbers of a family: those of them who may read the rolls of all.
const LOG_OF_FAMILIES: Grants =
    &[(OFFICE, Reach::School), (&[StudentAffairsHead, StudentAffairsDeputy], Reach::School)];
/// The chain of approval is the leadership's to set, with 学生处处长, 校办室主任, and those who administer.
const PROCEDURES: Grants =
    &[(&[Principal, LeaderInCharge, StudentAffairsHead, OfficeDirector, Administrator], Reach::School)];
/// The account with the SMS provider is 校办室主任's and those who administer, who pay and file.
const SMS_ACCOUNT: Grants = &[(&[OfficeDirector, Administrator], Reach::School)];
/// The second person for an account that somebody has.
const SECOND: Grants =
    &[(LEADERS, Reach::School), (OFFICE, Reach::School), (&[Administrator], Reach::School)];
/// 4 校领导, 各处室相关人员 hand it in.
const HAND_IN: Grants = &[(&[Principal, VicePrincipal, DepartmentHead, DepartmentClerk], Reach::School)];
/// 4 校办室 办理.
const TAKE_UP: Grants = &[(OFFICE, Reach::School)];
/// 五, 六: the register is 学生处's; at a middle school 校办室's.
const REGISTER: Grants = &[(OFFICE, Reach::School), (AFFAIRS, Reach::School)];
/// Its deadline is set by those of them who answer for sending.
const REGISTER_LIMIT: Grants =
    &[(OFFICE, Reach::School), (&[StudentAffairsHead, StudentAffairsDeputy], Reach::School)];
/// Templates are kept by who sends in that very unit.
const TEMPLATES: Grants = &[(
    &[
        CollegeLeader,
        CollegeClerk,
        Counsellor,
        HomeroomTeacher,
        SubjectTeacher,
        OfficeDirector,
        OfficeClerk,
        StudentAffairsHead,
        StudentAffairsDeputy,
        StudentAffairsClerk,
        DesignatedSender,
    ],
    Reach::Unit,
)];
/// Absences of others.
const ABSENCES: Grants = &[(&[Principal, OfficeDirector], Reach::School)];

/// The row of an endpoint. One that has none fails the test.
pub fn endpoint(name: &str, label: &str) -> Option<Row> {
    use By::{Anybody, Message, Nobody, OwnerOr, Posts, Staff};
    Some(match name {
        "HEALTH" | "OPENAPI" | "SIGN_IN" | "CHECK_ACTIVATION" | "ACTIVATE" => row(Anybody),
        // Opened once: the key is no key any more.
        "SETUP" => Row { by: Nobody, refused: &[401, 403, 404, 409, 422] },
        "SIGN_OUT" | "ME" | "SESSIONS" | "END_SESSIONS" | "UNITS" | "CLASSES" | "DISPUTES" | "REQUESTS"
        | "WHY_UNIT" | "DELEGATIONS" | "PROCEDURES" | "MESSAGES" | "PREVIEW_MESSAGE" | "REGISTER"
        | "REGISTER_TOTALS" | "AGENDA" | "TEMPLATES" => row(Staff),
        "CHANGE_PASSWORD" => Row { by: OwnerOr(&[]), refused: FIELD },
        "END_SESSION" | "ANSWER_RESET" => row(OwnerOr(&[])),
        "MAKE_UNIT"
        | "CHANGE_UNIT"
        | "UNIT_CHANGES"
        | "MOVE_UNIT"
        | "CLOSE_UNIT"
        | "CONFIRM_UNIT_CHANGE"
        | "DECLINE_UNIT_CHANGE"
        | "CHECKLIST"
        | "STAFF"
        | "STAFF_LEAVING"
        | "WHY_MEMBER"
        | "LEAVE_STAFF"
        | "RETURN_STAFF"
        | "CHANGE_STAFF_NUMBER"
        | "DEPARTURES"
        | "ISSUE_SLIPS"
        | "ISSUE_SLIP"
        | "WAITING_APPOINTMENTS"
        | "CONFIRM_APPOINTMENTS"
        | "DECLINE_APPOINTMENT"
        | "GIVE_POST"
        | "POST_ENDING"
        | "END_POST"
        | "PREVIEW_IMPORT"
        | "IMPORTS"
        | "UNDO_IMPORT" => row(Posts(SYSTEM)),
        // What somebody previewed, that person applies: nobody takes what another was shown.
        "LOOK_AGAIN" | "APPLY_IMPORT" => row(OwnerOr(&[])),
        "SLIPS" | "CONFIRM_SLIP" | "DECLINE_SLIP" => row(Posts(SECOND)),
        "STOP" => row(Posts(STOP)),
        "CLASS_ROLL"
        | "STUDENT_LEAVING"
        | "LEAVE_STUDENT"
        | "RETURN_STUDENT"
        | "GUARDIAN_LEAVING"
        | "LEAVE_GUARDIAN"
        | "RETURN_GUARDIAN"
        | "CHANGE_GUARDIAN_NUMBER"
        | "MARK_NUMBER"
        | "KEEP_NUMBER" => row(Posts(ROLL)),
        "LIST_TEACHERS" => row(Posts(&[(&[HomeroomTeacher], Reach::Class)])),
        "SMS_ACCOUNT"
        | "PROPOSE_SMS_ACCOUNT"
        | "CONFIRM_SMS_ACCOUNT"
        | "DECLINE_SMS_ACCOUNT"
        | "TEST_SMS_ACCOUNT" => row(Posts(SMS_ACCOUNT)),
        "HAND_IN" => row(Posts(HAND_IN)),
        "DECLINE_REQUEST" => row(Posts(TAKE_UP)),
        "TAKE_UP" | "ASK_ABOUT_WORDS" | "ANSWER_CHANGE" | "WITHDRAW_REQUEST" => {
            Row { by: OwnerOr(&[]), refused: MOVED }
        }
        "RECORD_ABSENCE" => Row { by: OwnerOr(ABSENCES), refused: FIELD },
        "WITHDRAW_ABSENCE" => row(OwnerOr(ABSENCES)),
        "PROPOSE_PROCEDURE" | "DRY_RUN" | "CONFIRM_PROCEDURE" | "DECLINE_PROCEDURE" => row(Posts(PROCEDURES)),
        "CREATE_MESSAGE" => Row {
            by: Posts(match label.split(' ').next() {
                Some("class") => TO_CLASS,
                Some("all") => TO_ALL,
                Some("teachers") => TO_TEACHERS,
                Some("unit") => TO_UNIT,
                _ => return None,
            }),
            refused: FIELD,
        },
        "FILINGS" => row(Posts(REGISTER)),
        "FILING_LIMIT" => row(Posts(REGISTER_LIMIT)),
        "SAVE_TEMPLATE" => Row { by: Posts(TEMPLATES), refused: FIELD },
        "REMOVE_TEMPLATE" => row(OwnerOr(TEMPLATES)),
        "AUDIT" | "VERIFY_AUDIT" | "EXPORT_AUDIT" | "AUDIT_HISTORY" => row(Posts(LOG)),
        "REVEAL_VALUES" => row(Posts(LOG_OF_FAMILIES)),
        "MESSAGE" | "CHANGE_MESSAGE" | "SUBMIT" | "DECIDE" | "CORRECT" | "REMIND" | "STORE_SCAN" | "SCAN"
        | "REGISTER_ORIGINAL" | "RELEASE" | "RECEIVE_FILING" | "COMMENT" | "WITHDRAW" | "TAKE_OVER"
        | "CANCEL" | "PAUSE" | "RESUME" | "STOP_MESSAGE" | "PUT_AGAIN" | "FUNNEL" | "DELIVERIES"
        | "REGISTER_SHEET" | "VERIFY_DIGEST" | "WHY_MESSAGE" | "RECIPIENTS" | "NAMES" => row(Message),
        _ => return None,
    })
}

/// Whether a post's right reaches a thing in this unit and class.
pub fn granted(grants: Grants, actor: &Actor, unit: i64, class: Option<i64>) -> bool {
    let Some(post) = actor.post.filter(|_| actor.standing == Standing::Holds) else { return false };
    grants.iter().filter(|(posts, _)| posts.contains(&post)).any(|(_, reach)| match reach {
        Reach::School => true,
        Reach::Unit => actor.unit == unit,
        Reach::Class => actor.class.is_some() && actor.class == class,
    })
}

/// Who may do something with a message, by name, in the states in which it can be done.
pub struct MessageRow {
    /// Keys of people.
    pub who: Vec<&'static str>,
    /// Whether it can be done now.
    pub now: bool,
    /// With what those are refused who may not.
    pub refused: &'static [u16],
}

/// Everybody on the staff.
fn everybody(world: &World) -> Vec<&'static str> {
    world.actors.iter().filter(|a| a.standing != Standing::Nobody).map(|a| a.key).collect()
}

/// Who of its readers is told the names of class 1: those of its roll, whoever decides it now, and, once it went
/// out, those who read all that the class is sent, and its author unless a department's.
fn named(world: &World, message: &Message, whole: &[&'static str], went_out: bool) -> Vec<&'static str> {
    const OF_CLASS: Grants = &[(LEADERS, Reach::School), (&[Dean, GradeHead], Reach::Unit)];
    let Message { family, state, .. } = message;
    let of_class = |grants, key: &str| granted(grants, world.actor(key), UNIT_A, Some(1));
    let decides = |key: &&str| match state {
        State::Submitted => family.steps[0].contains(key),
        State::Half => family.steps[1].contains(key),
        _ => false,
    };
    let sees = |key: &&str| {
        let is_author = *key == family.author && family.kind != Kind::Department;
        of_class(ROLL, key) || decides(key) || went_out && (of_class(OF_CLASS, key) || is_author)
    };
    // The draft of who left is nobody's here.
    let here = whole.iter().copied().filter(|_| *state != State::LeftDraft);
    here.filter(|key| sees(key)).collect()
}

/// Who may do this with a message.
pub fn message_row(world: &World, name: &str, message: &Message) -> Option<MessageRow> {
    use State::*;
    let Message { family, state, .. } = message;
    let author = || vec![family.author];
    let in_state = |states: &[State]| states.contains(state);
    let is_draft = in_state(&[Draft, LeftDraft]);
    let went_out = in_state(&[Sending, SetApart, Paused, PausedAbove, Sent, Stopped, Corrected, Filed]);
    let stoppers = || family.stoppers.to_vec();
    let whole = || {
        let mut who = if is_draft { Vec::new() } else { family.readers.to_vec() };
        if *state != LeftDraft {
            who.push(family.author);
        }
        who
    };
    let readers = || {
        let mut who = whole();
        who.extend(family.told.iter().filter(|_| went_out));
        who
    };
    let is_entered = family.kind == Kind::Department && (went_out || in_state(&[Registered, Ordered]));
    let (who, now) = match name {
        "MESSAGE" | "FUNNEL" | "DELIVERIES" | "WHY_MESSAGE" => (readers(), true),
        "RECIPIENTS" => (whole(), !is_draft),
        "NAMES" => (named(world, message, &whole(), went_out), !is_draft),
        "REGISTER_SHEET" => (readers(), !is_draft),
        // Who has the paper has its digest.
        "VERIFY_DIGEST" => (everybody(world), !is_draft),
        "CHANGE_MESSAGE" => (author(), in_state(&[Draft, Returned])),
        "SUBMIT" => (author(), in_state(&[Draft])),
        "WITHDRAW" => (author(), in_state(&[Draft, Submitted, Half, Returned])),
        "REMIND" => (author(), in_state(&[Submitted, Half])),
        "DECIDE" => (family.steps[usize::from(*state == Half)].to_vec(), in_state(&[Submitted, Half])),
        "CANCEL" => ([author(), stoppers()].concat(), in_state(&[Approved, Registered, Ordered])),
        "PAUSE" => ([author(), stoppers()].concat(), in_state(&[Sending, SetApart])),
        "STOP_MESSAGE" => {
            ([author(), stoppers()].concat(), in_state(&[Sending, SetApart, Paused, PausedAbove]))
        }
        // What the head of the school has paused, nobody below lets go on.
        "RESUME" if *state == PausedAbove => (vec![family.stoppers[0]], true),
        "RESUME" => ([author(), stoppers()].concat(), in_state(&[Paused])),
        "PUT_AGAIN" => (stoppers(), in_state(&[SetApart])),
        // Nobody got the one that was stopped; one is corrected already.
        "CORRECT" => (family.correctors.to_vec(), went_out && !in_state(&[Stopped, Corrected])),
        "TAKE_OVER" => (family.takers.to_vec(), in_state(&[LeftDraft])),
        "STORE_SCAN" | "REGISTER_ORIGINAL" => {
            (family.registrars.to_vec(), family.kind == Kind::Department && in_state(&[Approved]))
        }
        "SCAN" => (whole(), is_entered),
        "RELEASE" => (family.senders.to_vec(), family.kind == Kind::Department && in_state(&[Registered])),
        "RECEIVE_FILING" => {
            (family.registrars.to_vec(), family.kind == Kind::College && went_out && !in_state(&[Filed]))
        }
        "COMMENT" => {
            let mut who = family.commenters.to_vec();
            who.retain(|key| *key != family.author);
            (who, !is_draft)
        }
        _ => return None,
    };
    let refused = if name == "TAKE_OVER" { FIELD } else { RIGHTS };
    Some(MessageRow { who, now, refused })
}
