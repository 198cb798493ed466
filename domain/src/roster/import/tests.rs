//! The files under `tests/data` are invented; their numbers are of a range
//! that carriers do not give out.

use std::collections::{BTreeSet, HashMap, HashSet};

use proptest::prelude::*;

use super::places::{PlaceChanges, Places, RollClass, RollUnit};
use super::plan::{RollPerson, RollPost, StaffPlan, StaffRoll};
use super::refs::{ClassRef, Held, UnitRef};
use super::*;
use crate::access::Post;
use crate::ids::{AppointmentId, ClassId, StaffId, UnitId};
use crate::problem::Refusal;
use crate::roster::{Answer, Question, RowLevel};
use crate::school::UnitKind;
use crate::words::Lang;

mod large;

mod units;
mod university;
mod whose;

const STAFF: &[u8] = include_bytes!("../../../../tests/data/middle-school-staff.csv");
const STUDENTS: &[u8] = include_bytes!("../../../../tests/data/middle-school-students.csv");
const DIRTY: &[u8] = include_bytes!("../../../../tests/data/students-dirty-gb18030.csv");
const STUDENT_HEADER: &str =
    "学号,姓名,年级,班级,监护人1姓名,监护人1关系,监护人1手机,监护人2姓名,监护人2关系,监护人2手机\n";
const STAFF_HEADER: &str = "工号,姓名,手机,部门,职务,班主任班级,任教\n";

fn gb18030(bytes: &[u8]) -> Option<String> {
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(|text| text.into_owned())
}

fn read_students(bytes: &[u8], roll: &Places) -> Result<Parsed<StudentRow>, Refusal> {
    super::read_students(bytes, roll, gb18030)
}

fn read_staff(bytes: &[u8], roll: &Places) -> Result<Parsed<StaffRow>, Refusal> {
    super::read_staff(bytes, roll, gb18030)
}

/// Units and classes as the database would hold them.
#[derive(Clone)]
struct Roll {
    school: &'static str,
    units: Vec<RollUnit>,
    classes: Vec<RollClass>,
}

impl Roll {
    fn new(school: &'static str) -> Self {
        let root = RollUnit {
            id: UnitId(1),
            parent: None,
            kind: UnitKind::School,
            name: school.into(),
            code: None,
            closed: false,
        };
        Self { school, units: vec![root], classes: Vec::new() }
    }

    fn places(&self) -> Places {
        Places::new(self.school, &self.units, &self.classes)
    }

    fn unit(&mut self, unit: &UnitRef, code: Option<&str>) -> UnitId {
        if let Some(id) = self.places().unit_id(unit) {
            return id;
        }
        let above = &unit.path()[..unit.path().len() - 1];
        let parent = if above.is_empty() {
            UnitId(1)
        } else {
            self.unit(&UnitRef::new(UnitKind::Department, above), None)
        };
        self.add_unit(unit, parent, code)
    }

    fn add_unit(&mut self, unit: &UnitRef, parent: UnitId, code: Option<&str>) -> UnitId {
        let id = UnitId(self.units.len() as i64 + 1);
        let (kind, name, code) = (unit.kind(), unit.name().to_owned(), code.map(str::to_owned));
        self.units.push(RollUnit { id, parent: Some(parent), kind, name, code, closed: false });
        id
    }

    fn class(&mut self, class: &ClassRef, code: Option<&str>, led: bool) {
        let unit = self.unit(&class.unit, None);
        self.add_class(class, unit, code, led);
    }

    fn add_class(&mut self, class: &ClassRef, unit: UnitId, code: Option<&str>, led: bool) {
        let id = ClassId(self.classes.len() as i64 + 1);
        let (name, code) = (class.name.clone(), code.map(str::to_owned));
        self.classes.push(RollClass { id, unit, name, code, archived: false, led });
    }

    /// As the Worker writes what a file changes.
    fn apply(&mut self, changes: &PlaceChanges, led: &BTreeSet<ClassRef>) {
        let places = self.places();
        let mut new: HashMap<Vec<String>, UnitId> = HashMap::new();
        let id = |new: &HashMap<Vec<String>, UnitId>, unit: &UnitRef| {
            new.get(unit.path().as_ref()).copied().or(places.unit_id(unit)).expect("a unit")
        };
        for (unit, code) in &changes.units {
            let above = &unit.path()[..unit.path().len() - 1];
            let parent = match above {
                [] => UnitId(1),
                above => id(&new, &UnitRef::new(UnitKind::Department, above)),
            };
            new.insert(unit.path().to_vec(), self.add_unit(unit, parent, code.as_deref()));
        }
        for (class, code) in &changes.classes {
            self.add_class(class, id(&new, &class.unit), code.as_deref(), led.contains(class));
        }
    }

    fn apply_staff(&mut self, parsed: &Parsed<StaffRow>) {
        let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
        let led = parsed.taken.iter().flat_map(|r| r.homeroom.iter().cloned()).collect();
        self.apply(&self.places().changes(&plan.units, &plan.classes, &parsed.codes), &led);
    }
}

fn unit(kind: UnitKind, names: &[&str]) -> UnitRef {
    UnitRef::new(kind, names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
}

fn in_unit(names: &[&str], class: &str) -> ClassRef {
    ClassRef { unit: unit(UnitKind::Grade, names), name: class.into() }
}

/// The middle school after its staff file.
fn led() -> Places {
    let mut roll = Roll::new("示范中学");
    roll.apply_staff(&read_staff(STAFF, &roll.places()).expect("the staff file"));
    roll.places()
}

fn students(rows: &str) -> Parsed<StudentRow> {
    let mut roll = Roll::new("实验中学");
    roll.class(&in_unit(&["七年级"], "七年级1班"), None, true);
    read_students(format!("{STUDENT_HEADER}{rows}").as_bytes(), &roll.places()).expect("a file")
}

fn staff(rows: &str) -> Parsed<StaffRow> {
    read_staff(format!("{STAFF_HEADER}{rows}").as_bytes(), &Roll::new("实验中学").places()).expect("a file")
}

fn open_questions(plan: &StaffPlan, roll: &StaffRoll) -> Vec<Question> {
    plan.questions(roll).expect("few questions")
}

/// `row column level` of each finding.
fn said<T>(parsed: &Parsed<T>) -> Vec<String> {
    parsed.findings.iter().map(|f| format!("{} {} {:?}", f.row, f.column, f.level)).collect()
}

fn answers(questions: &[Question]) -> Vec<Answer> {
    questions.iter().map(|q| Answer { id: q.id.clone(), chosen: q.suggested.clone() }).collect()
}

fn key(phone: &crate::phone::Phone) -> String {
    format!("key of {}", phone.digits())
}

/// The roll as applying a staff file leaves it.
fn roll_after(rows: &[StaffRow], plan: &StaffPlan) -> StaffRoll {
    let people = rows.iter().zip(1..).map(|(r, id)| RollPerson {
        id: StaffId(id),
        number: r.number.clone(),
        name: r.name.clone(),
        phone: r.phone.as_ref().map(key),
        held: plan.desired[&r.number].clone(),
        left: false,
    });
    roll_of(people.collect())
}

/// People with an appointment for each post that they hold.
fn roll_of(people: Vec<RollPerson>) -> StaffRoll {
    let posts = people.iter().flat_map(|p| p.held.iter().map(move |held| (p, held)));
    let appointments = posts.zip(1..).map(|((person, held), id)| RollPost {
        id: AppointmentId(id),
        staff: person.id,
        number: person.number.clone(),
        held: held.clone(),
    });
    StaffRoll { appointments: appointments.collect(), people }
}

#[test]
fn the_students_of_a_real_school() {
    let parsed = read_students(STUDENTS, &led()).expect("the student file");
    assert_eq!((parsed.encoding, said(&parsed)), ("UTF-8", Vec::new()));
    let counts = count_students(&parsed);
    assert_eq!(
        (counts.rows, counts.valid, counts.guardians, counts.phones, counts.classes, counts.unreachable),
        (1100, 1100, 1822, 1756, 24, 0)
    );
    let changes = diff::students(&parsed.taken, &[], &key, &HashMap::new());
    assert_eq!(diff::with_changes(counts, changes.iter().map(|c| c.change)).added, 1100);
}

#[test]
fn the_same_students_in_gb18030() {
    let (text, _, _) = encoding_rs::GB18030.encode(std::str::from_utf8(&STUDENTS[3..]).expect("text"));
    let parsed = read_students(&text, &led()).expect("the student file");
    assert_eq!(parsed.encoding, "GB18030");
    assert_eq!(parsed.taken, read_students(STUDENTS, &led()).expect("the student file").taken);
}

#[test]
fn the_staff_of_a_real_school() {
    let parsed = read_staff(STAFF, &Places::default()).expect("the staff file");
    assert_eq!(said(&parsed), Vec::<String>::new());
    let counts = count_staff(&parsed);
    assert_eq!((counts.rows, counts.valid, counts.classes, counts.phones), (65, 65, 24, 65));
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let names: Vec<&str> = plan.units.iter().map(UnitRef::name).collect();
    assert_eq!(
        names,
        ["", "校办室", "信息中心", "安全办", "总务处", "政教处", "教务处", "七年级", "八年级", "九年级"]
    );
    let posts = |number: &str| plan.desired[number].iter().map(|h| h.post).collect::<Vec<_>>();
    assert_eq!(posts("T0001"), [Post::Principal]);
    assert_eq!(posts("T0002"), [Post::VicePrincipal]);
    assert_eq!(posts("T0003"), [Post::OfficeDirector]);
    assert_eq!(posts("T0004"), [Post::OfficeClerk]);
    assert_eq!(posts("T0013"), [Post::DepartmentHead]);
    assert_eq!(posts("T0014"), [Post::Administrator]);
    assert_eq!(posts("T0015"), [Post::GradeHead]);
    assert_eq!(posts("T0018"), [Post::HomeroomTeacher, Post::SubjectTeacher]);
    assert_eq!(posts("T0042"), [Post::SubjectTeacher; 4]);
    let questions = open_questions(&plan, &StaffRoll::default());
    let asked: Vec<(&str, Vec<&str>)> =
        questions.iter().map(|q| (q.id.as_str(), q.suggested.iter().map(String::as_str).collect())).collect();
    assert_eq!(
        asked,
        [
            ("custodian:school", vec!["T0003"]),
            ("custodian:七年级", vec!["T0015"]),
            ("custodian:八年级", vec!["T0016"]),
            ("custodian:九年级", vec!["T0017"]),
            ("administrators", vec!["T0014", "T0013"]),
        ]
    );
    let label = &questions[0].choices.iter().find(|c| c.number == "T0003").expect("the director").label;
    assert_eq!(label, "姚燕佳（校办室主任）");
}

#[test]
fn the_same_file_again_changes_nothing() {
    let rows = read_staff(STAFF, &Places::default()).expect("the staff file").taken;
    let empty = StaffRoll::default();
    let plan = StaffPlan::new(&rows, &empty);
    let questions = open_questions(&plan, &empty);
    let plan = plan.answered(&questions, &answers(&questions)).expect("answered");
    assert!(diff::staff(&rows, &plan, &empty, &key).iter().all(|c| *c == diff::Change::Added));
    let roll = roll_after(&rows, &plan);
    let again = StaffPlan::new(&rows, &roll);
    let questions = open_questions(&again, &roll);
    let again = again.suggested(&questions, &[]);
    assert!(diff::staff(&rows, &again, &roll, &key).iter().all(|c| *c == diff::Change::Same));
    assert_eq!(again.desired, plan.desired);
}

#[test]
fn a_dirty_file_row_by_row() {
    let parsed = read_students(DIRTY, &led()).expect("the dirty file");
    assert_eq!(parsed.encoding, "GB18030");
    assert_eq!(
        said(&parsed),
        [
            "4 监护人1手机 Repaired",
            "6 监护人1手机 Repaired",
            "8 监护人1手机 Repaired",
            "10 监护人1手机 Repaired",
            "12 监护人1手机 Error",
            "14 监护人1手机 Warning",
            "14  Warning",
            "16 学号 Error",
            "16 监护人2手机 Warning",
            "18 姓名 Error",
            "20 班级 Warning",
            "22 姓名 Error",
            "24 监护人2手机 Warning",
            "28  Warning",
            "30 姓名 Repaired",
        ]
        .iter()
        .filter(|s| !s.starts_with("16 监护人2"))
        .map(|s| (*s).to_owned())
        .collect::<Vec<_>>()
    );
    let counts = count_students(&parsed);
    assert_eq!(
        (counts.rows, counts.valid, counts.errors, counts.repaired, counts.unreachable),
        (39, 35, 4, 5, 1)
    );
    let repaired = parsed.findings.iter().find(|f| f.row == 8).expect("row 8");
    assert_eq!(repaired.value, "+** *** **** 3456");
    assert_eq!(repaired.words.get(Lang::Zh), "号码已整理：“+** *** **** 3456” → “199******56”");
    let name = parsed.findings.iter().find(|f| f.row == 30).expect("row 30");
    assert_eq!(name.words.get(Lang::Zh), "已整理：“␣王␣小明␣” → “王小明”");
}

#[test]
fn no_finding_shows_a_number() {
    let bad = "1,甲,七年级,1班,乙,母亲,19900012345678,丙,父亲,1.9900012345E+10\n2,丁,七年级,1班,,母亲,199 0001 2345,,,\n";
    let mut all = students(bad).findings;
    all.extend(read_students(DIRTY, &led()).expect("the dirty file").findings);
    for finding in all {
        let text = format!("{} {} {}", finding.value, finding.words.zh, finding.words.en);
        let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|d| d.len() > 4).collect();
        assert!(finding.column.contains("学号") || digits.is_empty(), "{text}");
    }
}

#[test]
fn rows_with_a_fault() {
    for (row, expected) in [
        ("1,甲,七年级,1班,乙,母亲,19900000001,,,", vec![]),
        (",甲,七年级,1班,乙,母亲,19900000001,,,", vec!["2 学号 Error"]),
        ("1,,七年级,1班,乙,母亲,19900000001,,,", vec!["2 姓名 Error"]),
        ("1,甲,七年级,,乙,母亲,19900000001,,,", vec!["2 班级 Error"]),
        ("1,甲,,1班,乙,母亲,19900000001,,,", vec!["2 年级 Error"]),
        ("1,甲,,七年级1班,乙,母亲,19900000001,,,", vec![]),
        ("2.02601E+07,甲,七年级,1班,乙,母亲,19900000001,,,", vec!["2 学号 Error"]),
        ("\t1,甲,七年级,1班,乙,母亲,'19900000001,,,", vec!["2 学号 Repaired", "2 监护人1手机 Repaired"]),
        ("1,＝甲,七年级,1班,乙,母亲,19900000001,,,", vec!["2 姓名 Error"]),
        ("1,@甲,七年级,1班,-乙,母亲,19900000001,,,", vec!["2 姓名 Error", "2 监护人1姓名 Error"]),
        ("1,甲,七年级,1班,乙,妈妈,19900000001,,,", vec!["2 监护人1关系 Repaired"]),
        ("1,甲,七年级,1班,乙,邻居,19900000001,,,", vec!["2 监护人1关系 Warning"]),
        ("1,甲,七年级,1班,乙,,19900000001,,,", vec!["2 监护人1关系 Warning"]),
        ("1,甲,七年级,1班,,母亲,19900000001,,,", vec!["2 监护人1姓名 Warning"]),
        ("1,甲,七年级,1班,乙,母亲,19900000001,丙,父亲,19900000001", vec!["2 监护人2手机 Warning"]),
        ("1,甲,七年级,1班,乙,母亲,19900000001,丙,父亲,无", vec!["2 监护人2手机 Warning"]),
        ("1,甲,七年级,1班,乙,母亲,19900000001,,,,多,出", vec!["2  Error"]),
        ("1,甲,七年级,1班,乙,母亲", vec!["2 监护人1手机 Warning", "2  Warning"]),
        ("1,甲,七年级,9班,乙,母亲,19900000001,,,", vec!["2 班级 Warning"]),
        (
            "1,甲,七年级,1班,乙,母亲,19900000001,,,\n2,丙,七年级,1班,丁,母亲,19900000001,,,",
            vec!["3 监护人1手机 Warning"],
        ),
        ("1,甲,七年级,1班,乙,母亲,19900000001,,,\n2,丙,七年级,1班,乙,母亲,19900000001,,,", vec![]),
    ] {
        assert_eq!(said(&students(row)), expected, "{row}");
    }
    let long = "很".repeat(60);
    assert_eq!(said(&students(&format!("1,{long},七年级,1班,乙,母亲,19900000001,,,"))), ["2 姓名 Error"]);
    let open = format!(
        "1,\"甲,七年级,1班,乙,母亲,19900000001,,,\n{}",
        "2,丙,七年级,1班,丁,母亲,19900000002,,,\n".repeat(3)
    );
    let parsed = students(&open);
    assert!(parsed.findings[0].words.zh.contains("引号"), "{:?}", parsed.findings);
}

#[test]
fn headers_as_schools_write_them() {
    for header in [
        " 学号 ,姓　名,年级,班级,监护人１姓名,监护人１关系,监护人１手机\n",
        "班级,年级,姓名,学号*,家长1姓名,家长1关系,家长1手机（必填）\n",
        "某某中学学生名册,,,,,,\n学号,姓名,年级,班级,监护人姓名,关系,监护人手机\n",
        "学号\t姓名\t年级\t班级\t监护人1姓名\t监护人1关系\t监护人1手机\n",
    ] {
        let row = match header {
            h if h.starts_with("班级") => "1班,七年级,甲,1,乙,母亲,19900000001",
            h if h.contains('\t') => "1\t甲\t七年级\t1班\t乙\t母亲\t19900000001",
            _ => "1,甲,七年级,1班,乙,母亲,19900000001",
        };
        let parsed = read_students(format!("{header}{row}\n").as_bytes(), &Places::default()).expect(header);
        assert_eq!(
            (parsed.taken[0].name.as_str(), parsed.taken[0].class.name.as_str()),
            ("甲", "七年级1班"),
            "{header}"
        );
    }
    let extra = STUDENT_HEADER.replace("姓名,年级", "姓名,民族,年级");
    let parsed = read_students(
        format!("{extra}1,甲,汉,七年级,1班,乙,母亲,19900000001,,,\n").as_bytes(),
        &Places::default(),
    );
    let parsed = parsed.expect("a file");
    assert_eq!((said(&parsed)[0].as_str(), parsed.taken.len()), ("1 民族 Warning", 1));
}

#[test]
fn files_that_are_refused_as_a_whole() {
    let refused = |bytes: &[u8]| read_students(bytes, &Places::default()).expect_err("refused");
    let kind = |bytes: &[u8]| refused(bytes).kind.into_owned();
    assert_eq!(kind(b""), "empty_file");
    assert_eq!(kind("\u{feff} \n\n".as_bytes()), "empty_file");
    assert_eq!(kind(b"PK\x03\x04rest"), "not_csv");
    assert_eq!(kind(b"\xFF\xFEu\0t\0f\0"), "not_csv");
    assert_eq!(kind(b"\xEF\xBB\xBF\xFF"), "undecodable");
    assert_eq!(kind(b"abc\xFF\xFF"), "undecodable");
    assert_eq!(kind(b"a\0b"), "undecodable");
    assert_eq!(kind("你好\n再见".as_bytes()), "no_header");
    assert_eq!(kind(STUDENT_HEADER.as_bytes()), "no_rows");
    assert_eq!(kind(STAFF), "wrong_kind_of_file");
    assert_eq!(read_staff(STUDENTS, &Places::default()).expect_err("refused").kind, "wrong_kind_of_file");
    assert_eq!(kind(STUDENT_HEADER.replace("年级,", "姓名,").as_bytes()), "column_twice");
    assert_eq!(kind(&vec![b'a'; crate::roster::MAX_IMPORT_BYTES + 1]), "file_too_large");
    assert_eq!(
        kind(format!("{STUDENT_HEADER}{}", "1,a,b\n".repeat(MAX_ROWS + 1)).as_bytes()),
        "too_many_rows"
    );
    let missing = refused(STUDENT_HEADER.replace("班级,", "").replace("监护人2关系,", "").as_bytes());
    assert_eq!(missing.words.get(Lang::Zh), "缺少这些列：班级、监护人2关系。请对照模板补上");
}

#[test]
fn rows_are_counted_as_lines_of_the_file() {
    let parsed = students(
        "\r\n\r\n1,甲,七年级,1班,\"乙\n\",母亲,19900000001,,,\r\n,,,\r\n2,,七年级,1班,,,,,,\r\n,,,\r\n",
    );
    assert_eq!(said(&parsed), ["4 监护人1姓名 Repaired", "6  Warning", "7 姓名 Error"]);
    assert_eq!(parsed.rows, 2);
}

#[test]
fn staff_rows_with_a_fault() {
    for (row, expected) in [
        ("1,甲,19900000001,政教处,主任,,", vec![]),
        ("1,甲,,政教处,主任,,", vec!["2 手机 Warning"]),
        ("1,甲,12345,政教处,主任,,", vec!["2 手机 Error"]),
        ("1,甲,19900000001,政教处,园丁,,", vec!["2 职务 Warning"]),
        ("1,甲,19900000001,七年级,班主任,,", vec!["2 班主任班级 Warning"]),
        ("1,甲,19900000001,七年级,班主任,一班,", vec!["2 班主任班级 Error"]),
        ("1,甲,19900000001,任课,教师,,七年级1班", vec!["2 任教 Warning"]),
        ("1,甲,19900000001,任课,教师,,七年级1班：语文；七年级2班：语文", vec!["2 任教 Repaired"]),
        ("1,甲,19900000001,,,,\n1,乙,19900000002,,,,", vec!["3 工号 Error"]),
        ("1,甲,19900000001,,,,\n2,乙,19900000001,,,,", vec!["3 手机 Error"]),
        ("1,甲,19900000001,,,七年级1班,\n2,乙,19900000002,,,七年级1班,", vec!["3 班主任班级 Warning"]),
    ] {
        assert_eq!(said(&staff(row)), expected, "{row}");
    }
    let held = &staff("1,甲,19900000001,宿管科,管理员,,\n").taken[0].held;
    assert!(held.iter().all(|h| h.post == Post::DepartmentClerk), "{held:?}");
    let held = &staff("1,甲,19900000001,实验中学,校长、教师,,七年级1班:语文\n").taken[0].held;
    assert_eq!(held.iter().map(|h| h.post).collect::<Vec<_>>(), [Post::Principal, Post::SubjectTeacher]);
}

#[test]
fn heads_that_are_missing_or_several_are_asked_for() {
    let rows = staff(
        "1,甲,19900000001,政教处,主任,,\n2,乙,19900000002,政教处,主任,,\n3,丙,19900000003,教务处,干事,,\n4,丁,19900000004,校办室,主任,,\n5,戊,19900000005,七年级,班主任,七年级1班,\n",
    )
    .taken;
    let empty = StaffRoll::default();
    let plan = StaffPlan::new(&rows, &empty);
    let questions = open_questions(&plan, &empty);
    let ids: Vec<&str> = questions.iter().map(|q| q.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "custodian:school",
            "custodian:七年级",
            "administrators",
            "head:school",
            "head:政教处",
            "head:教务处",
            "head:七年级"
        ]
    );
    let of = |id: &str| questions.iter().find(|q| q.id == id).expect("asked");
    assert_eq!(of("head:教务处").suggested, ["3"]);
    assert_eq!(of("head:政教处").choices.len(), 2);
    assert_eq!(of("head:school").choices.len(), 5);
    let refused = plan.clone().answered(&questions, &answers(&questions)).expect_err("open questions");
    let fields: Vec<&str> = refused.iter().filter_map(|r| r.field_name()).collect();
    assert_eq!(fields, ["answers.administrators", "answers.head:school", "answers.head:政教处"]);
    let mut given = answers(&questions);
    for answer in &mut given {
        match answer.id.as_str() {
            "administrators" => answer.chosen = vec!["3".into(), "4".into()],
            "head:school" => answer.chosen = vec!["5".into()],
            "head:政教处" => answer.chosen = vec!["2".into()],
            _ => {}
        }
    }
    let plan = plan.answered(&questions, &given).expect("answered");
    let department = |post, name: &str| Held::plain(post, unit(UnitKind::Department, &[name]));
    assert!(plan.desired["1"].contains(&department(Post::DepartmentClerk, "政教处")));
    assert!(plan.desired["2"].contains(&department(Post::DepartmentHead, "政教处")));
    assert!(plan.desired["3"].contains(&department(Post::DepartmentHead, "教务处")));
    assert!(plan.desired["3"].contains(&Held::plain(Post::Administrator, UnitRef::school())));
    assert!(plan.desired["5"].contains(&Held::plain(Post::Principal, UnitRef::school())));
    let office = unit(UnitKind::Office, &["校办室"]);
    for unit in [office, UnitRef::school()] {
        assert!(plan.desired["4"].contains(&Held::plain(Post::Custodian, unit)));
    }
    // The roll that comes of it asks the same and is suggested what it has.
    let roll = roll_after(&rows, &plan);
    let again = StaffPlan::new(&rows, &roll);
    let again = again.clone().suggested(&open_questions(&again, &roll), &[]);
    assert!(diff::staff(&rows, &again, &roll, &key).iter().all(|c| *c == diff::Change::Same));
}

#[test]
fn people_outside_the_file_keep_their_posts() {
    let first = RollPerson {
        id: StaffId(1),
        number: "A1".into(),
        name: "首任管理员".into(),
        phone: None,
        held: BTreeSet::from([Held::plain(Post::Administrator, UnitRef::school())]),
        left: false,
    };
    let second = RollPerson { id: StaffId(2), number: "A2".into(), ..first.clone() };
    let roll = roll_of(vec![first, second]);
    let rows = read_staff(STAFF, &Places::default()).expect("the staff file").taken;
    let plan = StaffPlan::new(&rows, &roll);
    let questions = open_questions(&plan, &roll);
    let administrators = questions.iter().find(|q| q.id == "administrators").expect("asked");
    assert_eq!(administrators.suggested, ["A1", "A2"]);
    let plan = plan.answered(&questions, &answers(&questions)).expect("answered");
    assert_eq!(plan.desired["A1"].len(), 1);
    // Who is not chosen is not one, whatever the file says.
    assert!(plan.desired["T0014"].is_empty());
}

#[test]
fn guardians_keep_their_entries() {
    use crate::ids::GuardianId;
    use crate::phone::Phone;
    let new = |name: &str, digits: &str| GuardianEntry {
        name: name.into(),
        relation: "父亲".into(),
        phone: Phone::parse(digits).expect("a phone"),
    };
    let old = |id, name: &str, digits: &str| diff::RollGuardian {
        id: GuardianId(id),
        position: id as usize,
        name: name.into(),
        relation: "父亲".into(),
        phone: format!("key of {digits}"),
    };
    let (a, b, c) = ("19900000001", "19900000002", "19900000003");
    let moves = |file: &[GuardianEntry], roll: &[diff::RollGuardian]| {
        let m = diff::guardians(file, roll, &key, &HashMap::new());
        let ids = |places: Vec<usize>| places.into_iter().map(|at| roll[at].id.0).collect::<Vec<_>>();
        let updated: Vec<_> = m.updated.into_iter().map(|(old, at)| (roll[old].id.0, at)).collect();
        (updated, m.added, ids(m.missing))
    };
    let roll = [old(1, "甲", a), old(2, "乙", b)];
    assert_eq!(moves(&[new("甲", a), new("乙", b)], &roll), (vec![], vec![], vec![]));
    assert_eq!(moves(&[new("甲", c), new("乙", b)], &roll), (vec![(1, 0)], vec![], vec![]));
    assert_eq!(moves(&[new("乙", b), new("甲", a)], &roll), (vec![(2, 0), (1, 1)], vec![], vec![]));
    assert_eq!(moves(&[new("丙", c)], &roll), (vec![], vec![], vec![2]), "1 may be another person: asked");
    assert_eq!(moves(&[new("丁", a)], &roll), (vec![(1, 0)], vec![], vec![2]));
    assert_eq!(moves(&[], &roll), (vec![], vec![], vec![1, 2]));
}

#[test]
fn too_many_findings_keep_the_errors() {
    let rows: String = (0..40).map(|n| format!("{n},甲,七年级,1班,乙,邻居,199000{n:05},,,\n")).collect();
    let parsed = students(&format!("{rows}0,乙,七年级,1班,乙,母亲,19900000001,,,\n"));
    let few = shown(parsed.findings, 10);
    assert_eq!(few.len(), 10);
    assert!(few.iter().any(|f| f.level == RowLevel::Error));
    assert!(few.is_sorted_by_key(|f| f.row));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_students(&bytes, &Places::default());
        let _ = read_staff(&bytes, &Places::default());
    }

    #[test]
    fn no_cells_panic(cells in prop::collection::vec("[\\PC\n\t\"]{0,12}", 0..40), gb in any::<bool>()) {
        for header in [STUDENT_HEADER, STAFF_HEADER] {
            let mut text = header.to_owned();
            for row in cells.chunks(8) {
                text.push_str(&row.join(","));
                text.push('\n');
            }
            let bytes = if gb { encoding_rs::GB18030.encode(&text).0.into_owned() } else { text.into_bytes() };
            if let Ok(parsed) = read_students(&bytes, &Places::default()) {
                prop_assert_eq!(parsed.rows as usize, parsed.taken.len() + parsed.errors as usize);
            }
            if let Ok(parsed) = read_staff(&bytes, &Places::default()) {
                let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
                let _ = plan.questions(&StaffRoll::default());
            }
        }
    }
}
