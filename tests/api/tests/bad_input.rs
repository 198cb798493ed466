//! Every endpoint of the contract, with what nobody should send. The answer is always a problem
//! with a sentence in the reader's language, and nothing is half done.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use api_tests::{App, Client, Contract, Reply, draft_to};
use domain::api::{self, ALL, Gate, Method, Operation};
use domain::approval::{Decide, Verdict};
use domain::message::Draft;
use domain::roster::ImportKind;
use serde_json::{Value, json};

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

/// An endpoint that takes JSON, with its path and a body that has the right form.
struct Takes {
    operation: &'static Operation,
    path: String,
    body: Value,
}

/// All of them. Ids are of nothing that exists.
fn bodies() -> Vec<Takes> {
    let draft = serde_json::to_value(draft_to(&[])).expect("json");
    let decide = Decide {
        verdict: Verdict::Approve,
        digest: "0".repeat(64),
        reason: String::new(),
        passages: Vec::new(),
        password: None,
    };
    let administrator = json!({"number": "T0001", "name": "范知"});
    let bodies: Vec<(&'static Operation, Value)> = vec![
        (
            &api::SETUP.operation,
            json!({"name": "学校", "signature": "学校", "administrators": [administrator], "platform_word": null, "window": null}),
        ),
        (&api::SIGN_IN.operation, json!({"login": "T0018", "password": "x"})),
        (&api::CHANGE_PASSWORD.operation, json!({"old": "x", "password": "a long passphrase"})),
        (&api::ANSWER_RESET.operation, json!({"mine": true})),
        (&api::CHECK_ACTIVATION.operation, json!({"token": "x"})),
        (&api::ACTIVATE.operation, json!({"token": "x", "password": "a long passphrase"})),
        (&api::ISSUE_SLIPS.operation, json!({"staff": [999_999]})),
        (&api::LOOK_AGAIN.operation, json!({"answers": [], "persons": [], "ticked": [], "shown": ""})),
        (&api::APPLY_IMPORT.operation, json!({"answers": [], "persons": [], "ticked": [], "shown": "x"})),
        (&api::MAKE_UNIT.operation, json!({"parent": 999_999, "kind": "department", "name": "x"})),
        (&api::CHANGE_UNIT.operation, json!({"name": "x"})),
        (&api::MOVE_UNIT.operation, json!({"parent": 999_999})),
        (&api::END_POST.operation, json!({"knowing": false})),
        (
            &api::GIVE_POST.operation,
            json!({"staff": 999_999, "post": "principal", "unit": 999_999, "class": null, "subject": "", "from": null}),
        ),
        (&api::CONFIRM_APPOINTMENTS.operation, json!({"appointments": [999_999]})),
        (&api::DECLINE_APPOINTMENT.operation, json!({"reason": "x"})),
        (
            &api::HAND_IN.operation,
            json!({"title": "x", "body": "x", "whom": "x", "wanted_at": null, "note": ""}),
        ),
        (&api::TAKE_UP.operation, json!({"message": 999_999})),
        (&api::DECLINE_REQUEST.operation, json!({"reason": "x"})),
        (&api::ANSWER_CHANGE.operation, json!({"asked_at": 1, "agree": false, "reason": "x"})),
        (
            &api::RECORD_ABSENCE.operation,
            json!({"appointment": 999_999, "from": null, "until": 4_000_000_000_000_i64, "reason": "x"}),
        ),
        (
            &api::PROPOSE_PROCEDURE.operation,
            json!({"sender": "teacher", "scope": "grade", "steps": [], "in_force_from": 4_000_000_000_000_i64}),
        ),
        (
            &api::DRY_RUN.operation,
            json!({"sender": "teacher", "scope": "grade", "steps": [], "unit": 999_999, "audience": null}),
        ),
        (&api::CONFIRM_PROCEDURE.operation, json!({"version": 1})),
        (&api::DECLINE_PROCEDURE.operation, json!({"version": 1})),
        (
            &api::PROPOSE_SMS_ACCOUNT.operation,
            json!({"behind": 999_999, "provider": "aliyun", "trial": true, "signature": "x", "signature_state": "filed",
                "templates": [], "price": 45, "credentials": null}),
        ),
        (&api::LEAVE_STAFF.operation, json!({"reason": "retired"})),
        (&api::CHANGE_STAFF_NUMBER.operation, json!({"phone": "19900000009"})),
        (&api::LEAVE_STUDENT.operation, json!({"reason": "transferred"})),
        (&api::LEAVE_GUARDIAN.operation, json!({"reason": "custody"})),
        (&api::CHANGE_GUARDIAN_NUMBER.operation, json!({"phone": "19900000009"})),
        (&api::MARK_NUMBER.operation, json!({"state": "revoked"})),
        (&api::LIST_TEACHERS.operation, json!({"list": [999_999], "strike": []})),
        (&api::CREATE_MESSAGE.operation, draft.clone()),
        (&api::PREVIEW_MESSAGE.operation, draft.clone()),
        (&api::CHANGE_MESSAGE.operation, draft),
        (&api::SUBMIT.operation, json!({"statement": true})),
        (&api::DECIDE.operation, serde_json::to_value(decide).expect("json")),
        (&api::NAMES.operation, json!({"group": 999_999})),
        (&api::STOP_MESSAGE.operation, json!({"reason": "x"})),
        (
            &api::SAVE_TEMPLATE.operation,
            json!({"unit": 999_999, "title": "期中考试", "body": "请准时到校", "category": "event"}),
        ),
        (
            &api::REGISTER_ORIGINAL.operation,
            json!({"number": "1", "delivered_by": "x", "place": "", "document": "0"}),
        ),
        (&api::COMMENT.operation, json!({"kind": "comment", "text": "x"})),
        (&api::FILING_LIMIT.operation, json!({"days": 3})),
        (&api::STOP.operation, json!({"stopped": false, "reason": "x"})),
        (&api::REVEAL_VALUES.operation, json!({"kind": "staff", "id": 999_999})),
    ];
    let takes = |(operation, body)| Takes { operation, path: nowhere(operation), body };
    bodies.into_iter().map(takes).collect()
}

/// The path of an operation on something that does not exist.
fn nowhere(operation: &Operation) -> String {
    operation.path.replace("{id}", "999999")
}

/// Endpoints that change something and take no body.
fn orders() -> impl Iterator<Item = &'static Operation> {
    ALL.iter().filter(|o| o.method.changes() && contract().media(o).is_none())
}

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::of(app()))
}

#[test]
fn every_body_of_the_contract_is_tried() {
    let tried: Vec<&str> = bodies().iter().map(|t| t.operation.name).collect();
    for operation in ALL.iter().filter(|o| contract().body(o).is_some()) {
        assert!(tried.contains(&operation.name), "bodies() has none for {}", operation.name);
    }
    assert!(bodies().iter().all(|t| contract().knows(t.operation, &t.body)), "each has the right form");
}

/// Who holds every right that a gate asks for: the office's director.
fn clerk() -> Client {
    static CLERK: OnceLock<Client> = OnceLock::new();
    CLERK.get_or_init(|| app().office_director()).clone()
}

fn raw(client: &Client, operation: &Operation, body: &[u8]) -> Reply {
    client.send(operation.method.name(), &nowhere(operation), Some(body), &[])
}

fn sent(client: &Client, operation: &Operation, body: &Value) -> Reply {
    raw(client, operation, body.to_string().as_bytes())
}

#[test]
fn garbage_is_refused_in_words() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for Takes { operation, path, .. } in bodies() {
        for garbage in [
            &b""[..],
            b"{",
            b"nonsense",
            b"[]",
            b"null",
            b"\"text\"",
            b"\xff\xfe\x00",
            b"{\"draft\":1}",
            b"{} trailing",
            deep.as_bytes(),
        ] {
            let reply = raw(&clerk(), operation, garbage);
            let problem = reply.problem(400);
            assert_eq!(problem.kind, "/problems/bad_json", "{path} {:?}", String::from_utf8_lossy(garbage));
        }
    }
}

#[test]
fn each_missing_and_each_wrong_field_is_noticed() {
    for Takes { operation, path, body } in bodies() {
        let required = &contract().body(operation).expect("a schema")["required"];
        let fields: Vec<String> = body.as_object().expect("an object").keys().cloned().collect();
        for field in fields {
            for wrong in [json!({"nested": []}), json!(true), json!(-1), json!([[]]), json!(1e300)] {
                let mut other = body.clone();
                // A list of reasons may be an object; a flag may be true.
                if body[&field].is_object() == wrong.is_object() && wrong.is_object()
                    || body[&field].is_boolean() && wrong.is_boolean()
                {
                    continue;
                }
                other[&field] = wrong.clone();
                let reply = sent(&clerk(), operation, &other);
                let status = reply.status;
                // −1 has the form of a time and of an id: the rules about them refuse it, a preview, which
                // refuses nothing itself, tells so, and a message that is not there has neither.
                let told = match operation.name {
                    "PREVIEW_MESSAGE" => {
                        let reason =
                            if field == "appointment" { "capacity_not_yours" } else { "time_passed" };
                        status == 200 && reply.body.contains(reason)
                    }
                    "CHANGE_MESSAGE" => status == 404 && (field == "send_at" || field == "appointment"),
                    "MOVE_UNIT" => status == 404 && field == "parent",
                    "TAKE_UP" | "ANSWER_CHANGE" => {
                        status == 404 && (field == "message" || field == "asked_at")
                    }
                    // −1 has the form of an id.
                    "REVEAL_VALUES" => status == 404 && field == "id",
                    "NAMES" => status == 404 && field == "group",
                    _ => false,
                };
                assert!(told || status == 400 || status == 422, "{path}: {field} = {wrong}: {status}");
            }
            if !required.as_array().is_some_and(|names| names.contains(&json!(field))) {
                continue;
            }
            let mut other = body.clone();
            other.as_object_mut().expect("an object").remove(&field);
            assert_eq!(sent(&clerk(), operation, &other).status, 400, "{path} without {field}");
        }
    }
}

#[test]
fn too_large_is_refused_before_it_is_read() {
    let large = format!("{{\"title\":\"{}\"}}", "字".repeat(100_000));
    for operation in bodies().iter().map(|t| t.operation).chain(orders()) {
        let reply = raw(&clerk(), operation, large.as_bytes());
        assert_eq!(reply.refused(413), "too_large", "{}", operation.path);
    }
}

#[test]
fn without_a_session_there_is_nothing() {
    let expired = {
        let client = app().homeroom("七年级2班");
        app().db().execute_batch("UPDATE sessions SET expires_at = 1 WHERE staff_id = (SELECT id FROM staff WHERE number = 'T0019')").expect("sql");
        client
    };
    let mut forged = app().anybody();
    forged.cookie = "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
    let mut odd = app().anybody();
    odd.cookie = "__Host-session=; other=%00".into();
    for (who, client) in [("nobody", app().anybody()), ("expired", expired), ("forged", forged), ("odd", odd)]
    {
        for operation in ALL.iter().filter(|o| o.gate != Gate::Open && o.method == Method::Get) {
            let path = operation.path.replace("{id}", "1");
            assert_eq!(client.get(&path).refused(401), "not_signed_in", "{who} {path}");
        }
        for Takes { operation, path, body } in bodies() {
            if operation.gate != Gate::Open {
                assert_eq!(sent(&client, operation, &body).refused(401), "not_signed_in", "{who} {path}");
            }
        }
        for operation in orders() {
            let reply = sent(&client, operation, &json!({}));
            assert_eq!(reply.refused(401), "not_signed_in", "{who} {}", operation.path);
        }
        let file = client.upload(&api::PREVIEW_IMPORT.with(api::KIND, ImportKind::Students).url, b"x");
        assert_eq!(file.refused(401), "not_signed_in", "{who}");
    }
}

#[test]
fn ids_that_do_not_exist_and_ids_that_are_none() {
    for Takes { operation, path, body } in bodies() {
        if operation.parameter().is_some() {
            assert_eq!(sent(&clerk(), operation, &body).refused(404), "not_found", "{path}");
        }
    }
    for operation in orders().filter(|o| o.parameter().is_some()) {
        let reply = sent(&clerk(), operation, &json!({}));
        assert_eq!(reply.refused(404), "not_found", "{}", operation.path);
    }
    for id in ["0", "-1", "99999999999999999999", "1.5", "abc", "%00", "1%20OR%201=1", "', 1"] {
        let id = id.replace(' ', "%20").replace('\'', "%27");
        for part in ["", "/funnel", "/deliveries"] {
            let path = format!("/api/messages/{id}{part}");
            assert_eq!(clerk().get(&path).refused(404), "not_found", "{path}");
        }
        assert_eq!(clerk().get(&format!("/api/classes/{id}")).refused(404), "not_found", "{id}");
        assert_eq!(
            clerk().put(&format!("/api/messages/{id}"), &draft_to(&[])).refused(404),
            "not_found",
            "{id}"
        );
    }
    for path in ["/api/", "/api/nothing", "/api/messages/1/nothing", "/hooks/aliyun"] {
        assert_eq!(clerk().get(path).status, 404, "{path}");
    }
    assert_eq!(clerk().send("POST", "/hooks/aliyun/secret/report", None, &[]).status, 404);
    assert_eq!(clerk().get("/api/session").refused(405), "method_not_allowed");
    assert_eq!(clerk().send("PATCH", "/api/messages/1", None, &[]).status, 405);
}

#[test]
fn classes_that_do_not_exist_are_nobodys() {
    use domain::ids::ClassId;
    for client in [clerk(), app().homeroom("八年级1班")] {
        let draft = draft_to(&[ClassId(999_999)]);
        assert_eq!(client.post("/api/messages", &draft).refused(422), "audience_not_yours");
    }
    let mut many = draft_to(&[]);
    many.audience = domain::message::Audience::Classes { classes: (0..501).map(ClassId).collect() };
    assert_eq!(clerk().post("/api/messages", &many).status, 422);
}

/// A double click, a second try after a lost answer.
#[test]
fn the_same_key_gives_the_same_answer_and_another_body_none() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let path = "/api/messages";
    let first = teacher.post_with_key(path, &draft, "key-of-a-draft");
    assert_eq!(first.status, 201);
    for _ in 0..3 {
        let again = teacher.post_with_key(path, &draft, "key-of-a-draft");
        assert_eq!((again.status, again.body.as_str()), (201, first.body.as_str()));
    }
    let mut other = draft.clone();
    other.title = "别的标题".into();
    assert_eq!(teacher.post_with_key(path, &other, "key-of-a-draft").refused(422), "key_reused");
    assert_eq!(app.count("SELECT COUNT(*) FROM messages"), 1);
    // The key is this person's, and this route's.
    let colleague = app.homeroom("七年级2班");
    let theirs = draft_to(&[colleague.class("七年级2班")]);
    assert_eq!(colleague.post_with_key(path, &theirs, "key-of-a-draft").status, 201);

    let id = first.json::<domain::message::Created>().id;
    let orders: Vec<(Client, String, Value)> = vec![
        (teacher.clone(), format!("/api/messages/{id}/submit"), json!({"statement": true})),
        (app.grade_head("八年级"), format!("/api/messages/{id}/decisions"), Value::Null),
    ];
    for (client, path, body) in orders {
        let body = if body.is_null() {
            json!({"verdict": "approve", "digest": teacher.message(id).digest, "reason": ""})
        } else {
            body
        };
        let first = client.post_with_key(&path, &body, "key-of-an-order");
        assert_eq!(first.status, 200, "{path}: {}", first.body);
        let again = client.post_with_key(&path, &body, "key-of-an-order");
        assert_eq!(again.status, 200, "{path}: {}", again.body);
        let (one, two): (Value, Value) = (first.json(), again.json());
        assert_eq!(
            (&one["id"], &one["digest"], &one["version"]),
            (&two["id"], &two["digest"], &two["version"])
        );
        let mut other = body.clone();
        other["reason"] = json!("another");
        other["statement"] = json!(true);
        assert_eq!(
            client.post_with_key(&path, &other, "key-of-an-order").refused(422),
            "key_reused",
            "{path}"
        );
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM decisions"), 1);
}

#[test]
fn ten_double_clicks_at_once_make_one_message() {
    let app = App::on_workerd(&[]);
    let teacher = app.homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..10)
            .map(|_| scope.spawn(|| teacher.post_with_key("/api/messages", &draft, "one-click")))
            .collect();
        tries.into_iter().map(|t| t.join().expect("a reply")).collect()
    });
    let mut bodies: BTreeMap<(u16, String), usize> = BTreeMap::new();
    for reply in replies {
        *bodies.entry((reply.status, reply.body)).or_default() += 1;
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM messages"), 1);
}

#[test]
fn keys_have_a_form() {
    for key in ["short", &"x".repeat(65), "with space in it", "字字字字字字字字"] {
        let body = serde_json::to_vec(&draft_to(&[])).expect("json");
        let Ok(reply) = clerk().try_send("POST", "/api/messages", Some(&body), &[("idempotency-key", key)])
        else {
            continue;
        };
        assert_eq!(reply.status, 400, "{key}");
    }
}

#[test]
fn hostile_text_is_stored_and_shown_as_text() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let mut draft = draft_to(&[teacher.class("八年级1班")]);
    draft.title = "<b>\"'&amp;</b>".into();
    draft.body =
        "<script>alert(1)</script>\n<img src=x onerror=alert(1)>\n'); DROP TABLE messages; --".into();
    let id = teacher.draft(&draft);
    let read = teacher.message(id).draft;
    assert_eq!(read, Draft { appointment: read.appointment, ..draft.clone() });
    teacher.submit(id);
    app.grade_head("八年级").approve(id);
    app.settled(&teacher, id);
    let link = api_tests::link_in(&app.sms()[0].text);
    let page = app.anybody().get(&link).body;
    assert!(!page.contains("<script>alert") && !page.contains("<img"), "{page}");
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn nothing_of_ours_shows_in_an_answer() {
    let app = App::start();
    app.db().execute_batch("ALTER TABLE units RENAME TO units_away").expect("a broken database");
    let mut client = app.anybody();
    let reply = client.sign_in("T0018", api_tests::PASSPHRASE);
    assert_eq!(reply.status, 500, "{}", reply.body);
    for secret in ["D1", "SQL", "units", "worker/src", "Error"] {
        assert!(!reply.body.contains(secret), "{secret} in {}", reply.body);
    }
    assert_eq!(reply.refused(500), "internal");
}

#[test]
fn refusals_speak_both_languages() {
    let english = clerk().send("GET", "/api/messages/999999", None, &[("accept-language", "en")]);
    assert!(english.problem(404).title.is_ascii());
    let chinese = clerk().send("GET", "/api/messages/999999", None, &[("accept-language", "zh-CN,zh;q=0.9")]);
    assert!(!chinese.problem(404).title.is_ascii());
}
