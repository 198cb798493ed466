//! Receipts and replies on their way to the customer's address.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::{Config, Provider};
use crate::ledger::Entry;
use crate::script::Script;
use crate::text;

/// Minutes after which a callback comes again that was not acknowledged.
/// Aliyun publishes them (SmsReport and SmsUp, HTTP batch push); Tencent
/// Cloud publishes none and is taken to do the same.
const AGAIN_MINUTES: [i64; 3] = [1, 5, 10];
/// Receipts in one callback at most.
const RECEIPTS_MAX: usize = 100;

/// A POST to the customer's address, with JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// For [`crate::Gateway::acknowledged`].
    pub id: u64,
    /// Whose it is.
    pub provider: Provider,
    /// `/hooks/{provider}/{secret}/report` or `…/reply`.
    pub path: String,
    /// The JSON.
    pub body: Vec<u8>,
}

/// What there is to tell.
struct News {
    provider: Provider,
    receipt: bool,
    body: Value,
}

/// What was told and not acknowledged.
struct Open {
    callback: Callback,
    told: usize,
    next: i64,
}

#[derive(Default)]
pub(crate) struct Callbacks {
    news: BTreeMap<(i64, u64), News>,
    open: BTreeMap<u64, Open>,
    count: u64,
}

impl Callbacks {
    /// A receipt of an SMS that was taken.
    pub fn receipt(&mut self, at: i64, entry: &Entry, delivered: bool) {
        let code = entry.failed.as_deref().unwrap_or("UNDELIV");
        let sent = text::stamp(entry.at);
        let reported = text::stamp(at);
        let body = match entry.provider {
            Provider::Aliyun => json!({
                "phone_number": entry.phone, "send_time": sent, "report_time": reported, "success": delivered,
                "err_code": if delivered { "DELIVERED" } else { code },
                "err_msg": if delivered { "用户接收成功" } else { "用户接收失败" },
                "sms_size": entry.parts.to_string(), "biz_id": entry.id, "out_id": entry.reference,
            }),
            Provider::Tencent => json!({
                "user_receive_time": reported, "nationcode": "86", "mobile": entry.phone,
                "report_status": if delivered { "SUCCESS" } else { "FAIL" },
                "errmsg": if delivered { "DELIVRD" } else { code },
                "description": if delivered { "用户短信送达成功" } else { "用户短信接收失败" },
                "sid": entry.id,
            }),
        };
        self.add(at, News { provider: entry.provider, receipt: true, body });
    }

    /// What a parent wrote, `entry` being the last that went to the phone.
    pub fn reply(&mut self, at: i64, entry: &Entry, words: &str, script: &mut Script) {
        let body = match entry.provider {
            Provider::Aliyun => json!({
                "phone_number": entry.phone, "send_time": text::stamp(at), "content": words,
                "sign_name": entry.signature, "dest_code": format!("10690000{}", entry.extend),
                "sequence_id": format!("{}{:06}", self.count + 1, script.below(1_000_000)),
            }),
            Provider::Tencent => json!({
                "extend": entry.extend, "mobile": entry.phone, "nationcode": "86", "sign": entry.signature,
                "text": words, "time": at.div_euclid(1000),
            }),
        };
        self.add(at, News { provider: entry.provider, receipt: false, body });
    }

    fn add(&mut self, at: i64, news: News) {
        self.count += 1;
        self.news.insert((at, self.count), news);
    }

    pub fn next(&self) -> Option<i64> {
        let news = self.news.keys().next().map(|(at, _)| *at);
        news.into_iter().chain(self.open.values().map(|open| open.next)).min()
    }

    pub fn due(&mut self, now_ms: i64, config: &Config, script: &mut Script) -> Vec<Callback> {
        let later = self.news.split_off(&(now_ms + 1, 0));
        let ready: Vec<News> = std::mem::replace(&mut self.news, later).into_values().collect();
        for provider in [Provider::Aliyun, Provider::Tencent] {
            for receipt in [true, false] {
                let of = |news: &&News| news.provider == provider && news.receipt == receipt;
                let mut all: Vec<Value> = ready.iter().filter(of).map(|news| news.body.clone()).collect();
                let word = if receipt { "report" } else { "reply" };
                let path = format!("/hooks/{}/{}/{word}", provider.key(), config.hook_secret);
                while !all.is_empty() {
                    // How many come together is chance.
                    let most = all.len().min(RECEIPTS_MAX);
                    let some: Vec<Value> = all.drain(..1 + script.below(most)).collect();
                    // Tencent tells of a reply by an object, of everything else by a list.
                    if provider == Provider::Tencent && !receipt {
                        some.into_iter().for_each(|one| self.open(now_ms, provider, &path, &one));
                    } else {
                        self.open(now_ms, provider, &path, &Value::Array(some));
                    }
                }
            }
        }
        let mut due = Vec::new();
        self.open.retain(|_, open| {
            if open.next > now_ms {
                return true;
            }
            due.push(open.callback.clone());
            open.next = now_ms + AGAIN_MINUTES.get(open.told).copied().unwrap_or_default() * 60_000;
            open.told += 1;
            open.told <= AGAIN_MINUTES.len()
        });
        due
    }

    fn open(&mut self, now_ms: i64, provider: Provider, path: &str, body: &Value) {
        self.count += 1;
        let id = self.count;
        let callback = Callback { id, provider, path: path.to_owned(), body: body.to_string().into_bytes() };
        self.open.insert(id, Open { callback, told: 0, next: now_ms });
    }

    pub fn acknowledged(&mut self, id: u64, status: u16, body: &[u8]) {
        let Some(open) = self.open.get(&id) else { return };
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let counts = match open.callback.provider {
            // Only that there is a code is looked at.
            Provider::Aliyun => answer["code"].is_number(),
            Provider::Tencent => answer["result"].as_i64() == Some(0),
        };
        if status == 200 && counts {
            self.open.remove(&id);
        }
    }
}
