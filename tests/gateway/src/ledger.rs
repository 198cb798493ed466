//! What was taken. It is the truth that everything else is held against.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::config::Provider;

/// What has become of an SMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum Fate {
    /// The carrier has not said.
    Waiting,
    /// On the phone.
    Delivered {
        /// When.
        at: i64,
    },
    /// It will never be.
    Undelivered {
        /// When the carrier said so.
        at: i64,
        /// In its words.
        code: String,
    },
}

/// One SMS that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// By whom.
    pub provider: Provider,
    /// From which account.
    pub account: String,
    /// `BizId` or `SerialNo`.
    pub id: String,
    /// Eleven digits.
    pub phone: String,
    /// `OutId` or `SessionContext`, as it was given.
    pub reference: String,
    /// The extension of the sender's number.
    pub extend: String,
    /// The signature.
    pub signature: String,
    /// The template's id.
    pub template: String,
    /// The whole text, with its signature.
    pub text: String,
    /// SMS charged.
    pub parts: usize,
    /// When it was taken, in milliseconds.
    pub at: i64,
    /// What has become of it.
    pub fate: Fate,
    /// Why it cannot arrive, where that was plain when it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// What will become of it and when.
    #[serde(skip)]
    pub(crate) coming: Option<Fate>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Ledger {
    pub entries: Vec<Entry>,
    by_phone: HashMap<(Provider, String), Vec<usize>>,
    coming: BTreeSet<(i64, usize)>,
    extensions: HashMap<(Provider, String), String>,
}

impl Ledger {
    pub fn take(&mut self, entry: Entry) {
        let place = self.entries.len();
        if !entry.extend.is_empty() {
            self.extensions.insert((entry.provider, entry.extend.clone()), entry.signature.clone());
        }
        self.by_phone.entry((entry.provider, entry.phone.clone())).or_default().push(place);
        if let Some(Fate::Delivered { at } | Fate::Undelivered { at, .. }) = &entry.coming {
            self.coming.insert((*at, place));
        }
        self.entries.push(entry);
    }

    /// What one provider took for one number.
    pub fn of(&self, provider: Provider, phone: &str) -> impl DoubleEndedIterator<Item = &Entry> {
        let places = self.by_phone.get(&(provider, phone.to_owned())).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.entries.get(*place))
    }

    /// The signature with which an extension was last used.
    pub fn signature_of(&self, provider: Provider, extend: &str) -> Option<&String> {
        self.extensions.get(&(provider, extend.to_owned()))
    }

    pub fn last_to(&self, phone: &str) -> Option<&Entry> {
        let last = |provider| self.of(provider, phone).next_back();
        [last(Provider::Aliyun), last(Provider::Tencent)].into_iter().flatten().max_by_key(|entry| entry.at)
    }

    /// What was to come by now has come.
    pub fn settle(&mut self, now_ms: i64) {
        while let Some((at, place)) = self.coming.first().copied()
            && at <= now_ms
        {
            self.coming.pop_first();
            if let Some(entry) = self.entries.get_mut(place)
                && let Some(fate) = entry.coming.take()
            {
                entry.fate = fate;
            }
        }
    }
}
