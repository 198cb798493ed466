//! The student file: one row per student, with up to two guardians (G25).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::cell::{Kind, plain};
use super::classes::ClassName;
use super::codes::FileCodes;
use super::columns::{UNIT_CELLS, UNIT_COLUMNS};
use super::places::Places;
use super::read::{each_row, within_limits};
use super::refs::{ClassRef, UnitRef};
use super::rows::{Parsed, Sheet, small};
use super::table::{self, Decode, Row};
use crate::access::Post;
use crate::phone::Phone;
use crate::problem::Refusal;
use crate::roster::{ImportCounts, ImportKind, OWN_NUMBER};
use crate::school::UnitKind;
use crate::words;
use crate::words::Words;

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
    pub class: ClassRef,
    /// The college in which it lies.
    pub college: Option<UnitRef>,
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

/// What is known from the rows above the one at hand.
#[derive(Default)]
struct Above {
    numbers: HashMap<String, u32>,
    phones: HashMap<Phone, (u32, String)>,
    /// Classes about which everything has been said.
    classes: HashSet<ClassRef>,
    codes: FileCodes,
}

/// Reads a student file; its classes are matched with those of the roll.
///
/// # Errors
/// Why the file as a whole cannot be taken.
pub fn read_students(bytes: &[u8], roll: &Places, gb18030: Decode) -> Result<Parsed<StudentRow>, Refusal> {
    let table = table::read(ImportKind::Students, bytes, gb18030)?;
    let says_unit = table.has.iter().any(|name| UNIT_COLUMNS.contains(name));
    let mut places = roll.clone();
    let named: BTreeSet<Vec<String>> = table
        .rows
        .iter()
        .filter_map(|row| row.cells.get(UNIT_CELLS))
        .map(|cells| cells.iter().filter_map(|raw| plain(raw, Kind::Name)).collect::<Vec<_>>().join("/"))
        .map(|text| Places::names(&text))
        .filter(|names| !names.is_empty())
        .collect();
    places.note_units(named.into_iter().map(|names| (names, UnitKind::Grade)));
    let mut above = Above::default();
    let mut parsed = each_row(table, |sheet, row| read_row(sheet, row, says_unit, &places, &mut above));
    parsed.codes = above.codes.into_codes();
    parsed.named = above.numbers.into_keys().collect();
    let classes: HashSet<&ClassRef> = parsed.taken.iter().map(|s| &s.class).collect();
    within_limits("学院", &places, classes.len())?;
    Ok(parsed)
}

/// The unit that a row names by code or by name; none where it fails.
fn unit(
    sheet: &mut Sheet<'_>,
    [college, department, code]: [&String; 3],
    places: &Places,
    codes: &mut FileCodes,
) -> Option<UnitRef> {
    let failed = sheet.failed;
    let code = sheet.text("学院代码", code, Kind::Code);
    let names = [sheet.text("学院", college, Kind::Name), sheet.text("系", department, Kind::Name)];
    let names = Places::names(&names.join("/"));
    if sheet.failed > failed {
        return None;
    }
    if let Some(unit) = places.unit_coded(&code) {
        if !names.is_empty() && !places.unit_called(&names, UnitKind::Grade).is_ok_and(|named| named == *unit)
        {
            let (written, name) = (unit.written(), names.join("/"));
            sheet.warn(
                "学院代码",
                code,
                words!(
                    "这个代码在册是“{written}”，与文件里的“{name}”不同：按代码归入，请核对",
                    "On the roll this code stands for “{written}”, not “{name}”: taken by the code. Check it"
                ),
            );
        }
        return Some(unit.clone());
    }
    if names.is_empty() {
        let (column, value) =
            if code.is_empty() { ("学院", String::new()) } else { ("学院代码", code) };
        sheet.error(
            column,
            value,
            Words::fixed(
                "没有填学院，代码也不在册，请补上学院",
                "The college is missing, and no code on the roll tells it: fill it in",
            ),
        );
        return None;
    }
    match places.unit_called(&names, UnitKind::Grade) {
        Ok(unit) => {
            if !code.is_empty() {
                codes.unit(sheet, "学院代码", &code, &unit, places.unit_code(&unit));
            }
            Some(unit)
        }
        Err(unclear) => {
            sheet.error("学院", names.join("/"), unclear.words());
            None
        }
    }
}

/// The class of a row: by code, by unit and name, or by its name alone.
fn class(
    sheet: &mut Sheet<'_>,
    unit_cells: Option<[&String; 3]>,
    [grade, class, code]: [&String; 3],
    places: &Places,
    above: &mut Above,
) -> Option<ClassRef> {
    let grade = sheet.text("年级", grade, Kind::Code);
    let name = sheet.needed("班级", class, Kind::Code);
    let code = sheet.text("班级代码", code, Kind::Code);
    if let Some(class) = places.class_coded(&code) {
        if !name.is_empty() && !class.name.ends_with(&super::classes::class(&name)) {
            let (written, name) = (class.written(), &name);
            sheet.warn(
                "班级代码",
                code,
                words!(
                    "这个代码在册是“{written}”，与文件里的“{name}”不同：按代码归班，请核对",
                    "On the roll this code stands for “{written}”, not “{name}”: taken by the code. Check it"
                ),
            );
        }
        return Some(class.clone());
    }
    let class = match unit_cells {
        Some(cells) => {
            let unit = unit(sheet, cells, places, &mut above.codes)?;
            if name.is_empty() {
                return None;
            }
            places.class_within(&unit, &grade, &name)
        }
        None => match ClassName::join(&grade, &name) {
            Some(class) => places.class_alone(&class).inspect(|found| {
                if !places.is_told_by_name(found, &class.grade) && !above.classes.contains(found) {
                    let written = found.written();
                    sheet.warn(
                        "班级",
                        name.clone(),
                        words!(
                            "文件没有写学院，按在册的“{written}”归班，请核对",
                            "The file names no college: taken as {written}, which is on the roll. Check it"
                        ),
                    );
                }
            }),
            None if name.is_empty() => return None,
            None => {
                sheet.error(
                    "年级",
                    grade,
                    Words::fixed("没有填年级，请补上", "The year group is missing: fill it in"),
                );
                return None;
            }
        },
    };
    match class {
        Ok(class) => {
            if !code.is_empty() {
                above.codes.class(sheet, "班级代码", &code, &class, places.class_code(&class));
            }
            Some(class)
        }
        Err(unclear) => {
            sheet.error("班级", name, unclear.words());
            None
        }
    }
}

fn read_row(
    sheet: &mut Sheet<'_>,
    row: &Row,
    says_unit: bool,
    places: &Places,
    above: &mut Above,
) -> Option<StudentRow> {
    let [number, name, college, department, unit_code, grade, class, class_code, first @ .., _, _, _] =
        row.cells.as_slice()
    else {
        return None;
    };
    let number = sheet.number("学号", number);
    let name = sheet.needed("姓名", name, Kind::Name);
    if name.chars().any(|c| c.is_ascii_digit()) {
        sheet.warn(
            "姓名",
            name.clone(),
            Words::fixed("姓名里有数字，请核对", "There are digits in the name: check it"),
        );
    }
    let unit_cells = says_unit.then_some([college, department, unit_code]);
    let class = self::class(sheet, unit_cells, [grade, class, class_code], places, above);
    let second = &row.cells[row.cells.len() - first.len()..];
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
    let class = class?;
    if sheet.failed > 0 {
        return None;
    }
    if above.classes.insert(class.clone()) && !places.is_led(&class) {
        let name = class.name.clone();
        let leader = Post::class_leader(places.college_of(&class.unit).is_some()).title();
        let (zh, en) = (leader.zh, leader.en.to_lowercase());
        sheet.warn(
            "班级",
            name.clone(),
            words!(
                "“{name}”还没有{zh}：请核对班级是否写对，或先导入教职工名单",
                "“{name}” has no {en}: check the class, or import the staff file first"
            ),
        );
    }
    if guardians.iter().all(|guardian| guardian.relation == OWN_NUMBER) {
        sheet.warn(
            "",
            name.clone(),
            Words::fixed(
                "没有可接收短信的家长，请向家庭核实号码后补录",
                "No guardian can be reached by SMS: ask the family for a number",
            ),
        );
    }
    let college = places.college_of(&class.unit);
    Some(StudentRow { row: sheet.row, number, name, class, college, guardians })
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
    let relation = self::relation(sheet, relation_column, relation);
    let name = if name.is_empty() && relation == OWN_NUMBER {
        student.to_owned()
    } else if name.is_empty() && is_sound {
        sheet.warn(
            name_column,
            phone.masked(),
            Words::fixed("没有填家长姓名，请补上", "The guardian's name is missing: fill it in"),
        );
        format!("{student}家长")
    } else {
        name
    };
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
    OWN_NUMBER,
];
const SAME_RELATION: &[(&str, &str)] = &[
    ("学生本人", OWN_NUMBER),
    ("自己", OWN_NUMBER),
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
    ImportCounts {
        classes: small(classes_of(&parsed.taken).len()),
        guardians: small(entries().count()),
        phones: small(phones.len()),
        unreachable: small(parsed.taken.iter().filter(|s| s.guardians.is_empty()).count()),
        ..parsed.counts()
    }
}

/// Colleges of the file.
pub fn colleges_of(rows: &[StudentRow]) -> BTreeSet<UnitRef> {
    let distinct: HashSet<&UnitRef> = rows.iter().filter_map(|s| s.college.as_ref()).collect();
    distinct.into_iter().cloned().collect()
}

/// Classes of the file.
pub fn classes_of(rows: &[StudentRow]) -> BTreeSet<ClassRef> {
    let distinct: HashSet<&ClassRef> = rows.iter().map(|s| &s.class).collect();
    distinct.into_iter().cloned().collect()
}
