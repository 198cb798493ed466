//! The SMS as it is sent: rendered from a template, counted as carriers count.
//!
//! Mainland providers take a template with variables, not free text; the
//! signature 【…】 and the link count. One SMS holds 70 UTF-16 units, a
//! longer one is split into parts of 67 (help.aliyun.com 44335).

use serde::{Deserialize, Serialize};

/// UTF-16 units that fit one SMS.
pub const SINGLE: usize = 70;
/// UTF-16 units in each part of a longer one.
pub const PART: usize = 67;

/// The only template of mode *link* so far, with its version: both are part
/// of the digest.
pub const LINK_TEMPLATE: Template = Template { name: "notice_link", version: 1 };

/// Which registered template a text is rendered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Template {
    /// Its name with us.
    pub name: &'static str,
    /// Its version; a new wording is a new version.
    pub version: u32,
}

impl Template {
    /// Renders the SMS for one recipient. `link` is the whole address.
    pub fn render(&self, signature: &str, title: &str, link: &str) -> String {
        // No space before the link would glue it to the words on old phones.
        format!("【{signature}】{title}，请点开查看并确认： {link}")
    }
}

/// How long a rendered SMS is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// What was sent must be found again years later: the wording of a
    /// template's version never changes.
    #[test]
    fn link_template_v1_unchanged() {
        assert_eq!(
            LINK_TEMPLATE.render("麻阳中学", "秋季运动会", "https://x.cn/m/T"),
            "【麻阳中学】秋季运动会，请点开查看并确认： https://x.cn/m/T"
        );
    }
}
