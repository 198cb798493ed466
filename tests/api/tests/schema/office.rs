//! What is handed in to the office, against raw SQL.

use crate::refused::Refused;

/// What may not happen to a request, or to the message that it became.
pub const OFFICE: &[Refused] = &[
    // Handed in by somebody else than the holder of the post, in words agreed already, taken up at birth.
    (
        "INSERT INTO office_requests (requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (3, 4, '题', '文', '全校', '', 1, '题', '文')",
        &["office_requests_born"],
    ),
    (
        "INSERT INTO office_requests (requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (4, 4, '题', '文', '全校', '', 1, '题', '别的')",
        &["office_requests_born"],
    ),
    // What was handed in stays, and so does its end.
    (
        "INSERT INTO office_requests (id, requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (1, 4, 4, '题', '文', '全校', '', 1, '题', '文');
         UPDATE office_requests SET body = '别的'",
        &["office_requests_fixed"],
    ),
    (
        "INSERT INTO office_requests (id, requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (1, 4, 4, '题', '文', '全校', '', 1, '题', '文');
         UPDATE office_requests SET withdrawn_at = 2; UPDATE office_requests SET withdrawn_at = NULL",
        &["office_requests_fixed"],
    ),
    // Words that nobody was asked about.
    (
        "INSERT INTO office_requests (id, requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (1, 4, 4, '题', '文', '全校', '', 1, '题', '文');
         UPDATE office_requests SET agreed_body = '别的'",
        &["office_requests_fixed"],
    ),
    // A message that is not of the office's post: 1 drafts as head of a grade.
    (
        "INSERT INTO office_requests (id, requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (1, 4, 4, '题', '文', '全校', '', 1, '题', '文');
         UPDATE office_requests SET taken_at = 2, officer_id = 1, message_id = 1",
        &["office_requests_fixed"],
    ),
    (
        "INSERT INTO office_requests (id, requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (1, 4, 4, '题', '文', '全校', '', 1, '题', '文');
         DELETE FROM office_requests",
        &["office_requests_no_delete"],
    ),
    // Words that who asked did not agree to, submitted.
    (
        "INSERT INTO office_requests (id, requester_id, appointment_id, title, body, whom, note, at, agreed_title, agreed_body)
         VALUES (1, 4, 4, '题', '文', '全校', '', 1, '题', '文');
         INSERT INTO messages (id, author_id, appointment_id, capacity_unit_id, audience_unit_id, sender_title, audience,
           audience_zh, audience_en, category, title, body, template, template_version, signature, created_at, changed_at)
         VALUES (9, 3, 3, 1, 1, '校办室', '{}', '家长', 'parents', 'daily', '题', '别的话', 'n', 1, '示范中学', 1, 1);
         UPDATE office_requests SET taken_at = 2, officer_id = 3, message_id = 9;
         INSERT INTO message_versions SELECT id, 1, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 9;
         INSERT INTO register_counters VALUES (2026, 1, 0); UPDATE register_counters SET last_no = 1 WHERE unit_id = 1;
         UPDATE messages SET state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1, submitted_at = 1,
           registered_at = 1, register_year = 2026, register_unit = 1, register_no = 1 WHERE id = 9",
        &["messages_as_requested"],
    ),
];
