//! A stand-in for the SMS services of Aliyun and Tencent Cloud.
//!
//! It speaks both wire protocols as their published descriptions and their
//! own SDKs do, checks every request as strictly as they say they do, keeps a
//! ledger of every SMS it ever took, and calls back with receipts and replies.
//! A script by seed makes it behave as badly as a real network can.
//!
//! It is the referee of our providers' code, so its reading of the protocols
//! is its own: it shares nothing with `domain`. The core has no clock and no
//! sockets; the binary puts it on loopback.

mod aliyun;
mod callback;
mod config;
mod http;
mod ledger;
mod limits;
mod script;
mod tencent;
mod text;

use serde_json::Value;

pub use callback::Callback;
pub use config::{Account, Config, Limits, Provider, Signature, State, Template, demo};
pub use http::{Reply, Request};
pub use ledger::{Entry, Fate};
pub use script::{Fault, Number, Receipts, Script};

use callback::Callbacks;
use http::{Answer, Call};
use ledger::Ledger;
use limits::Rates;

/// Both services.
pub struct Gateway {
    config: Config,
    script: Script,
    ledger: Ledger,
    rates: Rates,
    callbacks: Callbacks,
    nonces: limits::Nonces,
    /// Requests that are worked on long after whoever sent them gave up.
    late: Vec<(i64, Request)>,
    /// Numbers whose first call was lost, as the script has it.
    lost_once: std::collections::HashSet<String>,
    calls: u64,
}

impl Gateway {
    /// A fresh one: nothing taken, nothing to call back.
    pub fn new(config: Config, script: Script) -> Self {
        Self {
            config,
            script,
            ledger: Ledger::default(),
            rates: Rates::default(),
            callbacks: Callbacks::default(),
            nonces: limits::Nonces::default(),
            late: Vec::new(),
            lost_once: std::collections::HashSet::new(),
            calls: 0,
        }
    }

    /// Takes one request, and says after how many milliseconds what comes back.
    pub fn handle(&mut self, now_ms: i64, request: &Request) -> (i64, Reply) {
        self.work_late(now_ms);
        let call = Call::of(request);
        let delay = self.script.latency();
        let fault = self.fault(now_ms, &call, request);
        let reply = match fault {
            Fault::None => self.answer(now_ms, request).into(),
            Fault::Slow { ms } => return (delay + ms, self.answer(now_ms, request).into()),
            Fault::DropBefore => Reply::Dropped,
            Fault::DropAfter => {
                self.answer(now_ms, request);
                Reply::Dropped
            }
            Fault::HeldTaken => {
                self.answer(now_ms, request);
                Reply::Held
            }
            Fault::HeldAbsent => Reply::Held,
            Fault::HeldTakenLate { ms } => {
                self.late.push((now_ms + ms, request.clone()));
                Reply::Held
            }
            Fault::TooMany => call.too_many(self.calls),
            Fault::Unavailable { status } => {
                Reply::Answer { status, body: b"<html><body>Service Unavailable</body></html>".to_vec() }
            }
            Fault::Truncated => {
                let Answer { status, body } = self.answer(now_ms, request);
                let bytes = body.to_string().into_bytes();
                let cut = self.script.below(bytes.len());
                Reply::Answer { status, body: bytes[..cut].to_vec() }
            }
            Fault::Garbage => {
                let Answer { status, .. } = self.answer(now_ms, request);
                Reply::Answer { status, body: self.script.garbage() }
            }
            Fault::WrongCount => {
                let Answer { status, mut body } = self.answer(now_ms, request);
                call.miscount(&mut body, self.script.below(3));
                Reply::Answer { status, body: body.to_string().into_bytes() }
            }
        };
        (delay, reply)
    }

    /// The callbacks to POST now. Each comes again on the provider's schedule
    /// until [`Gateway::acknowledged`] was told of an answer that counts.
    pub fn due(&mut self, now_ms: i64) -> Vec<Callback> {
        self.work_late(now_ms);
        self.ledger.settle(now_ms);
        self.callbacks.due(now_ms, &self.config, &mut self.script)
    }

    /// What the other side answered to a callback.
    pub fn acknowledged(&mut self, id: u64, status: u16, body: &[u8]) {
        self.callbacks.acknowledged(id, status, body);
    }

    /// A parent answers by SMS: it goes to the account that last wrote to the
    /// number. `true` where there is one.
    pub fn reply(&mut self, now_ms: i64, phone: &str, text: &str) -> bool {
        let Some(entry) = self.ledger.last_to(phone) else { return false };
        self.callbacks.reply(now_ms, entry, text, &mut self.script);
        if matches!(text.trim(), "TD" | "T" | "退订") {
            let provider = entry.provider;
            self.config.accounts.iter_mut().filter(|a| a.provider == provider).for_each(|a| {
                a.opted_out.insert(phone.to_owned());
            });
        }
        true
    }

    /// Every SMS that it ever took, in the order in which it took them.
    pub fn ledger(&self) -> &[Entry] {
        &self.ledger.entries
    }

    /// Goes on where another ended: what that one took was taken. Its receipts
    /// are told again, since nobody knows which of them were heard.
    pub fn restore(&mut self, entries: Vec<Entry>) {
        for mut entry in entries {
            entry.fate = Fate::Waiting;
            self.calls += 1;
            self.enter(entry);
        }
    }

    /// The accounts, to change what the provider thinks of them half way.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// What goes wrong from here on.
    pub fn script_mut(&mut self) -> &mut Script {
        &mut self.script
    }

    /// When something is next due by itself, if ever.
    pub fn next_due(&self) -> Option<i64> {
        self.late.iter().map(|(at, _)| *at).chain(self.callbacks.next()).min()
    }

    fn answer(&mut self, now_ms: i64, request: &Request) -> Answer {
        self.calls += 1;
        self.ledger.settle(now_ms);
        match Call::of(request) {
            Call::Aliyun { .. } => aliyun::answer(self, now_ms, request),
            Call::Tencent { .. } => tencent::answer(self, now_ms, request),
            Call::Unknown => Answer { status: 404, body: Value::Null },
        }
    }

    /// Takes one SMS: it stands in the ledger from here on, whatever is answered.
    fn take(&mut self, entry: Entry) {
        if let Some(account) = self.config.accounts.iter_mut().find(|a| a.id == entry.account)
            && let Some(balance) = &mut account.balance
        {
            *balance = balance.saturating_sub(entry.parts as u64);
        }
        self.enter(entry);
    }

    fn enter(&mut self, mut entry: Entry) {
        let plan = self.script.plan(&entry);
        for (at, delivered) in &plan.told {
            self.callbacks.receipt(*at, &entry, *delivered);
        }
        if let Some(at) = plan.unknown {
            let mut stranger = entry.clone();
            stranger.id.push('9');
            stranger.reference.push('9');
            self.callbacks.receipt(at, &stranger, true);
        }
        entry.coming = plan.fate;
        self.ledger.take(entry);
    }

    /// Work that was held comes to be done.
    fn work_late(&mut self, now_ms: i64) {
        self.late.sort_by_key(|(at, _)| *at);
        while self.late.first().is_some_and(|(at, _)| *at <= now_ms) {
            let (at, request) = self.late.remove(0);
            self.answer(at, &request);
        }
    }

    fn fault(&mut self, now_ms: i64, call: &Call, request: &Request) -> Fault {
        if !call.submits() {
            return self.script.next(now_ms, false);
        }
        // What a number is told to do goes before chance.
        if self.script.numbers().is_empty() {
            return self.script.next(now_ms, true);
        }
        let text = format!("{} {}", request.path, String::from_utf8_lossy(&request.body));
        let text = percent_encoding::percent_decode_str(&text).decode_utf8_lossy();
        for (ending, number) in self.script.numbers().to_vec() {
            let fault = match number {
                Number::HeldTaken => Fault::HeldTaken,
                Number::HeldAbsentOnce => Fault::HeldAbsent,
                _ => continue,
            };
            let Some(phone) = text::numbers_in(&text).find(|n| n.ends_with(&ending)) else { continue };
            if fault == Fault::HeldTaken || self.lost_once.insert(phone) {
                return fault;
            }
        }
        self.script.next(now_ms, true)
    }
}
