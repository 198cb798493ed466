//! Counts tries before they are made (the rule is `domain::account::signin`'s),
//! so that tries at the same moment cannot all slip past.

use std::net::IpAddr;

use domain::account::signin::{ACCOUNT, ADDRESS, ALL, Bucket, Count, Tries, Turn, throttle};
use domain::ids::StaffId;
use domain::time::{DAY, Instant, SECOND};
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;

/// After so long without a try one starts from nothing.
const MEMORY: i64 = DAY;
/// Failures behind which the waiting grows no more.
const WAITS: u32 = 16;
/// Wrong codes of slips from one address.
const CODES: Bucket = Bucket { calm: 60, leak: 5 * SECOND, most: 120 };
/// The key of the count of all.
const EVERYTHING: &str = "all";

/// The count of one key.
#[derive(Clone, Debug, Deserialize)]
pub struct CountRow {
    key: String,
    failures: f64,
    last_at: Instant,
}

/// After how many milliseconds to come again, as the answer says it.
fn throttled(ms: i64) -> AppError {
    AppError::Throttled((ms + SECOND - 1).div_euclid(SECOND).max(1))
}

/// A network that one person may have at home: all of an IPv6 /64 is one.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => format!("{:x?}", &v6.segments()[..4]),
        },
        _ => address.to_owned(),
    }
}

/// The keys of a try in a browser that is not known.
#[derive(Clone, Debug)]
pub struct Keyed {
    address: String,
    pair_of: String,
    nobody: String,
}

impl Keyed {
    /// For an address, and a login that may name nobody: then it is counted as written.
    pub fn of(keys: &Keys, address: &str, login: &str) -> Self {
        let network = keys.index("signin-address", &network(address));
        Self {
            pair_of: format!("pair:{network}:"),
            address: format!("address:{network}"),
            nobody: format!("login:{}", keys.index("signin-login", login)),
        }
    }

    fn who(&self, id: Option<StaffId>) -> String {
        id.map_or_else(|| self.nobody.clone(), |id| format!("staff:{id}"))
    }

    fn pair(&self, id: Option<StaffId>) -> String {
        self.pair_of.clone() + &self.who(id)
    }

    fn account(&self, id: Option<StaffId>) -> String {
        format!("account:{}", self.who(id))
    }

    /// Reads all counts of a try; `found` (SQL of ours over ?1 to ?4) gives the ids that the login may mean.
    pub fn read_sql(&self, found: &str, login: [Option<&str>; 4]) -> Stmt {
        let [typed, upper, lower, phone] = login;
        sql(
            format!(
                "WITH found AS ({found}), who AS (SELECT CASE WHEN (SELECT COUNT(*) FROM found) = 1
                   THEN 'staff:' || (SELECT id FROM found) ELSE ?5 END AS who)
                 SELECT key, failures, last_at FROM signin_failures
                 WHERE key IN ('{EVERYTHING}', ?6, ?7 || (SELECT who FROM who), 'account:' || (SELECT who FROM who))"
            ),
            args![typed, upper, lower, phone, self.nobody.as_str(), self.address.as_str(), self.pair_of.as_str()],
        )
    }

    /// Counts a try, or refuses it.
    ///
    /// # Errors
    /// [`AppError::Throttled`].
    pub async fn count(
        &self,
        app: &App,
        id: Option<StaffId>,
        counts: &[CountRow],
        now: Instant,
    ) -> Result<(), AppError> {
        let (pair, account) = (self.pair(id), self.account(id));
        let of = |key: &str| {
            let row = counts.iter().find(|c| c.key == key);
            row.map(|c| Count { level: c.failures, last_at: c.last_at })
        };
        let before = of(&pair);
        let tries = Tries {
            pair: before.filter(|c| c.last_at.plus(MEMORY) > now),
            account: of(&account),
            address: of(&self.address),
            all: of(EVERYTHING),
        };
        match tries.turn(now) {
            Turn::Waits(ms) => return Err(throttled(ms)),
            Turn::Begins(ms) => {
                // While they go on asking, it goes on being an attack.
                let more = fill(&account, ACCOUNT, now);
                let begin = sql(
                    "INSERT INTO signin_failures (key, failures, last_at) VALUES (?1, 0, ?2)
                     ON CONFLICT (key) DO UPDATE SET failures = 0, last_at = excluded.last_at WHERE last_at <= ?3",
                    args![pair, now, now.plus(-MEMORY)],
                );
                app.db.run(vec![begin, more]).await?;
                return Err(throttled(ms));
            }
            Turn::Now => {}
        }
        let buckets = [(account.as_str(), ACCOUNT), (self.address.as_str(), ADDRESS), (EVERYTHING, ALL)];
        let failures = tries.pair.map_or(0.0, |c| c.level) as i64 + 1;
        let mut batch = app.db.guarded().must(
            // Nobody else at this address has tried this account since it was looked at.
            "INSERT INTO signin_failures (key, failures, last_at) SELECT ?1, ?2, ?3
             WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM signin_failures WHERE key = ?1)
             ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at
             WHERE last_at = ?4 AND failures = ?5",
            args![pair, failures, now, before.map(|c| c.last_at), before.map(|c| c.level as i64)],
        );
        if tries.pair.is_none() {
            for (key, bucket) in buckets {
                batch = batch.require(
                    "(SELECT COUNT(*) = 0 FROM signin_failures
                      WHERE key = ?1 AND failures - (?2 - last_at) / CAST(?3 AS REAL) >= ?4)",
                    args![key, now, bucket.leak, bucket.calm],
                );
            }
        }
        let batch = batch.append(buckets.map(|(key, bucket)| fill(key, bucket, now)));
        match batch.commit().await {
            Err(AppError::Lost) => Err(throttled(SECOND)),
            other => other.map(|_| ()),
        }
    }

    /// Takes a try that succeeded off again. The account and the address keep all others: one right password does not
    /// wash a guesser clean.
    pub fn forgive<'a>(&self, batch: Guarded<'a>, id: StaffId) -> Guarded<'a> {
        let id = Some(id);
        let keys = json!([self.account(id), self.address, EVERYTHING]).to_string();
        batch.then("DELETE FROM signin_failures WHERE key = ?1", args![self.pair(id)]).then(
            "UPDATE signin_failures SET failures = MAX(0, failures - 1) WHERE key IN (SELECT value FROM json_each(?1))",
            args![keys],
        )
    }
}

/// One more in a bucket.
fn fill(key: &str, bucket: Bucket, now: Instant) -> Stmt {
    sql(
        "INSERT INTO signin_failures (key, failures, last_at) VALUES (?1, 1, ?2)
         ON CONFLICT (key) DO UPDATE SET last_at = MAX(last_at, excluded.last_at),
           failures = MIN(?4, MAX(0, failures - (excluded.last_at - last_at) / CAST(?3 AS REAL)) + 1)",
        args![key, now, bucket.leak, bucket.most],
    )
}

/// A lane that nobody but the account's owner fills: a known browser, somebody who is signed in.
#[derive(Clone, Debug)]
pub struct OwnLane(String);

impl OwnLane {
    /// Of a browser that is known to an account, by the random part of its mark.
    pub fn of_browser(keys: &Keys, nonce: &str, id: StaffId) -> Self {
        Self(format!("browser:{}", keys.index("signin-browser", &format!("{nonce}:{id}"))))
    }

    /// Of somebody who is signed in and asked for the password again.
    pub fn of_session(id: StaffId) -> Self {
        Self(format!("again:{id}"))
    }

    /// Counts a try where one may be made; two statements, read by [`OwnLane::counted`].
    pub fn count_sql(&self, now: Instant) -> [Stmt; 2] {
        // The waits for 0, 1, 2, … failures, for the database to look up: the rule itself stays in `domain`.
        let waits = json!((0..=WAITS).map(throttle).collect::<Vec<_>>()).to_string();
        [
            sql("SELECT key, failures, last_at FROM signin_failures WHERE key = ?1", args![self.0.as_str()]),
            sql(
                "INSERT INTO signin_failures (key, failures, last_at) SELECT ?1, 1, ?2
                 WHERE NOT EXISTS (
                   SELECT 1 FROM signin_failures f WHERE f.key = ?1
                     AND f.last_at + json_extract(?3, '$[' || MIN(CAST(f.failures AS INTEGER), json_array_length(?3) - 1) || ']') > ?2)
                 ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at,
                   failures = 1 + CASE WHEN last_at < ?2 - ?4 THEN 0 ELSE failures END
                 RETURNING key, failures, last_at",
                args![self.0.as_str(), now, waits, MEMORY],
            ),
        ]
    }

    /// Whether the try was counted and may be made.
    ///
    /// # Errors
    /// [`AppError::Throttled`].
    pub fn counted(rows: &[Rows], now: Instant) -> Result<(), AppError> {
        if rows.at(1)?.first::<CountRow>()?.is_some() {
            return Ok(());
        }
        let before = rows.at(0)?.first::<CountRow>()?;
        let ends = before.map(|c| c.last_at.plus(throttle(c.failures as u32)));
        Err(throttled(ends.map_or(SECOND, |end| end.0 - now.0)))
    }

    /// Takes back one that was counted and not made.
    pub fn take_back<'a>(&self, batch: Guarded<'a>) -> Guarded<'a> {
        batch.then(
            "UPDATE signin_failures SET failures = MAX(0, failures - 1) WHERE key = ?1",
            args![self.0.as_str()],
        )
    }

    /// Forgets the failures.
    pub fn forgive<'a>(&self, batch: Guarded<'a>) -> Guarded<'a> {
        batch.then("DELETE FROM signin_failures WHERE key = ?1", args![self.0.as_str()])
    }
}

/// The codes of slips that an address tries.
#[derive(Clone, Debug)]
pub struct CodeTries(String);

impl CodeTries {
    /// Of an address.
    pub fn of(keys: &Keys, address: &str) -> Self {
        Self(format!("codes:{}", keys.index("signin-address", &network(address))))
    }

    /// Counts a try before the code is looked up; gives a row where it may be made.
    pub fn count_sql(&self, now: Instant) -> Stmt {
        sql(
            "INSERT INTO signin_failures (key, failures, last_at) SELECT ?1, 1, ?2
             WHERE NOT EXISTS (SELECT 1 FROM signin_failures WHERE key = ?1
               AND failures - (?2 - last_at) / CAST(?3 AS REAL) >= ?4)
             ON CONFLICT (key) DO UPDATE SET last_at = MAX(last_at, excluded.last_at),
               failures = MIN(?5, MAX(0, failures - (excluded.last_at - last_at) / CAST(?3 AS REAL)) + 1)
             RETURNING key, failures, last_at",
            args![self.0.as_str(), now, CODES.leak, CODES.calm, CODES.most],
        )
    }

    /// Whether the try may be made.
    ///
    /// # Errors
    /// [`AppError::Throttled`].
    pub fn counted(row: &Rows) -> Result<(), AppError> {
        row.first::<CountRow>()?.map(|_| ()).ok_or_else(|| throttled(CODES.leak))
    }

    /// Takes the try off again where the code was good: `found` is SQL of ours over ?2 and ?3.
    pub fn forgive_sql(&self, found: &str, code_index: &str, now: Instant) -> Stmt {
        sql(
            format!(
                "UPDATE signin_failures SET failures = MAX(0, failures - 1) WHERE key = ?1 AND EXISTS ({found})"
            ),
            args![self.0.as_str(), code_index, now],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_the_end_of_the_table_no_wait_grows() {
        assert_eq!(throttle(WAITS), throttle(u32::MAX));
    }

    #[test]
    fn one_home_is_one_network() {
        assert_eq!(network("2001:db8:1:2:aaaa::1"), network("2001:db8:1:2:bbbb::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }
}
