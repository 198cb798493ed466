//! Numbers that identify a person or an account (G48).

use super::finding::{Findings, Severity};
use super::text::Text;
use crate::words::Words;

/// Runs the checks of numbers.
pub(super) fn check(text: &Text, found: &mut Findings) {
    let mut at = 0;
    while at < text.folded.len() {
        let run = run(text, at);
        let Some(end) = run.last().map(|group| group.start + group.digits.len()) else {
            at += 1;
            continue;
        };
        judge(text, &run, found);
        at = end;
    }
    accounts(text, found);
}

/// Digits without a sign between them, perhaps with the X of an ID card at the end.
struct Group {
    digits: String,
    start: usize,
}

/// Groups of digits that begin at `start`, parted by single spaces, dashes or dots.
fn run(text: &Text, start: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let before = start.checked_sub(1).and_then(|p| text.folded.get(p));
    if before.is_some_and(char::is_ascii_digit) {
        return groups;
    }
    let mut at = start;
    loop {
        let mut digits: String = text.folded[at..].iter().take_while(|c| c.is_ascii_digit()).collect();
        if digits.is_empty() {
            return groups;
        }
        let from = at;
        at += digits.len();
        let last: usize = groups.iter().rev().take(2).map(|g| g.digits.len()).sum();
        if (digits.len() == 17 || digits.len() == 3 && last == 14) && text.folded.get(at) == Some(&'x') {
            digits.push('x');
            at += 1;
        }
        groups.push(Group { digits, start: from });
        if !text.folded.get(at).is_some_and(|c| matches!(c, ' ' | '-' | '.')) {
            return groups;
        }
        at += 1;
    }
}

/// Most groups of one number: four, and the country's code.
const GROUPS_MAX: usize = 5;
/// So far before a number may stand what it is.
const NAMED_BEFORE: usize = 8;

/// Looks at neighbouring groups, the longest first: `2班 138 1234 5678` has a number behind another.
fn judge(text: &Text, run: &[Group], found: &mut Findings) {
    let mut from = 0;
    while let Some(rest) = run.get(from..).filter(|rest| !rest.is_empty()) {
        let secret = (1..=rest.len().min(GROUPS_MAX)).rev().find(|n| tell(text, &rest[..*n], found));
        from += secret.unwrap_or(1);
    }
}

fn tell(text: &Text, groups: &[Group], found: &mut Findings) -> bool {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let all: String = groups.iter().map(|g| g.digits.as_str()).collect();
    let shape: Vec<usize> = groups.iter().map(|g| g.digits.len()).collect();
    let place = (first.start, last.start + last.digits.len() - first.start);
    let is_named = || {
        text.any_between(
            first.start.saturating_sub(NAMED_BEFORE),
            first.start,
            &["身份证", "证件号", "身份号码"],
        )
    };
    if matches!(shape[..], [18] | [6, 8, 4]) && (is_id_card(&all) || is_named()) {
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
    } else if is_mobile_shape(&shape, &all) {
        found.add(
            ("personal_contact", Severity::Explain),
            place,
            Words::fixed(
                "这是个人手机号，请改写学校的固定电话；确需公布的，请说明理由",
                "This is a personal mobile number: give the school's telephone instead, or say why it is needed",
            ),
            None,
        );
    } else {
        return false;
    }
    true
}

/// As people write a mobile number, with or without the country's code before it.
fn is_mobile_shape(shape: &[usize], digits: &str) -> bool {
    let (shape, digits) = match shape {
        [2, rest @ ..] if digits.starts_with("86") => (rest, &digits[2..]),
        [4, rest @ ..] if digits.starts_with("0086") => (rest, &digits[4..]),
        [13] => (&[11][..], digits.strip_prefix("86").unwrap_or_default()),
        whole => (whole, digits),
    };
    matches!(shape, [11] | [3, 4, 4] | [4, 4, 3] | [3, 3, 5]) && is_mobile(digits)
}

fn is_mobile(digits: &str) -> bool {
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
