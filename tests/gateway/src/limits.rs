//! Rates per second, and nonces that were used.

use std::collections::HashMap;

/// How often each action was called in the second that runs.
#[derive(Default)]
pub(crate) struct Rates {
    counts: HashMap<String, (i64, u32)>,
}

impl Rates {
    /// `false` where this call is one too many.
    pub fn count(&mut self, what: &str, now_ms: i64, most: u32) -> bool {
        let second = now_ms.div_euclid(1000);
        let (at, count) = self.counts.entry(what.to_owned()).or_default();
        if *at != second {
            (*at, *count) = (second, 0);
        }
        *count += 1;
        *count <= most
    }
}

/// Nonces, as long as their request's time would still be accepted.
#[derive(Default)]
pub(crate) struct Nonces {
    seen: HashMap<String, i64>,
}

impl Nonces {
    /// `false` where the nonce was used before.
    pub fn fresh(&mut self, nonce: &str, now_ms: i64) -> bool {
        if self.seen.len() > 10_000 {
            self.seen.retain(|_, until| *until > now_ms);
        }
        let used = self.seen.get(nonce).is_some_and(|until| *until > now_ms);
        self.seen.insert(nonce.to_owned(), now_ms + 2 * 15 * 60_000);
        !used
    }
}
