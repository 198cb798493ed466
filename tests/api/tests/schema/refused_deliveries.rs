//! What raw SQL tries on rounds, places, batches, deliveries, provider calls and answers.

use crate::refused::Refused;

/// See [`crate::refused`].
pub const DELIVERIES: &[Refused] = &[
    // I1 a, I4: a round needs a complete chain and someone who orders it.
    (
        "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (3, 0, 'sending', 1, '', 10, 12, 'm')",
        &["rounds_need_approval"],
    ),
    (
        "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (2, 0, 'sending', 1, '', 10, 12, 'm')",
        &["rounds_need_approval", "rounds_need_registration"],
    ),
    (
        "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (4, 0, 'sending', 1, '', 10, 12, 'm')",
        &["rounds_need_approval", "rounds_need_registration"],
    ),
    (
        "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 1, 'serenade', 1, '', 10, 12, 'm')",
        &["rounds_kind"],
    ),
    (
        "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 1, 'sending', 1, '', 10, 12, 'm')",
        &["rounds_kind"],
    ),
    (
        "INSERT INTO rounds (message_id, round, kind, state, ordered_by, why, due_at, at, mac) VALUES (1, 1, 'reminder', 'sending', 1, '', 10, 12, 'm')",
        &["rounds_born_filling"],
    ),
    (
        "INSERT OR REPLACE INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 0, 'sending', 1, '', 10, 12, 'm')",
        &["rounds_born_filling"],
    ),
    // Its time gives its place among all streams, and keeps it from being too old.
    (
        "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 1, 'reminder', 1, '', 10, 11, 'm')",
        &["rounds_on_time"],
    ),
    (
        "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 1, 'reminder', 1, '', 99, 12, 'm')",
        &["rounds_on_time"],
    ),
    ("UPDATE rounds SET due_at = 99 WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET mac = 'x' WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET state = 'filling' WHERE message_id = 1", &["rounds_forward"]),
    ("UPDATE rounds SET state = 'gone' WHERE message_id = 1", &["rounds_forward"]),
    ("UPDATE rounds SET ended_at = 13 WHERE message_id = 1", &["rounds_forward", "rounds_sent_everywhere"]),
    ("UPDATE rounds SET state = 'sent' WHERE message_id = 1", &["rounds_forward", "rounds_sent_everywhere"]),
    ("UPDATE rounds SET state = 'sent', ended_at = 13 WHERE message_id = 1", &["rounds_sent_everywhere"]),
    ("UPDATE rounds SET state = 'stopped', ended_at = 13 WHERE message_id = 1", &["rounds_sent_everywhere"]),
    ("UPDATE OR REPLACE rounds SET message_id = 5 WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET round = 1 WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET kind = 'resend' WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET ordered_by = 4 WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET why = 'x' WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET at = 1 WHERE message_id = 1", &["rounds_fixed"]),
    ("UPDATE rounds SET skipped = 9 WHERE message_id = 1", &["rounds_fixed"]),
    ("DELETE FROM rounds", &["rounds_no_delete"]),
    // I2: to those whom the approver saw; more of it in rounds.rs.
    (
        "INSERT INTO deliveries VALUES (5, 0, 4, 1, 'queued', NULL, '[[\"guardian\",1,1,2]]', 12);
         UPDATE rounds SET state = 'sending' WHERE message_id = 5",
        &["rounds_on_the_list"],
    ),
    // I1 a: a delivery only while its round is filling; I4: one for each phone.
    (
        "INSERT INTO deliveries VALUES (3, 0, 1, 1, 'queued', NULL, '[[\"guardian\",1,1,2]]', 1)",
        &["deliveries_into_a_filling_round"],
    ),
    (
        "INSERT INTO deliveries VALUES (4, 0, 1, 1, 'queued', NULL, '[[\"guardian\",1,1,2]]', 1)",
        &["deliveries_into_a_filling_round"],
    ),
    (
        "INSERT INTO deliveries VALUES (1, 0, 2, 1, 'queued', NULL, '[[\"guardian\",2,2,2]]', 1)",
        &["deliveries_into_a_filling_round"],
    ),
    (
        "INSERT INTO deliveries VALUES (1, 1, 2, 1, 'queued', NULL, '[[\"guardian\",2,2,2]]', 1)",
        &["deliveries_into_a_filling_round"],
    ),
    (
        "INSERT INTO deliveries VALUES (5, 0, 2, 1, 'delivered', NULL, '[[\"guardian\",2,2,2]]', 1)",
        &["deliveries_into_a_filling_round"],
    ),
    (
        "INSERT OR REPLACE INTO deliveries SELECT * FROM deliveries WHERE message_id = 1",
        &["deliveries_no_replace", "deliveries_into_a_filling_round"],
    ),
    (
        "INSERT INTO deliveries VALUES (5, 0, 1, 1, 'queued', NULL, '[[\"guardian\",1,1,2]]', 12);
         INSERT OR REPLACE INTO deliveries VALUES (5, 0, 1, 2, 'queued', NULL, '[[\"guardian\",1,1,2]]', 12)",
        &["deliveries_no_replace"],
    ),
    // I1 d: a delivery keeps its message and phone.
    ("UPDATE deliveries SET phone_id = 2", &["deliveries_keep_phone"]),
    ("UPDATE OR REPLACE deliveries SET message_id = 4", &["deliveries_keep_phone"]),
    ("UPDATE deliveries SET round = 1", &["deliveries_keep_phone"]),
    ("UPDATE deliveries SET recipients = '[]'", &["deliveries_keep_phone"]),
    ("DELETE FROM deliveries", &["deliveries_no_delete"]),
    // I6, I7: a place and its number stay; sent is sent in every stream.
    (
        "UPDATE message_streams SET state = 'settled', seq = 9, number = 9 WHERE message_id = 5",
        &["places_without_a_turn"],
    ),
    ("UPDATE message_streams SET state = 'settled' WHERE message_id = 5", &["places_without_a_turn"]),
    ("UPDATE message_streams SET state = 'gone' WHERE message_id = 1", &["places_forward"]),
    ("UPDATE message_streams SET state = 'numbered' WHERE message_id = 5", &["places_forward"]),
    ("UPDATE message_streams SET state = 'numbered', seq = 9 WHERE message_id = 5", &["places_forward"]),
    ("UPDATE message_streams SET takes_number = 0 WHERE message_id = 5", &["places_forward"]),
    ("UPDATE message_streams SET seq = 9 WHERE message_id = 1", &["places_forward"]),
    ("UPDATE message_streams SET number = NULL WHERE message_id = 1", &["places_forward"]),
    ("UPDATE message_streams SET stream_id = 3 WHERE message_id = 1", &["places_forward"]),
    ("UPDATE message_streams SET ready_at = 1 WHERE message_id = 1", &["places_forward"]),
    (
        "UPDATE OR REPLACE message_streams SET state = 'numbered', seq = 1, number = 9 WHERE message_id = 5",
        &["places_no_replace"],
    ),
    (
        "UPDATE OR REPLACE message_streams SET state = 'numbered', seq = 9, number = 1 WHERE message_id = 5",
        &["places_no_replace"],
    ),
    ("DELETE FROM message_streams", &["places_no_delete"]),
    (
        "INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at) VALUES (1, 0, 3, 'ready', 1, 1)",
        &["places_born_ready"],
    ),
    (
        "INSERT INTO message_streams (message_id, round, stream_id, state, seq, number, takes_number, ready_at) VALUES (5, 0, 3, 'numbered', 9, 9, 1, 1)",
        &["places_born_ready"],
    ),
    (
        "INSERT OR REPLACE INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at) VALUES (5, 0, 2, 'ready', 1, 1)",
        &["places_born_ready"],
    ),
    ("UPDATE messages SET state = 'sent' WHERE id = 1", &["messages_sent_everywhere"]),
    // I5: one call for each batch, never put back.
    (
        "INSERT INTO deliveries VALUES (5, 0, 1, 1, 'queued', NULL, '[[\"guardian\",1,1,2]]', 12);
         UPDATE deliveries SET state = 'delivered' WHERE message_id = 5",
        &["deliveries_by_a_call"],
    ),
    ("UPDATE batches SET confirmed = 2 WHERE message_id = 1", &["batches_confirmed"]),
    ("UPDATE batches SET state = 'enqueued'", &["batches_forward"]),
    ("UPDATE batches SET state = 'gone'", &["batches_forward"]),
    ("UPDATE batches SET members = '[1,2]'", &["batches_keep_members"]),
    ("UPDATE batches SET size = 2", &["batches_keep_members"]),
    ("UPDATE batches SET stream_id = 3", &["batches_keep_members"]),
    ("UPDATE batches SET claim = -1", &["batches_keep_members"]),
    ("UPDATE batches SET ready_at = 1", &["batches_keep_members"]),
    ("UPDATE batches SET provider = 'other'", &["batches_keep_members"]),
    ("DELETE FROM batches", &["batches_no_delete"]),
    (
        "INSERT OR REPLACE INTO batches (message_id, round, no, stream_id, state, members, size, ready_at) VALUES (1, 0, 1, 2, 'ready', '[1]', 1, 1)",
        &["batches_born_waiting"],
    ),
    (
        "INSERT INTO batches (message_id, round, no, stream_id, state, members, size, ready_at) VALUES (1, 0, 2, 2, 'submitting', '[1]', 1, 1)",
        &["batches_born_waiting"],
    ),
    (
        "INSERT INTO batches (message_id, round, no, stream_id, state, members, size, ready_at) VALUES (1, 0, 2, 2, 'ready', '[1,2]', 1, 1)",
        &["batches_born_waiting"],
    ),
    (
        "INSERT INTO batches (message_id, round, no, stream_id, state, members, size, ready_at) VALUES (1, 0, 2, 2, 'ready', '[]', 0, 1)",
        &["batches_born_waiting"],
    ),
    (
        "INSERT INTO attempts VALUES ('r9', 4, 0, 1, 'p', 'd', '[1]', 0, 'submitting', 1, 1, NULL, NULL, NULL)",
        &["attempts_of_a_call"],
    ),
    (
        "INSERT OR REPLACE INTO attempts VALUES ('r9', 1, 0, 1, 'p', 'd', '[1]', 0, 'submitting', 1, 1, NULL, NULL, NULL)",
        &["attempts_of_a_call"],
    ),
    ("UPDATE attempts SET members = '[]'", &["attempts_forward"]),
    ("UPDATE attempts SET state = 'resolved'", &["attempts_forward"]),
    ("UPDATE attempts SET called_at = 13; UPDATE attempts SET called_at = 14", &["attempts_forward"]),
    ("DELETE FROM attempts", &["attempts_no_delete"]),
    // A part belongs to a member of its call, and stays with it.
    ("INSERT INTO attempt_parts VALUES ('r1', 2, 'sandbox', 'p2', 'accepted')", &["parts_of_a_member"]),
    ("INSERT INTO attempt_parts VALUES ('r9', 1, 'sandbox', 'p2', 'accepted')", &["parts_of_a_member"]),
    ("INSERT INTO attempt_parts VALUES ('r1', 2, 'other', 'p2', 'accepted')", &["parts_of_a_member"]),
    (
        "INSERT OR REPLACE INTO attempt_parts VALUES ('r1', 1, 'sandbox', 'p2', 'rejected')",
        &["parts_no_replace"],
    ),
    (
        "INSERT OR REPLACE INTO attempt_parts VALUES ('r1', 2, 'sandbox', 'p1', 'accepted')",
        &["parts_no_replace", "parts_of_a_member"],
    ),
    (
        "INSERT OR REPLACE INTO attempt_parts VALUES ('r1', 1, 'sandbox', 'p2', 'lost')",
        &["parts_outcome", "parts_no_replace"],
    ),
    ("UPDATE attempt_parts SET phone_id = 2", &["parts_fixed"]),
    ("UPDATE attempt_parts SET reference = 'r9'", &["parts_fixed"]),
    ("UPDATE attempt_parts SET outcome = 'rejected'", &["parts_fixed"]),
    ("UPDATE attempt_parts SET provider_id = 'p2'", &["parts_fixed"]),
    ("UPDATE attempt_parts SET provider_id = NULL", &["parts_fixed"]),
    ("DELETE FROM attempt_parts", &["parts_no_delete"]),
    // What families wrote back stays as it came.
    ("UPDATE replies SET text = 'TD'", &["replies_no_update"]),
    ("DELETE FROM replies", &["replies_no_delete"]),
    // Answers are events of those who were sent to.
    ("INSERT INTO answers VALUES (1, 1, 1, 'song', 1, NULL, 0, 0, 6)", &["answers_kind"]),
    ("INSERT INTO answers VALUES (1, 2, 2, 'confirm', 1, NULL, 0, 0, 6)", &["answers_by_recipients"]),
    ("INSERT INTO answers VALUES (1, 1, 2, 'confirm', 1, NULL, 0, 0, 6)", &["answers_by_recipients"]),
    ("INSERT INTO answers VALUES (1, 1, 1, 'confirm', 3, 'x', 0, 0, 6)", &["answers_append"]),
    ("INSERT OR REPLACE INTO answers VALUES (1, 1, 1, 'confirm', 1, NULL, 1, 0, 6)", &["answers_append"]),
    ("UPDATE answers SET at = 6", &["answers_no_update"]),
    ("DELETE FROM answers", &["answers_no_delete"]),
];
