//! The contract of the API: a school's day by way of every endpoint, in which
//! each request and each answer is as the published document says; and what
//! every endpoint refuses, as a problem.

use std::cell::RefCell;
use std::collections::BTreeSet;

use api_tests::{App, Client, Contract, PASSPHRASE, draft_to};
use domain::account::{Activation, SignIn, SlipOrder};
use domain::api::{self, ALL, Address, Gate, Operation};
use domain::approval::{Decide, Verdict};
use domain::ids::{ClassId, MessageId};
use domain::message::{Draft, MessageBox, MessageState, MessageView, Submit};
use domain::roster::{ImportApply, ImportKind, ImportPreview};
use domain::school::{FirstAdministrator, Setup, StopOrder};
use domain::time::HOUR;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

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
        self.contract.call(client, to, body, headers)
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

    /// A draft of the homeroom teacher's, submitted.
    fn submitted(&self, teacher: &Client, draft: &Draft) -> MessageView {
        let id = self.call(teacher, api::CREATE_MESSAGE, draft).id;
        self.call(teacher, api::SUBMIT.at(id), &Submit { statement: true })
    }

    fn decide(&self, head: &Client, message: &MessageView, verdict: Verdict, reason: &str) -> MessageView {
        let digest = message.digest.clone().expect("it is submitted");
        self.call(head, api::DECIDE.at(message.id), &Decide { verdict, digest, reason: reason.into() })
    }

    fn opens_a_school(&self) {
        let anybody = self.app.anybody();
        let setup = Setup {
            name: "示范中学".into(),
            signature: "示范中学".into(),
            platform_word: None,
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
        assert!(!roll.students.is_empty());
    }

    fn opens_accounts(&self, clerk: &Client) {
        let staff = self.call(clerk, api::STAFF, &());
        let waiting: Vec<_> = staff.iter().filter(|s| !s.active).map(|s| s.id).take(2).collect();
        let slips = self.call(clerk, api::ISSUE_SLIPS, &SlipOrder { staff: waiting.clone() });
        assert_eq!(slips.len(), waiting.len());
        self.call(clerk, api::ISSUE_SLIP.at(waiting[0]), &());
    }

    fn imports_a_file(&self, clerk: &Client) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/students-dirty-gb18030.csv");
        let dirty = self.upload(clerk, ImportKind::Students, &std::fs::read(file).expect("the file"));
        assert!(!dirty.findings.is_empty());
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/middle-school-staff.csv");
        let staff = self.upload(clerk, ImportKind::Staff, &std::fs::read(file).expect("the file"));
        let answers = staff.questions.iter();
        let answers =
            answers.map(|q| domain::roster::Answer { id: q.id.clone(), chosen: q.suggested.clone() });
        self.call(clerk, api::APPLY_IMPORT.at(staff.id), &ImportApply { answers: answers.collect() });
    }

    fn writes_and_takes_back(&self, teacher: &Client, head: &Client, draft: &Draft) {
        let preview = self.call(teacher, api::PREVIEW_MESSAGE, draft);
        assert!(preview.reach.phones > 0);
        let faulty = Draft { title: "以经【".into(), category: None, ..draft.clone() };
        assert!(!self.call(teacher, api::PREVIEW_MESSAGE, &faulty).refusals.is_empty());

        let first = self.submitted(teacher, draft);
        let returned = self.decide(head, &first, Verdict::Return, "请写明地点");
        assert_eq!(returned.state, MessageState::Returned);
        let changed = self.call(teacher, api::CHANGE_MESSAGE.at(first.id), draft);
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
        assert!(self.call(clerk, api::STOP, &stop(false)).stopped.is_none());
        message.id
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
    }
}

#[test]
fn every_endpoint_takes_and_answers_what_the_document_says() {
    let empty = Day::of(App::empty());
    empty.opens_a_school();

    let day = Day::of(App::start());
    day.signs_in_and_out();
    let clerk = day.app.office_clerk();
    day.looks_around(&clerk);
    let (teacher, head) = (day.app.homeroom("八年级1班"), day.app.grade_head("八年级"));
    let draft = draft_to(&[teacher.class("八年级1班")]);
    day.writes_and_takes_back(&teacher, &head, &draft);
    let id = day.sends(&clerk, &teacher, &head, &draft);
    day.watches(&clerk, &teacher, id);
    day.opens_accounts(&clerk);
    day.imports_a_file(&clerk);

    let called: BTreeSet<&str> = empty.called.take().union(&day.called.take()).copied().collect();
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
    let (anybody, clerk, teacher) = (app.anybody(), app.office_clerk(), app.subject_teacher());
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
