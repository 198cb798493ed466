//! What leaders and departments hand in to the office (统一报校办室办理, G13): the office sends it in its own name,
//! through its own chain, in words that who asked agreed to.

use api_tests::{App, Client, draft_to_all};
use domain::ids::MessageId;
use domain::message::{Draft, DraftChange, MessageState};
use domain::office_request::{
    AnswerChange, DeclineRequest, HandIn, RequestState, RequestView, Requests, TakeUp,
};
use serde_json::json;

fn handed_in(title: &str) -> HandIn {
    HandIn {
        title: title.into(),
        body: "本周五举行消防演练，请家长知悉。".into(),
        whom: "全校家长".into(),
        wanted_at: None,
        note: "请于周四前发出".into(),
    }
}

fn hand_in(client: &Client, title: &str) -> RequestView {
    client.post("/api/requests", &handed_in(title)).json::<Requests>().requests.remove(0)
}

fn seen(client: &Client, id: domain::ids::RequestId) -> RequestView {
    let all = client.get("/api/requests").json::<Requests>().requests;
    all.into_iter().find(|r| r.id == id).expect("in the list")
}

/// The office writes it up.
fn take_up(clerk: &Client, request: &RequestView) -> MessageId {
    let HandIn { title, body, .. } = request.asked.clone();
    let id = clerk.draft(&Draft { title, body, ..draft_to_all() });
    let reply = clerk.post(&format!("/api/requests/{}/take", request.id), &TakeUp { message: id });
    assert_eq!(reply.status, 200, "{}", reply.body);
    id
}

fn change_body(clerk: &Client, id: MessageId, body: &str) {
    let view = clerk.message(id);
    let draft = Draft { body: body.into(), ..view.draft };
    let change = DraftChange { draft, changed_at: Some(view.times.changed_at) };
    assert_eq!(clerk.put(&format!("/api/messages/{id}"), &change).status, 200);
}

fn submit(clerk: &Client, id: MessageId) -> api_tests::Reply {
    clerk.post(&format!("/api/messages/{id}/submit"), &json!({ "statement": true }))
}

#[test]
fn g13_a_leaders_request_goes_out_in_the_offices_name() {
    let mut app = App::start();
    let (vice, clerk) = (app.vice_principal(), app.office_clerk());
    let request = hand_in(&vice, "消防演练");
    assert_eq!(
        (request.state, request.own, request.requester.as_str()),
        (RequestState::Open, true, "毛亮婷")
    );
    let waits = |client: &Client| client.get("/api/me").json::<domain::account::Me>().requests;
    assert_eq!((waits(&clerk), waits(&vice), waits(&app.administrator())), (1, 0, 0));
    let at_office = seen(&clerk, request.id);
    assert!(!at_office.own && at_office.asked == handed_in("消防演练"));
    let id = take_up(&clerk, &at_office);
    assert_eq!(waits(&clerk), 0);
    assert_eq!(submit(&clerk, id).status, 200, "unchanged words need no second agreement");
    app.office_director().approve(id);
    app.principal().approve(id);
    app.finish(id);
    let after = seen(&vice, request.id);
    assert_eq!((after.state, after.message_state), (RequestState::Taken, Some(MessageState::Sent)));
    assert_eq!((after.officer.as_str(), after.message), ("程佑一", Some(id)), "both names stay");
    assert_eq!(clerk.message(id).sender_title, "校办室", "never in the name of who asked");
}

#[test]
fn g13_changed_words_go_back_to_who_asked() {
    let app = App::start();
    let (principal, clerk) = (app.principal(), app.office_clerk());
    let request = hand_in(&principal, "消防演练");
    let id = take_up(&clerk, &request);
    change_body(&clerk, id, "本周六举行消防演练，请家长知悉。");
    let refused = submit(&clerk, id).problem(409);
    assert_eq!(refused.kind, "/problems/words_not_agreed");
    let path = format!("/api/requests/{}", request.id);
    assert_eq!(clerk.post(&format!("{path}/ask"), &()).status, 200);
    let waits = || principal.get("/api/me").json::<domain::account::Me>().requests;
    assert_eq!(waits(), 1);
    let asked = seen(&principal, request.id).changed.expect("asked about");
    assert_eq!(asked.body, "本周六举行消防演练，请家长知悉。");
    let answer = |agree: bool, at, reason: &str| {
        let order = AnswerChange { asked_at: at, agree, reason: reason.into() };
        principal.post(&format!("{path}/answer"), &order).status
    };
    assert_eq!(answer(false, asked.asked_at, " "), 422, "a refusal says why");
    assert_eq!(answer(false, asked.asked_at, "日期不对"), 200);
    assert_eq!(answer(true, asked.asked_at, ""), 409, "answered already");
    assert_eq!((seen(&clerk, request.id).reason.as_str(), waits()), ("日期不对", 0));
    assert_eq!(submit(&clerk, id).status, 409);
    // What was agreed to is what was read: a change behind it needs another answer.
    assert_eq!(clerk.post(&format!("{path}/ask"), &()).status, 200);
    let again = seen(&principal, request.id).changed.expect("asked about").asked_at;
    assert_eq!(answer(true, again, ""), 200);
    change_body(&clerk, id, "本周日举行消防演练，请家长知悉。");
    assert_eq!(submit(&clerk, id).status, 409);
    change_body(&clerk, id, "本周六举行消防演练，请家长知悉。");
    assert_eq!(submit(&clerk, id).status, 200);
}

#[test]
fn g13_who_hands_in_and_who_takes_up() {
    let app = App::start();
    for number in ["T0018", "T0042", "T0015", "T0004", "T0014"] {
        let status = app.signed_in(number).post("/api/requests", &handed_in("消防演练")).status;
        assert_eq!(status, 403, "{number}");
    }
    let (principal, vice) = (app.principal(), app.vice_principal());
    let request = hand_in(&principal, "消防演练");
    let path = format!("/api/requests/{}", request.id);
    assert!(
        vice.get("/api/requests").json::<Requests>().requests.is_empty(),
        "others' are not theirs to read"
    );
    assert_eq!(vice.post(&format!("{path}/withdraw"), &()).status, 404);
    for number in ["T0018", "T0001"] {
        let taken = app.signed_in(number).post(&format!("{path}/take"), &TakeUp { message: MessageId(1) });
        assert_eq!(taken.status, 403, "{number}");
    }
    // Only with a draft of one's own, of the office's.
    let (clerk, director) = (app.office_clerk(), app.office_director());
    let foreign = director.draft(&draft_to_all());
    assert_eq!(clerk.post(&format!("{path}/take"), &TakeUp { message: foreign }).status, 409);
    assert_eq!(clerk.post(&format!("{path}/take"), &TakeUp { message: MessageId(987_654) }).status, 409);
    take_up(&clerk, &request);
    assert_eq!(director.post(&format!("{path}/take"), &TakeUp { message: foreign }).status, 409, "taken up");
    assert_eq!(principal.post(&format!("{path}/withdraw"), &()).status, 409);
    assert_eq!(clerk.post(&format!("{path}/ask"), &()).status, 409, "nothing was changed");
    let other = hand_in(&vice, "作息调整");
    let decline = |reason: &str| {
        let order = DeclineRequest { reason: reason.into() };
        clerk.post(&format!("/api/requests/{}/decline", other.id), &order).status
    };
    assert_eq!([decline(""), decline("已有同样的通知"), decline("再次")], [422, 200, 409]);
    let told = seen(&vice, other.id);
    assert_eq!((told.state, told.reason.as_str()), (RequestState::Declined, "已有同样的通知"));
    let third = hand_in(&vice, "家长开放日");
    assert_eq!(vice.post(&format!("/api/requests/{}/withdraw", third.id), &()).status, 200);
    assert_eq!(seen(&clerk, third.id).state, RequestState::Withdrawn);
}
