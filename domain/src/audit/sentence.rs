//! Entries as sentences: who did what to what, with a way to it.

use serde_json::Value;

use super::entry::{AuditAction, EntryView};
use super::history::RecordKind;
use crate::access::Post;
use crate::approval::StepKind;
use crate::ids::MessageId;
use crate::words;
use crate::words::Words;

/// Where a sentence leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A message's page.
    Message(MessageId),
    /// The history of a person or thing.
    History(RecordKind, i64),
}

/// A sentence around its object, which may lead somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Up to the object.
    pub before: Words,
    /// The object; empty where the sentence has none.
    pub object: Words,
    /// Where the object leads.
    pub target: Option<Target>,
    /// Behind the object.
    pub after: Words,
}

impl Sentence {
    fn plain(words: Words) -> Self {
        Self { before: words, object: Words::name(""), target: None, after: Words::name("") }
    }

    /// The whole sentence.
    pub fn words(&self) -> Words {
        let join = |a: &str, b: &str, c: &str| [a, b, c].concat();
        Words {
            zh: join(&self.before.zh, &self.object.zh, &self.after.zh).into(),
            en: join(&self.before.en, &self.object.en, &self.after.en).into(),
        }
    }
}

impl EntryView {
    /// What happened, without who did it (which is a column of its own): begins as the second part of a sentence.
    /// An unknown action keeps its key.
    pub fn sentence(&self) -> Sentence {
        let entry = &self.entry;
        if self.unreadable {
            return Sentence::plain(Words::fixed("这条记录无法读取", "This entry cannot be read"));
        }
        let Some(action) = AuditAction::from_key(&entry.action) else {
            let (key, subject, id) = (&entry.action, &entry.subject, entry.subject_id);
            return Sentence::plain(Words::name(format!("{key} ({subject} {id})")));
        };
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
        let number = |field: &str| detail.get(field).and_then(Value::as_i64);
        let text = |field: &str| detail.get(field).and_then(Value::as_str).unwrap_or_default();
        let version = || match number("version") {
            Some(version) => words!("第 {version} 稿", ", version {version}"),
            None => Words::name(""),
        };
        match action {
            AuditAction::MessageDecided => {
                let before = match text("verdict") {
                    "return" => Words::fixed("退回修改", "returned "),
                    _ if text("step") == StepKind::Review.key() => {
                        Words::fixed("审核通过了", "reviewed and passed ")
                    }
                    _ => Words::fixed("审批同意了", "approved "),
                };
                self.about_message(before, version())
            }
            AuditAction::MessageNamesRead => self.about_message(
                Words::fixed("查看了", "read the names of those who get "),
                Words::fixed("的收件人姓名", ""),
            ),
            AuditAction::MessageSubmitted => {
                let n = number("recipients").unwrap_or_default();
                let (zh, en) = (version().zh, version().en);
                let after = words!("{zh}（名单 {n} 条）", "{en} ({n} on the list)");
                self.about_message(Words::fixed("报批了", "submitted "), after)
            }
            AuditAction::MessageDrafted => {
                self.about_message(Words::fixed("起草了", "drafted "), Words::name(""))
            }
            AuditAction::MessageChanged => {
                self.about_message(Words::fixed("修改了", "changed "), Words::name(""))
            }
            AuditAction::MessageTakenOver => self.about_message(
                Words::fixed("接手了离校人员的草稿", "took over the draft of somebody who has left: "),
                Words::name(""),
            ),
            AuditAction::MessageScanned => self.about_message(
                Words::fixed("上传了", "stored the scan of the signed original of "),
                Words::fixed("的审批原件扫描件", ""),
            ),
            AuditAction::MessageRegistered => self.about_message(
                Words::fixed("登记了", "entered in the register the signed original of "),
                Words::fixed("的审批原件", ""),
            ),
            AuditAction::MessageOrdered => self.about_message(
                Words::fixed("作为指派专人发出了", "released as designated sender "),
                Words::name(""),
            ),
            AuditAction::MessageFilingReceived => self.about_message(
                Words::fixed("登记了", "registered the filing of "),
                Words::fixed("的备案", ""),
            ),
            AuditAction::MessageCommented => self.about_message(
                match text("kind") {
                    "question" => Words::fixed("询问了", "asked about "),
                    "answer" => Words::fixed("答复了对", "answered about "),
                    _ => Words::fixed("对", "commented on "),
                },
                match text("kind") {
                    "question" => Words::name(""),
                    "answer" => Words::fixed("的询问", ""),
                    _ => Words::fixed("提出了意见", ""),
                },
            ),
            AuditAction::FilingsChased => {
                let n = number("filings").unwrap_or_default();
                Sentence::plain(words!("催办了 {n} 份超期备案", "chased {n} late filings"))
            }
            AuditAction::FilingLimitSet => {
                let n = number("days").unwrap_or_default();
                Sentence::plain(words!("把备案期限改为 {n} 天", "set the time limit for filings to {n} days"))
            }
            AuditAction::MessageWithdrawn => {
                self.about_message(Words::fixed("撤回了", "withdrew "), Words::name(""))
            }
            AuditAction::MessageCancelled => {
                self.about_message(Words::fixed("取消了", "cancelled "), Words::fixed("的发送", ""))
            }
            // A person's release gives it its time; the system moves one that fell outside the hours.
            AuditAction::MessagePutOff if entry.actor != 0 => self.about_message(
                Words::fixed("定下了", "set the time of sending of "),
                Words::fixed("的发送时间", ""),
            ),
            AuditAction::MessagePutOff => self.about_message(
                Words::fixed("把", "put "),
                Words::fixed("推迟到可发送时段", " off to the sending hours"),
            ),
            AuditAction::MessageTooOld => self.about_message(
                Words::fixed("取消了", "cancelled "),
                Words::fixed("：已错过发送时间", ": its time was long past"),
            ),
            AuditAction::MessageReleased => {
                self.about_message(Words::fixed("开始发送", "began to send "), Words::name(""))
            }
            AuditAction::MessagePaused => {
                self.about_message(Words::fixed("暂停了", "paused "), Words::name(""))
            }
            AuditAction::MessageResumed => {
                self.about_message(Words::fixed("继续发送", "let go on: "), Words::name(""))
            }
            AuditAction::MessageSent => {
                self.about_message(Words::name(""), Words::fixed("发送完毕", ": all sent"))
            }
            AuditAction::DeliveryStopped => self.about_message(
                Words::fixed("停止了", "stopped a batch of SMS of "),
                Words::fixed("的一批短信", ""),
            ),
            AuditAction::SchoolOpened => Sentence::plain(Words::fixed("建立了学校", "set up the school")),
            AuditAction::SchoolStopped => Sentence {
                before: Words::fixed("停止了", "stopped "),
                object: Words::fixed("全部发送", "all sending"),
                target: Some(Target::History(RecordKind::School, 1)),
                after: Words::name(""),
            },
            AuditAction::SchoolLiftAsked => Sentence {
                before: Words::fixed("申请恢复", "asked to let "),
                object: Words::fixed("全部发送", "all sending"),
                target: Some(Target::History(RecordKind::School, 1)),
                after: Words::fixed("，等待第二人确认", " go on, and waits for a second person"),
            },
            AuditAction::SchoolResumed => Sentence {
                before: Words::fixed("恢复了", "let "),
                object: Words::fixed("全部发送", "all sending"),
                target: Some(Target::History(RecordKind::School, 1)),
                after: Words::fixed("", " go on"),
            },
            AuditAction::RosterApplied => {
                let object = match text("kind") {
                    "staff" => Words::fixed("教职工名册", "a staff roster"),
                    _ => Words::fixed("学生名册", "a student roster"),
                };
                let count = |field: &str| {
                    detail
                        .get("counts")
                        .and_then(|c| c.get(field))
                        .and_then(Value::as_i64)
                        .unwrap_or_default()
                };
                let (added, changed) = (count("added"), count("changed"));
                Sentence {
                    before: Words::fixed("导入了", "imported "),
                    object,
                    target: Some(Target::History(RecordKind::Import, entry.subject_id)),
                    after: words!("：新增 {added}，变更 {changed}", ": {added} added, {changed} changed"),
                }
            }
            AuditAction::RosterUndone => Sentence {
                before: Words::fixed("撤销了一次", "took back an import of "),
                object: match text("kind") {
                    "staff" => Words::fixed("教职工名册导入", "a staff roster"),
                    _ => Words::fixed("学生名册导入", "a student roster"),
                },
                target: Some(Target::History(RecordKind::Import, entry.subject_id)),
                after: Words::name(""),
            },
            AuditAction::AccountSlipsIssued => {
                let n = detail.get("staff").and_then(Value::as_array).map_or(1, Vec::len);
                if n == 1 {
                    return self.about_person(
                        Words::fixed("为", "issued an activation slip to "),
                        Words::fixed("签发了开通单", ""),
                    );
                }
                Sentence::plain(words!("签发了 {n} 张开通单", "issued {n} activation slips"))
            }
            AuditAction::AccountActivated => {
                Sentence::plain(Words::fixed("开通了自己的账号", "activated the own account"))
            }
            AuditAction::SessionOpened => Sentence::plain(Words::fixed("登录", "signed in")),
            AuditAction::RecordChanged => {
                let n = number("count").unwrap_or_default();
                let kind = RecordKind::from_key(text("kind"));
                let title = kind.map_or_else(|| Words::name(text("kind")), RecordKind::title);
                let (zh, en, of) = (title.zh, title.en, entry.subject_id);
                let words = if n == 1 {
                    words!("随第 {of} 条记录变动：{zh} 1 项", "with entry {of}: 1 {en} changed")
                } else {
                    words!("随第 {of} 条记录变动：{zh} {n} 项", "with entry {of}: {n} changed ({en})")
                };
                match (kind, number("only")) {
                    (Some(kind), Some(only)) => Sentence {
                        before: words,
                        object: Words::fixed("（查看）", " (show)"),
                        target: Some(Target::History(kind, only)),
                        after: Words::name(""),
                    },
                    _ => Sentence::plain(words),
                }
            }
            AuditAction::MessageStopped => {
                self.about_message(Words::fixed("停止发送了", "stopped "), Words::name(""))
            }
            AuditAction::MessagePutAgain => self.about_message(
                Words::fixed("重新发送了", "put on its way again what was set apart of "),
                Words::fixed("中搁置的短信", ""),
            ),
            AuditAction::DeliverySetApart => self.about_message(
                Words::fixed("搁置了", "set apart a batch of SMS of "),
                Words::fixed("的一批短信", ""),
            ),
            AuditAction::ValuesRead => self.about_person(
                Words::fixed("查看了", "read the former values of "),
                Words::fixed("的历史内容", ""),
            ),
            // Their titles say it, and whom or what it is about follows.
            other if RecordKind::from_key(&entry.subject).is_some() => {
                let (zh, en) = (other.title().zh, lowered(&other.title().en));
                self.about_person(words!("{zh}：", "{en}: "), Words::name(""))
            }
            other => {
                let title = other.title();
                Sentence::plain(Words { en: lowered(&title.en).into(), zh: title.zh })
            }
        }
    }

    fn about_message(&self, before: Words, after: Words) -> Sentence {
        let id = self.entry.subject_id;
        let object = match self.subject_name.as_str() {
            "" => words!("第 {id} 号通知", "notice {id}"),
            title => words!("《{title}》", "“{title}”"),
        };
        Sentence { before, object, target: Some(Target::Message(MessageId(id))), after }
    }

    /// The post that the entry tells of.
    fn post(&self) -> Option<Post> {
        let detail: Value = serde_json::from_str(&self.entry.detail).ok()?;
        Post::from_key(detail.get("post")?.as_str()?)
    }

    fn about_person(&self, before: Words, after: Words) -> Sentence {
        let (id, kind) = (self.entry.subject_id, RecordKind::from_key(&self.entry.subject));
        let title = kind.map_or_else(|| Words::name(&self.entry.subject), RecordKind::title);
        let (zh, en) = (title.zh, title.en);
        // A post is told by its holder and its title.
        let post =
            matches!(kind, Some(RecordKind::Appointment | RecordKind::Delegation)).then(|| self.post());
        let object = match (self.subject_name.as_str(), post.flatten()) {
            ("", _) => words!("{zh}（{id}）", "{en} {id}"),
            (name, Some(post)) => {
                let (zh, en) = (post.title().zh, post.title().en);
                words!("{name}（{zh}）", "{name} ({en})")
            }
            (name, None) => Words::name(name),
        };
        Sentence { before, object, target: kind.map(|kind| Target::History(kind, id)), after }
    }
}

/// A title as the second part of a sentence.
fn lowered(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Entry;
    use crate::time::Instant;

    fn view(action: &str, subject: &str, name: &str, detail: &str) -> EntryView {
        EntryView {
            entry: Entry {
                seq: 9,
                at: Instant(1),
                actor: 3,
                action: action.into(),
                subject: subject.into(),
                subject_id: 12,
                detail: detail.into(),
            },
            actor_name: "陶明远".into(),
            subject_name: name.into(),
            sealed: true,
            unreadable: false,
        }
    }

    #[test]
    fn an_approval_is_a_sentence_with_a_way_to_the_message() {
        let approved = view(
            "message.decided",
            "message",
            "秋季运动会",
            r#"{"version":2,"verdict":"approve","post":"principal"}"#,
        );
        let sentence = approved.sentence();
        assert_eq!(sentence.words().zh, "审批同意了《秋季运动会》第 2 稿");
        assert_eq!(sentence.words().en, "approved “秋季运动会”, version 2");
        assert_eq!(sentence.target, Some(Target::Message(MessageId(12))));
        let reviewed = view(
            "message.decided",
            "message",
            "秋季运动会",
            r#"{"version":2,"verdict":"approve","step":"review","post":"college_leader"}"#,
        );
        assert_eq!(reviewed.sentence().words().zh, "审核通过了《秋季运动会》第 2 稿");
        let moved = |actor| {
            let mut moved = view("message.put_off", "message", "秋季运动会", "{}");
            moved.entry.actor = actor;
            moved.sentence().words().zh
        };
        assert_eq!(moved(0), "把《秋季运动会》推迟到可发送时段");
        assert_eq!(moved(3), "定下了《秋季运动会》的发送时间");
        let returned = view("message.decided", "message", "", r#"{"version":1,"verdict":"return"}"#);
        assert_eq!(returned.sentence().words().zh, "退回修改第 12 号通知第 1 稿");
    }

    #[test]
    fn a_post_is_told_by_its_holder_and_its_title() {
        let detail = r#"{"post":"grade_head"}"#;
        let confirmed = view("appointment.confirmed", "appointment", "范亮豪", detail);
        assert_eq!(confirmed.sentence().words().zh, "确认任命：范亮豪（年级组长）");
        let withdrawn = view("delegation.withdrawn", "delegation", "范亮豪", "{}");
        assert_eq!(withdrawn.sentence().words().zh, "撤销请假登记：范亮豪");
    }

    #[test]
    fn an_unknown_action_keeps_its_key() {
        let unknown = view("roof.painted", "roof", "", "not even json");
        assert_eq!(unknown.sentence().words().zh, "roof.painted (roof 12)");
    }

    #[test]
    fn every_action_is_a_sentence_in_both_languages_and_never_json() {
        for action in AuditAction::ALL {
            for detail in ["{}", "nonsense", r#"{"kind":"staff","counts":{"added":1},"count":3,"staff":[1]}"#]
            {
                let words = view(action.key(), "staff", "甲", detail).sentence().words();
                assert!(!words.zh.is_empty() && !words.en.is_empty(), "{action:?}");
                assert!(!words.zh.contains('{') && !words.en.contains('{'), "{action:?}: {words:?}");
            }
        }
    }
}
