//! Who may do what (G20): one table, used by the Worker to refuse and by the
//! staff app to show only what would be granted (I10). What the table does
//! not grant is refused.

use serde::{Deserialize, Serialize};

use crate::ids::{AppointmentId, ClassId, StaffId, UnitId};
use crate::keys::keyed;
use crate::words::Words;

keyed! {
    /// A post (职务) that someone holds, in the order in which a person's posts
    /// are shown. Rights come from posts, never from persons.
    pub enum Post {
        /// 校长.
        Principal = "principal",
        /// 副校长.
        VicePrincipal = "vice_principal",
        /// 主管校领导: approves what the school level sends (G4).
        LeaderInCharge = "leader_in_charge",
        /// 分管校领导: in charge of the department in which it is held, and of its messages (G7). Never
        /// the same as [`Post::LeaderInCharge`].
        DepartmentLeader = "department_leader",
        /// 校办室主任: runs the system (G9).
        OfficeDirector = "office_director",
        /// 校办室干事.
        OfficeClerk = "office_clerk",
        /// 学生处处长: reviews what the school level sends (G4).
        StudentAffairsHead = "student_affairs_head",
        /// 分管学生工作的副处长: holds the school level's account (G2).
        StudentAffairsDeputy = "student_affairs_deputy",
        /// 学生处科员.
        StudentAffairsClerk = "student_affairs_clerk",
        /// 院长: approves what the college sends (G5).
        Dean = "dean",
        /// 分管学生工作的院领导: reviews what the college sends and holds its account (G2, G5).
        CollegeLeader = "college_leader",
        /// 学院学生科信息员.
        CollegeClerk = "college_clerk",
        /// 部门第一责任人: reviews what the department applies for (G7).
        FirstResponsible = "first_responsible",
        /// 指派专人: the one who sends for a department (G7).
        DesignatedSender = "designated_sender",
        /// 专人: answers for the account and password of a unit (G2), where the regulation names nobody by post.
        Custodian = "custodian",
        /// 处室主任.
        DepartmentHead = "department_head",
        /// 处室干事.
        DepartmentClerk = "department_clerk",
        /// 年级组长: has the powers that the school's procedures grant, no others (G16).
        GradeHead = "grade_head",
        /// 班主任 of one class (G10).
        HomeroomTeacher = "homeroom_teacher",
        /// 辅导员 of one class of a university.
        Counsellor = "counsellor",
        /// 任课教师 in one class (G11).
        SubjectTeacher = "subject_teacher",
        /// 社团指导教师: the one through whom a student society sends (G59).
        SocietyTeacher = "society_teacher",
        /// 领导小组成员: watches over the platform, and sets and confirms its procedures (G35).
        LeadingGroup = "leading_group",
        /// 监督检查人员: reads the log and the register, sends and decides nothing (G62).
        Auditor = "auditor",
        /// 系统管理员: opens accounts and watches over use; cannot send or approve (G46).
        Administrator = "administrator",
    }
}

impl Post {
    /// The title for the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Principal => Words::fixed("校长", "Principal"),
            Self::VicePrincipal => Words::fixed("副校长", "Vice principal"),
            Self::LeaderInCharge => Words::fixed("主管校领导", "School leader in overall charge"),
            Self::DepartmentLeader => Words::fixed("分管校领导", "School leader in charge of the department"),
            Self::OfficeDirector => Words::fixed("校办室主任", "Office director"),
            Self::OfficeClerk => Words::fixed("校办室干事", "Office clerk"),
            Self::StudentAffairsHead => Words::fixed("学生处处长", "Head of student affairs"),
            Self::StudentAffairsDeputy => {
                Words::fixed("分管学生工作的副处长", "Deputy head of student affairs for student work")
            }
            Self::StudentAffairsClerk => Words::fixed("学生处科员", "Student affairs clerk"),
            Self::Dean => Words::fixed("院长", "Dean"),
            Self::CollegeLeader => {
                Words::fixed("分管学生工作的院领导", "College leader in charge of student work")
            }
            Self::CollegeClerk => Words::fixed("学院学生科信息员", "College student office clerk"),
            Self::FirstResponsible => {
                Words::fixed("部门第一责任人", "First responsible person of the department")
            }
            Self::DesignatedSender => Words::fixed("指派专人", "Designated sender"),
            Self::Custodian => Words::fixed("账号专人", "Custodian"),
            Self::DepartmentHead => Words::fixed("处室主任", "Head of department"),
            Self::DepartmentClerk => Words::fixed("处室干事", "Department clerk"),
            Self::GradeHead => Words::fixed("年级组长", "Head of year group"),
            Self::HomeroomTeacher => Words::fixed("班主任", "Homeroom teacher"),
            Self::Counsellor => Words::fixed("辅导员", "Counsellor"),
            Self::SubjectTeacher => Words::fixed("任课教师", "Subject teacher"),
            Self::SocietyTeacher => Words::fixed("社团指导教师", "Society's teacher"),
            Self::LeadingGroup => Words::fixed("领导小组成员", "Member of the leading group"),
            Self::Auditor => Words::fixed("监督检查人员", "Auditor"),
            Self::Administrator => Words::fixed("系统管理员", "Administrator"),
        }
    }

    /// The post that leads a class: 辅导员 where it lies in a college, 班主任 elsewhere. Whatever speaks of
    /// who leads a class takes its title from here.
    pub const fn class_leader(in_a_college: bool) -> Self {
        if in_a_college { Self::Counsellor } else { Self::HomeroomTeacher }
    }

    /// Whether its holder leads a class.
    pub fn leads_a_class(self) -> bool {
        [Self::class_leader(false), Self::class_leader(true)].contains(&self)
    }

    /// Whether its holder is the one who answers for the unit's account and password (专人负责, G2): clause 四
    /// names two by their posts. The view `custodians` says the same.
    pub fn is_custodian(self) -> bool {
        matches!(self, Self::Custodian | Self::StudentAffairsDeputy | Self::CollegeLeader)
    }

    /// Whether an appointment to it counts only once a second person has confirmed it: posts that
    /// decide, administer, run the office or open accounts.
    pub fn needs_confirmation(self) -> bool {
        !matches!(
            self,
            Self::DepartmentHead
                | Self::DepartmentClerk
                | Self::HomeroomTeacher
                | Self::Counsellor
                | Self::SubjectTeacher
        )
    }
}

/// One appointment of a person: a post in a unit, for a teacher in a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Appointment {
    /// Its id: a message names the appointment in which it is sent.
    pub id: AppointmentId,
    /// The post.
    pub post: Post,
    /// The unit in which it is held; a teacher's is the grade of the class.
    pub unit: UnitId,
    /// The unit's name, for the screen.
    pub unit_name: String,
    /// The class, for homeroom and subject teachers.
    pub class: Option<ClassId>,
    /// The class's name, for the screen.
    pub class_name: Option<String>,
    /// The unit above that in which it is held: a society's college, or the school.
    #[serde(default)]
    pub above: Option<UnitId>,
    /// The subject taught.
    pub subject: Option<String>,
    /// A subject teacher's: whether the class's homeroom teacher lets it write to the parents (G11). True
    /// for every other post.
    pub listed: bool,
}

/// What a signed-in person can ask of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Upload and apply roster files (G25, G42).
    ImportRoster,
    /// See students, guardians and masked numbers.
    ReadRoster,
    /// Change numbers and take people of a class off the roll, by hand (G10).
    EditRoster,
    /// Say which subject teachers may write to a class (G10, G11).
    ListTeachers,
    /// See staff and the posts they hold, give and end posts, and issue activation slips (G42).
    ManageAccounts,
    /// Make, rename, move and close units (G1).
    EditUnits,
    /// Propose approval procedures, and confirm those that others proposed.
    SetProcedures,
    /// Propose the account with the SMS provider, confirm what others proposed, and test it.
    SetSmsAccount,
    /// Be the second person for an activation slip that takes two.
    ConfirmSlips,
    /// Message the guardians of classes.
    WriteToClass,
    /// Message all guardians of the school.
    WriteToAllGuardians,
    /// Message all teachers (G10, G11), or the staff of units; within a unit, those of it and of what lies below.
    WriteToAllTeachers,
    /// Hand in to the office what it should send (报校办室办理, G13).
    HandIn,
    /// Write up what others hand in, in the office's name.
    TakeUpRequests,
    /// See messages of others within reach.
    ReadMessages,
    /// Keep the register (登记备案): enter signed originals, register filings, comment. Whose step it is
    /// is asked beside it ([`Post::registers_for`]).
    KeepRegister,
    /// Throw the switch that stops all sending.
    StopSending,
    /// Read the audit log.
    ReadAudit,
}

/// How far a grant reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The class of the appointment.
    Class,
    /// The unit of the appointment, with all units below it and their classes.
    Unit,
    /// The unit above that of the appointment, with all below it: a society's college, or the school where the
    /// society is the school's own.
    Above,
    /// The whole school.
    School,
}

/// The table: what each post grants, and how far.
pub fn grants(post: Post) -> &'static [(Action, Reach)] {
    use Action::*;
    match post {
        // G13: leaders hand what they want sent to the office. They are the second person for slips where only
        // two people manage accounts.
        Post::VicePrincipal => &[
            (HandIn, Reach::School),
            (ConfirmSlips, Reach::School),
            (ReadMessages, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        // The chain of approval is the leadership's to set: the principal's, and by clause 五 of the
        // university's regulation 主管校领导's, who answers for all that the school level sends.
        Post::Principal => &[
            (HandIn, Reach::School),
            (SetProcedures, Reach::School),
            (ConfirmSlips, Reach::School),
            (ReadMessages, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        Post::LeaderInCharge => &[
            (SetProcedures, Reach::School),
            (ConfirmSlips, Reach::School),
            (ReadMessages, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        Post::DepartmentLeader | Post::FirstResponsible => &[(ReadMessages, Reach::Unit)],
        // Clause 三: 学生处 manages the information of all students, and sends to all.
        Post::StudentAffairsHead => &[
            (ReadRoster, Reach::School),
            (EditRoster, Reach::School),
            (SetProcedures, Reach::School),
            (WriteToClass, Reach::School),
            (WriteToAllGuardians, Reach::School),
            (ReadMessages, Reach::School),
            (KeepRegister, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        Post::StudentAffairsDeputy => &[
            (ReadRoster, Reach::School),
            (EditRoster, Reach::School),
            (WriteToClass, Reach::School),
            (WriteToAllGuardians, Reach::School),
            (WriteToAllTeachers, Reach::Unit),
            (ReadMessages, Reach::School),
            (KeepRegister, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        Post::StudentAffairsClerk => &[
            (ReadRoster, Reach::School),
            (EditRoster, Reach::School),
            (WriteToClass, Reach::School),
            (WriteToAllGuardians, Reach::School),
            (WriteToAllTeachers, Reach::Unit),
            (ReadMessages, Reach::School),
            (KeepRegister, Reach::School),
        ],
        // Clause 三: a college manages and sends to its own students only.
        Post::Dean => &[(ReadMessages, Reach::Unit)],
        Post::CollegeLeader | Post::CollegeClerk => &[
            (ReadRoster, Reach::Unit),
            (EditRoster, Reach::Unit),
            (WriteToClass, Reach::Unit),
            (WriteToAllTeachers, Reach::Unit),
            (ReadMessages, Reach::Unit),
        ],
        // Clause 六: whom a department writes to is part of what it applies for; it sees no roll.
        Post::DesignatedSender => &[(WriteToClass, Reach::School), (WriteToAllGuardians, Reach::School)],
        // 校办室 maintains the system; the chain that its clerks' own drafts take is not theirs to change.
        Post::OfficeDirector => &[
            (ImportRoster, Reach::School),
            (ReadRoster, Reach::School),
            (EditRoster, Reach::School),
            (ManageAccounts, Reach::School),
            (ConfirmSlips, Reach::School),
            (SetProcedures, Reach::School),
            (SetSmsAccount, Reach::School),
            (EditUnits, Reach::School),
            (WriteToClass, Reach::School),
            (WriteToAllGuardians, Reach::School),
            (WriteToAllTeachers, Reach::School),
            (TakeUpRequests, Reach::School),
            (ReadMessages, Reach::School),
            (KeepRegister, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        Post::OfficeClerk => &[
            (ImportRoster, Reach::School),
            (ReadRoster, Reach::School),
            (EditRoster, Reach::School),
            (ManageAccounts, Reach::School),
            (ConfirmSlips, Reach::School),
            (EditUnits, Reach::School),
            (WriteToClass, Reach::School),
            (WriteToAllGuardians, Reach::School),
            (WriteToAllTeachers, Reach::School),
            (TakeUpRequests, Reach::School),
            (ReadMessages, Reach::School),
            (KeepRegister, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        // G13: departments, too.
        Post::DepartmentHead | Post::DepartmentClerk => &[(HandIn, Reach::School)],
        // The account is the custodian's to keep; what is sent with it follows from other posts.
        Post::Custodian => &[],
        Post::GradeHead => &[(ReadMessages, Reach::Unit)],
        // A homeroom teacher answers parents' questions: what the school told the class has to be seen.
        Post::HomeroomTeacher => &[
            (ReadRoster, Reach::Class),
            (EditRoster, Reach::Class),
            (ListTeachers, Reach::Class),
            (WriteToClass, Reach::Class),
            (WriteToAllTeachers, Reach::School),
            (ReadMessages, Reach::Class),
        ],
        Post::Counsellor => &[
            (ReadRoster, Reach::Class),
            (EditRoster, Reach::Class),
            (WriteToClass, Reach::Class),
            (ReadMessages, Reach::Class),
        ],
        Post::SubjectTeacher => &[(WriteToClass, Reach::Class), (WriteToAllTeachers, Reach::School)],
        // G59: to those among whom the society is, and to nobody else; it sees no roll.
        Post::SocietyTeacher => &[(WriteToClass, Reach::Above)],
        // 领导小组负责制定、实施和监督.
        Post::LeadingGroup => {
            &[(SetProcedures, Reach::School), (ReadMessages, Reach::School), (ReadAudit, Reach::School)]
        }
        Post::Auditor => &[(ReadMessages, Reach::School), (ReadAudit, Reach::School)],
        Post::Administrator => &[
            (ImportRoster, Reach::School),
            (ManageAccounts, Reach::School),
            (ConfirmSlips, Reach::School),
            (SetProcedures, Reach::School),
            (SetSmsAccount, Reach::School),
            (EditUnits, Reach::School),
            (ReadAudit, Reach::School),
        ],
    }
}

/// Where a class lies, as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassPlace {
    /// The class.
    pub id: ClassId,
    /// The unit that it belongs to directly, for instance a grade.
    pub unit: UnitId,
    /// That unit and every unit above it, up to the school.
    pub within: Vec<UnitId>,
}

/// A signed-in person with the posts held at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Person {
    /// Who.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number (教职工号).
    pub number: String,
    /// Posts held now.
    pub appointments: Vec<Appointment>,
}

impl Person {
    /// Whether any post grants the action at all (for menus and routes).
    pub fn may(&self, action: Action) -> bool {
        self.reaches(action).next().is_some()
    }

    /// Whether the action is granted for the whole school.
    pub fn may_school(&self, action: Action) -> bool {
        self.reaches(action).any(|(_, reach)| reach == Reach::School)
    }

    /// Whether the action is granted for a class.
    pub fn may_class(&self, action: Action, class: &ClassPlace) -> bool {
        self.reaches(action).any(|(held, reach)| match reach {
            Reach::School => true,
            Reach::Unit => class.within.contains(&held.unit),
            Reach::Above => held.above.is_some_and(|unit| class.within.contains(&unit)),
            Reach::Class => held.class == Some(class.id),
        })
    }

    /// Whether the action is granted for a unit, which lies within these units, itself first.
    pub fn may_unit(&self, action: Action, within: &[UnitId]) -> bool {
        self.reaches(action).any(|(held, reach)| match reach {
            Reach::School => true,
            Reach::Unit => within.contains(&held.unit),
            Reach::Above => held.above.is_some_and(|unit| within.contains(&unit)),
            Reach::Class => false,
        })
    }

    /// Whether the person holds the post, in exactly this unit where one is asked for.
    pub fn holds(&self, post: Post, unit: Option<UnitId>) -> bool {
        self.appointments.iter().any(|a| a.post == post && unit.is_none_or(|u| a.unit == u))
    }

    /// Whether the person manages: decides, runs the office or watches over use, beyond an own class.
    pub fn manages(&self) -> bool {
        self.may(Action::StopSending)
            || self.may(Action::ReadAudit)
            || self.reaches(Action::ReadMessages).any(|(_, reach)| reach != Reach::Class)
    }

    /// The appointments that grant an action, each with its reach. A query
    /// is limited to these (I10).
    pub fn reaches(&self, action: Action) -> impl Iterator<Item = (&Appointment, Reach)> {
        self.appointments.iter().flat_map(move |held| {
            grants(held.post)
                .iter()
                .filter(move |(granted, _)| *granted == action)
                // G11: teaching a class is not enough to write to its parents.
                .filter(move |_| held.listed || action != Action::WriteToClass)
                .map(move |(_, reach)| (held, *reach))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(appointments: &[(Post, i64, Option<i64>)]) -> Person {
        Person {
            id: StaffId(1),
            name: "范知".into(),
            number: "T0001".into(),
            appointments: appointments
                .iter()
                .zip(1..)
                .map(|(&(post, unit, class), id)| Appointment {
                    id: AppointmentId(id),
                    post,
                    unit: UnitId(unit),
                    unit_name: String::new(),
                    class: class.map(ClassId),
                    class_name: None,
                    above: (post == Post::SocietyTeacher).then_some(UnitId(1)),
                    subject: None,
                    listed: true,
                })
                .collect(),
        }
    }

    /// A class whose unit comes first in `within`, the school last.
    fn class(id: i64, within: &[i64]) -> ClassPlace {
        let within: Vec<UnitId> = within.iter().copied().map(UnitId).collect();
        ClassPlace { id: ClassId(id), unit: within[0], within }
    }

    /// The table itself, written out: a change of a right has to change this test.
    #[test]
    fn the_table_grants_exactly_this() {
        use Action::*;
        let all = [
            ImportRoster,
            ReadRoster,
            EditRoster,
            ListTeachers,
            ManageAccounts,
            EditUnits,
            SetProcedures,
            ConfirmSlips,
            WriteToClass,
            WriteToAllGuardians,
            WriteToAllTeachers,
            HandIn,
            TakeUpRequests,
            ReadMessages,
            KeepRegister,
            StopSending,
            ReadAudit,
        ];
        let row = |post| {
            all.iter()
                .map(|a| match grants(post).iter().find(|(g, _)| g == a) {
                    None => '-',
                    Some((_, Reach::Class)) => 'c',
                    Some((_, Reach::Unit)) => 'u',
                    Some((_, Reach::Above)) => 'a',
                    Some((_, Reach::School)) => 's',
                })
                .collect::<String>()
        };
        let table: Vec<String> = Post::ALL.iter().map(|p| format!("{} {}", row(*p), p.key())).collect();
        assert_eq!(
            table,
            [
                "------ss---s-s-ss principal",
                "-------s---s-s-ss vice_principal",
                "------ss-----s-ss leader_in_charge",
                "-------------u--- department_leader",
                "sss-sssssss-sssss office_director",
                "sss-ss-ssss-sssss office_clerk",
                "-ss---s-ss---ssss student_affairs_head",
                "-ss-----ssu--ssss student_affairs_deputy",
                "-ss-----ssu--ss-- student_affairs_clerk",
                "-------------u--- dean",
                "-uu-----u-u--u--- college_leader",
                "-uu-----u-u--u--- college_clerk",
                "-------------u--- first_responsible",
                "--------ss------- designated_sender",
                "----------------- custodian",
                "-----------s----- department_head",
                "-----------s----- department_clerk",
                "-------------u--- grade_head",
                "-ccc----c-s--c--- homeroom_teacher",
                "-cc-----c----c--- counsellor",
                "--------c-s------ subject_teacher",
                "--------a-------- society_teacher",
                "------s------s--s leading_group",
                "-------------s--s auditor",
                "s---ssss--------s administrator",
            ]
        );
    }

    /// Whoever can import a roster, open accounts, see the school or stop it holds a confirmed post, and so
    /// does who answers for an account.
    #[test]
    fn a_post_with_power_over_the_school_needs_a_second_person() {
        use Action::*;
        for post in Post::ALL {
            let strong = grants(post).iter().any(|(action, reach)| {
                matches!(
                    action,
                    ImportRoster
                        | ManageAccounts
                        | EditUnits
                        | SetProcedures
                        | ConfirmSlips
                        | StopSending
                        | ReadAudit
                ) || matches!(
                    (action, reach),
                    (ReadRoster | WriteToClass, Reach::School | Reach::Unit | Reach::Above)
                ) || matches!((action, reach), (ReadMessages, Reach::School | Reach::Unit))
            });
            assert_eq!(post.needs_confirmation(), strong || post.is_custodian(), "{post:?}");
        }
    }

    #[test]
    fn a_class_is_led_by_the_post_of_its_kind_of_school() {
        assert_eq!(Post::class_leader(false).title().zh, "班主任");
        assert_eq!(Post::class_leader(true).title().zh, "辅导员");
        let leading: Vec<&str> = Post::ALL.iter().filter(|p| p.leads_a_class()).map(|p| p.key()).collect();
        assert_eq!(leading, ["homeroom_teacher", "counsellor"]);
    }

    #[test]
    fn who_decides_or_runs_the_system_manages() {
        let manages = |post| person(&[(post, 1, Some(71))]).manages();
        let those: Vec<&str> = Post::ALL.iter().filter(|p| manages(**p)).map(|p| p.key()).collect();
        assert_eq!(
            those,
            [
                "principal",
                "vice_principal",
                "leader_in_charge",
                "department_leader",
                "office_director",
                "office_clerk",
                "student_affairs_head",
                "student_affairs_deputy",
                "student_affairs_clerk",
                "dean",
                "college_leader",
                "college_clerk",
                "first_responsible",
                "grade_head",
                "leading_group",
                "auditor",
                "administrator"
            ]
        );
    }

    #[test]
    fn g10_a_homeroom_teacher_reaches_the_own_class_only() {
        let p = person(&[(Post::HomeroomTeacher, 7, Some(71))]);
        assert!(p.may_class(Action::WriteToClass, &class(71, &[7, 1])));
        assert!(!p.may_class(Action::WriteToClass, &class(72, &[7, 1])));
        assert!(!p.may_school(Action::WriteToAllGuardians));
    }

    #[test]
    fn g13_g46_leaders_and_administrators_do_not_send() {
        for post in [Post::Principal, Post::VicePrincipal, Post::Administrator, Post::DepartmentHead] {
            let p = person(&[(post, 1, None)]);
            for action in [Action::WriteToClass, Action::WriteToAllGuardians, Action::WriteToAllTeachers] {
                assert!(!p.may(action), "{post:?} {action:?}");
            }
        }
    }

    /// School 1, college 10 with the society 12 and class 71 of year 11; college 20.
    #[test]
    fn g59_a_society_writes_within_its_college_and_nowhere_else() {
        let mut p = person(&[(Post::SocietyTeacher, 12, None)]);
        p.appointments[0].above = Some(UnitId(10));
        assert!(p.may_class(Action::WriteToClass, &class(71, &[11, 10, 1])));
        assert!(!p.may_class(Action::WriteToClass, &class(72, &[21, 20, 1])));
        p.appointments[0].above = Some(UnitId(1));
        assert!(p.may_class(Action::WriteToClass, &class(72, &[21, 20, 1])), "the school's own society");
        for action in [Action::WriteToAllGuardians, Action::WriteToAllTeachers, Action::ReadRoster] {
            assert!(!p.may(action), "{action:?}");
        }
    }

    #[test]
    fn g62_who_inspects_neither_sends_nor_decides_nor_changes() {
        use Action::*;
        let p = person(&[(Post::Auditor, 1, None)]);
        for action in Action::ALL {
            assert_eq!(p.may(action), matches!(action, ReadMessages | ReadAudit), "{action:?}");
        }
        assert!(Post::Auditor.sender().is_none() && Post::LeadingGroup.sender().is_none());
    }

    #[test]
    fn rights_add_up_per_class() {
        let p = person(&[(Post::DepartmentHead, 2, None), (Post::SubjectTeacher, 8, Some(81))]);
        assert!(p.may_class(Action::WriteToClass, &class(81, &[8, 1])));
        assert!(!p.may_class(Action::WriteToClass, &class(82, &[8, 1])));
    }

    /// School 1 over the colleges 10 and 20; department 11 in college 10, 21 in 20.
    #[test]
    fn i10_a_unit_reaches_what_lies_below_it_and_nothing_beside_it() {
        let head = |unit| person(&[(Post::GradeHead, unit, None)]);
        let reaches = |unit, place| head(unit).may_class(Action::ReadMessages, &place);
        assert!(reaches(10, class(1, &[10, 1])));
        assert!(reaches(10, class(2, &[11, 10, 1])));
        assert!(!reaches(10, class(3, &[21, 20, 1])));
        assert!(!reaches(10, class(4, &[20, 1])));
        assert!(!reaches(11, class(1, &[10, 1])), "from below nothing reaches up");
        assert!(reaches(1, class(3, &[21, 20, 1])));
    }
}
