//! Who may do what (G20): one table, used by the Worker to refuse and by the
//! staff app to show only what would be granted (I10). What the table does
//! not grant is refused.

use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, StaffId, UnitId};
use crate::words::Words;

/// A post (职务) that someone holds. Rights come from posts, never from persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Post {
    /// 校长.
    Principal,
    /// 副校长.
    VicePrincipal,
    /// 校办室主任: runs the system (G9).
    OfficeDirector,
    /// 校办室干事.
    OfficeClerk,
    /// 处室主任.
    DepartmentHead,
    /// 处室干事.
    DepartmentClerk,
    /// 年级组长: has the powers that the school's policy grants, no others (G16).
    GradeHead,
    /// 班主任 of one class (G10).
    HomeroomTeacher,
    /// 任课教师 in one class (G11).
    SubjectTeacher,
    /// 系统管理员: opens accounts and watches over use; cannot send or approve (G46).
    Administrator,
}

impl Post {
    /// Every post, in the order in which a person's posts are shown.
    pub const ALL: [Self; 10] = [
        Self::Principal,
        Self::VicePrincipal,
        Self::OfficeDirector,
        Self::OfficeClerk,
        Self::DepartmentHead,
        Self::DepartmentClerk,
        Self::GradeHead,
        Self::HomeroomTeacher,
        Self::SubjectTeacher,
        Self::Administrator,
    ];

    /// The name stored in the database and sent over the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::VicePrincipal => "vice_principal",
            Self::OfficeDirector => "office_director",
            Self::OfficeClerk => "office_clerk",
            Self::DepartmentHead => "department_head",
            Self::DepartmentClerk => "department_clerk",
            Self::GradeHead => "grade_head",
            Self::HomeroomTeacher => "homeroom_teacher",
            Self::SubjectTeacher => "subject_teacher",
            Self::Administrator => "administrator",
        }
    }

    /// The post with this [`Post::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.key() == key)
    }

    /// The title for the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Principal => Words::fixed("校长", "Principal"),
            Self::VicePrincipal => Words::fixed("副校长", "Vice principal"),
            Self::OfficeDirector => Words::fixed("校办室主任", "Office director"),
            Self::OfficeClerk => Words::fixed("校办室干事", "Office clerk"),
            Self::DepartmentHead => Words::fixed("处室主任", "Head of department"),
            Self::DepartmentClerk => Words::fixed("处室干事", "Department clerk"),
            Self::GradeHead => Words::fixed("年级组长", "Head of year group"),
            Self::HomeroomTeacher => Words::fixed("班主任", "Homeroom teacher"),
            Self::SubjectTeacher => Words::fixed("任课教师", "Subject teacher"),
            Self::Administrator => Words::fixed("系统管理员", "Administrator"),
        }
    }
}

/// One appointment of a person: a post in a unit, for a teacher in a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
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
    /// The subject taught.
    pub subject: Option<String>,
}

/// What a signed-in person can ask of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Upload and apply roster files (G25, G42).
    ImportRoster,
    /// See students, guardians and masked numbers.
    ReadRoster,
    /// See staff and the posts they hold, and issue activation slips (G42).
    ManageAccounts,
    /// Message the guardians of classes.
    WriteToClass,
    /// Message all guardians of the school.
    WriteToAllGuardians,
    /// Message all teachers (G10, G11).
    WriteToAllTeachers,
    /// See messages of others within reach.
    ReadMessages,
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
    /// The unit of the appointment and its classes.
    Unit,
    /// The whole school.
    School,
}

/// The table: what each post grants, and how far.
pub fn grants(post: Post) -> &'static [(Action, Reach)] {
    use Action::*;
    match post {
        // G13: leaders hand what they want sent to the office.
        Post::Principal | Post::VicePrincipal => {
            &[(ReadMessages, Reach::School), (StopSending, Reach::School), (ReadAudit, Reach::School)]
        }
        Post::OfficeDirector | Post::OfficeClerk => &[
            (ImportRoster, Reach::School),
            (ReadRoster, Reach::School),
            (ManageAccounts, Reach::School),
            (WriteToClass, Reach::School),
            (WriteToAllGuardians, Reach::School),
            (WriteToAllTeachers, Reach::School),
            (ReadMessages, Reach::School),
            (StopSending, Reach::School),
            (ReadAudit, Reach::School),
        ],
        Post::DepartmentHead | Post::DepartmentClerk => &[],
        Post::GradeHead => &[(ReadMessages, Reach::Unit)],
        Post::HomeroomTeacher => {
            &[(ReadRoster, Reach::Class), (WriteToClass, Reach::Class), (WriteToAllTeachers, Reach::School)]
        }
        Post::SubjectTeacher => &[(WriteToClass, Reach::Class), (WriteToAllTeachers, Reach::School)],
        Post::Administrator => {
            &[(ImportRoster, Reach::School), (ManageAccounts, Reach::School), (ReadAudit, Reach::School)]
        }
    }
}

/// A signed-in person with the posts held at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Whether the action is granted for a class that lies in `unit`.
    pub fn may_class(&self, action: Action, class: ClassId, unit: UnitId) -> bool {
        self.reaches(action).any(|(held, reach)| match reach {
            Reach::School => true,
            Reach::Unit => held.unit == unit,
            Reach::Class => held.class == Some(class),
        })
    }

    /// Whether the person holds the post, in `unit` where one is asked for.
    pub fn holds(&self, post: Post, unit: Option<UnitId>) -> bool {
        self.appointments.iter().any(|a| a.post == post && unit.is_none_or(|u| a.unit == u))
    }

    /// The appointments that grant an action, each with its reach. A query
    /// is limited to these (I10).
    pub fn reaches(&self, action: Action) -> impl Iterator<Item = (&Appointment, Reach)> {
        self.appointments.iter().flat_map(move |held| {
            grants(held.post)
                .iter()
                .filter(move |(granted, _)| *granted == action)
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
                .map(|&(post, unit, class)| Appointment {
                    post,
                    unit: UnitId(unit),
                    unit_name: String::new(),
                    class: class.map(ClassId),
                    class_name: None,
                    subject: None,
                })
                .collect(),
        }
    }

    /// The table itself, written out: a change of a right has to change this test.
    #[test]
    fn the_table_grants_exactly_this() {
        use Action::*;
        let all = [
            ImportRoster,
            ReadRoster,
            ManageAccounts,
            WriteToClass,
            WriteToAllGuardians,
            WriteToAllTeachers,
            ReadMessages,
            StopSending,
            ReadAudit,
        ];
        let row = |post| {
            all.iter()
                .map(|a| match grants(post).iter().find(|(g, _)| g == a) {
                    None => '-',
                    Some((_, Reach::Class)) => 'c',
                    Some((_, Reach::Unit)) => 'u',
                    Some((_, Reach::School)) => 's',
                })
                .collect::<String>()
        };
        let table: Vec<String> = Post::ALL.iter().map(|p| format!("{} {}", row(*p), p.key())).collect();
        assert_eq!(
            table,
            [
                "------sss principal",
                "------sss vice_principal",
                "sssssssss office_director",
                "sssssssss office_clerk",
                "--------- department_head",
                "--------- department_clerk",
                "------u-- grade_head",
                "-c-c-s--- homeroom_teacher",
                "---c-s--- subject_teacher",
                "s-s-----s administrator",
            ]
        );
    }

    #[test]
    fn g10_a_homeroom_teacher_reaches_the_own_class_only() {
        let p = person(&[(Post::HomeroomTeacher, 7, Some(71))]);
        assert!(p.may_class(Action::WriteToClass, ClassId(71), UnitId(7)));
        assert!(!p.may_class(Action::WriteToClass, ClassId(72), UnitId(7)));
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

    #[test]
    fn rights_add_up_per_class() {
        let p = person(&[(Post::DepartmentHead, 2, None), (Post::SubjectTeacher, 8, Some(81))]);
        assert!(p.may_class(Action::WriteToClass, ClassId(81), UnitId(8)));
        assert!(!p.may_class(Action::WriteToClass, ClassId(82), UnitId(8)));
    }

    #[test]
    fn keys_read_back() {
        for post in Post::ALL {
            assert_eq!(Post::from_key(post.key()), Some(post));
            assert_eq!(serde_json::to_value(post).expect("json"), post.key());
        }
    }
}
