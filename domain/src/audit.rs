//! The audit log (I9): who did what, when, to what; chained so that a change
//! of any entry shows.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::keys::keyed;
use crate::time::Instant;
use crate::words::Words;

keyed! {
    /// Every action that is logged.
    pub enum AuditAction {
        /// The first setup of a deployment.
        SchoolOpened = "school.opened",
        /// All sending is stopped.
        SchoolStopped = "school.stopped",
        /// Sending goes on after a stop.
        SchoolResumed = "school.resumed",
        /// A roster file was applied.
        RosterApplied = "roster.applied",
        /// Activation slips were issued.
        AccountSlipsIssued = "account.slips_issued",
        /// An owner chose a password.
        AccountActivated = "account.activated",
        /// Someone signed in.
        SessionOpened = "session.opened",
        /// A draft was saved for the first time.
        MessageDrafted = "message.drafted",
        /// A draft was saved again.
        MessageChanged = "message.changed",
        /// A draft was submitted for approval.
        MessageSubmitted = "message.submitted",
        /// A step was approved or returned.
        MessageDecided = "message.decided",
        /// Its drafter took it back.
        MessageWithdrawn = "message.withdrawn",
        /// Cancelled after approval, before its time.
        MessageCancelled = "message.cancelled",
        /// Its time fell outside the sending hours.
        MessagePutOff = "message.put_off",
        /// Its time was too long past; it is not sent.
        MessageTooOld = "message.too_old",
        /// Its deliveries were made.
        MessageReleased = "message.released",
        /// Sending is held.
        MessagePaused = "message.paused",
        /// Sending goes on after a pause.
        MessageResumed = "message.resumed",
        /// It is settled in every stream.
        MessageSent = "message.sent",
        /// The system ended deliveries before their call.
        DeliveryStopped = "delivery.stopped",
    }
}

impl AuditAction {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::SchoolOpened => Words::fixed("建立学校", "Set up the school"),
            Self::SchoolStopped => Words::fixed("停止全部发送", "Stopped all sending"),
            Self::SchoolResumed => Words::fixed("恢复发送", "Let sending go on"),
            Self::RosterApplied => Words::fixed("导入名单", "Imported a roster"),
            Self::AccountSlipsIssued => Words::fixed("签发开通单", "Issued activation slips"),
            Self::AccountActivated => Words::fixed("开通账号", "Activated the account"),
            Self::SessionOpened => Words::fixed("登录", "Signed in"),
            Self::MessageDrafted => Words::fixed("起草通知", "Drafted a notice"),
            Self::MessageChanged => Words::fixed("修改草稿", "Changed a draft"),
            Self::MessageSubmitted => Words::fixed("报批", "Submitted for approval"),
            Self::MessageDecided => Words::fixed("作出审核或审批决定", "Decided a step"),
            Self::MessageWithdrawn => Words::fixed("撤回", "Withdrew"),
            Self::MessageCancelled => Words::fixed("取消", "Cancelled"),
            Self::MessagePutOff => Words::fixed("推迟到可发送时段", "Put off to the sending hours"),
            Self::MessageTooOld => Words::fixed("错过时间，取消发送", "Cancelled: its time was long past"),
            Self::MessageReleased => Words::fixed("开始发送", "Released for sending"),
            Self::MessagePaused => Words::fixed("暂停发送", "Paused sending"),
            Self::MessageResumed => Words::fixed("继续发送", "Resumed sending"),
            Self::MessageSent => Words::fixed("发送完毕", "All sent"),
            Self::DeliveryStopped => Words::fixed("一批短信被系统停止", "A batch was stopped by the system"),
        }
    }
}

/// One entry, as it is stored and as it is chained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// 1, 2, 3, … without a gap.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// Staff id, or 0 for the system itself.
    pub actor: i64,
    /// The key of an [`AuditAction`]. A text, because the log is verified and
    /// shown also where an entry was forged or comes from a newer version.
    pub action: String,
    /// `message`, `import`, `staff`, ….
    pub subject: String,
    /// Which one.
    pub subject_id: i64,
    /// Details as JSON: ids and counts, no personal data.
    pub detail: String,
}

impl Entry {
    /// What the action is called on the screen; an unknown one keeps its key.
    pub fn title(&self) -> Words {
        AuditAction::from_key(&self.action).map_or_else(|| Words::name(&self.action), AuditAction::title)
    }
}

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of an entry behind `previous`.
pub fn link(previous: &str, entry: &Entry) -> String {
    Digest::of(&(previous, entry)).to_hex()
}

/// What verifying the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ChainVerdict"))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
