//! The matrix: every endpoint of the contract, called by everybody of two small schools (one of each regulation)
//! on things of the own unit and of another one, and on messages in each state. What is expected comes from a
//! table of its own; an endpoint without a row fails. Who is refused changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use api_tests::Reply;
use domain::api::ALL;

#[path = "matrix/calls.rs"]
mod calls;
#[path = "matrix/messages.rs"]
mod messages;
#[path = "matrix/table.rs"]
mod table;
#[path = "matrix/world.rs"]
mod world;

use calls::Call;
use messages::Message;
use table::{By, endpoint, granted, message_row};
use world::{Actor, School, Standing, World};

/// What a cell should answer.
enum Expected {
    /// It is done.
    Allowed,
    /// It is refused, with one of these.
    Refused(&'static [u16]),
}

/// With what an order is refused that cannot be followed now, whoever gives it.
const NOT_NOW: &[u16] = &[403, 404, 409, 422];

fn of_thing(actor: &Actor, call: &Call) -> Expected {
    let row = endpoint(call.operation.name, &call.label).expect("a row");
    if let By::Anybody = row.by {
        return Expected::Allowed;
    }
    if actor.standing == Standing::Nobody {
        return Expected::Refused(if call.operation.name == "SETUP" { row.refused } else { &[401] });
    }
    let is_owner = call.owner == Some(actor.key);
    let may = match row.by {
        By::Anybody | By::Staff => true,
        By::Nobody => false,
        By::Posts(grants) => granted(grants, actor, call.unit, call.class),
        By::OwnerOr(grants) => is_owner || granted(grants, actor, call.unit, call.class),
        By::Message => unreachable!("asked of the message"),
    };
    if may && !call.barred.contains(&actor.key) { Expected::Allowed } else { Expected::Refused(row.refused) }
}

fn of_message(world: &World, actor: &Actor, call: &Call, message: &Message) -> Expected {
    if actor.standing == Standing::Nobody {
        return Expected::Refused(&[401]);
    }
    let row = message_row(world, call.operation.name, message).expect("a row of messages");
    match (row.who.contains(&actor.key), row.now) {
        (true, true) => Expected::Allowed,
        (false, true) => Expected::Refused(row.refused),
        (_, false) => Expected::Refused(NOT_NOW),
    }
}

/// What was seen.
#[derive(Default)]
struct Seen {
    cells: usize,
    allowed: usize,
    refused: usize,
    violations: usize,
    /// What is wrong at which endpoint: how often, and the first of them.
    wrong: BTreeMap<(&'static str, &'static str), (usize, String)>,
    /// By endpoint, how often it was allowed.
    by_endpoint: BTreeMap<&'static str, usize>,
}

impl Seen {
    /// Calls it as this person, compares, and undoes what it did.
    fn cell(&mut self, world: &World, actor: &Actor, call: &Call, expected: &Expected) {
        let before = world.app.changes();
        let reply = call.send(&actor.client);
        let changed = world.app.changes() != before;
        if changed {
            world.app.undo();
        }
        self.cells += 1;
        let done = (200..300).contains(&reply.status);
        *self.by_endpoint.entry(call.operation.name).or_default() += usize::from(done);
        if done {
            self.allowed += 1;
        } else {
            self.refused += 1;
        }
        let wrong = match expected {
            Expected::Allowed if !done => Some("should be allowed"),
            Expected::Refused(_) if done => Some("should be refused"),
            Expected::Refused(with) if !with.contains(&reply.status) => {
                Some("is refused with another status")
            }
            _ if !done && changed && call.operation.name != "CHANGE_PASSWORD" => {
                Some("changed something although refused")
            }
            _ if tells_of_strangers(actor, &reply) => Some("tells names of strangers"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.violations += 1;
            let at = self.wrong.entry((wrong, call.operation.name)).or_insert_with(|| {
                let body: String = reply.body.chars().take(160).collect();
                (0, format!("{} [{}] {} {body}", actor.key, call.label, reply.status))
            });
            at.0 += 1;
        }
    }
}

/// Whether an answer names families whom its reader may not know: those of another college, and to departments and
/// people without a post any.
fn tells_of_strangers(actor: &Actor, reply: &Reply) -> bool {
    let strangers: &[i64] = match actor.unit {
        _ if actor.standing != Standing::Holds => &[1, 2, 3],
        world::UNIT_A => &[3],
        world::UNIT_B => &[1, 2],
        world::DEPARTMENT | world::OTHER_DEPARTMENT => &[1, 2, 3],
        _ => return false,
    };
    strangers.iter().flat_map(|class| World::names(*class)).any(|name| reply.body.contains(name))
}

fn matrix(school: School, least: usize) {
    let world = World::of(school);
    let mut messages = messages::all(&world);
    messages.push(messages::left(&world, world.left_draft));
    let scan = messages::scan(&world, &messages);
    let things = calls::things(&world, &messages);
    let mut tried: BTreeSet<&str> = things.iter().map(|call| call.operation.name).collect();
    let mut seen = Seen::default();
    world.app.hold();
    for call in &things {
        for actor in &world.actors {
            seen.cell(&world, actor, call, &of_thing(actor, call));
        }
    }
    for message in &messages {
        for call in calls::of_message(message, &scan) {
            tried.insert(call.operation.name);
            for actor in &world.actors {
                seen.cell(&world, actor, &call, &of_message(&world, actor, &call, message));
            }
        }
    }
    let Seen { cells, allowed, refused, violations, wrong, by_endpoint } = seen;
    println!(
        "{school:?}: {} endpoints, {} people, {} messages, {cells} cells, {allowed} allowed, {refused} refused, {violations} violations",
        tried.len(),
        world.actors.len(),
        messages.len(),
    );
    assert_eq!(violations, 0, "{wrong:#?}");
    assert!(cells > least, "{cells} cells");
    let untried: Vec<&str> = ALL.iter().map(|o| o.name).filter(|name| !tried.contains(name)).collect();
    assert_eq!(untried, [""; 0], "endpoints that nobody called");
    // What is refused to everybody would prove nothing.
    let never: Vec<&str> = by_endpoint.iter().filter(|(_, n)| **n == 0).map(|(name, _)| *name).collect();
    assert_eq!(never, never_allowed(school), "endpoints that nobody was let into");
}

/// Endpoints that have nothing to do in this school: each is let into by the other one, and a school is set up
/// once, before anybody is there.
fn never_allowed(school: School) -> Vec<&'static str> {
    match school {
        School::Middle => {
            vec!["RECEIVE_FILING", "REGISTER_ORIGINAL", "RELEASE", "SCAN", "SETUP", "STORE_SCAN"]
        }
        School::University => vec![
            "ANSWER_CHANGE",
            "ASK_ABOUT_WORDS",
            "DECLINE_REQUEST",
            "HAND_IN",
            "LIST_TEACHERS",
            "SETUP",
            "TAKE_OVER",
            "TAKE_UP",
            "WITHDRAW_REQUEST",
        ],
    }
}

#[test]
fn every_endpoint_has_a_row() {
    let without: Vec<&str> =
        ALL.iter().filter(|o| endpoint(o.name, "class").is_none()).map(|o| o.name).collect();
    assert_eq!(without, [""; 0], "who may call these is written nowhere");
}

/// Ids of college A on every route that takes one, in the hands of college B: nothing is opened, and nothing told.
#[test]
fn ids_of_another_college_open_nothing() {
    let world = World::of(School::University);
    let messages = messages::all(&world);
    let things = calls::things(&world, &messages);
    let of_college = |message: &&Message| message.family.kind == messages::Kind::College;
    let of_messages = messages.iter().filter(of_college).flat_map(|m| calls::of_message(m, &"0".repeat(64)));
    let calls: Vec<Call> = things.into_iter().chain(of_messages).collect();
    let college_b: Vec<&Actor> = world.actors.iter().filter(|a| a.unit == world::UNIT_B).collect();
    let secret: Vec<&str> =
        World::names(1).chain(World::names(2)).chain(["college_clerk_a", "秋季运动会"]).collect();
    let mut tried = BTreeSet::new();
    let mut cells = 0;
    world.app.hold();
    for call in calls.iter().filter(|call| call.operation.parameter().is_some()) {
        let is_theirs = call.unit == world::UNIT_B || call.owner.is_some_and(|key| key.ends_with("_b"));
        if is_theirs {
            continue;
        }
        tried.insert(call.operation.name);
        for actor in &college_b {
            // Whoever has the paper has its digest: college B has none of A's.
            let reply = match call.operation.name {
                "VERIFY_DIGEST" => {
                    let (path, _) = call.path.split_once('?').expect("with a digest");
                    actor.client.get(&format!("{path}?digest={}", "0".repeat(64)))
                }
                _ => call.send(&actor.client),
            };
            let at = format!(
                "{} {} {}: {} {}",
                actor.key, call.operation.name, call.label, reply.status, reply.body
            );
            assert!(matches!(reply.status, 403 | 404), "{at}");
            assert!(!secret.iter().any(|name| reply.body.contains(name)), "{at}");
            cells += 1;
        }
    }
    let takes_id = ALL.iter().filter(|o| o.parameter().is_some()).map(|o| o.name);
    let untried: Vec<&str> = takes_id.filter(|name| !tried.contains(name)).collect();
    assert_eq!(untried, [""; 0], "routes with an id that were not tried");
    println!("ids of another college: {} routes, {cells} calls, none opened", tried.len());
}

#[test]
fn the_universitys_matrix_holds() {
    matrix(School::University, 20_000);
}

#[test]
fn the_middle_schools_matrix_holds() {
    matrix(School::Middle, 10_000);
}
