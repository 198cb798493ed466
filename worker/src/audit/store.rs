//! All SQL of the audit log.

use domain::audit::{Entry, EntryView, GENESIS, Verdict, link};
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;

/// Entries sealed in one run: a class's sending writes a handful; the next
/// minute takes the rest.
const SEAL_MAX: usize = 500;
/// Entries of one round trip while verifying: some 2 MB at most.
const VERIFY_PAGE: usize = 5_000;

#[derive(Deserialize)]
struct ViewRow {
    // Spelled out: a flattened struct cannot read whole numbers from JavaScript's.
    seq: i64,
    at: Instant,
    actor: i64,
    action: String,
    subject: String,
    subject_id: i64,
    detail: String,
    actor_name: Option<String>,
    sealed: i64,
}

/// Entries before `before`, newest first.
///
/// # Errors
/// Where the database fails.
pub async fn page(app: &App, before: i64, most: usize) -> Result<Vec<EntryView>, AppError> {
    let rows: Vec<ViewRow> = app
        .db
        .all(
            "SELECT a.seq, a.at, a.actor, a.action, a.subject, a.subject_id, a.detail, t.name AS actor_name,
               EXISTS (SELECT 1 FROM audit_seals s WHERE s.seq = a.seq) AS sealed
             FROM audit a LEFT JOIN staff t ON t.id = a.actor
             WHERE a.seq < ?1 ORDER BY a.seq DESC LIMIT ?2",
            args![before, most],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|r| EntryView {
            entry: Entry {
                seq: r.seq,
                at: r.at,
                actor: r.actor,
                action: r.action,
                subject: r.subject,
                subject_id: r.subject_id,
                detail: r.detail,
            },
            actor_name: r.actor_name.unwrap_or_default(),
            sealed: r.sealed == 1,
        })
        .collect())
}

#[derive(Deserialize)]
struct SealedRow {
    seq: i64,
    hash: String,
    at: Option<Instant>,
    actor: Option<i64>,
    action: Option<String>,
    subject: Option<String>,
    subject_id: Option<i64>,
    detail: Option<String>,
}

impl SealedRow {
    fn entry(&self) -> Option<Entry> {
        Some(Entry {
            seq: self.seq,
            at: self.at?,
            actor: self.actor?,
            action: self.action.clone()?,
            subject: self.subject.clone()?,
            subject_id: self.subject_id?,
            detail: self.detail.clone()?,
        })
    }
}

/// Walks seals and entries from the first, in pages.
struct Walk {
    head: String,
    sealed: i64,
}

impl Walk {
    fn start() -> Self {
        Self { head: GENESIS.to_owned(), sealed: 0 }
    }

    /// Takes the next seal; names it where it does not fit.
    fn step(&mut self, row: &SealedRow) -> Result<(), Verdict> {
        let expected = self.sealed + 1;
        let hash = row.entry().filter(|_| row.seq == expected).map(|entry| link(&self.head, &entry));
        if hash.as_deref() != Some(row.hash.as_str()) {
            return Err(Verdict::Broken { seq: expected });
        }
        self.head.clone_from(&row.hash);
        self.sealed = expected;
        Ok(())
    }
}

/// Verifies every seal; one round trip for each 5,000 entries.
///
/// # Errors
/// Where the database fails.
pub async fn verify(app: &App) -> Result<Verdict, AppError> {
    let mut walk = Walk::start();
    loop {
        let rows: Vec<SealedRow> = app
            .db
            .all(
                "SELECT s.seq, s.hash, a.at, a.actor, a.action, a.subject, a.subject_id, a.detail
                 FROM audit_seals s LEFT JOIN audit a ON a.seq = s.seq
                 WHERE s.seq > ?1 ORDER BY s.seq LIMIT ?2",
                args![walk.sealed, VERIFY_PAGE],
            )
            .await?;
        for row in &rows {
            if let Err(broken) = walk.step(row) {
                return Ok(broken);
            }
        }
        if rows.len() < VERIFY_PAGE {
            return Ok(Verdict::Whole { sealed: walk.sealed, head: walk.head });
        }
    }
}

#[derive(Deserialize)]
struct Head {
    seq: i64,
    hash: String,
    sealed_at: Instant,
}

/// Seals what has been logged since the last run; an idle minute reads two rows.
///
/// # Errors
/// Where the database fails.
pub async fn seal(app: &App) -> Result<(), AppError> {
    let rows = app
        .db
        .run(vec![
            sql("SELECT seq, hash, sealed_at FROM audit_seals ORDER BY seq DESC LIMIT 1", &[]),
            sql(
                "SELECT seq, at, actor, action, subject, subject_id, detail FROM audit
                 WHERE seq > COALESCE((SELECT MAX(seq) FROM audit_seals), 0) ORDER BY seq LIMIT ?1",
                args![SEAL_MAX],
            ),
        ])
        .await?;
    let (head, entries) = (rows.at(0)?, rows.at(1)?);
    let Head { seq, hash, sealed_at } =
        head.first()?.unwrap_or(Head { seq: 0, hash: GENESIS.to_owned(), sealed_at: Instant(0) });
    let entries: Vec<Entry> = entries.all()?;
    if entries.is_empty() {
        return Ok(());
    }
    let chained = chain(&hash, &entries);
    let seals = json!(chained).to_string();
    // Where another run was quicker its seals stand, and these add nothing.
    app.db
        .run(vec![sql(
            "INSERT INTO audit_seals (seq, hash, sealed_at)
             SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1)
             WHERE COALESCE((SELECT MAX(seq) FROM audit_seals), 0) = ?3 ORDER BY key",
            args![seals, app.now(), seq],
        )])
        .await?;
    let now = app.now();
    match chained.last() {
        Some((seq, hash)) if sealed_at.date() != now.date() => keep_head(app, *seq, hash, now).await,
        _ => Ok(()),
    }
}

/// Keeps the day's first head apart from the database: who rewrites the log
/// and its seals would have to rewrite the archive too.
async fn keep_head(app: &App, seq: i64, hash: &str, now: Instant) -> Result<(), AppError> {
    let head = json!({ "seq": seq, "hash": hash, "at": now }).to_string();
    let name = format!("audit-heads/{}.json", now.date());
    app.host.store(crate::platform::host::ARCHIVE, &name, head.into_bytes()).await
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

    fn entry(seq: i64) -> Entry {
        Entry {
            seq,
            at: Instant(seq),
            actor: 1,
            action: "message.submitted".into(),
            subject: "message".into(),
            subject_id: 9,
            detail: "{}".into(),
        }
    }

    fn row(entry: &Entry, hash: &str) -> SealedRow {
        SealedRow {
            seq: entry.seq,
            hash: hash.to_owned(),
            at: Some(entry.at),
            actor: Some(entry.actor),
            action: Some(entry.action.clone()),
            subject: Some(entry.subject.clone()),
            subject_id: Some(entry.subject_id),
            detail: Some(entry.detail.clone()),
        }
    }

    #[test]
    fn i9_walking_in_pages_says_what_the_rule_says() {
        let entries: Vec<Entry> = (1..=5).map(entry).collect();
        let seals = chain(GENESIS, &entries);
        let walked = |rows: &[SealedRow]| {
            let mut walk = Walk::start();
            match rows.iter().try_for_each(|r| walk.step(r)) {
                Err(broken) => broken,
                Ok(()) => Verdict::Whole { sealed: walk.sealed, head: walk.head },
            }
        };
        let rows = || entries.iter().zip(&seals).map(|(e, (_, hash))| row(e, hash)).collect::<Vec<_>>();
        assert_eq!(walked(&rows()), domain::audit::verify(&entries, &seals));
        let mut edited = rows();
        edited[2].actor = Some(2);
        assert_eq!(walked(&edited), Verdict::Broken { seq: 3 });
        let mut removed = rows();
        removed[1].at = None;
        assert_eq!(walked(&removed), Verdict::Broken { seq: 2 });
        let mut gap = rows();
        gap.remove(3);
        assert_eq!(walked(&gap), Verdict::Broken { seq: 4 });
        // Sealing in two runs gives the chain of one.
        let later = chain(&seals[1].1, &entries[2..]);
        assert_eq!(later, seals[2..]);
    }
}
