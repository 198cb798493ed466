//! Whose accounts there are and what the providers know of them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// Who is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Aliyun Dysms.
    Aliyun,
    /// Tencent Cloud SMS.
    Tencent,
}

impl Provider {
    /// Its word in the callbacks' paths.
    pub fn key(self) -> &'static str {
        match self {
            Self::Aliyun => "aliyun",
            Self::Tencent => "tencent",
        }
    }
}

/// What the gateway is told when it starts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The customers' accounts.
    pub accounts: Vec<Account>,
    /// The secret in the callbacks' path, as the customer entered it in the console.
    #[serde(default)]
    pub hook_secret: String,
    /// Rates and limits per number.
    #[serde(default)]
    pub limits: Limits,
    /// Words for which a carrier refuses a text.
    #[serde(default)]
    pub refused_words: Vec<String>,
    /// The hosts that it answers as. Empty: any that was signed.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// One customer's account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// With whom.
    pub provider: Provider,
    /// `AccessKeyId` or `SecretId`.
    pub id: String,
    /// `AccessKeySecret` or `SecretKey`.
    pub secret: String,
    /// Tencent's `SmsSdkAppId`.
    #[serde(default)]
    pub app_id: String,
    /// Signatures asked for.
    pub signatures: Vec<Signature>,
    /// Templates asked for.
    pub templates: Vec<Template>,
    /// SMS parts still paid for; without one, endless.
    #[serde(default)]
    pub balance: Option<u64>,
    /// Numbers that want nothing of it any more.
    #[serde(default)]
    pub opted_out: HashSet<String>,
}

/// Where something asked for stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// May be used.
    #[default]
    Approved,
    /// Still with the reviewers.
    Pending,
    /// Refused, or stopped later.
    Refused,
}

/// A signature.
#[derive(Clone, Debug, Deserialize)]
pub struct Signature {
    /// Without 【】.
    pub name: String,
    /// Whether it may be used.
    #[serde(default)]
    pub state: State,
}

/// A template.
#[derive(Clone, Debug, Deserialize)]
pub struct Template {
    /// The provider's id of it.
    pub code: String,
    /// The text, with `${name}` at Aliyun and `{1}` at Tencent.
    pub wording: String,
    /// Whether it may be used.
    #[serde(default)]
    pub state: State,
    /// Characters that one variable may have: both grant it per template and account.
    #[serde(default = "longest")]
    pub longest: usize,
}

/// What Aliyun grants a variable of the kind "other" by default.
fn longest() -> usize {
    35
}

/// How much is too much. The defaults are the documented ones.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Aliyun: notices of one signature and template to one number in 24 hours.
    pub aliyun_number_day: usize,
    /// Aliyun: calls of one action in a second.
    pub aliyun_calls: u32,
    /// Tencent: SMS to one number on one day.
    pub tencent_number_day: usize,
    /// Tencent: seconds between two SMS of the same content to one number.
    pub tencent_same_seconds: i64,
    /// Tencent: `SendSms` in a second.
    pub tencent_calls: u32,
    /// Tencent: questions in a second.
    pub tencent_questions: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            aliyun_number_day: 50,
            aliyun_calls: 5000,
            tencent_number_day: 10,
            tencent_same_seconds: 30,
            tencent_calls: 3000,
            tencent_questions: 20,
        }
    }
}

/// The accounts of the demo: one with each, whose secrets are no secrets.
pub fn demo(hook_secret: &str, signature: &str, wordings: &[(&str, &str, &str)]) -> Config {
    let account = |provider, id: &str, secret: &str, app_id: &str| Account {
        provider,
        id: id.to_owned(),
        secret: secret.to_owned(),
        app_id: app_id.to_owned(),
        signatures: vec![Signature { name: signature.to_owned(), state: State::Approved }],
        templates: wordings
            .iter()
            .map(|(aliyun, tencent, wording)| {
                let mut text = (*wording).to_owned();
                let code = match provider {
                    Provider::Aliyun => aliyun,
                    Provider::Tencent => {
                        for (i, name) in crate::text::variables(wording, "${").into_iter().enumerate() {
                            text = text.replace(&format!("${{{name}}}"), &format!("{{{}}}", i + 1));
                        }
                        tencent
                    }
                };
                Template {
                    code: (*code).to_owned(),
                    wording: text,
                    state: State::Approved,
                    longest: longest(),
                }
            })
            .collect(),
        balance: None,
        opted_out: HashSet::new(),
    };
    Config {
        accounts: vec![
            account(Provider::Aliyun, "demo-access-key-id", "demo-access-key-secret", ""),
            account(Provider::Tencent, "demo-secret-id", "demo-secret-key", "1400006666"),
        ],
        hook_secret: hook_secret.to_owned(),
        ..Config::default()
    }
}
