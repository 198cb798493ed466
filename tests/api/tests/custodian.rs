//! 专人负责 (G2): who answers for the account of a unit is appointed from day
//! to day; one at a time, and nothing goes while there is none.

use api_tests::{App, Client, draft_to};
use domain::access::Post;
use domain::appointment::{Confirm, WaitingAppointments};
use domain::checklist::{CheckPoint, Checklist};
use domain::message::{HoldReason, MessageState, Preview};
use domain::roster::Question;
use domain::school::UnitView;

const HEADER: &str = "工号,姓名,手机,部门,职务,班主任班级,任教\n";

fn custodian(client: &Client, unit: &str) -> Option<String> {
    let units: Vec<UnitView> = client.get("/api/units").json();
    units.into_iter().find(|u| u.name == unit).expect(unit).custodian.map(|person| person.number)
}

/// Has the file name somebody for 八年级's account, and gives what waits then.
fn appoint(clerk: &Client, second: &Client, number: &str) -> Vec<domain::appointment::WaitingAppointment> {
    let rows = format!("{HEADER}T0026,彭梦泽,19900071208,八年级,班主任,八年级1班,八年级1班:英语\n");
    let answer = |q: &Question| {
        if q.id == "custodian:八年级" { vec![number.to_owned()] } else { q.suggested.clone() }
    };
    let applied = clerk.import_with("staff", rows.as_bytes(), answer);
    assert_eq!(applied.status, 200, "{}", applied.body);
    second.get("/api/appointments/waiting").json::<WaitingAppointments>().waiting
}

fn confirm(second: &Client, waiting: &[domain::appointment::WaitingAppointment]) {
    let appointments = waiting.iter().map(|w| w.appointment.id).collect();
    let done = second.post("/api/appointments/confirmations", &Confirm { appointments });
    assert_eq!(done.status, 200, "{}", done.body);
}

#[test]
fn g2_a_custodian_takes_over_once_a_second_person_has_confirmed() {
    let app = App::start();
    let (clerk, admin) = (app.office_clerk(), app.administrator());
    assert_eq!(custodian(&clerk, "八年级").as_deref(), Some("T0016"));
    let waiting = appoint(&clerk, &admin, "T0026");
    assert_eq!(waiting.iter().map(|w| w.appointment.post).collect::<Vec<_>>(), [Post::Custodian]);
    assert_eq!(custodian(&clerk, "八年级").as_deref(), Some("T0016"), "until then nothing changes");
    confirm(&admin, &waiting);
    assert_eq!(custodian(&clerk, "八年级").as_deref(), Some("T0026"));
    let of = "FROM appointments a JOIN units u ON u.id = a.unit_id WHERE u.name = '八年级' AND a.post = 'custodian'";
    assert_eq!(app.count(&format!("SELECT COUNT(*) {of}")), 2);
    assert_eq!(app.count(&format!("SELECT COUNT(*) {of} AND a.until IS NULL")), 1, "one at a time");
    // Who held it before, from day to day, stays on record.
    assert_eq!(app.count(&format!("SELECT COUNT(*) {of} AND a.until = (SELECT b.confirmed_at FROM appointments b WHERE b.id > a.id AND b.post = 'custodian')")), 1);
}

#[test]
fn g2_a_message_is_held_while_nobody_answers_for_the_account() {
    let app = App::start();
    let (teacher, head, clerk, admin) =
        (app.homeroom("八年级1班"), app.grade_head("八年级"), app.office_clerk(), app.administrator());
    let notice = draft_to(&[teacher.class("八年级1班")]);
    let id = teacher.draft(&notice);
    teacher.submit(id);
    app.db()
        .execute(
            "UPDATE appointments SET until = 1, mac = mac || 'e' WHERE post = 'custodian'
               AND unit_id = (SELECT id FROM units WHERE name = '八年级')",
            [],
        )
        .expect("the post ends");
    assert_eq!(custodian(&clerk, "八年级"), None);
    let list: Checklist = clerk.get("/api/school/checklist").json();
    let lacking = list.lines.iter().find(|l| l.point == CheckPoint::Custodians).map(|l| l.lacking);
    assert_eq!(lacking, Some(1));

    // At submission it is refused, with the reason.
    let preview: Preview = teacher.post("/api/messages/preview", &notice).json();
    assert_eq!(preview.refusals.iter().map(|r| r.kind.as_ref()).collect::<Vec<_>>(), ["no_custodian"]);
    // What was submitted before is approved, and held.
    let approved = head.approve(id);
    assert_eq!((approved.state, approved.held), (MessageState::Approved, Some(HoldReason::NoCustodian)));
    app.cron();
    assert_eq!((head.message(id).state, app.sms().len()), (MessageState::Approved, 0));

    // Named but not confirmed is not there yet.
    let waiting = appoint(&clerk, &admin, "T0016");
    app.cron();
    assert_eq!(head.message(id).held, Some(HoldReason::NoCustodian));
    confirm(&admin, &waiting);
    assert_eq!(head.message(id).held, None);
    app.cron();
    assert_ne!(head.message(id).state, MessageState::Approved);
}
