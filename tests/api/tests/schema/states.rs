//! The database's tables of states against the rules' own, over all pairs.

use domain::delivery::{
    AttemptState, BatchState, DeliveryState, PartOutcome, PlaceState, RoundKind, RoundState,
};
use domain::message::{MessageState, RecipientKind};
use domain::roster::people::LeaveReason;
use rusqlite::Connection;

use crate::world::{draft, run, school, world};

/// Compares one table; the other triggers are dropped. `with` is what has to
/// be written beside a state.
fn compare(
    db: &Connection,
    table: &str,
    keep: &str,
    states: &[&str],
    with: impl Fn(&str) -> String,
    allowed: impl Fn(usize, usize) -> bool,
) {
    let others: Vec<String> = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name <> ?1")
        .and_then(|mut s| s.query_map([keep], |r| r.get(0))?.collect())
        .expect("triggers");
    for trigger in others {
        run(db, &format!("DROP TRIGGER {trigger}"));
    }
    let guard: String = db
        .query_row("SELECT sql FROM sqlite_master WHERE name = ?1", [keep], |r| r.get(0))
        .expect("the trigger");
    let set = |state: &str| format!("UPDATE {table} SET state = '{state}'{}", with(state));
    for (a, from) in states.iter().enumerate() {
        for (b, to) in states.iter().enumerate() {
            run(db, &format!("DROP TRIGGER {keep}; {}; {guard}", set(from)));
            let taken = db.execute_batch(&set(to)).is_ok();
            assert_eq!(taken, a == b || allowed(a, b), "{table}: {from} → {to}");
        }
    }
}

fn alone(_: &str) -> String {
    String::new()
}

#[test]
fn message_states_are_the_rules_own() {
    let db = school();
    draft(&db, 1);
    let all = MessageState::ALL;
    let keys = all.map(MessageState::key);
    compare(&db, "messages", "messages_state", &keys, alone, |a, b| all[a].next().contains(&all[b]));
}

#[test]
fn delivery_states_are_the_rules_own() {
    let db = world();
    // «submitting» is derived: the row is queued, its batch submitting.
    let all: Vec<DeliveryState> =
        DeliveryState::ALL.into_iter().filter(|s| *s != DeliveryState::Submitting).collect();
    let keys: Vec<&str> = all.iter().map(|s| s.key()).collect();
    compare(&db, "deliveries", "deliveries_forward", &keys, alone, |a, b| all[a].next().contains(&all[b]));
    for next in DeliveryState::Submitting.next() {
        assert!(*next == DeliveryState::Queued || DeliveryState::Queued.next().contains(next), "{next:?}");
    }
}

#[test]
fn round_states_are_the_rules_own() {
    let db = world();
    let all = RoundState::ALL;
    let keys = all.map(RoundState::key);
    let ended = |state: &str| format!(", ended_at = {}", if state == "sent" { "13" } else { "NULL" });
    compare(&db, "rounds", "rounds_forward", &keys, ended, |a, b| all[a].next().contains(&all[b]));
}

#[test]
fn place_states_are_the_rules_own() {
    let db = world();
    run(&db, "DROP INDEX message_streams_seq; DROP INDEX message_streams_number");
    let all = PlaceState::ALL;
    let keys = all.map(PlaceState::key);
    let given = |state: &str| {
        let value = if state == "ready" { "NULL" } else { "1" };
        format!(", seq = {value}, number = {value}")
    };
    compare(&db, "message_streams", "places_forward", &keys, given, |a, b| all[a].next().contains(&all[b]));
}

#[test]
fn batch_states_are_the_rules_own() {
    let db = world();
    let all = BatchState::ALL;
    let keys = all.map(BatchState::key);
    compare(&db, "batches", "batches_forward", &keys, alone, |a, b| all[a].next().contains(&all[b]));
}

#[test]
fn attempt_states_are_the_rules_own() {
    let db = world();
    let all = AttemptState::ALL;
    let keys = all.map(AttemptState::key);
    compare(&db, "attempts", "attempts_forward", &keys, alone, |a, b| all[a].next().contains(&all[b]));
}

/// Closed lists without an order: the trigger takes every key of the enum.
/// (That it refuses another word is tried in refused*.rs.)
#[test]
fn every_kind_of_the_rules_is_known() {
    let db = world();
    for kind in RecipientKind::ALL {
        run(&db, &format!("INSERT INTO recipients VALUES (3, 1, 2, '{}', 9, 9, 1)", kind.key()));
        run(
            &db,
            &format!("INSERT INTO phone_changes (kind, person, at, by) VALUES ('{}', 9, 1, 1)", kind.key()),
        );
    }
    for reason in LeaveReason::ALL {
        let leave = "INSERT INTO departures (kind, person, left_at, reason, by) VALUES";
        for kind in RecipientKind::ALL {
            let person = 100 + reason as i64;
            run(&db, &format!("{leave} ('{}', {person}, 1, '{}', 1)", kind.key(), reason.key()));
        }
    }
    run(&db, "DROP TRIGGER parts_of_a_member");
    for (n, outcome) in PartOutcome::ALL.into_iter().enumerate() {
        run(
            &db,
            &format!("INSERT INTO attempt_parts VALUES ('r1', 10 + {n}, 'x', NULL, '{}')", outcome.key()),
        );
    }
    let later = RoundKind::ALL.into_iter().filter(|k| *k != RoundKind::Sending);
    for (n, kind) in later.enumerate() {
        run(
            &db,
            &format!(
                "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 1 + {n}, '{}', 1, '', 10, 12, 'm')",
                kind.key()
            ),
        );
    }
}

/// I7: whatever end a delivery has, a late «delivered» is the only thing that still moves it.
#[test]
fn ends_are_ends() {
    for state in DeliveryState::ALL.into_iter().filter(|s| s.is_end()) {
        assert!(state.next().iter().all(|n| *n == DeliveryState::Delivered), "{state:?}");
    }
}
