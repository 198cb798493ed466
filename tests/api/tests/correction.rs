//! G33: what went out wrong is corrected by a new notice, through the full chain, to exactly those who got it.

use api_tests::{App, Client, draft_to, draft_to_all, link_in};
use domain::approval::StepKind;
use domain::ids::MessageId;
use domain::message::{
    Audience, Category, Command, Created, Draft, DraftChange, MessageState, MissedWhy, Preview,
};
use domain::roster::ClassRoll;
use serde_json::json;

fn correct(client: &Client, id: MessageId) -> MessageId {
    let reply = client.post(&format!("/api/messages/{id}/correct"), &json!({}));
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json::<Created>().id
}

/// `(stream, kind, person, student)` of a message's frozen list.
fn listed(app: &App, id: MessageId) -> Vec<(i64, String, i64, i64)> {
    app.db()
        .prepare("SELECT stream_id, kind, person, student FROM recipients WHERE message_id = ?1 ORDER BY 1, 2, 3, 4")
        .and_then(|mut s| s.query_map([id.0], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?.collect())
        .expect("a list")
}

/// A notice of 八年级1班 that has been delivered.
fn sent() -> (App, Client, MessageId) {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    (app, teacher, id)
}

#[test]
fn g33_a_correction_takes_the_full_chain_to_exactly_the_earlier_recipients() {
    let (app, teacher, id) = sent();
    let was = teacher.message(id);
    assert!(was.may.contains(&Command::Correct), "{:?}", was.may);
    let new = correct(&teacher, id);
    let draft = teacher.message(new);
    assert_eq!(draft.state, MessageState::Draft);
    assert_eq!(draft.draft.audience, Audience::Earlier { message: id });
    assert_eq!((&draft.draft.title, &draft.draft.body), (&was.draft.title, &was.draft.body));
    assert_eq!(draft.corrects.as_ref().map(|l| l.id), Some(id));
    assert_eq!((draft.reach, draft.sender_title), (was.reach, was.sender_title));
    assert!(draft.audience.zh.starts_with("八年级1班家长"), "{}", draft.audience.zh);

    // The class has a new pupil by now, who never got the original.
    app.db()
        .execute_batch(
            "INSERT INTO students (number, name, class_id, created_at) SELECT 'X1', '新生', id, 1 FROM classes WHERE name = '八年级1班';
             INSERT INTO guardians (student_id, position, name, relation, phone_id, created_at)
               SELECT MAX(s.id), 1, '家长', '母亲', (SELECT MIN(id) FROM phones), 1 FROM students s;
             UPDATE school SET roll_version = roll_version + 1",
        )
        .expect("a new pupil");
    let text = DraftChange {
        draft: Draft { title: "更正：运动会改在下周五".into(), ..draft.draft.clone() },
        changed_at: Some(draft.times.changed_at),
    };
    assert_eq!(teacher.put(&format!("/api/messages/{new}"), &text).status, 200);
    let submitted = teacher.submit(new);
    assert_eq!(submitted.chain.steps.iter().map(|s| s.step.kind).collect::<Vec<_>>(), [StepKind::Approve]);
    assert_eq!(listed(&app, new), listed(&app, id));
    let form = "SELECT digest_form FROM message_versions ORDER BY message_id DESC LIMIT 1";
    assert_eq!(app.count(form), 2);
    app.grade_head("八年级").approve(new);
    app.settled(&teacher, new);
    assert_eq!(teacher.message(id).corrected_by.map(|l| (l.id, l.state)), Some((new, MessageState::Sent)));

    // The old page says so, and leads on to the new one of the same phone; and back.
    let sms = app.sms();
    let parent = app.anybody();
    let old = sms.iter().find(|s| s.text.contains("秋季运动会安排")).expect("the old SMS");
    let now = sms.iter().find(|s| s.text.contains("更正") && s.phone == old.phone).expect("the new SMS");
    let (old, now) = (link_in(&old.text), link_in(&now.text));
    let page = parent.get(&old);
    assert!(
        page.body.contains("这条通知有误，学校已于") && page.body.contains(&format!("href=\"{now}\"")),
        "{}",
        page.body
    );
    assert_eq!(App::usage(&page).0, 1, "one round trip");
    let page = parent.get(&now);
    assert!(
        page.body.contains("这是更正") && page.body.contains(&format!("href=\"{old}\"")),
        "{}",
        page.body
    );
    assert_eq!(parent.get(&now).status, 200, "its link opens");
}

#[test]
fn g33_who_left_or_has_no_number_is_named_and_not_written_to() {
    let (app, teacher, id) = sent();
    let class = teacher.class("八年级1班");
    let roll: ClassRoll = teacher.get(&format!("/api/classes/{class}")).json();
    let (gone, mute) = (&roll.students[0], &roll.students[1]);
    assert_eq!(
        teacher.post(&format!("/api/students/{}/leave", gone.id), &json!({"reason": "transferred"})).status,
        204
    );
    let number = mute.guardians[0].id;
    assert_eq!(
        teacher.post(&format!("/api/guardians/{number}/phone"), &json!({"state": "opted_out"})).status,
        200
    );

    let draft = Draft { audience: Audience::Earlier { message: id }, ..draft_to(&[]) };
    let preview: Preview = teacher.post("/api/messages/preview", &draft).json();
    assert_eq!(preview.refusals, []);
    let left: Vec<&str> =
        preview.missed.iter().filter(|m| m.why == MissedWhy::Left).map(|m| m.name.as_str()).collect();
    assert_eq!(left.len(), gone.guardians.len());
    assert!(left.iter().all(|name| name.starts_with(&gone.name)), "{left:?}");
    let silent: Vec<&str> =
        preview.missed.iter().filter(|m| m.why == MissedWhy::NumberGone).map(|m| m.name.as_str()).collect();
    assert!(silent.iter().any(|name| name.starts_with(&mute.name)), "{silent:?}");

    let new = correct(&teacher, id);
    teacher.submit(new);
    let (before, after) = (listed(&app, id), listed(&app, new));
    assert!(after.iter().all(|entry| before.contains(entry)));
    assert_eq!(after.len() + gone.guardians.len(), before.len());
    assert!(after.iter().all(|(.., student)| *student != gone.id.0));
}

#[test]
fn g33_one_correction_at_a_time_and_only_of_what_went_out() {
    let (app, teacher, id) = sent();
    let path = format!("/api/messages/{id}/correct");
    let first = correct(&teacher, id);
    assert!(!teacher.message(id).may.contains(&Command::Correct));
    assert_eq!(teacher.post(&path, &json!({})).refused(409), "corrected_already");
    let earlier = Draft { audience: Audience::Earlier { message: id }, ..draft_to(&[]) };
    assert_eq!(teacher.post("/api/messages", &earlier).refused(422), "corrected_already");
    // A draft of one's own is not in its own way.
    let preview: Preview = teacher.post("/api/messages/preview", &earlier).json();
    assert_eq!(preview.refusals, []);
    assert_eq!(teacher.post(&format!("/api/messages/{first}/withdraw"), &json!({})).status, 200);
    let second = correct(&teacher, id);
    // To others it does not go.
    let class = teacher.class("八年级1班");
    assert_eq!(
        teacher.put(&format!("/api/messages/{second}"), &draft_to(&[class])).refused(422),
        "correction_stays"
    );
    let plain = teacher.draft(&draft_to(&[class]));
    assert_eq!(teacher.put(&format!("/api/messages/{plain}"), &earlier).refused(422), "correction_stays");
    teacher.submit(second);
    assert_eq!(
        teacher.post(&format!("/api/messages/{second}/correct"), &json!({})).refused(409),
        "not_sent_yet"
    );
    app.grade_head("八年级").approve(second);
    app.settled(&teacher, second);
    assert_eq!(teacher.post(&path, &json!({})).refused(409), "corrected_already");
    assert!(correct(&teacher, second) > second, "a correction is corrected itself");
}

#[test]
fn g33_who_may_correct() {
    let (app, _, id) = sent();
    // Another class's teacher does not see it; the subject teacher of the class did not send it.
    let path = format!("/api/messages/{id}/correct");
    assert_eq!(app.homeroom("七年级1班").post(&path, &json!({})).refused(404), "not_found");
    for other in [app.grade_head("八年级"), app.principal(), app.office_clerk()] {
        assert_eq!(other.post(&path, &json!({})).refused(403), "audience_not_yours");
        assert!(!other.message(id).may.contains(&Command::Correct));
    }
    let hidden: Preview = app
        .homeroom("七年级1班")
        .post(
            "/api/messages/preview",
            &Draft { audience: Audience::Earlier { message: id }, ..draft_to(&[]) },
        )
        .json();
    assert!(hidden.refusals.iter().any(|r| r.kind == "audience_not_yours"));
    assert_eq!((hidden.reach, hidden.missed.len()), (Default::default(), 0));

    // Who teaches the class, or leads another one of the year, sends as a teacher of the same unit, and did not.
    let teacher = app.homeroom("七年级1班");
    let seventh = teacher.draft(&draft_to(&[teacher.class("七年级1班")]));
    teacher.submit(seventh);
    app.grade_head("七年级").approve(seventh);
    let earlier = Draft { audience: Audience::Earlier { message: seventh }, ..draft_to(&[]) };
    for other in [app.subject_teacher(), app.homeroom("七年级2班")] {
        assert_eq!(other.post("/api/messages", &earlier).refused(422), "audience_not_yours");
    }
    assert_eq!(teacher.post("/api/messages", &earlier).status, 201);

    // In an office, a colleague corrects what the other wrote.
    let clerk = app.office_clerk();
    let notice = clerk.draft(&draft_to_all());
    clerk.submit(notice);
    app.office_director().approve(notice);
    app.principal().approve(notice);
    let director = app.office_director();
    assert!(director.message(notice).may.contains(&Command::Correct));
    let new = correct(&director, notice);
    assert_eq!(director.message(new).chain.steps.len(), 2);
}

#[test]
fn g8_g33_what_went_to_a_class_is_not_corrected_into_one_childs() {
    let (_app, teacher, id) = sent();
    let new = correct(&teacher, id);
    let view = teacher.message(new);
    let draft = Draft { category: Some(Category::Study), ..view.draft };
    assert_eq!(teacher.put(&format!("/api/messages/{new}"), &draft).status, 200);
    let problem =
        teacher.post(&format!("/api/messages/{new}/submit"), &json!({"statement": true})).problem(422);
    assert!(problem.errors.iter().any(|e| e.field == "category"), "{problem:?}");
}

#[test]
fn g33_a_stopped_notice_says_so_on_its_page() {
    let (app, teacher, id) = sent();
    let link = link_in(&app.sms()[0].text);
    app.db()
        .execute_batch(&format!(
            "DROP TRIGGER messages_state; DROP TRIGGER messages_halted;
             UPDATE messages SET state = 'stopped', halted_at = changed_at, halted_by = author_id, halted_post = 'principal', halt_reason = 'x' WHERE id = {id}"
        ))
        .expect("stopped");
    assert!(app.anybody().get(&link).body.contains("停止发送这条通知"));
    assert!(teacher.message(id).may.contains(&Command::Correct));
}
