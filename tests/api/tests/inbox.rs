//! The inbox of who decides, and what comes back from it: reasons by passage, the names of one class at a time,
//! who asked for a message, and why something cannot be done.

use api_tests::{App, Client, draft_to, draft_to_all, small_university};
use domain::access::Action;
use domain::account::Me;
use domain::appointment::EndPost;
use domain::approval::passage::{PASSAGES_MAX, Part, Passage};
use domain::approval::{Decide, Verdict};
use domain::audit::{Fault, RecordKind, VerifyPage, VerifyPart};
use domain::delivery::STAFF_STREAM;
use domain::ids::{MessageId, StreamId};
use domain::message::{
    Audience, Command, Draft, GroupNames, MessageState, MessageView, NamesWanted, RecipientGroup,
};
use domain::office_request::{HandIn, Requests, TakeUp};
use domain::register::RegisterSheet;
use domain::school::UnitView;
use domain::why::WhyNot;
use domain::words::Words;

const BODY: &str = "各位家长：\n\n周五🙂举行运动会。请准时到校。";

/// A class notice that waits for the head of its grade.
fn submitted(app: &App) -> (Client, MessageId) {
    let teacher = app.homeroom("八年级1班");
    let draft = Draft { body: BODY.into(), ..draft_to(&[teacher.class("八年级1班")]) };
    let id = teacher.draft(&draft);
    teacher.submit(id);
    (teacher, id)
}

fn passage(part: Part, start: u32, len: u32, reason: &str) -> Passage {
    Passage { part, start, len, reason: reason.into() }
}

fn returns(client: &Client, id: MessageId, reason: &str, passages: Vec<Passage>) -> api_tests::Reply {
    let digest = client.message(id).digest.expect("a digest");
    let order = Decide { verdict: Verdict::Return, digest, reason: reason.into(), passages, password: None };
    client.post(&format!("/api/messages/{id}/decisions"), &order)
}

#[test]
fn a_return_says_what_is_wrong_where_and_the_correction_still_shows_it() {
    let app = App::start();
    let (teacher, id) = submitted(&app);
    let head = app.grade_head("八年级");
    // In any order; no overall reason is needed beside them.
    let passages = vec![passage(Part::Body, 7, 9, "  改到周六 "), passage(Part::Title, 0, 5, "写明是七年级")];
    let view: MessageView = returns(&head, id, "", passages).json();
    assert_eq!(view.state, MessageState::Returned);
    let told = |view: &MessageView| {
        let said = view.history.iter().find(|d| d.verdict == Verdict::Return).expect("a return");
        said.passages.iter().map(|p| (p.words.clone(), p.passage.reason.clone())).collect::<Vec<_>>()
    };
    let expected = [
        ("秋季运动会".to_owned(), "写明是七年级".to_owned()),
        ("周五🙂举行运动会。".to_owned(), "改到周六".to_owned()),
    ];
    assert_eq!(told(&view), expected);
    assert_eq!(told(&teacher.message(id)), expected, "the writer sees them in the order of the text");

    // The words of then stay, whatever is written since.
    let changed = Draft { body: "各位家长：\n\n周六举行。".into(), ..teacher.message(id).draft };
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &changed).status, 200);
    assert_eq!(told(&teacher.message(id)), expected);
    let before = teacher.submit(id).before.expect("the version before");
    assert_eq!((before.passages.len(), before.passages[1].words.as_str()), (2, "周五🙂举行运动会。"));
    let approved = head.approve(id);
    assert_eq!(told(&approved), expected, "later, too");

    let log = app
        .count("SELECT COUNT(*) FROM audit WHERE action = 'message.decided' AND detail ->> '$.passages' = 2");
    assert_eq!(log, 1, "the log counts them");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit WHERE detail LIKE '%改到周六%'"),
        0,
        "and does not tell them"
    );
}

#[test]
fn a_passage_that_is_not_there_or_says_nothing_is_refused_and_nothing_is_decided() {
    let app = App::start();
    let (_, id) = submitted(&app);
    let head = app.grade_head("八年级");
    let title = head.message(id).draft.title.chars().count() as u32;
    for (passages, kind) in [
        (vec![passage(Part::Title, 0, title + 1, "长")], "passage_not_there"),
        (vec![passage(Part::Body, 4_000, 1, "远")], "passage_not_there"),
        (vec![passage(Part::Body, 0, 0, "空")], "passage_not_there"),
        (vec![passage(Part::Body, 0, 4, " \u{3000}")], "passage_reason_missing"),
        (vec![passage(Part::Body, 0, 4, &"长".repeat(201))], "passage_reason_too_long"),
        (vec![passage(Part::Body, 0, 4, "甲"), passage(Part::Body, 0, 4, "乙")], "passage_twice"),
        ((0..=PASSAGES_MAX as u32).map(|n| passage(Part::Body, n, 1, "多")).collect(), "too_many_passages"),
    ] {
        let reply = returns(&head, id, "请修改", passages);
        assert_eq!(reply.refused(422), kind);
        assert_eq!(reply.problem(422).errors[0].field, "passages");
    }
    // Nor does an approval take them.
    let digest = head.message(id).digest.expect("a digest");
    let order = Decide {
        verdict: Verdict::Approve,
        digest,
        reason: String::new(),
        passages: vec![passage(Part::Body, 0, 4, "甲")],
        password: None,
    };
    assert_eq!(
        head.post(&format!("/api/messages/{id}/decisions"), &order).refused(422),
        "passages_of_a_return"
    );
    assert_eq!(returns(&head, id, " ", Vec::new()).refused(422), "reason_missing");
    let left = app.count("SELECT (SELECT COUNT(*) FROM decisions) + (SELECT COUNT(*) FROM return_passages)");
    assert_eq!((left, head.message(id).state), (0, MessageState::Submitted));
}

/// The faults that the check of the log names.
fn faults(app: &App) -> Vec<Fault> {
    let reader = app.principal();
    let mut faults = Vec::new();
    let mut at = Some((VerifyPart::Entries, 0));
    while let Some((part, from)) = at {
        let page: VerifyPage =
            reader.get(&format!("/api/audit/verify?part={}&from={from}", part.key())).json();
        faults.extend(page.faults);
        at = page.next.map(|next| (next.part, next.from));
    }
    faults
}

/// What was said when a message was returned is under the decision's seal: neither the reason nor a passage can be
/// changed, taken away or added by who has the database and no key.
#[test]
fn what_a_return_said_is_sealed() {
    let app = App::start();
    let (_, id) = submitted(&app);
    let head = app.grade_head("八年级");
    assert_eq!(returns(&head, id, "请修改", vec![passage(Part::Body, 7, 8, "改到周六")]).status, 200);
    app.cron();
    let forged = Fault::ForgedRow { kind: RecordKind::Decision, id: id.0 };
    assert!(!faults(&app).contains(&forged));
    let run = |sql: &str| app.db().execute_batch(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
    let later = "INSERT INTO return_passages SELECT message_id, version, position, 1, 'body', 0, 4, '伪造' FROM return_passages";
    app.db().execute_batch(later).expect_err("nothing is added to what was said");
    run(
        "DROP TRIGGER return_passages_fit; DROP TRIGGER return_passages_no_update; DROP TRIGGER return_passages_no_delete; DROP TRIGGER decisions_no_update",
    );
    for (harm, cure) in [
        ("UPDATE return_passages SET reason = '同意'", "UPDATE return_passages SET reason = '改到周六'"),
        ("UPDATE return_passages SET start = 0", "UPDATE return_passages SET start = 7"),
        ("UPDATE decisions SET reason = '同意'", "UPDATE decisions SET reason = '请修改'"),
        (later, "DELETE FROM return_passages WHERE no = 1"),
        (
            "CREATE TABLE kept AS SELECT * FROM return_passages; DELETE FROM return_passages",
            "INSERT INTO return_passages SELECT * FROM kept; DROP TABLE kept",
        ),
    ] {
        run(harm);
        assert!(faults(&app).contains(&forged), "{harm}");
        run(cure);
        assert!(!faults(&app).contains(&forged), "{cure}");
    }
}

/// Who would reach a class's names before it goes out: nobody by writing to it, whoever decides while it waits, and
/// whoever may read the roll; each reading stands in the log.
#[test]
fn names_are_told_class_by_class_to_who_decides_and_never_to_who_submits() {
    let app = App::start();
    let physics = app.subject_teacher();
    let classes = [physics.class("七年级1班"), physics.class("七年级2班")];
    let id = physics.draft(&draft_to(&classes));
    physics.submit(id);
    let groups = |client: &Client| client.get(&format!("/api/messages/{id}/recipients"));
    let names = |client: &Client, group: StreamId| {
        client.post(&format!("/api/messages/{id}/names"), &NamesWanted { group })
    };
    let read = || app.count("SELECT COUNT(*) FROM audit WHERE action = 'message.names_read'");

    // Counts for the writer, no name.
    let told: Vec<RecipientGroup> = groups(&physics).json();
    assert_eq!(told.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["七年级1班", "七年级2班"]);
    assert!(told.iter().all(|g| !g.may_name && g.children > 40 && g.people >= g.phones));
    let of = [told[0].group, told[1].group];
    let phones: u32 = told.iter().map(|g| g.phones).sum();
    assert!(phones >= physics.message(id).reach.phones);
    assert_eq!(names(&physics, of[0]).refused(403), "names_not_yours");
    assert_eq!(read(), 0);

    // Who decides it may see who gets it, one class at a time, and that is logged.
    let head = app.grade_head("七年级");
    assert!(groups(&head).json::<Vec<RecipientGroup>>().iter().all(|g| g.may_name));
    let first: GroupNames = names(&head, of[0]).json();
    assert_eq!(first.children.len(), told[0].children as usize);
    assert!(first.children.iter().all(|c| !c.name.is_empty() && !c.people.is_empty()));
    assert_eq!(first.children.iter().map(|c| c.people.len()).sum::<usize>(), told[0].people as usize);
    let entry = "SELECT COUNT(*) FROM audit WHERE action = 'message.names_read' AND subject_id = {id} AND detail ->> '$.stream' = ";
    assert_eq!(app.count(&format!("{}{}", entry.replace("{id}", &id.to_string()), of[0])), 1);
    let elsewhere = app
        .count("SELECT s.id FROM streams s JOIN classes c ON c.id = s.class_id WHERE c.name = '八年级1班'");
    assert_eq!(names(&head, StreamId(elsewhere)).status, 404, "it does not go there");
    assert_eq!(names(&head, STAFF_STREAM).status, 404, "nor to the staff");

    // The homeroom teacher reads the own roll, and does not see another's message before it goes out.
    let homeroom = app.homeroom("七年级1班");
    assert_eq!((groups(&homeroom).status, names(&homeroom, of[0]).status), (404, 404));
    // Another year's head has no part in it.
    let other = app.grade_head("八年级");
    assert_eq!((groups(&other).status, names(&other, of[0]).status), (404, 404));
    // The office reads every roll.
    assert_eq!(names(&app.office_clerk(), of[1]).status, 200);
    // The principal sees the message, decides nothing of it and reads no roll.
    assert_eq!(names(&app.principal(), of[0]).refused(403), "names_not_yours");
    assert_eq!(read(), 2);

    // Taken back, it waits for nobody any more.
    assert_eq!(physics.post(&format!("/api/messages/{id}/withdraw"), &()).status, 200);
    assert_eq!(names(&head, of[0]).refused(403), "names_not_yours");
    assert_eq!(names(&physics, of[0]).refused(403), "names_not_yours");
}

/// The staff are one group, whose names are for those who decide and those who manage accounts.
#[test]
fn a_message_to_teachers_names_them_as_one_group() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&Draft { audience: Audience::AllTeachers, ..draft_to(&[]) });
    clerk.submit(id);
    let director = app.office_director();
    let groups: Vec<RecipientGroup> = director.get(&format!("/api/messages/{id}/recipients")).json();
    assert_eq!((groups.len(), groups[0].class, groups[0].children), (1, None, 0));
    let path = format!("/api/messages/{id}/names");
    let names: GroupNames = director.post(&path, &NamesWanted { group: groups[0].group }).json();
    assert_eq!((names.staff.len(), names.children.len()), (groups[0].people as usize, 0));
    assert_eq!(director.post(&path, &NamesWanted { group: StreamId(2) }).status, 404);
}

/// G13: a message that was written up from a request names who asked, to its writer, to who decides, and in the register.
#[test]
fn g13_a_message_names_who_asked_for_it() {
    let app = App::start();
    let (head, clerk) = (app.signed_in("T0002"), app.office_clerk());
    let asked = HandIn {
        title: "期中考试安排".into(),
        body: "各位家长：\n\n期中考试在下周三、周四举行。".into(),
        whom: "全校家长".into(),
        wanted_at: None,
        note: "请代发".into(),
    };
    let reply = head.post("/api/requests", &asked);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let request = reply.json::<Requests>().requests[0].clone();
    let draft = Draft { title: asked.title.clone(), body: asked.body.clone(), ..draft_to_all() };
    let id = clerk.draft(&draft);
    assert_eq!(clerk.message(id).asked, None, "not before it is tied to it");
    assert_eq!(
        clerk.post(&format!("/api/requests/{}/take", request.id), &TakeUp { message: id }).status,
        200
    );
    clerk.submit(id);
    for (reader, may_open) in [(clerk.clone(), true), (app.office_director(), true), (app.principal(), false)]
    {
        let told = reader.message(id).asked.expect("who asked");
        assert_eq!((told.asker.request, told.asker.name.as_str()), (request.id, request.requester.as_str()));
        assert_eq!(
            (told.asker.post, told.asker.unit.as_str(), told.asker.at),
            (request.post, request.unit.as_str(), request.at)
        );
        assert_eq!(
            (told.title, told.body, told.whom),
            (asked.title.clone(), asked.body.clone(), asked.whom.clone())
        );
        assert_eq!(told.may_open, may_open);
    }
    let sheet: RegisterSheet = app.principal().get(&format!("/api/register/{id}")).json();
    assert_eq!(sheet.entry.asked.map(|asker| asker.name), Some(request.requester.clone()));
    // A message that nobody asked for names nobody.
    let (_, own) = submitted(&app);
    assert_eq!(app.grade_head("八年级").message(own).asked, None);
    // A homeroom teacher, who sees it for the own class alone, is not told.
    app.office_director().approve(id);
    app.principal().approve(id);
    let seen = app.homeroom("八年级1班").message(id);
    assert!(seen.own_class_only && seen.asked.is_none());
}

/// What a reader is told of an order: why not, and the names of those who may; nothing where it is allowed.
fn why(client: &Client, path: &str, what: &Words) -> Option<(String, Vec<String>)> {
    let told: Vec<WhyNot> = client.get(&format!("{path}/why")).json();
    let line = told.into_iter().find(|line| line.what == *what)?;
    let names = line.who.into_iter().flat_map(|who| who.names).collect();
    Some((line.reason.zh.into_owned(), names))
}

/// Why may I not do this, and who may: told by the refusals of the rules themselves, by names of those in power today.
#[test]
fn g20_whoever_cannot_act_on_a_message_is_told_why_and_who_can() {
    let app = App::start();
    let (teacher, id) = submitted(&app);
    let (head, director) = (app.grade_head("八年级"), app.office_director());
    let path = format!("/api/messages/{id}");
    let decide = Command::Decide.title();
    let of_head = teacher.message(id).chain.steps[0].people.clone();
    assert_eq!(why(&head, &path, &decide), None, "who may is not told why not");
    let (reason, who) = why(&teacher, &path, &decide).expect("the drafter does not decide");
    assert!(reason.starts_with("这一步由年级组长"), "{reason}");
    assert_eq!(who, of_head);
    let (reason, _) = why(&director, &path, &decide).expect("the substitute waits");
    assert!(reason.contains("才能代为办理"), "{reason}");
    // What the sheet says is what the order is refused with.
    let order = Decide {
        verdict: Verdict::Approve,
        digest: head.message(id).digest.expect("a digest"),
        reason: String::new(),
        passages: Vec::new(),
        password: None,
    };
    assert_eq!(director.post(&format!("{path}/decisions"), &order).problem(403).title, reason);
    let (reason, who) = why(&head, &path, &Command::Withdraw.title()).expect("the drafter's");
    assert_eq!(head.post(&format!("{path}/withdraw"), &()).problem(403).title, reason);
    assert_eq!(who, [teacher.message(id).author_name]);
    let (reason, who) = why(&teacher, &path, &Command::Pause.title()).expect("not sent yet");
    assert!(reason.starts_with("这条信息的状态是“报批中”"), "{reason}");
    assert_eq!(teacher.post(&format!("{path}/pause"), &()).problem(409).title, reason);
    let leaders = ["T0001", "T0002", "T0003", "T0004"]
        .map(|n| app.signed_in(n).get("/api/me").json::<Me>().person.name);
    assert!(leaders.iter().all(|name| who.contains(name)), "{who:?}");
    // Who does not see the message is told nothing.
    assert_eq!(app.subject_teacher().get(&format!("{path}/why")).status, 404);
    // For every order and every state: what may be done is not told, and the other way round.
    let agree = |client: &Client| {
        let may = client.message(id).may;
        let told: Vec<WhyNot> = client.get(&format!("{path}/why")).json();
        for command in Command::ALL {
            let is_told = told.iter().any(|line| line.what == command.title());
            assert!(!(is_told && may.contains(&command)), "{command:?}");
        }
        assert!(told.iter().all(|line| !line.reason.zh.is_empty()));
    };
    for client in [&teacher, &head, &director] {
        agree(client);
    }
    head.approve(id);
    for client in [&teacher, &head, &director] {
        agree(client);
    }
    let (_, who) = why(&director, &path, &Command::Correct.title()).expect("as it was sent");
    assert!(who.contains(&teacher.message(id).author_name), "{who:?}");
}

#[test]
fn g20_a_unit_and_a_member_of_staff_answer_the_same_question() {
    let app = App::start();
    let units: Vec<UnitView> = app.principal().get("/api/units").json();
    let grade = units.iter().find(|u| u.name == "七年级").expect("a year group");
    let path = format!("/api/units/{}", grade.id);
    let teacher = app.homeroom("七年级1班");
    let (reason, who) = why(&teacher, &path, &Action::ReadRoster.title()).expect("the own class only");
    assert_eq!(reason, "您的岗位（班主任）只管七年级1班，这里不在其内");
    let clerk = app.office_clerk();
    assert!(who.contains(&clerk.get("/api/me").json::<Me>().person.name), "{who:?}");
    assert_eq!(why(&clerk, &path, &Action::ReadRoster.title()), None);
    assert_eq!(why(&clerk, &path, &Action::EditUnits.title()), None);
    assert_eq!(clerk.get("/api/units/999999/why").status, 404);

    // About oneself somebody else has to act; the names are of those who manage accounts.
    let me = clerk.get("/api/me").json::<Me>().person;
    let end = Words::fixed("结束此人的任职", "End this person's posts");
    let (reason, who) = why(&clerk, &format!("/api/staff/{}", me.id), &end).expect("the own posts");
    assert_eq!(reason, "不能结束自己的任职，请由同事办理");
    assert!(!who.is_empty() && !who.contains(&me.name), "{who:?}");
    let post = me.appointments[0].id;
    assert_eq!(
        clerk.post(&format!("/api/appointments/{post}/end"), &EndPost { knowing: true }).problem(403).title,
        reason
    );
    assert_eq!(why(&app.office_director(), &format!("/api/staff/{}", me.id), &end), None);
    assert_eq!(teacher.get(&format!("/api/staff/{}/why", me.id)).status, 403);
}

/// 班主任 and 辅导员 lead the classes of different schools: every page takes the title from one place.
#[test]
fn a_class_is_led_by_the_post_of_its_school() {
    let leader =
        |app: &App, number: &str| app.signed_in(number).get("/api/me").json::<Me>().school.class_leader;
    assert_eq!(leader(&App::start(), "T0018").title().zh, "班主任");
    assert_eq!(leader(&App::small_university(), small_university::AFFAIRS_HEAD).title().zh, "辅导员");
}
