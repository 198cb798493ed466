//! A message of each kind of sender in each state that it can be in.

use api_tests::small_university::pdf;
use api_tests::{Client, draft_to, draft_to_all};
use domain::account::Me;
use domain::approval::Verdict;
use domain::filing::{Application, Scan};
use domain::ids::{ClassId, MessageId};
use domain::message::{Draft, MessageState};
use domain::time::DAY;
use serde_json::json;

use super::world::{School, World};

/// As whom it is sent, as far as the papers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is filed and nothing registered.
    Plain,
    /// 五: filed with 学生处.
    College,
    /// 六: applied for, registered, released by the designated sender.
    Department,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Never submitted.
    Draft,
    /// Its author has left.
    LeftDraft,
    /// The first step waits.
    Submitted,
    /// The second step waits.
    Half,
    /// By who decides first.
    Returned,
    /// For tomorrow; a department's is not registered yet.
    Approved,
    /// A department's, with its original.
    Registered,
    /// A department's, released for tomorrow.
    Ordered,
    /// Under way.
    Sending,
    /// Under way, and what was claimed in vain waits for a person.
    SetApart,
    /// By its author.
    Paused,
    /// By the head of the school.
    PausedAbove,
    /// Nothing of it is open.
    Sent,
    /// With a correction that is a draft.
    Corrected,
    /// Sent, and its filing is registered.
    Filed,
    /// Before anybody had it.
    Stopped,
    /// While it waited for a decision.
    Withdrawn,
    /// While it waited for its time.
    Cancelled,
}

/// A kind of message, with who may do what by name.
pub struct Family {
    /// For the report.
    pub name: &'static str,
    /// What papers it has.
    pub kind: Kind,
    /// Who writes it.
    pub author: &'static str,
    /// Who decides each step.
    pub steps: &'static [&'static [&'static str]],
    /// Who reads it as a whole once it is submitted, the author apart.
    pub readers: &'static [&'static str],
    /// Who reads it once it went out, since their class got it.
    pub told: &'static [&'static str],
    /// Who may pause, stop and cancel it, the author apart; the highest first.
    pub stoppers: &'static [&'static str],
    /// Who may write its correction.
    pub correctors: &'static [&'static str],
    /// Who may take over the draft of an author who left.
    pub takers: &'static [&'static str],
    /// Who registers the original, or the filing.
    pub registrars: &'static [&'static str],
    /// Who releases it.
    pub senders: &'static [&'static str],
    /// Who comments and asks.
    pub commenters: &'static [&'static str],
    /// Whether it goes to the parents of class 1 alone, or to all.
    pub to_class: bool,
}

const AFFAIRS: &[&str] = &["affairs_head", "affairs_deputy", "affairs_clerk"];
const UNIVERSITY_STOPS: &[&str] = &["leader", "affairs_head", "affairs_deputy"];
const MIDDLE_STOPS: &[&str] = &["principal", "vice", "director", "clerk"];

/// 五, the school level.
const SCHOOL_LEVEL: Family = Family {
    name: "school level",
    kind: Kind::Plain,
    author: "affairs_clerk",
    steps: &[&["affairs_head"], &["leader"]],
    readers: &["leader", "affairs_head", "affairs_deputy"],
    told: &["counsellor_1", "counsellor_2", "counsellor_3"],
    stoppers: UNIVERSITY_STOPS,
    correctors: AFFAIRS,
    takers: &[],
    registrars: &[],
    senders: &[],
    commenters: AFFAIRS,
    to_class: false,
};
/// 五, a college.
const COLLEGE: Family = Family {
    name: "college",
    kind: Kind::College,
    author: "college_clerk_a",
    steps: &[&["college_leader_a"], &["dean_a"]],
    readers: &["leader", "affairs_head", "affairs_deputy", "affairs_clerk", "college_leader_a", "dean_a"],
    told: &["counsellor_1"],
    correctors: &["college_clerk_a", "college_leader_a"],
    registrars: AFFAIRS,
    to_class: true,
    ..SCHOOL_LEVEL
};
/// 六, another department.
const DEPARTMENT: Family = Family {
    name: "department",
    kind: Kind::Department,
    author: "sender",
    steps: &[&["first"], &["leader_of_department"]],
    readers: &[
        "leader",
        "affairs_head",
        "affairs_deputy",
        "affairs_clerk",
        "first",
        "leader_of_department",
        "second_sender",
    ],
    correctors: &["sender", "second_sender"],
    registrars: AFFAIRS,
    senders: &["sender", "second_sender"],
    ..SCHOOL_LEVEL
};
/// 2①, to the own class.
const HOMEROOM: Family = Family {
    name: "homeroom teacher",
    author: "homeroom_1",
    steps: &[&["grade_a"]],
    readers: &["principal", "vice", "director", "clerk", "grade_a"],
    told: &[],
    stoppers: MIDDLE_STOPS,
    correctors: &["homeroom_1"],
    takers: &["director", "clerk"],
    commenters: &["director", "clerk"],
    to_class: true,
    ..SCHOOL_LEVEL
};
/// 2②, to a class that is taught.
const SUBJECT: Family = Family {
    name: "subject teacher",
    author: "subject_1",
    told: &["homeroom_1"],
    correctors: &["subject_1", "homeroom_1"],
    ..HOMEROOM
};
/// 1 and 4, 校办室 to all.
const OFFICE: Family = Family {
    name: "office",
    author: "clerk",
    steps: &[&["director"], &["principal"]],
    readers: &["principal", "vice", "director"],
    told: &["homeroom_1", "homeroom_2", "homeroom_3"],
    correctors: &["director", "clerk"],
    to_class: false,
    ..HOMEROOM
};

/// One of them.
pub struct Message {
    /// What it is.
    pub family: &'static Family,
    /// Where it stands.
    pub state: State,
    /// Its id.
    pub id: MessageId,
    /// What was approved, or 64 zeros.
    pub digest: String,
    /// As it was written.
    pub draft: Draft,
}

impl State {
    const ALL: [Self; 17] = [
        // First what goes out wholly, then what is held.
        Self::Sent,
        Self::Corrected,
        Self::Filed,
        Self::Draft,
        Self::Submitted,
        Self::Half,
        Self::Returned,
        Self::Approved,
        Self::Registered,
        Self::Ordered,
        Self::Withdrawn,
        Self::Cancelled,
        Self::Sending,
        Self::SetApart,
        Self::Paused,
        Self::PausedAbove,
        Self::Stopped,
    ];

    fn is_of(self, family: &Family) -> bool {
        match self {
            Self::Half => family.steps.len() > 1,
            Self::Filed => family.kind == Kind::College,
            Self::Registered | Self::Ordered => family.kind == Kind::Department,
            _ => true,
        }
    }

    /// Whether sending is stopped while it comes about, so that nothing of it leaves.
    fn is_held(self) -> bool {
        matches!(self, Self::Sending | Self::SetApart | Self::Paused | Self::PausedAbove | Self::Stopped)
    }

    fn waits_for_tomorrow(self) -> bool {
        matches!(self, Self::Approved | Self::Registered | Self::Ordered | Self::Cancelled)
    }
}

fn families(school: School) -> &'static [Family] {
    match school {
        School::University => &[SCHOOL_LEVEL, COLLEGE, DEPARTMENT],
        School::Middle => &[HOMEROOM, SUBJECT, OFFICE],
    }
}

fn head_of(school: School) -> &'static str {
    match school {
        School::University => "leader",
        School::Middle => "principal",
    }
}

fn switch(world: &World, stopped: bool) {
    let order = json!({ "stopped": stopped, "reason": "演练" });
    let reply = world.client(head_of(world.school)).post("/api/school/stop", &order);
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// All of them.
pub fn all(world: &World) -> Vec<Message> {
    let mut all = Vec::new();
    let (held, free): (Vec<State>, Vec<State>) = State::ALL.into_iter().partition(|state| state.is_held());
    for (states, stopped) in [(free, false), (held, true)] {
        if stopped {
            switch(world, true);
        }
        for state in states {
            let of_state = families(world.school).iter().filter(|family| state.is_of(family));
            all.extend(of_state.map(|family| make(world, family, state)));
        }
    }
    switch(world, false);
    all
}

/// A draft as its author writes it.
pub fn draft(world: &World, family: &Family, state: State) -> Draft {
    let now = world.client(family.author).get("/api/me").json::<Me>().now;
    let base = if family.to_class { draft_to(&[ClassId(1)]) } else { draft_to_all() };
    let application = (family.kind == Kind::Department).then(|| Application {
        need: "告知家长选课安排".into(),
        content: "选课时间和办法".into(),
        audience: "全体学生家长".into(),
        sender: "何静".into(),
        from: Some(now.start_of_day()),
        until: Some(now.plus(30 * DAY)),
    });
    Draft { application, send_at: state.waits_for_tomorrow().then(|| now.plus(DAY)), ..base }
}

fn order(client: &Client, id: MessageId, what: &str) {
    let reply = client.post(&format!("/api/messages/{id}/{what}"), &json!({ "reason": "时间写错了" }));
    assert!((200..300).contains(&reply.status), "{what}: {}", reply.body);
}

fn make(world: &World, family: &'static Family, state: State) -> Message {
    let author = world.client(family.author);
    let draft = draft(world, family, state);
    let id = author.draft(&draft);
    bring(world, family, state, (&author, id));
    let view = author.message(id);
    let expected = match state {
        State::Draft | State::LeftDraft => MessageState::Draft,
        State::Submitted | State::Half => MessageState::Submitted,
        State::Returned => MessageState::Returned,
        State::Approved | State::Registered | State::Ordered => MessageState::Approved,
        State::Sending | State::SetApart => MessageState::Sending,
        State::Paused | State::PausedAbove => MessageState::Paused,
        State::Sent | State::Corrected | State::Filed => MessageState::Sent,
        State::Stopped => MessageState::Stopped,
        State::Withdrawn => MessageState::Withdrawn,
        State::Cancelled => MessageState::Cancelled,
    };
    assert_eq!(view.state, expected, "{} {state:?}", family.name);
    Message { family, state, id, digest: view.digest.unwrap_or_else(|| "0".repeat(64)), draft: view.draft }
}

fn bring(world: &World, family: &Family, state: State, (author, id): (&Client, MessageId)) {
    if state == State::Draft {
        return;
    }
    author.submit(id);
    match state {
        State::Submitted => return,
        State::Withdrawn => return order(author, id, "withdraw"),
        State::Returned => {
            let returned = world.client(family.steps[0][0]).decide(id, Verdict::Return, "请改时间");
            assert_eq!(returned.status, 200, "{}", returned.body);
            return;
        }
        _ => {}
    }
    for (n, step) in family.steps.iter().enumerate() {
        if state == State::Half && n == 1 {
            return;
        }
        world.client(step[0]).approve(id);
    }
    match state {
        State::Approved => return,
        State::Cancelled => return order(author, id, "cancel"),
        _ => {}
    }
    if family.kind == Kind::Department {
        let registrar = world.client("affairs_clerk");
        assert_eq!(registrar.register(id, &format!("教〔2026〕{id}")).status, 200);
        if state == State::Registered {
            return;
        }
        assert_eq!(author.release(id).status, 200);
        if state == State::Ordered {
            return;
        }
    }
    match state {
        State::Paused => order(author, id, "pause"),
        State::PausedAbove => order(&world.client(head_of(world.school)), id, "pause"),
        State::Stopped => order(author, id, "stop"),
        State::Sending => {}
        State::SetApart => {
            let text = "UPDATE batches SET set_apart_at = 1, set_apart_why = 'claimed_in_vain' WHERE message_id = ?1";
            assert!(world.app.db().execute(text, [id.0]).expect("they are set apart") > 0);
        }
        _ => {
            world.app.settled(author, id);
        }
    }
    match state {
        State::Corrected => order(author, id, "correct"),
        State::Filed => assert_eq!(world.client("affairs_clerk").receive(id).status, 200),
        _ => {}
    }
}

/// A scan that is stored, for whoever registers.
pub fn scan(world: &World, messages: &[Message]) -> String {
    let waits = messages.iter().find(|m| m.family.kind == Kind::Department && m.state == State::Approved);
    let Some(waits) = waits else { return "0".repeat(64) };
    world.client("affairs_clerk").store_scan(waits.id, &pdf()).json::<Scan>().sha256
}

/// The draft of somebody who has left, in the hands of the first family.
pub fn left(world: &World, id: MessageId) -> Message {
    let family = families(world.school).iter().find(|family| family.to_class).expect("one to a class");
    Message {
        family,
        state: State::LeftDraft,
        id,
        digest: "0".repeat(64),
        draft: draft(world, family, State::Draft),
    }
}
