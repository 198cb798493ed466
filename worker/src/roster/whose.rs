//! Whose a phone is now: asked at release, again before each call, and when a
//! link is opened. Each expression is SQL of ours; its words are keys of
//! `domain::delivery::Reason`.

/// Why nothing may go to the phone of this alias at all; NULL where it may.
pub fn barred(phone: &str) -> String {
    format!(
        "CASE WHEN {phone}.revoked_at IS NOT NULL THEN 'number_revoked'
              WHEN {phone}.contact_state = 'opted_out' THEN 'opted_out'
              WHEN {phone}.contact_state = 'invalid' THEN 'number_invalid' END"
    )
}

/// Whether it is open that a phone is this person's.
pub fn disputed(phone: &str, kind: &str, person: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM disputes dq WHERE dq.phone_id = {phone} AND dq.kind = {kind} AND dq.person = {person}
                 AND dq.settled_at IS NULL)"
    )
}

/// Whether an SMS may still go to a phone for an entry `[kind, person, student, …]` of
/// `deliveries.recipients`: `here`, or why not.
fn to_send(entry: &str, phone: &str) -> String {
    let disputed = disputed(phone, &format!("{entry} ->> 0"), &format!("{entry} ->> 1"));
    format!(
        "CASE WHEN {disputed} THEN 'not_theirs'
              WHEN {entry} ->> 0 = 'guardian' THEN COALESCE((
                SELECT CASE WHEN wg.left_at IS NOT NULL OR ws.left_at IS NOT NULL THEN 'left'
                            WHEN wg.phone_id <> {phone} THEN 'number_changed' ELSE 'here' END
                FROM guardians wg CROSS JOIN students ws ON ws.id = wg.student_id WHERE wg.id = {entry} ->> 1), 'left')
              WHEN {entry} ->> 0 = 'staff' THEN COALESCE((
                SELECT CASE WHEN wt.left_at IS NOT NULL THEN 'left' WHEN wt.phone_id IS NOT {phone} THEN 'number_changed'
                            ELSE 'here' END
                FROM staff wt WHERE wt.id = {entry} ->> 1), 'left')
              ELSE COALESCE((SELECT CASE WHEN ws.left_at IS NOT NULL THEN 'left' ELSE 'here' END
                FROM students ws WHERE ws.id = {entry} ->> 1), 'left') END"
    )
}

/// Whether a link belongs, for an entry, to whoever has the phone. It does also where the child has
/// left since: what a family was told stays theirs to read. (A student's number is the frozen one.)
pub fn theirs(entry: &str, phone: &str) -> String {
    let disputed = disputed(phone, &format!("{entry} ->> 0"), &format!("{entry} ->> 1"));
    format!(
        "CASE {entry} ->> 0
           WHEN 'guardian' THEN EXISTS (SELECT 1 FROM guardians wg WHERE wg.id = {entry} ->> 1 AND wg.phone_id = {phone} AND wg.left_at IS NULL)
           WHEN 'staff' THEN EXISTS (SELECT 1 FROM staff wt WHERE wt.id = {entry} ->> 1 AND wt.phone_id = {phone} AND wt.left_at IS NULL)
           ELSE 1 END AND NOT {disputed}"
    )
}

/// Why a delivery of the alias `delivery` may not go to its phone of the alias `phone` any more; NULL
/// where anybody behind it is still reached there.
pub fn held_back(delivery: &str, phone: &str) -> String {
    let (barred, standing) = (barred(phone), to_send("we.value", &format!("{phone}.id")));
    format!(
        "COALESCE({barred}, (SELECT CASE WHEN MAX(ws.standing = 'here') THEN NULL ELSE MIN(ws.standing) END
           FROM (SELECT {standing} AS standing FROM json_each({delivery}.recipients) we) ws))"
    )
}
