//! A template's variables, within what the providers take. What one of them
//! would refuse is refused while somebody writes.
//!
//! - One variable holds 1 to 35 characters (Aliyun, help.aliyun.com 44357). Tencent Cloud gives certified
//!   organisations no limit of their own (`InvalidParameterValue.TemplateParameterLengthLimit`).
//! - No address in a variable, by either; the template holds the fixed one, and its token is the variable.
//! - No 【】, which mark the signature, and no signs like 『』 # ※ (help.aliyun.com 463270).

use super::account::ProviderKind;
use crate::sms::{Template, is_refused_sign};
use crate::words;
use crate::words::Words;

/// Most characters of a variable at Aliyun.
const ALIYUN_MAX: usize = 35;
/// Most characters of a whole SMS, at both.
const SMS_MAX: usize = 500;

/// Why a provider would not take a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// Nothing in it.
    Empty,
    /// More than so many characters.
    TooLong(usize),
    /// This sign, at this place.
    Sign(usize, char),
    /// An address.
    Address,
}

impl NotAllowed {
    /// For who writes.
    pub fn words(self) -> Words {
        match self {
            Self::Empty => Words::fixed("标题不能为空", "The title is empty"),
            Self::TooLong(max) => {
                words!("短信服务商只接收 {max} 个字以内", "The SMS provider takes at most {max} characters")
            }
            Self::Sign(_, sign) => {
                words!("短信服务商不接收“{sign}”，请删去", "The SMS provider refuses “{sign}”: leave it out")
            }
            Self::Address => Words::fixed(
                "短信服务商不接收标题里的网址，请写在正文里",
                "The SMS provider refuses an address in the title: write it in the text",
            ),
        }
    }
}

/// Whether a text holds an address, as providers look for one: a scheme, or `www.`, or a word with a dot before an
/// ending in letters.
fn has_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("://")
        || lower.contains("www.")
        || lower.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).any(|word| {
            word.rsplit_once('.').is_some_and(|(host, ending)| {
                host.contains(|c: char| c.is_ascii_alphabetic())
                    && ending.len() >= 2
                    && ending.chars().all(|c| c.is_ascii_alphabetic())
            })
        })
}

/// Whether a provider takes a value.
fn check(provider: ProviderKind, value: &str) -> Result<(), NotAllowed> {
    if value.trim().is_empty() {
        return Err(NotAllowed::Empty);
    }
    // The demo keeps the stricter rules of both.
    let max = if provider == ProviderKind::Tencent { SMS_MAX } else { ALIYUN_MAX };
    if value.chars().count() > max {
        return Err(NotAllowed::TooLong(max));
    }
    if let Some((at, sign)) = value.chars().enumerate().find(|(_, c)| is_refused_sign(*c)) {
        return Err(NotAllowed::Sign(at, sign));
    }
    if has_address(value) {
        return Err(NotAllowed::Address);
    }
    Ok(())
}

/// The variables of a template in the order of its text, with their values. `link` is the whole
/// address: only what stands behind its last slash goes into a variable.
///
/// # Errors
/// Where the provider would not take a value, or the whole.
pub fn variables(
    provider: ProviderKind,
    template: &Template,
    title: &str,
    link: &str,
) -> Result<Vec<(&'static str, String)>, NotAllowed> {
    let token = link.rsplit_once('/').map_or(link, |(_, token)| token);
    let values = template.variables(title, token);
    for (_, value) in &values {
        check(provider, value)?;
    }
    // The signature is at most 12 characters, with its 【】.
    if template.render("", title, link).chars().count() + 12 > SMS_MAX {
        return Err(NotAllowed::TooLong(SMS_MAX));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::{LINK_TEMPLATE, TEMPLATES};

    const LINK: &str = "https://xx.school.example/m/AbCdEfGhIjKlMnOpQrStUvWxYz012345";

    fn title(provider: ProviderKind, title: &str) -> Result<(), NotAllowed> {
        variables(provider, &LINK_TEMPLATE, title, LINK).map(|_| ())
    }

    #[test]
    fn the_title_and_the_token_are_the_variables() {
        let values = variables(ProviderKind::Aliyun, &LINK_TEMPLATE, "秋季运动会", LINK).expect("both fit");
        assert_eq!(
            values,
            [("title", "秋季运动会".to_owned()), ("token", "AbCdEfGhIjKlMnOpQrStUvWxYz012345".to_owned())]
        );
    }

    #[test]
    fn what_a_provider_refuses_is_refused_while_writing() {
        use NotAllowed::{Address, Empty, Sign, TooLong};
        for provider in ProviderKind::ALL {
            for (text, refused) in [
                ("秋季运动会", None),
                ("10月8日（周四）19:30家长会", None),
                ("3.5班春游", None),
                ("  ", Some(Empty)),
                ("【重要】家长会", Some(Sign(0, '【'))),
                ("家长会※", Some(Sign(3, '※'))),
                ("见 http://a.cn/1", Some(Address)),
                ("请看 www.school.cn", Some(Address)),
                ("请看school.edu.cn报名", Some(Address)),
            ] {
                assert_eq!(title(provider, text).err(), refused, "{provider:?} {text}");
            }
        }
        let long = |n| "字".repeat(n);
        assert_eq!(title(ProviderKind::Aliyun, &long(35)), Ok(()));
        assert_eq!(title(ProviderKind::Aliyun, &long(36)), Err(TooLong(35)));
        assert_eq!(title(ProviderKind::Sandbox, &long(36)), Err(TooLong(35)));
        assert_eq!(title(ProviderKind::Tencent, &long(36)), Ok(()));
        assert_eq!(title(ProviderKind::Tencent, &long(500)), Err(TooLong(500)));
    }

    /// A title and a token of ours always fit: otherwise nothing could ever be sent.
    #[test]
    fn our_longest_title_and_our_token_fit_every_provider() {
        for provider in ProviderKind::ALL {
            for template in &TEMPLATES {
                assert!(variables(provider, template, &"字".repeat(crate::message::TITLE_MAX), LINK).is_ok());
            }
        }
    }
}
