//! A school's account with an SMS provider.

use serde::{Deserialize, Serialize};

use crate::keys::keyed;
use crate::words::Words;

keyed! {
    /// Through whom SMS go out.
    pub enum ProviderKind {
        /// The demo's pretended network.
        Sandbox = "sandbox",
        /// 阿里云短信服务.
        Aliyun = "aliyun",
        /// 腾讯云短信.
        Tencent = "tencent",
    }
}

impl ProviderKind {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Sandbox => Words::fixed("演示网络", "Demo network"),
            Self::Aliyun => Words::fixed("阿里云短信", "Alibaba Cloud SMS"),
            Self::Tencent => Words::fixed("腾讯云短信", "Tencent Cloud SMS"),
        }
    }
}

/// What an account's calls are signed with. It is serialised only to be sealed; `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// AccessKey ID, or SecretId.
    pub id: String,
    /// AccessKey Secret, or SecretKey.
    pub secret: String,
    /// Tencent Cloud's SmsSdkAppId; else empty.
    pub app_id: String,
    /// The provider's region.
    pub region: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", masked(&self.id))
    }
}

/// `LTAI****9f2c`: enough of a key's id to tell which one it is.
pub fn masked(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    if chars.len() < 12 {
        return "****".into();
    }
    let (first, last) = (&chars[..4], &chars[chars.len() - 4..]);
    first.iter().chain(&['*'; 4]).chain(last).collect()
}

/// An account as it is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// With whom.
    pub provider: ProviderKind,
    /// By which its calls are signed.
    pub credentials: Credentials,
    /// The signature (短信签名) as it is filed, without 【】.
    pub signature: String,
    /// Our templates, as they are filed.
    pub templates: Vec<FiledTemplate>,
    /// Where the provider is reached, where that is not its own address: a relay of the deployment's.
    pub base_url: Option<String>,
}

impl Account {
    /// The provider's code of a template that it has approved.
    pub fn code(&self, name: &str, version: u32) -> Option<&str> {
        let found = self.templates.iter().find(|t| t.name == name && t.version == version);
        found.filter(|t| t.state == FilingState::Approved).map(|t| t.code.as_str())
    }
}

/// One of our templates at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FiledTemplate {
    /// Its name with us ([`crate::sms::Template`]).
    pub name: String,
    /// Its version with us.
    pub version: u32,
    /// The provider's id of it; empty until it has one.
    pub code: String,
    /// How far its filing is.
    pub state: FilingState,
}

keyed! {
    /// How far the filing of a template or signature with the provider is.
    pub enum FilingState {
        /// Handed in, not answered yet.
        Filed = "filed",
        /// The provider takes it.
        Approved = "approved",
        /// The provider does not take it.
        Refused = "refused",
        /// Not handed in yet.
        NotFiled = "not_filed",
    }
}

impl FilingState {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Filed => Words::fixed("审核中", "Under review"),
            Self::Approved => Words::fixed("已通过", "Approved"),
            Self::Refused => Words::fixed("未通过", "Refused"),
            Self::NotFiled => Words::fixed("未报备", "Not filed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_by_debug_and_of_the_id_only_its_ends() {
        let credentials = Credentials {
            id: "LTAI5tAbCdEf9f2c".into(),
            secret: "never-shown".into(),
            app_id: String::new(),
            region: String::new(),
        };
        assert_eq!(masked(&credentials.id), "LTAI****9f2c");
        assert_eq!(format!("{credentials:?}"), "Credentials(LTAI****9f2c)");
        assert_eq!(masked("short"), "****");
    }

    #[test]
    fn a_template_is_used_only_once_it_is_approved() {
        let with = |state| Account {
            provider: ProviderKind::Aliyun,
            credentials: Credentials {
                id: String::new(),
                secret: String::new(),
                app_id: String::new(),
                region: String::new(),
            },
            signature: "麻阳中学".into(),
            templates: vec![FiledTemplate {
                name: "notice_link".into(),
                version: 1,
                code: "SMS_1".into(),
                state,
            }],
            base_url: None,
        };
        assert_eq!(with(FilingState::Approved).code("notice_link", 1), Some("SMS_1"));
        assert_eq!(with(FilingState::Approved).code("notice_link", 2), None);
        for state in [FilingState::Filed, FilingState::Refused, FilingState::NotFiled] {
            assert_eq!(with(state).code("notice_link", 1), None);
        }
    }
}
