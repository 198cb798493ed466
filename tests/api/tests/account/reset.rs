//! A slip for an account that is active: two people, an owner who is told, and
//! three days in which the account does not decide on what those two wrote.

use api_tests::{App, Client, PASSPHRASE, draft_to, draft_to_all};
use domain::account::{Me, Slip, SlipState, SlipView};
use domain::approval::{Decide, Verdict};
use domain::roster::StaffView;
use domain::time::{HOUR, MINUTE};
use serde_json::json;

const NEW: &str = "the plane trees at the gate";

/// Orders a slip for somebody who is active.
fn order(by: &Client, number: &str) -> Slip {
    let staff: Vec<StaffView> = by.get("/api/staff").json();
    let id = staff.iter().find(|s| s.number == number).expect("on the roll").id;
    by.post(&format!("/api/staff/{id}/activation"), &()).json()
}

fn waiting(by: &Client) -> Vec<SlipView> {
    let all: Vec<SlipView> = by.get("/api/staff/activations").json();
    all.into_iter().filter(|s| s.state == SlipState::Waiting).collect()
}

fn confirm(by: &Client, slip: &SlipView) -> api_tests::Reply {
    by.post(&format!("/api/staff/activations/{}/confirm", slip.id), &())
}

/// The clerk orders, the administrator confirms, somebody uses it.
fn reset(app: &App, number: &str) -> Slip {
    order(&app.office_clerk(), number);
    let admin = app.administrator();
    let slip: Slip = confirm(&admin, &waiting(&admin)[0]).json();
    assert_eq!(app.anybody().activate(&slip, NEW).status, 204);
    slip
}

fn opened(app: &App, number: &str) -> Client {
    let mut client = app.anybody();
    assert_eq!(client.sign_in(number, NEW).status, 200);
    client
}

#[test]
fn a_slip_for_an_active_account_needs_a_second_person() {
    let app = App::start();
    let clerk = app.office_clerk();
    let ordered = order(&clerk, "T0001");
    assert!(ordered.waits && ordered.link.is_empty() && ordered.code.is_empty(), "{ordered:?}");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM activations WHERE is_reset = 1 AND code_index IS NOT NULL"),
        0
    );

    let waits = waiting(&clerk);
    assert_eq!((waits.len(), waits[0].may_confirm, waits[0].owner.number.as_str()), (1, false, "T0001"));
    assert_eq!(confirm(&clerk, &waits[0]).refused(403), "second_person");
    assert_eq!(confirm(&app.homeroom("七年级1班"), &waits[0]).refused(403), "forbidden");
    assert_eq!(confirm(&app.principal(), &waits[0]).refused(403), "own_slip");

    let admin = app.administrator();
    assert!(waiting(&admin)[0].may_confirm);
    let slip: Slip = confirm(&admin, &waits[0]).json();
    assert!(!slip.waits && slip.link.ends_with(&slip.code) && !slip.code.is_empty());
    assert_eq!(confirm(&admin, &waits[0]).refused(404), "not_found", "once");
    assert!(waiting(&admin).is_empty());

    let principal = app.principal();
    assert_eq!(app.anybody().activate(&slip, NEW).status, 204);
    assert_eq!(principal.get("/api/me").refused(401), "not_signed_in", "its sessions end");
    assert_eq!(app.anybody().sign_in("T0001", PASSPHRASE).status, 401);
    let told: Vec<String> = app
        .db()
        .prepare(
            "SELECT action || ' ' || subject_id FROM audit WHERE action LIKE 'account.reset%' ORDER BY seq",
        )
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("the log");
    let actions: Vec<&str> = told.iter().filter_map(|t| t.split(' ').next()).collect();
    assert_eq!(actions, ["account.reset_ordered", "account.reset_confirmed", "account.reset"]);
}

/// With two administrators and nobody else who manages accounts a leader of the school is the second person.
#[test]
fn a_leader_of_the_school_is_the_second_person_for_a_slip() {
    let app = App::start();
    app.db()
        .execute_batch(
            "UPDATE appointments SET mac = mac || 'e', until = 9e12 WHERE until IS NULL AND post IN ('office_director', 'office_clerk')",
        )
        .expect("nobody in the office");
    let (admin, other, principal) = (app.administrator(), app.signed_in("T0013"), app.principal());
    order(&admin, "T0013");
    let waits = waiting(&principal);
    assert!(waits[0].may_confirm && !waiting(&admin)[0].may_confirm && !waiting(&other)[0].may_confirm);
    assert_eq!(confirm(&admin, &waits[0]).refused(403), "second_person");
    assert_eq!(confirm(&other, &waits[0]).refused(403), "own_slip");
    for nobody in [app.grade_head("八年级"), app.homeroom("八年级1班")] {
        assert_eq!(confirm(&nobody, &waits[0]).refused(403), "forbidden");
    }
    let slip: Slip = confirm(&principal, &waits[0]).json();
    assert_eq!(app.anybody().activate(&slip, NEW).status, 204);
    opened(&app, "T0013");
}

/// Whose account it is does not confirm, although the own post would let him.
#[test]
fn nobody_confirms_for_oneself() {
    let app = App::start();
    order(&app.office_clerk(), "T0003");
    let director = app.office_director();
    let waits = waiting(&director);
    assert!(!waits[0].may_confirm);
    assert_eq!(confirm(&director, &waits[0]).refused(403), "own_slip");
}

#[test]
fn a_first_slip_stays_with_one_person() {
    let app = App::start();
    let slip = order(&app.office_clerk(), "T0060");
    assert!(!slip.waits && !slip.link.is_empty());
    assert_eq!(app.anybody().activate(&slip, NEW).status, 204);
    let me: Me = opened(&app, "T0060").get("/api/me").json();
    assert!(me.resets.is_empty());
}

#[test]
fn an_order_for_many_holds_both_kinds() {
    let app = App::start();
    let clerk = app.office_clerk();
    let staff: Vec<StaffView> = clerk.get("/api/staff").json();
    let ids: Vec<_> =
        staff.iter().filter(|s| ["T0001", "T0060"].contains(&s.number.as_str())).map(|s| s.id).collect();
    let slips: Vec<Slip> = clerk.post("/api/staff/activations", &json!({ "staff": ids })).json();
    let kinds: Vec<(&str, bool)> = slips.iter().map(|s| (s.number.as_str(), s.waits)).collect();
    assert_eq!(kinds, [("T0001", true), ("T0060", false)]);
}

#[test]
fn an_order_is_declined_lapses_or_is_replaced() {
    let mut app = App::start();
    let clerk = app.office_clerk();
    order(&clerk, "T0001");
    let first = waiting(&clerk);
    order(&clerk, "T0001");
    let second = waiting(&clerk);
    assert_eq!((second.len(), second[0].id == first[0].id), (1, false), "a newer one ends the older");
    let admin = app.administrator();
    let decline = |slip: &SlipView| admin.post(&format!("/api/staff/activations/{}/decline", slip.id), &());
    assert_eq!(decline(&first[0]).refused(404), "not_found");
    assert_eq!(decline(&second[0]).status, 204);
    assert_eq!(confirm(&admin, &second[0]).status, 404);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'account.reset_declined'"), 1);

    order(&clerk, "T0001");
    let third = waiting(&clerk);
    app.forward(73 * HOUR);
    assert!(waiting(&app.administrator()).is_empty());
    assert_eq!(confirm(&app.administrator(), &third[0]).status, 404);
}

#[test]
fn the_owner_is_told_and_can_say_that_it_was_somebody_else() {
    let mut app = App::start();
    reset(&app, "T0001");
    let client = opened(&app, "T0001");
    let told = client.get("/api/me").json::<Me>().resets;
    assert_eq!(told.len(), 1);
    let names = |number: &str| {
        let sql = format!("SELECT name FROM staff WHERE number = '{number}'");
        app.db().query_row(&sql, [], |r| r.get::<_, String>(0)).expect("a name")
    };
    assert_eq!((told[0].ordered_by.clone(), told[0].confirmed_by.clone()), (names("T0004"), names("T0014")));
    assert!(told[0].ordered_at <= told[0].confirmed_at && told[0].confirmed_at <= told[0].used_at);
    assert_eq!(told[0].caution_until, told[0].used_at.plus(72 * HOUR));

    let path = format!("/api/me/resets/{}", told[0].id);
    assert_eq!(app.vice_principal().post(&path, &json!({ "mine": false })).refused(404), "not_found");
    // Whoever got in says that all is well, and is no longer told after three days.
    assert_eq!(client.post(&path, &json!({ "mine": true })).status, 204);
    app.forward(73 * HOUR);
    assert!(opened(&app, "T0001").get("/api/me").json::<Me>().resets.is_empty());
    // The owner comes back by a slip of her own, and is told of both.
    reset(&app, "T0001");
    let (owner, other) = (opened(&app, "T0001"), opened(&app, "T0001"));
    let told = owner.get("/api/me").json::<Me>().resets;
    assert_eq!(told.len(), 2);
    assert_eq!(owner.post(&path, &json!({ "mine": false })).status, 204);
    assert_eq!(owner.get("/api/me").status, 200);
    assert_eq!(other.get("/api/me").refused(401), "not_signed_in", "other sessions end");
    let seen: Vec<SlipView> = app.administrator().get("/api/staff/activations").json();
    let reported: Vec<_> =
        seen.iter().filter(|s| s.state == SlipState::Reported).map(|s| s.owner.number.as_str()).collect();
    assert_eq!(reported, ["T0001"], "those who manage accounts see it");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'account.reset_reported'"), 1);
}

/// One clerk with one helper does not release what the clerk wrote.
#[test]
fn a_reset_account_does_not_decide_on_what_those_two_wrote() {
    let mut app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    app.office_director().approve(id);
    reset(&app, "T0001");
    let decide = |app: &App| {
        let (digest, password) = (digest.clone(), Some(NEW.to_owned()));
        let order = Decide {
            verdict: Verdict::Approve,
            digest,
            reason: String::new(),
            passages: Vec::new(),
            password,
        };
        opened(app, "T0001").post(&format!("/api/messages/{id}/decisions"), &order)
    };
    let reply = decide(&app);
    assert_eq!(reply.refused(403), "after_reset");
    assert!(reply.problem(403).title.contains("审批"), "{}", reply.body);
    app.forward(72 * HOUR - MINUTE);
    assert_eq!(decide(&app).refused(403), "after_reset");
    app.forward(72 * HOUR + MINUTE);
    assert_eq!(decide(&app).status, 200, "three days later it may");
}

/// What others wrote it decides as ever; and a slip that was not used changes nothing.
#[test]
fn a_reset_account_decides_on_what_others_wrote() {
    let app = App::start();
    reset(&app, "T0016");
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    opened(&app, "T0016").approve(id);
}

/// The database asks by itself.
#[test]
fn raw_sql_decides_nothing_after_a_reset() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    clerk.submit(id);
    app.office_director().approve(id);
    reset(&app, "T0001");
    let forged = "INSERT INTO decisions (message_id, version, position, staff_id, appointment_id, post, verdict, digest, reason, at, mac)
        SELECT m.id, m.version, 1, t.id, p.id, 'principal', 'approve', m.digest, '', a.used_at + 1, ''
        FROM messages m, staff t, activations a, appointments p
        WHERE t.number = 'T0001' AND a.staff_id = t.id AND a.is_reset = 1 AND p.staff_id = t.id AND p.post = 'principal'";
    let refused = app.db().execute_batch(forged).expect_err("refused").to_string();
    assert!(refused.contains("decision_after_reset"), "{refused}");
    app.db().execute_batch("DROP TRIGGER decisions_after_reset").expect("sql");
    app.db().execute_batch(forged).expect("without the trigger it goes through");
}

/// In a new school nobody is active yet: one clerk with slips for director and principal would be both.
#[test]
fn the_first_slip_of_a_managing_post_needs_a_second_person() {
    let app = App::start();
    app.db()
        .execute_batch("UPDATE staff SET password = NULL WHERE number IN ('T0001', 'T0018')")
        .expect("as if never opened");
    let clerk = app.office_clerk();
    assert!(!order(&clerk, "T0018").waits, "a homeroom teacher's is handed over at once");
    assert!(order(&clerk, "T0001").waits, "the principal's is not");
    let waits = waiting(&clerk);
    assert_eq!(confirm(&clerk, &waits[0]).refused(403), "second_person");
    let by_hand =
        "INSERT INTO activations (staff_id, code_index, mac, is_reset, ordered_by, created_at, expires_at)
        SELECT id, 'x', 'm', 0, 4, 1, 9 FROM staff WHERE number = 'T0001'";
    assert!(app.db().execute_batch(by_hand).expect_err("refused").to_string().contains("slip_refused"));
    let slip: Slip = confirm(&app.administrator(), &waits[0]).json();
    assert_eq!(app.anybody().activate(&slip, NEW).status, 204);
    opened(&app, "T0001");
}

/// A slip that was given before the post does not open the account once the post counts.
#[test]
fn an_older_slip_does_not_open_a_managing_post() {
    let app = App::start();
    app.db()
        .execute_batch("UPDATE staff SET password = NULL WHERE number = 'T0018'")
        .expect("as if never opened");
    let slip = order(&app.office_clerk(), "T0018");
    let file = "工号,姓名,手机,部门,职务,班主任班级,任教\nT0018,{name},,校办室,干事,七年级1班,\n";
    let staff: Vec<StaffView> = app.office_clerk().get("/api/staff").json();
    let name = &staff.iter().find(|s| s.number == "T0018").expect("on the roll").name;
    app.office_clerk().import("staff", &file.replace("{name}", name));
    app.administrator().confirm_waiting();
    assert_eq!(app.anybody().activate(&slip, NEW).status / 100, 4);
}
