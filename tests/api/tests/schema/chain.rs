//! I1 and I3: who decides what, what holds sending, and that a message's
//! place cannot be taken.

use crate::world::{
    SUBMITTED, approve, begin, decision, delivery, draft, number, refusal, register, run, school, submit,
    version, world,
};

/// Found by trying: a draft moved onto the id of an approved message would stand under its decisions.
#[test]
fn no_draft_takes_an_approved_messages_place() {
    for column in ["id", "rowid", "oid", "_rowid_"] {
        let db = world();
        run(&db, "PRAGMA foreign_keys = OFF");
        let sql = format!("UPDATE OR REPLACE messages SET {column} = 4 WHERE id = 3");
        assert_eq!(refusal(&db, &sql), "content_frozen");
        run(&db, "DROP TRIGGER messages_keep_id");
        run(&db, &sql);
    }
}

/// A message's id is in links: one that was deleted is not given again.
#[test]
fn a_deleted_messages_id_never_returns() {
    let db = world();
    run(&db, "DROP TRIGGER messages_stay");
    draft(&db, 7);
    run(&db, "DELETE FROM messages WHERE id = 7");
    let columns =
        "author_id, audience_unit_id, sender_title, audience, audience_zh, audience_en, title, body,
        template, template_version, signature, created_at, changed_at";
    let values = "1, 2, '', '{}', '', '', '', '', '', 1, '', 1, 1";
    assert_eq!(
        refusal(&db, &format!("INSERT INTO messages (id, {columns}) VALUES (7, {values})")),
        "not_a_draft"
    );
    run(&db, &format!("INSERT INTO messages ({columns}) VALUES ({values})"));
    assert_eq!(number(&db, "SELECT MAX(id) FROM messages"), 8);
}

/// I3: three people; neither the drafter nor an earlier decider decides, whatever posts they hold.
#[test]
fn i3_drafter_reviewer_and_approver_differ() {
    let db = world();
    let refused = |sql: &str| assert_eq!(refusal(&db, sql), "decision_refused", "{sql}");
    run(
        &db,
        "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES
           (1, 'office_director', 1, 1, 5, ''), (3, 'grade_head', 2, 1, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 0, mac = 'm' WHERE confirmed_at IS NULL",
    );
    refused(&decision(2, 0, 1, "office_director", "approve"));
    run(&db, &decision(2, 0, 3, "office_director", "approve"));
    refused(&decision(2, 1, 3, "grade_head", "approve"));
    refused(&decision(2, 1, 1, "grade_head", "approve"));
    assert_eq!(refusal(&db, "UPDATE messages SET state = 'approved' WHERE id = 2"), "not_approved");
    // Another grade's head, and one whose appointment has ended.
    refused(&decision(2, 1, 4, "grade_head", "approve"));
    // Nor the substitute, while the head can.
    refused(&decision(2, 1, 4, "principal", "approve"));
    run(&db, &decision(2, 1, 2, "grade_head", "approve"));
    run(&db, "UPDATE messages SET state = 'approved', due_at = 10 WHERE id = 2");
}

/// The substitute of another unit does not stand in; without a unit, one of anywhere does. The post
/// is vacant in unit 3 once its holder's appointment has ended.
#[test]
fn a_substitute_is_of_its_unit() {
    for (unit, stands_in) in [("2", false), ("1", true), ("NULL", true)] {
        let db = school();
        run(&db, "UPDATE appointments SET mac = mac || 'e', until = 5 WHERE id = 5");
        draft(&db, 1);
        run(
            &db,
            &format!(
                "INSERT INTO message_steps VALUES (1, 1, 0, 'approve', 'grade_head', 3, 'principal', {unit}, 1, '[]');
                 {}; UPDATE messages SET {SUBMITTED} WHERE id = 1",
                version(1)
            ),
        );
        let decides = decision(1, 0, 4, "principal", "approve");
        if stands_in {
            run(&db, &decides);
        } else {
            assert_eq!(refusal(&db, &decides), "decision_refused");
        }
    }
}

/// A return ends the version: nothing more is decided on it, and the next one starts from nothing.
#[test]
fn a_returned_version_carries_no_decision_over() {
    let db = world();
    run(&db, &decision(2, 0, 3, "office_director", "approve"));
    run(&db, &decision(2, 1, 2, "grade_head", "return"));
    assert_eq!(refusal(&db, "UPDATE messages SET state = 'approved' WHERE id = 2"), "not_approved");
    run(&db, "UPDATE messages SET state = 'returned' WHERE id = 2");
    for wrong in ["version = version", "version = version + 2", "version = version + 1"] {
        let keeps = format!("UPDATE messages SET state = 'draft', {wrong} WHERE id = 2");
        assert_eq!(refusal(&db, &keeps), "next_version", "the digest goes with the version: {wrong}");
    }
    run(&db, "UPDATE messages SET state = 'draft', version = version + 1, digest = NULL WHERE id = 2");
    submit(&db, 2);
    assert_eq!(refusal(&db, "UPDATE messages SET state = 'approved' WHERE id = 2"), "not_approved");
    approve(&db, 2);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM message_versions WHERE message_id = 2"), 2);
}

/// Only steps that hold are waited for; one that does not may still be decided meanwhile, and nobody decides twice.
#[test]
fn a_step_that_does_not_hold_is_not_waited_for() {
    let db = school();
    draft(&db, 1);
    run(
        &db,
        &format!(
            "INSERT INTO message_steps VALUES (1, 1, 0, 'review', 'principal', NULL, NULL, NULL, 0, '[]');
             INSERT INTO message_steps VALUES (1, 1, 1, 'review', 'office_director', NULL, NULL, NULL, 1, '[]');
             INSERT INTO message_steps VALUES (1, 1, 2, 'approve', 'grade_head', 2, NULL, NULL, 1, '[]');
             {}; UPDATE messages SET {SUBMITTED} WHERE id = 1",
            version(1)
        ),
    );
    assert_eq!(
        refusal(&db, &decision(1, 2, 2, "grade_head", "approve")),
        "decision_refused",
        "its turn has not come"
    );
    run(&db, &decision(1, 1, 3, "office_director", "approve"));
    run(&db, &decision(1, 0, 4, "principal", "approve"));
    assert_eq!(refusal(&db, "UPDATE messages SET state = 'approved' WHERE id = 1"), "not_approved");
    run(&db, &decision(1, 2, 2, "grade_head", "approve"));
    run(&db, "UPDATE messages SET state = 'approved', due_at = 10 WHERE id = 1");
}

/// A chain in which nothing is decided, or nothing holds, is never complete.
#[test]
fn a_chain_needs_a_decision_that_holds() {
    for step in [
        "'file', 'principal', NULL, NULL, NULL, 0",
        "'register', 'principal', NULL, NULL, NULL, 1",
        "'approve', 'principal', NULL, NULL, NULL, 0",
    ] {
        let db = school();
        draft(&db, 1);
        run(
            &db,
            &format!(
                "INSERT INTO message_steps VALUES (1, 1, 0, {step}, '[]'); {}; UPDATE messages SET {SUBMITTED} WHERE id = 1",
                version(1)
            ),
        );
        assert_eq!(
            refusal(&db, "UPDATE messages SET state = 'approved' WHERE id = 1"),
            "not_approved",
            "{step}"
        );
    }
}

/// What was forged behind the messages' own triggers still gets no round: the
/// chain and the registration are asked again where sending begins.
#[test]
fn a_round_asks_again() {
    let db = world();
    run(
        &db,
        "DROP TRIGGER messages_state; DROP TRIGGER messages_registered; DROP TRIGGER messages_not_early",
    );
    let round = |id: i64| {
        format!(
            "UPDATE messages SET state = 'sending', released_at = 12 WHERE id = {id};
             INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES ({id}, 0, 'sending', 1, '', 10, 12, 'm')"
        )
    };
    assert_eq!(refusal(&db, &round(4)), "not_registered");
    register(&db, 4);
    run(&db, &round(4));
    // Message 2 was only submitted; its number would not help it.
    run(
        &db,
        "DROP TRIGGER registrations_fit; INSERT INTO registrations VALUES (2, 1, 2, 1970, '1', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')",
    );
    assert_eq!(refusal(&db, &round(2)), "not_approved");
}

/// A decision that somehow names another digest, or the drafter, completes nothing.
#[test]
fn forged_decisions_complete_no_chain() {
    for forged in [
        "UPDATE decisions SET digest = 'other' WHERE message_id = 4 AND position = 1",
        "UPDATE decisions SET staff_id = 1 WHERE message_id = 4 AND position = 1",
        "UPDATE decisions SET verdict = 'return' WHERE message_id = 4 AND position = 0",
        "DELETE FROM decisions WHERE message_id = 4 AND position = 0",
        "UPDATE messages SET digest = 'other' WHERE id = 4",
    ] {
        let db = world();
        register(&db, 4);
        run(
            &db,
            "DROP TRIGGER decisions_no_update; DROP TRIGGER decisions_no_delete; DROP TRIGGER messages_content",
        );
        run(&db, forged);
        run(&db, "UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 4");
        let round = "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (4, 0, 'sending', 1, '', 10, 12, 'm')";
        assert_eq!(refusal(&db, round), "not_approved", "{forged}");
    }
}

/// The chain is asked once for a round, not for each delivery: with the view
/// gone the deliveries of a round that was born still go in.
#[test]
fn the_chain_is_asked_once_for_a_round() {
    let db = world();
    begin(&db, 4);
    run(&db, "DROP VIEW complete_chains");
    run(&db, &delivery(4, 0, 1, r#"[["guardian",1,1,2]]"#));
    run(&db, &delivery(4, 0, 2, r#"[["guardian",2,2,2]]"#));
    run(&db, "UPDATE rounds SET state = 'sending' WHERE message_id = 4");
    let another = "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (4, 1, 'reminder', 1, '', 10, 12, 'm')";
    assert!(refusal(&db, another).contains("complete_chains"), "and the next round asks");
}

/// A filing is completed once, with its number; a registration brings what its step needs.
#[test]
fn a_filing_is_completed_once() {
    let db = world();
    run(
        &db,
        "UPDATE filings SET registered_by = 3, registered_as = 3, registered_at = 14 WHERE message_id = 1",
    );
    assert_eq!(refusal(&db, "UPDATE filings SET registered_at = 15"), "filings_stay");
    assert_eq!(
        refusal(
            &db,
            "INSERT INTO registrations VALUES (4, 1, 2, 1970, NULL, NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')"
        ),
        "registration_refused"
    );
    register(&db, 4);
    // Cancelled: there is nothing to file.
    run(&db, "UPDATE messages SET state = 'cancelled' WHERE id = 4");
    assert_eq!(
        refusal(&db, "INSERT INTO filings VALUES (4, 1, 3, 1970, 3, 'd', 13, NULL, NULL, NULL)"),
        "filing_refused"
    );
}
