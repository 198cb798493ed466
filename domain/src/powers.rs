//! What a post lets its holder do, and asks of the holder, in words (G20): read
//! out of the very table that refuses, so that a page cannot promise more.

use crate::access::{Action, Person, Post, Reach, grants};
use crate::appointment::HeldIn;
use crate::school::UnitKind;
use crate::words::Words;

impl Action {
    /// Every action, in the order in which a person's powers are shown.
    pub const ALL: [Self; 18] = [
        Self::WriteToClass,
        Self::WriteToAllGuardians,
        Self::WriteToAllTeachers,
        Self::HandIn,
        Self::TakeUpRequests,
        Self::ReadMessages,
        Self::KeepRegister,
        Self::StopSending,
        Self::ReadRoster,
        Self::EditRoster,
        Self::ListTeachers,
        Self::ImportRoster,
        Self::ManageAccounts,
        Self::ConfirmSlips,
        Self::EditUnits,
        Self::SetProcedures,
        Self::SetSmsAccount,
        Self::ReadAudit,
    ];

    /// For the screen: what is done.
    pub fn title(self) -> Words {
        match self {
            Self::ImportRoster => {
                Words::fixed("导入教职工和学生名单", "Import the rosters of staff and students")
            }
            Self::ReadRoster => {
                Words::fixed("查看学生、家长和打码的手机号", "See students, parents and masked numbers")
            }
            Self::EditRoster => Words::fixed(
                "修改家长接收手机号，办理学生离校",
                "Change parents' receiving numbers, take students off the roll",
            ),
            Self::ManageAccounts => {
                Words::fixed("任命和结束任职，签发开通单", "Give and end posts, issue activation slips")
            }
            Self::KeepRegister => Words::fixed(
                "登记备案和审批原件，提出意见",
                "Register filings and signed originals, comment on them",
            ),
            Self::ListTeachers => Words::fixed(
                "决定哪些任课教师可以给本班家长发短信",
                "Say which subject teachers may write to the class's parents",
            ),
            Self::HandIn => {
                Words::fixed("把要发的内容报校办室办理", "Hand in to the office what should be sent")
            }
            Self::TakeUpRequests => {
                Words::fixed("以校办室名义办理报来的内容", "Write up in the office's name what is handed in")
            }
            Self::SetProcedures => {
                Words::fixed("提出和确认审批流程的改动", "Propose and confirm changes of approval procedures")
            }
            Self::SetSmsAccount => {
                Words::fixed("提出和确认短信账户的改动", "Propose and confirm changes of the SMS account")
            }
            Self::ConfirmSlips => {
                Words::fixed("作为第二人确认开通单", "Be the second person for activation slips")
            }
            Self::EditUnits => {
                Words::fixed("设立、更名、移动和停用部门", "Make, rename, move and close units")
            }
            Self::WriteToClass => Words::fixed("向班级学生家长发送", "Write to the parents of classes"),
            Self::WriteToAllGuardians => {
                Words::fixed("向全体学生家长发送", "Write to all parents of the school")
            }
            Self::WriteToAllTeachers => Words::fixed("向全体教师群发", "Write to all teachers"),
            Self::ReadMessages => Words::fixed("查看通知和办理情况", "See notices and how far they are"),
            Self::StopSending => Words::fixed("停止全部发送", "Stop all sending"),
            Self::ReadAudit => Words::fixed("查看操作日志", "Read the audit log"),
        }
    }
}

impl Reach {
    /// For the screen: how far.
    pub fn title(self) -> Words {
        match self {
            Self::Class => Words::fixed("本班", "own class"),
            Self::Unit => Words::fixed("本部门及下级", "own unit and below"),
            Self::Above => Words::fixed("所在学院；校级社团为全校", "the college it lies in, or the school"),
            Self::School => Words::fixed("全校", "whole school"),
        }
    }
}

impl Post {
    /// What the regulation asks of its holder.
    pub fn duty(self) -> Words {
        match self {
            Self::Principal => Words::fixed(
                "审批全校性通知，谁审批，谁负责；本人要发的信息报校办室办理。",
                "Approves what goes to the whole school and answers for it; hands own messages to the office.",
            ),
            Self::VicePrincipal => Words::fixed(
                "校长不能审批时代为审批，并为此负责；本人要发的信息报校办室办理。",
                "Approves in the principal's place and answers for it; hands own messages to the office.",
            ),
            Self::LeaderInCharge => Words::fixed(
                "审批学校一级发送的信息，谁审批，谁负责。",
                "Approves what the school level sends, and answers for it.",
            ),
            Self::DepartmentLeader => Words::fixed(
                "审批所分管部门申请发送的信息，谁审批，谁负责。",
                "Approves what the department applies to send, and answers for it.",
            ),
            Self::OfficeDirector => Words::fixed(
                "统一管理和维护系统；审核全校性通知，办理校领导和各处室报来的信息。",
                "Runs the system; reviews what goes to the whole school, and sends what leaders and departments hand in.",
            ),
            Self::OfficeClerk => Words::fixed(
                "管理和维护系统，办理校领导和各处室报来的信息。",
                "Helps to run the system, and sends what leaders and departments hand in.",
            ),
            Self::StudentAffairsHead => Words::fixed(
                "审核学校一级发送的信息；管理全体学生的信息。",
                "Reviews what the school level sends; manages the information of all students.",
            ),
            Self::StudentAffairsDeputy => Words::fixed(
                "专人负责学校一级的账号和密码，不得随意泄露给他人。",
                "Answers for the school level's account and password, and gives them to nobody.",
            ),
            Self::StudentAffairsClerk => Words::fixed(
                "起草学校一级的信息；受理学院备案，登记部门的审批原件。",
                "Drafts for the school level; takes the colleges' filings, registers the departments' signed originals.",
            ),
            Self::Dean => Words::fixed(
                "审批本学院发送的信息，谁审批，谁负责。",
                "Approves what the college sends, and answers for it.",
            ),
            Self::CollegeLeader => Words::fixed(
                "审核本学院发送的信息；专人负责学院的账号和密码，不得随意泄露给他人。",
                "Reviews what the college sends; answers for its account and password, and gives them to nobody.",
            ),
            Self::CollegeClerk => Words::fixed(
                "起草本学院的信息，报学生处备案；管理本学院学生的信息。",
                "Drafts for the college, files with student affairs; manages the information of its students.",
            ),
            Self::FirstResponsible => Words::fixed(
                "审核本部门的书面申请；不兼任本部门的指派专人。",
                "Reviews the department's written applications; is not its designated sender as well.",
            ),
            Self::DesignatedSender => Words::fixed(
                "负责本部门的信息发送：登记以后，只有您能发送。",
                "Sends for the department: once it is registered, nobody else can.",
            ),
            Self::Custodian => Words::fixed(
                "专人负责本单位的账号和密码，不得随意泄露给他人；没有专人，本单位不能发送。",
                "Answers for the unit's account and password and gives them to nobody; without a custodian the unit cannot send.",
            ),
            Self::DepartmentHead | Self::DepartmentClerk => Words::fixed(
                "本部门要发的信息统一报校办室办理，或由指派专人申请发送。",
                "Hands what the department wants sent to the office, or to its designated sender.",
            ),
            Self::GradeHead => Words::fixed(
                "审批发给本年级的通知，谁审批，谁负责（本校审批流程）。",
                "Approves what goes to the year group and answers for it (this school's own procedure).",
            ),
            Self::HomeroomTeacher | Self::Counsellor => Words::fixed(
                "维护本班学生和家长的接收手机号；只发送与学校工作有关的信息。",
                "Keeps the class's students and receiving numbers up to date; sends only what concerns the school.",
            ),
            Self::SubjectTeacher => Words::fixed(
                "只向任教班级发送，只发送与学校工作有关的信息。",
                "Writes to classes taught only, and only what concerns the school.",
            ),
            Self::SocietyTeacher => Words::fixed(
                "指导社团，代社团按程序发送信息：社团只能经您发送。",
                "Guides the society and sends for it by the procedure: it sends through nobody else.",
            ),
            Self::LeadingGroup => Words::fixed(
                "监督平台的使用，提出和确认审批流程；不发送，也不审批具体信息。",
                "Watches over the platform, proposes and confirms procedures; neither sends nor decides messages.",
            ),
            Self::Auditor => Words::fixed(
                "监督和检查：查看操作日志和登记簿；不发送、不审批、不修改。",
                "Inspects: reads the audit log and the register; sends, decides and changes nothing.",
            ),
            Self::Administrator => Words::fixed(
                "开通账号，监督和检查使用情况；不能发送和审批。",
                "Opens accounts and watches over use; neither sends nor approves.",
            ),
        }
    }

    /// Whether a school with units of these kinds can have it: one with colleges has counsellors, another
    /// has homeroom teachers.
    pub fn is_of_a_school_with(self, kinds: &[UnitKind]) -> bool {
        let has_colleges = kinds.contains(&UnitKind::College);
        match self {
            Self::Counsellor => has_colleges,
            Self::HomeroomTeacher | Self::Principal | Self::VicePrincipal => !has_colleges,
            Self::LeaderInCharge
            | Self::DepartmentLeader
            | Self::FirstResponsible
            | Self::DesignatedSender
            | Self::SocietyTeacher => has_colleges,
            _ => match self.held_in() {
                HeldIn::Class => true,
                HeldIn::Unit(of) => kinds.iter().any(|kind| of.contains(kind)),
            },
        }
    }
}

/// The posts that let do something.
pub fn who_may(action: Action) -> impl Iterator<Item = Post> {
    Post::ALL.into_iter().filter(move |post| grants(*post).iter().any(|(granted, _)| *granted == action))
}

impl Person {
    /// What none of this person's posts lets do.
    pub fn may_not(&self) -> Vec<Action> {
        Action::ALL.into_iter().filter(|action| !self.may(*action)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::access::Appointment;
    use crate::ids::{AppointmentId, StaffId, UnitId};

    fn holder(post: Post) -> Person {
        let appointment = Appointment {
            id: AppointmentId(1),
            post,
            unit: UnitId(1),
            unit_name: String::new(),
            class: None,
            class_name: None,
            above: None,
            subject: None,
            listed: true,
        };
        Person { id: StaffId(1), name: String::new(), number: String::new(), appointments: vec![appointment] }
    }

    /// What is shown as a power is what the table grants, and the rest is shown as what others may.
    #[test]
    fn g20_the_page_says_what_the_table_says() {
        for post in Post::ALL {
            let person = holder(post);
            let refused: BTreeSet<_> = person.may_not().into_iter().map(|a| a.title().zh).collect();
            let granted: BTreeSet<_> = grants(post).iter().map(|(a, _)| a.title().zh.clone()).collect();
            assert!(refused.is_disjoint(&granted), "{post:?}");
            assert_eq!(refused.len() + granted.len(), Action::ALL.len(), "{post:?}: two actions read alike");
            for action in Action::ALL {
                assert_eq!(who_may(action).any(|p| p == post), person.may(action), "{post:?} {action:?}");
            }
        }
    }

    #[test]
    fn g20_nobody_is_sent_to_a_post_that_the_school_does_not_have() {
        let middle = [UnitKind::School, UnitKind::Office, UnitKind::Department, UnitKind::Grade];
        let may = |action, kinds: &[UnitKind]| -> Vec<&str> {
            who_may(action).filter(|p| p.is_of_a_school_with(kinds)).map(Post::key).collect()
        };
        assert_eq!(
            may(Action::StopSending, &middle),
            ["principal", "vice_principal", "office_director", "office_clerk"]
        );
        let university =
            [UnitKind::School, UnitKind::StudentAffairs, UnitKind::College, UnitKind::Department];
        assert_eq!(
            may(Action::StopSending, &university),
            ["leader_in_charge", "student_affairs_head", "student_affairs_deputy"]
        );
        for action in Action::ALL {
            assert!(!may(action, &middle).is_empty(), "{action:?}");
        }
    }
}
