//! Failures of links, by address. A link that is there always opens: only what
//! leads nowhere counts, so that a school behind one address is spared
//! whatever somebody else behind it does, and the limit is high enough for a
//! school whose old links have all ended.
//!
//! Kept in the isolate's memory and nowhere else. A forged token is refused by
//! its signature alone, without the database; a row written for each would
//! turn a cheap refusal into the very load that the limit is for.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::time::{Instant, MINUTE};

/// Failures of one address in one minute.
const FAILURES_MAX: u32 = 300;
/// Addresses that are remembered at a time: some 100 KB.
const ADDRESSES_MAX: usize = 2_000;

thread_local! {
    static FAILURES: RefCell<Failures> = RefCell::default();
}

/// The failures of this minute.
#[derive(Default)]
struct Failures {
    minute: i64,
    by_address: HashMap<String, u32>,
}

impl Failures {
    fn count(&mut self, address: &str, now: Instant) -> bool {
        let minute = now.0.div_euclid(MINUTE);
        if minute != self.minute {
            *self = Self { minute, by_address: HashMap::new() };
        }
        // So many addresses in one minute are an attack from everywhere: forgetting them is cheaper than it.
        if self.by_address.len() >= ADDRESSES_MAX && !self.by_address.contains_key(address) {
            self.by_address.clear();
        }
        let failures = self.by_address.entry(address.to_owned()).or_default();
        *failures = failures.saturating_add(1);
        *failures <= FAILURES_MAX
    }
}

/// Counts a failure of an address that is known.
///
/// # Errors
/// In how many seconds again, where it has had too many.
pub fn count_failure(address: &str, now: Instant) -> Result<(), i64> {
    if address.is_empty() {
        return Ok(());
    }
    let fits = FAILURES.with_borrow_mut(|failures| failures.count(address, now));
    if fits { Ok(()) } else { Err((MINUTE - now.0.rem_euclid(MINUTE)).div_euclid(1_000) + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_failures_in_a_minute() {
        let mut failures = Failures::default();
        let now = Instant(10 * MINUTE);
        assert!((0..FAILURES_MAX).all(|_| failures.count("a", now)));
        assert!(!failures.count("a", now));
        assert!(failures.count("b", now), "another address has its own");
        assert!(failures.count("a", now.plus(MINUTE)), "the next minute is another one");
    }

    #[test]
    fn memory_is_bounded() {
        let mut failures = Failures::default();
        for n in 0..10 * ADDRESSES_MAX {
            failures.count(&n.to_string(), Instant(0));
            assert!(failures.by_address.len() <= ADDRESSES_MAX);
        }
    }
}
