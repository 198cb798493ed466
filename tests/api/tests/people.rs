//! People who leave, and whose a number is: what follows for what they wrote,
//! decided and get (G10, G24, G25).

use std::path::Path;

use api_tests::{App, Client, Reply, draft_to, link_in};
use domain::approval::Verdict;
use domain::delivery::{DeliveryList, DeliveryState, Reason};
use domain::ids::MessageId;
use domain::message::{Command, HoldReason, MessageState, MessageView, RecipientKind};
use domain::roster::people::{
    Departures, Dispute, FamilyLeaving, Leave, LeaveReason, MarkNumber, NewNumber, NumberState, StaffLeaving,
};
use domain::roster::{ClassRoll, GuardianView, StaffView};
use domain::school::StopOrder;
use serde_json::json;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name);
    std::fs::read_to_string(path).expect(name)
}

fn staff_id(app: &App, number: &str) -> i64 {
    app.count(&format!("SELECT id FROM staff WHERE number = '{number}'"))
}

fn leaves(who: &Client, path: &str, reason: LeaveReason) -> Reply {
    who.post(&format!("{path}/leave"), &Leave { reason })
}

/// The roll of 八年级1班, as its homeroom teacher sees it.
fn roll(teacher: &Client) -> ClassRoll {
    teacher.get(&format!("/api/classes/{}", teacher.class("八年级1班"))).json()
}

fn list(reader: &Client, id: MessageId) -> DeliveryList {
    reader.get(&format!("/api/messages/{id}/deliveries")).json()
}

fn stop(clerk: &Client, stopped: bool) {
    assert_eq!(clerk.post("/api/school/stop", &StopOrder { stopped, reason: "演练".into() }).status, 200);
}

/// Released and held before anything of it was claimed; meanwhile something happens; then it goes on.
fn released_meanwhile(app: &App, teacher: &Client, id: MessageId, happens: impl Fn()) {
    let clerk = app.office_clerk();
    stop(&clerk, true);
    app.grade_head("八年级").approve(id);
    assert_eq!(teacher.post(&format!("/api/messages/{id}/pause"), &json!({})).status, 200);
    stop(&clerk, false);
    happens();
    assert_eq!(teacher.post(&format!("/api/messages/{id}/resume"), &json!({})).status, 200);
    app.settled(teacher, id);
}

/// A notice of the homeroom teacher's, waiting for the head of the grade.
fn submitted(teacher: &Client) -> MessageId {
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    id
}

fn change_number(who: &Client, guardian: impl std::fmt::Display, phone: &str) -> Reply {
    who.put(&format!("/api/guardians/{guardian}/phone"), &NewNumber { phone: phone.into() })
}

fn mark(who: &Client, guardian: &GuardianView, state: NumberState) -> Reply {
    who.post(&format!("/api/guardians/{}/phone", guardian.id), &MarkNumber { state })
}

fn say_not_mine(app: &App, link: &str) -> Reply {
    let form = ("content-type", "application/x-www-form-urlencoded");
    app.anybody().send("POST", link, Some(b"action=not_mine"), &[form])
}

/// The link of the SMS that went to a guardian's phone.
fn link_to(app: &App, guardian: i64) -> String {
    let phone = app.count(&format!("SELECT phone_id FROM guardians WHERE id = {guardian}"));
    let mut links = app.sms().into_iter().map(|sms| link_in(&sms.text));
    let of_phone = |link: &String| phone_of(link) == phone;
    links.rfind(of_phone).expect("an SMS to this phone")
}

/// The phone id that a link's token packs: its lowest 30 bits.
fn phone_of(link: &str) -> i64 {
    let raw =
        data_encoding::BASE64URL_NOPAD.decode(link.trim_start_matches("/m/").as_bytes()).expect("a token");
    raw[4..8].iter().fold(0, |all, byte| all << 8 | i64::from(*byte)) & ((1 << 30) - 1)
}

fn reason_of(list: &DeliveryList, guardian: i64) -> (Option<DeliveryState>, Option<Reason>) {
    let all = list.children.iter().flat_map(|child| &child.guardians);
    let row = all.into_iter().find(|g| g.guardian.is_some_and(|id| id.0 == guardian)).expect("on the list");
    (row.state, row.reason)
}

const GONE: &str = "此链接已不属于您";

#[test]
fn who_leaves_loses_posts_and_sessions_and_steps_pass_on() {
    let app = App::start();
    let (teacher, head, clerk) = (app.homeroom("八年级1班"), app.grade_head("八年级"), app.office_clerk());
    let waits = submitted(&teacher);
    let draft = head.get("/api/me").status;
    assert_eq!(draft, 200);
    let path = format!("/api/staff/{}", staff_id(&app, "T0016"));

    let before: StaffLeaving = clerk.get(&format!("{path}/leave")).json();
    assert_eq!(before.name, "范亮豪");
    assert_eq!((before.posts.len(), before.vacant.len()), (2, 2), "head and custodian: {before:?}");
    assert_eq!(before.waiting.len(), 1, "{before:?}");
    assert_eq!(before.waiting[0].message.id, waits);
    assert!(!before.waiting[0].others.is_empty(), "the office director stands in");

    // Not for a reason that fits nobody of the staff, nor by somebody without the right, nor oneself.
    assert_eq!(leaves(&clerk, &path, LeaveReason::Graduated).refused(422), "leave_reason");
    assert_eq!(leaves(&teacher, &path, LeaveReason::Retired).refused(403), "forbidden");
    let own = format!("/api/staff/{}", staff_id(&app, "T0004"));
    assert_eq!(leaves(&clerk, &own, LeaveReason::Retired).refused(403), "own_departure");

    assert_eq!(leaves(&clerk, &path, LeaveReason::Retired).status, 204);
    assert_eq!(leaves(&clerk, &path, LeaveReason::Retired).status, 404, "once");
    assert_eq!(head.get("/api/me").status, 401, "sessions end");
    assert_eq!(app.anybody().sign_in("T0016", api_tests::PASSPHRASE).status, 401);
    let held = "SELECT COUNT(*) FROM appointments a JOIN staff t ON t.id = a.staff_id WHERE t.number = 'T0016' AND a.until IS NULL";
    assert_eq!(app.count(held), 0, "posts end");

    let after: Departures = clerk.get("/api/staff/departures").json();
    assert_eq!(after.left.len(), 1);
    assert_eq!((after.left[0].name.as_str(), after.left[0].by.as_str()), ("范亮豪", "程佑一"));
    assert!(after.vacancies.iter().any(|v| v.held_by == "范亮豪" && v.unit == "八年级"), "{after:?}");

    // The step has passed on.
    let seen = app.office_director().message(waits);
    assert!(!seen.chain.steps[0].people.contains(&"范亮豪".to_owned()), "{:?}", seen.chain);
    assert!(seen.may.contains(&Command::Decide));
    // So has the account of the year group to nobody: what is approved waits for a custodian (G2).
    let approved = app.office_director().approve(waits);
    assert_eq!((approved.state, approved.held), (MessageState::Approved, Some(HoldReason::NoCustodian)));
}

/// The same order that comes twice is done once.
#[test]
fn an_order_that_comes_twice_is_done_once() {
    let app = App::start();
    let clerk = app.office_clerk();
    let path = format!("/api/staff/{}/leave", staff_id(&app, "T0042"));
    let order = Leave { reason: LeaveReason::Resigned };
    for _ in 0..2 {
        let reply = clerk.post_with_key(&path, &order, "one-and-the-same");
        assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM departures"), 1);
}

#[test]
fn drafts_of_who_left_are_shown_to_who_manages_accounts() {
    let app = App::start();
    let (teacher, clerk) = (app.homeroom("八年级1班"), app.office_clerk());
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    assert_eq!(
        leaves(&clerk, &format!("/api/staff/{}", staff_id(&app, "T0026")), LeaveReason::Resigned).status,
        204
    );
    let after: Departures = clerk.get("/api/staff/departures").json();
    assert_eq!(after.drafts.iter().map(|d| d.id).collect::<Vec<_>>(), [id]);
    assert!(after.drafts[0].body.contains("运动会"));
    assert!(after.vacancies.iter().any(|v| v.class.as_deref() == Some("八年级1班")), "{after:?}");
    assert_eq!(app.grade_head("八年级").get("/api/staff/departures").status, 403);
}

#[test]
fn a_message_whose_author_left_is_held_before_release() {
    let app = App::start();
    let (teacher, head, clerk) = (app.homeroom("八年级1班"), app.grade_head("八年级"), app.office_clerk());
    let (one, two) = (submitted(&teacher), submitted(&teacher));
    let path = format!("/api/staff/{}", staff_id(&app, "T0026"));
    let before: StaffLeaving = clerk.get(&format!("{path}/leave")).json();
    assert_eq!(before.held.iter().map(|m| m.id).collect::<Vec<_>>(), [two, one]);
    assert_eq!(leaves(&clerk, &path, LeaveReason::Transferred).status, 204);

    let seen = head.message(one);
    assert_eq!(seen.held, Some(HoldReason::AuthorLeft), "who decides sees it before");
    let approved = head.approve(one);
    assert_eq!((approved.state, approved.held), (MessageState::Approved, Some(HoldReason::AuthorLeft)));
    app.cron();
    app.cron();
    assert_eq!(head.message(one).state, MessageState::Approved);
    assert_eq!(app.sms().len(), 0, "nothing goes");
    let held: Departures = clerk.get("/api/staff/departures").json();
    assert_eq!(held.held.len(), 2, "{:?}", held.held);

    // The head of the unit ends it; of one that is not held that would be the author's or the office's.
    assert!(approved.may.contains(&Command::Cancel));
    let cancelled: MessageView = head.post(&format!("/api/messages/{one}/cancel"), &json!({})).json();
    assert_eq!((cancelled.state, cancelled.held), (MessageState::Cancelled, None));
    head.approve(two);
    assert!(clerk.message(two).may.contains(&Command::Cancel));

    // Also where the person came back: the post is another one then.
    assert_eq!(clerk.post(&format!("{path}/return"), &json!({})).status, 204);
    app.cron();
    assert_eq!(head.message(two).state, MessageState::Approved);
    let people: Vec<StaffView> = clerk.get("/api/staff").json();
    let back = people.iter().find(|p| p.number == "T0026").expect("back on the roll");
    assert!(back.active && back.appointments.is_empty(), "{back:?}");
    assert_eq!(clerk.post(&format!("{path}/return"), &json!({})).status, 404, "once");
}

#[test]
fn a_leavers_family_gets_nothing_more_at_release_and_at_claim() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = submitted(&teacher);
    let students = roll(&teacher).students;
    let (first, second) = (&students[0], &students[1]);
    let path = |student: &domain::roster::StudentView| format!("/api/students/{}", student.id);
    let before: FamilyLeaving = teacher.get(&format!("{}/leave", path(first))).json();
    assert_eq!((before.name.as_str(), before.messages), (first.name.as_str(), 1));
    assert_eq!(before.guardians.len(), first.guardians.len());
    assert_eq!(leaves(&teacher, &path(first), LeaveReason::Transferred).status, 204);

    released_meanwhile(&app, &teacher, id, || {
        assert_eq!(leaves(&teacher, &path(second), LeaveReason::Suspended).status, 204);
    });
    let list = list(&teacher, id);
    for student in [first, second] {
        for guardian in &student.guardians {
            assert_eq!(
                reason_of(&list, guardian.id.0),
                (Some(DeliveryState::Skipped), Some(Reason::Left)),
                "{} {guardian:?}",
                student.name
            );
        }
    }
    let skipped = list.funnel.skipped;
    assert!(skipped >= 2, "{:?}", list.funnel);
    assert_eq!(app.sms().len() as u32, list.funnel.phones - skipped);

    // Coming back: on the roll, and the next notice reaches them.
    let shown = roll(&teacher);
    assert!(
        shown.left.iter().any(|l| l.kind == RecipientKind::Student && l.person == first.id.0),
        "{:?}",
        shown.left
    );
    assert_eq!(teacher.post(&format!("{}/return", path(first)), &json!({})).status, 204);
    assert_eq!(teacher.post(&format!("{}/return", path(first)), &json!({})).status, 404);
    assert!(roll(&teacher).students.iter().any(|s| s.id == first.id));
}

#[test]
fn who_may_edit_which_roll() {
    let app = App::start();
    let (teacher, clerk) = (app.homeroom("八年级1班"), app.office_clerk());
    let student = roll(&teacher).students.remove(0);
    let guardian = student.guardians[0].clone();
    for number in ["T0018", "T0042", "T0016", "T0001", "T0014"] {
        let other = app.signed_in(number);
        for reply in [
            leaves(&other, &format!("/api/students/{}", student.id), LeaveReason::Transferred),
            leaves(&other, &format!("/api/guardians/{}", guardian.id), LeaveReason::Custody),
            change_number(&other, guardian.id, "19900000009"),
            mark(&other, &guardian, NumberState::Revoked),
            other.post(&format!("/api/students/{}/return", student.id), &json!({})),
            other.post(&format!("/api/guardians/{}/return", guardian.id), &json!({})),
        ] {
            assert!(matches!(reply.status, 403 | 404), "{number}: {} {}", reply.status, reply.body);
        }
    }
    assert_eq!(change_number(&teacher, guardian.id, "1990000").refused(422), "phone");
    let changed: GuardianView = change_number(&teacher, guardian.id, "199 0000 0009").json();
    assert_eq!(changed.phone, "199******09");
    assert_eq!(change_number(&clerk, guardian.id, "19900000009").refused(422), "same_number");
    assert_eq!(change_number(&clerk, guardian.id, "19900000008").status, 200);
    let recorded = format!(
        "SELECT COUNT(*) FROM phone_changes WHERE kind = 'guardian' AND person = {} AND import_id IS NULL AND length(mac) = 64",
        guardian.id
    );
    assert_eq!(app.count(&recorded), 2);
    assert_eq!(mark(&teacher, &guardian, NumberState::Invalid).refused(422), "number_state");

    // A guardian who leaves is shown, and comes back.
    assert_eq!(
        leaves(&teacher, &format!("/api/guardians/{}", guardian.id), LeaveReason::Custody).status,
        204
    );
    let shown = roll(&teacher);
    assert!(shown.left.iter().any(|l| l.kind == RecipientKind::Guardian && l.person == guardian.id.0));
    assert_eq!(teacher.post(&format!("/api/guardians/{}/return", guardian.id), &json!({})).status, 204);
    let staff = format!("/api/staff/{}/phone", staff_id(&app, "T0026"));
    assert_eq!(clerk.put(&staff, &NewNumber { phone: "19900000007".into() }).status, 204);
    assert_eq!(teacher.put(&staff, &NewNumber { phone: "19900000006".into() }).status, 403);
}

#[test]
fn a_number_changed_after_submission_is_seen_and_the_old_link_is_nobodys() {
    let app = App::start();
    let (teacher, head) = (app.homeroom("八年级1班"), app.grade_head("八年级"));
    let id = submitted(&teacher);
    let guardian = roll(&teacher).students[0].guardians[0].clone();
    assert_eq!(change_number(&teacher, guardian.id, "19900000009").status, 200);

    let written = teacher.message(id);
    assert_eq!(written.changed.len(), 1, "{:?}", written.changed);
    assert_eq!(written.changed[0].name, guardian.name);
    assert_eq!((&written.changed[0].from, written.changed[0].to.as_str()), (&guardian.phone, "199******09"));
    let read = head.message(id);
    assert_eq!(
        (read.changed.len(), read.changed[0].name.as_str()),
        (1, ""),
        "the head may not read that roll"
    );
    head.approve(id);
    app.settled(&teacher, id);
    let link = link_to(&app, guardian.id.0);
    let parent = app.anybody();
    assert_eq!(parent.get(&link).status, 200, "to the new number");

    assert_eq!(change_number(&teacher, guardian.id, "19900000008").status, 200);
    let page = parent.get(&link);
    assert_eq!(page.status, 404);
    assert!(page.body.contains(GONE), "{}", page.body);
    let child = &roll(&teacher).students[0].name;
    assert!(
        !page.body.contains(child.as_str())
            && !page.body.contains("运动会")
            && !page.body.contains("示范中学")
    );
    assert!(parent.get(&format!("{link}?lang=en")).body.contains("no longer belongs to you"));
    assert_eq!(parent.confirm(&link).status, 404);
    assert_eq!(app.count("SELECT COUNT(*) FROM answers"), 0, "and confirms nothing");
    assert_eq!(
        written.changed.len(),
        teacher.message(id).changed.len(),
        "what came after release is not listed"
    );
}

#[test]
fn a_number_changed_while_it_waits_gets_nothing_at_either() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = submitted(&teacher);
    // Somebody alone behind the number.
    let alone = app.count(
        "SELECT g.id FROM guardians g JOIN students s ON s.id = g.student_id JOIN classes c ON c.id = s.class_id
         WHERE c.name = '八年级1班' AND (SELECT COUNT(*) FROM guardians o WHERE o.phone_id = g.phone_id) = 1 ORDER BY g.id LIMIT 1",
    );
    let old = app.count(&format!("SELECT phone_id FROM guardians WHERE id = {alone}"));
    released_meanwhile(&app, &teacher, id, || {
        assert_eq!(change_number(&teacher, alone, "19900000009").status, 200);
    });
    assert_eq!(
        reason_of(&list(&teacher, id), alone),
        (Some(DeliveryState::Skipped), Some(Reason::NumberChanged))
    );
    let new = app.count(&format!("SELECT phone_id FROM guardians WHERE id = {alone}"));
    for sms in app.sms() {
        let phone = phone_of(&link_in(&sms.text));
        assert!(phone != old && phone != new);
    }
}

#[test]
fn nothing_goes_to_a_number_that_was_taken_back_or_opted_out() {
    let app = App::start();
    let (teacher, head) = (app.homeroom("八年级1班"), app.grade_head("八年级"));
    let students = roll(&teacher).students;
    let (revoked, opted_out) = (&students[0].guardians[0], &students[1].guardians[0]);
    let first = submitted(&teacher);
    head.approve(first);
    app.settled(&teacher, first);
    let link = link_to(&app, revoked.id.0);
    assert_eq!(app.anybody().get(&link).status, 200);

    // One before release, the other one before the claim.
    let after: GuardianView = mark(&teacher, revoked, NumberState::Revoked).json();
    assert_eq!(after.number, NumberState::Revoked);
    assert!(app.anybody().get(&link).body.contains(GONE));
    let id = submitted(&teacher);
    released_meanwhile(&app, &teacher, id, || {
        assert_eq!(mark(&teacher, opted_out, NumberState::OptedOut).status, 200);
    });
    let told = list(&teacher, id);
    let skipped = Some(DeliveryState::Skipped);
    assert_eq!(reason_of(&told, revoked.id.0), (skipped, Some(Reason::NumberRevoked)));
    assert_eq!(reason_of(&told, opted_out.id.0), (skipped, Some(Reason::OptedOut)));
    let shown = roll(&teacher);
    assert_eq!(shown.students[1].guardians[0].number, NumberState::OptedOut);

    // Taken into use again.
    assert_eq!(mark(&teacher, revoked, NumberState::Usable).status, 200);
    assert_eq!(app.anybody().get(&link).status, 200);
}

#[test]
fn not_my_number_stops_the_sms_until_it_is_settled() {
    let app = App::start();
    let (teacher, head) = (app.homeroom("八年级1班"), app.grade_head("八年级"));
    let first = submitted(&teacher);
    head.approve(first);
    app.settled(&teacher, first);
    let guardian = roll(&teacher).students[0].guardians[0].clone();
    let link = link_to(&app, guardian.id.0);
    let page = app.anybody().get(&link).body;
    assert!(page.contains("not_mine"), "the page offers it");

    for _ in 0..2 {
        let reply = say_not_mine(&app, &link);
        assert_eq!(reply.status, 404);
        assert!(reply.body.contains(GONE));
    }
    assert!(app.anybody().get(&link).body.contains(GONE));
    assert_eq!(app.anybody().confirm(&link).status, 404);
    let open: Vec<Dispute> = teacher.get("/api/disputes").json();
    assert!(open.iter().any(|d| d.person == guardian.id.0 && d.phone == guardian.phone), "{open:?}");
    let count = open.len();
    assert_eq!(app.office_clerk().get("/api/disputes").json::<Vec<Dispute>>().len(), count);
    for other in ["T0018", "T0042", "T0016", "T0001"] {
        let client = app.signed_in(other);
        assert_eq!(client.get("/api/disputes").json::<Vec<Dispute>>(), [], "{other}");
        assert_eq!(client.post(&format!("/api/disputes/{}/keep", open[0].id), &json!({})).status, 404);
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'number.disputed'"), 1);

    let id = submitted(&teacher);
    head.approve(id);
    app.settled(&teacher, id);
    assert_eq!(
        reason_of(&list(&teacher, id), guardian.id.0),
        (Some(DeliveryState::Skipped), Some(Reason::NotTheirs))
    );
    assert_eq!(roll(&teacher).students[0].guardians[0].number, NumberState::Disputed);
    for dispute in &open {
        assert_eq!(teacher.post(&format!("/api/disputes/{}/keep", dispute.id), &json!({})).status, 204);
    }
    assert_eq!(app.anybody().get(&link).status, 200, "it was theirs after all");

    // A corrected number settles it as well.
    say_not_mine(&app, &link);
    assert_eq!(change_number(&teacher, guardian.id, "19900000009").status, 200);
    let open: Vec<Dispute> = teacher.get("/api/disputes").json();
    assert!(open.iter().all(|d| d.person != guardian.id.0), "{open:?}");
}

#[test]
fn receipts_say_what_is_known_of_a_number() {
    let mut app = App::start();
    let (_, id) = app.school_notice();
    app.finish(id);
    let of = |app: &App, ending: &str, state: &str| {
        let ids = json!(app.phones_ending(ending)).to_string();
        let known = format!(
            "SELECT COUNT(*) FROM phones WHERE contact_state = '{state}' AND contact_why <> '' AND contact_at > 0 AND id IN (SELECT value FROM json_each('{ids}'))"
        );
        (app.count(&known), app.phones_ending(ending).len() as i64)
    };
    let untouched = |app: &App, ending: &str| {
        let ids = json!(app.phones_ending(ending)).to_string();
        app.count(&format!(
            "SELECT COUNT(*) FROM phones WHERE contact_state = 'unknown' AND contact_at IS NULL AND id IN (SELECT value FROM json_each('{ids}'))"
        ))
    };
    for (ending, state) in [("001", "invalid"), ("002", "unreachable")] {
        let (known, all) = of(&app, ending, state);
        assert!(known == all && all > 0, "{ending} is {state}");
    }
    // No receipt says nothing, and a delivery where nothing bad was known is no news: no row is written for it.
    for ending in ["003", "004"] {
        assert_eq!(untouched(&app, ending), app.phones_ending(ending).len() as i64, "{ending}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM phones WHERE contact_state = 'reachable'"), 0);
    // It is where the number had failed before.
    let ids = json!(app.phones_ending("004")).to_string();
    app.db()
        .execute_batch(&format!(
            "UPDATE phones SET contact_state = 'unreachable' WHERE id IN (SELECT value FROM json_each('{ids}'))"
        ))
        .expect("sql");
    let (clerk, again) = app.school_notice();
    let skipped = format!(
        "SELECT COUNT(*) FROM deliveries WHERE message_id = {again} AND state = 'skipped' AND reason = 'number_invalid' AND batch_no = 0"
    );
    assert_eq!(app.count(&skipped), app.phones_ending("001").len() as i64);
    assert_eq!(
        clerk.message(again).funnel.expect("released").skipped as usize,
        app.phones_ending("001").len()
    );
    app.finish(again);
    let (known, all) = of(&app, "004", "reachable");
    assert!(known == all && all > 0, "it was reached after all");
}

/// Item by item: submit, withdraw and release, and what a present reach is.
#[test]
fn no_roll_by_the_back_door() {
    let app = App::start();
    let subject = app.subject_teacher();
    let classes = [subject.class("七年级1班"), subject.class("七年级2班")];
    let id = subject.draft(&draft_to(&classes));
    subject.submit(id);
    let names = |reader: &Client, id: MessageId| {
        let list = list(reader, id);
        assert_eq!(list.classes.len(), 2, "counts are told");
        assert!(list.classes.iter().all(|c| c.children > 30 && c.people >= c.children), "{:?}", list.classes);
        assert_eq!(list.classes.iter().filter(|c| c.named).count() > 0, !list.children.is_empty());
        list.children.len()
    };
    assert_eq!(names(&subject, id), 0, "a subject teacher's submission gives no names");
    let head = app.grade_head("七年级");
    assert_eq!(names(&head, id), 0, "nor does it to who decides");
    assert!(names(&app.office_clerk(), id) > 60, "the office may read the rolls anyway");
    // Who joined is counted, not named.
    let child = app.count(&format!("SELECT MIN(id) FROM students WHERE class_id = {}", classes[0]));
    assert_eq!(
        leaves(&app.office_clerk(), &format!("/api/students/{child}"), LeaveReason::Transferred).status,
        204
    );
    let seen = subject.message(id);
    assert_eq!((seen.moved.left, seen.left.len()), (1, 0), "{:?}", seen.left);
    assert_eq!(app.office_clerk().message(id).left.len(), 1);
    assert_eq!(subject.post(&format!("/api/messages/{id}/withdraw"), &json!({})).status, 200);
    assert_eq!(names(&subject, id), 0, "nor does taking it back");

    let id = subject.draft(&draft_to(&classes));
    subject.submit(id);
    head.approve(id);
    let all = names(&subject, id);
    assert!(all > 60, "once it is released its author watches over it");
    assert_eq!(names(&head, id), all, "and so does who answers for it");
    // No longer teaching one of the two classes.
    let until =
        "UPDATE appointments SET mac = mac || 'e', until = 1 WHERE post = 'subject_teacher' AND class_id";
    app.db()
        .execute_batch(&format!("{until} = {} AND staff_id = {}", classes[0], staff_id(&app, "T0042")))
        .expect("an end");
    let list = list(&subject, id);
    assert!(!list.children.is_empty() && list.children.len() < all);
    assert!(list.children.iter().all(|c| c.class == classes[1]));
    assert_eq!(list.classes.iter().filter(|c| c.named).count(), 1);
}

/// A teacher may write to all colleagues, and gets no list of their numbers by a submission.
#[test]
fn no_list_of_the_staff_by_the_back_door() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let audience = domain::message::Audience::AllTeachers;
    let id = teacher.draft(&domain::message::Draft { audience, ..draft_to(&[]) });
    teacher.submit(id);
    assert!(teacher.message(id).reach.people > 50);
    assert_eq!(list(&teacher, id).staff, []);
    assert!(list(&app.office_clerk(), id).staff.len() > 50);
}

/// A staff file whose numbers belong to other people changes no page of the past.
#[test]
fn what_was_approved_keeps_the_names_of_its_moment() {
    let app = App::start();
    let (teacher, head, clerk) = (app.homeroom("八年级1班"), app.grade_head("八年级"), app.office_clerk());
    let id = submitted(&teacher);
    let returned = submitted(&teacher);
    assert_eq!(head.decide(returned, Verdict::Return, "请写明地点").status, 200);
    head.approve(id);
    app.settled(&teacher, id);
    let renamed = file("middle-school-staff.csv")
        .replace("T0016,范亮豪", "T0016,石海涵")
        .replace("T0026,彭梦泽", "T0026,魏知遥");
    clerk.import("staff", &renamed);

    let seen = teacher.message(id);
    assert_eq!(seen.author_name, "彭梦泽");
    let decision = seen.chain.steps[0].decision.as_ref().expect("approved");
    assert_eq!((decision.name.as_str(), seen.history[0].name.as_str()), ("范亮豪", "范亮豪"));
    assert_eq!(teacher.message(returned).history[0].name, "范亮豪");
    let listed: domain::message::MessageList = clerk.get("/api/messages?box=all").json();
    let line = listed.messages.iter().find(|m| m.id == id).expect("listed");
    assert_eq!(line.author, "彭梦泽");
    let log: domain::audit::AuditPage = clerk.get("/api/audit").json();
    let of = |action: &str| log.entries.iter().find(|e| e.entry.action == action).expect("logged");
    assert_eq!(of("message.decided").actor_name, "范亮豪");
    assert_eq!(of("message.submitted").actor_name, "彭梦泽");

    // What is written from now on carries the new name.
    let later = submitted(&teacher);
    assert_eq!(teacher.message(later).author_name, "魏知遥");
    head.approve(later);
    assert_eq!(teacher.message(later).history[0].name, "石海涵");
}

/// A mother's old link names her own child, whatever a file calls the number since.
#[test]
fn an_old_link_and_an_old_list_name_the_child_of_then() {
    let app = App::start();
    let (teacher, clerk) = (app.homeroom("八年级1班"), app.office_clerk());
    let (_, id) = app.class_notice();
    app.settled(&teacher, id);
    let before = roll(&teacher);
    let child = &before.students[0];
    let guardian = &child.guardians[0];
    let link = link_to(&app, guardian.id.0);
    assert!(app.anybody().get(&link).body.contains(&child.name));
    let shown = |list: &DeliveryList| {
        let row = list.children.iter().find(|c| c.student == child.id).expect("listed");
        (row.name.clone(), row.guardians[0].name.clone(), row.guardians[0].relation.clone())
    };
    let then = shown(&list(&teacher, id));

    // Another child's name under the number, another name for the mother, and another class.
    let text = file("middle-school-students.csv");
    let old = text.lines().find(|line| line.starts_with(&child.number)).expect("a row");
    let row = old
        .replace(&child.name, "侯某人")
        .replace(&guardian.name, "别的人")
        .replace(",八年级,1班,", ",八年级,2班,");
    assert_ne!(row, old);
    clerk.import("students", &text.replace(old, &row));
    assert_eq!(app.count("SELECT COUNT(*) FROM students WHERE name = '侯某人'"), 1, "the file was taken");

    let page = app.anybody().get(&link);
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&child.name) && page.body.contains("八年级1班"), "{}", page.body);
    assert!(!page.body.contains("侯某人") && !page.body.contains("八年级2班"));
    assert_eq!(shown(&list(&teacher, id)), then);
    assert_eq!(shown(&list(&clerk, id)), then);
}
