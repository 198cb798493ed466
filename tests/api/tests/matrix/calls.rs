//! How each endpoint is called: on which things, with which body, whose they are.

use api_tests::{Client, PASSPHRASE, draft_to, draft_to_all};
use domain::access::Post;
use domain::account::{Me, SessionView, Slip, SlipView};
use domain::api::{ALL, Operation};
use domain::approval::procedure::Procedures;
use domain::approval::{Held, ProcedureStep, Scope, Sender, StepKind};
use domain::delegation::Delegations;
use domain::ids::{ClassId, StudentId, UnitId};
use domain::message::{Audience, Draft, DraftChange};
use domain::office_request::{HandIn, Requests};
use domain::roster::ImportPreview;
use domain::template::TemplateView;
use domain::time::{DAY, HOUR};
use serde_json::{Value, json};

use super::messages::{Message, State};
use super::world::{ADMINISTRATORS, CLASSES, DEPARTMENT, EMPTY_UNIT, SCHOOL, School, UNIT_A, UNIT_B, World};

/// A call of an endpoint on one thing.
pub struct Call {
    /// Which endpoint.
    pub operation: &'static Operation,
    /// For the report, and where the table asks which kind of thing it is.
    pub label: String,
    /// Where it goes.
    pub path: String,
    /// What is sent.
    pub body: Vec<u8>,
    /// Where the thing is.
    pub unit: i64,
    /// In which class.
    pub class: Option<i64>,
    /// Whose it is.
    pub owner: Option<&'static str>,
    /// Who may not although the post could: the first of two people, whom it concerns, who is not listed.
    pub barred: Vec<&'static str>,
    /// What others do first, and is undone with it: by whom, on which path, with which body.
    pub first: Vec<(&'static str, String, Value)>,
}

impl Call {
    fn new(name: &str, id: impl ToString, body: Option<Value>) -> Self {
        let operation = ALL.iter().find(|o| o.name == name).unwrap_or_else(|| panic!("no {name}"));
        Self {
            operation,
            label: String::new(),
            path: operation.path.replace("{id}", &id.to_string()),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            unit: SCHOOL,
            class: None,
            owner: None,
            barred: Vec::new(),
            first: Vec::new(),
        }
    }

    fn said(self, label: &str) -> Self {
        Self { label: label.into(), ..self }
    }

    fn asked(mut self, query: &str) -> Self {
        self.path = format!("{}?{query}", self.path);
        self
    }

    fn at(self, unit: i64, class: Option<i64>) -> Self {
        Self { unit, class, ..self }
    }

    fn of(self, owner: &'static str) -> Self {
        Self { owner: Some(owner), ..self }
    }

    fn but(self, barred: &[&'static str]) -> Self {
        Self { barred: barred.to_vec(), ..self }
    }

    fn after(self, first: &[(&'static str, String, Value)]) -> Self {
        Self { first: first.to_vec(), ..self }
    }

    fn raw(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }

    /// Calls it.
    pub fn send(&self, client: &Client) -> api_tests::Reply {
        let body = self.operation.method.changes().then_some(self.body.as_slice());
        client.send(self.operation.method.name(), &self.path, body, &[])
    }
}

/// Keys of people of an area, by school: who speaks for unit A and unit B.
fn area_people(school: School) -> [&'static str; 2] {
    match school {
        School::Middle => ["grade_a", "grade_b"],
        School::University => ["dean_a", "dean_b"],
    }
}

/// The post that the first administrator has given and nobody has confirmed.
fn waiting_appointment(world: &World) -> i64 {
    world.actor("unconfirmed").appointment
}

/// Every call that is not about a message.
pub fn things(world: &World, messages: &[Message]) -> Vec<Call> {
    let mut calls = Vec::new();
    account(world, &mut calls);
    office(world, &mut calls);
    roster(world, messages, &mut calls);
    posts(world, &mut calls);
    requests(world, &mut calls);
    procedures(world, &mut calls);
    sms_account(world, &mut calls);
    writing(world, &mut calls);
    // Last: an import can be taken back while none came after it.
    imports(world, &mut calls);
    calls
}

fn account(world: &World, calls: &mut Vec<Call>) {
    let app = &world.app;
    let administrator = world.client(ADMINISTRATORS[0]);
    let second = world.client(ADMINISTRATORS[1]);
    // Somebody without a post opens an account, and its reset by two is used.
    let owner = world.staff("nopost");
    let slip: Slip = administrator.post(&format!("/api/staff/{owner}/activation"), &()).json();
    assert_eq!(app.anybody().activate(&slip, PASSPHRASE).status, 204);
    let reset = administrator.slip(&second, owner);
    assert_eq!(app.anybody().activate(&reset, PASSPHRASE).status, 204);
    world.open_again("nopost");
    // One to be ended.
    let mut browser = app.anybody();
    assert_eq!(browser.sign_in("nopost", PASSPHRASE).status, 200);
    let sessions: Vec<SessionView> = browser.get("/api/me/sessions").json();
    let other_session = sessions.iter().find(|s| s.current).expect("the one that asks").id;
    let reset = browser.get("/api/me").json::<Me>().resets[0].id;
    let db = app.db();
    let plain = db
        .query_row("SELECT id FROM staff WHERE number = 'plain'", [], |row| row.get::<_, i64>(0))
        .expect("somebody");
    let fresh = db
        .query_row("SELECT id FROM staff WHERE number = 'fresh'", [], |row| row.get::<_, i64>(0))
        .expect("somebody");
    let slip: Slip = administrator.post(&format!("/api/staff/{plain}/activation"), &()).json();
    let waits: Slip = administrator.post(&format!("/api/staff/{fresh}/activation"), &()).json();
    assert!(waits.waits, "who holds power gets a slip by two people");
    let all: Vec<SlipView> = second.get("/api/staff/activations").json();
    let waiting = all.iter().find(|s| s.owner.id.0 == fresh).expect("it waits").id;
    let setup = json!({
        "name": "别的学校", "signature": "别的学校", "regulation": "university",
        "administrators": [{ "number": "X1", "name": "某甲" }, { "number": "X2", "name": "某乙" }],
    });
    let other = "another long passphrase 77";
    calls.extend([
        Call::new("HEALTH", "", None),
        Call::new("OPENAPI", "", None),
        Call::new("SETUP", "", Some(setup)),
        Call::new("SIGN_IN", "", Some(json!({ "login": "nopost", "password": PASSPHRASE }))),
        Call::new("SIGN_OUT", "", None),
        Call::new("ME", "", None),
        Call::new("CHANGE_PASSWORD", "", Some(json!({ "old": PASSPHRASE, "password": other }))).of("nopost"),
        Call::new("SESSIONS", "", None),
        Call::new("END_SESSIONS", "", None),
        Call::new("END_SESSION", other_session, None).of("nopost"),
        Call::new("ANSWER_RESET", reset, Some(json!({ "mine": true }))).of("nopost"),
        Call::new("CHECK_ACTIVATION", "", Some(json!({ "token": slip.code }))),
        Call::new("ACTIVATE", "", Some(json!({ "token": slip.code, "password": other }))),
        Call::new("SLIPS", "", None),
        Call::new("CONFIRM_SLIP", waiting, None).but(&[ADMINISTRATORS[0]]),
        Call::new("DECLINE_SLIP", waiting, None),
        Call::new("ISSUE_SLIP", world.colleague.0, None),
        Call::new("ISSUE_SLIPS", "", Some(json!({ "staff": [world.colleague.0] }))),
    ]);
}

fn office(world: &World, calls: &mut Vec<Call>) {
    let stop = json!({ "stopped": true, "reason": "演练" });
    let new = json!({ "parent": SCHOOL, "kind": "department", "name": "新处" });
    let proposed = (ADMINISTRATORS[0], format!("/api/units/{EMPTY_UNIT}/close"), json!({}));
    calls.extend([
        Call::new("UNITS", "", None),
        Call::new("MAKE_UNIT", "", Some(new)),
        Call::new("CLOSE_UNIT", EMPTY_UNIT, None),
        Call::new("MOVE_UNIT", EMPTY_UNIT, Some(json!({ "parent": DEPARTMENT }))),
        Call::new("UNIT_CHANGES", "", None),
        Call::new("CONFIRM_UNIT_CHANGE", 1, None)
            .but(&[ADMINISTRATORS[0]])
            .after(std::slice::from_ref(&proposed)),
        Call::new("DECLINE_UNIT_CHANGE", 1, None).after(std::slice::from_ref(&proposed)),
        Call::new("STOP", "", Some(stop)),
        Call::new("CHECKLIST", "", None),
        Call::new("AUDIT", "", None),
        Call::new("VERIFY_AUDIT", "", None),
        Call::new("EXPORT_AUDIT", "", None),
        Call::new("FILINGS", "", None),
        Call::new("FILING_LIMIT", "", Some(json!({ "days": 5 }))),
        Call::new("REGISTER", "", None),
        Call::new("REGISTER_TOTALS", "", None),
        Call::new("AGENDA", "", None),
    ]);
    for unit in [UNIT_A, UNIT_B] {
        let named = json!({ "name": format!("改名{unit}") });
        calls.push(Call::new("CHANGE_UNIT", unit, Some(named)).at(unit, None));
        calls.push(Call::new("WHY_UNIT", unit, None).at(unit, None));
    }
    for (class, unit, _) in CLASSES {
        let family = world.families[class as usize - 1];
        for (kind, id) in [("student", family.student), ("guardian", family.guardian)] {
            let place = |call: Call| call.said(kind).at(unit, Some(class));
            calls.push(place(Call::new("AUDIT_HISTORY", "", None).asked(&format!("kind={kind}&id={id}"))));
            calls.push(place(Call::new("REVEAL_VALUES", "", Some(json!({ "kind": kind, "id": id })))));
        }
    }
}

fn roster(world: &World, messages: &[Message], calls: &mut Vec<Call>) {
    calls.extend([Call::new("CLASSES", "", None), Call::new("DISPUTES", "", None)]);
    let listed = |class: i64| {
        let of = world.actors.iter().find(|a| a.post == Some(Post::SubjectTeacher) && a.class == Some(class));
        of.map_or((999_999, false), |a| (a.appointment, a.key.starts_with("unlisted")))
    };
    for (class, unit, _) in CLASSES {
        let family = world.families[class as usize - 1];
        let mut add = |name, id, body| {
            calls.push(Call::new(name, id, body).said(&format!("of {class}")).at(unit, Some(class)));
        };
        add("CLASS_ROLL", class, None);
        let (teacher, add_it) = listed(class);
        let (list, strike) = if add_it { (vec![teacher], vec![]) } else { (vec![], vec![teacher]) };
        add("LIST_TEACHERS", class, Some(json!({ "list": list, "strike": strike })));
        add("STUDENT_LEAVING", family.student, None);
        add("LEAVE_STUDENT", family.student, Some(json!({ "reason": "transferred" })));
        add("RETURN_STUDENT", family.gone_student, None);
        add("GUARDIAN_LEAVING", family.guardian, None);
        add("LEAVE_GUARDIAN", family.guardian, Some(json!({ "reason": "custody" })));
        add("RETURN_GUARDIAN", family.gone_guardian, None);
        add("CHANGE_GUARDIAN_NUMBER", family.guardian, Some(json!({ "phone": "19900000009" })));
        add("MARK_NUMBER", family.guardian, Some(json!({ "state": "opted_out" })));
        if let Some(dispute) = dispute(world, messages, family.guardian) {
            add("KEEP_NUMBER", dispute, None);
        }
    }
    let (colleague, former) = (world.colleague.0, world.former);
    calls.extend([
        Call::new("STAFF", "", None),
        Call::new("DEPARTURES", "", None),
        Call::new("STAFF_LEAVING", colleague, None),
        Call::new("WHY_MEMBER", colleague, None),
        Call::new("LEAVE_STAFF", colleague, Some(json!({ "reason": "retired" }))),
        Call::new("RETURN_STAFF", former, None),
        Call::new("CHANGE_STAFF_NUMBER", colleague, Some(json!({ "phone": "19900000008" }))),
    ]);
}

/// A parent who said that the number is not theirs, of a message that went to all.
fn dispute(world: &World, messages: &[Message], guardian: i64) -> Option<i64> {
    let sent = messages.iter().filter(|m| m.state == State::Sent);
    let db = world.app.db();
    for message in sent {
        let text = "INSERT INTO disputes (phone_id, kind, person, message_id, at)
            SELECT d.phone_id, 'guardian', ?2, d.message_id, (SELECT MAX(at) FROM audit) FROM deliveries d, json_each(d.recipients) r
            WHERE d.message_id = ?1 AND r.value ->> 0 = 'guardian' AND r.value ->> 1 = ?2 LIMIT 1";
        if db.execute(text, [message.id.0, guardian]).expect("a dispute") == 1 {
            return Some(db.last_insert_rowid());
        }
    }
    None
}

fn posts(world: &World, calls: &mut Vec<Call>) {
    let waiting = waiting_appointment(world);
    let give = json!({
        "staff": world.staff("nopost"), "post": "department_clerk", "unit": EMPTY_UNIT, "class": null, "subject": "",
    });
    calls.extend([
        Call::new("WAITING_APPOINTMENTS", "", None),
        Call::new("CONFIRM_APPOINTMENTS", "", Some(json!({ "appointments": [waiting] })))
            .but(&[ADMINISTRATORS[0]]),
        Call::new("DECLINE_APPOINTMENT", waiting, Some(json!({ "reason": "与任命文件不符" }))),
        Call::new("GIVE_POST", "", Some(give)),
        Call::new("POST_ENDING", world.colleague.1, None),
        Call::new("END_POST", world.colleague.1, Some(json!({ "knowing": true }))),
        Call::new("DELEGATIONS", "", None),
    ]);
    let now = world.client(ADMINISTRATORS[0]).get("/api/me").json::<Me>().now;
    for (who, unit) in area_people(world.school).into_iter().zip([UNIT_A, UNIT_B]) {
        let actor = world.actor(who);
        let absence = |days: i64| {
            json!({
                "appointment": actor.appointment, "from": now.plus(days * DAY), "until": now.plus(days * DAY + HOUR), "reason": "开会",
            })
        };
        let recorded: Delegations = actor.client.post("/api/delegations", &absence(9)).json();
        let id = recorded.absences.last().expect("it is recorded").id;
        calls.push(Call::new("RECORD_ABSENCE", "", Some(absence(20))).at(unit, None).of(who));
        calls.push(Call::new("WITHDRAW_ABSENCE", id, None).at(unit, None).of(who));
    }
}

fn requests(world: &World, calls: &mut Vec<Call>) {
    let wish = |title: &str| HandIn {
        title: title.into(),
        body: "周五举行。".into(),
        whom: "全校家长".into(),
        wanted_at: None,
        note: String::new(),
    };
    calls.push(Call::new("REQUESTS", "", None));
    let order = serde_json::to_value(wish("消防演练")).expect("json");
    calls.push(Call::new("HAND_IN", "", Some(order)));
    if world.school == School::University {
        // Nobody there hands in; who takes up is refused all the same.
        for (name, body) in [
            ("TAKE_UP", Some(json!({ "message": 1 }))),
            ("DECLINE_REQUEST", Some(json!({ "reason": "x" }))),
            ("ASK_ABOUT_WORDS", None),
            ("ANSWER_CHANGE", Some(json!({ "asked_at": 1, "agree": true, "reason": "" }))),
            ("WITHDRAW_REQUEST", None),
        ] {
            calls.push(Call::new(name, 999_999, body));
        }
        return;
    }
    let (principal, clerk) = (world.client("principal"), world.client("clerk"));
    let hand_in = |title: &str| {
        let all: Requests = principal.post("/api/requests", &wish(title)).json();
        all.requests.iter().map(|r| r.id).max().expect("it is handed in")
    };
    let (open, taken, asked) = (hand_in("第一件"), hand_in("第二件"), hand_in("第三件"));
    for (request, title) in [(taken, "第二件"), (asked, "第三件")] {
        let draft = Draft { title: format!("{title}改"), ..draft_to_all() };
        let message = clerk.draft(&draft);
        let order = json!({ "message": message });
        assert_eq!(clerk.post(&format!("/api/requests/{request}/take"), &order).status, 200);
    }
    let after: Requests = clerk.post(&format!("/api/requests/{asked}/ask"), &()).json();
    let changed = after.requests.iter().find(|r| r.id == asked).and_then(|r| r.changed.clone());
    let asked_at = changed.expect("it is asked").asked_at;
    for office in ["director", "clerk"] {
        let own = world.client(office).draft(&draft_to_all());
        calls.push(Call::new("TAKE_UP", open, Some(json!({ "message": own }))).of(office));
    }
    let answer = json!({ "asked_at": asked_at, "agree": true, "reason": "" });
    calls.extend([
        Call::new("DECLINE_REQUEST", open, Some(json!({ "reason": "已另行通知" }))),
        Call::new("ASK_ABOUT_WORDS", taken, None).of("clerk"),
        Call::new("ANSWER_CHANGE", asked, Some(answer)).of("principal"),
        Call::new("WITHDRAW_REQUEST", open, None).of("principal"),
    ]);
}

fn procedures(world: &World, calls: &mut Vec<Call>) {
    let administrator = world.client(ADMINISTRATORS[0]);
    let now = administrator.get("/api/me").json::<Me>().now;
    let (waits, (sender, scope, step), unit) = match world.school {
        School::University => (
            (Sender::SchoolLevel, Scope::Any, ProcedureStep::new(StepKind::Approve, Post::LeaderInCharge)),
            (
                Sender::College,
                Scope::Any,
                ProcedureStep::new(StepKind::Approve, Post::Dean).held(Held::CollegeAbove),
            ),
            UNIT_A,
        ),
        School::Middle => (
            (
                Sender::Teacher,
                Scope::Grade,
                ProcedureStep::new(StepKind::Approve, Post::GradeHead).held(Held::AudienceUnit),
            ),
            (Sender::Office, Scope::School, ProcedureStep::new(StepKind::Approve, Post::Principal)),
            super::world::OFFICE,
        ),
    };
    let order = |(sender, scope, step): &(Sender, Scope, ProcedureStep)| json!({ "sender": sender, "scope": scope, "steps": [step], "in_force_from": now.plus(30 * DAY) });
    let proposed: Procedures = administrator.post("/api/procedures", &order(&waits)).json();
    let waiting =
        proposed.all.iter().find(|p| p.set_by.is_some() && p.confirmed_by.is_none()).expect("it waits");
    let which = json!({ "version": waiting.version });
    let dry = json!({ "sender": sender, "scope": scope, "steps": [step], "unit": unit, "audience": null });
    calls.extend([
        Call::new("PROCEDURES", "", None),
        Call::new("PROPOSE_PROCEDURE", "", Some(order(&(sender, scope, step.clone())))),
        Call::new("DRY_RUN", "", Some(dry)),
        Call::new("CONFIRM_PROCEDURE", waiting.id, Some(which.clone())).but(&[ADMINISTRATORS[0]]),
        Call::new("DECLINE_PROCEDURE", waiting.id, Some(which)),
    ]);
}

fn sms_account(world: &World, calls: &mut Vec<Call>) {
    // A test goes to one's own phone: those who may have one each.
    let mut people = vec![(ADMINISTRATORS[0], ADMINISTRATORS[1]), (ADMINISTRATORS[1], ADMINISTRATORS[0])];
    if world.school == School::Middle {
        people.push((ADMINISTRATORS[0], "director"));
    }
    for (n, (by, whose)) in people.into_iter().enumerate() {
        let order = json!({ "phone": format!("1990000001{n}") });
        let path = format!("/api/staff/{}/phone", world.staff(whose));
        assert_eq!(world.client(by).put(&path, &order).status, 204);
    }
    let order = json!({
        "behind": 0, "provider": "sandbox", "trial": true, "signature": "示范学校", "signature_state": "filed", "templates": [],
        "price": 45, "credentials": { "id": "LTAI5tAbCdEf9f2c", "secret": "a-secret-of-the-demo", "app_id": "", "region": "" },
    });
    let proposed = (ADMINISTRATORS[0], "/api/sms-account".to_owned(), order.clone());
    let confirmed = (ADMINISTRATORS[1], "/api/sms-account/1/confirm".to_owned(), json!({}));
    calls.extend([
        Call::new("SMS_ACCOUNT", "", None),
        Call::new("PROPOSE_SMS_ACCOUNT", "", Some(order)),
        Call::new("CONFIRM_SMS_ACCOUNT", 1, None)
            .but(&[ADMINISTRATORS[0]])
            .after(std::slice::from_ref(&proposed)),
        Call::new("DECLINE_SMS_ACCOUNT", 1, None).after(std::slice::from_ref(&proposed)),
        Call::new("TEST_SMS_ACCOUNT", "", None).after(&[proposed, confirmed]),
    ]);
}

fn writing(world: &World, calls: &mut Vec<Call>) {
    let create = |label: &str, audience: Audience| {
        let draft = Draft { audience, ..draft_to(&[]) };
        Call::new("CREATE_MESSAGE", "", Some(serde_json::to_value(draft).expect("json"))).said(label)
    };
    // Whom the homeroom teacher has not listed writes to no class.
    let barred = ["unlisted_2"];
    for (class, unit, _) in CLASSES {
        let classes = vec![ClassId(class)];
        let student = StudentId(world.families[class as usize - 1].student);
        let to_class = create(&format!("class {class}"), Audience::Classes { classes: classes.clone() });
        calls.push(to_class.at(unit, Some(class)).but(&barred));
        let child = Audience::Children { class: ClassId(class), students: vec![student] };
        calls.push(create(&format!("class {class}, a child"), child).at(unit, Some(class)).but(&barred));
        let preview = Draft { audience: Audience::Classes { classes }, ..draft_to(&[]) };
        let body = serde_json::to_value(preview).expect("json");
        calls.push(Call::new("PREVIEW_MESSAGE", "", Some(body)).at(unit, Some(class)));
    }
    calls.push(create("all guardians", Audience::AllGuardians));
    calls.push(create("teachers", Audience::AllTeachers));
    for unit in [super::world::AFFAIRS, UNIT_A, UNIT_B] {
        if unit == super::world::AFFAIRS && world.school == School::Middle {
            continue;
        }
        calls.push(
            create(&format!("unit {unit}"), Audience::Units { units: vec![UnitId(unit)] }).at(unit, None),
        );
    }
    calls.extend([
        Call::new("MESSAGES", "", None).asked("box=all"),
        Call::new("MESSAGES", "", None).asked("box=waiting"),
        Call::new("TEMPLATES", "", None),
    ]);
    let keepers = match world.school {
        School::Middle => ["homeroom_1", "homeroom_3"],
        School::University => ["college_clerk_a", "college_clerk_b"],
    };
    for (keeper, unit) in keepers.into_iter().zip([UNIT_A, UNIT_B]) {
        let order = json!({ "unit": unit, "title": format!("模板{unit}"), "body": "请准时到校", "category": "event" });
        let all: Vec<TemplateView> = world.client(keeper).post("/api/templates", &order).json();
        let id = all.iter().find(|t| t.unit.0 == unit).expect("it is saved").id;
        calls.push(Call::new("SAVE_TEMPLATE", "", Some(order)).at(unit, None));
        calls.push(Call::new("REMOVE_TEMPLATE", id, None).at(unit, None).of(keeper));
    }
}

fn imports(world: &World, calls: &mut Vec<Call>) {
    let administrator = world.client(ADMINISTRATORS[0]);
    let file = |n: u32| format!("工号,姓名,手机,部门,职务,班主任班级,任教\nN{n},新人{n},,教务处,干事,,\n");
    let preview = |n: u32| -> ImportPreview {
        administrator.upload("/api/roster/imports?kind=staff", file(n).as_bytes()).json()
    };
    let applied = preview(1);
    let done = administrator.post(&format!("/api/roster/imports/{}/apply", applied.id), &applied.likely());
    assert_eq!(done.status, 200, "{}", done.body);
    let waits = preview(2);
    let likely = serde_json::to_value(waits.likely()).expect("json");
    calls.extend([
        Call::new("PREVIEW_IMPORT", "", None).asked("kind=staff").raw(file(3).into_bytes()),
        Call::new("IMPORTS", "", None),
        Call::new("LOOK_AGAIN", waits.id, Some(likely.clone())).of(ADMINISTRATORS[0]),
        Call::new("APPLY_IMPORT", waits.id, Some(likely)).of(ADMINISTRATORS[0]),
        Call::new("UNDO_IMPORT", applied.id, None),
    ]);
}

/// Every call about a message.
pub fn of_message(world: &World, message: &Message, scan: &str) -> Vec<Call> {
    let group =
        world.app.db().query_row("SELECT id FROM streams WHERE class_id = 1", [], |row| row.get::<_, i64>(0));
    let group = group.expect("the class's stream");
    let id = message.id;
    let call = |name: &str, body| {
        let call = Call::new(name, id, body);
        call.said(&format!("{} {:?}", message.family.name, message.state))
    };
    let decide = |verdict: &str| json!({ "verdict": verdict, "digest": message.digest, "reason": "请改时间", "password": null });
    let change = DraftChange { draft: message.draft.clone(), changed_at: None };
    let register =
        json!({ "number": format!("另〔2026〕{id}"), "delivered_by": "何静", "place": "", "document": scan });
    vec![
        call("MESSAGE", None),
        call("FUNNEL", None),
        call("DELIVERIES", None),
        call("REGISTER_SHEET", None),
        call("WHY_MESSAGE", None),
        call("RECIPIENTS", None),
        call("NAMES", Some(json!({ "group": group }))),
        call("VERIFY_DIGEST", None).asked(&format!("digest={}", message.digest)),
        call("CHANGE_MESSAGE", Some(serde_json::to_value(change).expect("json"))),
        call("SUBMIT", Some(json!({ "statement": true }))),
        call("DECIDE", Some(decide("approve"))),
        call("DECIDE", Some(decide("return"))),
        call("CORRECT", None),
        call("REMIND", None),
        call("STORE_SCAN", None).raw(api_tests::small_university::pdf()),
        call("SCAN", None),
        call("REGISTER_ORIGINAL", Some(register)),
        call("RELEASE", None),
        call("RECEIVE_FILING", None),
        call("COMMENT", Some(json!({ "kind": "comment", "text": "请注意" }))),
        call("WITHDRAW", None),
        call("TAKE_OVER", None),
        call("CANCEL", None),
        call("PAUSE", None),
        call("RESUME", None),
        call("STOP_MESSAGE", Some(json!({ "reason": "写错了" }))),
        call("PUT_AGAIN", None),
    ]
}
