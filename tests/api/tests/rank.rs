//! Rank: who stopped or paused says who may let it go on.

use api_tests::{App, Client, draft_to};
use domain::account::Me;
use domain::ids::MessageId;
use domain::message::{Command, MessageState, MessageView};
use domain::roster::people::{Leave, LeaveReason};
use domain::school::{SchoolView, StopOrder};
use serde_json::json;

fn switch(client: &Client, stopped: bool) -> api_tests::Reply {
    client.post("/api/school/stop", &StopOrder { stopped, reason: "核查".into() })
}

fn order(client: &Client, id: MessageId, what: &str) -> api_tests::Reply {
    client.post(&format!("/api/messages/{id}/{what}"), &json!({}))
}

#[test]
fn a_clerk_does_not_lift_the_principals_stop() {
    let app = App::start();
    let stopped: SchoolView = switch(&app.principal(), true).json();
    assert_eq!(stopped.stopped.expect("it is").post, domain::access::Post::Principal);
    for lower in [app.office_clerk(), app.office_director(), app.vice_principal()] {
        let problem = switch(&lower, false).problem(403);
        assert_eq!(problem.kind, "/problems/outranked");
        assert!(problem.title.contains("校长"), "it says who can: {}", problem.title);
    }
    assert!(app.office_clerk().get("/api/me").json::<Me>().school.stopped.is_some(), "it stands");
    assert_eq!(switch(&app.principal(), false).status, 200);
}

#[test]
fn the_same_rank_or_above_lifts_it() {
    let app = App::start();
    for (stops, lifts) in [
        (app.office_clerk(), app.office_clerk()),
        (app.office_clerk(), app.office_director()),
        (app.office_director(), app.vice_principal()),
        (app.vice_principal(), app.principal()),
    ] {
        assert_eq!(switch(&stops, true).status, 200);
        assert_eq!(switch(&lifts, false).status, 200);
    }
}

#[test]
fn an_author_does_not_resume_what_a_leader_paused() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    assert_eq!(switch(&app.office_clerk(), true).status, 200);
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    app.grade_head("八年级").approve(id);

    // One's own pause is one's own.
    assert_eq!(order(&teacher, id, "pause").status, 200);
    assert!(teacher.message(id).may.contains(&Command::Resume));
    assert_eq!(order(&teacher, id, "resume").status, 200);

    let paused: MessageView = order(&app.vice_principal(), id, "pause").json();
    let halt = paused.halted.expect("by whom");
    assert_eq!((halt.post, halt.by.is_empty()), (domain::access::Post::VicePrincipal, false));
    for lower in [&teacher, &app.office_clerk(), &app.office_director()] {
        assert!(!lower.message(id).may.contains(&Command::Resume));
        assert_eq!(order(lower, id, "resume").refused(403), "outranked");
    }
    assert_eq!(teacher.message(id).state, MessageState::Paused);
    // Who may not resume at all is told nothing about rank.
    assert_eq!(order(&app.grade_head("八年级"), id, "resume").refused(403), "forbidden");
    let resumed: MessageView = order(&app.principal(), id, "resume").json();
    assert_eq!((resumed.state, resumed.halted), (MessageState::Sending, None));
}

/// Ending it is open to the author whoever paused it: it lets nothing go on.
#[test]
fn who_may_not_resume_may_still_stop() {
    let app = App::start();
    assert_eq!(switch(&app.office_clerk(), true).status, 200);
    let (teacher, id) = app.class_notice();
    assert_eq!(order(&app.principal(), id, "pause").status, 200);
    let reply = teacher.post(&format!("/api/messages/{id}/stop"), &json!({ "reason": "写错了" }));
    assert_eq!(reply.json::<MessageView>().state, MessageState::Stopped);
}

/// Raw SQL cannot lower the rank of a stop that stands.
#[test]
fn who_stopped_stays_on_record() {
    let app = App::start();
    assert_eq!(switch(&app.principal(), true).status, 200);
    let (_, id) = app.class_notice();
    assert_eq!(order(&app.principal(), id, "pause").status, 200);
    for sql in [
        "UPDATE school SET stopped_post = 'office_clerk'".to_owned(),
        "UPDATE school SET stopped_by = 4".into(),
        format!("UPDATE messages SET halted_post = 'office_clerk' WHERE id = {id}"),
        format!("UPDATE messages SET halted_by = 4 WHERE id = {id}"),
    ] {
        let refused = app.db().execute_batch(&sql).expect_err(&sql).to_string();
        assert!(refused.contains("halt_stays"), "{refused}");
    }
}

/// A stop of a rank that nobody has any more: whoever made it vacant does not lift it alone.
#[test]
fn a_stop_by_a_post_that_is_vacant_now_is_lifted_by_two() {
    let app = App::start();
    assert_eq!(switch(&app.principal(), true).status, 200);
    let principal = app.count("SELECT id FROM staff WHERE number = 'T0001'");
    let order = Leave { reason: LeaveReason::Resigned };
    let (clerk, vice) = (app.office_clerk(), app.vice_principal());
    assert_eq!(clerk.post(&format!("/api/staff/{principal}/leave"), &order).status, 204);

    let asked: SchoolView = switch(&vice, false).json();
    let stop = asked.stopped.expect("it stands");
    assert_eq!((stop.vacant, stop.asked_by.map(|p| p.number)), (true, Some("T0002".into())));
    assert!(clerk.get("/api/me").json::<Me>().school.stopped.expect("it stands").vacant);
    assert_eq!(switch(&vice, false).refused(403), "second_person");
    let by_hand = |number: &str| {
        format!(
            "UPDATE school SET stopped_at = NULL, stopped_by = NULL, stopped_post = NULL, stop_reason = NULL,
               lifted_by = (SELECT id FROM staff WHERE number = '{number}')"
        )
    };
    for number in ["T0002", "T0018", "T0014"] {
        let refused = app.db().execute_batch(&by_hand(number)).expect_err(number).to_string();
        assert!(refused.contains("outranked"), "{refused}");
    }
    let lifted: SchoolView = switch(&clerk, false).json();
    assert_eq!(lifted.stopped, None);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit WHERE action IN ('school.lift_asked', 'school.resumed')"),
        2
    );
}
