//! Deciding: what waits and since when, the reminder of the writer, and the
//! deadline after which the next in line is told. Nothing is decided by the clock.

use api_tests::{App, Client, draft_to};
use domain::access::Post;
use domain::account::Me;
use domain::approval::procedure::{Procedures, ProposeProcedure, Standing, WhichVersion};
use domain::approval::{Held, ProcedureStep, Scope, Sender, StepKind, Verdict};
use domain::ids::MessageId;
use domain::message::{Command, MessageList, MessageState, MessageSummary, MessageView};
use domain::time::{DAY, HOUR};
use serde_json::json;

fn me(client: &Client) -> Me {
    client.get("/api/me").json()
}

fn listed(client: &Client, which: &str) -> Vec<MessageSummary> {
    client.get(&format!("/api/messages?box={which}")).json::<MessageList>().messages
}

fn submitted(app: &App) -> MessageId {
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    id
}

fn remind(client: &Client, id: MessageId) -> api_tests::Reply {
    client.post(&format!("/api/messages/{id}/remind"), &json!({}))
}

/// What teachers send to one year group takes these steps from now on.
fn follows(app: &App, steps: Vec<ProcedureStep>) {
    let (principal, director) = (app.principal(), app.office_director());
    let in_force_from = me(&principal).now;
    let order = ProposeProcedure { sender: Sender::Teacher, scope: Scope::Grade, steps, in_force_from };
    let all: Procedures = principal.post("/api/procedures", &order).json();
    let waits = all.all.iter().find(|p| p.standing == Standing::Proposed).expect("it waits");
    let which = WhichVersion { version: waits.version };
    assert_eq!(director.post(&format!("/api/procedures/{}/confirm", waits.id), &which).status, 200);
}

fn within(step: ProcedureStep, hours: u16) -> ProcedureStep {
    ProcedureStep { within_hours: Some(hours), ..step }
}

#[test]
fn the_writer_reminds_once_a_day_and_the_decider_sees_it() {
    let mut app = App::start();
    let (teacher, head) = (app.homeroom("八年级1班"), app.grade_head("八年级"));
    let id = submitted(&app);
    assert!(teacher.message(id).may.contains(&Command::Remind));
    assert!(listed(&head, "waiting")[0].reminded_at.is_none());
    let view: MessageView = remind(&teacher, id).json();
    assert!(view.reminded_at.is_some() && !view.may.contains(&Command::Remind));
    assert_eq!(remind(&teacher, id).refused(409), "reminded_today");
    assert!(listed(&head, "waiting")[0].reminded_at.is_some());
    // Nobody reminds in the writer's place.
    assert_eq!(remind(&head, id).refused(403), "forbidden");
    assert_eq!(remind(&app.subject_teacher(), id).refused(404), "not_found");

    app.forward(DAY);
    let (teacher, head) = (app.homeroom("八年级1班"), app.grade_head("八年级"));
    assert!(teacher.message(id).may.contains(&Command::Remind));
    assert_eq!(remind(&teacher, id).status, 200);
    assert_eq!(head.decide(id, Verdict::Return, "请写明地点").status, 200);
    assert_eq!(remind(&teacher, id).refused(409), "nothing_waits");
    // The next version begins anew.
    teacher.put(&format!("/api/messages/{id}"), &draft_to(&[teacher.class("八年级1班")]));
    assert!(teacher.submit(id).reminded_at.is_none());
}

#[test]
fn when_a_step_is_late_its_substitute_is_told_and_nothing_is_decided() {
    let mut app = App::start();
    let step = ProcedureStep::new(StepKind::Approve, Post::GradeHead).held(Held::AudienceUnit);
    follows(&app, vec![within(step.or(Post::OfficeDirector), 24)]);
    let id = submitted(&app);
    let view = app.homeroom("八年级1班").message(id);
    let (since, until) =
        (view.chain.steps[0].since.expect("since"), view.chain.steps[0].until.expect("until"));
    assert_eq!((Some(since), until), (view.times.submitted_at, since.plus(24 * HOUR)));
    let line = listed(&app.grade_head("八年级"), "waiting").remove(0);
    assert_eq!((line.since, line.until), (Some(since), Some(until)));
    let told = |app: &App| {
        let director = app.office_director();
        let late = listed(&director, "late");
        assert_eq!(me(&director).late as usize, late.len());
        late.iter().any(|m| m.id == id)
    };
    app.forward(23 * HOUR);
    assert!(!told(&app), "there is an hour left");
    app.forward(25 * HOUR);
    assert!(told(&app));
    app.cron();
    let director = app.office_director();
    assert_eq!(director.message(id).state, MessageState::Submitted, "nothing is decided by the clock");
    assert_eq!(director.decide(id, Verdict::Approve, "").refused(403), "post_can_decide");
    assert!(listed(&app.principal(), "late").is_empty(), "only the next in line");
    let head = app.grade_head("八年级");
    assert_eq!(listed(&head, "waiting").len(), 1, "it still waits for the head");
    head.approve(id);
    assert!(!told(&app));
}

#[test]
fn where_a_step_has_no_substitute_who_decides_the_next_one_is_told() {
    let mut app = App::start();
    let review = ProcedureStep::new(StepKind::Review, Post::GradeHead).held(Held::AudienceUnit);
    follows(&app, vec![within(review, 2), ProcedureStep::new(StepKind::Approve, Post::Principal)]);
    let id = submitted(&app);
    assert!(listed(&app.principal(), "late").is_empty());
    app.forward(3 * HOUR);
    let principal = app.principal();
    assert_eq!(listed(&principal, "late").len(), 1);
    assert!(listed(&principal, "waiting").is_empty(), "it is not the principal's turn");
    app.grade_head("八年级").approve(id);
    assert!(listed(&principal, "late").is_empty(), "now it is");
    assert_eq!(listed(&principal, "waiting").len(), 1);
    assert!(listed(&principal, "waiting")[0].until.is_none(), "the last step has no deadline");
}
