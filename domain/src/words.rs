//! Every text that a person reads exists in Chinese and in English.
//!
//! A [`Words`] value cannot be built with one language missing, so a
//! forgotten translation does not compile. The Worker, the staff app and the
//! parents' pages all take their sentences from this type.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A language of the interface. Chinese comes first: users are Chinese.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Simplified Chinese (zh-CN).
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The BCP 47 tag for `lang` attributes.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// Picks the language from an `Accept-Language` header: English only
    /// where it is named before Chinese.
    pub fn from_accept_language(header: &str) -> Self {
        for part in header.split(',') {
            let tag = part.split(';').next().unwrap_or_default().trim();
            if tag.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("zh")) {
                return Self::Zh;
            }
            if tag.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("en")) {
                return Self::En;
            }
        }
        Self::Zh
    }
}

/// One sentence or label in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Words {
    /// Chinese, as a school would write it.
    pub zh: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Words {
    /// Fixed words.
    pub const fn fixed(zh: &'static str, en: &'static str) -> Self {
        Self { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    /// The same text in both languages: a person's or a class's name.
    pub fn name(text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self { zh: Cow::Owned(text.clone()), en: Cow::Owned(text) }
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// A number with its English noun: `1 student`, `3 students`.
pub fn count(n: impl Into<u64>, one: &str, many: &str) -> String {
    let n = n.into();
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// Formats one sentence in both languages; captures variables as `format!` does.
///
/// ```
/// let n = 3;
/// let w = domain::words!("共 {n} 人", "{n} people");
/// assert_eq!(w.get(domain::words::Lang::En), "3 people");
/// ```
#[macro_export]
macro_rules! words {
    ($zh:literal, $en:literal $(,)?) => {
        $crate::words::Words { zh: format!($zh).into(), en: format!($en).into() }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(count(1_u32, "student", "students"), "1 student");
        for n in [0_u32, 2, 21] {
            assert_eq!(count(n, "student", "students"), format!("{n} students"));
        }
    }

    #[test]
    fn the_header_picks_the_first_language_we_speak() {
        for (header, lang) in [
            ("", Lang::Zh),
            ("en-US,en;q=0.9", Lang::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("fr, en;q=0.5, zh;q=0.1", Lang::En),
            ("*", Lang::Zh),
            ("中文", Lang::Zh),
        ] {
            assert_eq!(Lang::from_accept_language(header), lang, "{header}");
        }
    }
}
