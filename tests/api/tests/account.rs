//! Signing in, activation, sessions (G19, G38, G51).

// Not in a folder of its own name with a main.rs: see schema.rs.
#[path = "account/attack.rs"]
mod attack;
#[path = "account/own.rs"]
mod own;
#[path = "account/reset.rs"]
mod reset;

use std::sync::OnceLock;

use api_tests::{App, PASSPHRASE};
use domain::access::Post;
use domain::account::{Activation, ActivationView, Me, Slip};
use domain::roster::StaffView;
use domain::time::HOUR;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

/// A fresh slip for someone who has no account yet.
fn slip(app: &App, number: &str) -> Slip {
    let admin = app.administrator();
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    let person = staff.iter().find(|s| s.number == number).expect("on the roll");
    admin.post(&format!("/api/staff/{}/activation", person.id), &()).json()
}

fn token(slip: &Slip) -> String {
    slip.link.split_once('#').expect("…#token").1.to_owned()
}

#[test]
fn staff_sign_in_by_number_and_by_phone() {
    for login in ["T0018", "19900042652"] {
        let mut client = app().anybody();
        let reply = client.sign_in(login, PASSPHRASE);
        assert!(App::usage(&reply).0 <= 4, "{:?}", App::usage(&reply));
        let again = client.sign_in(login, PASSPHRASE);
        assert!(App::usage(&again).0 <= 4, "in a known browser");
        let me: Me = again.json();
        assert_eq!(me.person.number, "T0018");
        assert!(me.person.holds(Post::HomeroomTeacher, None));
        assert_eq!(client.get("/api/me").json::<Me>().person, me.person);
    }
}

#[test]
fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let reply = app().anybody().sign_in("T0018", PASSPHRASE);
    let cookie = reply.header("set-cookie").expect("a session").to_owned();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for flag in ["Secure", "HttpOnly", "Path=/", "SameSite="] {
        assert!(cookie.contains(flag), "{flag} in {cookie}");
    }
    // Only its hash is stored.
    let token = cookie.trim_start_matches("__Host-session=").split(';').next().expect("a value");
    let stored: Vec<String> = app()
        .db()
        .prepare("SELECT token_hash FROM sessions")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("sessions");
    assert!(!stored.is_empty() && stored.iter().all(|h| h != token && !token.is_empty()));
}

#[test]
fn nobody_learns_whether_an_account_exists() {
    let known = app().anybody().sign_in("T0016", "not the passphrase");
    let unknown = app().anybody().sign_in("T9999", "not the passphrase");
    let never_activated = app().anybody().sign_in("T0060", "not the passphrase");
    assert_eq!(known.problem(401), unknown.problem(401));
    assert_eq!(known.problem(401), never_activated.problem(401));
}

#[test]
fn guessing_is_slowed_down_before_anything_is_hashed() {
    let app = App::start();
    let mut client = app.anybody();
    let throttled = (0..8).map(|_| client.sign_in("T0017", "a wrong passphrase")).find(|r| r.status == 429);
    let reply = throttled.expect("the throttle closes within eight tries");
    assert_eq!(reply.refused(429), "throttled");
    // The right one has to wait as well, or the throttle would tell a guess from a hit.
    assert_eq!(client.sign_in("T0017", PASSPHRASE).status, 429);
    // Nobody else is kept out.
    assert_eq!(app.anybody().sign_in("T0016", PASSPHRASE).status, 200);
}

#[test]
fn signing_out_ends_the_session_on_the_server() {
    let client = app().homeroom("七年级2班");
    assert_eq!(client.get("/api/me").status, 200);
    assert_eq!(client.send("DELETE", "/api/session", None, &[]).status, 204);
    assert_eq!(client.get("/api/me").refused(401), "not_signed_in");
}

#[test]
fn an_activation_link_works_once() {
    let slip = slip(app(), "T0050");
    let anybody = app().anybody();
    let activation = Activation { token: token(&slip), password: None };
    let view: ActivationView = anybody.post("/api/activations/check", &activation).json();
    assert_eq!((view.number.as_str(), view.name.as_str()), ("T0050", slip.name.as_str()));

    let weak = anybody.activate(&slip, "123456789012345");
    assert!(weak.problem(422).errors.iter().any(|e| e.field == "password"));
    assert_eq!(anybody.activate(&slip, "一句自己才知道的很长的话啊啊").status, 422, "14 characters");
    assert_eq!(anybody.activate(&slip, "my own long passphrase").status, 204);
    assert!((400..500).contains(&anybody.activate(&slip, "another long passphrase").status));
    assert!((400..500).contains(&anybody.post("/api/activations/check", &activation).status));

    assert_eq!(app().anybody().sign_in("T0050", "another long passphrase").status, 401);
    assert_eq!(app().anybody().sign_in("T0050", "my own long passphrase").status, 200);
}

#[test]
fn a_newer_slip_replaces_the_older_one() {
    let (first, second) = (slip(app(), "T0051"), slip(app(), "T0051"));
    assert!((400..500).contains(&app().anybody().activate(&first, "my own long passphrase").status));
    assert_eq!(app().anybody().activate(&second, "my own long passphrase").status, 204);
}

#[test]
fn slips_for_all_who_have_no_account_yet() {
    let app = App::start();
    let admin = app.administrator();
    let slips: Vec<Slip> = admin.post("/api/staff/activations", &serde_json::json!({ "staff": [] })).json();
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    assert_eq!(slips.len(), staff.iter().filter(|s| !s.active).count());
    assert_eq!(staff.len(), 65);
    let unique: std::collections::BTreeSet<&str> = slips.iter().map(|s| s.link.as_str()).collect();
    assert_eq!(unique.len(), slips.len());
}

#[test]
fn slips_expire() {
    let mut app = App::start();
    let slip = slip(&app, "T0052");
    let activation = Activation { token: token(&slip), password: None };
    app.forward(71 * HOUR);
    assert_eq!(app.anybody().post("/api/activations/check", &activation).status, 200);
    app.forward(73 * HOUR);
    assert_eq!(app.anybody().post("/api/activations/check", &activation).refused(404), "activation_dead");
}

/// The code on the slip is typed as people type, and is as good as the link.
#[test]
fn a_code_is_typed() {
    let slip = slip(app(), "T0053");
    assert!(slip.link.ends_with(&format!("/activate#{}", slip.code)), "{}", slip.link);
    let typed = slip.code.to_lowercase().replace('-', " ");
    let view: ActivationView = app()
        .anybody()
        .post("/api/activations/check", &Activation { token: typed.clone(), password: None })
        .json();
    assert_eq!((view.number.as_str(), view.reset), ("T0053", false));
    let chosen = Activation { token: typed, password: Some("my own long passphrase".into()) };
    assert_eq!(app().anybody().post("/api/activations", &chosen).status, 204);
    let stored: String = app()
        .db()
        .query_row("SELECT group_concat(code_index) FROM activations", [], |r| r.get(0))
        .expect("slips");
    assert!(!stored.contains(&slip.code) && !stored.is_empty(), "the code itself is nowhere");
}

/// Codes are guessed slowly; whoever has one is let in after a moment.
#[test]
fn guessing_codes_is_slowed_down() {
    let mut app = App::start();
    let slip = slip(&app, "T0054");
    let code = |token: &str| Activation { token: token.into(), password: None };
    let wrong = |app: &App| app.anybody().post("/api/activations/check", &code("0000-0000-0000-0000")).status;
    let first: Vec<u16> = (0..60).map(|_| wrong(&app)).collect();
    assert!(first.iter().all(|s| *s == 404), "{first:?}");
    // They run down by one each five seconds.
    assert!((0..60).any(|_| wrong(&app) == 429));
    let slow = app.anybody().post("/api/activations/check", &code(&slip.code));
    assert_eq!(slow.refused(429), "throttled");
    assert_eq!(slow.header("retry-after"), Some("5"));
    app.forward(6_000);
    assert_eq!(app.anybody().post("/api/activations/check", &code(&slip.code)).status, 200);
    // A good code costs nothing.
    assert_eq!(app.anybody().post("/api/activations/check", &code(&slip.code)).status, 200);
}

/// A slip that somebody moved to another row in the database opens nothing.
#[test]
fn a_slip_moved_to_another_account_opens_nothing() {
    let app = App::start();
    let slip = slip(&app, "T0055");
    app.db()
        .execute_batch(
            "DROP TRIGGER activations_fixed;
             UPDATE activations SET staff_id = (SELECT id FROM staff WHERE number = 'T0056') WHERE used_at IS NULL",
        )
        .expect("sql");
    assert_eq!(app.anybody().activate(&slip, "my own long passphrase").refused(404), "activation_dead");
    assert!(app.log().contains("seal of a slip"));
}

/// A password's hash fits its owner only.
#[test]
fn a_hash_moved_to_another_account_opens_nothing() {
    let app = App::start();
    let copy = "UPDATE staff SET password = (SELECT password FROM staff WHERE number = 'T0018') WHERE number = 'T0001'";
    app.db().execute_batch(copy).expect("sql");
    assert_eq!(app.anybody().sign_in("T0001", PASSPHRASE).refused(401), "wrong_password");
}

#[test]
fn passwords_are_stored_as_argon2id_only() {
    let db = app().db();
    let mut statement = db.prepare("SELECT password FROM staff WHERE password IS NOT NULL").expect("staff");
    let all: Vec<String> = statement.query_map([], |r| r.get(0)).and_then(Iterator::collect).expect("rows");
    assert!(all.len() >= 12);
    for hash in all {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }
}

#[test]
fn requests_from_other_sites_are_refused() {
    let client = app().homeroom("八年级1班");
    let post = |headers: &[(&str, &str)]| client.send("POST", "/api/messages/preview", Some(b"{}"), headers);
    assert_eq!(post(&[("sec-fetch-site", "cross-site")]).refused(403), "foreign_site");
    assert_eq!(post(&[("sec-fetch-site", "same-site")]).refused(403), "foreign_site");
    assert_eq!(
        post(&[("sec-fetch-site", ""), ("origin", "https://evil.example")]).refused(403),
        "foreign_site"
    );
    assert_eq!(post(&[("sec-fetch-site", ""), ("origin", "null")]).refused(403), "foreign_site");
    // Neither header: no browser, goes on to the next check.
    assert_eq!(post(&[("sec-fetch-site", ""), ("origin", "")]).refused(400), "bad_json");
}
