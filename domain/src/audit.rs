//! The audit log (I9): who did what, when, to what; chained so that a change
//! of any entry shows.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::time::Instant;

/// One entry, as it is stored and as it is chained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3, … without a gap.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// Staff id, or 0 for the system itself.
    pub actor: i64,
    /// `message.submitted`, `roster.applied`, ….
    pub action: String,
    /// `message`, `import`, `staff`, ….
    pub subject: String,
    /// Which one.
    pub subject_id: i64,
    /// Facts as JSON; ids and counts, no personal values.
    pub detail: String,
}

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of an entry behind `previous`.
pub fn link(previous: &str, entry: &Entry) -> String {
    Digest::of(&(previous, entry)).to_hex()
}

/// What verifying the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Every sealed entry is as it was sealed.
    Whole {
        /// Sealed entries.
        sealed: i64,
        /// Hash of the last one.
        head: String,
    },
    /// The first entry that is not as it was sealed, or is missing.
    Broken {
        /// Its number.
        seq: i64,
    },
}

/// Checks entries against their seals, both in order of `seq` from 1.
pub fn verify(entries: &[Entry], seals: &[(i64, String)]) -> Verdict {
    let mut head = GENESIS.to_owned();
    for (place, (seq, hash)) in seals.iter().enumerate() {
        let expected = place as i64 + 1;
        let sound = *seq == expected
            && entries.get(place).is_some_and(|e| e.seq == expected && link(&head, e) == *hash);
        if !sound {
            return Verdict::Broken { seq: expected };
        }
        head.clone_from(hash);
    }
    Verdict::Whole { sealed: seals.len() as i64, head }
}

/// An entry in `GET /api/audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryView {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// Name of the actor, empty for the system.
    pub actor_name: String,
    /// Whether the sealer has chained it.
    pub sealed: bool,
}

/// `GET /api/audit?before=<seq>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Newest first, at most 100.
    pub entries: Vec<EntryView>,
    /// Whether older ones follow.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(n: i64) -> (Vec<Entry>, Vec<(i64, String)>) {
        let entries: Vec<Entry> = (1..=n)
            .map(|seq| Entry {
                seq,
                at: Instant(seq * 1000),
                actor: 7,
                action: "message.submitted".into(),
                subject: "message".into(),
                subject_id: seq,
                detail: "{}".into(),
            })
            .collect();
        let mut head = GENESIS.to_owned();
        let seals = entries
            .iter()
            .map(|e| {
                head = link(&head, e);
                (e.seq, head.clone())
            })
            .collect();
        (entries, seals)
    }

    #[test]
    fn i9_every_kind_of_tampering_is_named() {
        let (entries, seals) = log(9);
        assert!(matches!(verify(&entries, &seals), Verdict::Whole { sealed: 9, .. }));
        for at in 0..9 {
            let seq = at as i64 + 1;
            let mut edited = entries.clone();
            edited[at].actor = 8;
            assert_eq!(verify(&edited, &seals), Verdict::Broken { seq });
            let mut removed = entries.clone();
            removed.remove(at);
            assert_eq!(verify(&removed, &seals), Verdict::Broken { seq });
            let mut unsealed = seals.clone();
            unsealed.remove(at);
            if at < 8 {
                assert_eq!(verify(&entries, &unsealed), Verdict::Broken { seq });
            }
        }
        let mut swapped = entries.clone();
        swapped.swap(2, 3);
        assert_eq!(verify(&swapped, &seals), Verdict::Broken { seq: 3 });
    }

    #[test]
    fn chain_format_unchanged() {
        let (_, seals) = log(1);
        assert_eq!(seals[0].1, "845d41316861f0e3acc5b2556fddf9a5769a508db3c3c2fdae5baf0dd9c42598");
    }
}
