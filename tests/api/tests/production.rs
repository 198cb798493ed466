//! What a school really deploys: nothing of the demo is in it.

use api_tests::{App, draft_to};
use domain::message::{Hold, MessageState};

#[test]
fn there_is_no_sandbox_and_no_demo() {
    let app = App::production("");
    let anybody = app.anybody();
    let health: serde_json::Value = anybody.get("/api/health").json();
    assert_eq!(health, serde_json::json!({"ok": true, "demo": false}));
    for path in [
        "/sandbox",
        "/sandbox/",
        "/sandbox/19900042652",
        "/sandbox/api/messages",
        "/sandbox/api/usage",
        "/sandbox?phone=19900042652",
    ] {
        assert_eq!(anybody.get(path).status, 404, "{path}");
    }
    assert_eq!(anybody.get("/api/health").header("x-d1"), None, "costs are told in the demo only");
}

#[test]
fn wrangler_toml_knows_nothing_of_the_demo() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wrangler.toml");
    let text = std::fs::read_to_string(path).expect("wrangler.toml");
    let settings: String =
        text.lines().filter(|l| !l.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    // (/sandbox stands among the paths that the Worker answers: with 404.)
    for word in ["DEMO", "SANDBOX", "\"sandbox\"", "CLOCK_OFFSET", "wutong"] {
        assert!(!settings.contains(word), "{word} in wrangler.toml");
    }
}

/// No provider, or the demo's: nothing is lost, nothing piles up and nothing is sent.
#[test]
fn the_sandbox_provider_refuses_to_start() {
    for provider in ["", "sandbox"] {
        let app = App::production(provider);
        let (teacher, id) = app.class_notice();
        for _ in 0..3 {
            app.cron();
        }
        let message = teacher.message(id);
        assert_eq!((message.state, message.funnel), (MessageState::Approved, None), "{provider:?}");
        assert_eq!(message.hold, Some(Hold::NoProvider), "its page says why");
        assert_eq!(app.count("SELECT COUNT(*) FROM attempts"), 0, "no call was made");
    }
}

/// Only the demo's clock can be set.
#[test]
fn the_clock_cannot_be_set() {
    let mut app = App::production("");
    let now = |app: &App| app.principal().get("/api/me").json::<domain::account::Me>().now;
    let before = now(&app);
    app.restart_with(&[("SMS_PROVIDER", ""), ("CLOCK_OFFSET_MS", "864000000")]);
    assert!(now(&app).0 - before.0 < 600_000);
}

#[test]
fn a_message_can_be_written_and_approved_all_the_same() {
    let app = App::production("");
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    assert_eq!(teacher.submit(id).state, MessageState::Submitted);
    assert_eq!(app.grade_head("八年级").approve(id).state, MessageState::Approved);
}
