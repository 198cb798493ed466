//! The units and classes of the school, and how the words of a file are matched
//! with them: by code, else by unit and name. What could mean several is told,
//! never guessed. Every look-up is by a key, so that a file of 20,000 rows and
//! hundreds of departments is read in one go.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::classes::{self, ClassName, is_grade};
use super::refs::{ClassRef, UnitRef};
use super::unclear::{Several, Unclear};
use super::unit_names::{is_college, is_section, is_student_affairs};
use crate::ids::{ClassId, UnitId};
use crate::school::UnitKind;

/// How deep a tree of units is followed; a broken one may go in circles.
const MAX_DEPTH: usize = 32;

/// A unit on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollUnit {
    /// Its id.
    pub id: UnitId,
    /// The unit above it; none for the school.
    pub parent: Option<UnitId>,
    /// What it is.
    pub kind: UnitKind,
    /// Name, unique within the unit above.
    pub name: String,
    /// The school's own code for it.
    pub code: Option<String>,
}

/// A class on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollClass {
    /// Its id.
    pub id: ClassId,
    /// The unit that it lies in.
    pub unit: UnitId,
    /// Name, unique within its unit.
    pub name: String,
    /// The school's own code for it.
    pub code: Option<String>,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether it has a homeroom teacher.
    pub led: bool,
}

#[derive(Clone, Debug)]
struct KnownUnit {
    unit: UnitRef,
    id: Option<UnitId>,
    code: Option<String>,
    /// Set where it is known from the name of a class alone.
    is_mentioned: bool,
}

#[derive(Clone, Debug)]
struct KnownClass {
    class: ClassRef,
    id: Option<ClassId>,
    code: Option<String>,
    archived: bool,
    led: bool,
}

/// Codes that a file gives to units and classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// By unit.
    pub units: BTreeMap<UnitRef, String>,
    /// By class.
    pub classes: BTreeMap<ClassRef, String>,
}

/// What a file changes in the units and classes of the roll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceChanges {
    /// New units with their codes; a unit stands behind the one above it.
    pub units: Vec<(UnitRef, Option<String>)>,
    /// New classes with their codes.
    pub classes: Vec<(ClassRef, Option<String>)>,
    /// Archived classes that are in use again.
    pub revived: Vec<ClassId>,
    /// Codes for units that have none yet.
    pub unit_codes: Vec<(UnitId, String)>,
    /// Codes for classes that have none yet.
    pub class_codes: Vec<(ClassId, String)>,
}

/// What a unit's name is found to be.
enum Found<'a> {
    Known(usize),
    /// On no level of the roll: a unit directly below the school.
    New,
    Several(&'a [usize]),
}

/// Classes of one name.
#[derive(Clone, Debug, Default)]
struct Called {
    used: Vec<usize>,
    archived: Vec<usize>,
}

/// The school's units and classes.
#[derive(Clone, Debug, Default)]
pub struct Places {
    school: String,
    root: Option<UnitId>,
    units: Vec<KnownUnit>,
    by_path: HashMap<Arc<[String]>, usize>,
    /// Units below the first level by the last names of their path, which a
    /// file may give one by one or in a row.
    by_last_names: HashMap<Box<[String]>, Vec<usize>>,
    /// What can stand in front of a class's name, and the length of the longest.
    prefixes: HashSet<String>,
    longest_prefix: usize,
    by_unit_code: HashMap<String, usize>,
    by_unit_id: HashMap<UnitId, usize>,
    office: Option<usize>,
    /// Whether it is a university, where 学生处 sends for the school and colleges for themselves.
    is_university: bool,
    classes: Vec<KnownClass>,
    by_class: HashMap<ClassRef, usize>,
    /// Classes by a unit that they lie in or below, and by name.
    within: HashMap<Arc<[String]>, HashMap<String, Called>>,
    by_class_code: HashMap<String, usize>,
    by_class_id: HashMap<ClassId, usize>,
}

impl Places {
    /// The units and classes of the roll; the root among the units is the school.
    pub fn new(school: &str, units: &[RollUnit], classes: &[RollClass]) -> Self {
        let mut places = Self { school: school.to_owned(), ..Self::default() };
        let by_id: HashMap<UnitId, &RollUnit> = units.iter().map(|u| (u.id, u)).collect();
        for unit in units {
            if unit.parent.is_none() {
                places.root = Some(unit.id);
                continue;
            }
            let mut path = Vec::new();
            let mut at = Some(unit);
            while let Some(here) = at.filter(|u| u.parent.is_some() && path.len() < MAX_DEPTH) {
                path.push(here.name.clone());
                at = here.parent.and_then(|parent| by_id.get(&parent).copied());
            }
            path.reverse();
            places.add_unit(UnitRef::new(unit.kind, path), Some(unit.id), unit.code.clone());
        }
        for class in classes {
            let Some(unit) = places.unit(class.unit) else { continue };
            places.add_class(KnownClass {
                class: ClassRef { unit, name: class.name.clone() },
                id: Some(class.id),
                code: class.code.clone(),
                archived: class.archived,
                led: class.led,
            });
        }
        places
    }

    fn add_unit(&mut self, unit: UnitRef, id: Option<UnitId>, code: Option<String>) {
        let at = self.units.len();
        let path = unit.path();
        self.by_path.insert(path.clone(), at);
        for last in (1..path.len()).map(|from| &path[from..]) {
            self.add_last_names(last.to_vec(), at);
        }
        for row in (0..path.len().saturating_sub(1)).map(|from| path[from..].concat()) {
            self.add_prefix(&row);
            self.add_last_names(vec![row], at);
        }
        // 七年级 in front of 1班 is a part of the class's name.
        if !is_grade(unit.name()) {
            self.add_prefix(unit.name());
        }
        match unit.kind() {
            UnitKind::Office => {
                self.office.get_or_insert(at);
            }
            UnitKind::College | UnitKind::StudentAffairs => self.is_university = true,
            _ => {}
        }
        if let Some(code) = &code {
            self.by_unit_code.insert(code.clone(), at);
        }
        if let Some(id) = id {
            self.by_unit_id.insert(id, at);
        }
        self.units.push(KnownUnit { unit, id, code, is_mentioned: false });
    }

    fn add_last_names(&mut self, names: Vec<String>, at: usize) {
        let units = self.by_last_names.entry(names.into()).or_default();
        if units.last() != Some(&at) {
            units.push(at);
        }
    }

    fn add_prefix(&mut self, prefix: &str) {
        self.longest_prefix = self.longest_prefix.max(prefix.len());
        self.prefixes.insert(prefix.to_owned());
    }

    fn add_class(&mut self, known: KnownClass) {
        let at = self.classes.len();
        self.by_class.insert(known.class.clone(), at);
        let path = known.class.unit.path();
        for length in 0..=path.len() {
            let above = self.within.entry(Arc::from(&path[..length])).or_default();
            let called = above.entry(known.class.name.clone()).or_default();
            if known.archived { &mut called.archived } else { &mut called.used }.push(at);
        }
        if let Some(code) = &known.code {
            self.by_class_code.insert(code.clone(), at);
        }
        if let Some(id) = known.id {
            self.by_class_id.insert(id, at);
        }
        self.classes.push(known);
    }

    /// A unit of the roll.
    pub fn unit(&self, id: UnitId) -> Option<UnitRef> {
        if self.root == Some(id) {
            return Some(UnitRef::school());
        }
        self.by_unit_id.get(&id).map(|at| self.units[*at].unit.clone())
    }

    /// A class of the roll.
    pub fn class(&self, id: ClassId) -> Option<ClassRef> {
        self.by_class_id.get(&id).map(|at| self.classes[*at].class.clone())
    }

    /// The id of a unit that is on the roll.
    pub fn unit_id(&self, unit: &UnitRef) -> Option<UnitId> {
        self.unit_id_at(unit.path())
    }

    /// The id of the unit on the roll that has these names below the school.
    pub fn unit_id_at(&self, path: &[String]) -> Option<UnitId> {
        if path.is_empty() {
            return self.root;
        }
        self.by_path.get(path).and_then(|at| self.units[*at].id)
    }

    /// The id of a class that is on the roll.
    pub fn class_id(&self, class: &ClassRef) -> Option<ClassId> {
        self.by_class.get(class).and_then(|at| self.classes[*at].id)
    }

    /// Whether a class has a homeroom teacher.
    pub(super) fn is_led(&self, class: &ClassRef) -> bool {
        self.by_class.get(class).is_some_and(|at| self.classes[*at].led)
    }

    /// How many units the file would add to the roll.
    pub(super) fn new_units(&self) -> usize {
        self.units.iter().filter(|u| u.id.is_none()).count()
    }

    /// What has to be added to the roll for these units and classes.
    pub fn changes(
        &self,
        units: &BTreeSet<UnitRef>,
        classes: &BTreeSet<ClassRef>,
        codes: &Codes,
    ) -> PlaceChanges {
        let mut changes = PlaceChanges::default();
        let mut wanted: BTreeMap<Arc<[String]>, UnitRef> = BTreeMap::new();
        for unit in units.iter().chain(classes.iter().map(|c| &c.unit)).filter(|u| !u.is_school()) {
            for length in 1..unit.path().len() {
                let above = &unit.path()[..length];
                if !wanted.contains_key(above) {
                    wanted.insert(Arc::from(above), self.at_path(above, UnitKind::Department));
                }
            }
            wanted.insert(unit.path().clone(), unit.clone());
        }
        for unit in wanted.into_values() {
            let code = codes.units.get(&unit).cloned();
            match (self.unit_id(&unit), code) {
                (None, code) => changes.units.push((unit, code)),
                (Some(id), Some(code)) if self.unit_code(&unit).is_none() => {
                    changes.unit_codes.push((id, code))
                }
                _ => {}
            }
        }
        // A unit behind the one above it; beside each other as a school lists them.
        changes.units.sort_by(|(a, _), (b, _)| (a.path().len(), a).cmp(&(b.path().len(), b)));
        for class in classes {
            let code = codes.classes.get(class).cloned();
            let known = self.by_class.get(class).map(|at| &self.classes[*at]);
            match known.and_then(|known| known.id.map(|id| (id, known))) {
                None => changes.classes.push((class.clone(), code)),
                Some((id, known)) => {
                    if known.archived {
                        changes.revived.push(id);
                    }
                    if let Some(code) = code.filter(|_| known.code.is_none()) {
                        changes.class_codes.push((id, code));
                    }
                }
            }
        }
        changes
    }

    /// The unit at a path, as it is known, else of the kind that is given.
    fn at_path(&self, path: &[String], kind: UnitKind) -> UnitRef {
        match self.by_path.get(path) {
            Some(at) => self.units[*at].unit.clone(),
            None => UnitRef::new(self.kind_of(path, kind), path),
        }
    }

    // --- Universities ---

    /// Takes note that the file is a university's.
    pub(super) fn is_of_a_university(&mut self) {
        self.is_university = true;
    }

    /// The college in which a unit lies, or that it is.
    pub(super) fn college_of(&self, unit: &UnitRef) -> Option<UnitRef> {
        self.college_at(unit.path())
    }

    fn college_at(&self, path: &[String]) -> Option<UnitRef> {
        (1..=path.len()).map(|length| &path[..length]).find_map(|above| match self.by_path.get(above) {
            Some(at) => Some(&self.units[*at].unit).filter(|unit| unit.kind() == UnitKind::College).cloned(),
            None => above
                .last()
                .is_some_and(|name| is_college(name))
                .then(|| UnitRef::new(UnitKind::College, above)),
        })
    }

    /// A new unit's kind: a name tells some, and so does where the unit lies. Classes lie in year groups and
    /// in colleges; within a college, only in its year groups and departments.
    fn kind_of(&self, path: &[String], kind: UnitKind) -> UnitKind {
        let (Some((name, above)), UnitKind::Department | UnitKind::Grade) = (path.split_last(), kind) else {
            return kind;
        };
        if is_grade(name) {
            UnitKind::Grade
        } else if self.college_at(above).is_some() {
            UnitKind::Department
        } else if is_college(name) || kind == UnitKind::Grade && above.is_empty() && !is_section(name) {
            UnitKind::College
        } else if self.is_university && is_student_affairs(name) {
            UnitKind::StudentAffairs
        } else {
            kind
        }
    }

    /// Where a new class lies that is said to be in a unit: a college's in the year group that the file or
    /// the class's name tells.
    fn year_within(&self, unit: &UnitRef, grade: &str, class: &str) -> UnitRef {
        if unit.kind() == UnitKind::Grade || self.college_of(unit).is_none() {
            return unit.clone();
        }
        let year = match grade {
            "" => ClassName::parse(class).map(|class| class.grade),
            grade => Some(classes::grade(grade)).filter(|grade| is_grade(grade)),
        };
        match year {
            Some(year) => {
                let path: Vec<String> = unit.path().iter().cloned().chain([year]).collect();
                self.at_path(&path, UnitKind::Grade)
            }
            None => unit.clone(),
        }
    }

    /// Whether a class's name alone leaves open which one it is: another unit could have one that is called so.
    pub(super) fn is_told_by_name(&self, class: &ClassRef, grade: &str) -> bool {
        class.unit.name() == grade && self.college_of(&class.unit).is_none()
    }

    // --- Units as a file names them ---

    /// The names in a text: `信息学院/学生科` are two.
    pub(super) fn names(text: &str) -> Vec<String> {
        let names = text.split(['/', '>']).map(str::trim).filter(|name| !name.is_empty());
        names.map(classes::grade).collect()
    }

    fn find(&self, names: &[String]) -> Found<'_> {
        if let Some(at) = self.by_path.get(names) {
            return Found::Known(*at);
        }
        match self.by_last_names.get(names).map(Vec::as_slice) {
            None | Some([]) => Found::New,
            Some([one]) => Found::Known(*one),
            Some(several) => Found::Several(several),
        }
    }

    /// The unit that the names mean: one that stands there, else a new one of
    /// this kind below the school.
    pub(super) fn unit_called(&self, names: &[String], kind: UnitKind) -> Result<UnitRef, Unclear> {
        match self.find(names) {
            Found::Known(at) => Ok(self.units[at].unit.clone()),
            Found::New => Ok(UnitRef::new(self.kind_of(names, kind), names)),
            Found::Several(all) => {
                let written = |at: usize| self.units[at].unit.written();
                Err(Unclear::Units(Several::new(names.join("/"), all, written)))
            }
        }
    }

    /// The unit in which a class lies that the file names in front of it, and nowhere else.
    pub(super) fn mentioned_only(&self, unit: &UnitRef) -> Option<&UnitRef> {
        let above = (1..=unit.path().len()).map(|length| &unit.path()[..length]);
        let mut known = above.filter_map(|path| self.by_path.get(path)).map(|at| &self.units[*at]);
        known.find(|known| known.is_mentioned).map(|known| &known.unit)
    }

    /// The unit of this code on the roll.
    pub(super) fn unit_coded(&self, code: &str) -> Option<&UnitRef> {
        self.by_unit_code.get(code).map(|at| &self.units[*at].unit)
    }

    /// The code of a unit on the roll.
    pub(super) fn unit_code(&self, unit: &UnitRef) -> Option<&str> {
        self.by_path.get(unit.path()).and_then(|at| self.units[*at].code.as_deref())
    }

    /// The school's office, by whatever name; a school has one.
    pub(super) fn office(&self) -> Option<&UnitRef> {
        self.office.map(|at| &self.units[at].unit)
    }

    /// Whether a unit's name is the school's own.
    pub(super) fn is_school_name(&self, name: &str) -> bool {
        !name.is_empty() && name == self.school
    }

    /// Takes note of units that the file names, before its rows are read: what
    /// a row means shall not depend on which row stands first. Those written
    /// with the unit above them come before those that may mean one of them.
    pub(super) fn note_units(&mut self, named: impl Iterator<Item = (Vec<String>, UnitKind)>) {
        let (plain, full): (Vec<_>, Vec<_>) = named.partition(|(names, _)| names.len() < 2);
        for group in [full, plain] {
            let mut new = Vec::new();
            for (names, kind) in group {
                match self.find(&names) {
                    Found::Known(at) => self.holds_classes(at, kind),
                    Found::New => new.push((names, kind)),
                    Found::Several(_) => {}
                }
            }
            for (path, kind) in new {
                for length in 1..path.len() {
                    self.note_unit(&path[..length], UnitKind::Department);
                }
                self.note_unit(&path, kind);
            }
        }
    }

    fn note_unit(&mut self, path: &[String], kind: UnitKind) {
        match self.by_path.get(path) {
            Some(at) => self.holds_classes(*at, kind),
            None if path.is_empty() => {}
            None => self.add_unit(UnitRef::new(self.kind_of(path, kind), path), None, None),
        }
    }

    /// As [`Self::note_units`], for units in front of classes.
    pub(super) fn note_mentions(&mut self, named: impl Iterator<Item = Vec<String>>) {
        let before = self.units.len();
        self.note_units(named.map(|names| (names, UnitKind::Grade)));
        for unit in &mut self.units[before..] {
            unit.is_mentioned = true;
        }
    }

    /// A new unit in which the file has classes is one that holds classes,
    /// whatever its other rows look like.
    fn holds_classes(&mut self, at: usize, kind: UnitKind) {
        let known = &self.units[at];
        if known.id.is_none() && kind == UnitKind::Grade && known.unit.kind() == UnitKind::Department {
            let path = known.unit.path().clone();
            self.units[at].unit = UnitRef::new(self.kind_of(&path, kind), path);
        }
    }

    // --- Classes as a file names them ---

    /// The class of this code on the roll.
    pub(super) fn class_coded(&self, code: &str) -> Option<&ClassRef> {
        self.by_class_code.get(code).map(|at| &self.classes[*at].class)
    }

    /// The code of a class on the roll.
    pub(super) fn class_code(&self, class: &ClassRef) -> Option<&str> {
        self.by_class.get(class).and_then(|at| self.classes[*at].code.as_deref())
    }

    /// Takes note of a class that the file names together with its unit.
    pub(super) fn note_class(&mut self, class: ClassRef) {
        if !self.by_class.contains_key(&class) {
            self.note_unit(class.unit.path(), UnitKind::Grade);
            self.add_class(KnownClass { class, id: None, code: None, archived: false, led: false });
        }
    }

    /// A text about a class that begins with its unit: the unit's names, and
    /// the rest. None where no unit stands in front.
    pub(super) fn split_class<'a>(&self, text: &'a str) -> Option<(Vec<String>, &'a str)> {
        let text = self.without_school(text);
        if let Some((unit, class)) = text.rsplit_once(['/', '>']) {
            let names = Self::names(unit);
            return (!names.is_empty()).then(|| (names, class.trim()));
        }
        // The longest unit in front that leaves a class behind it.
        let end = text.floor_char_boundary(self.longest_prefix);
        let cuts = std::iter::once(end).chain(text[..end].char_indices().rev().map(|(at, _)| at));
        for cut in cuts.filter(|at| *at > 0) {
            let (unit, class) = text.split_at(cut);
            if self.prefixes.contains(unit) && is_like_class(class) {
                return Some((vec![unit.to_owned()], class));
            }
        }
        ClassName::after_unit(text).map(|(unit, _)| (vec![unit.to_owned()], &text[unit.len()..]))
    }

    /// The school's own name in front says nothing: `示范中学七年级1班`.
    fn without_school<'a>(&self, text: &'a str) -> &'a str {
        let rest = text.strip_prefix(self.school.as_str()).map(|rest| rest.trim_start_matches(['/', '>']));
        rest.filter(|rest| !rest.is_empty()).unwrap_or(text)
    }

    /// A class as one text names it: by code, with its unit, or by its name alone.
    pub(super) fn class_called(&self, text: &str) -> Result<ClassRef, Unclear> {
        if let Some(class) = self.class_coded(text) {
            return Ok(class.clone());
        }
        let text = self.without_school(text);
        match self.split_class(text) {
            Some((names, class)) => {
                let unit = self.unit_called(&names, UnitKind::Grade)?;
                self.class_within(&unit, "", class)
            }
            None => {
                let class = ClassName::parse(text).ok_or(Unclear::NoClass)?;
                let rest = class.name.strip_prefix(&class.grade).unwrap_or(&class.name);
                match self.class_alone(&class)? {
                    // 七年级语文 names no class, unless there is one that is called so.
                    new if !is_like_class(rest) && !self.by_class.contains_key(&new) => Err(Unclear::NoClass),
                    found => Ok(found),
                }
            }
        }
    }

    /// A class in a unit or below it, from a grade (or none) and a class's name.
    pub(super) fn class_within(&self, unit: &UnitRef, grade: &str, class: &str) -> Result<ClassRef, Unclear> {
        let class = class.strip_prefix(unit.name()).filter(|rest| is_like_class(rest)).unwrap_or(class);
        let names: Vec<String> = if grade.is_empty() {
            let whole = ClassName::parse(class).map(|c| c.name);
            let in_grade = is_grade(unit.name()).then(|| ClassName::join(unit.name(), class)).flatten();
            let plain = Some(classes::class(class)).filter(|name| is_like_class(name));
            [whole, in_grade.map(|c| c.name), plain].into_iter().flatten().collect()
        } else {
            let whole = ClassName::join(grade, class).map(|c| c.name);
            let plain = classes::says_year(&classes::grade(grade), class).then(|| classes::class(class));
            plain.into_iter().chain(whole).collect()
        };
        for name in &names {
            let here = ClassRef { unit: unit.clone(), name: name.clone() };
            if self.by_class.contains_key(&here) {
                return Ok(here);
            }
        }
        for name in &names {
            if let Some(one) = self.only(unit.path(), name)? {
                return Ok(one);
            }
        }
        let name = names.into_iter().next().ok_or(Unclear::NoClass)?;
        ends_as_a_class(&name)?;
        Ok(ClassRef { unit: self.year_within(unit, grade, &name), name })
    }

    /// Whether a text means a class that is on the roll.
    pub(super) fn is_on_roll(&self, text: &str) -> bool {
        let known = |class| self.by_class.get(&class).is_some_and(|at| self.classes[*at].id.is_some());
        self.class_called(text).is_ok_and(known)
    }

    /// A class of which only the name is said: the one that is called so, else
    /// a new one in the year group that the name begins with.
    pub(super) fn class_alone(&self, class: &ClassName) -> Result<ClassRef, Unclear> {
        if let Some(one) = self.only(&[], &class.name)? {
            return Ok(one);
        }
        ends_as_a_class(&class.name)?;
        let unit = self.unit_called(std::slice::from_ref(&class.grade), UnitKind::Grade)?;
        Ok(ClassRef { unit, name: class.name.clone() })
    }

    /// The class of this name in or below a unit: one in use, else an archived one.
    fn only(&self, unit: &[String], name: &str) -> Result<Option<ClassRef>, Unclear> {
        let Some(called) = self.within.get(unit).and_then(|names| names.get(name)) else { return Ok(None) };
        let fits = if called.used.is_empty() { &called.archived } else { &called.used };
        match fits.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(self.classes[*one].class.clone())),
            several => {
                let written = |at: usize| self.classes[at].class.written();
                Err(Unclear::Classes(Several::new(name.to_owned(), several, written)))
            }
        }
    }
}

/// A class that the roll does not have ends at 班, or is called otherwise
/// altogether: a subject behind it makes no class.
fn ends_as_a_class(name: &str) -> Result<(), Unclear> {
    match classes::behind_class(name) {
        Some((class, rest)) => Err(Unclear::MoreThanClass(class.to_owned(), rest.to_owned())),
        None => Ok(()),
    }
}

/// Whether a text can be a class's name where the unit stands apart.
fn is_like_class(text: &str) -> bool {
    text.ends_with('班') && text.len() > '班'.len_utf8() || text.chars().any(|c| c.is_ascii_digit())
}
