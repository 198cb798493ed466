//! The contract of the JSON API: every endpoint with its method, path,
//! parameters, body and answer, in one table.
//!
//! The Worker routes by these constants, the staff app and the scenarios call
//! by them, and `GET /api/openapi.json` is made of them, so that none of the
//! four can differ from another. What parents see is HTML and no part of it.
//!
//! With the feature `schema`, each endpoint also gives the JSON schemas of its
//! types. It is meant for build scripts: in wasm it would only cost size.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::access::Action;
use crate::account::{
    Activation, ActivationView, Me, PasswordChange, ResetAnswer, SessionView, SignIn, Slip, SlipOrder,
    SlipView, Slips,
};
use crate::appointment::{Confirm, Decline, EndPost, Ending, Give, WaitingAppointments};
use crate::approval::Decide;
use crate::approval::procedure::{DryRun, Procedures, ProposeProcedure, Rehearsal, WhichVersion};
use crate::audit::{AuditExport, AuditPage, History, RecordKind, Reveal, Revealed, VerifyPage, VerifyPart};
use crate::checklist::Checklist;
use crate::delegation::{Delegations, RecordAbsence};
use crate::delivery::{DeliveryList, Funnel};
use crate::filing::{FilingLimit, Filings, NewComment, Register, SCAN_BYTES_MAX, Scan};
use crate::ids::{
    AppointmentId, ClassId, DelegationId, DisputeId, GuardianId, ImportId, MessageId, ProcedureId, RequestId,
    SessionId, SlipId, SmsAccountId, StaffId, StudentId, TemplateId, UnitChangeId, UnitId,
};
use crate::message::{
    Created, Draft, DraftChange, GroupNames, MessageBox, MessageList, MessageState, MessageView, NamesWanted,
    Preview, RecipientGroup, StopMessage, Submit,
};
use crate::office_request::{AnswerChange, DeclineRequest, HandIn, Requests, TakeUp};
use crate::register::{
    AgendaItem, MonthTotal, RegisterPage, RegisterSheet, SOUGHT_MAX, Sought, Verification,
};
use crate::roster::people::{Departures, Dispute, FamilyLeaving, Leave, MarkNumber, NewNumber, StaffLeaving};
use crate::roster::{
    ClassRoll, ClassView, GuardianView, ImportApplied, ImportApply, ImportKind, ImportPreview, ImportView,
    ListTeachers, MAX_APPLY_BYTES, MAX_IMPORT_BYTES, StaffView,
};
use crate::school::{SchoolView, Setup, StopOrder, UnitView};
use crate::sms_account::{ProposeSmsAccount, SmsAccountView, TestResult};
use crate::template::{NewTemplate, TemplateView};
use crate::time::Instant;
use crate::unit::{NewUnit, UnitChange, UnitChanges, UnitMove};
use crate::why::WhyNot;

/// Most bytes of a JSON body: a text of 5,000 Chinese characters is 15 KB, three times over.
pub const JSON_BYTES_MAX: usize = 64_000;

/// The methods of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Orders.
    Post,
    /// Changes what is there.
    Put,
    /// Ends something.
    Delete,
}

impl Method {
    /// `GET`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it can bring a body and change something.
    pub const fn changes(self) -> bool {
        !matches!(self, Self::Get)
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Anyone; the handler has its own proof (a token, a password, a key).
    Open,
    /// Anyone signed in; the handler looks at the object.
    SignedIn,
    /// A post that grants the action.
    Needs(Action),
}

/// A type that the document describes: with the feature `schema` it has to
/// have a JSON schema, without it nothing is asked.
#[cfg(not(feature = "schema"))]
pub trait Described {}
#[cfg(not(feature = "schema"))]
impl<T> Described for T {}

/// A type that the document describes by its JSON schema.
#[cfg(feature = "schema")]
pub trait Described: schemars::JsonSchema {}
#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> Described for T {}

/// Gives the schema of a type.
#[cfg(feature = "schema")]
pub type SchemaOf = fn(&mut schemars::SchemaGenerator) -> schemars::Schema;

#[cfg(feature = "schema")]
fn schema_of<T: schemars::JsonSchema>(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

/// An endpoint without its types: what router, document and tests walk over.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The constant's name, which is the document's `operationId`.
    pub name: &'static str,
    /// Method.
    pub method: Method,
    /// Path; a parameter stands in braces.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may call.
    pub gate: Gate,
    /// Most bytes of the body.
    pub limit: usize,
    /// HTTP status of a success.
    pub status: u16,
    /// Parameters of the query.
    pub query: &'static [Parameter],
    /// Schema of the path's parameter; of `()` where it has none.
    #[cfg(feature = "schema")]
    pub place: SchemaOf,
    /// Schema of the body; of `()` where there is none.
    #[cfg(feature = "schema")]
    pub body: SchemaOf,
    /// Schema of the answer; of `()` where there is none.
    #[cfg(feature = "schema")]
    pub answer: SchemaOf,
}

impl Operation {
    /// The name of the path's parameter.
    pub fn parameter(&self) -> Option<&'static str> {
        Some(self.path.split_once('{')?.1.split_once('}')?.0)
    }
}

/// An endpoint: `Place` is the path's parameter, `Body` goes in, `Answer`
/// comes out; each is `()` where there is none.
pub struct Endpoint<Place, Body, Answer> {
    /// All that is no type.
    pub operation: Operation,
    types: PhantomData<fn(Place, Body) -> Answer>,
}

impl<P, B, A> Clone for Endpoint<P, B, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, B, A> Copy for Endpoint<P, B, A> {}

impl<P: Described, B: Described, A: Described> Endpoint<P, B, A> {
    const fn new(method: Method, path: &'static str, summary: &'static str) -> Self {
        let operation = Operation {
            name: "",
            method,
            path,
            summary,
            gate: Gate::SignedIn,
            limit: if method.changes() { JSON_BYTES_MAX } else { 0 },
            status: 200,
            query: &[],
            #[cfg(feature = "schema")]
            place: schema_of::<P>,
            #[cfg(feature = "schema")]
            body: schema_of::<B>,
            #[cfg(feature = "schema")]
            answer: schema_of::<A>,
        };
        Self { operation, types: PhantomData }
    }

    const fn get(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Get, path, summary)
    }

    const fn post(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Post, path, summary)
    }

    const fn put(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Put, path, summary)
    }

    const fn delete(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Delete, path, summary)
    }

    const fn named(mut self, name: &'static str) -> Self {
        self.operation.name = name;
        self
    }

    const fn open(mut self) -> Self {
        self.operation.gate = Gate::Open;
        self
    }

    const fn needs(mut self, action: Action) -> Self {
        self.operation.gate = Gate::Needs(action);
        self
    }

    const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.operation.query = query;
        self
    }

    const fn limit(mut self, bytes: usize) -> Self {
        self.operation.limit = bytes;
        self
    }

    const fn status(mut self, status: u16) -> Self {
        self.operation.status = status;
        self
    }
}

impl<P: Value, B, A> Endpoint<P, B, A> {
    /// Its address with this in the path.
    #[inline]
    pub fn at(self, place: P) -> Address<B, A> {
        let url = filled(self.operation.path, &place.write());
        Address { method: self.operation.method, url, types: PhantomData }
    }
}

fn filled(path: &str, value: &str) -> String {
    let (head, rest) = path.split_once('{').unwrap_or((path, ""));
    let tail = rest.split_once('}').map_or("", |(_, tail)| tail);
    [head, value, tail].concat()
}

/// Where a request goes, and the types that go in and come out.
pub struct Address<Body, Answer> {
    /// Method.
    pub method: Method,
    /// Path and query.
    pub url: String,
    types: PhantomData<fn(Body) -> Answer>,
}

impl<B, A> Clone for Address<B, A> {
    fn clone(&self) -> Self {
        Self { method: self.method, url: self.url.clone(), types: PhantomData }
    }
}

impl<B, A> From<Endpoint<(), B, A>> for Address<B, A> {
    #[inline]
    fn from(endpoint: Endpoint<(), B, A>) -> Self {
        Self {
            method: endpoint.operation.method,
            url: endpoint.operation.path.to_owned(),
            types: PhantomData,
        }
    }
}

impl<B, A> Endpoint<(), B, A> {
    /// Its address with a parameter in the query.
    #[inline]
    pub fn with<T: Value>(self, param: Param<T>, value: T) -> Address<B, A> {
        Address::from(self).with(param, value)
    }
}

impl<B, A> Address<B, A> {
    /// The same with a parameter in the query.
    #[must_use]
    #[inline]
    pub fn with<T: Value>(mut self, param: Param<T>, value: T) -> Self {
        ask(&mut self.url, param.parameter.name, &value.write());
        self
    }
}

fn ask(url: &mut String, name: &str, value: &str) {
    url.push(if url.contains('?') { '&' } else { '?' });
    url.push_str(name);
    url.push('=');
    url.push_str(value);
}

/// A value that can stand in an address: digits or a key, so that nothing of
/// it has to be encoded.
pub trait Value: Sized {
    /// As it stands in the address.
    fn write(&self) -> Cow<'static, str>;
    /// Reads it; `None` where it is no such value.
    fn read(text: &str) -> Option<Self>;
}

impl Value for i64 {
    fn write(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

macro_rules! id_values {
    ($($name:ident),+) => {$(
        impl Value for crate::ids::$name {
            fn write(&self) -> Cow<'static, str> {
                self.0.write()
            }

            fn read(text: &str) -> Option<Self> {
                i64::read(text).map(Self)
            }
        }
    )+};
}
id_values!(
    AppointmentId,
    ClassId,
    DelegationId,
    RequestId,
    ImportId,
    MessageId,
    ProcedureId,
    StaffId,
    UnitId,
    UnitChangeId,
    SessionId,
    SlipId,
    SmsAccountId,
    DisputeId,
    GuardianId,
    StudentId,
    TemplateId
);

macro_rules! key_values {
    ($($name:ident),+) => {$(
        impl Value for $name {
            fn write(&self) -> Cow<'static, str> {
                self.key().into()
            }

            fn read(text: &str) -> Option<Self> {
                Self::from_key(text)
            }
        }
    )+};
}

key_values!(ImportKind, MessageBox, MessageState, RecordKind, VerifyPart);

impl Value for Instant {
    fn write(&self) -> Cow<'static, str> {
        self.0.write()
    }

    fn read(text: &str) -> Option<Self> {
        i64::read(text).map(Self)
    }
}

impl Value for Sought {
    fn write(&self) -> Cow<'static, str> {
        let mut text = String::new();
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
        }
        text.into()
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.trim().chars().take(SOUGHT_MAX).collect()))
    }
}

/// A parameter of a query, without its type.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Whether the request is refused without it.
    pub is_required: bool,
    /// Schema of its value.
    #[cfg(feature = "schema")]
    pub schema: SchemaOf,
}

/// A parameter of a query.
pub struct Param<T> {
    /// All that is no type.
    pub parameter: Parameter,
    types: PhantomData<fn(T)>,
}

impl<T: Described> Param<T> {
    const fn new(name: &'static str, about: &'static str) -> Self {
        let parameter = Parameter {
            name,
            about,
            is_required: false,
            #[cfg(feature = "schema")]
            schema: schema_of::<T>,
        };
        Self { parameter, types: PhantomData }
    }

    const fn required(mut self) -> Self {
        self.parameter.is_required = true;
        self
    }
}

/// Which messages `GET /api/messages` lists.
pub const BOX: Param<MessageBox> = Param::new("box", "Which messages; `mine` where absent");
/// Where a further page of messages begins.
pub const BEFORE: Param<MessageId> = Param::new("before", "Only older ones: `next` of the page before");
/// What the register is searched for: in titles, drafters and senders.
pub const SOUGHT: Param<Sought> = Param::new("q", "Part of a title, or of a drafter's or sender's name");
/// Whose messages of the register.
pub const OF_UNIT: Param<UnitId> = Param::new("unit", "Sent by this unit or one below it");
/// Which state of the register's messages.
pub const IN_STATE: Param<MessageState> = Param::new("state", "Only those in this state");
/// From when on.
pub const SINCE: Param<Instant> = Param::new("since", "Registered at this time or later");
/// Until when.
pub const UNTIL: Param<Instant> = Param::new("until", "Registered before this time");
/// Where a further page of the register begins, by time.
pub const BEFORE_AT: Param<Instant> = Param::new("before_at", "With `before`: `next` of the page before");
/// The digest on paper.
pub const DIGEST: Param<Sought> = Param::new("digest", "The digest, 64 hexadecimal characters").required();
/// Where a further page of the audit log begins.
pub const BEFORE_ENTRY: Param<i64> = Param::new("before", "Only entries with a lower number");
/// Which part of the audit log's check.
pub const PART: Param<VerifyPart> = Param::new("part", "Which part of the check; the first where absent");
/// Where a further piece of the audit log begins.
pub const FROM: Param<i64> = Param::new("from", "Behind which row to go on: `next` of the piece before");
/// Whose history.
pub const HISTORY_OF: Param<RecordKind> = Param::new("kind", "What it is").required();
/// Which one's history.
pub const HISTORY_ID: Param<i64> = Param::new("id", "Which one, by id").required();
/// What an uploaded file is about.
pub const KIND: Param<ImportKind> = Param::new("kind", "What the file is about").required();

/// A CSV file as a spreadsheet exports it, in UTF-8 or GB18030: a body that is not JSON.
pub struct Csv;

/// A picture or a PDF as it is: a body, or an answer, that is not JSON.
pub struct File;

/// The OpenAPI document.
pub struct Document;

/// `GET /api/health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Always true: who cannot answer says nothing.
    pub ok: bool,
    /// Whether this is the demo, with its pretend telephone network.
    pub demo: bool,
}

#[cfg(feature = "schema")]
mod schemas {
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Cow, Csv, Document, File};

    impl JsonSchema for Csv {
        fn schema_name() -> Cow<'static, str> {
            "Csv".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "contentMediaType": "text/csv" })
        }
    }

    impl JsonSchema for File {
        fn schema_name() -> Cow<'static, str> {
            "File".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "contentMediaType": "application/octet-stream" })
        }
    }

    impl JsonSchema for Document {
        fn schema_name() -> Cow<'static, str> {
            "Document".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "object", "required": ["openapi", "info", "paths", "components"] })
        }
    }
}

/// Declares the endpoints, and lists every one of them.
macro_rules! endpoints {
    ($(
        $(#[$meta:meta])*
        pub const $name:ident: $type:ty = $endpoint:expr;
    )+) => {
        $($(#[$meta])* pub const $name: $type = $endpoint.named(stringify!($name));)+

        /// Every endpoint.
        pub const ALL: &[Operation] = &[$($name.operation),+];
    };
}

endpoints! {
    /// Nobody has to be signed in to see that the Worker is there.
    pub const HEALTH: Endpoint<(), (), Health> =
        Endpoint::get("/api/health", "Whether the Worker answers").open();
    /// This very table, as a document.
    pub const OPENAPI: Endpoint<(), (), Document> =
        Endpoint::get("/api/openapi.json", "This document").open();
    /// The key of the deployment opens it, as a bearer token.
    pub const SETUP: Endpoint<(), Setup, Slips> =
        Endpoint::post("/api/setup", "First step of a new deployment, works once").open();

    /// The answer comes with the session's cookie.
    pub const SIGN_IN: Endpoint<(), SignIn, Me> = Endpoint::post("/api/session", "Sign in").open();
    /// Ends this session; others of the same person go on.
    pub const SIGN_OUT: Endpoint<(), (), ()> = Endpoint::delete("/api/session", "Sign out").status(204);
    /// With the posts held at this moment and the number of waiting messages.
    pub const ME: Endpoint<(), (), Me> = Endpoint::get("/api/me", "Who is signed in");
    /// With the old one; all other sessions end.
    pub const CHANGE_PASSWORD: Endpoint<(), PasswordChange, ()> =
        Endpoint::put("/api/me/password", "Change one's own password").status(204);
    /// The newest first.
    pub const SESSIONS: Endpoint<(), (), Vec<SessionView>> =
        Endpoint::get("/api/me/sessions", "Where one is signed in");
    /// All but the one that asks.
    pub const END_SESSIONS: Endpoint<(), (), ()> =
        Endpoint::delete("/api/me/sessions", "Sign out everywhere else").status(204);
    /// One's own, the one that asks included.
    pub const END_SESSION: Endpoint<SessionId, (), ()> =
        Endpoint::delete("/api/me/sessions/{id}", "Sign out one browser").status(204);
    /// `mine: false` reports it: those who manage accounts see that, and all other sessions end.
    pub const ANSWER_RESET: Endpoint<SlipId, ResetAnswer, ()> =
        Endpoint::post("/api/me/resets/{id}", "Say whether a reset of the own password was one's own").status(204);
    /// Without a password: nothing changes.
    pub const CHECK_ACTIVATION: Endpoint<(), Activation, ActivationView> =
        Endpoint::post("/api/activations/check", "Whose account a link opens").open();
    /// With the password: the link is used up.
    pub const ACTIVATE: Endpoint<(), Activation, ()> =
        Endpoint::post("/api/activations", "Choose the password of one's own account").open().status(204);

    /// Open to all staff (G64).
    pub const UNITS: Endpoint<(), (), Vec<UnitView>> =
        Endpoint::get("/api/units", "Units, heads and custodians");
    /// Of what the table grants in a unit, what it does not grant the reader.
    pub const WHY_UNIT: Endpoint<UnitId, (), Vec<WhyNot>> =
        Endpoint::get("/api/units/{id}/why", "What the reader cannot do in a unit, why, and who can");
    /// One that was closed under this name is open again.
    pub const MAKE_UNIT: Endpoint<(), NewUnit, Vec<UnitView>> =
        Endpoint::post("/api/units", "Make a unit").needs(Action::EditUnits);
    /// Its place stays.
    pub const CHANGE_UNIT: Endpoint<UnitId, UnitChange, Vec<UnitView>> =
        Endpoint::put("/api/units/{id}", "Rename a unit").needs(Action::EditUnits);
    /// With what would follow, also those that the reader cannot confirm.
    pub const UNIT_CHANGES: Endpoint<(), (), UnitChanges> =
        Endpoint::get("/api/units/changes", "Moves and closings that wait for a second person")
            .needs(Action::EditUnits);
    /// With all that lies below it, once a second person has confirmed it.
    pub const MOVE_UNIT: Endpoint<UnitId, UnitMove, UnitChanges> =
        Endpoint::post("/api/units/{id}/move", "Propose to move a unit").needs(Action::EditUnits);
    /// Only where nothing is in it: no unit, no class with students, no post, no open message.
    pub const CLOSE_UNIT: Endpoint<UnitId, (), UnitChanges> =
        Endpoint::post("/api/units/{id}/close", "Propose to close a unit").needs(Action::EditUnits);
    /// Not by who proposed it.
    pub const CONFIRM_UNIT_CHANGE: Endpoint<UnitChangeId, (), UnitChanges> =
        Endpoint::post("/api/units/changes/{id}/confirm", "Confirm a move or closing as the second person")
            .needs(Action::EditUnits);
    /// Also by who proposed it.
    pub const DECLINE_UNIT_CHANGE: Endpoint<UnitChangeId, (), UnitChanges> =
        Endpoint::post("/api/units/changes/{id}/decline", "Decline a move or closing, or take it back")
            .needs(Action::EditUnits);
    /// Takes effect at the next claim of a batch.
    pub const STOP: Endpoint<(), StopOrder, SchoolView> =
        Endpoint::post("/api/school/stop", "Stop all sending, or go on").needs(Action::StopSending);
    /// What is lacking before SMS reach anybody.
    pub const CHECKLIST: Endpoint<(), (), Checklist> =
        Endpoint::get("/api/school/checklist", "What is lacking").needs(Action::ManageAccounts);

    /// With the counts of each.
    pub const CLASSES: Endpoint<(), (), Vec<ClassView>> = Endpoint::get("/api/classes", "Classes within reach");
    /// Numbers are masked.
    pub const CLASS_ROLL: Endpoint<ClassId, (), ClassRoll> = Endpoint::get("/api/classes/{id}", "A class's roll");
    /// Only the homeroom teacher's to change.
    pub const LIST_TEACHERS: Endpoint<ClassId, ListTeachers, ClassRoll> =
        Endpoint::put("/api/classes/{id}/teachers", "Say who may write to a class");
    /// With whether each has an account.
    pub const STAFF: Endpoint<(), (), Vec<StaffView>> =
        Endpoint::get("/api/staff", "Staff and posts").needs(Action::ManageAccounts);
    /// What takes somebody else than the reader.
    pub const WHY_MEMBER: Endpoint<StaffId, (), Vec<WhyNot>> =
        Endpoint::get("/api/staff/{id}/why", "What the reader cannot do about a member of staff, why, and who can")
            .needs(Action::ManageAccounts);
    /// Those that wait for a second person, and those that their owner knows nothing of.
    pub const SLIPS: Endpoint<(), (), Vec<SlipView>> =
        Endpoint::get("/api/staff/activations", "Activation slips to look at").needs(Action::ConfirmSlips);
    /// The answer holds the link, once.
    pub const CONFIRM_SLIP: Endpoint<SlipId, (), Slip> =
        Endpoint::post("/api/staff/activations/{id}/confirm", "Confirm the slip of an active account")
            .needs(Action::ConfirmSlips);
    /// By whoever may confirm it, the one who ordered it included.
    pub const DECLINE_SLIP: Endpoint<SlipId, (), ()> =
        Endpoint::post("/api/staff/activations/{id}/decline", "Decline the slip of an active account")
            .needs(Action::ConfirmSlips)
            .status(204);
    /// To the people named, or to all who have no active account. Where an account is active the slip waits.
    /// Before anything is done.
    pub const STAFF_LEAVING: Endpoint<StaffId, (), StaffLeaving> =
        Endpoint::get("/api/staff/{id}/leave", "What follows when a member of staff leaves")
            .needs(Action::ManageAccounts);
    /// Posts and sessions end; nobody takes themselves off the roll.
    pub const LEAVE_STAFF: Endpoint<StaffId, Leave, ()> =
        Endpoint::post("/api/staff/{id}/leave", "A member of staff leaves")
            .needs(Action::ManageAccounts)
            .status(204);
    /// The account works again; posts have to be given anew.
    pub const RETURN_STAFF: Endpoint<StaffId, (), ()> =
        Endpoint::post("/api/staff/{id}/return", "A member of staff comes back")
            .needs(Action::ManageAccounts)
            .status(204);
    /// Recorded, as any change of a number.
    pub const CHANGE_STAFF_NUMBER: Endpoint<StaffId, NewNumber, ()> =
        Endpoint::put("/api/staff/{id}/phone", "Change a member of staff's number")
            .needs(Action::ManageAccounts)
            .status(204);
    /// Empty posts, drafts, messages that are held.
    pub const DEPARTURES: Endpoint<(), (), Departures> =
        Endpoint::get("/api/staff/departures", "Who left, and what they left behind").needs(Action::ManageAccounts);
    /// Before anything is done.
    pub const STUDENT_LEAVING: Endpoint<StudentId, (), FamilyLeaving> =
        Endpoint::get("/api/students/{id}/leave", "What follows when a student leaves").needs(Action::EditRoster);
    /// The family gets nothing more.
    pub const LEAVE_STUDENT: Endpoint<StudentId, Leave, ()> =
        Endpoint::post("/api/students/{id}/leave", "A student leaves").needs(Action::EditRoster).status(204);
    /// With the guardians that the student had.
    pub const RETURN_STUDENT: Endpoint<StudentId, (), ()> =
        Endpoint::post("/api/students/{id}/return", "A student comes back").needs(Action::EditRoster).status(204);
    /// Before anything is done.
    pub const GUARDIAN_LEAVING: Endpoint<GuardianId, (), FamilyLeaving> =
        Endpoint::get("/api/guardians/{id}/leave", "What follows when a guardian leaves").needs(Action::EditRoster);
    /// Old links of this guardian show nothing any more.
    pub const LEAVE_GUARDIAN: Endpoint<GuardianId, Leave, ()> =
        Endpoint::post("/api/guardians/{id}/leave", "Take a guardian off the roll")
            .needs(Action::EditRoster)
            .status(204);
    /// A mistake undone.
    pub const RETURN_GUARDIAN: Endpoint<GuardianId, (), ()> =
        Endpoint::post("/api/guardians/{id}/return", "Put a guardian back").needs(Action::EditRoster).status(204);
    /// Recorded; what was approved before goes to the new number, and its readers see so.
    pub const CHANGE_GUARDIAN_NUMBER: Endpoint<GuardianId, NewNumber, GuardianView> =
        Endpoint::put("/api/guardians/{id}/phone", "Change a guardian's number").needs(Action::EditRoster);
    /// For everybody behind this number.
    pub const MARK_NUMBER: Endpoint<GuardianId, MarkNumber, GuardianView> =
        Endpoint::post("/api/guardians/{id}/phone", "Send nothing more to a number, or again")
            .needs(Action::EditRoster);
    /// Within reach; those of staff for who manages accounts.
    pub const DISPUTES: Endpoint<(), (), Vec<Dispute>> =
        Endpoint::get("/api/disputes", "Numbers that somebody said are not theirs");
    /// It is theirs after all: SMS go there again, and the link opens.
    pub const KEEP_NUMBER: Endpoint<DisputeId, (), ()> =
        Endpoint::post("/api/disputes/{id}/keep", "A disputed number is right").status(204);
    /// To the people named, or to all who have no active account. Where an account is active the slip waits.
    pub const ISSUE_SLIPS: Endpoint<(), SlipOrder, Vec<Slip>> =
        Endpoint::post("/api/staff/activations", "Issue activation slips").needs(Action::ManageAccounts);
    /// The person's earlier slips end.
    pub const ISSUE_SLIP: Endpoint<StaffId, (), Slip> =
        Endpoint::post("/api/staff/{id}/activation", "Issue one activation slip").needs(Action::ManageAccounts);
    /// Those that the caller cannot confirm as well, with the reason.
    pub const WAITING_APPOINTMENTS: Endpoint<(), (), WaitingAppointments> =
        Endpoint::get("/api/appointments/waiting", "Appointments that wait for a second person")
            .needs(Action::ManageAccounts);
    /// By neither who gave them nor who gets them; all or none.
    pub const CONFIRM_APPOINTMENTS: Endpoint<(), Confirm, WaitingAppointments> =
        Endpoint::post("/api/appointments/confirmations", "Confirm appointments as the second person")
            .needs(Action::ManageAccounts);
    /// It ends without ever having counted.
    pub const DECLINE_APPOINTMENT: Endpoint<AppointmentId, Decline, WaitingAppointments> =
        Endpoint::post("/api/appointments/{id}/decline", "Decline an appointment that waits")
            .needs(Action::ManageAccounts);
    /// The reader's own; for the office, everybody's.
    pub const REQUESTS: Endpoint<(), (), Requests> =
        Endpoint::get("/api/requests", "What was handed in to the office");
    /// Leaders and departments do not send themselves (G13).
    pub const HAND_IN: Endpoint<(), HandIn, Requests> =
        Endpoint::post("/api/requests", "Hand something in to the office");
    /// Its own draft of the office.
    pub const TAKE_UP: Endpoint<RequestId, TakeUp, Requests> =
        Endpoint::post("/api/requests/{id}/take", "Say which draft a request becomes")
            .needs(Action::TakeUpRequests);
    /// It stays on record.
    pub const DECLINE_REQUEST: Endpoint<RequestId, DeclineRequest, Requests> =
        Endpoint::post("/api/requests/{id}/decline", "Decline a request").needs(Action::TakeUpRequests);
    /// The draft as it stands now.
    pub const ASK_ABOUT_WORDS: Endpoint<RequestId, (), Requests> =
        Endpoint::post("/api/requests/{id}/ask", "Ask who handed it in whether the changed words may go out")
            .needs(Action::TakeUpRequests);
    /// By who handed it in.
    pub const ANSWER_CHANGE: Endpoint<RequestId, AnswerChange, Requests> =
        Endpoint::post("/api/requests/{id}/answer", "Agree to changed words, or not");
    /// While nobody has taken it up.
    pub const WITHDRAW_REQUEST: Endpoint<RequestId, (), Requests> =
        Endpoint::post("/api/requests/{id}/withdraw", "Take back a request");
    /// One that decides or manages waits for a second person.
    pub const GIVE_POST: Endpoint<(), Give, ()> =
        Endpoint::post("/api/appointments", "Give somebody a post").needs(Action::ManageAccounts).status(204);
    /// Before anything is done.
    pub const POST_ENDING: Endpoint<AppointmentId, (), Ending> =
        Endpoint::get("/api/appointments/{id}/end", "What follows when a post ends").needs(Action::ManageAccounts);
    /// From now on it gives nothing; what was done in it stays, and its holder is told. Nobody ends an own one.
    pub const END_POST: Endpoint<AppointmentId, EndPost, ()> =
        Endpoint::post("/api/appointments/{id}/end", "End a post").needs(Action::ManageAccounts).status(204);
    /// The reader's own; for the principal and the office director, everybody's.
    pub const DELEGATIONS: Endpoint<(), (), Delegations> =
        Endpoint::get("/api/delegations", "Recorded absences that have not ended");
    /// While it lasts, a step's substitute decides.
    pub const RECORD_ABSENCE: Endpoint<(), RecordAbsence, Delegations> =
        Endpoint::post("/api/delegations", "Record that somebody is away");
    /// From now on the holder decides again.
    pub const WITHDRAW_ABSENCE: Endpoint<DelegationId, (), Delegations> =
        Endpoint::post("/api/delegations/{id}/withdraw", "Withdraw a recorded absence");
    /// Open to all staff (G64): those in force, to come and proposed, each in a plain sentence.
    pub const PROCEDURES: Endpoint<(), (), Procedures> =
        Endpoint::get("/api/procedures", "Approval procedures");
    /// It counts once a second person has confirmed it.
    pub const PROPOSE_PROCEDURE: Endpoint<(), ProposeProcedure, Procedures> =
        Endpoint::post("/api/procedures", "Propose the next version of a procedure").needs(Action::SetProcedures);
    /// Changes nothing.
    pub const DRY_RUN: Endpoint<(), DryRun, Rehearsal> =
        Endpoint::post("/api/procedures/dry-run", "Who would decide this today, and who could not")
            .needs(Action::SetProcedures);
    /// By somebody else than who proposed it.
    pub const CONFIRM_PROCEDURE: Endpoint<ProcedureId, WhichVersion, Procedures> =
        Endpoint::post("/api/procedures/{id}/confirm", "Confirm a version as the second person")
            .needs(Action::SetProcedures);
    /// By whoever sets procedures, the one who proposed it included.
    pub const DECLINE_PROCEDURE: Endpoint<ProcedureId, WhichVersion, Procedures> =
        Endpoint::post("/api/procedures/{id}/decline", "Decline a proposed version")
            .needs(Action::SetProcedures);
    /// With what is filed, what it sends and costs; no secret is in it.
    pub const SMS_ACCOUNT: Endpoint<(), (), SmsAccountView> =
        Endpoint::get("/api/sms-account", "The account with the SMS provider").needs(Action::SetSmsAccount);
    /// It counts once a second person has confirmed it.
    pub const PROPOSE_SMS_ACCOUNT: Endpoint<(), ProposeSmsAccount, SmsAccountView> =
        Endpoint::post("/api/sms-account", "Propose the next version of the account").needs(Action::SetSmsAccount);
    /// By somebody else than who proposed it.
    pub const CONFIRM_SMS_ACCOUNT: Endpoint<SmsAccountId, (), SmsAccountView> =
        Endpoint::post("/api/sms-account/{id}/confirm", "Confirm a version of the account as the second person")
            .needs(Action::SetSmsAccount);
    /// By whoever sets the account, the one who proposed it included.
    pub const DECLINE_SMS_ACCOUNT: Endpoint<SmsAccountId, (), SmsAccountView> =
        Endpoint::post("/api/sms-account/{id}/decline", "Decline a proposed version of the account")
            .needs(Action::SetSmsAccount);
    /// A few a day.
    pub const TEST_SMS_ACCOUNT: Endpoint<(), (), TestResult> =
        Endpoint::post("/api/sms-account/test", "Send a test to one's own phone").needs(Action::SetSmsAccount);
    /// Changes nothing on the roll.
    pub const PREVIEW_IMPORT: Endpoint<(), Csv, ImportPreview> =
        Endpoint::post("/api/roster/imports", "Preview a roster file")
            .needs(Action::ImportRoster)
            .query(&[KIND.parameter])
            .limit(MAX_IMPORT_BYTES);
    /// Newest first, with whether each can be taken back.
    pub const IMPORTS: Endpoint<(), (), Vec<ImportView>> =
        Endpoint::get("/api/roster/imports", "Files applied last").needs(Action::ImportRoster);
    /// Changes nothing: shows what the file would do with these answers.
    pub const LOOK_AGAIN: Endpoint<ImportId, ImportApply, ImportPreview> =
        Endpoint::post("/api/roster/imports/{id}/preview", "Preview a file with answers")
            .needs(Action::ImportRoster)
            .limit(MAX_APPLY_BYTES);
    /// Works once for each preview, only while the roll is as it was, and only as it was shown.
    pub const APPLY_IMPORT: Endpoint<ImportId, ImportApply, ImportApplied> =
        Endpoint::post("/api/roster/imports/{id}/apply", "Apply a previewed file")
            .needs(Action::ImportRoster)
            .limit(MAX_APPLY_BYTES);
    /// While nothing depends on it.
    pub const UNDO_IMPORT: Endpoint<ImportId, (), ImportView> =
        Endpoint::post("/api/roster/imports/{id}/undo", "Take an applied file back").needs(Action::ImportRoster);

    /// Newest first, a page at a time.
    pub const MESSAGES: Endpoint<(), (), MessageList> =
        Endpoint::get("/api/messages", "Messages within reach").query(&[BOX.parameter, BEFORE.parameter]);
    /// Nothing is sent by it.
    pub const CREATE_MESSAGE: Endpoint<(), Draft, Created> =
        Endpoint::post("/api/messages", "Save a draft").status(201);
    /// Stores nothing.
    pub const PREVIEW_MESSAGE: Endpoint<(), Draft, Preview> =
        Endpoint::post("/api/messages/preview", "What a draft would send to whom");
    /// All that a drafter, an approver or a reader sees.
    pub const MESSAGE: Endpoint<MessageId, (), MessageView> = Endpoint::get("/api/messages/{id}", "A message");
    /// A returned message becomes a draft again. What was saved since it was read is not overwritten.
    pub const CHANGE_MESSAGE: Endpoint<MessageId, DraftChange, MessageView> =
        Endpoint::put("/api/messages/{id}", "Change a draft");
    /// Freezes the list and the text.
    pub const SUBMIT: Endpoint<MessageId, Submit, MessageView> =
        Endpoint::post("/api/messages/{id}/submit", "Submit for approval");
    /// The decision names the digest that was read.
    pub const DECIDE: Endpoint<MessageId, Decide, MessageView> =
        Endpoint::post("/api/messages/{id}/decisions", "Approve or return");
    /// A new draft to exactly those whom the message reached; it takes the full chain.
    pub const CORRECT: Endpoint<MessageId, (), Created> =
        Endpoint::post("/api/messages/{id}/correct", "Begin the correction of a message that went out").status(201);
    /// For the drafter, once a day; whoever it waits for sees it.
    pub const REMIND: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/remind", "Remind whoever it waits for");
    /// By whoever keeps the register. A PDF or a picture, as it is; stored under its hash.
    pub const STORE_SCAN: Endpoint<MessageId, File, Scan> =
        Endpoint::post("/api/messages/{id}/scan", "Store the scan of the signed original")
            .needs(Action::KeepRegister)
            .limit(SCAN_BYTES_MAX);
    /// Each order that has to do with the message and that the reader cannot give now; nothing for whom sees it for an own class alone.
    pub const WHY_MESSAGE: Endpoint<MessageId, (), Vec<WhyNot>> =
        Endpoint::get("/api/messages/{id}/why", "What the reader cannot do with a message, why, and who can");
    /// For who sees the message as a whole: the frozen list by class, without names.
    pub const RECIPIENTS: Endpoint<MessageId, (), Vec<RecipientGroup>> =
        Endpoint::get("/api/messages/{id}/recipients", "To whom it goes, by class, in counts");
    /// For whom its step waits, and for whoever may read that roll. Each time is logged.
    pub const NAMES: Endpoint<MessageId, NamesWanted, GroupNames> =
        Endpoint::post("/api/messages/{id}/names", "The names of one class to whom it goes");
    /// For who may read the message as a whole.
    pub const SCAN: Endpoint<MessageId, (), File> =
        Endpoint::get("/api/messages/{id}/scan", "The scan of the signed original");
    /// Once, with a number that the year has not had.
    pub const REGISTER_ORIGINAL: Endpoint<MessageId, Register, MessageView> =
        Endpoint::post("/api/messages/{id}/registration", "Enter the signed original in the register")
            .needs(Action::KeepRegister);
    /// By the department's designated sender alone, once it is registered.
    pub const RELEASE: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/release", "Release what is registered");
    /// Changes nothing of the message, and holds nothing.
    pub const RECEIVE_FILING: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/filing", "Register its filing").needs(Action::KeepRegister);
    /// A comment or a question by whoever keeps the register, an answer by the sender.
    pub const COMMENT: Endpoint<MessageId, NewComment, MessageView> =
        Endpoint::post("/api/messages/{id}/comments", "Comment, ask or answer");
    /// What waits for its registration, and filings with the late ones first.
    pub const FILINGS: Endpoint<(), (), Filings> =
        Endpoint::get("/api/filings", "The register's desk and the filings").needs(Action::KeepRegister);
    /// From now on, also for those that wait.
    pub const FILING_LIMIT: Endpoint<(), FilingLimit, Filings> =
        Endpoint::put("/api/filings/limit", "Within how many days filings are to be registered")
            .needs(Action::KeepRegister);
    /// For the drafter, while a step still waits.
    pub const WITHDRAW: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/withdraw", "Take back before approval");
    /// The caller is the author of what comes of it; the old draft is withdrawn.
    pub const TAKE_OVER: Endpoint<MessageId, (), Created> =
        Endpoint::post("/api/messages/{id}/take-over", "Take over the draft of somebody who has left")
            .needs(Action::ManageAccounts)
            .status(201);
    /// For approved messages that wait for their time.
    pub const CANCEL: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/cancel", "Cancel before its time");
    /// What has left cannot be called back.
    pub const PAUSE: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/pause", "Hold what has not left");
    /// What was held goes on in its old order.
    pub const RESUME: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/resume", "Go on after a pause");
    /// What was not claimed ends; what is under way ends by its own rule.
    pub const STOP_MESSAGE: Endpoint<MessageId, StopMessage, MessageView> =
        Endpoint::post("/api/messages/{id}/stop", "End the sending of a message");
    /// For batches that were claimed in vain and are set apart.
    pub const PUT_AGAIN: Endpoint<MessageId, (), MessageView> =
        Endpoint::post("/api/messages/{id}/put-again", "Put again what is set apart").needs(Action::StopSending);
    /// Cheap enough to be asked every two seconds.
    pub const FUNNEL: Endpoint<MessageId, (), Funnel> =
        Endpoint::get("/api/messages/{id}/funnel", "How far it has got");
    /// With the reason for every failure.
    pub const DELIVERIES: Endpoint<MessageId, (), DeliveryList> =
        Endpoint::get("/api/messages/{id}/deliveries", "The named list, by child");

    /// The reader's part of it, the newest number first.
    pub const REGISTER: Endpoint<(), (), RegisterPage> = Endpoint::get("/api/register", "The register of messages")
        .query(&[
            SOUGHT.parameter,
            OF_UNIT.parameter,
            IN_STATE.parameter,
            SINCE.parameter,
            UNTIL.parameter,
            BEFORE.parameter,
            BEFORE_AT.parameter,
        ]);
    /// Open to all staff (G64).
    pub const REGISTER_TOTALS: Endpoint<(), (), Vec<MonthTotal>> =
        Endpoint::get("/api/register/totals", "What each unit sent, by month").query(&[SINCE.parameter, UNTIL.parameter]);
    /// For print.
    pub const REGISTER_SHEET: Endpoint<MessageId, (), RegisterSheet> =
        Endpoint::get("/api/register/{id}", "The sheet (审核登记表) of a message");
    /// Who has the paper has its digest.
    pub const VERIFY_DIGEST: Endpoint<MessageId, (), Verification> =
        Endpoint::get("/api/register/{id}/verify", "Whether a digest on paper is on record").query(&[DIGEST.parameter]);
    /// What goes out today and within a week, as far as the reader may see it.
    pub const AGENDA: Endpoint<(), (), Vec<AgendaItem>> =
        Endpoint::get("/api/agenda", "What goes out today and this week");
    /// Those of the reader's units and of the units above them.
    pub const TEMPLATES: Endpoint<(), (), Vec<TemplateView>> =
        Endpoint::get("/api/templates", "Templates that the reader can begin with");
    /// For a unit in which one sends.
    pub const SAVE_TEMPLATE: Endpoint<(), NewTemplate, Vec<TemplateView>> =
        Endpoint::post("/api/templates", "Save a template for a unit");
    /// By who saved it, or who sends in its unit.
    pub const REMOVE_TEMPLATE: Endpoint<TemplateId, (), ()> =
        Endpoint::delete("/api/templates/{id}", "Take a template away").status(204);

    /// Newest first, a page at a time.
    pub const AUDIT: Endpoint<(), (), AuditPage> =
        Endpoint::get("/api/audit", "The audit log").needs(Action::ReadAudit).query(&[BEFORE_ENTRY.parameter]);
    /// In pieces, so that a log of any length stays within an invocation's limits.
    pub const VERIFY_AUDIT: Endpoint<(), (), VerifyPage> =
        Endpoint::get("/api/audit/verify", "Verify the audit log, a piece at a time")
            .needs(Action::ReadAudit)
            .query(&[PART.parameter, FROM.parameter]);
    /// Entries with their seals and the archive's heads, for a check elsewhere.
    pub const EXPORT_AUDIT: Endpoint<(), (), AuditExport> =
        Endpoint::get("/api/audit/export", "The audit log as a file, a piece at a time")
            .needs(Action::ReadAudit)
            .query(&[FROM.parameter]);
    /// Newest first: who changed what, when, from what to what.
    pub const AUDIT_HISTORY: Endpoint<(), (), History> =
        Endpoint::get("/api/audit/history", "The history of a person, post or number")
            .needs(Action::ReadAudit)
            .query(&[HISTORY_OF.parameter, HISTORY_ID.parameter, BEFORE_ENTRY.parameter]);
    /// Reading is itself logged.
    pub const REVEAL_VALUES: Endpoint<(), Reveal, Revealed> =
        Endpoint::post("/api/audit/values", "Former names and numbers of a person, or a number").needs(Action::ReadAudit);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn addresses_say_which_and_what() {
        let submit = SUBMIT.at(MessageId(7));
        assert_eq!((submit.method, submit.url.as_str()), (Method::Post, "/api/messages/7/submit"));
        assert_eq!(MESSAGE.at(MessageId(7)).url, "/api/messages/7");
        assert_eq!(Address::from(ME).url, "/api/me");
        let older = MESSAGES.with(BOX, MessageBox::Waiting).with(BEFORE, MessageId(9));
        assert_eq!(older.url, "/api/messages?box=waiting&before=9");
    }

    #[test]
    fn what_is_written_into_an_address_is_read_out_of_it() {
        for which in MessageBox::ALL {
            assert_eq!(MessageBox::read(&which.write()), Some(which));
        }
        assert_eq!(MessageId::read(&MessageId(9).write()), Some(MessageId(9)));
        assert_eq!(MessageId::read("nine"), None);
        assert_eq!(ImportKind::read(""), None);
    }

    #[test]
    fn what_is_sought_stands_encoded_in_an_address() {
        assert_eq!(Sought("运 a&b".into()).write(), "%E8%BF%90%20a%26b");
        assert_eq!(Sought::read(" 运动 "), Some(Sought("运动".into())));
        assert_eq!(Sought::read(&"字".repeat(80)).map(|s| s.0.chars().count()), Some(SOUGHT_MAX));
    }

    #[test]
    fn the_table_names_nothing_twice() {
        let names: BTreeSet<&str> = ALL.iter().map(|o| o.name).collect();
        let ways: BTreeSet<(&str, &str)> = ALL.iter().map(|o| (o.method.name(), o.path)).collect();
        assert_eq!((names.len(), ways.len()), (ALL.len(), ALL.len()));
        assert!(ALL.iter().all(|o| o.path.starts_with("/api/") && !o.summary.is_empty()));
        assert_eq!(SUBMIT.operation.parameter(), Some("id"));
        assert_eq!(ME.operation.parameter(), None);
    }

    #[test]
    fn only_what_changes_something_brings_a_body() {
        for operation in ALL {
            assert_eq!(operation.limit > 0, operation.method.changes(), "{}", operation.name);
        }
    }
}
