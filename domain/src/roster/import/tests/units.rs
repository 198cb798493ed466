//! Units and classes of files are matched by unit and name, or by code: at a
//! university 2023级1班 stands once in every college.

use super::*;
use crate::roster::RowFinding;

const UNIVERSITY_STAFF: &[u8] = include_bytes!("../../../../../tests/data/university-staff.csv");
const UNIVERSITY_STUDENTS: &[u8] = include_bytes!("../../../../../tests/data/university-students.csv");
const COLLEGES: [&str; 4] = ["信息学院", "机电学院", "文学院", "商学院"];
const COLLEGE_HEADER: &str = "学号,姓名,学院,年级,班级,家长姓名,关系,家长手机\n";

/// The university after its staff file.
fn university() -> Roll {
    let mut roll = Roll::new("示范大学");
    roll.apply_staff(&read_staff(UNIVERSITY_STAFF, &roll.places()).expect("the staff file"));
    roll
}

fn staff_at(roll: &Roll, rows: &str) -> Parsed<StaffRow> {
    read_staff(format!("{STAFF_HEADER}{rows}").as_bytes(), &roll.places()).expect("a file")
}

fn students_at(roll: &Roll, header: &str, rows: &str) -> Parsed<StudentRow> {
    read_students(format!("{header}{rows}").as_bytes(), &roll.places()).expect("a file")
}

fn only<T>(parsed: &Parsed<T>) -> &RowFinding {
    match parsed.findings.as_slice() {
        [one] => one,
        all => panic!("one finding expected: {all:?}"),
    }
}

/// Who leads a class is called what that school calls it, in every line of a preview.
#[test]
fn a_class_without_its_leader_says_which_post_is_lacking() {
    let lacking = |parsed: &Parsed<StudentRow>| {
        let of_classes = parsed.findings.iter().filter(|f| f.column == "班级");
        of_classes.map(|f| f.words.zh.clone().into_owned()).collect::<Vec<_>>()
    };
    let university = read_students(UNIVERSITY_STUDENTS, &Roll::new("示范大学").places()).expect("a file");
    let (all, counsellors) = (lacking(&university), "还没有辅导员");
    assert!(all.len() == 64 && all.iter().all(|words| words.contains(counsellors)), "{:?}", all.first());
    let school = read_students(STUDENTS, &Roll::new("示范中学").places()).expect("a file");
    assert!(!lacking(&school).is_empty());
    assert!(lacking(&school).iter().all(|words| words.contains("还没有班主任")));
    // Two rows that lead one class.
    let twice = |department: &str, class: &str| {
        let row = |n: u32| format!("U{n},甲{n},1990000000{n},{department},辅导员,{class},\n");
        let parsed = staff_at(&Roll::new("示范大学"), &format!("{}{}", row(1), row(2)));
        parsed.findings.iter().map(|f| f.words.zh.clone().into_owned()).collect::<Vec<_>>().join("\n")
    };
    assert!(twice("信息学院", "信息学院/2023级1班").contains("也是这个班的辅导员"));
}

#[test]
fn a_university_comes_from_its_two_files() {
    let mut roll = university();
    assert_eq!(roll.classes.len(), 64);
    for college in COLLEGES {
        let found = roll.places().class_id(&in_unit(&[college, "2023级"], "2023级1班"));
        assert!(found.is_some(), "{college}");
    }
    let parsed = read_students(UNIVERSITY_STUDENTS, &roll.places()).expect("the student file");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!((parsed.taken.len(), classes_of(&parsed.taken).len()), (2175, 64));
    assert_eq!(count_students(&parsed).classes, 64, "a class is not its name alone");
    let changes =
        roll.places().changes(&colleges_of(&parsed.taken), &classes_of(&parsed.taken), &parsed.codes);
    assert_eq!(changes, PlaceChanges::default(), "the staff file has brought them all");
    let of = |college: &str| {
        let class = in_unit(&[college, "2023级"], "2023级1班");
        parsed.taken.iter().filter(|s| s.class == class).count()
    };
    assert_eq!(COLLEGES.map(of), [35, 36, 30, 35]);

    // Without the staff file the student file brings them.
    roll = Roll::new("示范大学");
    let parsed = read_students(UNIVERSITY_STUDENTS, &roll.places()).expect("the student file");
    let changes =
        roll.places().changes(&colleges_of(&parsed.taken), &classes_of(&parsed.taken), &parsed.codes);
    assert_eq!((changes.units.len(), changes.classes.len()), (4 + 16, 64), "colleges and their years");
    roll.apply(&changes, &BTreeSet::new());
    let again = read_students(UNIVERSITY_STUDENTS, &roll.places()).expect("the student file");
    assert_eq!(again.taken, parsed.taken);
}

#[test]
fn a_university_s_staff_file_again_changes_nothing() {
    large::import_twice(UNIVERSITY_STAFF, 89);
}

#[test]
fn a_college_is_asked_for_its_head_among_its_people() {
    let text =
        String::from_utf8(UNIVERSITY_STAFF.to_vec()).expect("text").replace("信息学院,院长", "信息学院,教授");
    let parsed = read_staff(text.as_bytes(), &Places::default()).expect("the staff file");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let questions = open_questions(&plan, &StaffRoll::default());
    let head = questions.iter().find(|q| q.id == "head:信息学院").expect("asked");
    assert_eq!(head.words.get(Lang::Zh), "名单里没有写信息学院的负责人（院长），由谁担任？");
    assert_eq!(head.choices.len(), 19, "those without a known post as well");
}

#[test]
fn a_class_with_its_unit_as_people_write_it() {
    let roll = university();
    for text in [
        "信息学院2023级1班",
        "信息学院/2023级1班",
        "信息学院＞2023级(1)班",
        "信息学院2023级一班",
        "示范大学信息学院2023级1班",
        "信息学院/2023级/1班",
        "信息学院2023级/1班",
    ] {
        let parsed = staff_at(&roll, &format!("1,甲,19900000001,学生处,科员,{text},\n"));
        assert_eq!(parsed.taken[0].homeroom, [in_unit(&["信息学院", "2023级"], "2023级1班")], "{text}");
        assert_eq!(parsed.errors, 0, "{text}");
    }
}

#[test]
fn a_name_that_several_classes_have_is_asked_about_never_guessed() {
    let roll = university();
    let parsed = staff_at(&roll, "1,甲,19900000001,信息学院,辅导员,2023级1班,\n");
    assert_eq!((parsed.taken.len(), parsed.errors), (0, 1));
    let finding = only(&parsed);
    assert_eq!((finding.row, finding.column.as_str(), finding.level), (2, "班主任班级", RowLevel::Error));
    assert_eq!(
        finding.words.get(Lang::Zh),
        "有 4 个班都叫“2023级1班”：信息学院/2023级1班、商学院/2023级1班、文学院/2023级1班、机电学院/2023级1班。\
         请写明是哪一个，例如“信息学院/2023级1班”"
    );
    // The same where the file itself has them, in whatever order.
    let rows = ["1,甲,,,,信息学院2023级9班,\n", "2,乙,,,,2023级9班,\n", "3,丙,,,,商学院2023级9班,\n"];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
        let parsed = staff_at(&roll, &order.map(|at| rows[at]).concat());
        let wrong: Vec<&RowFinding> = parsed.findings.iter().filter(|f| f.level == RowLevel::Error).collect();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!(wrong[0].value, "2023级9班");
    }
    // A student file that does not tell the college.
    let parsed = students_at(&roll, STUDENT_HEADER, "1,甲,2023级,1班,乙,母亲,19900000001,,,\n");
    assert_eq!(said(&parsed), ["2 班级 Error"]);
    assert!(parsed.findings[0].words.zh.contains("商学院/2023级1班"));
}

#[test]
fn a_name_that_one_class_has_is_taken_and_said_so_once() {
    let mut roll = Roll::new("示范大学");
    roll.class(&in_unit(&["信息学院"], "2023级1班"), None, true);
    let parsed = staff_at(&roll, "1,甲,19900000001,,,2023级1班,\n2,乙,19900000002,,,,2023级1班:语文\n");
    assert_eq!(parsed.taken[0].homeroom, [in_unit(&["信息学院"], "2023级1班")]);
    assert_eq!(parsed.taken[1].taught[0].0, in_unit(&["信息学院"], "2023级1班"));
    assert_eq!(only(&parsed).level, RowLevel::Warning);
    assert!(only(&parsed).words.zh.contains("信息学院/2023级1班"));
    let parsed = students_at(
        &roll,
        STUDENT_HEADER,
        "1,甲,2023级,1班,乙,母亲,19900000001,,,\n2,丙,2023级,1班,丁,母亲,19900000002,,,\n",
    );
    assert!(parsed.taken.iter().all(|s| s.class == in_unit(&["信息学院"], "2023级1班")));
    assert_eq!(said(&parsed), ["2 班级 Warning"]);
    // A year group of that name is no college: nothing to say.
    let parsed = staff("1,甲,19900000001,,,实验中学七年级1班,\n2,乙,19900000002,,,,七年级1班:语文\n");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(parsed.taken[0].homeroom, [in_unit(&["七年级"], "七年级1班")]);
}

#[test]
fn a_unit_that_only_a_class_names_is_pointed_out() {
    let roll = university();
    let parsed = staff_at(&roll, "1,甲,,学生处,科员,外语学院2023级1班,\n2,乙,,,,外语学院2023级2班,\n");
    let told: Vec<&RowFinding> = parsed.findings.iter().filter(|f| f.column == "班主任班级").collect();
    assert_eq!(told.len(), 1, "once: {told:?}");
    assert!(told[0].words.zh.contains("外语学院"));
    assert_eq!(parsed.taken[1].homeroom, [in_unit(&["外语学院", "2023级"], "2023级2班")]);
}

#[test]
fn units_of_one_name_stand_in_two_colleges() {
    let mut roll = Roll::new("示范大学");
    for college in ["信息学院", "商学院"] {
        roll.unit(&unit(UnitKind::Department, &[college, "学生科"]), None);
    }
    let parsed = staff_at(&roll, "1,甲,19900000001,学生科,科员,,\n");
    assert_eq!(said(&parsed), ["2 部门 Error"]);
    assert_eq!(
        parsed.findings[0].words.get(Lang::Zh),
        "有 2 个部门都叫“学生科”：信息学院/学生科、商学院/学生科。请写明是哪一个，例如“信息学院/学生科”"
    );
    for text in ["商学院/学生科", "商学院学生科"] {
        let parsed = staff_at(&roll, &format!("1,甲,19900000001,{text},科员,,\n"));
        assert_eq!(parsed.taken[0].unit, Some(unit(UnitKind::Department, &["商学院", "学生科"])), "{text}");
    }
    let parsed =
        staff_at(&roll, "1,甲,19900000001,商学院/学生科,科长,,\n2,乙,19900000002,信息学院/团委,干事,,\n");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let ids: Vec<String> = open_questions(&plan, &StaffRoll::default()).into_iter().map(|q| q.id).collect();
    assert!(ids.contains(&"head:信息学院/团委".to_owned()), "{ids:?}");
    let changes = roll.places().changes(&plan.units, &plan.classes, &parsed.codes);
    assert_eq!(changes.units, [(unit(UnitKind::Department, &["信息学院", "团委"]), None)]);
    // A unit behind the one above it.
    let parsed = staff_at(&roll, "1,甲,19900000001,理学院/数学系/办事处,干事,,\n");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let changes = roll.places().changes(&plan.units, &plan.classes, &parsed.codes);
    let new: Vec<String> = changes.units.iter().map(|(unit, _)| unit.written()).collect();
    assert_eq!(new, ["理学院", "理学院/数学系", "理学院/数学系/办事处"]);
}

#[test]
fn a_class_is_found_below_the_unit_that_the_file_names() {
    let mut roll = Roll::new("示范学校");
    roll.class(&in_unit(&["初中部", "七年级"], "七年级1班"), None, true);
    let deep = in_unit(&["初中部", "七年级"], "七年级1班");
    for text in ["七年级1班", "初中部七年级1班", "初中部/七年级1班", "初中部/七年级/1班", "七年级/1班"]
    {
        let parsed = staff_at(&roll, &format!("1,甲,19900000001,,,{text},\n"));
        assert_eq!((&parsed.taken[0].homeroom, said(&parsed)), (&vec![deep.clone()], vec![]), "{text}");
    }
    let header = "学号,姓名,学院,系,年级,班级,家长姓名,关系,家长手机\n";
    for row in ["1,甲,初中部,,七年级,1班,乙,母亲,19900000001", "1,甲,初中部,七年级,,1班,乙,母亲,19900000001"]
    {
        let parsed = students_at(&roll, header, row);
        assert_eq!((&parsed.taken[0].class, said(&parsed)), (&deep, vec![]), "{row}");
    }
    // A second one beside it, and the name alone no longer tells.
    roll.class(&in_unit(&["分校", "七年级"], "七年级1班"), None, true);
    for text in ["七年级1班", "七年级/1班"] {
        assert_eq!(said(&staff_at(&roll, &format!("1,甲,19900000001,,,{text},\n"))).len(), 1, "{text}");
    }
}

#[test]
fn a_row_without_its_college_is_left_out() {
    let roll = university();
    let parsed = students_at(
        &roll,
        COLLEGE_HEADER,
        "1,甲,,2023级,1班,乙,母亲,19900000001\n2,丙,商学院,,1班,丁,母亲,19900000002\n",
    );
    assert_eq!(said(&parsed), ["2 学院 Error", "3 班级 Warning"]);
    assert_eq!(
        parsed.taken[0].class,
        ClassRef { unit: unit(UnitKind::College, &["商学院"]), name: "1班".into() }
    );
    // With a column for the college, one for the year is not needed.
    let header = COLLEGE_HEADER.replace("年级,", "");
    let parsed = students_at(&roll, &header, "1,甲,商学院,2023级1班,乙,母亲,19900000001\n");
    assert_eq!(parsed.taken[0].class, in_unit(&["商学院", "2023级"], "2023级1班"));
}

#[test]
fn a_name_that_tells_its_year_stays_as_it_is_in_both_files() {
    let mut roll = Roll::new("示范大学");
    roll.apply_staff(&staff_at(&roll, "1,甲,19900000001,信息学院,辅导员,信息学院计算机2301,\n"));
    let rows = "1,甲,信息学院,2023级,计算机2301,乙,母亲,19900000001\n2,丙,信息学院,2023级,软工1班,丁,母亲,19900000002\n";
    let parsed = students_at(&roll, COLLEGE_HEADER, rows);
    assert_eq!(
        parsed.taken[0].class,
        ClassRef { unit: unit(UnitKind::College, &["信息学院"]), name: "计算机2301".into() }
    );
    assert_eq!(
        parsed.taken[1].class,
        in_unit(&["信息学院", "2023级"], "2023级软工1班"),
        "there is one each year"
    );
    assert_eq!(said(&parsed), ["3 班级 Warning"], "only the second is new");
}

#[test]
fn classes_go_by_their_code_where_there_is_one() {
    let mut roll = Roll::new("示范大学");
    roll.unit(&unit(UnitKind::Grade, &["信息学院"]), Some("D01"));
    roll.class(&in_unit(&["信息学院"], "2023级1班"), Some("C0101"), true);
    let header = "学号,姓名,学院,学院代码,年级,班级,班级代码,家长姓名,关系,家长手机\n";
    let read = |rows: &str| students_at(&roll, header, rows);
    let first = in_unit(&["信息学院"], "2023级1班");

    // A code on the roll is enough, and goes before a name.
    let parsed = read("1,甲,,,2023级,1班,C0101,乙,母亲,19900000001\n");
    assert_eq!((&parsed.taken[0].class, said(&parsed)), (&first, vec![]));
    let parsed = read("1,甲,商学院,,2023级,7班,C0101,乙,母亲,19900000001\n");
    assert_eq!((&parsed.taken[0].class, said(&parsed)), (&first, vec!["2 班级代码 Warning".to_owned()]));
    let parsed = read("1,甲,,D01,2023级,1班,,乙,母亲,19900000001\n");
    assert_eq!((&parsed.taken[0].class, said(&parsed)), (&first, vec![]));

    // A new one is noted with the class or the unit.
    let parsed = read(
        "1,甲,信息学院,D01,2023级,2班,C0102,乙,母亲,19900000001\n2,丙,商学院,D02,2023级,2班,C0202,丁,母亲,19900000002\n",
    );
    assert_eq!(parsed.errors, 0);
    let changes =
        roll.places().changes(&colleges_of(&parsed.taken), &classes_of(&parsed.taken), &parsed.codes);
    assert_eq!(
        changes.units,
        [
            (unit(UnitKind::College, &["商学院"]), Some("D02".to_owned())),
            (unit(UnitKind::Grade, &["商学院", "2023级"]), None)
        ]
    );
    let codes: Vec<Option<&str>> = changes.classes.iter().map(|(_, code)| code.as_deref()).collect();
    assert_eq!(codes, [Some("C0102"), Some("C0202")]);

    // One code, one class.
    for (rows, expected) in [
        ("1,甲,信息学院,,2023级,1班,C9999,乙,母亲,19900000001\n", "2 班级代码 Error"),
        ("1,甲,信息学院,D77,2023级,1班,,乙,母亲,19900000001\n", "2 学院代码 Error"),
        ("1,甲,,D77,2023级,1班,,乙,母亲,19900000001\n", "2 学院代码 Error"),
        (
            "1,甲,信息学院,,2023级,2班,C0102,乙,母亲,19900000001\n2,丙,信息学院,,2023级,3班,C0102,丁,母亲,19900000002\n",
            "3 班级代码 Error",
        ),
        (
            "1,甲,信息学院,,2023级,2班,C0102,乙,母亲,19900000001\n2,丙,信息学院,,2023级,2班,C0103,丁,母亲,19900000002\n",
            "3 班级代码 Error",
        ),
    ] {
        let parsed = read(rows);
        let errors: Vec<String> = said(&parsed).into_iter().filter(|s| s.ends_with("Error")).collect();
        assert_eq!(errors, [expected], "{rows}");
    }
}

#[test]
fn departments_go_by_their_code_where_there_is_one() {
    let mut roll = Roll::new("示范大学");
    let office = unit(UnitKind::Department, &["商学院", "学生科"]);
    roll.unit(&office, Some("D0201"));
    roll.unit(&unit(UnitKind::Department, &["信息学院", "学生科"]), Some("D0101"));
    roll.class(&in_unit(&["信息学院"], "2023级1班"), Some("C0101"), true);
    let header = "工号,姓名,手机,部门,部门代码,职务,班主任班级,任教\n";
    let read = |rows: &str| read_staff(format!("{header}{rows}").as_bytes(), &roll.places()).expect("a file");
    let parsed = read("1,甲,19900000001,商学院学生科,D0201,科长,C0101,\n2,乙,19900000002,,D0201,科员,,\n");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert!(parsed.taken.iter().all(|r| r.unit.as_ref() == Some(&office)));
    assert_eq!(parsed.taken[0].homeroom[0].name, "2023级1班");
    assert_eq!(said(&read("1,甲,19900000001,教务处,D0201,干事,,\n")), ["2 部门代码 Warning"]);
    assert_eq!(said(&read("1,甲,19900000001,,D0999,,,\n")), ["2 部门代码 Error"]);
    let parsed = read("1,甲,19900000001,教务处,D0300,干事,,\n2,乙,19900000002,教务处,,干事,,\n");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let changes = roll.places().changes(&plan.units, &plan.classes, &parsed.codes);
    assert_eq!(changes.units, [(unit(UnitKind::Department, &["教务处"]), Some("D0300".to_owned()))]);
}

#[test]
fn an_archived_class_is_used_again_before_a_second_one_is_made() {
    let mut roll = Roll::new("示范中学");
    roll.class(&in_unit(&["七年级"], "七年级1班"), None, false);
    roll.classes[0].archived = true;
    let parsed = students_at(&roll, STUDENT_HEADER, "1,甲,七年级,1班,乙,母亲,19900000001,,,\n");
    let changes =
        roll.places().changes(&colleges_of(&parsed.taken), &classes_of(&parsed.taken), &parsed.codes);
    assert_eq!(changes, PlaceChanges { revived: vec![ClassId(1)], ..PlaceChanges::default() });
    // One in use goes before an archived one of the same name.
    roll.class(&in_unit(&["分校"], "七年级1班"), None, false);
    let parsed = staff_at(&roll, "1,甲,19900000001,,,七年级1班,\n");
    assert_eq!(parsed.taken[0].homeroom, [in_unit(&["分校"], "七年级1班")]);
}

#[test]
fn a_moved_class_gives_its_teacher_a_post_in_the_new_unit() {
    let class = in_unit(&["八年级"], "七年级1班");
    let stale = Held {
        unit: unit(UnitKind::Grade, &["七年级"]),
        ..Held::in_class(Post::HomeroomTeacher, class.clone(), None)
    };
    let person = RollPerson {
        id: StaffId(1),
        number: "1".into(),
        name: "甲".into(),
        phone: None,
        held: BTreeSet::from([stale.clone()]),
        left: false,
    };
    let mut roll = Roll::new("示范中学");
    roll.class(&class, None, true);
    let parsed = staff_at(&roll, "1,甲,,,,八年级/七年级1班,\n");
    let before = roll_of(vec![person]);
    let plan = StaffPlan::new(&parsed.taken, &before).kept(&before, &HashSet::new());
    assert!(!plan.keeps("1", &stale));
    let begun = diff::begun(&plan, &before);
    assert_eq!(begun, [("1", &Held::in_class(Post::HomeroomTeacher, class, None))]);
}

#[test]
fn a_closed_unit_that_a_file_names_is_open_again() {
    let mut roll = university();
    let business = roll.units.iter_mut().find(|u| u.name == "商学院").expect("a college");
    business.closed = true;
    let id = business.id;
    let parsed = staff_at(&roll, "1,甲,19900000001,商学院,院长,,\n");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let changes = roll.places().changes(&plan.units, &plan.classes, &parsed.codes);
    assert_eq!(changes, PlaceChanges { reopened: vec![id], ..PlaceChanges::default() });
    // What the file does not name stays closed.
    let parsed = staff_at(&roll, "1,甲,19900000001,文学院,院长,,\n");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let changes = roll.places().changes(&plan.units, &plan.classes, &parsed.codes);
    assert_eq!(changes, PlaceChanges::default());
}
