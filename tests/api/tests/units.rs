//! Messages to the staff of units.

use std::sync::OnceLock;

use api_tests::{App, Client, draft_to};
use domain::ids::UnitId;
use domain::message::{Audience, Draft, Preview};
use domain::school::UnitView;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

fn unit(client: &Client, name: &str) -> UnitId {
    let units: Vec<UnitView> = client.get("/api/units").json();
    units.iter().find(|u| u.name == name).unwrap_or_else(|| panic!("{name} is not in {units:?}")).id
}

fn to(units: &[UnitId]) -> Draft {
    Draft { audience: Audience::Units { units: units.to_vec() }, ..draft_to(&[]) }
}

fn preview(client: &Client, draft: &Draft) -> Preview {
    client.post("/api/messages/preview", draft).json()
}

/// I6: it has its turn among what goes to the staff, and no number.
#[test]
fn who_holds_a_post_in_a_unit_gets_it_and_nobody_else() {
    let app = App::start();
    let clerk = app.office_clerk();
    let grade = unit(&clerk, "七年级");
    let staff = |what: &str| {
        app.count(&format!(
            "SELECT COUNT(DISTINCT t.{what}) FROM staff t JOIN appointments_in_power a ON a.staff_id = t.id WHERE a.unit_id = {grade}"
        )) as u32
    };
    let seen = preview(&clerk, &to(&[grade]));
    assert_eq!(
        (seen.reach.children, seen.reach.people, seen.reach.phones),
        (0, staff("id"), staff("phone_id"))
    );
    assert!(seen.reach.people > 0 && (seen.reach.people as i64) < app.count("SELECT COUNT(*) FROM staff"));
    assert_eq!((seen.audience.zh.as_ref(), seen.refusals.len()), ("七年级教职工", 0));

    let id = clerk.draft(&to(&[grade]));
    assert_eq!(clerk.message(id).draft.audience, to(&[grade]).audience);
    clerk.submit(id);
    app.grade_head("七年级").approve(id);
    app.settled(&clerk, id);
    assert_eq!(app.sms().len() as u32, seen.reach.phones);
    assert_eq!(app.count("SELECT seq FROM message_streams WHERE number IS NULL AND stream_id = 1"), 1);
    // The whole school is all its staff.
    let school = app.count("SELECT id FROM units WHERE parent_id IS NULL");
    let all = preview(&clerk, &to(&[UnitId(school), grade]));
    assert!(all.reach.people > seen.reach.people, "{:?}", all.reach);
}

#[test]
fn a_unit_that_is_not_there_is_refused_and_tells_nothing() {
    let clerk = app().office_clerk();
    let draft = to(&[unit(&clerk, "七年级"), UnitId(999)]);
    assert_eq!(clerk.post("/api/messages", &draft).refused(422), "audience_not_yours");
    let seen = preview(&clerk, &draft);
    assert_eq!((seen.reach, seen.audience.zh.as_ref()), (Default::default(), ""));
    let none = preview(&clerk, &to(&[]));
    assert!(none.refusals.iter().any(|r| r.kind == "audience_missing"));
    // Who may write to all teachers may write to some; who may not, to none.
    let teacher = app().homeroom("八年级1班");
    assert_eq!(preview(&teacher, &to(&[unit(&teacher, "八年级")])).audience.zh, "八年级教职工");
    let head = app().grade_head("八年级");
    assert_eq!(head.post("/api/messages", &to(&[unit(&head, "八年级")])).status, 403);
}
