//! Numbers that identify a person or an account (G48).

use super::finding::{Findings, Severity};
use super::text::Text;
use crate::words::Words;

/// Runs the checks of numbers.
pub(super) fn check(text: &Text, found: &mut Findings) {
    let mut at = 0;
    while at < text.folded.len() {
        let run = Run::from(text, at);
        if run.groups.is_empty() {
            at += 1;
            continue;
        }
        judge(&run, at, found);
        at += run.len;
    }
    accounts(text, found);
}

/// Digits in groups, parted by single spaces or dashes, perhaps with the X of
/// an ID card at the end.
struct Run {
    groups: Vec<String>,
    len: usize,
}

impl Run {
    fn from(text: &Text, start: usize) -> Self {
        let mut run = Self { groups: Vec::new(), len: 0 };
        let before = start.checked_sub(1).and_then(|p| text.folded.get(p));
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) && !before.is_some_and(char::is_ascii_alphabetic)
        {
            return run;
        }
        let mut at = start;
        loop {
            let mut group: String = text.folded[at..].iter().take_while(|c| c.is_ascii_digit()).collect();
            if group.is_empty() {
                return run;
            }
            at += group.len();
            let total: usize = run.groups.iter().map(String::len).sum::<usize>() + group.len();
            if total == 17 && text.folded.get(at) == Some(&'x') {
                group.push('x');
                at += 1;
            }
            run.groups.push(group);
            run.len = at - start;
            if !text.folded.get(at).is_some_and(|c| matches!(c, ' ' | '-')) {
                return run;
            }
            at += 1;
        }
    }
}

fn judge(run: &Run, start: usize, found: &mut Findings) {
    let all = run.groups.concat();
    let shape: Vec<usize> = run.groups.iter().map(String::len).collect();
    let place = (start, run.len);
    if matches!(shape[..], [18] | [6, 8, 4]) && is_id_card(&all) {
        found.add(
            ("id_card", Severity::Block),
            place,
            Words::fixed(
                "这是身份证号，不能出现在信息里，请删去",
                "This is an ID card number, which must not stand in a message: remove it",
            ),
            None,
        );
    } else if matches!(shape[..], [16 | 19] | [4, 4, 4, 4] | [4, 4, 4, 4, 3]) && is_bank_card(&all) {
        found.add(
            ("bank_card", Severity::Block),
            place,
            Words::fixed(
                "这是银行卡号，不能出现在信息里，请删去",
                "This is a bank card number, which must not stand in a message: remove it",
            ),
            None,
        );
    } else if matches!(shape[..], [11] | [3, 4, 4] | [2, 11]) && is_mobile(&all) {
        found.add(
            ("personal_contact", Severity::Explain),
            place,
            Words::fixed(
                "这是个人手机号，请改写学校的固定电话；确需公布的，请说明理由",
                "This is a personal mobile number: give the school's telephone instead, or say why it is needed",
            ),
            None,
        );
    }
}

fn is_mobile(digits: &str) -> bool {
    let digits = if digits.len() == 13 { digits.strip_prefix("86").unwrap_or_default() } else { digits };
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..])
}

fn is_id_card(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = text.bytes().zip(WEIGHTS).map(|(b, w)| u32::from(b.wrapping_sub(b'0')) * w).sum();
    let expected = b"10x98765432"[(sum % 11) as usize];
    let part = |from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<u32>().ok());
    let date = match (part(6, 10), part(10, 12), part(12, 14)) {
        (Some(year @ 1900..=2100), Some(month), Some(day)) => {
            chrono::NaiveDate::from_ymd_opt(year as i32, month, day).is_some()
        }
        _ => false,
    };
    text.len() == 18 && text.as_bytes().last() == Some(&expected) && date
}

/// Luhn's check, and the first digits under which bank cards are issued.
fn is_bank_card(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, b)| {
            let digit = u32::from(b.wrapping_sub(b'0'));
            match place % 2 {
                0 => digit,
                _ => digit * 2 / 10 + digit * 2 % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10) && matches!(digits.as_bytes(), [b'3'..=b'6', ..])
}

/// `QQ：123456`, `微信号 abc_123`: the word, at most a few signs, then the account.
fn accounts(text: &Text, found: &mut Findings) {
    for (word, digits_only, min) in
        [("qq", true, 5), ("微信", false, 6), ("wechat", false, 6), ("vx", false, 6)]
    {
        let width = word.chars().count();
        for at in 0..text.folded.len() {
            if !text.at(at, word) {
                continue;
            }
            let gap = text.folded[at + width..]
                .iter()
                .take_while(|c| matches!(c, '号' | ':' | ' ' | '群' | '是' | '为' | '码'))
                .count();
            let from = at + width + gap;
            let account = text.folded[from..]
                .iter()
                .take_while(|c| {
                    c.is_ascii_digit()
                        || (!digits_only && (c.is_ascii_alphabetic() || matches!(c, '_' | '-')))
                })
                .count();
            if account >= min && gap <= 6 {
                found.add(
                    ("personal_contact", Severity::Explain),
                    (at, width + gap + account),
                    Words::fixed(
                        "这是个人的QQ或微信号，请改写学校的联系方式；确需公布的，请说明理由",
                        "This is a personal QQ or WeChat account: give the school's contact instead, or say why it is needed",
                    ),
                    None,
                );
            }
        }
    }
}
