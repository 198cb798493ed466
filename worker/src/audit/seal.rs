//! The sealer, each minute: chains what has been logged, and keeps the day's
//! first head apart from the database.

use domain::audit::{Entry, GENESIS, Head, link};
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::platform::host::ARCHIVE;
use crate::platform::json;
use crate::seals::{AuditHeadSeal, Seal};

/// Entries sealed in one run: a class's sending writes a handful; the next
/// minute takes the rest.
const SEAL_MAX: usize = 500;
/// Characters of their details: an import's entries are long.
const SEAL_CHARS_MAX: usize = 4_000_000;

/// Where the archive keeps the heads; behind it the day.
pub(super) const HEADS: &str = "audit-heads/";

/// The name of a day's head in the archive.
pub(super) fn head_name(day: &str) -> String {
    format!("{HEADS}{day}.json")
}

/// The day of a name in the archive.
pub(super) fn day_of(name: &str) -> Option<&str> {
    name.strip_prefix(HEADS)?.strip_suffix(".json")
}

#[derive(Deserialize)]
struct LastSeal {
    seq: i64,
    hash: String,
}

/// Seals what has been logged since the last run, and keeps the day's head while it is missing. An
/// idle minute reads three rows.
///
/// # Errors
/// Where the database fails, or the archive: the next minute tries again.
pub async fn seal(app: &App) -> Result<(), AppError> {
    let now = app.now();
    let day = now.date();
    let rows = app
        .db
        .run(vec![
            sql("SELECT seq, hash FROM audit_seals ORDER BY seq DESC LIMIT 1", &[]),
            sql(
                "SELECT seq, at, actor, action, subject, subject_id, detail
                 FROM (SELECT *, SUM(length(detail)) OVER (ORDER BY seq) AS chars FROM audit
                       WHERE seq > COALESCE((SELECT MAX(seq) FROM audit_seals), 0) ORDER BY seq LIMIT ?1)
                 WHERE chars <= ?2",
                args![SEAL_MAX, SEAL_CHARS_MAX],
            ),
            sql("SELECT day FROM audit_heads WHERE day = ?1", args![day.as_str()]),
        ])
        .await?;
    let (last, entries, stands) = (rows.at(0)?, rows.at(1)?, rows.at(2)?);
    let mut last = last.first()?.unwrap_or(LastSeal { seq: 0, hash: GENESIS.to_owned() });
    let entries: Vec<Entry> = entries.all()?;
    if !entries.is_empty() {
        let chained = chain(&last.hash, &entries);
        // Where another run was quicker its seals stand, and these add nothing.
        app.db
            .run(vec![sql(
                "INSERT INTO audit_seals (seq, hash, sealed_at)
                 SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1)
                 WHERE COALESCE((SELECT MAX(seq) FROM audit_seals), 0) = ?3 ORDER BY key",
                args![json!(chained).to_string(), now, last.seq],
            )])
            .await?;
        if let Some((seq, hash)) = chained.last() {
            last = LastSeal { seq: *seq, hash: hash.clone() };
        }
    }
    let stands = stands.first::<serde_json::Value>()?.is_some();
    if last.seq == 0 || stands { Ok(()) } else { keep_head(app, day, last, now).await }
}

/// Keeps the day's first head apart from the database: who rewrites the log
/// and its seals would have to rewrite the archive too, and cannot seal a head.
/// One that stands is left as it is.
async fn keep_head(app: &App, day: String, last: LastSeal, now: Instant) -> Result<(), AppError> {
    let LastSeal { seq, hash } = last;
    let mac = AuditHeadSeal { day: &day, seq, hash: &hash }.mac(app.keys()?);
    let name = head_name(&day);
    let head = Head { day, seq, hash, at: now, mac };
    app.host.store_new(ARCHIVE, &name, json::text(&head)?.into_bytes()).await?;
    app.db.run(vec![sql("INSERT OR IGNORE INTO audit_heads (day) VALUES (?1)", args![head.day])]).await?;
    Ok(())
}

fn chain(head: &str, entries: &[Entry]) -> Vec<(i64, String)> {
    let mut head = head.to_owned();
    entries
        .iter()
        .map(|entry| {
            head = link(&head, entry);
            (entry.seq, head.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealing_in_two_runs_gives_the_chain_of_one() {
        let entry = |seq| Entry {
            seq,
            at: Instant(seq),
            actor: 1,
            action: "message.submitted".into(),
            subject: "message".into(),
            subject_id: 9,
            detail: "{}".into(),
        };
        let entries: Vec<Entry> = (1..=5).map(entry).collect();
        let seals = chain(GENESIS, &entries);
        assert_eq!(chain(&seals[1].1, &entries[2..]), seals[2..]);
    }

    #[test]
    fn a_head_is_found_by_its_day() {
        assert_eq!(day_of(&head_name("2026-09-01")), Some("2026-09-01"));
        assert_eq!(day_of("other/2026-09-01.json"), None);
    }
}
