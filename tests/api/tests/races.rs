//! Races, a hundred of each kind: people who act on one message at the same moment. The school runs in process,
//! and between any two batches of statements the seed draws whose turn it is, so that a failure can be seen
//! again. One outcome each; who loses is told so and leaves no row.

use std::collections::BTreeMap;

use api_tests::small_university::*;
use api_tests::{App, Client, Prepared, Reply, draft_to};
use domain::access::Post;
use domain::appointment::EndPost;
use domain::approval::{Decide, Verdict};
use domain::filing::{Register, Scan};
use domain::ids::MessageId;
use domain::message::{Draft, DraftChange};
use serde_json::json;

/// How many of each kind.
const SEEDS: u64 = 100;

/// Counts the outcomes of a race, and in how many different orders its people had their turns.
struct Race<'a> {
    name: &'a str,
    app: &'a App,
    outcomes: BTreeMap<String, usize>,
    orders: BTreeMap<Vec<usize>, usize>,
}

impl<'a> Race<'a> {
    /// Runs it for every seed on the same state: `judge` says what came of it.
    fn run(
        name: &'a str,
        app: &'a App,
        people: impl Fn(u64) -> Vec<Vec<Prepared>>,
        judge: impl Fn(u64, &[Vec<Reply>]) -> &'static str,
    ) {
        let mut race = Race { name, app, outcomes: BTreeMap::new(), orders: BTreeMap::new() };
        app.hold();
        for seed in 0..SEEDS {
            let (replies, order) = app.at_once(seed, people(seed));
            for reply in replies.iter().flatten() {
                assert!(reply.status != 500, "{name} {seed} {order:?}: {}", reply.body);
            }
            assert_eq!(app.count_held("SELECT COUNT(*) FROM guard"), 0, "{name} {seed}: a guard is left");
            assert_eq!(
                app.count_held("SELECT COUNT(*) FROM changes"),
                0,
                "{name} {seed}: a change is untold"
            );
            *race.outcomes.entry(judge(seed, &replies).to_owned()).or_default() += 1;
            *race.orders.entry(order).or_default() += 1;
            race.app.undo();
        }
        println!("{}: {SEEDS} races in {} orders, {:?}", race.name, race.orders.len(), race.outcomes);
        assert!(race.orders.len() > 10, "{name}: they were no races");
        assert!(race.outcomes.len() > 1, "{name}: one of them always wins: {:?}", race.outcomes);
    }
}

/// Who lost is told that something moved on, in words.
#[track_caller]
fn lost(reply: &Reply) {
    let kind = reply.refused(409);
    assert!(!kind.is_empty());
}

fn decide(client: &Client, id: MessageId, digest: &str, verdict: Verdict) -> Prepared {
    let order = Decide {
        verdict,
        digest: digest.into(),
        reason: "同时".into(),
        password: None,
        passages: Vec::new(),
    };
    client.prepare("POST", &format!("/api/messages/{id}/decisions"), &order)
}

fn of(table: &str, id: MessageId) -> String {
    format!("SELECT COUNT(*) FROM {table} WHERE message_id = {id}")
}

fn told(action: &str, id: MessageId) -> String {
    format!("SELECT COUNT(*) FROM audit WHERE action = '{action}' AND subject_id = {id}")
}

fn state(app: &App, id: MessageId) -> bool {
    app.count_held(&format!("SELECT COUNT(*) FROM messages WHERE id = {id} AND state IN ('sending', 'sent')"))
        == 1
}

/// A message of 商学院 that its leader has reviewed and that waits for the dean; its digest.
fn reviewed(app: &App) -> (Client, MessageId, String) {
    let clerk = app.signed_in(BUSINESS_CLERK);
    let id = clerk.draft(&draft_to(&[app.class_of("商学院")]));
    let digest = clerk.submit(id).digest.expect("a digest");
    app.signed_in(BUSINESS_LEADER).approve(id);
    (clerk, id, digest)
}

#[test]
fn of_two_deciders_one_decides() {
    let app = App::small_university();
    // The college has two deans for a while: either may approve.
    app.appoint(COUNSELLOR, Post::Dean, "商学院");
    let (_, id, digest) = reviewed(&app);
    let deans = [BUSINESS_DEAN, COUNSELLOR].map(|number| app.signed_in(number));
    let second = |seed: u64| if seed.is_multiple_of(2) { Verdict::Approve } else { Verdict::Return };
    Race::run(
        "two deciders",
        &app,
        |seed| {
            vec![
                vec![decide(&deans[0], id, &digest, Verdict::Approve)],
                vec![decide(&deans[1], id, &digest, second(seed))],
            ]
        },
        |seed, replies| {
            let [one, two] = [&replies[0][0], &replies[1][0]];
            let winner = if one.status == 200 { 0 } else { 1 };
            lost(if winner == 0 { two } else { one });
            assert_eq!([one, two][winner].status, 200);
            assert_eq!(app.count_held(&of("decisions", id)), 2, "the review, and one of these");
            assert_eq!(app.count_held(&told("message.decided", id)), 2);
            let approved = winner == 0 || second(seed) == Verdict::Approve;
            assert_eq!(app.count_held(&of("deliveries", id)) > 0, approved);
            assert_eq!(app.count_held(&of("filings", id)), i64::from(approved));
            ["the first", "the second"][winner]
        },
    );
}

#[test]
fn what_is_taken_back_is_not_approved() {
    let app = App::small_university();
    let (clerk, id, digest) = reviewed(&app);
    let dean = app.signed_in(BUSINESS_DEAN);
    Race::run(
        "taking back against approving",
        &app,
        |_| {
            vec![
                vec![clerk.prepare("POST", &format!("/api/messages/{id}/withdraw"), &())],
                vec![decide(&dean, id, &digest, Verdict::Approve)],
            ]
        },
        |_, replies| {
            let [back, approved] = [&replies[0][0], &replies[1][0]];
            let is_sent = app.count_held(&of("deliveries", id)) > 0;
            assert_eq!(app.count_held(&of("decisions", id)), 1 + i64::from(is_sent));
            assert_eq!(app.count_held(&told("message.withdrawn", id)), i64::from(!is_sent));
            assert_eq!(state(&app, id), is_sent);
            if is_sent {
                assert_eq!(approved.status, 200);
                lost(back);
                "approved"
            } else {
                assert_eq!(back.status, 200);
                lost(approved);
                "taken back"
            }
        },
    );
}

#[test]
fn what_is_edited_is_not_approved_as_it_was() {
    let app = App::small_university();
    app.appoint(COUNSELLOR, Post::Dean, "商学院");
    let (clerk, id, digest) = reviewed(&app);
    let deans = [BUSINESS_DEAN, COUNSELLOR].map(|number| app.signed_in(number));
    let draft = clerk.message(id).draft;
    let edited = Draft { title: "运动会改期".into(), ..draft };
    let change = DraftChange { draft: edited, changed_at: None };
    Race::run(
        "editing against approving",
        &app,
        |_| {
            let path = format!("/api/messages/{id}");
            vec![
                // One dean returns it; its writer edits and submits at once; the other dean approves what was read.
                vec![decide(&deans[0], id, &digest, Verdict::Return)],
                vec![
                    clerk.prepare("PUT", &path, &change),
                    clerk.prepare("POST", &format!("{path}/submit"), &json!({ "statement": true })),
                ],
                vec![decide(&deans[1], id, &digest, Verdict::Approve)],
            ]
        },
        |_, replies| {
            let [returned, edited, submitted, approved] =
                [&replies[0][0], &replies[1][0], &replies[1][1], &replies[2][0]];
            let of_first = format!("{} AND version = 1", of("decisions", id));
            assert_eq!(app.count_held(&of_first), 2, "the review, and one of these");
            assert_eq!(app.count_held(&of("decisions", id)), 2, "nobody decided the edited one");
            let new = "SELECT COUNT(*) FROM messages WHERE title = '运动会改期'";
            if approved.status == 200 {
                lost(returned);
                lost(edited);
                lost(submitted);
                assert_eq!(app.count_held(new), 0, "not a word was edited");
                assert!(app.count_held(&of("deliveries", id)) > 0);
                return "approved";
            }
            // As long as it is a draft again, nobody but its writer sees it.
            if approved.status != 404 {
                lost(approved);
            }
            assert_eq!(returned.status, 200);
            assert_eq!(app.count_held(&of("deliveries", id)), 0, "未经审批，严禁发送");
            match (edited.status, submitted.status) {
                (200, 200) => "returned, edited and submitted",
                (200, _) => panic!("edited and not submitted: {}", submitted.body),
                _ => {
                    lost(edited);
                    assert_eq!(app.count_held(new), 0);
                    "returned before the edit came"
                }
            }
        },
    );
}

#[test]
fn who_loses_the_post_approves_before_or_not_at_all() {
    let app = App::small_university();
    let (_, id, digest) = reviewed(&app);
    let dean = app.signed_in(BUSINESS_DEAN);
    let admin = app.signed_in(ADMINISTRATORS[0]);
    let post = format!(
        "SELECT id FROM appointments WHERE post = 'dean' AND staff_id = (SELECT id FROM staff WHERE number = '{BUSINESS_DEAN}')"
    );
    let post = app.count(&post);
    Race::run(
        "a post that ends against approving",
        &app,
        |_| {
            vec![
                vec![admin.prepare(
                    "POST",
                    &format!("/api/appointments/{post}/end"),
                    &EndPost { knowing: true },
                )],
                vec![decide(&dean, id, &digest, Verdict::Approve)],
            ]
        },
        |_, replies| {
            let [ended, approved] = [&replies[0][0], &replies[1][0]];
            let is_over =
                format!("SELECT COUNT(*) FROM appointments WHERE id = {post} AND until IS NOT NULL");
            assert_eq!((ended.status, app.count_held(&is_over)), (204, 1));
            let is_sent = app.count_held(&of("deliveries", id)) > 0;
            assert_eq!(app.count_held(&of("decisions", id)), 1 + i64::from(is_sent));
            let before = format!("SELECT COUNT(*) FROM audit d JOIN audit e ON e.action = 'appointment.ended' AND e.seq < d.seq
                WHERE d.action = 'message.decided' AND d.subject_id = {id}");
            assert_eq!(app.count_held(&before), 0, "nothing is decided after the end");
            if is_sent {
                assert_eq!(approved.status, 200);
                "approved, then ended"
            } else {
                // Who came in without the post does not see the message any more.
                assert!(matches!(approved.status, 403 | 404 | 409), "{}", approved.body);
                "ended, and not approved"
            }
        },
    );
}

#[test]
fn nothing_is_released_before_its_number_is_entered() {
    let app = App::small_university();
    let (sender, id) = app.department_approved();
    let registrar = app.signed_in(AFFAIRS_CLERK);
    let scan: Scan = registrar.store_scan(id, &pdf()).json();
    let order = Register {
        number: "教〔2026〕1".into(),
        delivered_by: "何静".into(),
        place: "学生处档案柜".into(),
        document: scan.sha256,
    };
    Race::run(
        "a number that is entered against releasing",
        &app,
        |_| {
            vec![
                vec![registrar.prepare("POST", &format!("/api/messages/{id}/registration"), &order)],
                vec![sender.prepare("POST", &format!("/api/messages/{id}/release"), &())],
            ]
        },
        |_, replies| {
            let [entered, released] = [&replies[0][0], &replies[1][0]];
            assert_eq!((entered.status, app.count_held(&of("registrations", id))), (200, 1));
            let is_released = released.status == 200;
            assert_eq!(app.count_held(&of("release_orders", id)), i64::from(is_released));
            assert_eq!(app.count_held(&of("deliveries", id)) > 0, is_released);
            assert_eq!(app.count_held(&told("message.ordered", id)), i64::from(is_released));
            if is_released {
                "entered, then released"
            } else {
                assert_eq!(released.refused(409), "not_registered");
                "not released"
            }
        },
    );
}

#[test]
fn one_number_is_entered_once() {
    let app = App::small_university();
    let registrars = [AFFAIRS_CLERK, AFFAIRS_HEAD].map(|number| app.signed_in(number));
    let orders: Vec<(MessageId, Register)> = (0..2)
        .map(|_| {
            let (_, id) = app.department_approved();
            let scan: Scan = registrars[0].store_scan(id, &pdf()).json();
            let order = Register {
                number: "教〔2026〕1".into(),
                delivered_by: "何静".into(),
                place: String::new(),
                document: scan.sha256,
            };
            (id, order)
        })
        .collect();
    Race::run(
        "one number for two originals",
        &app,
        |_| {
            let pairs = registrars.iter().zip(&orders);
            pairs
                .map(|(registrar, (id, order))| {
                    vec![registrar.prepare("POST", &format!("/api/messages/{id}/registration"), order)]
                })
                .collect()
        },
        |_, replies| {
            let winner = usize::from(replies[0][0].status != 200);
            assert_eq!(replies[winner][0].status, 200);
            let loser = &replies[1 - winner][0];
            assert!(matches!(loser.status, 409 | 422), "{}", loser.body);
            assert_eq!(app.count_held("SELECT COUNT(*) FROM registrations"), 1);
            assert_eq!(app.count_held(&told("message.registered", orders[1 - winner].0)), 0);
            ["the first", "the second"][winner]
        },
    );
}
