//! The SMS as it is sent: rendered from a template, counted as carriers count.
//!
//! Mainland providers take a template with variables, not free text; the
//! signature 【…】 and the link count. One SMS holds 70 UTF-16 units, a
//! longer one is split into parts of 67 (help.aliyun.com 44335).

use serde::{Deserialize, Serialize};

use Part::{Link, Text, Title};

use crate::provider::account::ProviderKind;

/// UTF-16 units that fit one SMS.
pub const SINGLE: usize = 70;
/// UTF-16 units in each part of a longer one.
pub const PART: usize = 67;

/// The template for new messages of mode *link*.
pub const LINK_TEMPLATE: Template = NOTICE_LINK_1;

/// Every template ever used: a message that was approved with an old one is
/// still sent with it, and what was sent can be found again years later.
pub const TEMPLATES: [Template; 1] = [NOTICE_LINK_1];

const NOTICE_LINK_1: Template = Template {
    name: "notice_link",
    version: 1,
    // Without the space before the link, old phones take the words as part of it.
    wording: &[Title, Text("，请点开查看并确认： "), Link],
};

/// A wording that is filed with the provider, word by word; the signature comes before it, by the
/// provider. What is filed, the values of its variables and the SMS as it arrives are made of this one
/// source. Name and version are part of the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name with us.
    pub name: &'static str,
    /// Its version; a new wording is a new version.
    pub version: u32,
    wording: &'static [Part],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    Title,
    /// A fixed address with the token as its last part: providers take no address in a variable.
    Link,
}

/// Names of the variables, where a provider has them by name.
const TITLE: &str = "title";
const TOKEN: &str = "token";

impl Template {
    /// The template of this name and version, however old.
    pub fn find(name: &str, version: u32) -> Option<&'static Self> {
        TEMPLATES.iter().find(|t| t.name == name && t.version == version)
    }

    /// Renders the SMS for one recipient. `link` is the whole address.
    pub fn render(&self, signature: &str, title: &str, link: &str) -> String {
        let words = self.wording.iter().map(|part| match part {
            Text(text) => text,
            Title => title,
            Link => link,
        });
        ["【", signature, "】"].into_iter().chain(words).collect()
    }

    /// Its variables with their values, in the order of its text.
    pub fn variables(&self, title: &str, token: &str) -> Vec<(&'static str, String)> {
        let value = |part: &Part| match part {
            Text(_) => None,
            Title => Some((TITLE, title.to_owned())),
            Link => Some((TOKEN, token.to_owned())),
        };
        self.wording.iter().filter_map(value).collect()
    }

    /// The text that is filed with a provider, in its way of writing variables. `links` is the fixed
    /// part of the links, `https://x.example/m/`.
    pub fn to_file(&self, provider: ProviderKind, links: &str) -> String {
        let mut text = String::new();
        let mut place = 0;
        for part in self.wording {
            let name = match part {
                Text(words) => {
                    text.push_str(words);
                    continue;
                }
                Title => TITLE,
                Link => {
                    text.push_str(links);
                    TOKEN
                }
            };
            place += 1;
            text.push_str(&match provider {
                ProviderKind::Tencent => format!("{{{place}}}"),
                ProviderKind::Aliyun | ProviderKind::Sandbox => format!("${{{name}}}"),
            });
        }
        text
    }
}

/// Signs that providers refuse in a variable: those that mark the signature, and those that they name
/// (help.aliyun.com 463270).
pub(crate) fn is_refused_sign(c: char) -> bool {
    matches!(
        c,
        '【' | '】' | '『' | '』' | '「' | '」' | '〖' | '〗' | '#' | '※' | '•' | '²' | '³' | '{' | '}'
    ) || c.is_control()
}

/// How long a rendered SMS is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Length {
    /// UTF-16 units, as carriers count.
    pub units: usize,
    /// SMS parts charged.
    pub parts: usize,
}

/// Counts a rendered SMS.
pub fn length(text: &str) -> Length {
    let units = text.encode_utf16().count();
    let parts = if units <= SINGLE { 1 } else { units.div_ceil(PART) };
    Length { units, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_as_carriers_charge_them() {
        for (units, parts) in
            [(0, 1), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (201, 3), (202, 4)]
        {
            assert_eq!(length(&"字".repeat(units)), Length { units, parts });
        }
        assert_eq!(length("🙂").units, 2);
    }

    #[test]
    fn every_template_is_found_by_name_and_version() {
        for template in &TEMPLATES {
            assert_eq!(Template::find(template.name, template.version), Some(template));
        }
        assert_eq!(Template::find("notice_link", 0), None);
        assert!(TEMPLATES.contains(&LINK_TEMPLATE));
    }

    /// The wording of a template's version never changes.
    #[test]
    fn notice_link_1_unchanged() {
        assert_eq!(
            NOTICE_LINK_1.render("麻阳中学", "秋季运动会", "https://x.cn/m/T"),
            "【麻阳中学】秋季运动会，请点开查看并确认： https://x.cn/m/T"
        );
    }

    /// What is filed, with the values in place of the variables, is what arrives.
    #[test]
    fn what_is_filed_filled_in_is_what_arrives() {
        assert_eq!(
            NOTICE_LINK_1.to_file(ProviderKind::Aliyun, "https://x.cn/m/"),
            "${title}，请点开查看并确认： https://x.cn/m/${token}"
        );
        for template in &TEMPLATES {
            let whole = template.render("校", "秋季运动会", "https://x.cn/m/T");
            for provider in ProviderKind::ALL {
                let mut text = template.to_file(provider, "https://x.cn/m/");
                for (i, (name, value)) in template.variables("秋季运动会", "T").iter().enumerate() {
                    let variable = if provider == ProviderKind::Tencent {
                        format!("{{{}}}", i + 1)
                    } else {
                        format!("${{{name}}}")
                    };
                    assert_eq!(text.matches(&variable).count(), 1, "{text}");
                    text = text.replace(&variable, value);
                }
                assert_eq!(format!("【校】{text}"), whole);
            }
        }
    }
}
