//! SMS that came back: kept once, beside the last message that went to their number. Who wants no more gets
//! no more, from this moment on.

use domain::audit::AuditAction;
use domain::provider::{ProviderKind, Reply, is_opt_out};
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Audit, Subject, audit_if, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// Replies of one post that are taken; each costs three statements, and a provider posts a few.
const REPLIES_MAX: usize = 300;
/// Characters of a reply that are kept: more than any carrier passes on.
const TEXT_MAX: usize = 500;

#[derive(Deserialize)]
struct PhoneRow {
    id: i64,
    lookup: String,
}

/// Keeps a reply: ?1 is its key, ?2 the phone, ?3 the text, ?4 whether it opts out, ?5 now. The last SMS to the phone is
/// looked for in the streams of those behind it.
const KEEP: &str = "INSERT INTO replies (key, phone_id, message_id, round, text, opts_out, at)
  SELECT ?1, ?2, l.last ->> 0, l.last ->> 1, ?3, ?4, ?5 FROM (SELECT (
    SELECT json_array(d.message_id, d.round) FROM (
      SELECT w.id FROM guardians g CROSS JOIN students s ON s.id = g.student_id CROSS JOIN streams w ON w.class_id = s.class_id
      WHERE g.phone_id = ?2
      UNION SELECT 1 FROM staff t WHERE t.phone_id = ?2) w
    CROSS JOIN message_streams q ON q.stream_id = w.id AND q.seq IS NOT NULL
    CROSS JOIN deliveries d ON d.message_id = q.message_id AND d.round = q.round AND d.phone_id = ?2
    CROSS JOIN rounds r ON r.message_id = q.message_id AND r.round = q.round
    WHERE d.state NOT IN ('queued', 'skipped', 'rejected') ORDER BY r.at DESC LIMIT 1) AS last) l";

/// Takes in what a provider posted. The same reply twice, one from a number that nobody here has: nothing happens.
///
/// # Errors
/// Where the database fails; taking them in again is safe.
pub async fn take_in(app: &App, kind: ProviderKind, replies: &[Reply]) -> Result<(), AppError> {
    let (keys, now) = (app.keys()?, app.now());
    let lookups: Vec<String> = replies.iter().map(|reply| keys.phone_lookup(&reply.phone)).collect();
    let phones: Vec<PhoneRow> = app
        .db
        .all(
            "SELECT p.id, p.lookup FROM json_each(?1) x CROSS JOIN phones p ON p.lookup = x.value",
            args![json::text(&lookups)?],
        )
        .await?;
    for (reply, lookup) in replies.iter().zip(&lookups).take(REPLIES_MAX) {
        let Some(phone) = phones.iter().find(|phone| phone.lookup == *lookup).map(|phone| phone.id) else {
            continue;
        };
        let named = format!("{}\n{}\n{}", kind.key(), reply.phone.digits(), reply.key);
        let key = keys.body_hash(named.as_bytes());
        let text: String = reply.text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect();
        let opts_out = is_opt_out(&text);
        let mut statements = vec![sql(KEEP, args![key.as_str(), phone, text, i64::from(opts_out), now])];
        if opts_out {
            // Only by a reply that is new: one told again does not undo what was agreed since.
            statements.push(sql(
                "UPDATE phones SET contact_state = 'opted_out', contact_why = 'reply', contact_at = ?2
                 WHERE id = ?1 AND contact_state <> 'opted_out'
                   AND EXISTS (SELECT 1 FROM replies r WHERE r.key = ?3 AND r.at = ?2)",
                args![phone, now, key],
            ));
            statements.push(audit_if(
                "changes() = 1",
                &Audit {
                    at: now,
                    actor: 0,
                    action: AuditAction::NumberMarked,
                    subject: Subject::Row("phone", phone),
                    detail: &json!({ "state": "opted_out", "by": "reply" }),
                },
            ));
        }
        app.db.run(statements).await?;
    }
    Ok(())
}
