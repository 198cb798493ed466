//! How often somebody may try to sign in (G51), so that guessing is slow and
//! nobody can shut another one out.
//!
//! There are two lanes. A browser in which this very account was opened before
//! has one of its own, which nobody else can fill. All others share the second:
//! tries are counted by account and address together, so that wrong passwords
//! typed elsewhere cost the owner nothing. Where an account, an address or the
//! whole deployment is under attack, who comes new waits a turn of some
//! seconds, for which only the own tries count; it is never closed.

use crate::time::{Instant, MINUTE, SECOND};

/// Failed tries before the next one has to wait.
const FREE_FAILURES: u32 = 4;
/// Longest wait in a lane that nobody else can fill.
const OWN_LANE_MAX: i64 = 15 * MINUTE;
/// Longest wait of an account at an address: the owner may share the address with whoever guesses.
const PAIR_MAX: i64 = MINUTE;
/// The turn of who comes new while somebody is attacking.
pub const TURN: i64 = 15 * SECOND;
/// While everything is under attack an address gets a try at this interval.
const BUSY: i64 = 30 * SECOND;

/// A count of failed tries that runs down with time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// So many are nothing unusual.
    pub calm: u32,
    /// So long after it a try is forgotten.
    pub leak: i64,
    /// More than so many are not remembered, so that an attack that ended is soon forgotten.
    pub most: u32,
}

/// Of one account, from browsers that are not known.
pub const ACCOUNT: Bucket = Bucket { calm: 20, leak: MINUTE, most: 40 };
/// Of one address, all accounts together: a whole school may sign in through one.
pub const ADDRESS: Bucket = Bucket { calm: 300, leak: 5 * SECOND, most: 600 };
/// Of the whole deployment: what hashing costs.
pub const ALL: Bucket = Bucket { calm: 600, leak: SECOND, most: 1_200 };

/// Tries as they are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// How many, when the last one was counted.
    pub level: f64,
    /// When that was.
    pub last_at: Instant,
}

impl Bucket {
    /// What is left of a count.
    pub fn level(self, count: Option<Count>, now: Instant) -> f64 {
        count.map_or(0.0, |c| (c.level - (now.0 - c.last_at.0) as f64 / self.leak as f64).max(0.0))
    }

    fn is_calm(self, count: Option<Count>, now: Instant) -> bool {
        self.level(count, now) < f64::from(self.calm)
    }
}

/// How long after its last failure the next try must wait, in a lane that is the account's own.
pub fn throttle(failures: u32) -> i64 {
    growing(failures, OWN_LANE_MAX)
}

fn growing(failures: u32, most: i64) -> i64 {
    match failures.checked_sub(FREE_FAILURES) {
        None | Some(0) => 0,
        Some(over) => (SECOND << over.min(20)).min(most),
    }
}

/// The tries that count for somebody whose browser is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tries {
    /// Of this account at this address; a turn that is waited for is one with no failure yet.
    pub pair: Option<Count>,
    /// Of the account.
    pub account: Option<Count>,
    /// Of the address.
    pub address: Option<Count>,
    /// Of all.
    pub all: Option<Count>,
}

/// Whether a try may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// At once.
    Now,
    /// After so many milliseconds; what is waited for begins now and is written down.
    Begins(i64),
    /// After so many milliseconds of a wait that began earlier.
    Waits(i64),
}

impl Tries {
    /// Whether nobody is attacking the account, the address, or everything.
    pub fn is_calm(&self, now: Instant) -> bool {
        ACCOUNT.is_calm(self.account, now) && ADDRESS.is_calm(self.address, now) && ALL.is_calm(self.all, now)
    }

    /// Whether a try may be made now.
    pub fn turn(&self, now: Instant) -> Turn {
        let calm = self.is_calm(now);
        let Some(pair) = self.pair else { return if calm { Turn::Now } else { Turn::Begins(TURN) } };
        let own = growing(pair.level.max(0.0) as u32, PAIR_MAX).max(if calm { 0 } else { TURN });
        let mut ends = pair.last_at.plus(own);
        if let Some(address) = self.address.filter(|_| !ALL.is_calm(self.all, now)) {
            ends = ends.max(address.last_at.plus(BUSY));
        }
        if ends <= now { Turn::Now } else { Turn::Waits(ends.0 - now.0) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Instant = Instant(1_000 * MINUTE);

    fn count(level: u32, ago: i64) -> Option<Count> {
        Some(Count { level: level.into(), last_at: NOW.plus(-ago) })
    }

    #[test]
    fn waiting_grows_and_is_bounded() {
        let waits: Vec<i64> = (0..20).map(|n| throttle(n) / SECOND).collect();
        assert_eq!(waits[..9], [0, 0, 0, 0, 0, 2, 4, 8, 16]);
        assert!(waits.is_sorted());
        assert_eq!(throttle(u32::MAX), 15 * MINUTE);
        assert_eq!(growing(u32::MAX, PAIR_MAX), MINUTE);
    }

    #[test]
    fn wrong_passwords_typed_elsewhere_cost_the_owner_a_turn_at_most() {
        let calm = Tries { account: count(19, 0), address: count(299, 0), all: count(599, 0), pair: None };
        assert_eq!(calm.turn(NOW), Turn::Now);
        for attacked in [
            Tries { account: count(40, 0), ..Tries::default() },
            Tries { address: count(600, 0), ..Tries::default() },
            Tries { all: count(1_200, 0), ..Tries::default() },
        ] {
            assert_eq!(attacked.turn(NOW), Turn::Begins(TURN), "{attacked:?}");
            let waiting = Tries { pair: count(0, TURN - 1), ..attacked };
            assert_eq!(waiting.turn(NOW), Turn::Waits(1), "{waiting:?}");
            let waited =
                Tries { pair: count(0, TURN), address: attacked.address.and(count(600, BUSY)), ..attacked };
            assert_eq!(waited.turn(NOW), Turn::Now, "{waited:?}");
        }
    }

    #[test]
    fn an_attack_that_ended_is_forgotten_within_the_hour() {
        for bucket in [ACCOUNT, ADDRESS, ALL] {
            assert!(bucket.is_calm(count(bucket.most, 30 * MINUTE), NOW), "{bucket:?}");
            assert!(!bucket.is_calm(count(bucket.most, 0), NOW));
        }
    }

    #[test]
    fn under_a_general_attack_an_address_gets_its_interval() {
        let tries =
            Tries { pair: count(0, TURN), address: count(9, BUSY - 1), all: count(1_000, 0), account: None };
        assert_eq!(tries.turn(NOW), Turn::Waits(1));
    }

    proptest! {
        /// Whatever others have typed, the wait is never longer than a minute and grows by nothing but own tries.
        #[test]
        fn no_wait_is_longer_than_a_minute(
            pair in proptest::option::of((0u32..2_000, 0i64..HOURS)),
            account in 0u32..2_000, address in 0u32..2_000, all in 0u32..2_000,
        ) {
            let tries = Tries {
                pair: pair.and_then(|(n, ago)| count(n, ago)),
                account: count(account, 0), address: count(address, 0), all: count(all, 0),
            };
            let wait = match tries.turn(NOW) {
                Turn::Now => 0,
                Turn::Begins(ms) | Turn::Waits(ms) => ms,
            };
            prop_assert!((0..=MINUTE).contains(&wait));
            let quiet = Tries { account: count(account + 1, 0), ..tries };
            prop_assert!(pair.is_none() || !matches!(quiet.turn(NOW), Turn::Begins(_)));
        }
    }

    const HOURS: i64 = 120 * MINUTE;
}
