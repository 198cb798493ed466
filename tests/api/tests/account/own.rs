//! One's own password and sessions, and the password asked again.

use api_tests::{App, Client, PASSPHRASE, PHONES, draft_to_all};
use domain::account::device::{Browser, System};
use domain::account::{Device, PasswordChange, SessionView};
use domain::approval::{Decide, Verdict};
use domain::time::{HOUR, MINUTE};

const OTHER: &str = "the plane trees at the gate";

fn change(client: &Client, old: &str, password: &str) -> api_tests::Reply {
    client.put("/api/me/password", &PasswordChange { old: old.into(), password: password.into() })
}

/// Signed in with a browser that tells what it is.
fn signed_in_with(app: &App, number: &str, agent: &str) -> Client {
    let mut client = app.anybody();
    let body = serde_json::json!({ "login": number, "password": PASSPHRASE }).to_string();
    let reply = client.send("POST", "/api/session", Some(body.as_bytes()), &[("user-agent", agent)]);
    let cookie = reply.header("set-cookie").expect("a session");
    client.cookie = cookie.split(';').next().expect("a pair").to_owned();
    client
}

#[test]
fn the_own_password_is_changed_with_the_old_one() {
    let app = App::start();
    let (here, there) = (app.signed_in("T0018"), app.signed_in("T0018"));
    let reply = change(&here, "not the passphrase at all", OTHER);
    assert_eq!(reply.refused(422), "wrong_password");
    assert_eq!(reply.problem(422).errors[0].field, "old");
    assert_eq!(there.get("/api/me").status, 200);

    assert_eq!(change(&here, PASSPHRASE, OTHER).status, 204);
    assert_eq!(here.get("/api/me").status, 200, "this session goes on");
    assert_eq!(there.get("/api/me").refused(401), "not_signed_in", "all others end");
    assert_eq!(app.anybody().sign_in("T0018", PASSPHRASE).status, 401);
    assert_eq!(app.anybody().sign_in("T0018", OTHER).status, 200);
    let told = "SELECT COUNT(*) FROM audit WHERE action = 'account.password_changed' AND subject = 'staff'";
    assert_eq!(app.count(told), 1);
}

#[test]
fn a_weak_password_is_not_taken_and_changes_nothing() {
    let app = App::start();
    let client = app.signed_in("T0018");
    for weak in
        ["passwordpassword", "qwertyuiopasdfgh", "elephantelephant", "示范中学校讯通T0018-2026", "short"]
    {
        let reply = change(&client, PASSPHRASE, weak);
        assert_eq!(reply.refused(422), "weak_password", "{weak}");
        assert_eq!(reply.problem(422).errors[0].field, "password");
    }
    assert_eq!(change(&client, PASSPHRASE, PASSPHRASE).refused(422), "same_password");
    assert_eq!(app.anybody().sign_in("T0018", PASSPHRASE).status, 200);
}

/// What the documentation prints is no password in a deployment.
#[test]
fn the_demos_password_is_for_the_demo() {
    let deployed = App::with(&[("DEMO", "0")]);
    let client = deployed.signed_in("T0018");
    assert_eq!(change(&client, PASSPHRASE, OTHER).status, 204);
    for demo in [PASSPHRASE, "Wutong 2026 Xiaoxun Demo!"] {
        assert_eq!(change(&client, OTHER, demo).refused(422), "weak_password", "{demo}");
    }
    let demo = App::start();
    assert_eq!(change(&demo.signed_in("T0018"), PASSPHRASE, "Wutong 2026 Xiaoxun Demo!").status, 204);
}

/// Who finds an open session does not guess the password with it.
#[test]
fn guessing_the_old_password_is_slowed_down() {
    let app = App::start();
    let client = app.signed_in("T0018");
    let statuses: Vec<u16> =
        (0..6).map(|_| change(&client, "not the passphrase at all", OTHER).status).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
    assert_eq!(change(&client, PASSPHRASE, OTHER).refused(429), "throttled");
    // The account's owner signs in meanwhile as ever.
    assert_eq!(app.anybody().sign_in("T0018", PASSPHRASE).status, 200);
}

/// A full-width or decomposed character is the same password.
#[test]
fn a_password_is_one_text_however_it_is_typed() {
    let app = App::start();
    assert_eq!(
        change(&app.signed_in("T0018"), PASSPHRASE, "Les marronniers fleurissent à Orléans").status,
        204
    );
    let decomposed = "Les marronniers fleurissent a\u{300} Orle\u{301}ans";
    assert_eq!(app.anybody().sign_in("T0018", decomposed).status, 200);
    assert_eq!(app.anybody().sign_in("T0018", "Ｌes marronniers fleurissent à Orléans").status, 200);
    assert_eq!(app.anybody().sign_in("T0018", "les marronniers fleurissent a orleans").status, 401);
}

#[test]
fn ordinary_staff_stay_signed_in_for_half_a_day() {
    let mut app = App::start();
    let teacher = app.signed_in("T0018");
    app.forward(12 * HOUR - MINUTE);
    assert_eq!(teacher.at(&app).get("/api/me").status, 200);
    // Used again and again it lasts a month, and no longer.
    for day in 1..60 {
        app.forward(day * 11 * HOUR);
        assert_eq!(teacher.at(&app).get("/api/me").status, 200, "{day}");
    }
    app.forward(60 * 11 * HOUR + 12 * HOUR);
    assert_eq!(teacher.at(&app).get("/api/me").refused(401), "not_signed_in", "idle for half a day");
    let teacher = app.signed_in("T0018");
    let from = app.clock_offset();
    for half_days in 1..65 {
        app.forward(from + half_days * 11 * HOUR);
        teacher.at(&app).get("/api/me");
    }
    app.forward(from + 30 * 24 * HOUR + MINUTE);
    assert_eq!(teacher.at(&app).get("/api/me").refused(401), "not_signed_in", "a month old");
}

#[test]
fn who_decides_or_administers_stays_for_two_hours() {
    for number in ["T0001", "T0003", "T0004", "T0014", "T0016"] {
        let mut app = App::start();
        let client = app.signed_in(number);
        app.forward(2 * HOUR - MINUTE);
        assert_eq!(client.at(&app).get("/api/me").status, 200, "{number}");
        app.forward(4 * HOUR);
        assert_eq!(
            client.at(&app).get("/api/me").refused(401),
            "not_signed_in",
            "{number}: idle for two hours"
        );
        assert_eq!(
            client.at(&app).get("/api/me").refused(401),
            "not_signed_in",
            "trying does not wake it up"
        );
        let client = app.signed_in(number);
        for hour in 5..16 {
            app.forward(hour * HOUR);
            assert_eq!(client.at(&app).get("/api/me").status, 200, "{number}");
        }
        app.forward(16 * HOUR + MINUTE);
        assert_eq!(client.at(&app).get("/api/me").refused(401), "not_signed_in", "{number}: half a day old");
    }
}

/// The rule follows the posts held at each request, not those held at sign-in.
#[test]
fn a_new_post_shortens_a_session_that_is_open() {
    let mut app = App::start();
    let teacher = app.signed_in("T0018");
    app.forward(3 * HOUR);
    assert_eq!(teacher.at(&app).get("/api/me").status, 200);
    app.forward(6 * HOUR);
    app.db()
        .execute_batch(
            "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac)
             SELECT id, 'grade_head', 1, (SELECT MAX(at) FROM audit), 2, 'x' FROM staff WHERE number = 'T0018';
             UPDATE appointments SET confirmed_by = 1, confirmed_at = since, mac = 'y' WHERE mac = 'x'",
        )
        .expect("sql");
    assert_eq!(teacher.at(&app).get("/api/me").status, 401);
}

#[test]
fn sessions_are_listed_and_ended() {
    let app = App::start();
    let phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.49";
    let here = signed_in_with(&app, "T0018", phone);
    let (second, third) = (app.signed_in("T0018"), app.signed_in("T0018"));
    let list: Vec<SessionView> = here.get("/api/me/sessions").json();
    assert_eq!(list.len(), 3);
    let current: Vec<&SessionView> = list.iter().filter(|s| s.current).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0].device, Device { system: System::Android, browser: Browser::WeChat });
    assert_eq!(current[0].device.words().zh, "安卓设备 · 微信");

    // Nobody ends another's.
    let theirs: Vec<SessionView> = app.signed_in("T0019").get("/api/me/sessions").json();
    let reply = here.delete(&format!("/api/me/sessions/{}", theirs[0].id));
    assert_eq!(reply.refused(404), "not_found");

    let of_second: Vec<SessionView> = second.get("/api/me/sessions").json();
    let id = of_second.iter().find(|s| s.current).expect("itself").id;
    assert_eq!(here.delete(&format!("/api/me/sessions/{id}")).status, 204);
    assert_eq!(second.get("/api/me").refused(401), "not_signed_in");
    assert_eq!(third.get("/api/me").status, 200);
    assert_eq!(here.delete("/api/me/sessions").status, 204);
    assert_eq!(third.get("/api/me").refused(401), "not_signed_in");
    assert_eq!(here.get("/api/me/sessions").json::<Vec<SessionView>>().len(), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'session.ended'"), 2);
}

/// One that ended by itself is not in the list.
#[test]
fn what_has_ended_is_not_listed() {
    let mut app = App::start();
    app.signed_in("T0001");
    app.forward(3 * HOUR);
    let list: Vec<SessionView> = app.signed_in("T0001").get("/api/me/sessions").json();
    assert_eq!(list.len(), 1);
}

#[test]
fn a_last_decision_over_500_phones_asks_for_the_password() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    let submitted = clerk.submit(id);
    assert_eq!(submitted.reach.phones, PHONES);
    let digest = submitted.digest.expect("a digest");
    let path = format!("/api/messages/{id}/decisions");
    let decide = |client: &Client, password: Option<&str>| {
        let (digest, password) = (digest.clone(), password.map(str::to_owned));
        client.post(
            &path,
            &Decide {
                verdict: Verdict::Approve,
                digest,
                reason: String::new(),
                passages: Vec::new(),
                password,
            },
        )
    };
    // The review is not the last one.
    assert_eq!(decide(&app.office_director(), None).status, 200);
    let principal = app.principal();
    let reply = decide(&principal, None);
    assert_eq!(reply.refused(422), "password_needed");
    assert_eq!(reply.problem(422).errors[0].field, "password");
    assert_eq!(decide(&principal, Some("not the passphrase at all")).refused(422), "wrong_password");
    assert_eq!(app.count("SELECT COUNT(*) FROM decisions"), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM deliveries"), 0);
    let reply = decide(&principal, Some(PASSPHRASE));
    assert_eq!((reply.status, App::usage(&reply).0), (200, 3), "in three round trips as ever");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM signin_failures WHERE key LIKE 'again:%'"),
        0,
        "and is forgiven"
    );
}

/// Who may not decide is refused for that reason, as often as he asks.
#[test]
fn a_password_that_was_not_looked_at_costs_no_try() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    let order = Decide {
        verdict: Verdict::Approve,
        digest,
        reason: String::new(),
        passages: Vec::new(),
        password: Some(PASSPHRASE.into()),
    };
    let principal = app.principal();
    for _ in 0..8 {
        let reply = principal.post(&format!("/api/messages/{id}/decisions"), &order);
        assert_eq!(reply.refused(403), "not_your_step", "review comes first");
    }
    app.office_director().approve(id);
    assert_eq!(principal.post(&format!("/api/messages/{id}/decisions"), &order).status, 200);
}

/// And it takes back no try but itself.
#[test]
fn refused_decisions_do_not_buy_tries() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    let principal = app.principal();
    let wrong = || change(&principal, "not the passphrase at all", OTHER).status;
    assert_eq!((0..7).map(|_| wrong()).collect::<Vec<_>>(), [422, 422, 422, 422, 422, 429, 429]);
    let order = Decide {
        verdict: Verdict::Approve,
        digest,
        reason: String::new(),
        passages: Vec::new(),
        password: Some("x".into()),
    };
    for _ in 0..8 {
        principal.post(&format!("/api/messages/{id}/decisions"), &order);
    }
    let failures: f64 = app
        .db()
        .query_row("SELECT failures FROM signin_failures WHERE key LIKE 'again:%'", [], |r| r.get(0))
        .expect("a count");
    assert!(failures >= 5.0, "{failures}");
}

/// Returning asks for nothing, and neither does a class notice.
#[test]
fn other_decisions_ask_for_no_password() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    app.office_director().approve(id);
    let path = format!("/api/messages/{id}/decisions");
    let order = Decide {
        verdict: Verdict::Return,
        digest,
        reason: "请写明时间".into(),
        passages: Vec::new(),
        password: None,
    };
    assert_eq!(app.principal().post(&path, &order).status, 200);
    app.class_notice();
}

/// What is kept of an order is no quick way to guess the password that was in it.
#[test]
fn the_kept_hash_of_an_order_does_not_give_the_password_away() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    app.office_director().approve(id);
    let order = Decide {
        verdict: Verdict::Approve,
        digest,
        reason: String::new(),
        passages: Vec::new(),
        password: Some(PASSPHRASE.into()),
    };
    let path = format!("/api/messages/{id}/decisions");
    assert_eq!(app.principal().post_with_key(&path, &order, "the-principals-order").status, 200);
    let kept: String = app
        .db()
        .query_row("SELECT body_hash FROM idempotency WHERE key = 'the-principals-order'", [], |r| r.get(0))
        .expect("a row");
    let plain = domain::digest::Digest::of_bytes(&serde_json::to_vec(&order).expect("json")).to_hex();
    assert_ne!(kept, plain);
}

/// A new password makes all browsers unknown but the one in which it was chosen.
#[test]
fn a_new_password_makes_other_browsers_unknown() {
    let app = App::start();
    let (mut here, mut there) = (app.anybody(), app.anybody());
    for client in [&mut here, &mut there] {
        assert_eq!(client.sign_in_from("192.0.2.1", "T0017", PASSPHRASE).status, 200);
    }
    let reply = change(&here, PASSPHRASE, OTHER);
    here.cookie = reply.header("set-cookie").expect("a mark").split(';').next().expect("a pair").to_owned();
    for n in 0..60 {
        app.anybody().sign_in_from(&format!("198.51.100.{n}"), "T0017", "not the passphrase at all");
    }
    assert_eq!(there.sign_in_from("203.0.113.1", "T0017", OTHER).status, 429);
    assert_eq!(here.sign_in_from("203.0.113.2", "T0017", OTHER).status, 200);
}
