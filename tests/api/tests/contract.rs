//! The contract of the API: a school's day by way of every endpoint, in which
//! each request and each answer is as the published document says; and what
//! every endpoint refuses, as a problem.

use std::cell::RefCell;
use std::collections::BTreeSet;

use api_tests::{
    App, Client, Contract, PASSPHRASE, SOON, draft_to, draft_to_all, eventually, link_in, small_university,
};
use domain::access::Post;
use domain::account::{Activation, PasswordChange, ResetAnswer, SignIn, SlipOrder};
use domain::api::{self, ALL, Address, Gate, Operation};
use domain::appointment::{Confirm, Decline, EndPost, Give};
use domain::approval::procedure::{DryRun, ProposeProcedure, Standing, WhichVersion};
use domain::approval::{Decide, ProcedureStep, Scope, Sender, StepKind, Verdict};
use domain::audit::{RecordKind, Reveal, VerifyPart};
use domain::delegation::RecordAbsence;
use domain::filing::{CommentKind, FilingLimit, NewComment, Register, Scan};
use domain::ids::{ClassId, MessageId, SmsAccountId};
use domain::message::{
    Command, Draft, DraftChange, MessageBox, MessageState, MessageView, NamesWanted, StopMessage, Submit,
};
use domain::office_request::{AnswerChange, DeclineRequest, HandIn, TakeUp};
use domain::provider::{FilingState, ProviderKind};
use domain::register::Sought;
use domain::roster::people::{Leave, LeaveReason, MarkNumber, NewNumber, NumberState};
use domain::roster::{ImportKind, ImportPreview, ListTeachers};
use domain::school::{FirstAdministrator, Setup, StopOrder, UnitKind};
use domain::sms_account::{NewCredentials, ProposeSmsAccount};
use domain::template::NewTemplate;
use domain::time::{HOUR, Instant};
use domain::unit::{NewUnit, UnitChange, UnitMove};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// Endpoints that could change something by their method, and change nothing that anybody has to answer
/// for: looking at a link, a draft, a procedure or a file before it counts, and ending one's own session.
const QUIET: [&str; 6] =
    ["CHECK_ACTIVATION", "DRY_RUN", "PREVIEW_MESSAGE", "PREVIEW_IMPORT", "LOOK_AGAIN", "SIGN_OUT"];

/// A password that somebody chooses.
const OTHER: &str = "the plane trees at the gate";

/// Calls endpoints, and remembers which.
struct Day {
    app: App,
    contract: Contract,
    called: RefCell<BTreeSet<&'static str>>,
}

impl Day {
    fn of(app: App) -> Self {
        let contract = Contract::of(&app);
        Self { app, contract, called: RefCell::default() }
    }

    #[track_caller]
    fn call<B: Serialize, A: DeserializeOwned>(
        &self,
        client: &Client,
        to: impl Into<Address<B, A>>,
        body: &B,
    ) -> A {
        self.call_with(client, to, body, &[])
    }

    #[track_caller]
    fn call_with<B: Serialize, A: DeserializeOwned>(
        &self,
        client: &Client,
        to: impl Into<Address<B, A>>,
        body: &B,
        headers: &[(&str, &str)],
    ) -> A {
        let to = to.into();
        let name = Contract::operation(to.method, &to.url).name;
        self.called.borrow_mut().insert(name);
        // I9: what changes something leaves an entry, whatever it is.
        let changes = to.method.changes() && !QUIET.contains(&name);
        let entries = || self.app.count("SELECT COUNT(*) FROM audit");
        let before = if changes { entries() } else { 0 };
        let answer = self.contract.call(client, to, body, headers);
        assert!(!changes || entries() > before, "{name} leaves no entry in the audit log");
        let untold = self.app.count("SELECT COUNT(*) FROM changes");
        assert_eq!(untold, 0, "{name} changed something and told neither before nor after");
        answer
    }

    #[track_caller]
    fn upload(&self, client: &Client, kind: ImportKind, file: &[u8]) -> ImportPreview {
        let operation = &api::PREVIEW_IMPORT.operation;
        self.called.borrow_mut().insert(operation.name);
        assert_eq!(self.contract.media(operation), Some("text/csv"));
        let reply = client.upload(&api::PREVIEW_IMPORT.with(api::KIND, kind).url, file);
        self.contract.check_answer(operation, &reply);
        reply.json()
    }

    /// Stores a scan, which is no JSON.
    fn stores(&self, client: &Client, id: MessageId) -> Scan {
        let operation = &api::STORE_SCAN.operation;
        self.called.borrow_mut().insert(operation.name);
        assert_eq!(self.contract.media(operation), Some("application/octet-stream"));
        let reply = client.store_scan(id, &small_university::pdf());
        self.contract.check_answer(operation, &reply);
        reply.json()
    }

    /// A department's message comes into the register, is released by its designated sender, and a
    /// college's is filed.
    fn keeps_the_register(&self) {
        let app = &self.app;
        let (sender, id) = app.department_approved();
        let affairs = app.signed_in(small_university::AFFAIRS_HEAD);
        assert_eq!(self.call(&affairs, api::FILINGS, &()).to_register.len(), 1);
        let scan = self.stores(&affairs, id);
        let order = Register {
            number: "教〔2026〕1".into(),
            delivered_by: "何静".into(),
            place: String::new(),
            document: scan.sha256,
        };
        assert!(self.call(&affairs, api::REGISTER_ORIGINAL.at(id), &order).papers.registration.is_some());
        let operation = &api::SCAN.operation;
        self.called.borrow_mut().insert(operation.name);
        self.contract.check_answer(operation, &sender.get(&api::SCAN.at(id).url));
        let said = |kind, text: &str| NewComment { kind, text: text.into() };
        self.call(&affairs, api::COMMENT.at(id), &said(CommentKind::Question, "何时发？"));
        let answered = self.call(&sender, api::COMMENT.at(id), &said(CommentKind::Answer, "现在"));
        assert_eq!(answered.papers.comments.len(), 2);
        assert!(self.call(&sender, api::RELEASE.at(id), &()).papers.ordered.is_some());
        let (_, filed) = app.college_notice();
        assert!(self.call(&affairs, api::RECEIVE_FILING.at(filed), &()).papers.filing.is_some());
        assert_eq!(self.call(&affairs, api::FILING_LIMIT, &FilingLimit { days: 5 }).days, 5);
    }

    /// A draft of the homeroom teacher's, submitted.
    fn submitted(&self, teacher: &Client, draft: &Draft) -> MessageView {
        let id = self.call(teacher, api::CREATE_MESSAGE, draft).id;
        self.call(teacher, api::SUBMIT.at(id), &Submit { statement: true })
    }

    fn decide(&self, head: &Client, message: &MessageView, verdict: Verdict, reason: &str) -> MessageView {
        let digest = message.digest.clone().expect("it is submitted");
        self.call(
            head,
            api::DECIDE.at(message.id),
            &Decide { verdict, digest, reason: reason.into(), passages: Vec::new(), password: None },
        )
    }

    fn opens_a_school(&self) {
        let anybody = self.app.anybody();
        let setup = Setup {
            name: "示范中学".into(),
            signature: "示范中学".into(),
            platform_word: None,
            regulation: Default::default(),
            window: None,
            administrators: vec![
                FirstAdministrator { number: "T0014".into(), name: "田沐华".into() },
                FirstAdministrator { number: "T0013".into(), name: "高佑奕".into() },
            ],
        };
        let key = format!("Bearer {}", self.app.setup_key());
        let slips = self.call_with(&anybody, api::SETUP, &setup, &[("authorization", &key)]).slips;
        let token = slips[0].link.split_once('#').expect("…/activate#token").1.to_owned();
        let check = Activation { token, password: None };
        assert_eq!(self.call(&anybody, api::CHECK_ACTIVATION, &check).number, "T0014");
        self.call(&anybody, api::ACTIVATE, &Activation { password: Some(PASSPHRASE.into()), ..check });
    }

    fn signs_in_and_out(&self) {
        let anybody = self.app.anybody();
        assert!(self.call(&anybody, api::HEALTH, &()).ok);
        let document = api::OPENAPI.operation;
        self.contract.check_answer(&document, &anybody.get(document.path));
        self.called.borrow_mut().insert(document.name);
        let sign_in = SignIn { login: "T0018".into(), password: PASSPHRASE.into() };
        assert_eq!(self.call(&anybody, api::SIGN_IN, &sign_in).person.number, "T0018");
        self.call(&self.app.homeroom("七年级1班"), api::SIGN_OUT, &());
    }

    fn looks_around(&self, clerk: &Client) {
        assert_eq!(self.call(clerk, api::ME, &()).person.number, "T0004");
        assert!(!self.call(clerk, api::UNITS, &()).is_empty());
        let classes = self.call(clerk, api::CLASSES, &());
        let roll = self.call(clerk, api::CLASS_ROLL.at(classes[0].id), &());
        assert!(!roll.students.is_empty() && !roll.may_list);
        let strike = roll.teachers.iter().map(|t| t.appointment).collect();
        let order = ListTeachers { list: Vec::new(), strike };
        let after = self.call(&self.app.homeroom("七年级1班"), api::LIST_TEACHERS.at(roll.class.id), &order);
        assert!(after.teachers.iter().all(|t| t.listed_at.is_none()));
        assert!(!self.call(clerk, api::CHECKLIST, &()).lines.is_empty());
    }

    /// The last of a day: the teacher has left.
    fn a_draft_is_taken_over(&self, clerk: &Client, teacher: &Client, draft: &Draft) {
        let id = self.call(teacher, api::CREATE_MESSAGE, draft).id;
        let author = self.call(teacher, api::ME, &()).person.id;
        self.call(clerk, api::LEAVE_STAFF.at(author), &Leave { reason: LeaveReason::Retired });
        assert_ne!(self.call(clerk, api::TAKE_OVER.at(id), &()).id, id);
    }

    fn somebody_leaves(&self, clerk: &Client) {
        let number = || NewNumber { phone: "19900000009".into() };
        let staff = self.call(clerk, api::STAFF, &());
        self.call(clerk, api::WHY_MEMBER.at(staff[0].id), &());
        let id = staff.last().expect("somebody").id;
        assert!(!self.call(clerk, api::STAFF_LEAVING.at(id), &()).posts.is_empty());
        self.call(clerk, api::LEAVE_STAFF.at(id), &Leave { reason: LeaveReason::Retired });
        assert!(!self.call(clerk, api::DEPARTURES, &()).vacancies.is_empty());
        self.call(clerk, api::RETURN_STAFF.at(id), &());
        self.call(clerk, api::CHANGE_STAFF_NUMBER.at(id), &number());

        let class = self.call(clerk, api::CLASSES, &())[0].id;
        let student = self.call(clerk, api::CLASS_ROLL.at(class), &()).students.remove(0);
        let guardian = student.guardians[0].id;
        assert_eq!(self.call(clerk, api::STUDENT_LEAVING.at(student.id), &()).name, student.name);
        self.call(clerk, api::LEAVE_STUDENT.at(student.id), &Leave { reason: LeaveReason::Transferred });
        assert_eq!(self.call(clerk, api::CLASS_ROLL.at(class), &()).left.len(), 1);
        self.call(clerk, api::RETURN_STUDENT.at(student.id), &());
        self.call(clerk, api::GUARDIAN_LEAVING.at(guardian), &());
        self.call(clerk, api::LEAVE_GUARDIAN.at(guardian), &Leave { reason: LeaveReason::Custody });
        self.call(clerk, api::RETURN_GUARDIAN.at(guardian), &());
        self.call(clerk, api::CHANGE_GUARDIAN_NUMBER.at(guardian), &number());
        let mark = MarkNumber { state: NumberState::OptedOut };
        assert_eq!(self.call(clerk, api::MARK_NUMBER.at(guardian), &mark).number, NumberState::OptedOut);
    }

    fn a_number_is_wrong(&self) {
        let teacher = &self.app.homeroom("七年级1班");
        let id = teacher.draft(&draft_to(&[teacher.class("七年级1班")]));
        teacher.submit(id);
        self.app.grade_head("七年级").approve(id);
        let form = ("content-type", "application/x-www-form-urlencoded");
        let link = eventually("an SMS", SOON, || self.app.sms().first().map(|sms| link_in(&sms.text)));
        self.app.anybody().send("POST", &link, Some(b"action=not_mine"), &[form]);
        let open = self.call(teacher, api::DISPUTES, &());
        self.call(teacher, api::KEEP_NUMBER.at(open[0].id), &());
    }

    fn opens_accounts(&self, clerk: &Client) {
        let staff = self.call(clerk, api::STAFF, &());
        let waiting: Vec<_> = staff.iter().filter(|s| !s.active).map(|s| s.id).take(2).collect();
        let slips = self.call(clerk, api::ISSUE_SLIPS, &SlipOrder { staff: waiting.clone() });
        assert_eq!(slips.len(), waiting.len());
        self.call(clerk, api::ISSUE_SLIP.at(waiting[0]), &());

        // Somebody who is active: a second person confirms, and the owner is told.
        let admin = self.app.administrator();
        let active = staff.iter().find(|s| s.number == "T0019").expect("on the roll").id;
        assert!(self.call(clerk, api::ISSUE_SLIP.at(active), &()).waits);
        let first = self.call(&admin, api::SLIPS, &())[0].id;
        self.call(&admin, api::DECLINE_SLIP.at(first), &());
        self.call(clerk, api::ISSUE_SLIP.at(active), &());
        let second = self.call(&admin, api::SLIPS, &())[0].id;
        let slip = self.call(&admin, api::CONFIRM_SLIP.at(second), &());
        let anybody = self.app.anybody();
        self.call(&anybody, api::ACTIVATE, &Activation { token: slip.code, password: Some(OTHER.into()) });
    }

    fn keeps_the_own_account(&self) {
        let mut owner = self.app.anybody();
        assert_eq!(owner.sign_in("T0019", OTHER).status, 200);
        let reset = self.call(&owner, api::ME, &()).resets[0].id;
        self.call(&owner, api::ANSWER_RESET.at(reset), &ResetAnswer { mine: false });
        let change = PasswordChange { old: OTHER.into(), password: PASSPHRASE.into() };
        self.call(&owner, api::CHANGE_PASSWORD, &change);
        self.app.signed_in("T0019");
        assert_eq!(self.call(&owner, api::SESSIONS, &()).len(), 2);
        self.call(&owner, api::END_SESSIONS, &());
        let own = self.call(&owner, api::SESSIONS, &())[0].id;
        self.call(&owner, api::END_SESSION.at(own), &());
    }

    fn confirms_posts(&self, clerk: &Client) {
        let admin = self.app.administrator();
        let file = "工号,姓名,手机,部门,职务,班主任班级,任教\nT0801,新干事,,校办室,干事,,\nT0802,再一位,,校办室,干事,,\n";
        let preview = self.upload(clerk, ImportKind::Staff, file.as_bytes());
        let applied = self.call(clerk, api::APPLY_IMPORT.at(preview.id), &preview.likely());
        let waiting = self.call(&admin, api::WAITING_APPOINTMENTS, &()).waiting;
        assert_eq!((waiting.len(), applied.waiting), (2, 2));
        let first = Confirm { appointments: vec![waiting[0].appointment.id] };
        assert_eq!(self.call(&admin, api::CONFIRM_APPOINTMENTS, &first).waiting.len(), waiting.len() - 1);
        let decline = Decline { reason: "与任命文件不符".into() };
        let left = self.call(&admin, api::DECLINE_APPOINTMENT.at(waiting[1].appointment.id), &decline);
        assert_eq!(left.waiting.len(), waiting.len() - 2);
    }

    fn edits_units_and_posts(&self, clerk: &Client) {
        let units = self.call(clerk, api::UNITS, &());
        self.call(clerk, api::WHY_UNIT.at(units[0].id), &());
        let school = units.iter().find(|u| u.parent.is_none()).expect("the school").id;
        let order = NewUnit { parent: school, kind: UnitKind::Department, name: "体卫处".into() };
        let made = self.call(clerk, api::MAKE_UNIT, &order);
        let id = made.iter().find(|u| u.name == "体卫处").expect("made").id;
        let change = UnitChange { name: "体育卫生处".into() };
        assert!(self.call(clerk, api::CHANGE_UNIT.at(id), &change).iter().any(|u| u.name == "体育卫生处"));
        let staff = self.call(clerk, api::STAFF, &())[40].id;
        let post = Post::DepartmentClerk;
        let give = Give { staff, post, unit: Some(id), class: None, subject: String::new(), from: None };
        self.call(clerk, api::GIVE_POST, &give);
        let person = self.call(clerk, api::STAFF, &()).into_iter().find(|s| s.id == staff).expect("there");
        let held = person.appointments.iter().find(|a| a.unit == id).expect("given").id;
        assert_eq!(self.call(clerk, api::POST_ENDING.at(held), &()).others, 0);
        self.call(clerk, api::END_POST.at(held), &EndPost::default());
        let admin = self.app.administrator();
        let office = units.iter().find(|u| u.kind == UnitKind::Department).expect("a department").id;
        let moved = self.call(clerk, api::MOVE_UNIT.at(id), &UnitMove { parent: office }).waiting;
        assert_eq!(self.call(&admin, api::UNIT_CHANGES, &()).waiting.len(), 1);
        assert!(self.call(&admin, api::DECLINE_UNIT_CHANGE.at(moved[0].id), &()).waiting.is_empty());
        let closing = self.call(clerk, api::CLOSE_UNIT.at(id), &()).waiting;
        assert!(self.call(&admin, api::CONFIRM_UNIT_CHANGE.at(closing[0].id), &()).waiting.is_empty());
        assert!(!self.call(clerk, api::UNITS, &()).iter().any(|u| u.id == id));
    }

    fn is_away(&self, head: &Client) {
        let own = self.call(head, api::DELEGATIONS, &());
        let now = self.call(head, api::ME, &()).now;
        let absence = RecordAbsence {
            appointment: own.posts[0].appointment.id,
            from: None,
            until: now.plus(HOUR),
            reason: String::new(),
        };
        let recorded = self.call(head, api::RECORD_ABSENCE, &absence).absences;
        assert!(self.call(head, api::WITHDRAW_ABSENCE.at(recorded[0].id), &()).absences.is_empty());
    }

    fn hands_in_and_takes_up(&self, clerk: &Client) {
        let principal = self.app.principal();
        let wish = || HandIn {
            title: "消防演练".into(),
            body: "周五举行。".into(),
            whom: "全校家长".into(),
            wanted_at: None,
            note: String::new(),
        };
        let id = self.call(&principal, api::HAND_IN, &wish()).requests[0].id;
        let message = self.call(clerk, api::CREATE_MESSAGE, &draft_to_all()).id;
        assert_eq!(
            self.call(clerk, api::TAKE_UP.at(id), &TakeUp { message }).requests[0].message,
            Some(message)
        );
        let asked = self.call(clerk, api::ASK_ABOUT_WORDS.at(id), &()).requests.remove(0).changed;
        let asked_at = asked.expect("other words").asked_at;
        let answer = AnswerChange { asked_at, agree: true, reason: String::new() };
        assert!(!self.call(&principal, api::ANSWER_CHANGE.at(id), &answer).requests[0].differs);
        for _ in 0..2 {
            self.call(&principal, api::HAND_IN, &wish());
        }
        let open = self.call(clerk, api::REQUESTS, &()).requests;
        let reason = DeclineRequest { reason: "已另行通知".into() };
        self.call(clerk, api::DECLINE_REQUEST.at(open[0].id), &reason);
        self.call(&principal, api::WITHDRAW_REQUEST.at(open[1].id), &());
    }

    fn changes_a_procedure(&self) {
        let (principal, director) = (self.app.principal(), self.app.office_director());
        assert!(!self.call(&principal, api::PROCEDURES, &()).all.is_empty());
        let units = self.call(&principal, api::UNITS, &());
        let steps = vec![ProcedureStep::new(StepKind::Approve, Post::Principal)];
        let (sender, scope) = (Sender::Teacher, Scope::Grade);
        let grade = units.iter().find(|u| u.name == "八年级").expect("a year group").id;
        let order = DryRun { sender, scope, steps: steps.clone(), unit: grade, audience: None };
        assert!(self.call(&principal, api::DRY_RUN, &order).completes);
        let now = self.call(&principal, api::ME, &()).now;
        let order = ProposeProcedure { sender, scope, steps, in_force_from: now };
        for confirms in [false, true] {
            let all = self.call(&principal, api::PROPOSE_PROCEDURE, &order).all;
            let waits = all.iter().find(|p| p.standing == Standing::Proposed).expect("it waits");
            let which = WhichVersion { version: waits.version };
            let to = if confirms { api::CONFIRM_PROCEDURE } else { api::DECLINE_PROCEDURE };
            let all = self.call(&director, to.at(waits.id), &which).all;
            assert!(all.iter().all(|p| p.standing == Standing::InForce));
        }
    }

    fn changes_the_sms_account(&self) {
        let (administrator, director) = (self.app.administrator(), self.app.office_director());
        for confirms in [false, true] {
            let known = self.call(&administrator, api::SMS_ACCOUNT, &());
            let order = ProposeSmsAccount {
                behind: SmsAccountId(0),
                provider: ProviderKind::Sandbox,
                trial: true,
                signature: known.signature,
                signature_state: FilingState::Filed,
                templates: Vec::new(),
                price: 45,
                credentials: Some(NewCredentials {
                    id: "LTAI5tAbCdEf9f2c".into(),
                    secret: "a-secret-of-the-demo".into(),
                    app_id: String::new(),
                    region: String::new(),
                }),
            };
            let waits =
                self.call(&administrator, api::PROPOSE_SMS_ACCOUNT, &order).proposed.expect("it waits");
            let to = if confirms { api::CONFIRM_SMS_ACCOUNT } else { api::DECLINE_SMS_ACCOUNT };
            let now = self.call(&director, to.at(waits.version), &());
            assert_eq!((now.in_force.is_some(), now.proposed), (confirms, None));
        }
        assert!(self.call(&administrator, api::TEST_SMS_ACCOUNT, &()).taken);
    }

    fn imports_a_file(&self, clerk: &Client) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/students-dirty-gb18030.csv");
        let dirty = self.upload(clerk, ImportKind::Students, &std::fs::read(file).expect("the file"));
        assert!(!dirty.findings.is_empty());
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/middle-school-staff.csv");
        let staff = self.upload(clerk, ImportKind::Staff, &std::fs::read(file).expect("the file"));
        let again = self.call(clerk, api::LOOK_AGAIN.at(staff.id), &staff.likely());
        assert_eq!(again, staff, "with the likely answers it is the same");
        self.call(clerk, api::APPLY_IMPORT.at(staff.id), &staff.likely());
        assert_eq!(self.call(clerk, api::IMPORTS, &())[0].id, staff.id);
        assert!(self.call(clerk, api::UNDO_IMPORT.at(staff.id), &()).undone_at.is_some());
    }

    fn writes_and_takes_back(&self, teacher: &Client, head: &Client, draft: &Draft) {
        let preview = self.call(teacher, api::PREVIEW_MESSAGE, draft);
        assert!(preview.reach.phones > 0);
        let faulty = Draft { title: "以经【".into(), category: None, ..draft.clone() };
        assert!(!self.call(teacher, api::PREVIEW_MESSAGE, &faulty).refusals.is_empty());

        let first = self.submitted(teacher, draft);
        assert!(self.call(teacher, api::REMIND.at(first.id), &()).reminded_at.is_some());
        let told = self.call(teacher, api::WHY_MESSAGE.at(first.id), &());
        assert!(told.iter().any(|line| line.what == Command::Decide.title() && !line.who.is_empty()));
        let groups = self.call(head, api::RECIPIENTS.at(first.id), &());
        let wanted = NamesWanted { group: groups[0].group };
        assert!(!self.call(head, api::NAMES.at(first.id), &wanted).children.is_empty());
        let returned = self.decide(head, &first, Verdict::Return, "请写明地点");
        assert_eq!(returned.state, MessageState::Returned);
        let change = DraftChange { draft: draft.clone(), changed_at: Some(returned.times.changed_at) };
        let changed = self.call(teacher, api::CHANGE_MESSAGE.at(first.id), &change);
        assert!(changed.before.is_some());
        assert_eq!(self.call(teacher, api::WITHDRAW.at(first.id), &()).state, MessageState::Withdrawn);

        let now = self.call(teacher, api::ME, &()).now;
        let later = Draft { send_at: Some(now.plus(HOUR * 24)), ..draft.clone() };
        let planned = self.submitted(teacher, &later);
        assert_eq!(self.decide(head, &planned, Verdict::Approve, "").state, MessageState::Approved);
        assert_eq!(self.call(teacher, api::CANCEL.at(planned.id), &()).state, MessageState::Cancelled);
    }

    fn sends(&self, clerk: &Client, teacher: &Client, head: &Client, draft: &Draft) -> MessageId {
        // While all sending is stopped, a message stays where it can be paused.
        let stop = |stopped| StopOrder { stopped, reason: "演练".into() };
        assert!(self.call(clerk, api::STOP, &stop(true)).stopped.is_some());
        let message = self.submitted(teacher, draft);
        assert_eq!(self.decide(head, &message, Verdict::Approve, "").state, MessageState::Sending);
        assert_eq!(self.call(teacher, api::PAUSE.at(message.id), &()).state, MessageState::Paused);
        assert_eq!(self.call(teacher, api::RESUME.at(message.id), &()).state, MessageState::Sending);
        self.stops_one(clerk, teacher, head, draft);
        assert!(self.call(clerk, api::STOP, &stop(false)).stopped.is_none());
        message.id
    }

    /// While all sending is stopped: a message of which something is set apart, and which is then stopped.
    fn stops_one(&self, clerk: &Client, teacher: &Client, head: &Client, draft: &Draft) {
        let message = self.submitted(teacher, draft);
        self.decide(head, &message, Verdict::Approve, "");
        let apart = format!(
            "UPDATE batches SET state = 'enqueued', set_apart_at = 1, set_apart_why = 'claimed_in_vain' WHERE message_id = {}",
            message.id
        );
        self.app.db().execute_batch(&apart).expect("a batch is set apart");
        assert_eq!(self.call(teacher, api::MESSAGE.at(message.id), &()).set_apart.len(), 1);
        assert!(self.call(clerk, api::PUT_AGAIN.at(message.id), &()).set_apart.is_empty());
        let order = StopMessage { reason: "时间写错了".into() };
        let stopped = self.call(teacher, api::STOP_MESSAGE.at(message.id), &order);
        assert_eq!((stopped.state, stopped.halted.is_some()), (MessageState::Stopped, true));
    }

    fn corrects(&self, teacher: &Client, id: MessageId) {
        let new = self.call(teacher, api::CORRECT.at(id), &()).id;
        assert_eq!(self.call(teacher, api::MESSAGE.at(new), &()).corrects.map(|l| l.id), Some(id));
        assert!(self.call(teacher, api::MESSAGE.at(id), &()).corrected_by.is_some());
    }

    fn reads_the_register(&self, teacher: &Client, id: MessageId) {
        let far = api::REGISTER
            .with(api::SOUGHT, Sought("运动".into()))
            .with(api::IN_STATE, MessageState::Sending)
            .with(api::SINCE, Instant(0))
            .with(api::UNTIL, Instant::MAX)
            .with(api::BEFORE, MessageId(1_000))
            .with(api::BEFORE_AT, Instant::MAX);
        self.call(teacher, far, &());
        let entry = self.call(teacher, api::REGISTER, &()).entries.remove(0);
        assert!(
            !self.call(teacher, api::REGISTER.with(api::OF_UNIT, entry.number.unit), &()).entries.is_empty()
        );
        let year = api::REGISTER_TOTALS.with(api::SINCE, Instant(0)).with(api::UNTIL, Instant::MAX);
        assert!(!self.call(teacher, year, &()).is_empty());
        let digest = self.call(teacher, api::REGISTER_SHEET.at(id), &()).entry.digest.expect("a digest");
        let fits = self.call(teacher, api::VERIFY_DIGEST.at(id).with(api::DIGEST, Sought(digest)), &()).fits;
        assert_eq!(fits, Some(true));
        assert!(!self.call(teacher, api::AGENDA, &()).is_empty());
        let unit = entry.number.unit;
        let wording =
            NewTemplate {
                unit, title: "期中考试".into(), body: "请准时到校".into(), category: None
            };
        let saved = self.call(teacher, api::SAVE_TEMPLATE, &wording);
        assert_eq!(self.call(teacher, api::TEMPLATES, &()), saved);
        self.call(teacher, api::REMOVE_TEMPLATE.at(saved[0].id), &());
    }

    fn watches(&self, clerk: &Client, teacher: &Client, id: MessageId) {
        assert!(self.call(teacher, api::MESSAGE.at(id), &()).funnel.is_some());
        assert!(self.call(teacher, api::FUNNEL.at(id), &()).phones > 0);
        assert!(!self.call(teacher, api::DELIVERIES.at(id), &()).children.is_empty());
        for which in MessageBox::ALL {
            self.call(clerk, api::MESSAGES.with(api::BOX, which).with(api::BEFORE, MessageId(1_000)), &());
        }
        assert!(!self.call(teacher, api::MESSAGES, &()).messages.is_empty());
        let newest = self.call(clerk, api::AUDIT, &()).entries[0].entry.seq;
        let older = self.call(clerk, api::AUDIT.with(api::BEFORE_ENTRY, newest), &());
        assert_eq!(older.entries[0].entry.seq, newest - 1);
        self.call(clerk, api::VERIFY_AUDIT, &());
        self.call(clerk, api::VERIFY_AUDIT.with(api::PART, VerifyPart::Heads).with(api::FROM, 1), &());
        self.app.cron();
        assert!(!self.call(clerk, api::EXPORT_AUDIT.with(api::FROM, 0), &()).entries.is_empty());
        let of = api::AUDIT_HISTORY.with(api::HISTORY_OF, RecordKind::Staff).with(api::HISTORY_ID, 1);
        assert!(!self.call(clerk, of, &()).entries.is_empty());
        self.call(clerk, api::REVEAL_VALUES, &Reveal { kind: RecordKind::Staff, id: 1 });
    }
}

#[test]
fn every_endpoint_takes_and_answers_what_the_document_says() {
    let empty = Day::of(App::empty());
    empty.opens_a_school();

    let register = Day::of(App::small_university());
    register.keeps_the_register();

    let day = Day::of(App::start());
    day.signs_in_and_out();
    let clerk = day.app.office_clerk();
    day.looks_around(&clerk);
    let (teacher, head) = (day.app.homeroom("八年级1班"), day.app.grade_head("八年级"));
    let draft = draft_to(&[teacher.class("八年级1班")]);
    day.writes_and_takes_back(&teacher, &head, &draft);
    day.a_number_is_wrong();
    let id = day.sends(&clerk, &teacher, &head, &draft);
    day.corrects(&teacher, id);
    day.reads_the_register(&teacher, id);
    day.watches(&clerk, &teacher, id);
    day.is_away(&head);
    day.hands_in_and_takes_up(&clerk);
    day.somebody_leaves(&clerk);
    day.opens_accounts(&clerk);
    day.confirms_posts(&clerk);
    day.changes_a_procedure();
    day.changes_the_sms_account();
    day.edits_units_and_posts(&clerk);
    day.keeps_the_own_account();
    day.imports_a_file(&clerk);
    day.a_draft_is_taken_over(&clerk, &teacher, &draft);

    let called: BTreeSet<&str> =
        [&empty, &register, &day].into_iter().flat_map(|day| day.called.take()).collect();
    let missing: Vec<&str> = ALL.iter().map(|o| o.name).filter(|name| !called.contains(name)).collect();
    assert_eq!(missing, [""; 0], "a story in this file should call these too");
}

/// A schema that takes anything would make the story above worth nothing.
#[test]
fn no_schema_takes_what_is_nothing() {
    let contract = Contract::of(&App::start());
    for operation in ALL {
        for nothing in [json!(null), json!({}), json!("text")] {
            assert!(!contract.knows(operation, &nothing), "{}: {nothing}", operation.name);
        }
    }
}

/// An endpoint that is called with what it cannot take.
struct Refused<'a> {
    contract: &'a Contract,
    operation: &'a Operation,
    path: String,
}

impl Refused<'_> {
    /// Holds the problem against the document.
    #[track_caller]
    fn by(&self, client: &Client, body: &[u8], status: u16, kind: &str) {
        let method = self.operation.method;
        let reply = client.send(method.name(), &self.path, method.changes().then_some(body), &[]);
        assert_eq!(self.contract.check_problem(&reply, status), kind, "{} {}", method.name(), self.path);
    }
}

#[test]
fn every_refusal_is_a_problem_as_the_document_says() {
    let app = App::start();
    let contract = &Contract::of(&app);
    // The director has every right that a gate asks for.
    let (anybody, clerk, teacher) = (app.anybody(), app.office_director(), app.subject_teacher());
    for operation in ALL {
        let refused = |id: &str| Refused { contract, operation, path: operation.path.replace("{id}", id) };
        if operation.gate != Gate::Open {
            refused("1").by(&anybody, b"{}", 401, "not_signed_in");
        }
        if matches!(operation.gate, Gate::Needs(_)) {
            refused("1").by(&teacher, b"{}", 403, "forbidden");
        }
        if operation.method.changes() {
            refused("1").by(&clerk, &vec![b' '; operation.limit + 1], 413, "too_large");
        }
        if contract.body(operation).is_some() {
            refused("1").by(&clerk, b"nonsense", 400, "bad_json");
        }
        if operation.parameter().is_some() {
            refused("none").by(&clerk, b"{}", 404, "not_found");
        }
        let reply = clerk.send("PATCH", &operation.path.replace("{id}", "1"), None, &[]);
        assert_eq!(contract.check_problem(&reply, 405), "method_not_allowed");
    }
    let import = api::PREVIEW_IMPORT;
    assert_eq!(contract.check_problem(&clerk.upload(import.operation.path, b"x"), 422), "kind");
    contract.check_problem(&clerk.upload(&import.with(api::KIND, ImportKind::Staff).url, b""), 422);
    let nobodys = clerk.post(api::CREATE_MESSAGE.operation.path, &draft_to(&[ClassId(999_999)]));
    assert_eq!(contract.check_problem(&nobodys, 422), "audience_not_yours");
}
