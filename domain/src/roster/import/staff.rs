//! The staff file: one row per person, with the posts that follow from the
//! department, the position (职务) and the classes (G19, G20).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::cell::{Kind, plain};
use super::classes::{self, ClassName};
use super::codes::FileCodes;
use super::places::Places;
use super::read::{each_row, within_limits};
use super::refs::{ClassRef, Held, UnitRef};
use super::rows::{Parsed, Sheet, small};
use super::table::{self, Decode, Row};
use super::unit_names::{is_college, is_student_affairs};
use crate::access::Post;
use crate::phone::Phone;
use crate::problem::Refusal;
use crate::roster::{ImportCounts, ImportKind};
use crate::school::UnitKind;
use crate::words;
use crate::words::Words;

/// Longest name of a subject.
const MAX_SUBJECT: usize = 20;

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
    /// The unit that it means; none for those who only teach.
    pub unit: Option<UnitRef>,
    /// 职务.
    pub position: String,
    /// Classes led.
    pub homeroom: Vec<ClassRef>,
    /// Classes taught, with the subject.
    pub taught: Vec<(ClassRef, String)>,
    /// The posts that follow from all this.
    pub held: BTreeSet<Held>,
    /// Whether the person is in charge of departments (分管校领导); of which, the file does not say.
    pub in_charge: bool,
    /// Colleges in which the classes lie.
    pub colleges: BTreeSet<UnitRef>,
}

/// What is known from the rows above the one at hand.
#[derive(Default)]
struct Above {
    numbers: HashMap<String, u32>,
    phones: HashMap<Phone, u32>,
    led: HashMap<ClassRef, u32>,
    /// Classes and units of which has been said how they were understood.
    told_classes: HashSet<ClassRef>,
    told_units: HashSet<UnitRef>,
    codes: FileCodes,
}

/// Reads a staff file; its departments and classes are matched with those of
/// the roll. A department called like the school is the school.
///
/// # Errors
/// Why the file as a whole cannot be taken.
pub fn read_staff(bytes: &[u8], roll: &Places, gb18030: Decode) -> Result<Parsed<StaffRow>, Refusal> {
    let table = table::read(ImportKind::Staff, bytes, gb18030)?;
    let mut places = roll.clone();
    note_places(&mut places, &table.rows);
    let mut above = Above::default();
    let mut parsed = each_row(table, |sheet, row| read_row(sheet, row, &places, &mut above));
    parsed.codes = above.codes.into_codes();
    parsed.named = above.numbers.into_keys().collect();
    within_limits("部门", &places, classes_of(&parsed.taken).len())?;
    Ok(parsed)
}

/// Takes note of all units that the rows name, and of the classes that they
/// name with a unit: a class named without one is then found wherever it is.
fn note_places(places: &mut Places, rows: &[Row]) {
    let mut departments = BTreeMap::new();
    let mut office = None;
    let mut mentions = BTreeSet::new();
    for row in rows {
        let [_, _, _, department, _, position, homeroom, taught] = row.cells.as_slice() else { continue };
        let position = plain(position, Kind::Name).unwrap_or_default();
        match plain(department, Kind::Name).map(|text| Department::of(&text, places)) {
            Some(Department::Unit(names)) => {
                if tells_a_university(&names, &position) {
                    places.is_of_a_university();
                }
                // Whatever it is called: what has a dean, or a leader for student work, is a college.
                let kind = departments.entry(names).or_insert(UnitKind::Department);
                if titles(&position).any(is_of_a_college) {
                    *kind = UnitKind::College;
                }
                // And what has a teacher who guides it is a society.
                if titles(&position).any(is_of_a_society) {
                    *kind = UnitKind::Society;
                }
            }
            Some(Department::Office(name)) if places.office().is_none() => {
                office.get_or_insert(name);
            }
            _ => {}
        }
        for text in [homeroom, taught].into_iter().filter_map(|raw| plain(raw, Kind::Words)) {
            if text.contains("学院") {
                places.is_of_a_university();
            }
            mentions.extend(parts(&text).map(|part| class_and_subject(part, places).class.to_owned()));
        }
    }
    let office = office.into_iter().map(|name| (vec![name], UnitKind::Office));
    places.note_units(office.chain(departments));
    let units: BTreeSet<Vec<String>> =
        mentions.iter().filter_map(|text| places.split_class(text)).map(|(names, _)| names).collect();
    places.note_mentions(units.into_iter());
    for text in &mentions {
        if places.split_class(text).is_some()
            && let Ok(class) = places.class_called(text)
        {
            places.note_class(class);
        }
    }
}

fn read_row(sheet: &mut Sheet<'_>, row: &Row, places: &Places, above: &mut Above) -> Option<StaffRow> {
    let [number, name, phone, department, unit_code, position, homeroom, taught] = row.cells.as_slice()
    else {
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
    let before = sheet.failed;
    let unit = unit(sheet, &department, unit_code, places, &mut above.codes);
    let is_unit_clear = sheet.failed == before;
    let position = sheet.text("职务", position, Kind::Name);
    let homeroom = homeroom_classes(sheet, homeroom, places, above);
    let taught = taught_classes(sheet, taught, places, above);
    let leads_a_class = position.contains("班主任")
        || position.contains("辅导员") && unit.as_ref().is_some_and(|unit| places.college_of(unit).is_some());
    if homeroom.is_empty() && leads_a_class && sheet.failed == failed {
        sheet.warn(
            "班主任班级",
            position.clone(),
            words!(
                "职务是{position}，但没有填班级，请补上",
                "Leads a class ({position}), but none is named: fill it in"
            ),
        );
    }
    // What a position means depends on the unit.
    let known_position = if is_unit_clear { position.as_str() } else { "" };
    let mut held = posts(sheet, &department, known_position, unit.as_ref(), places);
    held.extend(homeroom.iter().map(|class| {
        let is_college = places.college_of(&class.unit).is_some();
        Held::in_class(Post::class_leader(is_college), class.clone(), None)
    }));
    held.extend(
        taught.iter().map(|(class, subject)| {
            Held::in_class(Post::SubjectTeacher, class.clone(), Some(subject.clone()))
        }),
    );
    let in_charge = unit.as_ref().is_some_and(UnitRef::is_school)
        && titles(known_position).any(|title| title.contains("分管"));
    let classes = homeroom.iter().chain(taught.iter().map(|(class, _)| class));
    let colleges = classes.filter_map(|class| places.college_of(&class.unit)).collect();
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
        unit,
        position,
        homeroom,
        taught,
        held,
        in_charge,
        colleges,
    })
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '、', ',', '，', '；', '|', '\n']).map(str::trim).filter(|p| !p.is_empty())
}

/// A class taught, as a text has it.
struct Taught<'a> {
    class: &'a str,
    subject: &'a str,
    /// Whether the two stood together and were taken apart.
    is_split: bool,
}

/// `七年级1班:语文`: the class and the subject. `七年级1班语文` is the same,
/// unless the roll has a class that is called so.
fn class_and_subject<'a>(part: &'a str, places: &Places) -> Taught<'a> {
    if let Some((class, subject)) = part.split_once([':', '：']) {
        return Taught { class: class.trim(), subject: subject.trim(), is_split: false };
    }
    match classes::behind_class(part).filter(|_| !places.is_on_roll(part)) {
        Some((class, subject)) => Taught { class: class.trim(), subject, is_split: true },
        None => Taught { class: part.trim(), subject: "", is_split: false },
    }
}

/// The unit that a row's department means: by code, else by name.
fn unit(
    sheet: &mut Sheet<'_>,
    department: &str,
    code: &str,
    places: &Places,
    codes: &mut FileCodes,
) -> Option<UnitRef> {
    let code = sheet.text("部门代码", code, Kind::Code);
    let named = match Department::of(department, places) {
        Department::Nothing => None,
        Department::School => Some(Ok(UnitRef::school())),
        Department::Office(name) => Some(Ok(match places.office() {
            Some(office) => office.clone(),
            None => UnitRef::new(UnitKind::Office, vec![name]),
        })),
        Department::Unit(names) => Some(places.unit_called(&names, UnitKind::Department)),
    };
    if let Some(unit) = places.unit_coded(&code) {
        if named.is_some_and(|named| named.as_ref() != Ok(unit)) {
            let written = unit.written();
            sheet.warn(
                "部门代码",
                code,
                words!(
                    "这个代码在册是“{written}”，与文件里的“{department}”不同：按代码归入，请核对",
                    "On the roll this code stands for “{written}”, not “{department}”: taken by the code. Check it"
                ),
            );
        }
        return Some(unit.clone());
    }
    match named {
        Some(Ok(unit)) => {
            if !code.is_empty() && !unit.is_school() {
                codes.unit(sheet, "部门代码", &code, &unit, places.unit_code(&unit));
            }
            Some(unit)
        }
        Some(Err(unclear)) => {
            sheet.error("部门", department.to_owned(), unclear.words());
            None
        }
        None => {
            if !code.is_empty() && department.is_empty() {
                sheet.error(
                    "部门代码",
                    code,
                    Words::fixed(
                        "这个代码不在册，请在“部门”一列写上名称",
                        "This code is not on the roll: write the unit's name into the column 部门",
                    ),
                );
            }
            None
        }
    }
}

fn class(
    sheet: &mut Sheet<'_>,
    column: &'static str,
    text: &str,
    places: &Places,
    above: &mut Above,
) -> Option<ClassRef> {
    let class = match places.class_called(text) {
        Ok(class) => class,
        Err(unclear) => {
            sheet.error(column, super::cell::shown(text), unclear.words());
            return None;
        }
    };
    // Only a name that says its year group and no unit can be understood in two ways.
    let by_name = ClassName::parse(text).filter(|name| name.name == class.name);
    if by_name.is_some_and(|name| !places.is_told_by_name(&class, &name.grade))
        && !above.told_classes.contains(&class)
    {
        above.told_classes.insert(class.clone());
        let written = class.written();
        sheet.warn(
            column,
            text.to_owned(),
            words!(
                "没有写部门，按已有的“{written}”处理，请核对",
                "No unit is named: taken as {written}, which is there already. Check it"
            ),
        );
    }
    if let Some(unit) = places.mentioned_only(&class.unit)
        && above.told_units.insert(unit.clone())
    {
        let unit = unit.written();
        sheet.warn(
            column,
            text.to_owned(),
            words!(
                "“{unit}”不在册，“部门”一列里也没有，会新建为一个部门，请核对",
                "“{unit}” is neither on the roll nor in the column 部门: it becomes a new unit. Check it"
            ),
        );
    }
    Some(class)
}

fn homeroom_classes(sheet: &mut Sheet<'_>, raw: &str, places: &Places, above: &mut Above) -> Vec<ClassRef> {
    let text = sheet.text("班主任班级", raw, Kind::Words);
    let mut classes = Vec::new();
    for part in parts(&text) {
        let Some(class) = class(sheet, "班主任班级", part, places, above) else { continue };
        if let Some(first) = above.led.get(&class) {
            let leader = Post::class_leader(places.college_of(&class.unit).is_some()).title();
            let (zh, en) = (leader.zh, leader.en.to_lowercase());
            sheet.warn(
                "班主任班级",
                class.name.clone(),
                words!(
                    "第 {first} 行也是这个班的{zh}，请核对",
                    "Row {first} is a {en} of this class too: check it"
                ),
            );
        }
        above.led.entry(class.clone()).or_insert(sheet.row);
        classes.push(class);
    }
    classes
}

fn taught_classes(
    sheet: &mut Sheet<'_>,
    raw: &str,
    places: &Places,
    above: &mut Above,
) -> Vec<(ClassRef, String)> {
    let text = sheet.text("任教", raw, Kind::Words);
    let mut taught = Vec::new();
    for part in parts(&text) {
        let Taught { class: name, subject, is_split } = class_and_subject(part, places);
        let Some(class) = class(sheet, "任教", name, places, above) else { continue };
        if is_split {
            sheet.repair(
                "任教",
                super::cell::shown(part),
                words!(
                    "已拆成班级和学科：“{part}” → “{name}:{subject}”",
                    "Taken as a class and a subject: “{part}” → “{name}:{subject}”"
                ),
            );
        }
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
        if subject.chars().count() > MAX_SUBJECT {
            sheet.error(
                "任教",
                super::cell::shown(part),
                words!(
                    "学科名称太长，最多 {MAX_SUBJECT} 个字",
                    "The subject is too long: at most {MAX_SUBJECT} characters"
                ),
            );
            continue;
        }
        taught.push((class, subject.to_owned()));
    }
    taught
}

/// The titles in a position: people hold several.
fn titles(position: &str) -> impl Iterator<Item = &str> {
    position.split([';', '、', ',', '，', '；', '/', '兼']).map(str::trim).filter(|title| !title.is_empty())
}

/// The posts that a position gives in a unit; those that follow from classes come beside them.
fn posts(
    sheet: &mut Sheet<'_>,
    department: &str,
    position: &str,
    unit: Option<&UnitRef>,
    places: &Places,
) -> BTreeSet<Held> {
    let mut held = BTreeSet::new();
    for title in titles(position) {
        match post_of(unit, title) {
            Title::Post(Post::Administrator) => {
                held.insert(Held::plain(Post::Administrator, UnitRef::school()));
            }
            Title::Post(Post::DepartmentClerk) if title.contains("信息员") => {
                // 信息学院/学生科, 信息员: who writes for the college, in whichever of its offices.
                let college = unit.and_then(|unit| places.college_of(unit));
                let of_college = college.map(|college| Held::plain(Post::CollegeClerk, college));
                let of_unit = || unit.cloned().map(|unit| Held::plain(Post::DepartmentClerk, unit));
                held.extend(of_college.or_else(of_unit));
            }
            Title::Post(post) => held.extend(unit.cloned().map(|unit| Held::plain(post, unit))),
            Title::Teacher | Title::InCharge => {}
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
    held
}

/// What a department's name means.
enum Department {
    /// Of those who only teach.
    Nothing,
    School,
    /// The school's office, by the file's name for it.
    Office(String),
    /// A unit by its names.
    Unit(Vec<String>),
}

impl Department {
    fn of(text: &str, places: &Places) -> Self {
        match text {
            "" | "任课" | "任课教师" | "教师" | "专任教师" => Self::Nothing,
            "校领导" | "学校" | "校级" | "校级领导" | "学校领导" | "校长室" | "领导班子" => {
                Self::School
            }
            "校办室" | "校办" | "校办公室" | "学校办公室" | "办公室" | "党政办" | "党政办公室"
            | "综合办公室" => Self::Office(text.to_owned()),
            name if places.is_school_name(name) => Self::School,
            name => match Places::names(name) {
                names if names.is_empty() => Self::Nothing,
                names => Self::Unit(names),
            },
        }
    }
}

enum Title {
    Post(Post),
    /// 分管校领导: the office says of which departments.
    InCharge,
    /// Rights come from the classes alone.
    Teacher,
    Unknown,
}

/// Whether a row stands in a university's file: it names a college, or a post that only universities have.
fn tells_a_university(names: &[String], position: &str) -> bool {
    names.iter().any(|name| is_college(name))
        || titles(position).any(|title| {
            title.contains("第一责任人")
                || is_of_a_college(title)
                || names.last().is_some_and(|name| is_student_affairs(name)) && title.ends_with("处长")
        })
}

/// Whether only a college has somebody with this title.
fn is_of_a_college(title: &str) -> bool {
    title.contains('院') && matches!(college_post(title), Some(Post::Dean | Post::CollegeLeader))
}

/// Whether only a student society has somebody with this title.
fn is_of_a_society(title: &str) -> bool {
    ["指导教师", "指导老师"].iter().any(|guides| title.ends_with(guides))
}

/// What a title means in a college.
fn college_post(title: &str) -> Option<Post> {
    let is_deputy = title.contains('副') || title.contains("助理");
    if title.contains("分管学生") {
        Some(Post::CollegeLeader)
    } else if title.ends_with("院长") && !is_deputy {
        Some(Post::Dean)
    } else if ["信息员", "学生科", "学工"].iter().any(|word| title.contains(word)) {
        Some(Post::CollegeClerk)
    } else {
        None
    }
}

fn post_of(unit: Option<&UnitRef>, title: &str) -> Title {
    let is_deputy = title.starts_with('副') || title.contains("副主任") || title.contains("副处长");
    let heads = ["主任", "处长", "科长", "部长", "负责人"].iter().any(|t| title.ends_with(t)) && !is_deputy;
    match title {
        "教师" | "任课教师" | "任课" | "老师" | "教职工" | "教员" | "班主任" => {
            return Title::Teacher;
        }
        "系统管理员" => return Title::Post(Post::Administrator),
        _ if title.ends_with("辅导员") => return Title::Teacher,
        _ => {}
    }
    let Some(unit) = unit else { return Title::Unknown };
    let post = match unit.kind() {
        UnitKind::School
            if title.contains("主管") && (title.contains("领导") || title.contains("学生工作")) =>
        {
            Post::LeaderInCharge
        }
        UnitKind::School if title == "校长" => Post::Principal,
        UnitKind::School if is_deputy && (title.contains("校长") || title.contains("书记")) => {
            Post::VicePrincipal
        }
        UnitKind::School if title.contains("分管") => return Title::InCharge,
        UnitKind::Department | UnitKind::Office if title.contains("第一责任人") => {
            Post::FirstResponsible
        }
        UnitKind::Department | UnitKind::Office if title.contains("专人") => Post::DesignatedSender,
        UnitKind::Office if heads => Post::OfficeDirector,
        UnitKind::Office if is_clerk(title) || is_deputy => Post::OfficeClerk,
        UnitKind::StudentAffairs if title.contains("分管学生") => Post::StudentAffairsDeputy,
        UnitKind::StudentAffairs if heads && !title.ends_with("科长") => Post::StudentAffairsHead,
        UnitKind::StudentAffairs if heads || is_clerk(title) || is_deputy => Post::StudentAffairsClerk,
        UnitKind::Department if title == "管理员" && is_technical(unit.name()) => Post::Administrator,
        UnitKind::Department if heads => Post::DepartmentHead,
        UnitKind::Department if is_clerk(title) || is_deputy => Post::DepartmentClerk,
        UnitKind::Society if is_of_a_society(title) => Post::SocietyTeacher,
        UnitKind::School if title.contains("领导小组") => Post::LeadingGroup,
        UnitKind::School if ["监督员", "检查员", "监督检查人员"].contains(&title) => {
            Post::Auditor
        }
        UnitKind::College => match college_post(title) {
            Some(post) => post,
            // 数学系 may be a college that is called otherwise.
            None if heads && title.ends_with("系主任") => Post::Dean,
            None => return Title::Unknown,
        },
        UnitKind::Grade
            if matches!(title, "年级组长" | "组长" | "级长" | "年级长" | "年级主任" | "级部主任") =>
        {
            Post::GradeHead
        }
        _ => return Title::Unknown,
    };
    Title::Post(post)
}

fn is_clerk(title: &str) -> bool {
    ["干事", "职员", "科员", "文员", "秘书", "管理员", "会计", "出纳", "工作人员", "信息员"]
        .iter()
        .any(|t| title.ends_with(t))
}

/// Departments whose 管理员 runs systems; elsewhere it is a dormitory's or library's.
pub(super) fn is_technical(department: &str) -> bool {
    ["信息", "网络", "电教", "现教", "现代教育技术"].iter().any(|w| department.contains(w))
}

/// Classes of the file.
fn classes_of(rows: &[StaffRow]) -> HashSet<&ClassRef> {
    rows.iter().flat_map(|s| s.homeroom.iter().chain(s.taught.iter().map(|(class, _)| class))).collect()
}

/// What a staff file holds.
pub fn count_staff(parsed: &Parsed<StaffRow>) -> ImportCounts {
    let phones: HashSet<&Phone> = parsed.taken.iter().filter_map(|s| s.phone.as_ref()).collect();
    ImportCounts {
        classes: small(classes_of(&parsed.taken).len()),
        phones: small(phones.len()),
        ..parsed.counts()
    }
}
