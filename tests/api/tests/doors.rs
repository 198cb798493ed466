//! What holds for every request, whatever it asks for: under which address it
//! is answered, by which methods, under which key; and what an answer gives away.

use api_tests::{App, Client, draft_to};
use domain::ids::ClassId;
use domain::message::Preview;
use domain::roster::ImportPreview;

fn from_host(client: &Client, path: &str, host: &str) -> u16 {
    client.send("GET", path, None, &[("host", host)]).status
}

#[test]
fn a_deployment_answers_under_its_own_address_only() {
    let app = App::with(&[("DEMO", "0"), ("PUBLIC_ORIGIN", "https://xx.school.example")]);
    let anybody = app.anybody();
    for path in ["/api/health", "/m/AAAAAAAAAAAAAAAAAAAA", "/api/nothing"] {
        for host in
            ["evil.example", "xx.school.example.evil.example", "xx.school.example:8080", "192.168.1.5"]
        {
            let reply = anybody.send("GET", path, None, &[("host", host)]);
            assert_eq!(reply.refused(421), "misdirected", "{path} at {host}");
        }
        for host in ["xx.school.example", "XX.school.example", "localhost:8787", "127.0.0.1:1"] {
            assert_ne!(from_host(&anybody, path, host), 421, "{path} at {host}");
        }
    }
}

/// A site can lead a name of its own to this machine: then its pages would read the demo's phones.
#[test]
fn the_demos_phones_are_shown_at_the_demos_own_address() {
    let app = App::start();
    let anybody = app.anybody();
    for path in ["/sandbox", "/sandbox/api/messages", "/sandbox/api/usage"] {
        assert_eq!(from_host(&anybody, path, "evil.example"), 404, "{path}");
        assert_eq!(from_host(&anybody, path, "evil.example:1"), 404, "{path}");
        for own in ["127.0.0.1:1", "localhost:1"] {
            assert_eq!(from_host(&anybody, path, own), 200, "{path} at {own}");
        }
    }
    // A phone in the same network may look at the rest of the demo.
    assert_eq!(from_host(&anybody, "/api/health", "192.168.1.5:8787"), 200);
}

#[test]
fn an_unknown_method_is_told_which_there_are() {
    let app = App::start();
    let clerk = app.office_clerk();
    for (path, allow) in [
        ("/api/messages", "GET, POST, HEAD"),
        ("/api/messages/1", "GET, PUT, HEAD"),
        ("/api/messages/1/submit", "POST"),
        ("/api/session", "POST, DELETE"),
        ("/m/AAAAAAAAAAAAAAAAAAAA", "GET, POST, HEAD"),
    ] {
        for method in ["PATCH", "OPTIONS", "PROPFIND", "TRACE", "BREW"] {
            let reply = clerk.send(method, path, None, &[]);
            assert_eq!(reply.refused(405), "method_not_allowed", "{method} {path}");
            assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
        }
    }
}

#[test]
fn a_key_is_of_its_query_too() {
    let app = App::start();
    let clerk = app.office_clerk();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/middle-school-staff.csv");
    let bytes = std::fs::read(file).expect("the roster");
    let upload = |kind: &str| {
        let headers = [("idempotency-key", "one-key-two-queries"), ("content-type", "text/csv")];
        clerk.send("POST", &format!("/api/roster/imports?kind={kind}"), Some(&bytes), &headers)
    };
    let first: ImportPreview = upload("staff").json();
    assert_eq!(upload("staff").json::<ImportPreview>().id, first.id, "the same order twice");
    let other = upload("students");
    assert!(
        other.status == 422 || other.json::<ImportPreview>().id != first.id,
        "another order under the same key: {}",
        other.body
    );
    assert!(!other.body.contains("\"kind\":\"staff\""), "{}", other.body);
}

/// Whoever may not write to a class is told the same of it whether there is such a class or not.
#[test]
fn a_preview_does_not_tell_whether_a_class_exists() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let of = |class: i64| -> Preview {
        teacher.post("/api/messages/preview", &draft_to(&[ClassId(class)])).json()
    };
    let mine = teacher.class("八年级1班").0;
    let others: Vec<i64> = (1..=24).filter(|id| *id != mine).collect();
    let nobody = serde_json::to_value(of(999_999)).expect("json");
    for class in others {
        let mut theirs = serde_json::to_value(of(class)).expect("json");
        // Both say the time at which they were asked.
        theirs["sends_at"] = nobody["sends_at"].clone();
        assert_eq!(theirs, nobody, "class {class}");
    }
    assert!(!nobody.to_string().contains("年级组长"), "nor whom it would be approved by");
    assert!(of(mine).reach.phones > 0);
}

#[test]
fn a_title_that_nobody_can_see_is_none() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    for blank in ["\u{3164}", "\u{2800}\u{2800}", "\u{200b}\u{feff}", "\u{3000}", "\u{ad}"] {
        let mut nothing = draft.clone();
        nothing.title = blank.into();
        let preview: Preview = teacher.post("/api/messages/preview", &nothing).json();
        assert!(
            preview.refusals.iter().any(|r| r.kind == "title_missing"),
            "{blank:?}: {:?}",
            preview.refusals
        );
        nothing.title = draft.title.clone();
        nothing.body = blank.into();
        let preview: Preview = teacher.post("/api/messages/preview", &nothing).json();
        assert!(preview.refusals.iter().any(|r| r.kind == "body_missing"), "{blank:?}");
    }
}
