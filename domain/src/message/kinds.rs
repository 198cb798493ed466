//! What a message is about, how parents get to it and what it asks of them.

use crate::keys::keyed;
use crate::words::Words;

keyed! {
    /// What a message is about (G8), in the order of the regulation. Part of the digest.
    pub enum Category {
        /// 学校政策法规.
        Policy = "policy",
        /// 日常管理.
        Daily = "daily",
        /// 重大活动.
        Event = "event",
        /// 招生和就业状况.
        Admission = "admission",
        /// 学生思想动态: to that child's own guardians only.
        Thinking = "thinking",
        /// 学习和生活情况: to that child's own guardians only.
        Study = "study",
        /// 节假日与寒暑假放假及开学安排.
        Holiday = "holiday",
        /// 其他.
        Other = "other",
    }
}

impl Category {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Policy => Words::fixed("学校政策法规", "Policies and regulations"),
            Self::Daily => Words::fixed("日常管理", "Daily management"),
            Self::Event => Words::fixed("重大活动", "Major events"),
            Self::Admission => Words::fixed("招生和就业状况", "Admission and employment"),
            Self::Holiday => Words::fixed("放假及开学安排", "Holidays and term dates"),
            Self::Thinking => Words::fixed("学生思想动态", "A student's thinking"),
            Self::Study => Words::fixed("学习和生活情况", "A student's study and life"),
            Self::Other => Words::fixed("其他", "Other"),
        }
    }

    /// Whether it is about one child, and so never goes to a group (G8, G48).
    pub fn is_about_one_child(self) -> bool {
        matches!(self, Self::Thinking | Self::Study)
    }
}

keyed! {
    /// How a parent gets to the text. Part of the digest.
    pub enum Mode {
        /// A link in the SMS: the school's fixed address and a signed token.
        Link = "link",
    }
}

keyed! {
    /// What a message asks of its parents. Part of the digest.
    pub enum AnswerLevel {
        /// A button on the page, by which they confirm that they have read it (确认).
        Confirm = "confirm",
    }
}
