//! One cell: tidied, and judged for what no cell may hold.

use super::rows::Sheet;
use crate::phone::{Phone, PhoneError};
use crate::words;
use crate::words::Words;

/// Longest text shown back to the office.
const SHOWN: usize = 40;

pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{3000}' || c == '\u{a0}'
}

pub(super) fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| is_space(c) || is_hidden(c))
}

pub(super) fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// What stands for "nothing" in forms.
fn is_placeholder(text: &str) -> bool {
    matches!(
        text,
        "-" | "--"
            | "—"
            | "——"
            | "/"
            | "\\"
            | "无"
            | "暂无"
            | "没有"
            | "N/A"
            | "n/a"
            | "NULL"
            | "null"
            | "空"
    )
}

/// A cell's text to show back: cut, and with what hides made visible.
pub(super) fn shown(text: &str) -> String {
    let visible = |c: char| match c {
        c if is_hidden(c) => '\u{fffd}',
        c if is_space(c) => ' ',
        c => c,
    };
    let mut out: String = text.chars().take(SHOWN).map(visible).collect();
    if text.chars().count() > SHOWN {
        out.push('…');
    }
    out
}

/// Spaces drawn, for showing what was taken off.
fn drawn(text: &str) -> String {
    shown(text).replace(' ', "␣")
}

/// Its digits hidden but for the last four (I11).
pub(super) fn masked(text: &str) -> String {
    let is_digit = |c: char| half_width(c).is_ascii_digit();
    let mantissa = text.find(['E', 'e', 'Ｅ', 'ｅ']).unwrap_or(text.len());
    let digits = text[..mantissa].chars().filter(|c| is_digit(*c)).count();
    let mut seen = 0;
    let hide = |c: char| {
        seen += usize::from(is_digit(c));
        if is_digit(c) && seen + 4 <= digits { '*' } else { c }
    };
    shown(&text.chars().map(hide).collect::<String>())
}

/// What a cell holds; says how it is tidied and how long it may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person's name: spaces between Chinese characters go.
    Name,
    /// A number, class or the like: no spaces at all, half-width.
    Code,
    /// Words and lists.
    Words,
}

/// Longest name: a person's, a department's, a position.
const MAX_NAME: usize = 40;
/// Longest number, code or class.
const MAX_CODE: usize = 32;
/// Longest list: the classes that one person teaches.
const MAX_LIST: usize = 2_000;

impl Kind {
    fn longest(self) -> usize {
        match self {
            Self::Name => MAX_NAME,
            Self::Code => MAX_CODE,
            Self::Words => MAX_LIST,
        }
    }
}

/// Whether a spreadsheet would run the text as a formula once it is exported.
fn is_formula(text: &str) -> bool {
    text.chars().next().is_some_and(|c| matches!(half_width(c), '=' | '+' | '-' | '@'))
}

fn tidied(text: &str, kind: Kind) -> String {
    let is_tidy = |c: char| !is_space(c) && !is_hidden(c) && half_width(c) == c;
    if text.chars().all(is_tidy) && !text.starts_with(['\'', '’']) {
        // Almost every cell.
        return text.to_owned();
    }
    let clean: String = text.chars().filter(|c| !is_hidden(*c)).map(half_width).collect();
    let clean = clean.trim_matches(is_space);
    let clean = if kind == Kind::Code { clean.trim_start_matches(['\'', '’']) } else { clean };
    let chars: Vec<char> = clean.chars().collect();
    let mut out = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if !is_space(c) {
            out.push(c);
            continue;
        }
        let latin = |p: Option<&char>| p.is_some_and(|c| c.is_ascii_alphanumeric());
        let keeps = kind != Kind::Code
            && latin(chars.get(at + 1))
            && out.ends_with(|c: char| c.is_ascii_alphanumeric());
        if keeps {
            out.push(' ');
        }
    }
    out
}

/// A cell's text as [`Sheet::text`] takes it, with nothing said about it; none
/// where there is nothing to take.
pub(super) fn plain(raw: &str, kind: Kind) -> Option<String> {
    let text = tidied(raw, kind);
    let is_taken = !text.is_empty()
        && !is_placeholder(&text)
        && !is_formula(&text)
        && text.chars().count() <= kind.longest();
    is_taken.then_some(text)
}

impl Sheet<'_> {
    /// A cell's tidied text; empty where there is none, or what is there is
    /// refused (then the row has failed).
    pub(super) fn text(&mut self, column: &'static str, raw: &str, kind: Kind) -> String {
        let text = tidied(raw, kind);
        if text.is_empty() || is_placeholder(&text) {
            return String::new();
        }
        if is_formula(&text) {
            self.error(
                column,
                shown(raw),
                Words::fixed(
                    "以 =、+、-、@ 开头的内容会被表格软件当作公式执行，请改为普通文字",
                    "A spreadsheet would run this as a formula: write plain text",
                ),
            );
            return String::new();
        }
        let most = kind.longest();
        if text.chars().count() > most {
            let lines = raw.lines().count();
            let words = if lines > 1 {
                words!(
                    "这一格有 {lines} 行，像是引号没有成对，把后面的行都读进来了，请检查引号",
                    "This cell has {lines} lines: a quotation mark is probably not closed. Check the quotes"
                )
            } else {
                words!("内容太长，最多 {most} 个字", "Too long: at most {most} characters")
            };
            self.error(column, shown(raw), words);
            return String::new();
        }
        if text != raw {
            let (before, after) = (drawn(raw), &text);
            self.repair(
                column,
                shown(raw),
                words!("已整理：“{before}” → “{after}”", "Repaired: “{before}” → “{after}”"),
            );
        }
        text
    }

    /// Like [`Sheet::text`], for a cell that has to be there.
    pub(super) fn needed(&mut self, column: &'static str, raw: &str, kind: Kind) -> String {
        let failed = self.failed;
        let text = self.text(column, raw, kind);
        if text.is_empty() && self.failed == failed {
            self.error(
                column,
                shown(raw),
                words!("没有填“{column}”，请补上", "“{column}” is missing: fill it in"),
            );
        }
        text
    }

    /// A student's or staff number: letters, digits and dashes.
    pub(super) fn number(&mut self, column: &'static str, raw: &str) -> String {
        let failed = self.failed;
        let text = self.needed(column, raw, Kind::Code);
        if self.failed != failed {
            return text;
        }
        let upper = text.to_ascii_uppercase();
        if upper.contains("E+") {
            self.error(
                column,
                shown(raw),
                Words::fixed(
                    "表格软件把号码变成了科学记数，后面的数字已丢失。请把这一列设为“文本”后重新填写",
                    "The spreadsheet turned the number into 2.0E+10 and lost its digits: format the column as text",
                ),
            );
        } else if !text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            self.error(
                column,
                shown(raw),
                Words::fixed("号码只能用字母、数字和短横", "A number has letters, digits and dashes only"),
            );
        }
        text
    }

    /// A mobile number; none where the cell is empty or wrong (then the row
    /// has failed).
    pub(super) fn phone(&mut self, column: &'static str, raw: &str) -> Option<Phone> {
        let trimmed: String = raw.chars().filter(|c| !is_hidden(*c)).collect();
        let trimmed = trimmed.trim_matches(is_space).trim_start_matches(['\'', '’']);
        if trimmed.is_empty() || is_placeholder(trimmed) {
            return None;
        }
        match Phone::parse(trimmed) {
            Ok(phone) => {
                if phone.digits() != raw {
                    let (before, after) = (masked(raw), phone.masked());
                    self.repair(
                        column,
                        masked(raw),
                        words!(
                            "号码已整理：“{before}” → “{after}”",
                            "Number repaired: “{before}” → “{after}”"
                        ),
                    );
                }
                Some(phone)
            }
            Err(PhoneError::Empty) => None,
            Err(why) => {
                let words = match why {
                    PhoneError::Length(n) => words!(
                        "手机号应为 11 位数字，这里有 {n} 位，请核对",
                        "A mobile number has 11 digits, this has {n}: check it"
                    ),
                    PhoneError::Rounded => Words::fixed(
                        "表格软件把号码变成了科学记数，后面的数字已丢失。请把这一列设为“文本”后重新填写",
                        "The spreadsheet turned the number into 1.99E+10 and lost its digits: format the column as text",
                    ),
                    PhoneError::NotMobile => Words::fixed(
                        "这不是大陆手机号（应以 13 至 19 开头），请核对",
                        "Not a mainland mobile number (13 to 19 at the start): check it",
                    ),
                    PhoneError::NotDigits | PhoneError::Empty => Words::fixed(
                        "手机号里有数字以外的内容，一格只填一个号码",
                        "There is more than digits here: one number per cell",
                    ),
                };
                self.error(column, masked(raw), words);
                None
            }
        }
    }
}
