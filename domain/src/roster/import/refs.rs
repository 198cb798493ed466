//! Units, classes and posts by their names: a file knows no ids. A name alone
//! says little, since two colleges may each have a 学生科 and a 2023级1班: a unit
//! is known by the names from the school down to it, a class by its unit and name.

use std::sync::Arc;

use super::classes::{grade_rank, is_grade};
use crate::access::Post;
use crate::school::UnitKind;

/// A unit, by the names from below the school down to it. Ordered as a school
/// lists its units: the school, its office, departments, then year groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnitRef {
    kind: UnitKind,
    path: Arc<[String]>,
}

impl Ord for UnitRef {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.place(), &self.path).cmp(&(other.place(), &other.path))
    }
}

impl PartialOrd for UnitRef {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl UnitRef {
    /// The school itself.
    pub fn school() -> Self {
        Self { kind: UnitKind::School, path: Arc::from([]) }
    }

    /// A unit below the school.
    pub fn new(kind: UnitKind, path: impl Into<Arc<[String]>>) -> Self {
        Self { kind, path: path.into() }
    }

    fn place(&self) -> (u8, usize) {
        match self.kind {
            UnitKind::School => (0, 0),
            UnitKind::Office => (1, 0),
            UnitKind::StudentAffairs => (2, 0),
            UnitKind::Department => (3, 0),
            UnitKind::College => (4, 0),
            UnitKind::Society => (5, 0),
            UnitKind::Grade => (6, grade_rank(self.name())),
        }
    }

    /// What it is.
    pub fn kind(&self) -> UnitKind {
        self.kind
    }

    /// Whether it is the school itself.
    pub fn is_school(&self) -> bool {
        self.kind == UnitKind::School
    }

    /// The names from below the school down to it; empty for the school.
    pub fn path(&self) -> &Arc<[String]> {
        &self.path
    }

    /// Its own name; empty for the school.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// As a file names it without a doubt: `信息学院/学生科`.
    pub fn written(&self) -> String {
        if self.is_school() { "学校".to_owned() } else { self.path.join("/") }
    }

    /// Stable name in the ids of questions.
    pub(super) fn id(&self) -> String {
        if self.is_school() {
            return "school".to_owned();
        }
        let names: Vec<String> = self.path.iter().map(|name| name.replace('/', "／")).collect();
        names.join("/")
    }

    /// The post that leads it, and the one beside it for those who do not.
    pub(super) fn posts(&self) -> (Post, Option<Post>) {
        match self.kind {
            UnitKind::School => (Post::Principal, Some(Post::VicePrincipal)),
            UnitKind::Office => (Post::OfficeDirector, Some(Post::OfficeClerk)),
            UnitKind::StudentAffairs => (Post::StudentAffairsHead, Some(Post::StudentAffairsClerk)),
            UnitKind::College => (Post::Dean, Some(Post::CollegeClerk)),
            UnitKind::Department => (Post::DepartmentHead, Some(Post::DepartmentClerk)),
            UnitKind::Society => (Post::SocietyTeacher, None),
            UnitKind::Grade => (Post::GradeHead, None),
        }
    }

    /// Whether its leading post is what its head is called. A section that holds classes is kept as a
    /// year group, but nobody there is 年级组长.
    pub(super) fn names_its_lead(&self) -> bool {
        self.kind != UnitKind::Grade || is_grade(self.name())
    }
}

/// A class: its name is unique within its unit only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassRef {
    /// The unit that it lies in.
    pub unit: UnitRef,
    /// `七年级1班`, `2023级1班`.
    pub name: String,
}

impl ClassRef {
    /// As a file names it without a doubt: `信息学院/2023级1班`. A year group within another unit is
    /// not said twice.
    pub fn written(&self) -> String {
        match self.unit.path().split_last() {
            Some((year, above)) if !above.is_empty() && self.name.starts_with(year.as_str()) => {
                format!("{}/{}", above.join("/"), self.name)
            }
            _ => format!("{}/{}", self.unit.written(), self.name),
        }
    }
}

/// A post held, by names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    /// The post.
    pub post: Post,
    /// Where; for teachers the unit of the class.
    pub unit: UnitRef,
    /// The class, for teachers.
    pub class: Option<ClassRef>,
    /// The subject, for subject teachers.
    pub subject: Option<String>,
}

impl Held {
    pub(super) fn plain(post: Post, unit: UnitRef) -> Self {
        Self { post, unit, class: None, subject: None }
    }

    /// Whether it is the same post for the same class, which lay in another unit.
    pub(super) fn is_moved_from(&self, old: &Self) -> bool {
        self.class.is_some()
            && self.unit != old.unit
            && (self.post, &self.class, &self.subject) == (old.post, &old.class, &old.subject)
    }

    pub(super) fn in_class(post: Post, class: ClassRef, subject: Option<String>) -> Self {
        Self { post, unit: class.unit.clone(), class: Some(class), subject }
    }
}
