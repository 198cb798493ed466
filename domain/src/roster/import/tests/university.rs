//! What a university's staff file makes of departments and positions: the
//! posts of its regulation, each in the unit in which it is held (G1, G4–G7).

use super::*;

const UNIVERSITY: &[u8] = include_bytes!("../../../../../tests/data/university-staff.csv");

fn read(rows: &str) -> Parsed<StaffRow> {
    read_staff(format!("{STAFF_HEADER}{rows}").as_bytes(), &Roll::new("示范大学").places()).expect("a file")
}

/// `unit post` of all posts of a person.
fn posts(plan: &StaffPlan, number: &str) -> Vec<String> {
    plan.desired[number].iter().map(|held| format!("{} {}", held.unit.written(), held.post.key())).collect()
}

fn planned(bytes: &[u8], change: impl Fn(&mut Answer)) -> (StaffPlan, Vec<Question>) {
    let parsed = read_staff(bytes, &Roll::new("示范大学").places()).expect("a file");
    let (plan, empty) = (StaffPlan::new(&parsed.taken, &StaffRoll::default()), StaffRoll::default());
    let questions = open_questions(&plan, &empty);
    let mut given = answers(&questions);
    given.iter_mut().for_each(change);
    (plan.answered(&questions, &given).expect("answered"), questions)
}

#[test]
fn a_department_and_a_position_make_a_post() {
    use Post::*;
    for (department, position, kind, post) in [
        ("学校", "主管校领导", UnitKind::School, Some(LeaderInCharge)),
        ("校领导", "校长", UnitKind::School, Some(Principal)),
        ("校领导", "副校长", UnitKind::School, Some(VicePrincipal)),
        ("校领导", "副校长(主管学生工作)", UnitKind::School, Some(LeaderInCharge)),
        ("学生处", "处长", UnitKind::StudentAffairs, Some(StudentAffairsHead)),
        ("学生工作处", "处长", UnitKind::StudentAffairs, Some(StudentAffairsHead)),
        ("学工部", "部长", UnitKind::StudentAffairs, Some(StudentAffairsHead)),
        ("学生处", "分管学生工作的副处长", UnitKind::StudentAffairs, Some(StudentAffairsDeputy)),
        ("学生处", "副处长(分管学生工作)", UnitKind::StudentAffairs, Some(StudentAffairsDeputy)),
        ("学生处", "副处长", UnitKind::StudentAffairs, Some(StudentAffairsClerk)),
        ("学生处", "思政科科长", UnitKind::StudentAffairs, Some(StudentAffairsClerk)),
        ("学生处", "科员", UnitKind::StudentAffairs, Some(StudentAffairsClerk)),
        ("教务处", "第一责任人", UnitKind::Department, Some(FirstResponsible)),
        ("教务处", "部门第一责任人", UnitKind::Department, Some(FirstResponsible)),
        ("教务处", "指派专人", UnitKind::Department, Some(DesignatedSender)),
        ("教务处", "信息员", UnitKind::Department, Some(DepartmentClerk)),
        ("教务处", "处长", UnitKind::Department, Some(DepartmentHead)),
        ("网络与信息化中心", "管理员", UnitKind::School, Some(Administrator)),
        ("信息学院", "院长", UnitKind::College, Some(Dean)),
        ("数学系", "院长", UnitKind::College, Some(Dean)),
        ("信息学院", "副院长", UnitKind::College, None),
        ("信息学院", "分管学生工作院领导", UnitKind::College, Some(CollegeLeader)),
        ("信息学院", "分管学生工作的院领导", UnitKind::College, Some(CollegeLeader)),
        ("信息学院", "副书记(分管学生工作)", UnitKind::College, Some(CollegeLeader)),
        ("信息学院", "学生科信息员", UnitKind::College, Some(CollegeClerk)),
        ("信息学院/学生科", "信息员", UnitKind::College, Some(CollegeClerk)),
        ("信息学院", "会计", UnitKind::College, None),
        ("信息学院/青年志愿者协会", "指导教师", UnitKind::Society, Some(SocietyTeacher)),
        ("大学生艺术团", "社团指导老师", UnitKind::Society, Some(SocietyTeacher)),
        ("学校", "校信通领导小组组长", UnitKind::School, Some(LeadingGroup)),
    ] {
        // A college in the next row: the file is a university's.
        let parsed =
            read(&format!("1,甲,19900000001,{department},{position},,\n2,乙,19900000002,文学院,院长,,\n"));
        let held: Vec<(UnitKind, Post)> =
            parsed.taken[0].held.iter().map(|h| (h.unit.kind(), h.post)).collect();
        let expected: Vec<(UnitKind, Post)> = post.map(|post| (kind, post)).into_iter().collect();
        assert_eq!(held, expected, "{department} {position}");
        assert_eq!(parsed.findings.len(), usize::from(post.is_none()), "{:?}", parsed.findings);
    }
    // Nobody gets a university's post in a middle school.
    let held = &staff("1,甲,19900000001,学生处,主任,,\n").taken[0].held;
    assert_eq!(held.iter().map(|h| h.post).collect::<Vec<_>>(), [DepartmentHead]);
}

#[test]
fn g4_g5_g7_the_university_s_file_fills_the_posts_of_its_regulation() {
    let (plan, questions) = planned(UNIVERSITY, |_| {});
    let asked: Vec<(&str, Vec<&str>)> =
        questions.iter().map(|q| (q.id.as_str(), q.suggested.iter().map(String::as_str).collect())).collect();
    assert_eq!(
        asked,
        [
            ("administrators", vec!["U0007", "U0006"]),
            ("in_charge:U0002", vec!["后勤处", "招生就业处", "教务处"]),
            ("sender:后勤处", vec!["U0011"]),
            ("sender:招生就业处", vec!["U0013"]),
            ("sender:教务处", vec!["U0009"]),
        ]
    );
    for (number, expected) in [
        ("U0001", vec!["学校 leader_in_charge"]),
        (
            "U0002",
            vec!["后勤处 department_leader", "招生就业处 department_leader", "教务处 department_leader"],
        ),
        ("U0003", vec!["学生处 student_affairs_head"]),
        ("U0004", vec!["学生处 student_affairs_deputy"]),
        ("U0005", vec!["学生处 student_affairs_clerk"]),
        ("U0006", vec!["网络与信息化中心 department_head", "学校 administrator"]),
        ("U0007", vec!["学校 administrator"]),
        ("U0008", vec!["教务处 first_responsible"]),
        ("U0009", vec!["教务处 designated_sender", "教务处 department_clerk"]),
        ("U0014", vec!["信息学院 dean"]),
        ("U0015", vec!["信息学院 college_leader"]),
        ("U0016", vec!["信息学院 college_clerk"]),
        ("U0017", vec!["信息学院/2023级 counsellor"]),
        ("U0071", vec!["商学院 dean"]),
    ] {
        assert_eq!(posts(&plan, number), expected, "{number}");
    }
    let class = plan.desired["U0017"].first().and_then(|held| held.class.clone()).expect("a class");
    assert_eq!((class.unit.kind(), class.written().as_str()), (UnitKind::Grade, "信息学院/2023级1班"));
}

#[test]
fn g7_a_leader_is_in_charge_of_the_departments_that_are_named_and_no_others() {
    let (plan, _) = planned(UNIVERSITY, |answer| match answer.id.as_str() {
        "in_charge:U0002" => answer.chosen = vec!["教务处".into()],
        "sender:教务处" => answer.chosen = Vec::new(),
        _ => {}
    });
    assert_eq!(posts(&plan, "U0002"), ["教务处 department_leader"]);
    assert_eq!(posts(&plan, "U0009"), ["教务处 department_clerk"], "nobody is designated by a guess");
    // The roll that comes of it is what is suggested the next time.
    let parsed = read_staff(UNIVERSITY, &Roll::new("示范大学").places()).expect("a file");
    let roll = roll_after(&parsed.taken, &plan);
    let again = StaffPlan::new(&parsed.taken, &roll);
    let questions = open_questions(&again, &roll);
    let of = |id: &str| &questions.iter().find(|q| q.id == id).expect("asked").suggested;
    assert_eq!(of("in_charge:U0002"), &["教务处"]);
    // With a second leader nothing is likely, and somebody has to say.
    let two = format!("{}U0090,秦安,19900100090,学校,分管校领导,,\n", String::from_utf8_lossy(UNIVERSITY));
    let parsed = read_staff(two.as_bytes(), &Roll::new("示范大学").places()).expect("a file");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let questions = open_questions(&plan, &StaffRoll::default());
    let refused = plan.clone().answered(&questions, &answers(&questions)).expect_err("open");
    let fields: Vec<&str> = refused.iter().filter_map(|r| r.field_name()).collect();
    assert_eq!(fields, ["answers.in_charge:U0002", "answers.in_charge:U0090"]);
    assert_eq!(posts(&plan, "U0090"), Vec::<String>::new(), "before that the leader has no power");
}

#[test]
fn g7_who_answers_for_a_department_is_not_its_designated_sender() {
    let (_, questions) = planned(UNIVERSITY, |_| {});
    let choices = &questions.iter().find(|q| q.id == "sender:教务处").expect("asked").choices;
    assert_eq!(choices.iter().map(|c| c.number.as_str()).collect::<Vec<_>>(), ["U0009"]);
}

#[test]
fn a_level_without_its_leader_is_asked_about() {
    let text = String::from_utf8(UNIVERSITY.to_vec()).expect("text");
    let text =
        text.replace("信息学院,分管学生工作院领导", "信息学院,教授").replace("学校,主管校领导", "学校,教授");
    let parsed = read_staff(text.as_bytes(), &Roll::new("示范大学").places()).expect("a file");
    let plan = StaffPlan::new(&parsed.taken, &StaffRoll::default());
    let questions = open_questions(&plan, &StaffRoll::default());
    let of = |id: &str| questions.iter().find(|q| q.id == id).map(|q| q.words.get(Lang::Zh).to_owned());
    assert!(of("custodian:信息学院").is_some() && of("custodian:商学院").is_none(), "{questions:?}");
    assert_eq!(of("head:school").as_deref(), Some("名单里没有写学校的负责人（主管校领导），由谁担任？"));
    assert!(!questions.iter().any(|q| q.id.contains("2023级")), "a college's year group has no head");
}

proptest! {
    /// Wherever a class stands in two colleges it is two classes, and its rows in both files find their own.
    #[test]
    fn a_class_of_one_name_in_two_colleges_is_two(year in 2019..2030u32, class in 1..30u32, slash in any::<bool>()) {
        let between = if slash { "/" } else { "" };
        let rows: String = ["信息学院", "商学院"].iter().zip(1..).map(|(college, n)| {
            format!("{n},甲{n},1990000000{n},{college},辅导员,{college}{between}{year}级{class}班,\n")
        }).collect();
        let mut roll = Roll::new("示范大学");
        let parsed = read_staff(format!("{STAFF_HEADER}{rows}").as_bytes(), &roll.places()).expect("a file");
        roll.apply_staff(&parsed);
        prop_assert_eq!(roll.classes.len(), 2);
        let header = "学号,姓名,学院,年级,班级,家长姓名,关系,家长手机\n";
        let rows: String = ["信息学院", "商学院"].iter().zip(1..).map(|(college, n)| {
            format!("{n},乙,{college},{year}级,{class}班,丙,母亲,1990000001{n}\n")
        }).collect();
        let students = read_students(format!("{header}{rows}").as_bytes(), &roll.places()).expect("a file");
        prop_assert_eq!(said(&students), Vec::<String>::new());
        for (row, staff) in students.taken.iter().zip(&parsed.taken) {
            prop_assert_eq!(&row.class, &staff.homeroom[0]);
        }
        prop_assert_ne!(&students.taken[0].class, &students.taken[1].class);
        let again = roll.places().changes(&colleges_of(&students.taken), &classes_of(&students.taken), &students.codes);
        prop_assert_eq!(again, PlaceChanges::default());
    }
}
