//! Nobody gives power alone: an appointment that decides, administers, runs
//! the office or opens accounts counts once a second person has confirmed it.
//! Two attacks are played to their end, by the API and by raw SQL.

use api_tests::{App, Client, PASSPHRASE, draft_to, draft_to_all};
use domain::access::Post;
use domain::account::Me;
use domain::appointment::{Confirm, ConfirmBar, Decline, WaitingAppointment, WaitingAppointments};
use domain::approval::{Decide, Verdict};
use domain::audit::AuditPage;
use domain::ids::{AppointmentId, MessageId};
use domain::message::MessageState;
use domain::roster::{ImportApplied, Question, StaffView};
use domain::time::Instant;
use rusqlite::Connection;
use xiaoxun_worker::seals::{AppointmentSeal, DecisionSeal, ProcedureSeal, Seal};

const HEADER: &str = "工号,姓名,手机,部门,职务,班主任班级,任教\n";

/// Uploads a staff file and applies it; `chosen` answers questions by their id, others as suggested.
fn import(client: &Client, rows: &str, chosen: &[(&str, &str)]) -> ImportApplied {
    let file = format!("{HEADER}{rows}");
    let answer = |q: &Question| {
        let own: Vec<String> =
            chosen.iter().filter(|(id, _)| *id == q.id).map(|(_, number)| (*number).to_owned()).collect();
        if own.is_empty() { q.suggested.clone() } else { own }
    };
    client.import_with("staff", file.as_bytes(), answer).json()
}

fn waiting(client: &Client) -> Vec<WaitingAppointment> {
    client.get("/api/appointments/waiting").json::<WaitingAppointments>().waiting
}

fn confirm(client: &Client, appointments: Vec<AppointmentId>) -> api_tests::Reply {
    client.post("/api/appointments/confirmations", &Confirm { appointments })
}

fn of(list: &[WaitingAppointment], number: &str) -> AppointmentId {
    list.iter().find(|w| w.staff.number == number).expect("it waits").appointment.id
}

fn me(client: &Client) -> Me {
    client.get("/api/me").json()
}

/// A new account, opened with a slip that `clerk` issues and a second person confirms where it has to be.
fn open(app: &App, clerk: &Client, number: &str) -> Client {
    let staff: Vec<StaffView> = clerk.get("/api/staff").json();
    let person = staff.iter().find(|s| s.number == number).expect("on the roll");
    let second = if me(clerk).person.number == "T0014" { app.office_clerk() } else { app.administrator() };
    let slip = clerk.slip(&second, person.id);
    assert_eq!(app.anybody().activate(&slip, PASSPHRASE).status, 204);
    app.signed_in(number)
}

/// Whether anything of a message could go out.
fn has_deliveries(app: &App, id: MessageId) -> bool {
    app.count(&format!("SELECT COUNT(*) FROM deliveries WHERE message_id = {id}")) > 0
}

#[test]
fn what_an_import_appoints_waits_for_a_second_person() {
    let app = App::start();
    let (admin, clerk) = (app.administrator(), app.office_clerk());
    assert_eq!((waiting(&admin).len(), me(&admin).to_confirm), (0, 0));
    let rows = "T0901,新干事,,校办室,干事,,\nT0902,新教师,,七年级,班主任,七年级1班,七年级1班:语文\n";
    let applied = import(&clerk, rows, &[]);
    assert_eq!((applied.counts.added, applied.waiting), (2, 1), "a teacher's post needs no second person");

    // Who gave it sees that it waits, and that it is another's to confirm.
    let list = waiting(&clerk);
    let one = &list[0];
    assert_eq!(
        (list.len(), one.appointment.post, one.bar),
        (1, Post::OfficeClerk, Some(ConfirmBar::GivenByYou))
    );
    assert_eq!((one.staff.number.as_str(), one.given_by.number.as_str()), ("T0901", "T0004"));
    assert_eq!((one.import.is_some(), one.since, me(&clerk).to_confirm), (true, one.given_at, 0));
    assert_eq!(confirm(&clerk, vec![one.appointment.id]).refused(403), "given_by_you");

    // The person signs in and can do nothing yet.
    let fresh = open(&app, &clerk, "T0901");
    let seen = me(&fresh);
    assert_eq!((seen.person.appointments.len(), seen.unconfirmed.len()), (0, 1));
    assert_eq!(seen.unconfirmed[0].post, Post::OfficeClerk);
    assert_eq!(fresh.get("/api/staff").refused(403), "forbidden");
    assert_eq!(fresh.get("/api/appointments/waiting").refused(403), "forbidden");

    // The teacher's post counts at once.
    let teacher = open(&app, &clerk, "T0902");
    assert!(me(&teacher).person.holds(Post::HomeroomTeacher, None) && me(&teacher).unconfirmed.is_empty());

    // A second person.
    assert_eq!((me(&admin).to_confirm, waiting(&admin)[0].bar), (1, None));
    let left: WaitingAppointments = confirm(&admin, vec![one.appointment.id]).json();
    assert_eq!(left.waiting, []);
    assert!(me(&fresh).person.holds(Post::OfficeClerk, None) && me(&fresh).unconfirmed.is_empty());
    assert_eq!(confirm(&admin, vec![one.appointment.id]).refused(409), "waits_no_more");
    let entry = format!(
        "SELECT COUNT(*) FROM audit WHERE action = 'appointment.confirmed' AND subject = 'appointment' AND subject_id = {}
           AND actor = (SELECT id FROM staff WHERE number = 'T0014')
           AND json_extract(detail, '$.staff') = (SELECT id FROM staff WHERE number = 'T0901')
           AND json_extract(detail, '$.given_by') = (SELECT id FROM staff WHERE number = 'T0004')
           AND json_extract(detail, '$.post') = 'office_clerk' AND json_extract(detail, '$.unit') > 0",
        one.appointment.id
    );
    assert_eq!(app.count(&entry), 1);
    // The log says it by name.
    let page: AuditPage = admin.get("/api/audit").json();
    let said = page.entries.iter().find(|e| e.entry.action == "appointment.confirmed").expect("the entry");
    assert_eq!(said.sentence().words().zh, "确认任命：新干事（校办室干事）");

    // The same file again gives nothing again.
    assert_eq!(import(&clerk, rows, &[]).waiting, 0);
}

#[test]
fn several_are_confirmed_at_once_or_none() {
    let app = App::start();
    let (admin, clerk) = (app.administrator(), app.office_clerk());
    let rows = "T0901,甲,,校办室,干事,,\nT0902,乙,,校办室,干事,,\nT0903,丙,,校办室,干事,,\n";
    assert_eq!(import(&clerk, rows, &[]).waiting, 3);
    let list = waiting(&admin);
    let ids = ["T0901", "T0902", "T0903"].map(|number| of(&list, number));
    assert_eq!(confirm(&admin, vec![ids[0], AppointmentId(999_999)]).refused(409), "waits_no_more");
    assert_eq!(confirm(&admin, vec![]).refused(422), "how_many");
    assert_eq!(waiting(&admin).len(), 3, "all or none");

    let decline = |reason: &str, id: AppointmentId| {
        admin.post(&format!("/api/appointments/{id}/decline"), &Decline { reason: reason.into() })
    };
    assert_eq!(decline("  ", ids[2]).refused(422), "reason");
    assert_eq!(decline("任命文件里没有他", ids[2]).json::<WaitingAppointments>().waiting.len(), 2);
    assert_eq!(decline("任命文件里没有他", ids[2]).status, 404);
    assert_eq!(confirm(&admin, vec![ids[2]]).refused(409), "waits_no_more");
    let ended =
        "SELECT COUNT(*) FROM appointments WHERE declined_why = '任命文件里没有他' AND until IS NOT NULL";
    assert_eq!(app.count(ended), 1);
    let read = clerk.get("/api/appointments/waiting").json::<WaitingAppointments>().declined;
    let (by, why) = (read[0].declined_by.as_str(), read[0].reason.as_str());
    assert_eq!(
        (read.len(), read[0].staff.number.as_str(), by, why),
        (1, "T0903", "田沐华", "任命文件里没有他")
    );
    let told = "SELECT COUNT(*) FROM audit WHERE action = 'appointment.declined' AND detail LIKE '%没有%'";
    assert_eq!(app.count(told), 0, "the log holds no free text");

    // Ordered twice under one key, done once.
    let order = Confirm { appointments: vec![ids[0], ids[1]] };
    for _ in 0..2 {
        let reply = admin.post_with_key("/api/appointments/confirmations", &order, "both-of-them");
        assert_eq!(reply.json::<WaitingAppointments>().waiting, []);
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'appointment.confirmed' AND at > (SELECT created_at FROM staff WHERE number = 'T0901')"), 2);

    // What was declined comes again with the next file, and waits again.
    assert_eq!(import(&clerk, rows, &[]).waiting, 1);
}

/// The account was opened by one person's slip while it had no power: that person may hold it, and confirms nothing for it.
#[test]
fn who_alone_opened_the_account_does_not_confirm_its_post() {
    let app = App::start();
    let (admin, clerk) = (app.administrator(), app.office_clerk());
    let rows = "T0905,新教师,,七年级,,,七年级1班:语文\n";
    assert_eq!(import(&clerk, rows, &[]).waiting, 0);
    open(&app, &clerk, "T0905");
    // The administrator gives the post, the clerk, who issued the slip, would be the second person.
    let rows = "T0905,新教师,,校办室,干事,,七年级1班:语文\n";
    assert_eq!(import(&admin, rows, &[]).waiting, 1);
    let list = waiting(&clerk);
    let one = &list[0];
    assert_eq!(one.opened_by.as_ref().map(|p| p.number.as_str()), Some("T0004"), "the page says who");
    assert_eq!((one.bar, me(&clerk).to_confirm), (Some(ConfirmBar::OpenedByYou), 0));
    let id = one.appointment.id;
    assert_eq!(confirm(&clerk, vec![id]).refused(403), "opened_by_you");
    let by_hand = |number: &str| {
        format!(
            "UPDATE appointments SET confirmed_by = (SELECT id FROM staff WHERE number = '{number}'), confirmed_at = since, mac = 'y' WHERE id = {id}"
        )
    };
    assert!(refused(&app.db(), &by_hand("T0004")).contains("confirmation_refused"));
    // A third person may.
    let third = app.office_director();
    assert_eq!((waiting(&third)[0].bar, me(&third).to_confirm), (None, 1));
    assert_eq!(confirm(&third, vec![id]).status, 200);
}

/// One clerk alone: ghosts as director and principal, by a file of the clerk's own.
#[test]
fn a_clerk_alone_releases_nothing() {
    let app = App::start();
    let clerk = app.office_clerk();
    let rows = "T0991,假主任,,校办室,主任,,\nT0992,假校长,,校领导,校长,,\n";
    let applied = import(&clerk, rows, &[("head:校办室", "T0991"), ("head:school", "T0992")]);
    assert!(applied.waiting >= 2, "{applied:?}");
    let (director, principal) = (open(&app, &clerk, "T0991"), open(&app, &clerk, "T0992"));
    // Whoever of the three tries it: the giver may not, the two have no right at all.
    let list = waiting(&clerk);
    for number in ["T0991", "T0992"] {
        let id = of(&list, number);
        assert_eq!(confirm(&clerk, vec![id]).refused(403), "given_by_you");
        for ghost in [&director, &principal] {
            assert_eq!(confirm(ghost, vec![id]).refused(403), "forbidden");
        }
    }
    assert!(me(&director).person.appointments.is_empty() && me(&principal).person.appointments.is_empty());

    // A notice that the clerk gets submitted is decided by neither of the ghosts.
    let id = clerk.draft(&draft_to_all());
    let reply = clerk.post(&format!("/api/messages/{id}/submit"), &serde_json::json!({ "statement": true }));
    if reply.status == 200 {
        let digest = clerk.message(id).digest.expect("a digest");
        let order = Decide {
            verdict: Verdict::Approve,
            digest,
            reason: String::new(),
            passages: Vec::new(),
            password: None,
        };
        for ghost in [&director, &principal] {
            let status = ghost.post(&format!("/api/messages/{id}/decisions"), &order).status;
            assert!(status == 403 || status == 404, "{status}");
        }
    } else {
        assert_eq!(reply.refused(422), "step_without_person");
    }
    assert_ne!(clerk.message(id).state, MessageState::Approved);
    assert!(!has_deliveries(&app, id));
}

/// An administrator appoints himself and two ghosts, to put it back afterwards.
#[test]
fn an_administrator_alone_makes_nobody_a_leader() {
    let app = App::start();
    let admin = app.administrator();
    let rows = "T0014,田沐华,,校办室,干事,,\nT0991,假主任,,校办室,主任,,\nT0992,假副校长,,校领导,副校长,,\n";
    let chosen = [("head:校办室", "T0991"), ("administrators", "T0014"), ("administrators", "T0013")];
    assert!(import(&admin, rows, &chosen).waiting >= 3);
    let list = waiting(&admin);
    let own = of(&list, "T0014");
    assert_eq!(confirm(&admin, vec![own]).refused(403), "given_by_you");
    assert!(!me(&admin).person.holds(Post::OfficeClerk, None));
    // He writes nothing, since he is no clerk yet.
    assert_eq!(admin.post("/api/messages", &draft_to_all()).status, 403);

    let (director, vice) = (open(&app, &admin, "T0991"), open(&app, &admin, "T0992"));
    for ghost in [&director, &vice] {
        assert!(me(ghost).person.appointments.is_empty());
        assert_eq!(me(ghost).unconfirmed.len(), 1);
        assert_eq!(ghost.post("/api/messages", &draft_to_all()).status, 403);
    }
    // A teacher's notice is not decided by the director who waits.
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    let digest = teacher.message(id).digest.expect("a digest");
    let order = Decide {
        verdict: Verdict::Approve,
        digest,
        reason: String::new(),
        passages: Vec::new(),
        password: None,
    };
    assert_eq!(director.post(&format!("/api/messages/{id}/decisions"), &order).status, 404);
    assert!(!has_deliveries(&app, id));
    // Who looks at the list sees it all, and refuses.
    let second = app.office_clerk();
    assert_eq!(me(&second).to_confirm as usize, waiting(&second).len());
    for one in waiting(&second) {
        assert_eq!(one.given_by.number, "T0014");
        let path = format!("/api/appointments/{}/decline", one.appointment.id);
        assert_eq!(second.post(&path, &Decline { reason: "没有任命文件".into() }).status, 200);
    }
    assert!(me(&admin).unconfirmed.is_empty());
}

fn refused(db: &Connection, sql: &str) -> String {
    match db.execute_batch(sql) {
        Ok(()) => panic!("the database took it: {sql}"),
        Err(e) => e.to_string(),
    }
}

/// The same by whoever writes into the database with the triggers in place.
#[test]
fn raw_sql_makes_nobody_a_leader_alone() {
    let app = App::start();
    let clerk = app.office_clerk();
    let db = app.db();
    let by = |number: &str| app.count(&format!("SELECT id FROM staff WHERE number = '{number}'"));
    let (me, ghost) = (by("T0004"), by("T0060"));
    let now = me_now(&clerk);
    let give = |columns: &str, values: &str| {
        format!(
            "INSERT INTO appointments (staff_id, post, unit_id, since, given_by{columns}, mac)
             VALUES ({ghost}, 'principal', 1, {now}, {me}{values}, 'x')"
        )
    };
    // Born confirmed, by a friend or by nobody.
    assert!(
        refused(&db, &give(", confirmed_by, confirmed_at", &format!(", {}, {now}", by("T0014"))))
            .contains("appointment_refused")
    );
    assert!(
        refused(&db, &give(", confirmed_by, confirmed_at", &format!(", 0, {now}")))
            .contains("appointment_refused")
    );
    assert!(
        refused(&db, &give("", "").replace(&format!("{now}, {me}"), &format!("{now}, 0")))
            .contains("appointment_refused")
    );
    // Given, then confirmed by oneself or by the ghost.
    db.execute_batch(&give("", "")).expect("it only waits");
    for hand in [me, ghost, 0, by("T0018")] {
        let sql = format!(
            "UPDATE appointments SET confirmed_by = {hand}, confirmed_at = {now}, mac = 'y' WHERE mac = 'x'"
        );
        assert!(refused(&db, &sql).contains("confirmation_refused"), "{hand}");
    }
    // Another's appointment is not turned into one's own, nor somebody else's end taken back or moved.
    for change in
        ["staff_id = {me}", "post = 'principal'", "given_by = {me}", "until = 1, until = NULL, mac = 'z'"]
    {
        let change = change.replace("{me}", &me.to_string());
        refused(&db, &format!("UPDATE appointments SET {change} WHERE post = 'office_director'"));
    }

    // A notice of the clerk's: no decision by what waits.
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    let decision = |staff: i64, appointment: &str, post: &str, position: i64| {
        format!(
            "INSERT INTO decisions (message_id, version, position, staff_id, appointment_id, post, verdict, digest, reason, at, mac)
             VALUES ({id}, 1, {position}, {staff}, ({appointment}), '{post}', 'approve', '{digest}', '', {}, '')",
            me_now(&clerk)
        )
    };
    let waits = "SELECT id FROM appointments WHERE mac = 'x'";
    for position in [0, 1] {
        assert!(refused(&db, &decision(ghost, waits, "principal", position)).contains("decision_refused"));
    }
    // Confirmed in the name of somebody who may: too late for this message, and without a seal that fits.
    let forged = format!(
        "UPDATE appointments SET confirmed_by = {}, confirmed_at = {}, mac = 'y' WHERE mac = 'x'",
        by("T0014"),
        me_now(&clerk)
    );
    db.execute_batch(&forged).expect("the seal is what it lacks");
    app.office_director().approve(id);
    let counted = "SELECT id FROM appointments WHERE mac = 'y'";
    assert!(refused(&db, &decision(ghost, counted, "principal", 1)).contains("decision_refused"));
    assert!(!has_deliveries(&app, id));

    // What the Worker did not write is not sealed by confirming it, either.
    db.execute_batch(&give("", "").replace("'x')", "'w')").replace("'principal'", "'office_clerk'"))
        .expect("it waits");
    let admin = app.administrator();
    let id = waiting(&admin)[0].appointment.id;
    assert_eq!(confirm(&admin, vec![id]).refused(409), "not_ours");
}

fn me_now(client: &Client) -> i64 {
    me(client).now.0
}

/// A post that has ended decides nothing any more, whatever date is written.
#[test]
fn an_ended_post_is_ended_in_state_as_well_as_in_time() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let digest = teacher.submit(id).digest.expect("a digest");
    let head = app.grade_head("八年级");
    let before = me_now(&head);
    // The office makes somebody else head of the grade.
    let clerk = app.office_clerk();
    import(&clerk, "T0016,范亮豪,,八年级,任课教师,,八年级2班:数学\nT0905,新组长,,八年级,年级组长,,\n", &[]);
    assert!(!me(&head).person.holds(Post::GradeHead, None));
    let order = Decide {
        verdict: Verdict::Approve,
        digest: digest.clone(),
        reason: String::new(),
        passages: Vec::new(),
        password: None,
    };
    let status = head.post(&format!("/api/messages/{id}/decisions"), &order).status;
    assert!(status == 403 || status == 404, "{status}");

    let db = app.db();
    let ended = "FROM appointments a JOIN staff t ON t.id = a.staff_id WHERE t.number = 'T0016' AND a.post = 'grade_head'";
    let forged = format!(
        "INSERT INTO decisions (message_id, version, position, staff_id, appointment_id, post, verdict, digest, reason, at, mac)
         SELECT {id}, 1, 0, a.staff_id, a.id, a.post, 'approve', '{digest}', '', {before}, '' {ended}"
    );
    assert!(refused(&db, &forged).contains("decision_refused"), "dated before the end, written after");
    for end in ["NULL", "9e15", "1"] {
        let moved = format!(
            "UPDATE appointments SET mac = mac || 'e', until = {end} WHERE id = (SELECT a.id {ended})"
        );
        assert!(refused(&db, &moved).contains("appointments_stay"), "{end}");
    }
    // While the new head waits, the post is vacant: the director stands in.
    let step = teacher.message(id).chain.steps[0].clone();
    assert_eq!(step.stands_in.expect("why").zh, "年级组长空缺，由校办室主任代为办理");
    // Confirmed now, the new head decides on what comes next, not on this one.
    let admin = app.administrator();
    assert_eq!(confirm(&admin, vec![of(&waiting(&admin), "T0905")]).status, 200);
    let new = open(&app, &clerk, "T0905");
    assert_eq!(new.post(&format!("/api/messages/{id}/decisions"), &order).refused(403), "appointed_later");
    let next = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(next);
    new.approve(next);
    app.office_director().approve(id);
}

/// Else nobody could confirm anything again.
#[test]
fn two_people_who_manage_accounts_remain() {
    let app = App::start();
    let admin = app.administrator();
    let db = app.db();
    let end = |number: &str| {
        format!(
            "UPDATE appointments SET mac = mac || 'e', until = 9e12 WHERE until IS NULL AND staff_id = (SELECT id FROM staff WHERE number = '{number}')"
        )
    };
    for number in ["T0003", "T0004"] {
        db.execute_batch(&end(number)).expect("two administrators are left");
    }
    assert!(refused(&db, &end("T0013")).contains("two_must_remain"));
    // By a file it is a sentence, not a fault.
    let file = format!("{HEADER}T0013,高佑奕,,信息中心,主任,,\n");
    let answer = |q: &Question| match q.id.as_str() {
        "administrators" => vec!["T0014".into(), "T0001".into()],
        "custodian:school" => vec!["T0001".into()],
        _ => q.suggested.clone(),
    };
    let reply = admin.import_with("staff", file.as_bytes(), answer);
    assert_eq!(reply.refused(409), "two_must_remain");
}

/// Each appointment, procedure and decision carries a seal that fits its row, and no other.
#[test]
fn what_carries_power_is_sealed() {
    let app = App::start();
    let clerk = app.office_clerk();
    import(&clerk, "T0901,新干事,,校办室,干事,,\n", &[]);
    app.class_notice();
    let (db, keys) = (app.db(), app.keys());
    let mut rows = db
        .prepare("SELECT staff_id, post, unit_id, class_id, subject, since, given_by, confirmed_by, confirmed_at, mac FROM appointments")
        .expect("a statement");
    let mut rows = rows.query([]).expect("rows");
    let mut seen = [0; 2];
    while let Some(row) = rows.next().expect("a row") {
        let (post, subject): (String, Option<String>) =
            (row.get(1).expect("post"), row.get(4).expect("subject"));
        let confirmed_at: Option<i64> = row.get(8).expect("a time");
        let mut seal = AppointmentSeal {
            staff: row.get(0).expect("staff"),
            post: &post,
            unit: row.get(2).expect("unit"),
            class: row.get(3).expect("class"),
            subject: subject.as_deref(),
            since: Instant(row.get(5).expect("since")),
            given_by: row.get(6).expect("giver"),
            confirmed_by: row.get(7).expect("second"),
            confirmed_at: confirmed_at.map(Instant),
        };
        let mac: String = row.get(9).expect("mac");
        assert!(seal.fits(&keys, &mac), "{post} of {}", seal.staff);
        seal.staff += 1;
        assert!(!seal.fits(&keys, &mac));
        seen[usize::from(confirmed_at.is_some())] += 1;
    }
    assert!(seen[0] > 60 && seen[1] >= 9, "{seen:?}");

    type Stored = (i64, String, String, i64, String, String, String, String);
    let procedures: Vec<Stored> = db
        .prepare("SELECT id, scope, steps, in_force_from, mac, sender, label_zh, label_en FROM procedures")
        .and_then(|mut s| {
            s.query_map([], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?, r.get(7)?))
            })?
            .collect()
        })
        .expect("procedures");
    assert_eq!(procedures.len(), 4);
    for (id, scope, steps, from, mac, sender, zh, en) in &procedures {
        let (label, in_force_from) = ((zh.as_str(), en.as_str()), Instant(*from));
        let seal = ProcedureSeal {
            id: *id,
            version: 1,
            sender,
            scope,
            label,
            steps,
            in_force_from,
            set_by: 0,
            set_at: in_force_from,
            confirmed_by: Some(0),
            confirmed_at: Some(in_force_from),
        };
        assert!(seal.fits(&keys, mac));
        assert!(seal.is_confirmed());
        assert!(!ProcedureSeal { confirmed_by: Some(1), ..seal }.fits(&keys, mac));
        assert!(!ProcedureSeal { steps: "[]", ..seal }.fits(&keys, mac));
    }

    let (message, staff, appointment, post, digest, at, mac): (i64, i64, i64, String, String, i64, String) =
        db.query_row(
            "SELECT message_id, staff_id, appointment_id, post, digest, at, mac FROM decisions",
            [],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?)),
        )
        .expect("one decision");
    let seal = DecisionSeal {
        message,
        version: 1,
        position: 0,
        staff,
        appointment,
        post: &post,
        verdict: "approve",
        digest: &digest,
        at: Instant(at),
    };
    assert!(seal.fits(&keys, &mac));
    assert!(!DecisionSeal { staff: staff + 1, ..seal }.fits(&keys, &mac));
    let held = format!(
        "SELECT COUNT(*) FROM appointments WHERE id = {appointment} AND staff_id = {staff} AND post = '{post}'"
    );
    assert_eq!(app.count(&held), 1);
}
