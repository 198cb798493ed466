//! The staff file: one row per person, with the posts that follow from the
//! department, the position (职务) and the classes (G19, G20).

use std::collections::{BTreeSet, HashMap};

use super::cell::Kind;
use super::classes::ClassName;
use super::plan::{Held, UnitRef};
use super::rows::{Parsed, Sheet};
use super::table::{self, Column, Row};
use crate::access::Post;
use crate::phone::Phone;
use crate::problem::Refusal;
use crate::roster::{ImportCounts, ImportKind};
use crate::words;
use crate::words::Words;

pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "工号", also: &["教职工号", "教工号", "职工号", "教师编号"], required: true
    },
    Column { name: "姓名", also: &["教师姓名", "教职工姓名"], required: true },
    Column {
        name: "手机", also: &["手机号", "手机号码", "联系电话", "电话", "移动电话"], required: true
    },
    Column { name: "部门", also: &["所在部门", "处室"], required: true },
    Column { name: "职务", also: &["岗位", "职位"], required: true },
    Column { name: "班主任班级", also: &["班主任", "所带班级"], required: true },
    Column { name: "任教", also: &["任教班级", "任课", "任教学科"], required: true },
];

/// A member of staff as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffRow {
    /// Line in the file.
    pub row: u32,
    /// Staff number (教职工号).
    pub number: String,
    /// Name.
    pub name: String,
    /// Own number.
    pub phone: Option<Phone>,
    /// 部门.
    pub department: String,
    /// 职务.
    pub position: String,
    /// Classes led.
    pub homeroom: Vec<ClassName>,
    /// Classes taught, with the subject.
    pub taught: Vec<(ClassName, String)>,
    /// The posts that follow from all this.
    pub held: BTreeSet<Held>,
}

#[derive(Default)]
struct Above {
    numbers: HashMap<String, u32>,
    phones: HashMap<Phone, u32>,
    led: HashMap<String, u32>,
}

/// Reads a staff file. A department called like the school is the school.
///
/// # Errors
/// Why the file as a whole cannot be taken.
pub fn read_staff(bytes: &[u8], school: &str) -> Result<Parsed<StaffRow>, Refusal> {
    let table = table::read(ImportKind::Staff, bytes)?;
    let mut above = Above::default();
    Ok(super::each_row(table, |sheet, row| read_row(sheet, row, school, &mut above)))
}

fn read_row(sheet: &mut Sheet<'_>, row: &Row, school: &str, above: &mut Above) -> Option<StaffRow> {
    let [number, name, phone, department, position, homeroom, taught] = row.cells.as_slice() else {
        return None;
    };
    let number = sheet.number("工号", number);
    let name = sheet.needed("姓名", name, Kind::Name);
    let failed = sheet.failed;
    let phone = sheet.phone("手机", phone);
    if phone.is_none() && sheet.failed == failed {
        sheet.warn(
            "手机",
            name.clone(),
            Words::fixed(
                "没有填手机号：只能用教职工号登录，也收不到短信",
                "No number: signs in by staff number only, and receives no SMS",
            ),
        );
    }
    let department = sheet.text("部门", department, Kind::Name);
    let position = sheet.text("职务", position, Kind::Name);
    let homeroom = homeroom_classes(sheet, homeroom, above);
    let taught = taught_classes(sheet, taught);
    if homeroom.is_empty() && position.contains("班主任") && sheet.failed == failed {
        sheet.warn(
            "班主任班级",
            position.clone(),
            Words::fixed(
                "职务是班主任，但没有填班级，请补上",
                "A homeroom teacher without a class: fill it in",
            ),
        );
    }
    let held = held(sheet, &department, &position, school, &homeroom, &taught);
    for (at, place) in [
        (above.numbers.get(&number).filter(|_| !number.is_empty()), ("工号", number.clone())),
        (
            phone.as_ref().and_then(|p| above.phones.get(p)),
            ("手机", phone.as_ref().map(Phone::masked).unwrap_or_default()),
        ),
    ] {
        if let Some(first) = at {
            let (column, value) = place;
            sheet.error(
                column,
                value,
                words!("与第 {first} 行重复，请核对是哪一位", "Also in row {first}: check whose it is"),
            );
        }
    }
    above.numbers.entry(number.clone()).or_insert(sheet.row);
    if let Some(phone) = &phone {
        above.phones.entry(phone.clone()).or_insert(sheet.row);
    }
    (sheet.failed == 0).then_some(StaffRow {
        row: sheet.row,
        number,
        name,
        phone,
        department,
        position,
        homeroom,
        taught,
        held,
    })
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '、', ',', '，', '；', '|', '\n']).map(str::trim).filter(|p| !p.is_empty())
}

fn class(sheet: &mut Sheet<'_>, column: &'static str, text: &str) -> Option<ClassName> {
    let class = ClassName::parse(text);
    if class.is_none() {
        sheet.error(
            column,
            text.to_owned(),
            Words::fixed(
                "看不出是哪个班，请写成“七年级1班”",
                "Not clear which class: write it like 七年级1班",
            ),
        );
    }
    class
}

fn homeroom_classes(sheet: &mut Sheet<'_>, raw: &str, above: &mut Above) -> Vec<ClassName> {
    let text = sheet.text("班主任班级", raw, Kind::Words);
    let mut classes = Vec::new();
    for part in parts(&text) {
        let Some(class) = class(sheet, "班主任班级", part) else { continue };
        if let Some(first) = above.led.get(&class.name) {
            sheet.warn(
                "班主任班级",
                class.name.clone(),
                words!(
                    "第 {first} 行也是这个班的班主任，请核对",
                    "Row {first} is a homeroom teacher of this class too: check it"
                ),
            );
        }
        above.led.entry(class.name.clone()).or_insert(sheet.row);
        classes.push(class);
    }
    classes
}

fn taught_classes(sheet: &mut Sheet<'_>, raw: &str) -> Vec<(ClassName, String)> {
    let text = sheet.text("任教", raw, Kind::Words);
    let mut taught = Vec::new();
    for part in parts(&text) {
        let (name, subject) = part.split_once([':', '：']).unwrap_or((part, ""));
        let Some(class) = class(sheet, "任教", name.trim()) else { continue };
        let subject = subject.trim();
        if subject.is_empty() {
            sheet.warn(
                "任教",
                part.to_owned(),
                Words::fixed(
                    "没有写学科，请写成“七年级1班:语文”",
                    "The subject is missing: write 七年级1班:语文",
                ),
            );
        }
        if subject.chars().count() > 20 {
            sheet.error(
                "任教",
                super::cell::shown(part),
                Words::fixed("学科名称太长，最多 20 个字", "The subject is too long: at most 20 characters"),
            );
            continue;
        }
        taught.push((class, subject.to_owned()));
    }
    taught
}

fn held(
    sheet: &mut Sheet<'_>,
    department: &str,
    position: &str,
    school: &str,
    homeroom: &[ClassName],
    taught: &[(ClassName, String)],
) -> BTreeSet<Held> {
    let unit = unit_of(department, school);
    let mut held = BTreeSet::new();
    for title in
        position.split([';', '、', ',', '，', '；', '/', '兼']).map(str::trim).filter(|t| !t.is_empty())
    {
        match post_of(unit.as_ref(), title) {
            Title::Post(Post::Administrator) => {
                held.insert(Held::plain(Post::Administrator, UnitRef::School));
            }
            Title::Post(post) => held.extend(unit.clone().map(|unit| Held::plain(post, unit))),
            Title::Teacher => {}
            Title::Unknown => {
                sheet.warn(
                    "职务",
                    title.to_owned(),
                    words!(
                        "不认识“{department}”的“{title}”，没有相应权限，请核对",
                        "“{title}” in “{department}” is not known and gives no rights: check it"
                    ),
                );
            }
        }
    }
    for class in homeroom {
        held.insert(Held::in_class(Post::HomeroomTeacher, class, None));
    }
    for (class, subject) in taught {
        held.insert(Held::in_class(Post::SubjectTeacher, class, Some(subject.clone())));
    }
    held
}

/// The unit that a department's name means; none for those who only teach.
fn unit_of(department: &str, school: &str) -> Option<UnitRef> {
    match department {
        "" | "任课" | "任课教师" | "教师" | "专任教师" => None,
        "校领导" | "学校" | "校级" | "校级领导" | "学校领导" | "校长室" | "领导班子" => {
            Some(UnitRef::School)
        }
        "校办室" | "校办" | "校办公室" | "学校办公室" | "办公室" | "党政办" | "党政办公室" | "综合办公室" => {
            Some(UnitRef::Office(department.to_owned()))
        }
        name if name == school => Some(UnitRef::School),
        name if super::classes::is_grade(name) => {
            Some(UnitRef::Grade(ClassName::join(name, "1班").map_or_else(|| name.to_owned(), |c| c.grade)))
        }
        name => Some(UnitRef::Department(name.to_owned())),
    }
}

enum Title {
    Post(Post),
    /// Rights come from the classes alone.
    Teacher,
    Unknown,
}

fn post_of(unit: Option<&UnitRef>, title: &str) -> Title {
    let is_deputy = title.starts_with('副') || title.contains("副主任") || title.contains("副处长");
    let heads = ["主任", "处长", "科长", "部长", "负责人"].iter().any(|t| title.ends_with(t)) && !is_deputy;
    match title {
        "教师" | "任课教师" | "任课" | "老师" | "教职工" | "教员" | "班主任" => {
            return Title::Teacher;
        }
        "系统管理员" => return Title::Post(Post::Administrator),
        _ => {}
    }
    let post = match unit {
        Some(UnitRef::School) if title == "校长" => Post::Principal,
        Some(UnitRef::School) if is_deputy && (title.contains("校长") || title.contains("书记")) => {
            Post::VicePrincipal
        }
        Some(UnitRef::Office(_)) if heads => Post::OfficeDirector,
        Some(UnitRef::Office(_)) if is_clerk(title) || is_deputy => Post::OfficeClerk,
        Some(UnitRef::Department(name)) if title == "管理员" && is_technical(name) => Post::Administrator,
        Some(UnitRef::Department(_)) if heads => Post::DepartmentHead,
        Some(UnitRef::Department(_)) if is_clerk(title) || is_deputy => Post::DepartmentClerk,
        Some(UnitRef::Grade(_))
            if matches!(title, "年级组长" | "组长" | "级长" | "年级长" | "年级主任" | "级部主任") =>
        {
            Post::GradeHead
        }
        _ => return Title::Unknown,
    };
    Title::Post(post)
}

fn is_clerk(title: &str) -> bool {
    ["干事", "职员", "科员", "文员", "秘书", "管理员", "会计", "出纳", "工作人员"]
        .iter()
        .any(|t| title.ends_with(t))
}

/// Departments whose 管理员 runs systems; elsewhere it is a dormitory's or library's.
pub(super) fn is_technical(department: &str) -> bool {
    ["信息", "网络", "电教", "现教", "现代教育技术"].iter().any(|w| department.contains(w))
}

/// What a staff file holds.
pub fn count_staff(parsed: &Parsed<StaffRow>) -> ImportCounts {
    let classes: BTreeSet<&str> =
        parsed.taken.iter().flat_map(|s| &s.held).filter_map(|h| h.class.as_deref()).collect();
    let phones: BTreeSet<&Phone> = parsed.taken.iter().filter_map(|s| s.phone.as_ref()).collect();
    ImportCounts {
        classes: super::small(classes.len()),
        phones: super::small(phones.len()),
        ..parsed.counts()
    }
}
