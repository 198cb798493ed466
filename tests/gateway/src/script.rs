//! What goes wrong, decided by a seed or told outright.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use fastrand::Rng;
use serde::Deserialize;

use crate::ledger::{Entry, Fate};

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "does")]
pub enum Fault {
    /// Nothing.
    None,
    /// The answer is true and slow.
    Slow {
        /// By how much.
        ms: i64,
    },
    /// The connection closes before the request is read.
    DropBefore,
    /// The request is worked on, and the connection closes before the answer.
    DropAfter,
    /// The request is worked on, and no answer ever comes.
    HeldTaken,
    /// The request is lost, and no answer ever comes.
    HeldAbsent,
    /// No answer ever comes; the request is worked on when nobody waits any more.
    HeldTakenLate {
        /// After how long.
        ms: i64,
    },
    /// 429 in the provider's words; nothing is worked on.
    TooMany,
    /// A proxy's error page; nothing is worked on.
    Unavailable {
        /// 500, 502, 503, 504.
        status: u16,
    },
    /// Worked on; the answer breaks off.
    Truncated,
    /// Worked on; the answer is rubbish.
    Garbage,
    /// Worked on; the answer speaks of more or fewer SMS than there were.
    WrongCount,
}

/// What one number does, told by its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "does")]
pub enum Number {
    /// No such number: refused when it is submitted.
    Refused,
    /// Taken, then reported undelivered.
    Undelivered,
    /// Taken, and no receipt ever.
    NoReceipt,
    /// The receipt is late.
    Late {
        /// By how much.
        ms: i64,
    },
    /// Its call is worked on and never answered.
    HeldTaken,
    /// Its first call is lost and never answered.
    HeldAbsentOnce,
}

/// How receipts behave; the chances are in a thousand.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Receipts {
    /// The earliest and the latest that the carrier says something.
    pub after_ms: (i64, i64),
    /// The phone is off.
    pub undelivered: u32,
    /// It arrives and nobody says so.
    pub lost: u32,
    /// The same once more.
    pub doubled: u32,
    /// An hour later, or a day.
    pub late: u32,
    /// Another receipt that says the opposite.
    pub reversed: u32,
    /// A receipt of an SMS that nobody ever sent.
    pub unknown: u32,
    /// How long Aliyun's records do not show what was taken, in milliseconds.
    pub visible_after_ms: i64,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            after_ms: (300, 300),
            undelivered: 0,
            lost: 0,
            doubled: 0,
            late: 0,
            reversed: 0,
            unknown: 0,
            visible_after_ms: 0,
        }
    }
}

/// What becomes of an SMS, and the receipts that tell of it.
pub(crate) struct Plan {
    /// The truth.
    pub fate: Option<Fate>,
    /// What is told, and when.
    pub told: Vec<(i64, bool)>,
    /// When a receipt comes of an SMS that was never sent.
    pub unknown: Option<i64>,
}

/// The chances of one seed.
#[derive(Clone, Debug, Default)]
struct Odds {
    faults: Vec<(Fault, u32)>,
    storm: u32,
}

/// What goes wrong, from here to the end.
#[derive(Clone, Debug)]
pub struct Script {
    seed: u64,
    rng: Rng,
    odds: Odds,
    receipts: Receipts,
    latency_ms: (i64, i64),
    numbers: Vec<(String, Number)>,
    submits: VecDeque<Fault>,
    questions: VecDeque<Fault>,
    storm: Option<(i64, Fault)>,
}

impl Script {
    /// Nothing goes wrong, and each SMS is reported delivered after 300 ms.
    pub fn honest() -> Self {
        Self {
            seed: 0,
            rng: Rng::with_seed(0),
            odds: Odds::default(),
            receipts: Receipts::default(),
            latency_ms: (0, 0),
            numbers: Vec::new(),
            submits: VecDeque::new(),
            questions: VecDeque::new(),
            storm: None,
        }
    }

    /// A bad day: what goes wrong and how often is drawn from the seed, too,
    /// so that some days are calm and some have one fault again and again.
    pub fn seeded(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut draw = |most: u32| if rng.bool() { 0 } else { rng.u32(0..=most) };
        let faults = vec![
            (Fault::Slow { ms: 4_000 }, draw(100)),
            (Fault::DropBefore, draw(60)),
            (Fault::DropAfter, draw(60)),
            (Fault::HeldTaken, draw(60)),
            (Fault::HeldAbsent, draw(60)),
            (Fault::HeldTakenLate { ms: 15_000 }, draw(60)),
            (Fault::Truncated, draw(40)),
            (Fault::Garbage, draw(40)),
            (Fault::WrongCount, draw(40)),
        ];
        let odds = Odds { faults, storm: draw(20) };
        let receipts = Receipts {
            after_ms: (100, 20_000),
            undelivered: draw(100),
            lost: draw(100),
            doubled: draw(300),
            late: draw(100),
            reversed: draw(100),
            unknown: draw(100),
            visible_after_ms: i64::from(draw(60_000)),
        };
        Self { seed, rng, odds, receipts, latency_ms: (5, 200), ..Self::honest() }
    }

    /// How long each answer takes.
    pub fn with_latency(mut self, from_ms: i64, to_ms: i64) -> Self {
        self.latency_ms = (from_ms, to_ms.max(from_ms));
        self
    }

    /// How receipts behave.
    pub fn with_receipts(mut self, receipts: Receipts) -> Self {
        self.receipts = receipts;
        self
    }

    /// What numbers with this ending do.
    pub fn with_number(mut self, ending: &str, number: Number) -> Self {
        self.numbers.push((ending.to_owned(), number));
        self
    }

    /// What happens to the next calls that submit; behind them chance goes on.
    pub fn next_submits(&mut self, faults: &[Fault]) {
        self.submits.extend(faults);
    }

    /// What happens to the next questions.
    pub fn next_questions(&mut self, faults: &[Fault]) {
        self.questions.extend(faults);
    }

    /// Every call fails like this until then.
    pub fn storm(&mut self, until_ms: i64, fault: Fault) {
        self.storm = Some((until_ms, fault));
    }

    pub(crate) fn numbers(&self) -> &[(String, Number)] {
        &self.numbers
    }

    pub(crate) fn visible_after(&self) -> i64 {
        self.receipts.visible_after_ms
    }

    pub(crate) fn number(&self, phone: &str) -> Option<Number> {
        self.numbers.iter().find(|(ending, _)| phone.ends_with(ending)).map(|(_, number)| *number)
    }

    pub(crate) fn latency(&mut self) -> i64 {
        self.rng.i64(self.latency_ms.0..=self.latency_ms.1)
    }

    /// A number from nothing up to, not including, `most`.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.rng.usize(0..most.max(1))
    }

    /// Bytes that are no answer.
    pub(crate) fn garbage(&mut self) -> Vec<u8> {
        match self.below(5) {
            0 => Vec::new(),
            1 => b"<html><body><h1>502 Bad Gateway</h1></body></html>".to_vec(),
            2 => b"{\"Response\":null}".to_vec(),
            3 => b"{\"Code\":0,\"Message\":[]}".to_vec(),
            _ => (0..self.below(200)).map(|_| self.rng.u8(..)).collect(),
        }
    }

    pub(crate) fn next(&mut self, now_ms: i64, submits: bool) -> Fault {
        let told = if submits { self.submits.pop_front() } else { self.questions.pop_front() };
        if let Some(fault) = told {
            return fault;
        }
        match self.storm {
            Some((until, fault)) if now_ms < until => return fault,
            _ => self.storm = None,
        }
        if chance(&mut self.rng, self.odds.storm) {
            let fault = match self.below(4) {
                0 => Fault::TooMany,
                1 => Fault::Unavailable { status: 500 },
                2 => Fault::Unavailable { status: 502 },
                _ => Fault::Unavailable { status: 503 },
            };
            self.storm = Some((now_ms + self.rng.i64(1_000..=60_000), fault));
            return fault;
        }
        for i in 0..self.odds.faults.len() {
            let (fault, odds) = self.odds.faults[i];
            if chance(&mut self.rng, odds) {
                return match fault {
                    Fault::Slow { ms } => Fault::Slow { ms: self.rng.i64(0..=ms) },
                    Fault::HeldTakenLate { ms } => Fault::HeldTakenLate { ms: self.rng.i64(0..=ms) },
                    fault => fault,
                };
            }
        }
        Fault::None
    }

    /// What becomes of an SMS, and what is told of it: the same whenever it
    /// is asked, so that a gateway that was killed goes on as it had begun.
    pub(crate) fn plan(&self, entry: &Entry) -> Plan {
        let receipts = &self.receipts;
        let mut hash = DefaultHasher::new();
        (self.seed, &entry.id, &entry.phone).hash(&mut hash);
        let mut rng = Rng::with_seed(hash.finish());
        let number = self.number(&entry.phone);
        let mut at = entry.at + rng.i64(receipts.after_ms.0..=receipts.after_ms.1.max(receipts.after_ms.0));
        if let Some(Number::Late { ms }) = number {
            at += ms;
        } else if chance(&mut rng, receipts.late) {
            at += rng.i64(60_000..=26 * 3_600_000);
        }
        let off = number == Some(Number::Undelivered) || chance(&mut rng, receipts.undelivered);
        let code = entry.failed.as_deref().or(off.then_some("UNDELIV"));
        let delivered = code.is_none();
        let fate = match code {
            Some(code) => Fate::Undelivered { at, code: code.to_owned() },
            None => Fate::Delivered { at },
        };
        let mut told = Vec::new();
        if number != Some(Number::NoReceipt) && !chance(&mut rng, receipts.lost) {
            told.push((at, delivered));
            if chance(&mut rng, receipts.doubled) {
                told.push((at + rng.i64(0..=120_000), delivered));
            }
            if chance(&mut rng, receipts.reversed) {
                let other = if rng.bool() { at } else { entry.at };
                told.push((other + rng.i64(0..=120_000), !delivered));
            }
        }
        let unknown = chance(&mut rng, receipts.unknown).then_some(at);
        let fate = (number != Some(Number::NoReceipt)).then_some(fate);
        Plan { fate, told, unknown }
    }
}

fn chance(rng: &mut Rng, of_a_thousand: u32) -> bool {
    of_a_thousand > 0 && rng.u32(0..1000) < of_a_thousand
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_day() {
        let day = |seed| {
            let mut script = Script::seeded(seed);
            (0..500).map(|i| script.next(i * 1000, i % 3 == 0)).collect::<Vec<_>>()
        };
        assert_eq!(day(7), day(7));
        assert_ne!(day(7), day(8));
    }

    #[test]
    fn every_fault_comes_up_some_day() {
        let seen: std::collections::HashSet<std::mem::Discriminant<Fault>> = (0..200)
            .flat_map(|seed| {
                let mut script = Script::seeded(seed);
                (0..100).map(move |i| std::mem::discriminant(&script.next(i * 1000, true)))
            })
            .collect();
        assert_eq!(seen.len(), 12);
    }
}
