//! The guarded batch (I14), and the audit entry that stands in it (I9).

use std::borrow::Cow;

use domain::audit::AuditAction;
use domain::time::Instant;

use super::db::{Db, Rows, Stmt, sql, sql_with};
use super::value::Value;
use crate::platform::error::AppError;

/// A decisive batch: commits whole, or not at all (I14).
pub struct Guarded<'a> {
    db: &'a Db,
    statements: Vec<Stmt>,
    guarded: bool,
    telling: Option<(Instant, i64)>,
}

/// What an earlier batch put down and did not tell is nobody's here: it is told apart before anything else.
const STRAY: &str = "UPDATE changes SET stray = 1 WHERE stray = 0";
/// Takes what this batch's statements put down in `changes` into the log, by kind, at most 1,000
/// rows in an entry and each row once in it, behind the entry of the action (?1 when, ?2 who).
const TELL: &str = "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail)
     SELECT (SELECT MAX(seq) FROM audit) + ROW_NUMBER() OVER (ORDER BY g.kind, g.nth, g.piece), ?1, ?2, 'record.changed', 'audit',
       (SELECT MAX(seq) FROM audit), json_object('kind', g.kind, 'rows', json(g.rows))
     FROM (SELECT kind, nth, (place - 1) / 1000 AS piece, json_group_object(CAST(row_id AS TEXT), json(change)) AS rows
           FROM (SELECT kind, row_id, change, nth, ROW_NUMBER() OVER (PARTITION BY kind, nth ORDER BY id) AS place
                 FROM (SELECT id, kind, row_id, change, ROW_NUMBER() OVER (PARTITION BY kind, row_id ORDER BY id) AS nth
                       FROM changes WHERE stray = 0))
           GROUP BY kind, nth, piece) g ORDER BY 1";

/// Whom an audit entry is about.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// A row that exists.
    Row(&'static str, i64),
    /// The newest message: the one that this batch inserts.
    NewestMessage,
}

/// An entry for the audit log (I9), written in the batch that it tells of.
pub struct Audit<'a> {
    /// When.
    pub at: Instant,
    /// Staff id, or 0 for the system.
    pub actor: i64,
    /// What was done.
    pub action: AuditAction,
    /// About what.
    pub subject: Subject,
    /// Facts without personal values.
    pub detail: &'a serde_json::Value,
}

impl Db {
    /// Starts a guarded batch.
    pub fn guarded(&self) -> Guarded<'_> {
        Guarded { db: self, statements: Vec::new(), guarded: false, telling: None }
    }
}

impl Guarded<'_> {
    /// Adds a statement.
    #[must_use]
    pub fn then(mut self, text: impl Into<Cow<'static, str>>, values: &[Value]) -> Self {
        self.statements.push(sql(text, values));
        self
    }

    /// Adds a statement that must change exactly one row; else the batch is
    /// undone and ends in [`AppError::Lost`].
    #[must_use]
    pub fn must(mut self, text: impl Into<Cow<'static, str>>, values: &[Value]) -> Self {
        self.statements.push(sql(text, values));
        self.statements.push(sql("INSERT INTO guard (ok) SELECT changes()", &[]));
        self.guarded = true;
        self
    }

    /// Asks that `condition` (SQL of ours that gives 1 or 0) holds at this place of the batch; else it is
    /// undone and ends in [`AppError::Lost`].
    #[must_use]
    pub fn require(mut self, condition: &str, values: &[Value]) -> Self {
        self.statements.push(sql(format!("INSERT INTO guard (ok) SELECT {condition}"), values));
        self.guarded = true;
        self
    }

    /// Adds an audit entry. Where its action can change rights, roll, numbers, procedures or settings, the
    /// batch ends by telling, in the same name, what was before and what is after.
    #[must_use]
    pub fn audit(mut self, entry: &Audit<'_>) -> Self {
        if entry.action.changes_the_school() {
            self.telling = Some((entry.at, entry.actor));
        }
        self.statements.push(audit_if("1", entry));
        self
    }

    /// Adds statements, and what the caller is shown in the same round trip.
    #[must_use]
    pub fn append(mut self, statements: impl IntoIterator<Item = Stmt>) -> Self {
        self.statements.extend(statements);
        self
    }

    /// How many statements it holds: the place of the next one's answer.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Commits.
    ///
    /// # Errors
    /// [`AppError::Lost`] where a guard failed; nothing was changed then.
    pub async fn commit(mut self) -> Result<Vec<Rows>, AppError> {
        if self.guarded {
            self.statements.push(sql("DELETE FROM guard", &[]));
        }
        let Some((at, actor)) = self.telling else { return self.db.run(self.statements).await };
        self.statements.insert(0, sql(STRAY, &[]));
        self.statements.push(sql(TELL, crate::args![at, actor]));
        self.statements.push(sql("DELETE FROM changes WHERE stray = 0", &[]));
        let mut rows = self.db.run(self.statements).await?;
        // Callers count the answers from their own first statement.
        rows.remove(0);
        Ok(rows)
    }
}

/// An audit entry that is written only where `condition` (SQL of ours) holds, for
/// changes that are conditional themselves: `changes() = 1`.
pub fn audit_if(condition: &'static str, entry: &Audit<'_>) -> Stmt {
    let (kind, id, expression) = match entry.subject {
        Subject::Row(kind, id) => (kind, id, "?4"),
        Subject::NewestMessage => ("message", 0, "(SELECT MAX(id) FROM messages) + ?4"),
    };
    sql_with(
        format!(
            "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail)
             SELECT COALESCE((SELECT MAX(seq) FROM audit), 0) + 1, ?1, ?2, ?3, ?5, {expression}, ?6 WHERE {condition}"
        ),
        crate::args![entry.at, entry.actor, entry.action.key(), id, kind, entry.detail.to_string()].to_vec(),
    )
}
