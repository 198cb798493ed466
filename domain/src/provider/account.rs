//! A school's account with an SMS provider.

use serde::{Deserialize, Serialize};

use crate::keys::keyed;
use crate::words::Words;

keyed! {
    /// Who carries the SMS.
    pub enum ProviderKind {
        /// The demo's pretended telephone network.
        Sandbox = "sandbox",
        /// Alibaba Cloud.
        Aliyun = "aliyun",
        /// Tencent Cloud.
        Tencent = "tencent",
    }
}

impl ProviderKind {
    /// Its name.
    pub fn title(self) -> Words {
        match self {
            Self::Sandbox => Words::fixed("演示通道", "Demo"),
            Self::Aliyun => Words::fixed("阿里云短信", "Alibaba Cloud SMS"),
            Self::Tencent => Words::fixed("腾讯云短信", "Tencent Cloud SMS"),
        }
    }
}

keyed! {
    /// Where the provider's review of a wording stands.
    pub enum FilingState {
        /// Not handed in.
        NotFiled = "not_filed",
        /// Under review.
        Filed = "filed",
        /// May be used.
        Approved = "approved",
        /// Refused.
        Refused = "refused",
    }
}

impl FilingState {
    /// For the page.
    pub fn title(self) -> Words {
        match self {
            Self::NotFiled => Words::fixed("未报备", "Not filed"),
            Self::Filed => Words::fixed("审核中", "Under review"),
            Self::Approved => Words::fixed("已通过", "Approved"),
            Self::Refused => Words::fixed("未通过", "Refused"),
        }
    }
}

/// What a provider knows a school by. Never shown: `Debug` says nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// AccessKey ID, SecretId.
    pub id: String,
    /// AccessKey secret, SecretKey.
    pub secret: String,
    /// Tencent's SmsSdkAppId; else empty.
    pub app_id: String,
    /// Tencent's region; else empty.
    pub region: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// A wording of ours at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FiledTemplate {
    /// Its name with us.
    pub name: String,
    /// Its version with us.
    pub version: u32,
    /// The provider's id of it.
    pub code: String,
    /// Where its review stands.
    pub state: FilingState,
}

/// A school's account with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub provider: ProviderKind,
    /// What signs its calls.
    pub credentials: Credentials,
    /// The signature as it is filed, without brackets.
    pub signature: String,
    /// Wordings of ours there.
    pub templates: Vec<FiledTemplate>,
    /// Where calls go instead of the provider's own address: a relay in the mainland.
    pub base_url: Option<String>,
}
