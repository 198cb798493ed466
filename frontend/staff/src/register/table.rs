//! A line of the register in words: for the table on the screen, for paper,
//! and for the files. All three say the same.

use domain::approval::StepKind;
use domain::message::Category;
use domain::register::{Filed, RegisterEntry, Signature};
use domain::words;
use domain::words::{Lang, Words};

/// The columns of the files and of a printed month.
pub fn heads(lang: Lang) -> Vec<String> {
    [
        Words::fixed("登记号", "Number"),
        Words::fixed("登记时间", "Registered"),
        Words::fixed("标题", "Title"),
        Words::fixed("类别", "Category"),
        Words::fixed("发送范围", "Audience"),
        Words::fixed("手机数", "Phones"),
        Words::fixed("状态", "State"),
        Words::fixed("起草", "Drafted by"),
        Words::fixed("发送身份", "Sent as"),
        Words::fixed("审核", "Reviewed by"),
        Words::fixed("审批", "Approved by"),
        Words::fixed("备案与登记", "Filing"),
        Words::fixed("报批时间", "Submitted"),
        Words::fixed("批准时间", "Approved"),
        Words::fixed("发送时间", "Sent"),
        Words::fixed("内容负责声明", "Statement"),
        Words::fixed("内容指纹", "Digest"),
        Words::fixed("来件", "Asked for by"),
    ]
    .map(|words| words.get(lang).to_owned())
    .to_vec()
}

/// A line, cell by cell.
pub fn cells(entry: &RegisterEntry, lang: Lang) -> Vec<String> {
    let at = |at: Option<domain::time::Instant>| at.map(|at| at.date_time()).unwrap_or_default();
    vec![
        entry.number.words().get(lang).to_owned(),
        entry.registered_at.date_time(),
        entry.title.clone(),
        category(entry.category).get(lang).to_owned(),
        entry.audience.get(lang).to_owned(),
        entry.reach.phones.to_string(),
        entry.state.title().get(lang).to_owned(),
        entry.drafter.clone(),
        entry.sender.clone(),
        people(&entry.signed(StepKind::Review), lang),
        people(&entry.signed(StepKind::Approve), lang),
        entry.filed.iter().map(|f| filed(f).get(lang).to_owned()).collect::<Vec<_>>().join(join(lang)),
        at(entry.submitted_at),
        at(entry.approved_at),
        at(entry.released_at),
        at(entry.statement_at),
        entry.digest.clone().unwrap_or_default(),
        entry.asked.as_ref().map(|asker| asker.words().get(lang).to_owned()).unwrap_or_default(),
    ]
}

fn join(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "；",
        Lang::En => "; ",
    }
}

/// What a message is about; a draft of old may have none.
pub fn category(category: Option<Category>) -> Words {
    category.map_or(Words::name(""), Category::title)
}

/// `陶明远（年级组长）`.
pub fn person(signature: &Signature) -> Words {
    let (name, post) = (&signature.name, signature.post.title());
    let (zh, en) = (post.zh, post.en);
    words!("{name}（{zh}）", "{name} ({en})")
}

fn people(signatures: &[&Signature], lang: Lang) -> String {
    let names: Vec<String> = signatures.iter().map(|s| person(s).get(lang).to_owned()).collect();
    names.join(join(lang))
}

/// `备案 07-12，2026-11-24 18:10，田沐华`.
pub fn filed(filed: &Filed) -> Words {
    let kind = filed.kind.title();
    let (zh, en, at) = (kind.zh, kind.en, filed.at.date_time());
    let number = filed.number.as_ref().map(|n| format!(" {n}")).unwrap_or_default();
    match &filed.by {
        Some(by) => words!("{zh}{number}，{at}，{by}", "{en}{number}, {at}, {by}"),
        None => words!("{zh}{number}，{at}，尚未登记", "{en}{number}, {at}, not yet registered"),
    }
}

#[cfg(test)]
pub mod tests {
    use domain::access::Post;
    use domain::approval::Verdict;
    use domain::ids::{MessageId, UnitId};
    use domain::message::{Audiences, MessageState};
    use domain::register::RegisterNumber;
    use domain::time::Instant;

    use super::*;

    /// A line whose title would be a formula.
    pub fn entry() -> RegisterEntry {
        let at = Instant(1_788_193_800_000);
        let signature = |kind, post, name: &str| Signature {
            kind,
            post,
            name: name.into(),
            verdict: Verdict::Approve,
            at,
        };
        RegisterEntry {
            id: MessageId(7),
            number: RegisterNumber { year: 2026, unit: UnitId(2), unit_name: "校办室".into(), no: 12 },
            version: 1,
            title: "=HYPERLINK(\"http://x\")".into(),
            category: Some(Category::Event),
            audience: Words::fixed("全校家长", "All parents"),
            reach: Audiences { children: 3, people: 4, phones: 5, unreachable: 0 },
            state: MessageState::Sent,
            drafter: "甲".into(),
            post: Post::OfficeClerk,
            sender: "校办室".into(),
            signatures: vec![
                signature(StepKind::Review, Post::OfficeDirector, "乙"),
                signature(StepKind::Approve, Post::Principal, "丙"),
            ],
            filed: vec![Filed { kind: StepKind::File, number: Some("07-12".into()), at, by: None }],
            registered_at: at,
            submitted_at: Some(at),
            approved_at: Some(at),
            released_at: None,
            statement_at: Some(at),
            digest: Some("00ff".into()),
            asked: None,
            corrects: None,
        }
    }

    #[test]
    fn each_column_has_its_head() {
        for lang in [Lang::Zh, Lang::En] {
            assert_eq!(heads(lang).len(), cells(&entry(), lang).len());
        }
        let zh = cells(&entry(), Lang::Zh);
        assert_eq!(
            (zh[0].as_str(), zh[9].as_str(), zh[10].as_str()),
            ("校办室〔2026〕12号", "乙（校办室主任）", "丙（校长）")
        );
        assert_eq!(zh[11], "备案 07-12，2026-09-01 00:30，尚未登记");
        assert_eq!((zh[1].as_str(), zh[14].as_str()), ("2026-09-01 00:30", ""));
        assert_eq!(cells(&entry(), Lang::En)[9], "乙 (Office director)");
    }
}
