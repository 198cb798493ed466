//! Approval procedures: changed by two people, from a day on; what is under way
//! keeps its own; and the dry run that says who could decide.

use api_tests::{App, Client, Reply, draft_to};
use domain::access::Post;
use domain::account::Me;
use domain::approval::procedure::{
    DryRun, ProcedureView, Procedures, ProposeProcedure, Rehearsal, Standing, WhichVersion,
};
use domain::approval::{Held, ProcedureStep, Scope, Sender, StepKind, Verdict};
use domain::ids::UnitId;
use domain::message::{MessageState, MessageView, Submit};
use domain::school::UnitView;
use domain::time::{DAY, Instant};

const PATH: &str = "/api/procedures";

fn now(client: &Client) -> Instant {
    client.get("/api/me").json::<Me>().now
}

fn known(client: &Client) -> Vec<ProcedureView> {
    client.get(PATH).json::<Procedures>().all
}

/// The head of the year group reviews, the principal approves.
fn two_steps() -> Vec<ProcedureStep> {
    vec![
        ProcedureStep::new(StepKind::Review, Post::GradeHead).held(Held::AudienceUnit),
        ProcedureStep::new(StepKind::Approve, Post::Principal),
    ]
}

/// For what teachers send to one year group.
fn order(client: &Client, steps: Vec<ProcedureStep>, days: i64) -> ProposeProcedure {
    let in_force_from = now(client).plus(days * DAY);
    ProposeProcedure { sender: Sender::Teacher, scope: Scope::Grade, steps, in_force_from }
}

/// The version of that procedure which waits for a second person.
fn proposed(client: &Client) -> ProcedureView {
    known(client).into_iter().find(|p| p.standing == Standing::Proposed).expect("one waits")
}

fn say(client: &Client, version: &ProcedureView, what: &str) -> Reply {
    let which = WhichVersion { version: version.version };
    client.post(&format!("{PATH}/{}/{what}", version.id), &which)
}

fn grade(client: &Client, name: &str) -> UnitId {
    let units: Vec<UnitView> = client.get("/api/units").json();
    units.into_iter().find(|u| u.name == name).expect("the year group").id
}

fn submitted(teacher: &Client) -> MessageView {
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id)
}

#[test]
fn a_change_counts_once_a_second_person_has_confirmed_it_and_what_is_under_way_keeps_its_own() {
    let app = App::start();
    let (principal, director) = (app.principal(), app.office_director());
    let (teacher, head) = (app.homeroom("八年级1班"), app.grade_head("八年级"));
    let before = submitted(&teacher);
    assert_eq!(before.chain.steps.len(), 1);

    let reply = principal.post(PATH, &order(&principal, two_steps(), 0));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(submitted(&teacher).chain.steps.len(), 1, "it waits");
    let version = proposed(&principal);
    assert!(version.bar.is_some() && proposed(&director).bar.is_none());
    assert_eq!(say(&principal, &version, "confirm").refused(403), "proposed_by_you");
    assert_eq!(say(&director, &version, "confirm").status, 200);
    assert_eq!(say(&director, &version, "confirm").refused(409), "waits_no_more");

    let of_teachers: Vec<ProcedureView> = known(&teacher)
        .into_iter()
        .filter(|p| p.sender == Sender::Teacher && p.scope == Scope::Grade)
        .collect();
    let [now] = of_teachers.as_slice() else { panic!("{of_teachers:?}") };
    assert_eq!((now.version, now.standing, now.sealed), (2, Standing::InForce, true));
    assert_eq!(now.label.zh, "本校审批流程");
    assert!(now.sentence.zh.ends_with("由年级组长审核，校长审批。"), "{}", now.sentence.zh);
    assert!(now.set_by.is_some() && now.confirmed_by.is_some());

    let after = submitted(&teacher);
    assert_eq!(after.chain.steps.len(), 2);
    head.approve(after.id);
    assert_eq!(teacher.message(after.id).state, MessageState::Submitted, "the principal's turn");
    principal.approve(after.id);
    head.approve(before.id);
    app.settled(&teacher, before.id);
    app.settled(&teacher, after.id);
    assert!(app.sms().len() > 1, "sent under either version");
}

#[test]
fn a_version_holds_from_its_day_on() {
    let mut app = App::start();
    let (principal, director) = (app.principal(), app.office_director());
    let tomorrow = order(&principal, two_steps(), 1);
    assert_eq!(principal.post(PATH, &tomorrow).status, 200);
    assert_eq!(say(&director, &proposed(&director), "confirm").status, 200);
    let standings = |client: &Client| {
        let all =
            known(client).into_iter().filter(|p| p.sender == Sender::Teacher && p.scope == Scope::Grade);
        all.map(|p| (p.version, p.standing)).collect::<Vec<_>>()
    };
    assert_eq!(standings(&principal), [(1, Standing::InForce), (2, Standing::Coming)]);
    assert_eq!(submitted(&app.homeroom("八年级1班")).chain.steps.len(), 1);
    app.forward(DAY);
    let teacher = app.homeroom("八年级1班");
    assert_eq!(standings(&teacher), [(2, Standing::InForce)]);
    assert_eq!(submitted(&teacher).chain.steps.len(), 2);
}

#[test]
fn one_change_waits_at_a_time_and_a_declined_one_never_counts() {
    let app = App::start();
    let (principal, administrator) = (app.principal(), app.administrator());
    assert_eq!(principal.post(PATH, &order(&principal, two_steps(), 0)).status, 200);
    let again = administrator.post(PATH, &order(&principal, two_steps(), 3));
    assert_eq!(again.refused(409), "proposal_waits");
    let version = proposed(&administrator);
    // Whoever proposed it may take it back.
    assert_eq!(say(&principal, &version, "decline").status, 200);
    assert_eq!(say(&administrator, &version, "confirm").refused(409), "waits_no_more");
    assert_eq!(submitted(&app.homeroom("八年级1班")).chain.steps.len(), 1);
    assert_eq!(administrator.post(PATH, &order(&principal, two_steps(), 0)).status, 200);
    assert_eq!(proposed(&principal).version, 3, "a number is given once");
}

#[test]
fn only_whom_the_table_allows_sets_procedures() {
    let app = App::start();
    let principal = app.principal();
    let wanted = order(&principal, two_steps(), 0);
    for client in [app.office_clerk(), app.subject_teacher(), app.grade_head("八年级"), app.vice_principal()]
    {
        assert_eq!(client.post(PATH, &wanted).refused(403), "forbidden");
        assert_eq!(client.get(PATH).status, 200, "but everybody reads them");
    }
    assert_eq!(principal.post(PATH, &wanted).status, 200);
    let version = proposed(&principal);
    assert_eq!(say(&app.office_clerk(), &version, "confirm").refused(403), "forbidden");
}

#[test]
fn what_nobody_decides_or_only_the_drafter_is_refused() {
    let app = App::start();
    let principal = app.principal();
    let kind = |steps: Vec<ProcedureStep>| principal.post(PATH, &order(&principal, steps, 0)).refused(422);
    let filing = ProcedureStep::new(StepKind::File, Post::OfficeClerk);
    assert_eq!(kind(vec![filing.clone()]), "no_deciding_step");
    assert_eq!(kind(Vec::new()), "no_deciding_step");
    assert_eq!(kind(two_steps()[..1].to_vec()), "approval_last");
    let unchanged = known(&principal).into_iter().find(|p| p.scope == Scope::Grade).expect("one").steps;
    assert_eq!(kind(unchanged), "nothing_changed");
    let past = ProposeProcedure { in_force_from: Instant(1), ..order(&principal, two_steps(), 0) };
    assert_eq!(principal.post(PATH, &past).refused(422), "in_force_from");

    // The director alone drafts for the office, and alone would approve.
    let of_office = |steps| ProposeProcedure {
        sender: Sender::Office,
        scope: Scope::School,
        ..order(&principal, steps, 0)
    };
    let director = vec![ProcedureStep::new(StepKind::Approve, Post::OfficeDirector)];
    app.db()
        .execute_batch("UPDATE appointments SET mac = mac || 'e', until = 1 WHERE post = 'office_clerk'")
        .expect("the clerks leave the post");
    let others =
        "SELECT COUNT(DISTINCT staff_id) FROM appointments WHERE post = 'office_director' AND until IS NULL";
    assert_eq!(app.count(others), 1);
    assert_eq!(principal.post(PATH, &of_office(director.clone())).refused(422), "drafter_alone");
    let with_substitute = vec![director[0].clone().or(Post::Principal)];
    assert_eq!(principal.post(PATH, &of_office(with_substitute)).status, 200);
}

#[test]
fn a_dry_run_says_who_decides_who_cannot_and_whom_to_appoint() {
    let app = App::start();
    let principal = app.principal();
    let run = |steps: Vec<ProcedureStep>| -> Rehearsal {
        let unit = grade(&principal, "八年级");
        let order = DryRun { sender: Sender::Teacher, scope: Scope::Grade, steps, unit, audience: None };
        principal.post("/api/procedures/dry-run", &order).json()
    };
    let whole = run(two_steps());
    assert!(whole.completes && whole.refusals.is_empty());
    assert!(
        whole.sentence.zh.starts_with("八年级拟发给一个年级的信息，由年级组长审核"),
        "{:?}",
        whole.sentence
    );
    assert_eq!(whole.steps.iter().map(|s| s.people.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(!whole.drafters.is_empty());

    app.db()
        .execute_batch("UPDATE appointments SET mac = mac || 'e', until = 1 WHERE post = 'grade_head'")
        .expect("the heads leave the post");
    let vacant = run(two_steps());
    assert!(!vacant.completes && vacant.steps[0].people.is_empty());
    let remedy = vacant.steps[0].remedy.as_ref().expect("whom to appoint");
    assert_eq!(remedy.zh, "没有人担任八年级的年级组长：请先任命，并经第二人确认");
    assert!(vacant.drafters.iter().all(|d| d.stuck.is_some()));
    // And that is what a teacher is told at submission.
    principal.post(PATH, &order(&principal, two_steps(), 0));
    say(&app.office_director(), &proposed(&principal), "confirm");
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let refused = teacher.post(&format!("/api/messages/{id}/submit"), &Submit { statement: true });
    assert_eq!(refused.refused(422), "step_without_person");

    let office = DryRun {
        sender: Sender::College,
        scope: Scope::Any,
        steps: two_steps(),
        unit: grade(&principal, "八年级"),
        audience: None,
    };
    assert_eq!(principal.post("/api/procedures/dry-run", &office).refused(422), "unit");
}

/// A proposal that was written past the Worker: the second person gives it no good seal.
#[test]
fn a_proposal_that_was_written_by_hand_is_not_confirmed() {
    let app = App::start();
    app.db()
        .execute_batch(
            "INSERT INTO procedures (id, version, sender, scope, label_zh, label_en, steps, in_force_from, set_by, set_at, mac)
             SELECT p.id, 2, p.sender, p.scope, p.label_zh, p.label_en, replace(p.steps, 'grade_head', 'office_clerk'), p.in_force_from,
               a.staff_id, a.since, p.mac FROM procedures p, appointments a WHERE p.scope = 'grade' AND p.sender = 'teacher'
               AND a.post = 'principal' AND a.until IS NULL",
        )
        .expect("the triggers let a proposal pass");
    let director = app.office_director();
    let version = proposed(&director);
    assert!(!version.sealed);
    assert_eq!(say(&director, &version, "confirm").refused(409), "not_ours");
    assert_eq!(say(&director, &version, "decline").status, 200);
}

/// Written past the triggers as well: confirmed by hand, it is followed by nobody.
#[test]
fn a_version_that_its_proposer_confirmed_by_hand_is_followed_by_nobody() {
    let app = App::start();
    let principal = app.principal();
    assert_eq!(principal.post(PATH, &order(&principal, two_steps(), 0)).status, 200);
    app.db()
        .execute_batch(
            "DROP TRIGGER procedures_confirmed; DROP TRIGGER procedures_fixed;
             UPDATE procedures SET confirmed_by = set_by, confirmed_at = set_at WHERE version = 2",
        )
        .expect("by hand");
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let refused = teacher.post(&format!("/api/messages/{id}/submit"), &Submit { statement: true });
    assert_eq!(refused.refused(422), "procedure_unsealed");
}

#[test]
fn a_return_and_its_correction_take_the_version_of_that_day() {
    let app = App::start();
    let (principal, director) = (app.principal(), app.office_director());
    let (teacher, head) = (app.homeroom("八年级1班"), app.grade_head("八年级"));
    let first = submitted(&teacher);
    assert_eq!(head.decide(first.id, Verdict::Return, "请写明地点").status, 200);
    principal.post(PATH, &order(&principal, two_steps(), 0));
    say(&director, &proposed(&director), "confirm");
    teacher.put(&format!("/api/messages/{}", first.id), &draft_to(&[teacher.class("八年级1班")]));
    assert_eq!(teacher.submit(first.id).chain.steps.len(), 2);
}
