//! The student file: one row per student, with up to two guardians (G25).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cell::Kind;
use super::classes::ClassName;
use super::rows::{Parsed, Sheet};
use super::table::{self, Column, Row};
use crate::phone::Phone;
use crate::problem::Refusal;
use crate::roster::{ImportCounts, ImportKind};
use crate::words;
use crate::words::Words;

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "学号", also: &["学生学号", "学籍号", "学生编号"], required: true },
    Column { name: "姓名", also: &["学生姓名", "学生"], required: true },
    Column { name: "年级", also: &["所在年级"], required: true },
    Column { name: "班级", also: &["班", "所在班级", "班别"], required: true },
    Column { name: "监护人1姓名", also: &["监护人姓名", "第一监护人姓名"], required: true },
    Column {
        name: "监护人1关系", also: &["关系", "监护人关系", "第一监护人关系"], required: true
    },
    Column {
        name: "监护人1手机",
        also: &[
            "监护人手机",
            "监护人1手机号",
            "监护人1手机号码",
            "监护人1电话",
            "监护人手机号",
            "监护人电话",
        ],
        required: true,
    },
    Column { name: "监护人2姓名", also: &["第二监护人姓名"], required: false },
    Column { name: "监护人2关系", also: &["第二监护人关系"], required: false },
    Column {
        name: "监护人2手机",
        also: &["监护人2手机号", "监护人2手机号码", "监护人2电话"],
        required: false,
    },
];

/// A student as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudentRow {
    /// Line in the file.
    pub row: u32,
    /// Student number (学号).
    pub number: String,
    /// Name.
    pub name: String,
    /// The class.
    pub class: ClassName,
    /// Guardians with a number, in the order of the form.
    pub guardians: Vec<GuardianEntry>,
}

/// A guardian as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardianEntry {
    /// Name.
    pub name: String,
    /// 父亲, 母亲, ….
    pub relation: String,
    /// The receiving number (接收手机号).
    pub phone: Phone,
}

/// What is known of the numbers and phones above the row at hand.
#[derive(Default)]
struct Above {
    numbers: HashMap<String, u32>,
    phones: HashMap<Phone, (u32, String)>,
    classes: BTreeSet<String>,
}

/// Reads a student file. `led` are the classes that have a homeroom teacher.
///
/// # Errors
/// Why the file as a whole cannot be taken.
pub fn read_students(bytes: &[u8], led: &BTreeSet<String>) -> Result<Parsed<StudentRow>, Refusal> {
    let table = table::read(ImportKind::Students, bytes)?;
    if table.findings.iter().any(|f| f.value.trim() == "学院") {
        return Err(Refusal::new(
            "colleges_not_here",
            Words::fixed(
                "这份名册按学院分班，本系统目前按年级分班，不能导入",
                "This roll is kept by colleges; this school is kept by year groups, so it cannot be imported",
            ),
        ));
    }
    let mut above = Above::default();
    Ok(super::each_row(table, |sheet, row| read_row(sheet, row, led, &mut above)))
}

fn read_row(
    sheet: &mut Sheet<'_>,
    row: &Row,
    led: &BTreeSet<String>,
    above: &mut Above,
) -> Option<StudentRow> {
    let [number, name, grade, class, first @ .., _, _, _] = row.cells.as_slice() else { return None };
    let number = sheet.number("学号", number);
    let name = sheet.needed("姓名", name, Kind::Name);
    if name.chars().any(|c| c.is_ascii_digit()) {
        sheet.warn(
            "姓名",
            name.clone(),
            Words::fixed("姓名里有数字，请核对", "There are digits in the name: check it"),
        );
    }
    let grade = sheet.text("年级", grade, Kind::Code);
    let class = sheet.needed("班级", class, Kind::Code);
    let joined = ClassName::join(&grade, &class);
    if joined.is_none() && !class.is_empty() {
        sheet.error(
            "年级",
            grade,
            Words::fixed("没有填年级，请补上", "The year group is missing: fill it in"),
        );
    }
    let second = &row.cells[4 + first.len()..];
    let mut guardians = Vec::new();
    for (columns, cells) in [
        (["监护人1姓名", "监护人1关系", "监护人1手机"], first),
        (["监护人2姓名", "监护人2关系", "监护人2手机"], second),
    ] {
        // The same person entered twice is one entry.
        let entry = guardian(sheet, columns, cells, &name);
        guardians.extend(entry.filter(|e: &GuardianEntry| {
            !guardians.iter().any(|g: &GuardianEntry| g.name == e.name && g.phone == e.phone)
        }));
    }
    check_phones(sheet, &guardians, above);
    if let Some(first) = above.numbers.get(&number).filter(|_| !number.is_empty()) {
        let first = *first;
        sheet.error(
            "学号",
            number.clone(),
            words!(
                "学号与第 {first} 行重复，请核对是哪一位",
                "The number is also in row {first}: check whose it is"
            ),
        );
    }
    above.numbers.entry(number.clone()).or_insert(sheet.row);
    let class = joined?;
    if sheet.failed > 0 {
        return None;
    }
    if !led.contains(&class.name) && above.classes.insert(class.name.clone()) {
        let name = &class.name;
        sheet.warn(
            "班级",
            name.clone(),
            words!(
                "“{name}”还没有班主任：请核对班级是否写对，或先导入教职工名册",
                "“{name}” has no homeroom teacher: check the class, or import the staff file first"
            ),
        );
    }
    if guardians.is_empty() {
        sheet.warn(
            "",
            name.clone(),
            Words::fixed(
                "没有可接收短信的家长，请向家庭核实号码后补录",
                "No guardian can be reached by SMS: ask the family for a number",
            ),
        );
    }
    Some(StudentRow { row: sheet.row, number, name, class, guardians })
}

fn guardian(
    sheet: &mut Sheet<'_>,
    [name_column, relation_column, phone_column]: [&'static str; 3],
    cells: &[String],
    student: &str,
) -> Option<GuardianEntry> {
    let [name, relation, phone] = cells else { return None };
    let failed = sheet.failed;
    let name = sheet.text(name_column, name, Kind::Name);
    let relation = sheet.text(relation_column, relation, Kind::Name);
    let phone = sheet.phone(phone_column, phone);
    let is_sound = sheet.failed == failed;
    let Some(phone) = phone else {
        if !name.is_empty() && is_sound {
            sheet.warn(
                phone_column,
                name,
                Words::fixed("没有填手机号，这位家长收不到短信", "No number: this guardian receives no SMS"),
            );
        }
        return None;
    };
    let name = if name.is_empty() && is_sound {
        sheet.warn(
            name_column,
            phone.masked(),
            Words::fixed("没有填家长姓名，请补上", "The guardian's name is missing: fill it in"),
        );
        format!("{student}家长")
    } else {
        name
    };
    let relation = self::relation(sheet, relation_column, relation);
    Some(GuardianEntry { name, relation, phone })
}

/// Relations that need no question, and what they are written as.
const RELATIONS: &[&str] = &[
    "父亲",
    "母亲",
    "爷爷",
    "奶奶",
    "外公",
    "外婆",
    "祖父",
    "祖母",
    "外祖父",
    "外祖母",
    "姥爷",
    "姥姥",
    "继父",
    "继母",
    "养父",
    "养母",
    "哥哥",
    "姐姐",
    "叔叔",
    "伯父",
    "伯母",
    "婶婶",
    "姑姑",
    "姑父",
    "舅舅",
    "舅妈",
    "姨妈",
    "姨父",
    "阿姨",
    "监护人",
    "其他监护人",
    "其他",
];
const SAME_RELATION: &[(&str, &str)] = &[
    ("爸爸", "父亲"),
    ("父", "父亲"),
    ("爸", "父亲"),
    ("父子", "父亲"),
    ("父女", "父亲"),
    ("妈妈", "母亲"),
    ("母", "母亲"),
    ("妈", "母亲"),
    ("母子", "母亲"),
    ("母女", "母亲"),
];

fn relation(sheet: &mut Sheet<'_>, column: &'static str, text: String) -> String {
    if text.is_empty() {
        sheet.warn(
            column,
            String::new(),
            Words::fixed(
                "没有填与学生的关系，先记为“监护人”",
                "The relation is missing: taken as “guardian” for now",
            ),
        );
        return "监护人".to_owned();
    }
    if let Some((_, plain)) = SAME_RELATION.iter().find(|(other, _)| *other == text) {
        sheet.repair(
            column,
            text.clone(),
            words!("已整理：“{text}” → “{plain}”", "Repaired: “{text}” → “{plain}”"),
        );
        return (*plain).to_owned();
    }
    if !RELATIONS.contains(&text.as_str()) {
        sheet.warn(
            column,
            text.clone(),
            Words::fixed(
                "不常见的关系，请核对这位是不是监护人",
                "An unusual relation: check that this person is a guardian",
            ),
        );
    }
    text
}

fn check_phones(sheet: &mut Sheet<'_>, guardians: &[GuardianEntry], above: &mut Above) {
    if let [first, second] = guardians
        && first.phone == second.phone
    {
        sheet.warn(
            "监护人2手机",
            second.phone.masked(),
            Words::fixed(
                "两位家长填了同一个号码，只会收到一条短信，请核对",
                "Both guardians have the same number and get one SMS: check it",
            ),
        );
    }
    for (guardian, column) in guardians.iter().zip(["监护人1手机", "监护人2手机"]) {
        match above.phones.get(&guardian.phone) {
            Some((row, name)) if *name != guardian.name && *row != sheet.row => {
                sheet.warn(
                    column,
                    guardian.phone.masked(),
                    words!(
                        "第 {row} 行用同一个号码登记的是“{name}”，请核对号码",
                        "Row {row} has the same number for “{name}”: check it"
                    ),
                );
            }
            Some(_) => {}
            None => {
                above.phones.insert(guardian.phone.clone(), (sheet.row, guardian.name.clone()));
            }
        }
    }
}

/// What a student file holds; the differences from the roll are added by
/// [`super::diff`].
pub fn count_students(parsed: &Parsed<StudentRow>) -> ImportCounts {
    let entries = || parsed.taken.iter().flat_map(|s| &s.guardians);
    let phones: BTreeSet<&Phone> = entries().map(|g| &g.phone).collect();
    let classes: BTreeSet<&str> = parsed.taken.iter().map(|s| s.class.name.as_str()).collect();
    ImportCounts {
        classes: super::small(classes.len()),
        guardians: super::small(entries().count()),
        phones: super::small(phones.len()),
        unreachable: super::small(parsed.taken.iter().filter(|s| s.guardians.is_empty()).count()),
        ..parsed.counts()
    }
}

/// Classes of the file with their grades.
pub fn classes_of(rows: &[StudentRow]) -> BTreeMap<String, String> {
    rows.iter().map(|s| (s.class.name.clone(), s.class.grade.clone())).collect()
}
