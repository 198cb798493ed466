//! What raw SQL tries with messages to children chosen one by one.

use rusqlite::Connection;

use crate::refused::Refused;
use crate::world::{SUBMITTED, approve, draft, refusal, register, run, school, version};

/// See [`crate::refused`]. Message 3 is a draft, 5 is just being released.
pub const CHILDREN: &[Refused] = &[
    (
        "UPDATE messages SET audience = '{\"kind\":\"children\",\"class\":1,\"students\":[1]}' WHERE id = 3;
         INSERT INTO recipients VALUES (3, 1, 2, 'guardian', 1, 1, 1), (3, 1, 2, 'guardian', 2, 2, 2);
         INSERT INTO message_versions SELECT id, 1, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 3;
         UPDATE register_counters SET last_no = last_no + 1;
         UPDATE messages SET registered_at = 1, register_year = 2026, register_unit = 2,
           register_no = (SELECT last_no FROM register_counters), state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1,
           submitted_at = 1 WHERE id = 3",
        &["messages_to_chosen_children"],
    ),
    (
        "UPDATE messages SET audience = '{\"kind\":\"classes\",\"classes\":[1]}', category = 'thinking' WHERE id = 3;
         INSERT INTO message_versions SELECT id, 1, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 3;
         UPDATE register_counters SET last_no = last_no + 1;
         UPDATE messages SET registered_at = 1, register_year = 2026, register_unit = 2,
           register_no = (SELECT last_no FROM register_counters), state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1,
           submitted_at = 1 WHERE id = 3",
        &["messages_about_one_child"],
    ),
    (
        "INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at) VALUES (5, 0, 3, 'ready', 0, 12)",
        &["places_number"],
    ),
];

/// A draft to these students of class 1, its list written as given.
fn chosen(students: &str, category: &str, list: &str) -> Connection {
    let db = school();
    draft(&db, 1);
    run(
        &db,
        &format!(
            "UPDATE messages SET category = '{category}', audience = '{{\"kind\":\"children\",\"class\":1,\"students\":{students}}}';
             INSERT INTO recipients VALUES {list};
             INSERT INTO message_steps VALUES (1, 1, 0, 'review', 'office_director', NULL, NULL, NULL, 1, '[]'),
               (1, 1, 1, 'approve', 'grade_head', 2, NULL, NULL, 1, '[]'), (1, 1, 2, 'register', 'office_director', NULL, NULL, NULL, 1, '[]');
             {}",
            version(1)
        ),
    );
    db
}

fn submit() -> String {
    format!("UPDATE messages SET {SUBMITTED} WHERE id = 1")
}

const OWN: &str = "(1, 1, 2, 'guardian', 1, 1, 1)";

#[test]
fn only_the_own_guardian_of_a_chosen_child_is_on_the_list() {
    run(&chosen("[1]", "study", OWN), &submit());
    run(&chosen("[1, 2]", "daily", &format!("{OWN}, (1, 1, 2, 'guardian', 2, 2, 2)")), &submit());
    for (what, entry) in [
        ("a child who was not chosen", "(1, 1, 2, 'guardian', 2, 2, 2)"),
        ("a guardian of another child", "(1, 1, 2, 'guardian', 2, 1, 2)"),
        ("another number", "(1, 1, 2, 'guardian', 1, 1, 2)"),
        ("a member of staff", "(1, 1, 1, 'staff', 1, 0, 1)"),
        ("the student's own number", "(1, 1, 2, 'student', 1, 1, 1)"),
        ("the stream of another class", "(1, 1, 3, 'guardian', 1, 1, 1)"),
        ("nobody there is", "(1, 1, 2, 'guardian', 99, 1, 1)"),
    ] {
        assert_eq!(refusal(&chosen("[1]", "study", entry), &submit()), "not_the_guardian", "{what}");
        let both = if entry.contains("'guardian', 1, 1,") { entry.into() } else { format!("{OWN}, {entry}") };
        assert_eq!(refusal(&chosen("[1]", "daily", &both), &submit()), "not_the_guardian", "{what}");
    }
    // A child of class 2, put into the choice itself.
    assert_eq!(
        refusal(&chosen("[3]", "daily", "(1, 1, 3, 'guardian', 3, 3, 3)"), &submit()),
        "not_the_guardian"
    );
    // The child's own number is no parent's.
    let own = chosen("[1]", "study", OWN);
    run(&own, "UPDATE guardians SET relation = '本人', named_at = 9 WHERE id = 1");
    assert_eq!(refusal(&own, &submit()), "not_the_guardian");
    for left in ["students", "guardians"] {
        let db = chosen("[1]", "study", OWN);
        run(
            &db,
            &format!(
                "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('{}', 1, 6, 'mistake', 3);
                 UPDATE {left} SET left_at = 6 WHERE id = 1",
                left.trim_end_matches('s')
            ),
        );
        assert_eq!(refusal(&db, &submit()), "not_the_guardian", "{left}");
    }
}

#[test]
fn g8_what_concerns_one_child_is_submitted_to_exactly_one() {
    for category in ["thinking", "study"] {
        run(&chosen("[1]", category, OWN), &submit());
        for students in ["[1, 2]", "[1, 1]"] {
            assert_eq!(refusal(&chosen(students, category, OWN), &submit()), "about_one_child");
        }
        for audience in
            ["{}", "{\"kind\":\"classes\",\"classes\":[1]}", "{\"kind\":\"all_guardians\",\"students\":[1]}"]
        {
            let db = chosen("[1]", category, OWN);
            run(&db, &format!("UPDATE messages SET audience = '{audience}'"));
            assert_eq!(refusal(&db, &submit()), "about_one_child", "{audience}");
        }
    }
}

/// I6: it has its turn in the stream of the class, and the class's count goes on without it.
#[test]
fn a_message_to_chosen_children_has_a_turn_and_no_number() {
    let db = chosen("[1]", "study", OWN);
    run(&db, &submit());
    approve(&db, 1);
    register(&db, 1);
    run(
        &db,
        "UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 1;
         INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 0, 'sending', 1, 'approved', 10, 12, 'm')",
    );
    let place = |takes: i64| {
        format!(
            "INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at) VALUES (1, 0, 2, 'ready', {takes}, 12)"
        )
    };
    assert_eq!(refusal(&db, &place(1)), "place_fixed");
    run(&db, &place(0));
    assert_eq!(
        refusal(&db, "UPDATE message_streams SET state = 'numbered', seq = 1, number = 1"),
        "place_fixed"
    );
    run(&db, "UPDATE message_streams SET state = 'numbered', seq = 1");
}
