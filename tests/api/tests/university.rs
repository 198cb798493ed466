//! A university by its own regulation: the two rosters give each post of it to
//! the person who holds it, and messages take the way that their sender's does.

use std::sync::OnceLock;

use api_tests::{App, Client, PASSPHRASE, draft_to, draft_to_all};
use domain::account::Me;
use domain::approval::{Decide, Verdict};
use domain::checklist::{CheckPoint, Checklist};
use domain::ids::{ClassId, MessageId};
use domain::message::{MessageState, Preview};
use domain::roster::{ClassView, ImportPreview};
use domain::school::{UnitKind, UnitView};

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::university)
}

/// The posts that count now: `post unit class`.
fn posts(app: &App, number: &str) -> Vec<String> {
    let me: Me = app.signed_in(number).get("/api/me").json();
    assert!(me.unconfirmed.is_empty(), "{number}: {:?}", me.unconfirmed);
    let mut posts: Vec<String> = me
        .person
        .appointments
        .iter()
        .map(|a| {
            [a.post.key(), &a.unit_name, a.class_name.as_deref().unwrap_or("")].join(" ").trim().to_owned()
        })
        .collect();
    posts.sort();
    posts
}

/// What somebody gets who tries to decide it, whether it is shown to that person or not.
fn decides(app: &App, number: &str, id: MessageId, digest: &str) -> u16 {
    let decide = Decide {
        verdict: Verdict::Approve,
        digest: digest.to_owned(),
        reason: String::new(),
        passages: Vec::new(),
        password: Some(PASSPHRASE.to_owned()),
    };
    app.signed_in(number).post(&format!("/api/messages/{id}/decisions"), &decide).status
}

fn class(client: &Client, full_name: &str) -> ClassId {
    let classes: Vec<ClassView> = client.get("/api/classes").json();
    let found = classes.iter().find(|c| c.full_name() == full_name);
    found.unwrap_or_else(|| panic!("{full_name} is not in {classes:?}")).id
}

#[test]
fn g1_g4_g5_g7_the_rosters_give_each_post_of_the_regulation_to_its_holder() {
    let app = app();
    for (number, expected) in [
        ("U0001", vec!["leader_in_charge 示范大学"]),
        (
            "U0002",
            vec!["department_leader 后勤处", "department_leader 招生就业处", "department_leader 教务处"],
        ),
        ("U0003", vec!["student_affairs_head 学生处"]),
        ("U0004", vec!["student_affairs_deputy 学生处"]),
        ("U0005", vec!["student_affairs_clerk 学生处"]),
        ("U0006", vec!["administrator 示范大学", "department_head 网络与信息化中心"]),
        ("U0007", vec!["administrator 示范大学"]),
        ("U0008", vec!["first_responsible 教务处"]),
        ("U0009", vec!["department_clerk 教务处", "designated_sender 教务处"]),
        ("U0014", vec!["dean 信息学院"]),
        ("U0015", vec!["college_leader 信息学院"]),
        ("U0016", vec!["college_clerk 信息学院"]),
        ("U0017", vec!["counsellor 2023级 2023级1班"]),
        ("U0071", vec!["dean 商学院"]),
        ("U0072", vec!["college_leader 商学院"]),
        ("U0073", vec!["college_clerk 商学院"]),
    ] {
        assert_eq!(posts(app, number), expected, "{number}");
    }
    let units: Vec<UnitView> = app.signed_in("U0007").get("/api/units").json();
    let of = |kind: UnitKind| units.iter().filter(|u| u.kind == kind).count();
    assert_eq!((of(UnitKind::StudentAffairs), of(UnitKind::College), of(UnitKind::Grade)), (1, 4, 16));
    assert_eq!(of(UnitKind::Department), 4);
    let years = units.iter().filter(|u| u.kind == UnitKind::Grade);
    assert!(
        years
            .into_iter()
            .all(|year| { units.iter().any(|u| Some(u.id) == year.parent && u.kind == UnitKind::College) })
    );
}

#[test]
fn a_class_is_its_college_year_and_name() {
    let app = app();
    assert_eq!(app.count("SELECT COUNT(*) FROM classes"), 64);
    let sizes = ["信息学院", "机电学院", "文学院", "商学院"].map(|college| {
        app.count(&format!(
            "SELECT COUNT(*) FROM students s JOIN classes c ON c.id = s.class_id JOIN units y ON y.id = c.unit_id
             JOIN units u ON u.id = y.parent_id WHERE c.name = '2023级1班' AND y.name = '2023级' AND u.name = '{college}'"
        ))
    });
    assert_eq!(sizes, [35, 36, 30, 35]);
    let clerk = app.signed_in("U0016");
    let seen: Vec<ClassView> = clerk.get("/api/classes").json();
    assert_eq!(seen.len(), 16, "a college sees its own classes");
    assert!(seen.iter().all(|c| c.path[0] == "信息学院" && c.homeroom.len() == 1), "{seen:?}");
}

#[test]
fn the_same_two_files_again_change_nothing() {
    let app = App::university();
    let admin = app.signed_in("U0007");
    let rows = "SELECT (SELECT COUNT(*) FROM units) + (SELECT COUNT(*) FROM classes) + (SELECT COUNT(*) FROM appointments)
                + (SELECT COUNT(*) FROM guardians) + (SELECT COUNT(*) FROM staff)";
    let before = app.count(rows);
    for (kind, people) in [("staff", 89), ("students", 2175)] {
        let bytes = std::fs::read(format!("{}/../data/university-{kind}.csv", env!("CARGO_MANIFEST_DIR")));
        let preview: ImportPreview =
            admin.upload(&format!("/api/roster/imports?kind={kind}"), &bytes.expect("a roster")).json();
        let counts = &preview.counts;
        assert_eq!((counts.added, counts.changed, counts.same), (0, 0, people), "{kind}");
        assert!(preview.changes.is_empty() && preview.offers.is_empty(), "{kind}: {:?}", preview.offers);
        let applied = admin.post(&format!("/api/roster/imports/{}/apply", preview.id), &preview.likely());
        assert_eq!(applied.status, 200, "{}", applied.body);
    }
    assert_eq!(app.count(rows), before);
}

#[test]
fn g4_what_the_school_level_sends_is_reviewed_and_approved() {
    let app = app();
    let clerk = app.signed_in("U0005");
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("submitted");
    // Neither the deputy in the head's place, nor a leader of departments in that of 主管校领导.
    assert_eq!(decides(app, "U0004", id, &digest), 403);
    app.signed_in("U0003").approve(id);
    assert_eq!(decides(app, "U0002", id, &digest), 404);
    assert_ne!(app.signed_in("U0001").approve(id).state, MessageState::Submitted);
}

#[test]
fn g5_what_a_counsellor_sends_is_the_own_college_s() {
    let app = app();
    let counsellor = app.signed_in("U0017");
    let id = counsellor.draft(&draft_to(&[class(&counsellor, "信息学院2023级1班")]));
    let digest = counsellor.submit(id).digest.expect("submitted");
    for number in ["U0072", "U0071", "U0003", "U0001"] {
        let status = decides(app, number, id, &digest);
        assert!([403, 404].contains(&status), "{number}: {status}");
    }
    app.signed_in("U0015").approve(id);
    assert_ne!(app.signed_in("U0014").approve(id).state, MessageState::Submitted);
}

#[test]
fn g2_a_college_without_the_leader_who_answers_for_its_account_cannot_send() {
    let app = App::university();
    let (clerk, admin) = (app.signed_in("U0073"), app.signed_in("U0007"));
    let lacking = |point: CheckPoint| {
        let list: Checklist = admin.get("/api/school/checklist").json();
        list.lines.iter().find(|line| line.point == point).map(|line| line.lacking)
    };
    assert_eq!((lacking(CheckPoint::Posts), lacking(CheckPoint::Custodians)), (Some(0), Some(0)));
    let draft = draft_to(&[class(&clerk, "商学院2023级1班")]);
    let preview: Preview = clerk.post("/api/messages/preview", &draft).json();
    assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
    app.db()
        .execute(
            "UPDATE appointments SET until = ?1, mac = mac || 'e' WHERE post = 'college_leader'
               AND staff_id = (SELECT id FROM staff WHERE number = 'U0072')",
            [1],
        )
        .expect("the post ends");
    let preview: Preview = clerk.post("/api/messages/preview", &draft).json();
    let kinds: Vec<&str> = preview.refusals.iter().map(|r| r.kind.as_ref()).collect();
    assert_eq!(kinds, ["no_custodian", "step_without_person"]);
    assert_eq!((lacking(CheckPoint::Posts), lacking(CheckPoint::Custodians)), (Some(1), Some(1)));
}
