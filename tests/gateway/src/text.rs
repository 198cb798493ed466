//! Numbers, templates and times as both providers write them.

use chrono::{DateTime, Utc};
use data_encoding::{HEXLOWER, HEXUPPER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A mainland mobile in any of the forms that both accept: bare, `86`, `+86`, `0086`.
pub(crate) fn mainland(number: &str) -> Option<String> {
    let bare = ["+86", "0086", "86"].into_iter().find_map(|p| number.strip_prefix(p)).unwrap_or(number);
    let digits = bare.len() == 11 && bare.bytes().all(|b| b.is_ascii_digit());
    let mobile = bare.starts_with('1') && matches!(bare.as_bytes().get(1), Some(b'3'..=b'9'));
    (digits && mobile).then(|| bare.to_owned())
}

/// Every mainland mobile that stands in a text.
pub(crate) fn numbers_in(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(mainland)
}

/// Whether a variable's value holds a link, which both refuse.
pub(crate) fn has_link(value: &str) -> bool {
    const ENDINGS: [&str; 20] = [
        "com", "cn", "net", "org", "edu", "gov", "io", "cc", "top", "xyz", "vip", "club", "info", "me", "tv",
        "app", "link", "site", "shop", "ltd",
    ];
    let lower = value.to_ascii_lowercase();
    if lower.contains("://") || lower.contains("www.") {
        return true;
    }
    let words: Vec<&str> = lower.split('.').collect();
    words.windows(2).any(|pair| {
        let host = pair[0].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        let end: String = pair[1].chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        host && ENDINGS.contains(&end.as_str())
    })
}

/// What no variable may hold: signs that look like a signature, and control characters.
pub(crate) fn has_forbidden(value: &str) -> bool {
    value.chars().any(|c| matches!(c, '【' | '】') || c.is_control())
}

/// UTF-16 units, as carriers count.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// SMS charged for a text: 70, then 67 each.
pub(crate) fn parts(text: &str) -> usize {
    let units = units(text);
    if units <= 70 { 1 } else { units.div_ceil(67) }
}

/// The variables of a wording, in order: `${name}` or `{1}`.
pub(crate) fn variables<'a>(wording: &'a str, open: &str) -> Vec<&'a str> {
    wording.split(open).skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// Beijing time.
pub(crate) fn beijing(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms.saturating_add(8 * 3_600_000)).unwrap_or_default()
}

/// `2017-01-01 00:00:00`, Beijing time.
pub(crate) fn stamp(ms: i64) -> String {
    beijing(ms).format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

pub(crate) fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes a key of any length.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|m| m.chain_update(text).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// A request's id, one for each call and the same in each run.
pub(crate) fn request_id(call: u64) -> String {
    let hex = HEXUPPER.encode(&Sha256::digest(call.to_be_bytes()));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_all_their_forms() {
        for form in ["19900001234", "8619900001234", "+8619900001234", "008619900001234"] {
            assert_eq!(mainland(form).as_deref(), Some("19900001234"), "{form}");
        }
        for form in ["1990000123", "199000012345", "12900001234", "+85219900001234", "1990000123a", "", "+86"]
        {
            assert_eq!(mainland(form), None, "{form}");
        }
    }

    #[test]
    fn links_are_seen_and_dates_are_not() {
        for link in ["https://x.cn/a", "x.cn/a", "去www.", "学校.school.com看", "A.TOP"] {
            assert!(has_link(link), "{link}");
        }
        for plain in ["3.15活动", "v1.beta", "1.5米", "周一. 周二", "比分3.5", "a.b"] {
            assert!(!has_link(plain), "{plain}");
        }
    }

    #[test]
    fn wordings_name_their_variables() {
        assert_eq!(variables("${title}，请看 https://x.cn/m/${token}", "${"), ["title", "token"]);
        assert_eq!(variables("{1}，请看 {2}", "{"), ["1", "2"]);
        assert_eq!(stamp(0), "1970-01-01 08:00:00");
        assert_eq!((parts(&"字".repeat(70)), parts(&"字".repeat(71)), parts(&"字".repeat(160))), (1, 2, 3));
    }
}
