//! Reasons by passage: whoever returns a message can say, beside the reason for
//! the whole, what is wrong where. A passage is a place in the title or the text
//! of the version that was read, counted in characters.

use serde::{Deserialize, Serialize};

use crate::blank::is_blank;
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::words;
use crate::words::Words;

/// Most passages of one decision.
pub const PASSAGES_MAX: usize = 20;
/// Most characters of a passage's reason.
pub const PASSAGE_REASON_MAX: usize = 200;

keyed! {
    /// In which part of a message a passage lies.
    pub enum Part {
        /// The title.
        Title = "title",
        /// The text.
        Body = "body",
    }
}

impl Part {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Title => Words::fixed("标题", "Title"),
            Self::Body => Words::fixed("正文", "Text"),
        }
    }
}

/// A passage of the version that is returned, with what is wrong about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Passage {
    /// Where it lies.
    pub part: Part,
    /// Its first character, from 0.
    pub start: u32,
    /// How many characters it has.
    pub len: u32,
    /// What is wrong.
    pub reason: String,
}

/// A passage with its words, as they were when it was returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassageView {
    /// Where, and why.
    #[serde(flatten)]
    pub passage: Passage,
    /// The words.
    pub words: String,
}

/// The words of a place; none where it does not lie in the text.
pub fn words_at(text: &str, start: u32, len: u32) -> Option<&str> {
    let end = start.checked_add(len).filter(|end| *end > start)? as usize;
    let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let from = places.nth(start as usize)?;
    let to = places.nth(end - start as usize - 1)?;
    text.get(from..to)
}

impl Passage {
    /// Its words in this title and text; none where it does not lie in them.
    pub fn words<'a>(&self, title: &'a str, body: &'a str) -> Option<&'a str> {
        let text = match self.part {
            Part::Title => title,
            Part::Body => body,
        };
        words_at(text, self.start, self.len)
    }

    /// As it is shown, where it lies in this title and text.
    pub fn view(self, title: &str, body: &str) -> PassageView {
        let words = self.words(title, body).unwrap_or_default().to_owned();
        PassageView { words, passage: self }
    }
}

impl PassageView {
    /// Where its words stand in a text that may have been changed since: where they stood, else where they are
    /// found first; none where they are gone. In characters.
    pub fn found_in(&self, title: &str, body: &str) -> Option<u32> {
        let Passage { part, start, len, .. } = self.passage;
        let text = match part {
            Part::Title => title,
            Part::Body => body,
        };
        if words_at(text, start, len) == Some(self.words.as_str()) {
            return Some(start);
        }
        let at = text.find(&self.words).filter(|_| !self.words.is_empty())?;
        text.get(..at).map(|before| before.chars().count() as u32)
    }
}

/// The passages of a decision about this title and text, which returns it or not, as they are kept: their reasons trimmed, in the order of
/// the text.
///
/// # Errors
/// Where there are too many, a reason is blank or too long, one does not lie in this version or is named
/// twice, or what they are about is approved.
pub fn checked(given: &[Passage], returns: bool, title: &str, body: &str) -> Result<Vec<Passage>, Refusal> {
    let refused = |kind, words| Err(Refusal::field(kind, "passages", words));
    if given.is_empty() {
        return Ok(Vec::new());
    }
    if !returns {
        return refused(
            "passages_of_a_return",
            Words::fixed(
                "只有退回时才能逐段写理由；同意时可以写一句意见",
                "Reasons by passage belong to a return: an approval takes a remark",
            ),
        );
    }
    if given.len() > PASSAGES_MAX {
        return refused(
            "too_many_passages",
            words!(
                "最多标出 {PASSAGES_MAX} 处，其余请写在总的理由里",
                "At most {PASSAGES_MAX} passages: put the rest into the overall reason"
            ),
        );
    }
    let mut passages: Vec<Passage> = given.to_vec();
    passages.sort_by_key(|p| (p.part, p.start, p.len));
    if passages
        .windows(2)
        .any(|two| matches!(two, [a, b] if (a.part, a.start, a.len) == (b.part, b.start, b.len)))
    {
        return refused("passage_twice", Words::fixed("同一处只写一条理由", "One reason for each passage"));
    }
    for passage in &mut passages {
        let Some(words) = passage.words(title, body).map(short) else {
            return refused(
                "passage_not_there",
                Words::fixed(
                    "标出的文字不在这一稿里，请重新打开后再标",
                    "That passage is not in this version: open it again, then mark it",
                ),
            );
        };
        if is_blank(&passage.reason) {
            return refused(
                "passage_reason_missing",
                words!(
                    "请写明“{words}”这一处要怎么改，或取消标记",
                    "Say what is wrong with “{words}”, or take the mark away"
                ),
            );
        }
        passage.reason = passage.reason.trim().to_owned();
        if passage.reason.chars().count() > PASSAGE_REASON_MAX {
            return refused(
                "passage_reason_too_long",
                words!(
                    "“{words}”这一处的理由最多 {PASSAGE_REASON_MAX} 个字",
                    "The reason for “{words}” has at most {PASSAGE_REASON_MAX} characters"
                ),
            );
        }
    }
    Ok(passages)
}

/// The beginning of a passage, to name it by.
pub fn short(words: &str) -> String {
    const SHOWN: usize = 12;
    let line = words.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(SHOWN).collect();
    if cut.len() < words.len() { format!("{cut}…") } else { cut }
}

/// A piece of a message that can be marked with one tap: its title, or a line of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it lies.
    pub part: Part,
    /// Its first character.
    pub start: u32,
    /// How many it has.
    pub len: u32,
    /// Its sentences, first character and length; empty where it is one.
    pub sentences: Vec<(u32, u32)>,
}

/// The pieces of a message that can be marked, in their order.
pub fn blocks(title: &str, body: &str) -> Vec<Block> {
    let of_title =
        line(title, 0).map(|(start, len)| Block { part: Part::Title, start, len, sentences: Vec::new() });
    let mut blocks: Vec<Block> = of_title.into_iter().collect();
    let mut at = 0;
    for text in body.split('\n') {
        if let Some((start, len)) = line(text, at) {
            let words = words_at(body, start, len).unwrap_or_default();
            blocks.push(Block { part: Part::Body, start, len, sentences: sentences(words, start) });
        }
        at += text.chars().count() as u32 + 1;
    }
    blocks
}

/// Where a line has its words, which begins at this character; none where it is blank.
fn line(text: &str, at: u32) -> Option<(u32, u32)> {
    let trimmed = text.trim();
    let before = text.chars().count() - text.trim_start().chars().count();
    (!is_blank(trimmed)).then(|| (at + before as u32, trimmed.chars().count() as u32))
}

/// The sentences of a line that begins at this character; none where it is a single one.
fn sentences(text: &str, at: u32) -> Vec<(u32, u32)> {
    let chars: Vec<char> = text.chars().collect();
    let ends = |n: usize| {
        let c = chars[n];
        let next = chars.get(n + 1);
        matches!(c, '。' | '！' | '？' | '；' | '…')
            || matches!(c, '.' | '!' | '?') && next.is_some_and(|c| c.is_whitespace())
    };
    let closes = |c: &char| matches!(c, '”' | '’' | '）' | ')' | '」' | '。' | '！' | '？' | '…' | '"');
    let mut all = Vec::new();
    let mut from = 0;
    let mut n = 0;
    while n < chars.len() {
        if ends(n) {
            while chars.get(n + 1).is_some_and(closes) {
                n += 1;
            }
            all.push((at + from as u32, (n + 1 - from) as u32));
            from = n + 1;
            while chars.get(from).is_some_and(|c| c.is_whitespace()) {
                from += 1;
            }
            n = from;
        } else {
            n += 1;
        }
    }
    if from < chars.len() {
        all.push((at + from as u32, (chars.len() - from) as u32));
    }
    if all.len() > 1 { all } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: &str = "运动会安排";
    const BODY: &str = "各位家长：\n\n  周五举行🙂运动会。请穿运动鞋！\n谢谢";

    fn passage(part: Part, start: u32, len: u32, reason: &str) -> Passage {
        Passage { part, start, len, reason: reason.into() }
    }

    fn refused(given: &[Passage]) -> String {
        checked(given, true, TITLE, BODY).expect_err("refused").kind.into_owned()
    }

    #[test]
    fn one_tap_marks_the_title_a_line_or_a_sentence() {
        let words =
            |part, start, len| passage(part, start, len, "").words(TITLE, BODY).expect("there").to_owned();
        let blocks = blocks(TITLE, BODY);
        let lines: Vec<String> = blocks.iter().map(|b| words(b.part, b.start, b.len)).collect();
        assert_eq!(lines, ["运动会安排", "各位家长：", "周五举行🙂运动会。请穿运动鞋！", "谢谢"]);
        let sentences: Vec<String> =
            blocks[2].sentences.iter().map(|(start, len)| words(Part::Body, *start, *len)).collect();
        assert_eq!(sentences, ["周五举行🙂运动会。", "请穿运动鞋！"]);
        assert!(blocks.iter().enumerate().all(|(n, b)| n == 2 || b.sentences.is_empty()));
    }

    #[test]
    fn an_english_sentence_and_a_quotation_end_where_they_end() {
        let text = "他说：“请准时。”谢谢。See www.a.cn today. Bye";
        let cut: Vec<&str> = sentences(text, 0)
            .into_iter()
            .map(|(start, len)| words_at(text, start, len).expect("there"))
            .collect();
        assert_eq!(cut, ["他说：“请准时。”", "谢谢。", "See www.a.cn today.", "Bye"]);
    }

    #[test]
    fn passages_are_kept_in_the_order_of_the_text() {
        let given = vec![
            passage(Part::Body, 7, 4, " 时间不对 "),
            passage(Part::Title, 0, 3, "写全称"),
            passage(Part::Body, 0, 4, "称呼"),
        ];
        let kept = checked(&given, true, TITLE, BODY).expect("good");
        let reasons: Vec<&str> = kept.iter().map(|p| p.reason.as_str()).collect();
        assert_eq!(reasons, ["写全称", "称呼", "时间不对"]);
    }

    #[test]
    fn a_passage_lies_in_this_version_and_says_why() {
        assert_eq!(checked(&[], false, TITLE, BODY), Ok(Vec::new()));
        for (part, start, len) in [
            (Part::Title, 0, 6),
            (Part::Title, 5, 1),
            (Part::Body, 3, 0),
            (Part::Body, u32::MAX, 2),
            (Part::Body, 0, u32::MAX),
        ] {
            assert_eq!(refused(&[passage(part, start, len, "x")]), "passage_not_there", "{start} {len}");
        }
        for blank in ["", " \n", "\u{200b}"] {
            assert_eq!(refused(&[passage(Part::Title, 0, 3, blank)]), "passage_reason_missing");
        }
        let long = "长".repeat(PASSAGE_REASON_MAX + 1);
        assert_eq!(refused(&[passage(Part::Title, 0, 3, &long)]), "passage_reason_too_long");
        let twice = passage(Part::Body, 0, 2, "x");
        assert_eq!(refused(&[twice.clone(), twice.clone()]), "passage_twice");
        let many: Vec<Passage> =
            (0..=PASSAGES_MAX as u32).map(|n| passage(Part::Body, 0, n + 1, "x")).collect();
        assert_eq!(refused(&many), "too_many_passages");
        let approved = checked(&[twice], false, TITLE, BODY).expect_err("refused");
        assert_eq!(approved.kind, "passages_of_a_return");
    }

    #[test]
    fn a_passage_is_found_again_where_it_moved_to_and_is_gone_where_it_was_changed() {
        let marked = passage(Part::Body, 9, 4, "时间").view(TITLE, BODY);
        assert_eq!(marked.words, "周五举行");
        assert_eq!(marked.found_in(TITLE, BODY), Some(9));
        assert_eq!(marked.found_in(TITLE, "您好🙂，周五举行"), Some(4));
        assert_eq!(marked.found_in(TITLE, "周六举行"), None);
    }

    #[test]
    fn a_long_passage_is_named_by_its_beginning() {
        assert_eq!(short("周五"), "周五");
        assert_eq!(short("周五举行运动会请大家准时到校"), "周五举行运动会请大家准时…");
        assert_eq!(short("一\n二"), "一…");
    }
}
