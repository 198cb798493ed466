//! Whether the log is as it was written: its chain, the heads that the archive
//! keeps, and what it tells beside what stands in the tables, both ways.

use serde::{Deserialize, Serialize};

use super::entry::{Entry, GENESIS, link};
use super::history::RecordKind;
use crate::keys::keyed;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// The first head of a day, as the archive keeps it apart from the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Head {
    /// `2026-09-01` in Shanghai.
    pub day: String,
    /// The newest entry that was sealed then.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
    /// When.
    pub at: Instant,
    /// The seal over day, number and hash, under a key that the database does not hold.
    pub mac: String,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum Fault {
    /// An entry is not as it was sealed, or it or its seal is missing.
    Broken {
        /// Its number.
        seq: i64,
    },
    /// What lies sealed beside an entry is not what it was.
    OtherValues {
        /// The entry.
        seq: i64,
    },
    /// The archive knows an entry that is no longer there, nor its seal: the end was cut off.
    CutOff {
        /// The day of the head.
        day: String,
        /// The entry that it names.
        seq: i64,
    },
    /// The archive knows another hash for an entry: the log was written anew.
    WrittenAnew {
        /// The day of the head.
        day: String,
        /// The entry that it names.
        seq: i64,
    },
    /// A head in the archive that nobody made who has the key.
    ForgedHead {
        /// Its day.
        day: String,
    },
    /// Entries were sealed that day, and the archive has no head of it.
    NoHead {
        /// The day.
        day: String,
    },
    /// A guard of the database (a trigger, a view, an index, a table) is missing, says something else,
    /// or should not be there.
    OtherGuard {
        /// Its name.
        name: String,
        /// What is wrong with it.
        how: GuardFault,
    },
    /// A row that carries power was not sealed by who has the key.
    ForgedRow {
        /// What.
        kind: RecordKind,
        /// Which.
        id: i64,
    },
    /// An entry tells of what is not there.
    EntryAlone {
        /// Its number.
        seq: i64,
        /// Of what.
        kind: RecordKind,
        /// Which.
        id: i64,
    },
    /// Something is there that no entry tells of.
    ChangeAlone {
        /// What.
        kind: RecordKind,
        /// Which.
        id: i64,
    },
}

impl Fault {
    /// For the screen.
    pub fn words(&self) -> Words {
        match self {
            Self::Broken { seq } => words!(
                "第 {seq} 条记录与封存时不一致，或已被删除",
                "Entry {seq} is not as it was sealed, or is gone"
            ),
            Self::OtherValues { seq } => words!(
                "第 {seq} 条记录旁封存的内容被改动过",
                "What lies sealed beside entry {seq} was changed"
            ),
            Self::CutOff { day, seq } => words!(
                "{day} 存档时已有第 {seq} 条记录，现在没有了：日志的末尾被删去",
                "On {day} the archive had entry {seq}, which is gone: the end of the log was cut off"
            ),
            Self::WrittenAnew { day, seq } => words!(
                "第 {seq} 条记录与 {day} 的存档不符：日志被整段重写过",
                "Entry {seq} is not the one in the archive of {day}: the log was written anew"
            ),
            Self::ForgedHead { day } => words!(
                "{day} 的存档不是本系统写入的",
                "The archive's head of {day} was not made by this system"
            ),
            Self::NoHead { day } => words!("{day} 没有存档", "The archive has no head of {day}"),
            Self::OtherGuard { name, how } => {
                let (zh, en) = (how.title().zh, how.title().en);
                words!("数据库的防护“{name}”{zh}", "The database's guard {name} {en}")
            }
            Self::ForgedRow { kind, id } => {
                let (zh, en) = (kind.title().zh, kind.title().en);
                words!(
                    "{zh}（{id}）不是本系统写入的：封印不符",
                    "{en} {id} was not written by this system: its seal does not fit"
                )
            }
            Self::EntryAlone { seq, kind, id } => {
                let (zh, en) = (kind.title().zh, kind.title().en);
                words!(
                    "第 {seq} 条记录所说的{zh}（{id}）并不存在",
                    "Entry {seq} tells of {en} {id}, which is not there"
                )
            }
            Self::ChangeAlone { kind, id } => {
                let (zh, en) = (kind.title().zh, kind.title().en);
                words!(
                    "{zh}（{id}）有变动，但日志里没有记录",
                    "{en} {id} was changed and no entry tells of it"
                )
            }
        }
    }
}

keyed! {
    /// What is wrong with a guard of the database.
    pub enum GuardFault {
        /// It is not there.
        Missing = "missing",
        /// It says something else.
        Changed = "changed",
        /// It should not be there.
        Strange = "strange",
    }
}

impl GuardFault {
    /// Behind the guard's name.
    pub fn title(self) -> Words {
        match self {
            Self::Missing => Words::fixed("不见了", "is gone"),
            Self::Changed => Words::fixed("被改动过", "was changed"),
            Self::Strange => Words::fixed("不是本系统建立的", "was not made by this system"),
        }
    }
}

keyed! {
    /// A part of the check; they are gone through in this order.
    pub enum VerifyPart {
        /// Entries, their seals, and what they tell of.
        Entries = "entries",
        /// The heads in the archive.
        Heads = "heads",
        /// Decisions, and the entry of each.
        Decisions = "decisions",
        /// Posts.
        Appointments = "appointments",
        /// Recorded absences.
        Delegations = "delegations",
        /// Approval procedures.
        Procedures = "procedures",
        /// Moves and closings of units.
        UnitChanges = "unit_changes",
        /// Signed originals in the register.
        Registrations = "registrations",
        /// Orders by which designated senders release.
        ReleaseOrders = "release_orders",
        /// The account with an SMS provider.
        SmsAccounts = "sms_accounts",
        /// Rounds of SMS.
        Rounds = "rounds",
        /// Changed numbers.
        PhoneChanges = "phone_changes",
        /// Roster files.
        Imports = "imports",
        /// Changes whose batch ended without telling.
        Changes = "changes",
        /// The database's own guards.
        Guards = "guards",
    }
}

impl VerifyPart {
    /// The part behind this one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().skip_while(|part| *part != self).nth(1)
    }

    /// For the screen, while it is gone through.
    pub fn title(self) -> Words {
        match self {
            Self::Guards => Words::fixed("核对数据库的防护", "The database's guards"),
            Self::Entries => Words::fixed("逐条核对记录", "Entries and their seals"),
            Self::Heads => Words::fixed("核对每日存档", "The archive's daily heads"),
            Self::Decisions => Words::fixed("核对审批决定", "Decisions"),
            Self::Appointments => Words::fixed("核对任职", "Posts"),
            Self::Delegations => Words::fixed("核对请假登记", "Recorded absences"),
            Self::Procedures => Words::fixed("核对审批流程", "Procedures"),
            Self::UnitChanges => Words::fixed("核对部门调整", "Moves and closings of units"),
            Self::Registrations => Words::fixed("核对审批原件登记", "Signed originals in the register"),
            Self::ReleaseOrders => Words::fixed("核对指派专人的发送", "Releases by designated senders"),
            Self::SmsAccounts => Words::fixed("核对短信账户", "SMS account"),
            Self::Rounds => Words::fixed("核对发送", "Rounds of SMS"),
            Self::PhoneChanges => Words::fixed("核对号码变更", "Changed numbers"),
            Self::Imports => Words::fixed("核对导入", "Imports"),
            Self::Changes => Words::fixed("核对未登记的变动", "Changes that nobody told"),
        }
    }
}

/// Where the check goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyFrom {
    /// In which part.
    pub part: VerifyPart,
    /// Behind which row of it.
    pub from: i64,
}

/// `GET /api/audit/verify`: a piece of the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyPage {
    /// Which part it is of.
    pub part: VerifyPart,
    /// How far the part is checked.
    pub checked: i64,
    /// Of how much.
    pub of: i64,
    /// What was found in this piece.
    pub faults: Vec<Fault>,
    /// Where to go on; none at the end.
    pub next: Option<VerifyFrom>,
    /// The hash of the last entry looked at; empty but in the first part.
    pub head: String,
}

/// `GET /api/audit/export?from=<seq>`: the log as a file, to be verified elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditExport {
    /// Entries in order.
    pub entries: Vec<Entry>,
    /// Their seals: number and hash.
    pub seals: Vec<(i64, String)>,
    /// The heads in the archive; on the last page.
    pub heads: Vec<Head>,
    /// Where the next page begins: behind this entry.
    pub next: Option<i64>,
}

/// Walks seals and entries in their order, in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Hash of the last seal.
    pub head: String,
    /// Its number.
    pub seq: i64,
}

impl Default for Walk {
    fn default() -> Self {
        Self { head: GENESIS.to_owned(), seq: 0 }
    }
}

impl Walk {
    /// Takes the next seal with its entry; names what does not fit, and goes on behind it.
    pub fn step(&mut self, seq: i64, hash: &str, entry: Option<&Entry>) -> Option<Fault> {
        let expected = self.seq + 1;
        let fits = seq == expected && entry.is_some_and(|e| e.seq == seq && link(&self.head, e) == hash);
        self.seq = seq;
        hash.clone_into(&mut self.head);
        (!fits).then_some(Fault::Broken { seq: expected.min(seq) })
    }
}

/// What the archive says of an entry.
#[derive(Clone, Copy, Debug)]
pub struct HeadCheck<'a> {
    /// The head.
    pub head: &'a Head,
    /// The name it is stored under, which is its day.
    pub day: &'a str,
    /// Whether its seal fits.
    pub fits: bool,
    /// The hash that the log has for its entry now.
    pub hash: Option<&'a str>,
}

/// Holds a head of the archive against the log.
pub fn check_head(check: HeadCheck<'_>) -> Option<Fault> {
    let HeadCheck { head, day, fits, hash } = check;
    let (day, seq) = (day.to_owned(), head.seq);
    if !fits || head.day != day {
        return Some(Fault::ForgedHead { day });
    }
    match hash {
        None => Some(Fault::CutOff { day, seq }),
        Some(hash) if hash != head.hash => Some(Fault::WrittenAnew { day, seq }),
        Some(_) => None,
    }
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

    fn verify(entries: &[Entry], seals: &[(i64, String)]) -> Vec<Fault> {
        let mut walk = Walk::default();
        seals
            .iter()
            .filter_map(|(seq, hash)| walk.step(*seq, hash, entries.iter().find(|e| e.seq == *seq)))
            .collect()
    }

    #[test]
    fn i9_every_kind_of_tampering_is_named() {
        let (entries, seals) = log(9);
        assert_eq!(verify(&entries, &seals), []);
        for at in 0..9 {
            let seq = at as i64 + 1;
            let mut edited = entries.clone();
            edited[at].actor = 8;
            assert_eq!(verify(&edited, &seals), [Fault::Broken { seq }]);
            let mut removed = entries.clone();
            removed.remove(at);
            assert_eq!(verify(&removed, &seals), [Fault::Broken { seq }]);
            let mut unsealed = seals.clone();
            unsealed.remove(at);
            if at < 8 {
                assert_eq!(verify(&entries, &unsealed), [Fault::Broken { seq }]);
            }
        }
        let mut swapped = entries;
        (swapped[2].seq, swapped[3].seq) = (4, 3);
        assert_eq!(verify(&swapped, &seals), [Fault::Broken { seq: 3 }, Fault::Broken { seq: 4 }]);
    }

    #[test]
    fn i9_in_pieces_it_says_the_same() {
        let (entries, seals) = log(5);
        let mut walk = Walk::default();
        for (entry, (seq, hash)) in entries.iter().zip(&seals).take(2) {
            assert_eq!(walk.step(*seq, hash, Some(entry)), None);
        }
        let mut later = Walk { head: seals[1].1.clone(), seq: 2 };
        assert_eq!(later, walk);
        let mut edited = entries[2].clone();
        edited.detail = "{\"forged\":1}".into();
        assert_eq!(later.step(3, &seals[2].1, Some(&edited)), Some(Fault::Broken { seq: 3 }));
        assert_eq!(later.step(4, &seals[3].1, Some(&entries[3])), None, "one fault is one fault");
    }

    #[test]
    fn i9_the_archive_names_a_cut_end_and_a_log_written_anew() {
        let head =
            Head { day: "2026-09-01".into(), seq: 3, hash: "h".into(), at: Instant(1), mac: "m".into() };
        let check = |day, fits, hash| check_head(HeadCheck { head: &head, day, fits, hash });
        let day = || "2026-09-01".to_owned();
        assert_eq!(check("2026-09-01", true, Some("h")), None);
        assert_eq!(check("2026-09-01", true, None), Some(Fault::CutOff { day: day(), seq: 3 }));
        assert_eq!(check("2026-09-01", true, Some("x")), Some(Fault::WrittenAnew { day: day(), seq: 3 }));
        assert_eq!(check("2026-09-01", false, Some("h")), Some(Fault::ForgedHead { day: day() }));
        let other = Some(Fault::ForgedHead { day: "2026-09-02".into() });
        assert_eq!(check("2026-09-02", true, Some("h")), other, "one day's head is not another's");
    }

    #[test]
    fn the_parts_follow_one_another() {
        let mut part = Some(VerifyPart::Entries);
        let mut seen = Vec::new();
        while let Some(now) = part {
            seen.push(now);
            part = now.next();
        }
        assert_eq!(seen, VerifyPart::ALL);
    }
}
