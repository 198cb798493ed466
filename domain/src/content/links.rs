//! Web addresses. In a title they are refused; in a text parents tap them, so
//! the writer is told of those that lead outside the school's list.

use super::finding::{Context, Findings, Severity};
use super::text::Text;
use crate::words;
use crate::words::Words;

/// Beside this platform itself: sites of authorities and of schools.
const LISTED: [&str; 2] = ["gov.cn", "edu.cn"];

const ENDINGS: [&str; 12] =
    ["com", "cn", "net", "org", "top", "xyz", "vip", "cc", "info", "link", "site", "me"];

/// An address: its place, and the site that it leads to.
struct Link {
    place: (usize, usize),
    host: String,
}

/// Addresses: a scheme, `www.`, or letters, a dot and a known ending.
fn all(text: &Text) -> Vec<Link> {
    let is_part = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '.' | '/' | ':' | '_' | '?' | '=' | '&' | '%' | '#' | '@' | '~' | '+')
    };
    let mut links = Vec::new();
    let mut at = 0;
    while at < text.folded.len() {
        let run = text.folded[at..].iter().take_while(|c| is_part(**c)).count();
        let place: String = text.folded[at..at + run].iter().collect();
        let (scheme, rest) =
            place.split_once("://").map_or((false, place.as_str()), |(_, rest)| (true, rest));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // What stands before an @ is no site, but a way to look like one; without a scheme it is a mail address.
        let is_mail = !scheme && authority.contains('@');
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
        let named =
            host.rsplit_once('.').is_some_and(|(name, end)| !name.is_empty() && ENDINGS.contains(&end));
        if !is_mail && (scheme || place.starts_with("www.") || named) {
            links.push(Link { place: (at, run), host: host.to_owned() });
        }
        at += run.max(1);
    }
    links
}

fn is_listed(host: &str, own: &str) -> bool {
    let within = |site: &str| host == site || host.strip_suffix(site).is_some_and(|head| head.ends_with('.'));
    !own.is_empty() && within(own) || LISTED.iter().any(|site| within(site))
}

/// Runs the check.
pub(super) fn check(text: &Text, context: &Context<'_>, found: &mut Findings) {
    let own = context.host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    for Link { place, host } in all(text) {
        if found.is_title() {
            found.add(
                ("link_in_title", Severity::Block),
                place,
                Words::fixed(
                    "标题里不能有网址：家长只应打开短信里学校的链接。请把网址写在正文里",
                    "No web address in the title: parents should open the school's own link only. Put it in the text",
                ),
                None,
            );
        } else if !is_listed(&host, &own) {
            found.add(
                ("outside_link", Severity::Explain),
                place,
                words!(
                    "这个网址通向学校名单之外的网站（{host}），家长一点就会打开。请核对，删去或说明理由；名单：本平台、政府（.gov.cn）和学校（.edu.cn）网站",
                    "This leads to a site outside the school's list ({host}), and parents open it with one tap. Check it, then remove it or say why. On the list: this platform, .gov.cn and .edu.cn"
                ),
                None,
            );
        }
    }
}
