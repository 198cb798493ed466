//! A provider that fails call after call is left alone for a while, longer each time: a breaker, kept in the
//! database since isolates come and go. While it is open nothing is claimed; the first claim after that is a trial, and
//! the trigger `batches_probe` keeps all others back until its call is over.

use domain::provider::{Action, NO_TEMPLATE, ProviderKind};
use domain::time::{Instant, MINUTE, SECOND};

use super::provider::{CallResult, Outcome};
use crate::args;
use crate::platform::d1::{Stmt, sql};

/// Calls in a row that fail before a provider is left alone.
pub const FAILURES: u32 = 5;
/// How long it is left alone first; each further failure doubles that.
const OPEN: i64 = 30 * SECOND;
/// And no longer than this.
const OPEN_MAX: i64 = 10 * MINUTE;

/// What a call says of the provider: a code for the office, and whether somebody has to mend the account.
fn trouble(provider: &str, result: &CallResult) -> Option<(String, bool)> {
    let CallResult::Parts(parts) = result else { return Some(("no_answer".to_owned(), false)) };
    let failed = parts.iter().find(|p| matches!(p.outcome, Outcome::Unknown | Outcome::Later))?;
    let code = failed.code.clone().unwrap_or_else(|| "no_answer".to_owned());
    let protocol = ProviderKind::from_key(provider).and_then(ProviderKind::protocol);
    let account = failed.outcome == Outcome::Later
        && (code == NO_TEMPLATE || protocol.is_some_and(|p| p.cause(&code).action() == Action::Account));
    Some((code, account))
}

/// What is written down of the provider after a call: nothing where it is well and was well before.
pub fn after(provider: &str, result: &CallResult, ailing: bool, now: Instant) -> Option<Stmt> {
    let Some((code, account)) = trouble(provider, result) else {
        return ailing.then(|| {
            sql(
                "UPDATE provider_health SET failures = 0, open_until = 0, code = NULL, at = ?2 WHERE provider = ?1",
                args![provider, now],
            )
        });
    };
    // Where the account has to be mended, further calls say the same.
    let weight = if account { FAILURES } else { 1 };
    Some(sql(
        format!(
            "INSERT INTO provider_health (provider, failures, open_until, code, at)
             VALUES (?1, ?2, CASE WHEN ?2 >= {FAILURES} THEN ?4 + {OPEN} ELSE 0 END, ?3, ?4)
             ON CONFLICT (provider) DO UPDATE SET failures = failures + ?2, code = ?3, at = ?4,
               open_until = CASE WHEN failures + ?2 >= {FAILURES}
                 THEN ?4 + MIN({OPEN_MAX}, {OPEN} << MIN(failures + ?2 - {FAILURES}, 8)) ELSE open_until END"
        ),
        args![provider, weight, code, now],
    ))
}
