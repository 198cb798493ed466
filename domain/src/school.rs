//! The school itself: units (G1), their custodians (G2), and what is set for all.

use serde::{Deserialize, Serialize};

use crate::access::{Person, Post};
use crate::approval::Regulation;
use crate::ids::{StaffId, UnitId};
use crate::keys::keyed;
use crate::time::{Instant, SendingWindow};
use crate::words::Words;

keyed! {
    /// What kind of unit this is.
    pub enum UnitKind {
        /// The school: the root of the tree.
        School = "school",
        /// 校办室: the managing unit (G9).
        Office = "office",
        /// 学生处: the school level of a university (G1).
        StudentAffairs = "student_affairs",
        /// 处室.
        Department = "department",
        /// 学院: manages and sends to its own students (G1).
        College = "college",
        /// 学生社团, of a college or of the school: sends through its teacher (G59).
        Society = "society",
        /// 年级: holds classes.
        Grade = "grade",
    }
}

impl UnitKind {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::School => Words::fixed("学校", "School"),
            Self::Office => Words::fixed("校办室", "School office"),
            Self::StudentAffairs => Words::fixed("学生处", "Student affairs office"),
            Self::Department => Words::fixed("处室", "Department"),
            Self::College => Words::fixed("学院", "College"),
            Self::Society => Words::fixed("学生社团", "Student society"),
            Self::Grade => Words::fixed("年级", "Year group"),
        }
    }
}

/// The school as every signed-in person sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SchoolView {
    /// Name.
    pub name: String,
    /// The signature in every SMS, without 【】.
    pub signature: String,
    /// The school's own word for the platform: 校讯通 or 校信通.
    pub platform_word: String,
    /// When parents and teachers may be disturbed.
    pub window: SendingWindow,
    /// 试运行: SMS go to numbers of staff alone.
    #[serde(default)]
    pub trial: bool,
    /// The post that leads a class here: [`Post::class_leader`].
    #[serde(default = "homeroom_teacher")]
    pub class_leader: Post,
    /// Set while all sending is stopped.
    pub stopped: Option<Stopped>,
}

/// What an answer without it means.
fn homeroom_teacher() -> Post {
    Post::class_leader(false)
}

/// All sending is stopped: by whom, why, since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stopped {
    /// Name of the person who stopped it.
    pub by: String,
    /// By which post: the same rank or a higher one lets it go on.
    pub post: Post,
    /// Why; empty for whoever does not manage.
    pub reason: String,
    /// Since when.
    pub at: Instant,
    /// Nobody has that rank any more: two people who may stop sending let it go on together.
    #[serde(default)]
    pub vacant: bool,
    /// Which of the two has asked, and waits for the other.
    #[serde(default)]
    pub asked_by: Option<PersonRef>,
}

impl SchoolView {
    /// The school as this person sees it: the reason for a stop is written for those who manage.
    #[must_use]
    pub fn seen_by(mut self, person: &Person) -> Self {
        if let Some(stop) = self.stopped.as_mut().filter(|_| !person.manages()) {
            stop.reason.clear();
        }
        self
    }
}

/// `POST /api/school/stop`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StopOrder {
    /// Stop, or go on.
    pub stopped: bool,
    /// Why; kept in the audit log.
    pub reason: String,
}

/// One unit in `GET /api/units`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnitView {
    /// Its id.
    pub id: UnitId,
    /// The unit above it; none for the school.
    pub parent: Option<UnitId>,
    /// What it is.
    pub kind: UnitKind,
    /// Name.
    pub name: String,
    /// Whether it has an account of its own: without somebody who answers for that it cannot send.
    pub has_account: bool,
    /// Who answers for its account and password (专人负责, G2).
    pub custodian: Option<PersonRef>,
    /// Who holds a leading post in it.
    pub heads: Vec<PersonRef>,
}

/// A person as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PersonRef {
    /// Who.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
}

/// `POST /api/setup`: the first step of a new deployment, works once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setup {
    /// The school's name.
    pub name: String,
    /// The SMS signature, 2 to 12 characters, without 【】.
    pub signature: String,
    /// 校讯通 or 校信通.
    #[serde(default)]
    pub platform_word: Option<String>,
    /// The regulation that it begins with: its approval procedures.
    #[serde(default)]
    pub regulation: Regulation,
    /// The sending window; 07:00 to 21:00 where absent.
    #[serde(default)]
    pub window: Option<SendingWindow>,
    /// The two first administrators: two, so that neither is alone with the keys.
    pub administrators: Vec<FirstAdministrator>,
}

/// One of the two first administrators.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FirstAdministrator {
    /// Staff number (教职工号).
    pub number: String,
    /// Name.
    pub name: String,
}
