//! The first step of a deployment, and the switch that stops all sending.

use api_tests::{App, Client};
use domain::account::{Me, Slip};
use domain::delivery::DeliveryState;
use domain::school::{FirstAdministrator, SchoolView, Setup, StopOrder, UnitKind, UnitView};
use serde::Deserialize;

#[derive(Deserialize)]
struct Slips {
    slips: Vec<Slip>,
}

fn setup() -> Setup {
    Setup {
        name: "示范中学".into(),
        signature: "示范中学".into(),
        platform_word: None,
        regulation: Default::default(),
        window: None,
        administrators: vec![
            FirstAdministrator { number: "T0014".into(), name: "田沐华".into() },
            FirstAdministrator { number: "T0013".into(), name: "高佑奕".into() },
        ],
    }
}

fn post(app: &App, key: &str, setup: &Setup) -> api_tests::Reply {
    let body = serde_json::to_vec(setup).expect("json");
    app.anybody().send("POST", "/api/setup", Some(&body), &[("authorization", &format!("Bearer {key}"))])
}

#[test]
fn a_school_is_opened_once_and_only_with_the_key() {
    let app = App::empty();
    for wrong in ["", "wrong", &app.setup_key()[1..]] {
        let status = post(&app, wrong, &setup()).status;
        assert!(status == 401 || status == 403, "{wrong:?}: {status}");
    }
    let mut one = setup();
    one.administrators.truncate(1);
    assert_eq!(post(&app, app.setup_key(), &one).status, 422, "two, so that neither is alone with the keys");
    let mut twice = setup();
    twice.administrators[1] = twice.administrators[0].clone();
    assert_eq!(post(&app, app.setup_key(), &twice).status, 422);
    let mut signature = setup();
    signature.signature = "【】".into();
    assert_eq!(post(&app, app.setup_key(), &signature).status, 422);

    let slips: Slips = post(&app, app.setup_key(), &setup()).json();
    assert_eq!(slips.slips.len(), 2);
    assert!(slips.slips.iter().all(|s| s.link.starts_with(&format!("{}/activate#", app.origin()))));
    assert_eq!(post(&app, app.setup_key(), &setup()).status, 409);
    assert_eq!(app.count("SELECT COUNT(*) FROM staff"), 2);

    // 07:00 to 21:00 where the school says nothing.
    let mut admin = app.anybody();
    assert_eq!(admin.activate(&slips.slips[0], "my own long passphrase").status, 204);
    let me: Me = admin.sign_in("T0014", "my own long passphrase").json();
    assert_eq!((me.school.window.from, me.school.window.to), (420, 1260));
}

#[test]
fn two_setups_at_once_open_one_school() {
    let app = App::empty_on_workerd();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..6).map(|_| scope.spawn(|| post(&app, app.setup_key(), &setup()).status)).collect();
        tries.into_iter().map(|t| t.join().expect("a status")).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s < 300).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| *s < 300 || *s == 409), "{statuses:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM school"), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM staff"), 2);
}

#[test]
fn g1_g2_the_tree_of_units_names_heads_and_custodians() {
    let app = App::start();
    let units: Vec<UnitView> = app.office_clerk().get("/api/units").json();
    let school = units.iter().find(|u| u.kind == UnitKind::School).expect("the root");
    assert_eq!(school.parent, None);
    let grades: Vec<&UnitView> = units.iter().filter(|u| u.kind == UnitKind::Grade).collect();
    assert_eq!(grades.len(), 3);
    for grade in grades {
        assert_eq!(grade.heads.len(), 1, "{}", grade.name);
        assert!(grade.custodian.is_some(), "{} has a custodian", grade.name);
    }
}

#[test]
fn g14_stop_all_sending_holds_what_has_not_left() {
    let mut app = App::start();
    let order = |stopped| StopOrder { stopped, reason: "误发，先停".into() };
    let teacher = app.homeroom("八年级1班");
    assert_eq!(teacher.post("/api/school/stop", &order(true)).refused(403), "forbidden");
    let reasonless = StopOrder { stopped: true, reason: "  ".into() };
    assert_eq!(app.principal().post("/api/school/stop", &reasonless).status, 422);

    let school: SchoolView = app.principal().post("/api/school/stop", &order(true)).json();
    assert_eq!(school.stopped.expect("stopped").reason, "误发，先停");
    let (teacher, id) = app.class_notice();
    for _ in 0..3 {
        app.cron();
    }
    assert_eq!(app.sms(), []);
    let funnel = teacher.funnel(id);
    assert_eq!((funnel.waiting, funnel.delivered), (funnel.phones, 0));
    let stopped = |who: &Client| who.get("/api/me").json::<Me>().school.stopped.expect("everybody sees it");
    assert_eq!(stopped(&teacher).reason, "", "the reason is written for those who manage");
    for manager in [app.grade_head("八年级"), app.principal(), app.signed_in("T0014")] {
        assert_eq!(stopped(&manager).reason, "误发，先停");
    }

    assert_eq!(app.office_director().post("/api/school/stop", &order(false)).refused(403), "outranked");
    let _: SchoolView = app.principal().post("/api/school/stop", &order(false)).json();
    // What is held is looked at again each minute.
    app.forward(2 * 60_000);
    app.cron();
    assert_eq!(app.sms().len(), funnel.phones as usize, "it goes on");
    let states = app
        .count(&format!("SELECT COUNT(*) FROM deliveries WHERE state = '{}'", DeliveryState::Queued.key()));
    assert_eq!(states, 0);
}
