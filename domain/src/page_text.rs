//! A notice's text as its page shows it, to parents and in the writer's
//! preview: its paragraphs, and the web addresses in it as links. Only `http`
//! and `https`, and only where the host that opens is the one that is read.

/// Blank lines part paragraphs; a single line break stays one.
pub fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            open = false;
        } else if let (true, Some(last)) = (open, all.last_mut()) {
            last.push('\n');
            last.push_str(line);
        } else {
            all.push(line.to_owned());
            open = true;
        }
    }
    all
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// A web address.
    Link {
        /// As it was written.
        text: &'a str,
        /// Where it leads: `http://…` or `https://…`.
        href: String,
        /// The host that it opens, in small letters.
        host: String,
    },
}

/// Signs that an address in a sentence ends before, although it could hold them.
const TRAILING: &[char] = &['.', ',', ';', ':', '!', '?', '\'', '"', ')', ']', '}', '*', '_', '~'];

/// Cuts a text into words and web addresses.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let before = text[..at].chars().next_back();
        let begins = !before.is_some_and(|c| c.is_ascii_alphanumeric() || "@./-_".contains(c));
        if let Some((length, href, host)) = begins.then(|| address(rest)).flatten() {
            if from < at {
                pieces.push(Piece::Text(&text[from..at]));
            }
            pieces.push(Piece::Link { text: &rest[..length], href, host });
            at += length;
            from = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    if from < text.len() {
        pieces.push(Piece::Text(&text[from..]));
    }
    pieces
}

/// The address that a text begins with: its length, where it leads, and the host.
fn address(text: &str) -> Option<(usize, String, String)> {
    let is_at = |prefix: &str| text.get(..prefix.len()).is_some_and(|t| t.eq_ignore_ascii_case(prefix));
    let scheme = ["https://", "http://", "www."].into_iter().find(|s| is_at(s))?;
    let run = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let written = text[..run].trim_end_matches(TRAILING);
    let rest = if scheme == "www." { written } else { written.get(scheme.len()..)? };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = named(&rest[..end])?;
    let href = match scheme {
        "www." => format!("http://{written}"),
        scheme => format!("{scheme}{rest}"),
    };
    Some((written.len(), href, host))
}

/// What can stand in an address: Chinese words and quotation marks end it.
fn is_part(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// The host, where the authority is nothing but a host with a dot and perhaps a port. A name before
/// an `@` would show one host and open another.
fn named(authority: &str) -> Option<String> {
    let (host, port) = authority.split_once(':').map_or((authority, ""), |(host, port)| (host, port));
    let is_label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_host = host.contains('.') && host.split('.').all(is_label);
    (is_host && port.bytes().all(|b| b.is_ascii_digit())).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(text: &str) -> Vec<(String, String, String)> {
        let link = |piece| match piece {
            Piece::Link { text, href, host } => Some((text.to_owned(), href, host)),
            Piece::Text(_) => None,
        };
        pieces(text).into_iter().filter_map(link).collect()
    }

    #[test]
    fn paragraphs_are_parted_by_blank_lines() {
        assert_eq!(paragraphs("甲\r\n乙\n\n \n丙\n"), ["甲\n乙", "丙"]);
        assert_eq!(paragraphs("　　首行缩进"), ["　　首行缩进"]);
        assert!(paragraphs(" \n\n").is_empty());
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        for (text, written, href, host) in [
            (
                "请看https://www.moe.gov.cn/a?b=1#c，谢谢",
                "https://www.moe.gov.cn/a?b=1#c",
                "https://www.moe.gov.cn/a?b=1#c",
                "www.moe.gov.cn",
            ),
            ("见 HTTP://A.cn.", "HTTP://A.cn", "http://A.cn", "a.cn"),
            ("（www.abc.cn）", "www.abc.cn", "http://www.abc.cn", "www.abc.cn"),
            ("https://a.cn:8443/x填表", "https://a.cn:8443/x", "https://a.cn:8443/x", "a.cn"),
            ("(see https://a.cn/b).", "https://a.cn/b", "https://a.cn/b", "a.cn"),
        ] {
            assert_eq!(links(text), [(written.into(), href.into(), host.into())], "{text}");
        }
    }

    #[test]
    fn what_opens_is_what_is_read() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://a.cn/x",
            "https://school.cn@evil.com/",
            "https://school.cn:x@evil.com/",
            "https://localhost/",
            "https://",
            "https://学校.cn",
            "https://.cn",
            "https://a..cn",
            "http://a.cn:80b/",
            "a@www.abc.cn",
            "xhttps://a.cn",
            "https://a.cn\u{202e}",
        ] {
            let found = links(text);
            assert!(
                found.iter().all(|(_, href, _)| text.ends_with('\u{202e}') && href == "https://a.cn"),
                "{text}: {found:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_of_the_text_is_lost(parts in prop::collection::vec(prop_oneof!["\\PC{0,4}", Just("https://a.cn/x".to_owned()), Just("www.b.cn".to_owned()), Just("，".to_owned())], 0..8)) {
            let text = parts.concat();
            let whole: String = pieces(&text).iter().map(|p| match p {
                Piece::Text(text) | Piece::Link { text, .. } => *text,
            }).collect();
            prop_assert_eq!(&whole, &text);
            for (_, href, host) in links(&text) {
                prop_assert!(href.starts_with("http://") || href.starts_with("https://"));
                prop_assert!(href.to_ascii_lowercase().contains(&host));
            }
        }
    }
}
