//! Whose number it is, what is shown of a change, and what a file merely
//! lacks: nothing of it happens unasked.

use super::changes::{self, Found};
use super::diff::{RollGuardian, RollStudent};
use super::offers::{self, Ticked};
use super::persons::{self, Given, MAX_OTHERS};
use super::*;
use crate::ids::{GuardianId, StudentId};
use crate::roster::{
    ChangeKind, ImportKind, Offer, OfferKind, OtherPerson, PersonAnswer, SAMPLE, Sameness, template,
};

/// A school's staff as it stands after its file.
fn roll() -> StaffRoll {
    let rows = read_staff(STAFF, &Places::default()).expect("the staff file").taken;
    let plan = StaffPlan::new(&rows, &StaffRoll::default());
    let questions = open_questions(&plan, &StaffRoll::default());
    let plan = plan.suggested(&questions, &[]);
    roll_after(&rows, &plan)
}

/// The staff file with these rows exchanged: `(number, another name)`.
fn with_names(names: &[(&str, &str)]) -> Vec<StaffRow> {
    let mut rows = read_staff(STAFF, &Places::default()).expect("the staff file").taken;
    for (number, name) in names {
        rows.iter_mut().find(|r| r.number == *number).expect("a row").name = (*name).to_owned();
    }
    rows
}

fn is(id: &OtherPerson, is: Sameness) -> PersonAnswer {
    PersonAnswer { id: id.id.clone(), is }
}

fn settle(rows: &mut Vec<StaffRow>, roll: &mut StaffRoll, answers: &[PersonAnswer]) -> persons::Settled {
    persons::staff(rows, roll, &Given::new(answers), &key).expect("few others")
}

fn shown_of(found: &[Found], kind: ChangeKind) -> Vec<String> {
    let of_kind = found.iter().filter(|f| f.change.kind == kind);
    of_kind.map(|f| format!("{}：{} → {}", f.change.who, f.change.before.zh, f.change.after.zh)).collect()
}

#[test]
fn g38_a_number_with_another_name_is_asked_and_never_guessed() {
    let mut rows = with_names(&[("T0001", "石海涵"), ("T0020", "甲乙丙")]);
    let mut before = roll();
    let asked = settle(&mut rows, &mut before, &[]);
    assert_eq!(asked.asked.len(), 2);
    assert_eq!(asked.open.len(), 2, "nothing is suggested");
    assert_eq!(asked.asked[0].whose.zh, "教职工号 T0001");
    assert_eq!(asked.asked[0].after, "石海涵");
    assert!(asked.asked[0].hints.iter().any(|h| h.zh == "手机号没有变"), "{:?}", asked.asked[0]);
    assert!(asked.asked[0].hints.iter().any(|h| h.zh == "现任职务：校长"), "{:?}", asked.asked[0]);
    assert_eq!(rows.len(), 63, "what is open is left out");
    let refused: Vec<String> =
        asked.unanswered().iter().filter_map(|r| r.field_name().map(str::to_owned)).collect();
    assert_eq!(refused, ["persons.staff:1", "persons.staff:20"]);
}

#[test]
fn g38_each_answer_does_what_it_says() {
    let first = |rows: &mut Vec<StaffRow>, before: &mut StaffRoll| settle(rows, before, &[]).asked[0].clone();
    let asked = first(&mut with_names(&[("T0001", "石海涵")]), &mut roll());

    let (mut rows, mut before) = (with_names(&[("T0001", "石海涵")]), roll());
    let renamed = settle(&mut rows, &mut before, &[is(&asked, Sameness::Renamed)]);
    let plan = StaffPlan::new(&rows, &before).kept(&before, &HashSet::new());
    let found = changes::staff(&rows, &plan, &before, &renamed, &key);
    let was = roll().people[0].name.clone();
    assert_eq!(shown_of(&found, ChangeKind::Renamed), [format!("{was}（T0001）：{was} → 石海涵")]);
    assert_eq!(shown_of(&found, ChangeKind::Added), [""; 0]);

    let (mut rows, mut before) = (with_names(&[("T0001", "石海涵")]), roll());
    let mistake = settle(&mut rows, &mut before, &[is(&asked, Sameness::Mistake)]);
    assert_eq!((rows.len(), mistake.open.len()), (64, 0));
    assert!(rows.iter().all(|r| r.number != "T0001"));
    let plan = StaffPlan::new(&rows, &before);
    assert_eq!(plan.desired["T0001"].iter().map(|h| h.post).collect::<Vec<_>>(), [Post::Principal]);

    let (mut rows, mut before) = (with_names(&[("T0001", "石海涵")]), roll());
    let other = settle(&mut rows, &mut before, &[is(&asked, Sameness::NewPerson)]);
    assert!(other.replaced(StaffId(1)) && before.people[0].left);
    let plan = StaffPlan::new(&rows, &before).kept(&before, &HashSet::new());
    let found = changes::staff(&rows, &plan, &before, &other, &key);
    assert_eq!(
        shown_of(&found, ChangeKind::Replaced),
        [format!("{was}（T0001）：校长 → 离校，号码归石海涵")]
    );
    assert!(shown_of(&found, ChangeKind::Added)[0].starts_with("石海涵（T0001）： → 校长"), "{found:?}");
    let added = diff::staff(&rows, &plan, &before, &key);
    assert_eq!(added.iter().filter(|c| **c == diff::Change::Added).count(), 1);
}

#[test]
fn a_spelling_is_no_other_person() {
    let mut before = roll();
    before.people[0].name = "阿依·古丽".into();
    before.people[1].name = "Li Na".into();
    let mut rows = with_names(&[("T0001", "阿依古丽"), ("T0002", "LI NA")]);
    assert_eq!(settle(&mut rows, &mut before, &[]).asked, []);
}

#[test]
fn rows_that_have_slipped_are_told_apart() {
    let roll = roll();
    let (one, two) = (roll.people[0].name.clone(), roll.people[1].name.clone());
    let mut rows = with_names(&[("T0001", &two), ("T0002", &one)]);
    let asked = settle(&mut rows, &mut roll.clone(), &[]).asked;
    assert!(asked[0].hints[0].zh.contains("T0002") && asked[0].hints[0].zh.contains("错了行"), "{asked:?}");
}

/// The numbers of one school's staff file under the names of another's.
#[test]
fn a_file_whose_numbers_belong_to_others_is_the_wrong_one() {
    let refused = |names: usize, roll: &StaffRoll| {
        let mut rows = read_staff(STAFF, &Places::default()).expect("the staff file").taken;
        for (n, row) in rows.iter_mut().take(names).enumerate() {
            row.name = format!("别人{n}");
        }
        persons::staff(&mut rows, &mut roll.clone(), &Given::new(&[]), &key)
    };
    let roll = roll();
    let wrong = refused(65, &roll).expect_err("refused");
    assert_eq!(wrong.kind, "wrong_file");
    assert!(wrong.words.zh.contains("有 65 个号码在名单上是另外的人"), "{}", wrong.words.zh);
    assert!(refused(7, &roll).is_err(), "more than a tenth");
    assert_eq!(refused(6, &roll).expect("fewer than a tenth").asked.len(), 6);
    // In a large school a tenth is more than anybody answers.
    let many = |others: usize| {
        let people = (0..5_000).map(|n| RollPerson {
            id: StaffId(n),
            number: n.to_string(),
            name: format!("人{n}"),
            phone: None,
            held: BTreeSet::new(),
            left: false,
        });
        let mut roll = roll_of(people.collect());
        let text: String =
            (0..5_000).map(|n| format!("{n},{}{n},,,,,\n", if n < others { "别人" } else { "人" })).collect();
        let mut rows = staff(&text).taken;
        persons::staff(&mut rows, &mut roll, &Given::new(&[]), &key).map(|s| s.asked.len())
    };
    assert_eq!(many(MAX_OTHERS), Ok(MAX_OTHERS));
    assert_eq!(many(MAX_OTHERS + 1).expect_err("refused").kind, "wrong_file");
}

#[test]
fn a_file_gives_posts_and_takes_none() {
    let before = roll();
    // The office director is a clerk in this file, a teacher's classes are others, the clerk is gone from it.
    let mut rows = read_staff(STAFF, &Places::default()).expect("the staff file").taken;
    rows.retain(|r| r.number != "T0004");
    let named: HashSet<String> = rows.iter().map(|r| r.number.clone()).collect();
    let (director, teacher) = (at(&rows, "T0003"), at(&rows, "T0042"));
    let office = unit(UnitKind::Office, &["校办室"]);
    rows[director].held = BTreeSet::from([Held::plain(Post::OfficeClerk, office.clone())]);
    let class = in_unit(&["七年级"], "七年级6班");
    let taught = Held::in_class(Post::SubjectTeacher, class, Some("物理".into()));
    rows[teacher].held = BTreeSet::from([taught.clone()]);

    let plan = StaffPlan::new(&rows, &before);
    let offered = offers::staff(&plan, &before, &named);
    let lines = |offers: &[Offer], kind: OfferKind| {
        let of_kind = offers.iter().filter(|o| o.kind == kind);
        of_kind.map(|o| format!("{} {}", o.who, o.what.zh)).collect::<Vec<_>>()
    };
    let ends = lines(&offered, OfferKind::PostEnds);
    assert_eq!(
        ends.len(),
        6 + 5,
        "an administrator and custodians whom the file does not name, too: {ends:?}"
    );
    assert!(ends[0].ends_with("校办室主任 校办室 → 校办室干事 校办室"), "{ends:?}");
    assert_eq!(lines(&offered, OfferKind::StaffLeaves).len(), 1);
    assert!(lines(&offered, OfferKind::StaffLeaves)[0].contains("T0004"));

    // Unticked, all goes on.
    let kept = plan.clone().kept(&before, &HashSet::new());
    assert!(before.appointments.iter().all(|a| kept.keeps(&a.number, &a.held)));
    assert_eq!(diff::begun(&kept, &before), [("T0042", &taught)], "no lesser post beside a lead");

    // Ticked, exactly that ends.
    let director = before.appointments.iter().find(|a| a.number == "T0003").expect("a post");
    let ticked = Ticked::read(&[format!("post:{}", director.id)], &offered).expect("offered");
    let kept = plan.clone().kept(&before, &ticked.posts);
    let ended: Vec<&str> = before
        .appointments
        .iter()
        .filter(|a| !kept.keeps(&a.number, &a.held))
        .map(|a| a.number.as_str())
        .collect();
    assert_eq!(ended, ["T0003"]);
    assert!(kept.desired["T0003"].contains(&Held::plain(Post::OfficeClerk, office)));

    // What was not offered cannot be ticked.
    for id in ["post:9999", "staff:1", "guardian:1", "nonsense", ""] {
        assert_eq!(Ticked::read(&[id.to_owned()], &offered).expect_err(id).kind, "not_offered");
    }
    let clerk = offered.iter().find(|o| o.kind == OfferKind::StaffLeaves).expect("offered");
    let ticked = Ticked::read(std::slice::from_ref(&clerk.id), &offered).expect("offered");
    assert!(ticked.agrees(&plan, &before, StaffId(1)).is_ok());
    assert_eq!(ticked.agrees(&plan, &before, StaffId(4)).expect_err("own")[0].kind, "own_leaving");
    let mut chosen = plan.clone();
    let custodian = Held::plain(Post::Custodian, UnitRef::school());
    chosen.desired.get_mut("T0004").expect("the clerk").insert(custodian);
    assert_eq!(ticked.agrees(&chosen, &before, StaffId(1)).expect_err("chosen")[0].kind, "leaves_and_chosen");
}

fn at(rows: &[StaffRow], number: &str) -> usize {
    rows.iter().position(|r| r.number == number).expect("a row")
}

#[test]
fn rows_with_a_fault_are_not_offered_as_leaving() {
    let parsed = staff("1,甲,12345,政教处,主任,,\n2,乙,19900000002,政教处,干事,,\n");
    assert_eq!((parsed.errors, parsed.named.len()), (1, 2));
    let person = |id: i64, name: &str| RollPerson {
        id: StaffId(id),
        number: id.to_string(),
        name: name.into(),
        phone: None,
        held: BTreeSet::new(),
        left: false,
    };
    let roll = roll_of(vec![person(1, "甲"), person(2, "乙"), person(3, "丙")]);
    let plan = StaffPlan::new(&parsed.taken, &roll);
    let offered: Vec<String> = offers::staff(&plan, &roll, &parsed.named).into_iter().map(|o| o.id).collect();
    assert_eq!(offered, ["staff:3"]);
}

fn guardian(id: i64, position: usize, name: &str, digits: &str) -> RollGuardian {
    RollGuardian {
        id: GuardianId(id),
        position,
        name: name.into(),
        relation: if position == 1 { "母亲" } else { "父亲" }.into(),
        phone: format!("key of {digits}"),
    }
}

fn student(id: i64, name: &str, guardians: Vec<RollGuardian>) -> RollStudent {
    RollStudent {
        id: StudentId(id),
        number: id.to_string(),
        name: name.into(),
        class: in_unit(&["七年级"], "七年级1班"),
        guardians,
        left: false,
    }
}

#[test]
fn a_student_s_number_with_another_name_is_asked() {
    let row = "1,陈二,七年级,1班,乙,母亲,19900000001,,,\n";
    let before = || vec![student(1, "甲一", vec![guardian(1, 1, "乙", "19900000001")])];
    let (mut rows, mut roll) = (students(row).taken, before());
    let settled = persons::students(&mut rows, &mut roll, &Given::new(&[]), &key).expect("one other");
    assert_eq!((settled.asked.len(), rows.len()), (1, 0));
    assert_eq!(settled.asked[0].id, "student:1");
    assert!(settled.asked[0].hints.iter().any(|h| h.zh == "有家长的手机号没有变"));

    let answer = [is(&settled.asked[0], Sameness::NewPerson)];
    let (mut rows, mut roll) = (students(row).taken, before());
    let settled = persons::students(&mut rows, &mut roll, &Given::new(&answer), &key).expect("one other");
    let changes = diff::students(&rows, &roll, &key, &settled.guardians);
    assert_eq!(changes[0].change, diff::Change::Added);
    let found = changes::students(&changes, &roll, &settled, &key);
    assert_eq!(shown_of(&found, ChangeKind::Replaced), ["甲一（1）：七年级1班 → 离校，学号归陈二"]);
    assert_eq!(shown_of(&found, ChangeKind::Added), ["陈二（1）： → 七年级1班；乙（母亲）199******01"]);
    assert_eq!(offers::students(&changes, &roll, &HashSet::from(["1".to_owned()])), []);
}

#[test]
fn a_guardian_of_whom_name_and_number_differ_is_asked() {
    let row = "1,甲一,七年级,1班,丙,母亲,19900000003,,,\n";
    let before = || {
        vec![student(
            1,
            "甲一",
            vec![guardian(1, 1, "乙", "19900000001"), guardian(2, 2, "丁", "19900000002")],
        )]
    };
    let ask = |answers: &[PersonAnswer]| {
        let (mut rows, mut roll) = (students(row).taken, before());
        let settled = persons::students(&mut rows, &mut roll, &Given::new(answers), &key).expect("one other");
        (rows, roll, settled)
    };
    let (rows, roll, settled) = ask(&[]);
    assert_eq!(settled.asked.iter().map(|o| o.id.as_str()).collect::<Vec<_>>(), ["guardian:1"]);
    assert_eq!(settled.asked[0].before, "乙（母亲）");
    assert_eq!(settled.asked[0].after, "丙（母亲）199******03");
    let changes = diff::students(&rows, &roll, &key, &settled.guardians);
    assert_eq!(changes[0].change, diff::Change::Same, "what is open changes nothing");
    let offered = offers::students(&changes, &roll, &HashSet::from(["1".to_owned()]));
    assert_eq!(
        offered.iter().map(|o| o.id.as_str()).collect::<Vec<_>>(),
        ["guardian:2"],
        "the father is lacking"
    );

    let moves = |sameness| {
        let (rows, roll, settled) = ask(&[is(&settled.asked[0], sameness)]);
        diff::students(&rows, &roll, &key, &settled.guardians)[0].moves.clone()
    };
    let renamed = moves(Sameness::Renamed);
    assert_eq!((renamed.updated, renamed.added, renamed.replaced), (vec![(0, 0)], vec![], vec![]));
    let other = moves(Sameness::NewPerson);
    assert_eq!((other.updated, other.added, other.replaced), (vec![], vec![0], vec![0]));
    assert!(moves(Sameness::Mistake).is_nothing());
}

#[test]
fn every_change_is_shown_from_what_to_what() {
    let (mut rows, mut roll) = (
        students("1,甲一,七年级,2班,乙,外婆,19900000009,,,\n2,新生,七年级,1班,丁,父亲,19900000004,,,\n")
            .taken,
        vec![student(1, "甲一", vec![guardian(1, 1, "乙", "19900000001")])],
    );
    let settled = persons::students(&mut rows, &mut roll, &Given::new(&[]), &key).expect("no other");
    assert_eq!(settled.asked, []);
    let changes = diff::students(&rows, &roll, &key, &settled.guardians);
    let found = changes::students(&changes, &roll, &settled, &key);
    assert_eq!(shown_of(&found, ChangeKind::Moved), ["甲一（1）：七年级1班 → 七年级2班"]);
    assert_eq!(shown_of(&found, ChangeKind::Relation), ["甲一（1）的家长乙：母亲 → 外婆"]);
    assert_eq!(shown_of(&found, ChangeKind::Phone), ["甲一（1）的家长乙： → 199******09"]);
    let phone = found.iter().find(|f| f.change.kind == ChangeKind::Phone).expect("a number");
    assert_eq!(phone.old_phone.as_deref(), Some("key of 19900000001"), "who shows it opens the old one");
    assert_eq!(shown_of(&found, ChangeKind::Added).len(), 1);
    assert_eq!(found.len(), 4);

    let one = changes::shown(&found, &[]);
    assert_ne!(one, changes::shown(&found[1..], &[]), "what is shown has its digest");
    assert_eq!(one, changes::shown(&found.clone(), &[]));
}

#[test]
fn a_class_with_its_subject_becomes_no_class() {
    let mut school = Roll::new("实验中学");
    school.class(&in_unit(&["七年级"], "七年级9班"), None, true);
    let read =
        |row: &str| read_staff(format!("{STAFF_HEADER}{row}").as_bytes(), &school.places()).expect("a file");
    for text in ["七年级9班语文", "七年级9班（语文）", "七年级9班 语文", "七年级(9)班语文"]
    {
        let parsed = read(&format!("1,甲,19900000001,任课,教师,,{text}\n"));
        let taught = &parsed.taken[0].taught;
        assert_eq!(taught, &[(in_unit(&["七年级"], "七年级9班"), "语文".to_owned())], "{text}");
        assert!(said(&parsed).iter().all(|s| s == "2 任教 Repaired"), "{text}: {:?}", said(&parsed));
    }
    let parsed = read("1,甲,19900000001,任课,教师,,七年级9班语文、七年级10班数学\n");
    assert_eq!(parsed.taken[0].taught.len(), 2);
    // Where no subject belongs, it is asked about.
    for row in ["1,甲,19900000001,任课,教师,七年级9班语文,\n", "1,甲,19900000001,任课,教师,,七年级语文\n"]
    {
        assert_eq!((read(row).taken.len(), read(row).errors), (0, 1), "{row}");
    }
    let parsed = students("1,甲,七年级,9班语文,乙,母亲,19900000001,,,\n");
    assert_eq!(said(&parsed), ["2 班级 Error"]);
    assert!(parsed.findings[0].words.zh.contains("后面还有“语文”"), "{:?}", parsed.findings);
    // A class that is called so is one.
    school.class(&in_unit(&["七年级"], "七年级9班双语"), None, true);
    let parsed = read_staff(
        format!("{STAFF_HEADER}1,甲,19900000001,任课,教师,七年级9班双语,\n").as_bytes(),
        &school.places(),
    );
    assert_eq!(parsed.expect("a file").taken[0].homeroom, [in_unit(&["七年级"], "七年级9班双语")]);
}

#[test]
fn templates_are_read_and_their_sample_is_skipped() {
    for kind in ImportKind::ALL {
        let text = template(kind);
        assert!(text.starts_with('\u{feff}') && text.lines().count() == 2 && text.ends_with("\r\n"));
        for cell in text.trim_start_matches('\u{feff}').split([',', '\n', '\r']) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "{cell:?} would be run as a formula");
        }
        assert!(text.contains(SAMPLE));
        // With a person's row below it, the sample says nothing of its own.
        let (row, named) = match kind {
            ImportKind::Staff => ("T1,甲,19900000001,政教处,主任,,\r\n", "T1"),
            ImportKind::Students => ("1,甲,七年级,1班,乙,母亲,19900000001,,,\r\n", "1"),
        };
        let filled = format!("{text}{row}");
        let (found, rows, numbers) = match kind {
            ImportKind::Staff => {
                let parsed = read_staff(filled.as_bytes(), &led()).expect("a file");
                (said(&parsed), parsed.rows, parsed.named)
            }
            ImportKind::Students => {
                let parsed = read_students(filled.as_bytes(), &led()).expect("a file");
                (said(&parsed), parsed.rows, parsed.named)
            }
        };
        assert_eq!((found, rows), (vec!["2  Warning".to_owned()], 1), "{kind:?}");
        assert_eq!(numbers, HashSet::from([named.to_owned()]));
        // The sample itself is a row as it should be.
        let sample = text.replace(SAMPLE, "9");
        let sound = match kind {
            ImportKind::Staff => said(&read_staff(sample.as_bytes(), &led()).expect("a file")),
            ImportKind::Students => said(&read_students(sample.as_bytes(), &led()).expect("a file")),
        };
        assert_eq!(sound, Vec::<String>::new(), "{kind:?}");
    }
}
