//! The largest files: read in one go, whatever stands in them, and refused in
//! words where they are no rosters. Each of these would take minutes here if
//! anything in it went through all rows or all units for each row.

use super::*;
use crate::phone::Phone;

const ROWS: usize = MAX_ROWS;

/// A staff file: row by row department, position and classes.
fn staff_file(row: impl Fn(usize) -> (String, &'static str, String)) -> Vec<u8> {
    let mut text = STAFF_HEADER.to_owned();
    for n in 0..ROWS {
        let (department, position, taught) = row(n);
        text.push_str(&format!("T{n:05},王{n},199{n:08},{department},{position},,{taught}\n"));
    }
    assert!(text.len() <= crate::roster::MAX_IMPORT_BYTES, "{} bytes", text.len());
    text.into_bytes()
}

/// Answers each question with as few people as will do.
fn any_answers(questions: &[Question]) -> Vec<Answer> {
    let answer = |q: &Question| {
        let mut chosen = q.suggested.clone();
        let more: Vec<&String> =
            q.choices.iter().map(|c| &c.number).filter(|n| !chosen.contains(n)).collect();
        let lacking = (q.min as usize).saturating_sub(chosen.len());
        chosen.extend(more.into_iter().take(lacking).cloned());
        Answer { id: q.id.clone(), chosen }
    };
    questions.iter().map(answer).collect()
}

/// Previews and applies a file twice, as the Worker does; the second time
/// nothing is left to change.
pub(super) fn import_twice(bytes: &[u8], rows: usize) -> Vec<Question> {
    let mut roll = Roll::new("实验大学");
    let mut before = StaffRoll::default();
    let mut asked = Vec::new();
    for again in [false, true] {
        let places = roll.places();
        let parsed = read_staff(bytes, &places).expect("a file");
        assert_eq!((parsed.rows as usize, parsed.errors), (rows, 0));
        let plan = StaffPlan::new(&parsed.taken, &before);
        let questions = open_questions(&plan, &before);
        let likely = plan.clone().suggested(&questions, &[]);
        let counts =
            diff::with_changes(count_staff(&parsed), diff::staff(&parsed.taken, &likely, &before, &key));
        let given = any_answers(&questions);
        let plan = plan.answered(&questions, &given).expect("answered");
        let changes = places.changes(&plan.units, &plan.classes, &parsed.codes);
        if again {
            assert_eq!((counts.same as usize, changes), (rows, PlaceChanges::default()));
            assert_eq!(diff::begun(&plan, &before), []);
        } else {
            assert_eq!(counts.added as usize, rows);
            roll.apply(&changes, &BTreeSet::new());
        }
        before = roll_after(&parsed.taken, &plan);
        asked = questions;
    }
    asked
}

#[test]
fn twenty_thousand_people_in_five_hundred_departments() {
    let file = staff_file(|n| {
        let position = if n < MAX_UNITS - 1 { "主任" } else { "干事" };
        (format!("部{}处", n % (MAX_UNITS - 1)), position, String::new())
    });
    let questions = import_twice(&file, ROWS);
    let choices: usize = questions.iter().map(|q| q.choices.len()).sum();
    assert!(choices <= MAX_CHOICES, "{choices}");
    let school = questions.iter().find(|q| q.id == "head:school").expect("asked");
    assert!(school.words.zh.contains("这里只列出") && school.words.en.contains("are listed"), "{school:?}");
}

#[test]
fn twenty_thousand_administrators() {
    let file = staff_file(|n| (format!("部{}处", n % 9), "系统管理员", String::new()));
    import_twice(&file, ROWS);
}

#[test]
fn twenty_thousand_teachers_of_classes_that_are_called_alike() {
    let file = staff_file(|n| {
        let (college, class) = (n % 90, n / 90 % 30 + 1);
        (String::new(), "教师", format!("学院{college:02}/2023级{class}班:数学"))
    });
    import_twice(&file, ROWS);
}

#[test]
fn twenty_thousand_mentions_that_could_mean_any_of_ninety() {
    let mut roll = Roll::new("实验大学");
    let root = roll.units[0].id;
    for n in 0..90_i64 {
        let id = UnitId(n + 2);
        let name = format!("学院{n:02}");
        roll.units.push(RollUnit { id, parent: Some(root), kind: UnitKind::Grade, name, code: None });
        let name = "2023级1班".to_owned();
        roll.classes.push(RollClass {
            id: ClassId(n),
            unit: id,
            name,
            code: None,
            archived: false,
            led: true,
        });
    }
    let file = staff_file(|_| (String::new(), "教师", "2023级1班:数学".into()));
    let parsed = read_staff(&file, &roll.places()).expect("a file");
    assert_eq!((parsed.errors as usize, parsed.findings.len()), (ROWS, crate::roster::MAX_FINDINGS));
    assert!(parsed.findings[0].words.zh.starts_with("有 90 个班都叫“2023级1班”"));
}

#[test]
fn twenty_thousand_students_of_one_university() {
    let mut text = "学号,姓名,学院,年级,班级,家长姓名,关系,家长手机\n".to_owned();
    for n in 0..ROWS {
        let (college, class) = (n % 60, n / 60 % 12 + 1);
        text.push_str(&format!("{n},李{n},学院{college},2023级,{class}班,张,父亲,199{n:08}\n"));
    }
    let mut roll = Roll::new("实验大学");
    let parsed = read_students(text.as_bytes(), &roll.places()).expect("a file");
    let changes =
        roll.places().changes(&colleges_of(&parsed.taken), &classes_of(&parsed.taken), &parsed.codes);
    assert_eq!((parsed.taken.len(), changes.units.len(), changes.classes.len()), (ROWS, 60 + 60, 720));
    roll.apply(&changes, &BTreeSet::new());
    let again = read_students(text.as_bytes(), &roll.places()).expect("a file");
    assert_eq!(again.taken, parsed.taken);
    let no_key = |phone: &Phone| phone.digits().to_owned();
    assert_eq!(diff::students(&again.taken, &[], &no_key, &HashMap::new()).len(), ROWS);
}

#[test]
fn files_that_are_too_large_are_refused_in_words() {
    let places = Places::default();
    let refused = |bytes: &[u8]| read_staff(bytes, &places).expect_err("refused");
    let units = refused(&staff_file(|n| (format!("部{n}处"), "干事", String::new())));
    assert_eq!(units.kind, "too_many_units");
    assert_eq!(
        units.words.get(Lang::Zh),
        "文件里有 20000 个新的部门或年级，一次最多 500 个。请检查“部门”一列是否填了别的内容"
    );
    let classes = refused(&staff_file(|n| (String::new(), "教师", format!("七年级{n}班:数学"))));
    assert_eq!(classes.kind, "too_many_classes");
    assert!(classes.words.zh.contains("20000 个班") && classes.words.en.contains("20000 classes"));
    let wide = format!("{STAFF_HEADER}{}\n", "1,".repeat(MAX_COLUMNS) + "1");
    let wide = refused(wide.as_bytes());
    assert_eq!(wide.kind, "too_many_columns");
    assert!(wide.words.zh.starts_with("第 2 行有 201 格"), "{}", wide.words.zh);

    // More heads are missing than anybody could name on a screen.
    let rows = read_staff(&staff_file(|n| (format!("部{}处", n % 300), "干事", String::new())), &places);
    let plan = StaffPlan::new(&rows.expect("a file").taken, &StaffRoll::default());
    let refused = plan.questions(&StaffRoll::default()).expect_err("refused");
    assert_eq!(refused.kind, "too_many_questions");
    assert!(refused.words.zh.contains("303 件事") && refused.words.en.contains("303 things"));
}

#[test]
fn blank_columns_that_a_spreadsheet_adds_do_no_harm() {
    let blanks = ",".repeat(16_000);
    let text = format!("{}{blanks}\n1,甲,19900000001,政教处,主任,,{blanks}\n", STAFF_HEADER.trim_end());
    let parsed = read_staff(text.as_bytes(), &Places::default()).expect("a file");
    assert_eq!((parsed.taken.len(), said(&parsed)), (1, vec![]));
}
