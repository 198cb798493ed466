//! Mainland mobile numbers: read as people write them, shown masked (I11).

use crate::words::Words;

/// What stands in place of a masked number that cannot be read.
pub const UNREADABLE: &str = "?";

/// A masked number for the screen.
pub fn shown(masked: &str) -> Words {
    if masked == UNREADABLE {
        Words::fixed("号码无法读取", "Number cannot be read")
    } else {
        Words::name(masked)
    }
}

/// A mainland mobile number: eleven digits, starting with 1.
///
/// `Debug` and `Display` show it masked; [`Phone::digits`] is the only way
/// to the number itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is not a mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneError {
    /// Nothing there.
    Empty,
    /// The wrong number of digits: this many instead of eleven.
    Length(usize),
    /// Something that is no digit is left after separators are taken off.
    NotDigits,
    /// Eleven digits that do not start with 13 to 19.
    NotMobile,
    /// A spreadsheet has rounded it (`1.99E+10`): digits are lost.
    Rounded,
}

impl Phone {
    /// Reads a number with the spaces, dashes, full-width digits and country
    /// code that files contain, grouped by points (`138.1234.5678`), and a
    /// spreadsheet's `1.9900004567E+10` where all eleven digits are still there.
    ///
    /// # Errors
    /// [`PhoneError`] says why the text is not a mobile number.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let folded: String = text
            .chars()
            .map(|c| match c {
                '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
                '＋' => '+',
                '－' | '—' | '–' | '‐' | '‑' | '‒' | '−' => '-',
                '．' | '·' | '•' => '.',
                other => other,
            })
            .filter(|c| {
                !c.is_whitespace() && !matches!(c, '-' | '(' | ')' | '（' | '）' | '\u{200b}' | '\u{feff}')
            })
            .collect();
        if folded.is_empty() {
            return Err(PhoneError::Empty);
        }
        let plain = match folded.to_ascii_uppercase().split_once('E') {
            Some((mantissa, exponent)) => expand(mantissa, exponent)?,
            None => without_points(&folded),
        };
        let digits = ["+86", "0086"].iter().find_map(|p| plain.strip_prefix(p)).unwrap_or(&plain);
        let digits = if digits.len() == 13 { digits.strip_prefix("86").unwrap_or(digits) } else { digits };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::NotDigits);
        }
        if digits.len() != 11 {
            return Err(PhoneError::Length(digits.len()));
        }
        match digits.as_bytes() {
            [b'1', b'3'..=b'9', ..] => Ok(Self(digits.to_owned())),
            _ => Err(PhoneError::NotMobile),
        }
    }

    /// The eleven digits.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The last four digits, by which an office finds a number.
    pub fn last_four(&self) -> &str {
        &self.0[7..]
    }

    /// `199******50`: enough for a family to know its own number. One that cannot be read is [`UNREADABLE`].
    pub fn masked(&self) -> String {
        format!("{}******{}", &self.0[..3], &self.0[9..])
    }
}

/// Without the points between the groups of a number, 3 to 4 digits each as
/// people write them, and without a spreadsheet's `.0` at its end. Other points stay.
fn without_points(text: &str) -> String {
    if let Some(whole) = text.strip_suffix(".0").filter(|whole| !whole.contains('.')) {
        return whole.to_owned();
    }
    let code = ["+86", "0086", "86"].into_iter().find(|code| text.starts_with(code)).unwrap_or_default();
    let rest = &text[code.len()..];
    let groups: Vec<usize> = rest.strip_prefix('.').unwrap_or(rest).split('.').map(str::len).collect();
    if matches!(groups.as_slice(), [3, 4, 4] | [3, 8] | [7, 4] | [3, 3, 5] | [11]) {
        text.replace('.', "")
    } else {
        text.to_owned()
    }
}

fn expand(mantissa: &str, exponent: &str) -> Result<String, PhoneError> {
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places: usize = exponent.trim_start_matches('+').parse().map_err(|_| PhoneError::NotDigits)?;
    if places != 10 || whole.len() != 1 {
        return Err(PhoneError::NotMobile);
    }
    // Spreadsheets show six significant digits by default: the rest is gone.
    if fraction.len() < 9 {
        return Err(PhoneError::Rounded);
    }
    Ok(format!("{whole}{fraction:0<10}"))
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl std::fmt::Display for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_as_files_contain_them() {
        for (text, result) in [
            ("19900063291", Ok("19900063291")),
            ("１９９００１２３４５６", Ok("19900123456")),
            ("199-0000-2345", Ok("19900002345")),
            ("+86 199 0000 3456", Ok("19900003456")),
            ("8619900003456", Ok("19900003456")),
            ("1.9900004567E+10", Ok("19900004567")),
            ("19900003456.0", Ok("19900003456")),
            ("+86 138 1234 5678", Ok("13812345678")),
            ("138.1234.5678", Ok("13812345678")),
            ("138.0013.8000", Ok("13800138000")),
            ("138．0013．8000", Ok("13800138000")),
            ("138·0013·8000", Ok("13800138000")),
            ("+86.138.0013.8000", Ok("13800138000")),
            ("+86 138.0013.8000", Ok("13800138000")),
            ("86 138.0013.8000", Ok("13800138000")),
            ("138‑0013‑8000", Ok("13800138000")),
            ("1.3.8.0.0.1.3.8.0.0.0", Err(PhoneError::NotDigits)),
            ("138.1234.567.0", Err(PhoneError::NotDigits)),
            ("13800138000.5", Err(PhoneError::NotDigits)),
            ("1.99E+10", Err(PhoneError::Rounded)),
            ("1990000567", Err(PhoneError::Length(10))),
            ("07451234567", Err(PhoneError::NotMobile)),
            ("无", Err(PhoneError::NotDigits)),
            ("  ", Err(PhoneError::Empty)),
        ] {
            assert_eq!(Phone::parse(text).as_ref().map(Phone::digits), result.as_ref().copied(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = Phone::parse(&text);
        }

        #[test]
        fn no_debug_shows_the_number(n in 13_000_000_000u64..20_000_000_000) {
            let phone = Phone::parse(&n.to_string()).expect("a mobile");
            let shown = format!("{phone:?} {phone}");
            prop_assert!(!shown.contains(&n.to_string()[3..9]), "{}", shown);
        }
    }
}
