//! Student societies (学生社团, G59): one sends through its teacher and nobody
//! else, to those among whom it is, by the chain of its college.

use api_tests::{App, Client, PASSPHRASE, draft_to};
use domain::access::{Action, Post};
use domain::account::Me;
use domain::appointment::{Confirm, WaitingAppointments};
use domain::approval::procedure::Procedures;
use domain::approval::{Sender, StepKind, Verdict};
use domain::ids::{AppointmentId, ClassId, UnitId};
use domain::message::{Audience, Category, Draft, MessageState, Preview};
use domain::roster::{ClassView, StaffView};
use domain::school::UnitView;
use serde_json::json;

fn unit(client: &Client, name: &str) -> UnitId {
    let units: Vec<UnitView> = client.get("/api/units").json();
    units.into_iter().find(|u| u.name == name).unwrap_or_else(|| panic!("no unit {name}")).id
}

fn me(client: &Client) -> Me {
    client.get("/api/me").json()
}

/// A society in a college (or in the school), with U0017 as its teacher.
fn society(app: &App, above: &str) -> UnitId {
    let (admin, second) = (app.signed_in("U0007"), app.signed_in("U0006"));
    let order = json!({ "parent": unit(&admin, above), "kind": "society", "name": "青年志愿者协会" });
    assert_eq!(admin.post("/api/units", &order).status, 200);
    let society = unit(&admin, "青年志愿者协会");
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    let teacher = staff.iter().find(|s| s.number == "U0017").expect("on the staff").id;
    let give = json!({ "staff": teacher, "post": "society_teacher", "unit": society });
    assert_eq!(admin.post("/api/appointments", &give).status, 204);
    let waits: WaitingAppointments = second.get("/api/appointments/waiting").json();
    let appointments = waits.waiting.iter().map(|w| w.appointment.id).collect();
    assert_eq!(second.post("/api/appointments/confirmations", &Confirm { appointments }).status, 200);
    society
}

fn class(app: &App, full_name: &str) -> ClassId {
    let classes: Vec<ClassView> = app.signed_in("U0005").get("/api/classes").json();
    classes.iter().find(|c| c.full_name() == full_name).unwrap_or_else(|| panic!("no {full_name}")).id
}

fn held(teacher: &Client) -> AppointmentId {
    let held = me(teacher).person.appointments;
    held.iter().find(|a| a.post == Post::SocietyTeacher).expect("the post").id
}

fn draft(teacher: &Client, class: ClassId) -> Draft {
    Draft { appointment: Some(held(teacher)), ..draft_to(&[class]) }
}

fn decide(client: &Client, id: domain::ids::MessageId) -> u16 {
    let seen = client.message(id);
    let order =
        json!({ "verdict": Verdict::Approve, "digest": seen.digest, "reason": "", "password": PASSPHRASE });
    client.post(&format!("/api/messages/{id}/decisions"), &order).status
}

#[test]
fn g59_a_society_sends_through_its_teacher_by_the_chain_of_its_college() {
    let app = App::university();
    society(&app, "信息学院");
    let teacher = app.signed_in("U0017");
    let own = class(&app, "信息学院2023级2班");
    let seen: Preview = teacher.post("/api/messages/preview", &draft(&teacher, own)).json();
    assert_eq!(seen.refusals.iter().map(|r| r.kind.as_ref()).collect::<Vec<_>>(), Vec::<&str>::new());
    // To another college's class it does not reach, nor to one child, all parents or all teachers.
    let other = class(&app, "商学院2023级1班");
    assert_eq!(teacher.post("/api/messages", &draft(&teacher, other)).refused(422), "audience_not_yours");
    for audience in [Audience::AllGuardians, Audience::AllTeachers] {
        let order = Draft { audience, ..draft(&teacher, own) };
        assert_eq!(teacher.post("/api/messages", &order).refused(422), "audience_not_yours");
    }
    let about = Draft { category: Some(Category::Study), ..draft(&teacher, own) };
    let seen: Preview = teacher.post("/api/messages/preview", &about).json();
    assert!(!seen.refusals.is_empty());

    let id = teacher.draft(&draft(&teacher, own));
    teacher.submit(id);
    assert_eq!(decide(&app.signed_in("U0014"), id), 403, "the dean does not go first");
    assert_eq!(decide(&app.signed_in("U0015"), id), 200);
    assert_eq!(decide(&app.signed_in("U0014"), id), 200);
    app.settled(&teacher, id);
    assert_eq!(teacher.message(id).state, MessageState::Sent);
    assert!(!app.sms().is_empty());
    assert_eq!(app.count("SELECT COUNT(*) FROM filings"), 1, "filed with student affairs");
}

#[test]
fn g59_a_society_of_the_school_itself_takes_the_chain_of_the_school_level() {
    let app = App::university();
    society(&app, "示范大学");
    let teacher = app.signed_in("U0017");
    // Any class of the school, and nobody of a college decides.
    let id = teacher.draft(&draft(&teacher, class(&app, "商学院2023级1班")));
    teacher.submit(id);
    for number in ["U0015", "U0072", "U0001"] {
        let order =
            json!({ "verdict": "approve", "digest": "0".repeat(64), "reason": "", "password": PASSPHRASE });
        let status = app.signed_in(number).post(&format!("/api/messages/{id}/decisions"), &order).status;
        assert!(matches!(status, 403 | 404 | 409), "{number}: {status}");
    }
    assert_eq!(decide(&app.signed_in("U0003"), id), 200);
    assert_eq!(decide(&app.signed_in("U0001"), id), 200);
    app.settled(&teacher, id);
    assert_eq!(teacher.message(id).state, MessageState::Sent);
}

#[test]
fn g59_the_procedure_of_societies_is_set_up_and_reads_as_a_sentence() {
    let app = App::university();
    let known: Procedures = app.signed_in("U0003").get("/api/procedures").json();
    let society = known.all.iter().find(|p| p.sender == Sender::Society).expect("a procedure");
    let kinds: Vec<StepKind> = society.steps.iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [StepKind::Review, StepKind::Approve, StepKind::File]);
    assert!(
        society.sentence.zh.starts_with("学生社团拟发送的信息，由分管学生工作的院领导"),
        "{:?}",
        society.sentence.zh
    );
}

/// Leading group and auditor: what they see, and that they change nothing they may not.
#[test]
fn g35_g62_who_watches_over_it_sends_and_decides_nothing() {
    let app = App::university();
    let (admin, second) = (app.signed_in("U0007"), app.signed_in("U0006"));
    let school = unit(&admin, "示范大学");
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    for (number, post) in [("U0009", Post::Auditor), ("U0073", Post::LeadingGroup)] {
        let id = staff.iter().find(|s| s.number == number).expect("on the staff").id;
        let give = json!({ "staff": id, "post": post.key(), "unit": school });
        assert_eq!(admin.post("/api/appointments", &give).status, 204);
        assert!(!me(&app.signed_in(number)).person.holds(post, None), "not before a second person");
    }
    let waits: WaitingAppointments = second.get("/api/appointments/waiting").json();
    let appointments = waits.waiting.iter().map(|w| w.appointment.id).collect();
    assert_eq!(second.post("/api/appointments/confirmations", &Confirm { appointments }).status, 200);
    let auditor = app.signed_in("U0009");
    for path in ["/api/audit", "/api/register", "/api/audit/verify"] {
        assert_eq!(auditor.get(path).status, 200, "{path}");
    }
    let person = me(&auditor).person;
    assert!(person.may(Action::ReadAudit) && !person.may(Action::SetProcedures));
    assert_eq!(auditor.get("/api/staff").status, 403);
    let leading = app.signed_in("U0073");
    assert_eq!(leading.get("/api/audit").status, 200);
    assert!(me(&leading).person.may(Action::SetProcedures));
}
