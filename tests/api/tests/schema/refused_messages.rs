//! What raw SQL tries on messages, their chains, lists and decisions.

use crate::refused::Refused;

/// See [`crate::refused`].
pub const MESSAGES: &[Refused] = &[
    // Reminded by its author, while it waits, once a day, on the day that it is.
    ("INSERT INTO reminders VALUES (2, 1, 1, 86400000, 2)", &["reminders_fit"]),
    ("INSERT INTO reminders VALUES (2, 2, 1, 86400000, 1)", &["reminders_fit"]),
    ("INSERT INTO reminders VALUES (4, 1, 1, 86400000, 1)", &["reminders_fit"]),
    ("INSERT INTO reminders VALUES (2, 1, 2, 86400000, 1)", &["reminders_fit"]),
    ("INSERT OR REPLACE INTO reminders VALUES (2, 0, 1, 11, 1)", &["reminders_fit"]),
    ("UPDATE reminders SET at = 11", &["reminders_no_update"]),
    ("DELETE FROM reminders", &["reminders_no_delete"]),
    // I1 a: approved by its chain, sent at its time and registered.
    ("UPDATE messages SET state = 'approved' WHERE id = 2", &["messages_approved_by_chain"]),
    ("UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 4", &["messages_registered"]),
    (
        "INSERT INTO registrations VALUES (4, 1, 2, 1970, '1', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm');
         UPDATE messages SET state = 'sending', released_at = 9 WHERE id = 4",
        &["messages_not_early"],
    ),
    (
        "INSERT INTO registrations VALUES (4, 1, 2, 1970, '1', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm');
         UPDATE messages SET state = 'sending' WHERE id = 4",
        &["messages_not_early"],
    ),
    // What is approved waits longer only where the log says so, and never goes earlier.
    ("UPDATE messages SET due_at = 99 WHERE id = 4", &["messages_put_off_recorded"]),
    ("UPDATE messages SET due_at = NULL WHERE id = 4", &["messages_put_off_recorded"]),
    (
        "INSERT INTO audit VALUES (4, 1, 0, 'message.put_off', 'message', 4, '{\"due_at\":9}');
         UPDATE messages SET due_at = 9 WHERE id = 4",
        &["messages_put_off_recorded"],
    ),
    (
        "INSERT INTO audit VALUES (4, 1, 0, 'message.put_off', 'message', 4, '{\"due_at\":98}');
         UPDATE messages SET due_at = 99 WHERE id = 4",
        &["messages_put_off_recorded"],
    ),
    ("UPDATE messages SET state = 'sending' WHERE id = 2", &["messages_state"]),
    ("UPDATE messages SET state = 'draft', version = 2, digest = NULL WHERE id = 4", &["messages_state"]),
    ("UPDATE messages SET state = 'gone' WHERE id = 3", &["messages_state"]),
    // Who stopped stays known while it is stopped: it says who lifts it.
    ("UPDATE messages SET state = 'paused' WHERE id = 1", &["messages_halted"]),
    (
        "UPDATE messages SET state = 'stopped', halted_at = 1, halted_by = 4, halted_post = 'principal' WHERE id = 1",
        &["messages_halted"],
    ),
    (
        "UPDATE messages SET state = 'paused', halted_at = 1, halted_by = 4, halted_post = 'principal' WHERE id = 1;
         UPDATE messages SET halted_post = 'homeroom_teacher' WHERE id = 1",
        &["messages_halted"],
    ),
    (
        "UPDATE school SET stopped_at = 1, stopped_by = 4, stopped_post = 'principal', stop_reason = 'x';
         UPDATE school SET stopped_by = 3, stopped_post = 'office_clerk'",
        &["school_stop_stays"],
    ),
    // Neither by a lower rank nor by nobody while the rank is held.
    (
        "UPDATE school SET stopped_at = 1, stopped_by = 4, stopped_post = 'principal', stop_reason = 'x', lift_asked_by = 1;
         UPDATE school SET stopped_at = NULL, stopped_by = NULL, stopped_post = NULL, stop_reason = NULL, lifted_by = 3",
        &["school_lifted"],
    ),
    (
        "UPDATE school SET stopped_at = 1, stopped_by = 4, stopped_post = 'principal', stop_reason = 'x';
         UPDATE school SET stopped_at = NULL, stopped_by = NULL, stopped_post = NULL, stop_reason = NULL",
        &["school_lifted"],
    ),
    // Nor by one person where nobody holds it.
    (
        "UPDATE school SET stopped_at = 1, stopped_by = 4, stopped_post = 'principal', stop_reason = 'x', lift_asked_by = 3;
         UPDATE appointments SET mac = mac || 'e', until = 9 WHERE id = 4;
         UPDATE school SET stopped_at = NULL, stopped_by = NULL, stopped_post = NULL, stop_reason = NULL, lifted_by = 3",
        &["school_lifted"],
    ),
    ("UPDATE messages SET state = 'returned' WHERE id = 2", &["messages_returned_by_decision"]),
    (
        "INSERT INTO messages (id, state, author_id, audience_unit_id, sender_title, audience, audience_zh, audience_en, title, body,
           template, template_version, signature, created_at, changed_at)
         VALUES (9, 'approved', 1, 2, '', '{}', '', '', '', '', '', 1, '', 1, 1)",
        &["messages_born_as_drafts"],
    ),
    ("INSERT OR REPLACE INTO messages SELECT * FROM messages WHERE id = 3", &["messages_born_as_drafts"]),
    (
        "INSERT INTO messages (author_id, audience_unit_id, sender_title, audience, audience_zh, audience_en, title, body,
           template, template_version, mode, signature, created_at, changed_at)
         VALUES (1, 2, '', '{}', '', '', '', '', '', 1, 'fax', '', 1, 1)",
        &["messages_kinds"],
    ),
    ("UPDATE messages SET answer = 'poem' WHERE id = 3", &["messages_kinds_moved"]),
    // I1 b: what was submitted does not change.
    ("UPDATE messages SET title = 'x' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET body = 'x' WHERE id = 1", &["messages_content"]),
    ("UPDATE messages SET category = 'event' WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET audience = '[]' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET audience_unit_id = 1 WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET appointment_id = 2 WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET capacity_unit_id = 1 WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET send_at = 99 WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET sender_title = 'x' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET signature = 'x' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET template_version = 2 WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET mode = 'sms' WHERE id = 2", &["messages_content", "messages_kinds_moved"]),
    ("UPDATE messages SET procedure_version = 2 WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET reach = '{}' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET digest = 'e' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET digest = NULL WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET digest_form = 2 WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET version = 2 WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET statement_at = NULL WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET approved_at = 9 WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET released_at = 9 WHERE id = 1", &["messages_content"]),
    ("UPDATE messages SET author_id = 2 WHERE id = 3", &["messages_keep_id"]),
    ("UPDATE messages SET id = 9 WHERE id = 3", &["messages_keep_id"]),
    ("UPDATE messages SET digest = 'e' WHERE id = 3", &["messages_digest"]),
    (
        "UPDATE messages SET state = 'submitted' WHERE id = 3",
        &["messages_digest", "messages_submitted_version", "messages_capacity", "messages_procedure", "messages_in_register"],
    ),
    ("UPDATE messages SET version = 2 WHERE id = 3", &["messages_next_version"]),
    ("DELETE FROM messages WHERE id = 3", &["messages_stay"]),
    // What is submitted stands in message_versions, and in a capacity that its author holds.
    (
        "UPDATE messages SET state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1, submitted_at = 1 WHERE id = 3",
        &["messages_submitted_version", "messages_in_register"],
    ),
    (
        "INSERT INTO message_versions SELECT id, 1, title, '别的话', audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 3;
         UPDATE messages SET state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1, submitted_at = 1 WHERE id = 3",
        &["messages_submitted_version", "messages_in_register"],
    ),
    (
        "UPDATE messages SET appointment_id = 3, capacity_unit_id = 1 WHERE id = 3;
         INSERT INTO message_versions SELECT id, 1, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 3;
         UPDATE messages SET state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1, submitted_at = 1 WHERE id = 3",
        &["messages_capacity", "messages_in_register"],
    ),
    ("INSERT INTO message_versions SELECT message_id, 2, title, body, audience_zh, audience_en, 'e', 2, 1, template, template_version,
        mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM message_versions WHERE message_id = 2",
        &["versions_at_submission"],
    ),
    ("INSERT OR REPLACE INTO message_versions SELECT * FROM message_versions WHERE message_id = 2", &["versions_no_replace", "versions_at_submission"]),
    ("UPDATE message_versions SET body = 'x'", &["versions_no_update"]),
    ("UPDATE message_versions SET lists = '[1]'", &["versions_no_update"]),
    ("DELETE FROM message_versions", &["versions_no_delete"]),
    // Steps and the frozen list are written while it is submitted.
    (
        "INSERT INTO message_steps VALUES (2, 1, 4, 'approve', 'principal', NULL, NULL, NULL, 1, '[]')",
        &["steps_at_submission"],
    ),
    (
        "INSERT OR REPLACE INTO message_steps VALUES (2, 1, 0, 'approve', 'subject_teacher', NULL, NULL, NULL, 1, '[]')",
        &["steps_at_submission"],
    ),
    ("INSERT INTO message_steps VALUES (3, 1, 0, 'applaud', 'principal', NULL, NULL, NULL, 1, '[]')", &["steps_kind"]),
    ("UPDATE message_steps SET post = 'subject_teacher' WHERE message_id = 2", &["steps_no_update"]),
    ("UPDATE message_steps SET holds = 0 WHERE message_id = 4", &["steps_no_update"]),
    ("DELETE FROM message_steps WHERE message_id = 2", &["steps_no_delete"]),
    ("INSERT INTO recipients VALUES (2, 1, 3, 'guardian', 3, 3, 3)", &["recipients_at_submission"]),
    ("INSERT INTO recipients VALUES (2, 2, 3, 'guardian', 3, 3, 3)", &["recipients_at_submission"]),
    ("INSERT OR REPLACE INTO recipients VALUES (2, 1, 2, 'guardian', 1, 1, 4)", &["recipients_at_submission"]),
    ("INSERT INTO recipients VALUES (3, 1, 3, 'dog', 3, 3, 3)", &["recipients_kind"]),
    ("UPDATE recipients SET phone_id = 4 WHERE message_id = 2", &["recipients_no_update"]),
    ("DELETE FROM recipients WHERE message_id = 2", &["recipients_no_delete"]),
    // I1 c: a decision fits, and stays.
    ("INSERT INTO decisions VALUES (2, 1, 0, 3, 3, 'office_director', 'approve', 'other', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 0, 3, 3, 'office_director', 'perhaps', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 2, 3, 3, 'office_director', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 3, 4, 4, 'principal', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 1, 2, 2, 'grade_head', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (3, 1, 0, 3, 3, 'office_director', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 0, 2, 2, 'office_director', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 0, 2, 2, 'grade_head', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    // By an appointment that is another's, of another post, or of nobody.
    ("INSERT INTO decisions VALUES (2, 1, 0, 3, 4, 'office_director', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 0, 3, 3, 'principal', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 0, 3, 99, 'office_director', 'approve', 'd', '', 10, 'm')", &["decisions_fit"]),
    // Dated before the message was submitted.
    ("INSERT INTO decisions VALUES (2, 1, 0, 3, 3, 'office_director', 'approve', 'd', '', 0, 'm')", &["decisions_fit"]),
    ("UPDATE decisions SET verdict = 'return' WHERE message_id = 1", &["decisions_no_update"]),
    ("UPDATE decisions SET reason = 'x', at = 9 WHERE message_id = 1", &["decisions_no_update"]),
    ("DELETE FROM decisions WHERE message_id = 1", &["decisions_no_delete"]),
    (
        "INSERT OR REPLACE INTO decisions SELECT * FROM decisions WHERE message_id = 1 AND position = 1",
        &["decisions_fit"],
    ),
    // Registrations and filings are of a step of their kind, once it is approved.
    ("INSERT INTO registrations VALUES (2, 1, 2, 1970, '1', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')", &["registrations_fit"]),
    ("INSERT INTO registrations VALUES (4, 1, 3, 1970, '1', 'h', 'application/pdf', 1, '', '', 3, 3, 'd', 11, 'm')", &["registrations_fit"]),
    ("INSERT INTO registrations VALUES (4, 2, 2, 1970, '1', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')", &["registrations_fit"]),
    ("INSERT INTO registrations VALUES (4, 1, 2, 1970, NULL, 'h', 'application/pdf', 1, '', '', 3, 3, 'd', 11, 'm')", &["registrations_fit"]),
    ("INSERT OR REPLACE INTO registrations VALUES (1, 1, 2, 1970, '2', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')", &["registrations_fit"]),
    ("UPDATE registrations SET number = '2' WHERE message_id = 1", &["registrations_no_update"]),
    ("DELETE FROM registrations", &["registrations_no_delete"]),
    ("INSERT INTO filings VALUES (2, 1, 3, 1970, 3, 'd', 13, NULL, NULL, NULL)", &["filings_fit"]),
    ("INSERT INTO filings VALUES (4, 1, 2, 1970, 3, 'd', 13, NULL, NULL, NULL)", &["filings_fit"]),
    ("INSERT INTO filings VALUES (4, 1, 3, 1970, 3, 'd', 13, 3, 3, 14)", &["filings_fit"]),
    ("INSERT OR REPLACE INTO filings VALUES (1, 1, 3, 1970, 3, 'd', 13, NULL, NULL, NULL)", &["filings_fit"]),
    ("UPDATE filings SET no = 9 WHERE message_id = 1", &["filings_complete_once"]),
    ("UPDATE filings SET registered_by = 3, registered_as = 3, registered_at = 14, filed_at = 15 WHERE message_id = 1", &["filings_complete_once"]),
    (
        "UPDATE filings SET registered_by = 3, registered_as = 3, registered_at = 14 WHERE message_id = 1; UPDATE filings SET registered_at = 15 WHERE message_id = 1",
        &["filings_complete_once"],
    ),
    ("DELETE FROM filings", &["filings_no_delete"]),
];
