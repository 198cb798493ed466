//! The school's account with an SMS provider: who may set it, what a version
//! has to say, what changes from one to the next, and what its page shows.

use serde::{Deserialize, Serialize};

use crate::ids::{SmsAccountId, StaffId};
use crate::problem::Refusal;
use crate::provider::{FiledTemplate, FilingState, ProviderKind};
use crate::sms::{LINK_TEMPLATE, Template};
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// What every start page and the account's own say while it is on trial (试运行).
pub fn on_trial() -> Words {
    Words::fixed(
        "试运行：短信只发给教职工，家长收不到",
        "On trial: SMS go to staff alone, parents receive nothing",
    )
}

/// Tests to one's own phone, by person and day. The table `sms_tests` says the same.
pub const TESTS_PER_DAY: u32 = 5;
/// The title of a test to one's own phone, in the template of all notices.
pub const TEST_TITLE: &str = "短信通道测试";
/// What stands in place of a link's token in a test: it leads to no notice.
pub const TEST_TOKEN: &str = "test";
/// Most that one SMS part can cost, in thousandths of a yuan.
pub const PRICE_MAX: u32 = 1_000;
/// Characters of a signature, as both providers take it.
pub const SIGNATURE_CHARS: std::ops::RangeInclusive<usize> = 2..=12;
/// Days of which the page tells how sending went.
pub const DAYS_SHOWN: i64 = 7;

/// New credentials. They are never answered, and `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewCredentials {
    /// AccessKey ID, or SecretId.
    pub id: String,
    /// AccessKey Secret, or SecretKey.
    pub secret: String,
    /// Tencent Cloud's SmsSdkAppId; else empty.
    #[serde(default)]
    pub app_id: String,
    /// The provider's region; empty for its usual one.
    #[serde(default)]
    pub region: String,
}

impl std::fmt::Debug for NewCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewCredentials")
    }
}

/// `POST /api/sms-account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProposeSmsAccount {
    /// The version in force that it was written from; 0 where there was none.
    pub behind: SmsAccountId,
    /// With whom.
    pub provider: ProviderKind,
    /// Whether only staff receive.
    pub trial: bool,
    /// The signature, without 【】.
    pub signature: String,
    /// How far its filing is.
    pub signature_state: FilingState,
    /// Our templates as they are filed.
    pub templates: Vec<FiledTemplate>,
    /// Price of one SMS part, in thousandths of a yuan.
    pub price: u32,
    /// New credentials; none keeps those in force.
    #[serde(default)]
    pub credentials: Option<NewCredentials>,
}

/// A version as it is shown: nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountVersion {
    /// Which.
    pub version: SmsAccountId,
    /// With whom.
    pub provider: ProviderKind,
    /// Whether only staff receive.
    pub trial: bool,
    /// The signature, without 【】.
    pub signature: String,
    /// How far its filing is.
    pub signature_state: FilingState,
    /// Our templates as they are filed.
    pub templates: Vec<FiledTemplate>,
    /// Price of one SMS part, in thousandths of a yuan.
    pub price: u32,
    /// The credentials' id, masked; none where they cannot be opened.
    pub key: Option<String>,
    /// Tencent Cloud's SmsSdkAppId.
    pub app_id: String,
    /// The provider's region.
    pub region: String,
    /// Whether its secret is another than that of the version in force.
    pub new_secret: bool,
    /// Who proposed it.
    pub set_by: String,
    /// When.
    pub set_at: Instant,
    /// Who confirmed it.
    pub confirmed_by: Option<String>,
    /// When.
    pub confirmed_at: Option<Instant>,
    /// Who declined it, or took it back.
    pub declined_by: Option<String>,
    /// When.
    pub declined_at: Option<Instant>,
    /// Whether it carries its seal.
    pub sealed: bool,
}

/// One thing that a version changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// What.
    pub what: Words,
    /// What it is now.
    pub before: Words,
    /// What it would be.
    pub after: Words,
}

/// What the SMS of a month came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MonthVolume {
    /// SMS that the provider has taken.
    pub sms: u64,
    /// SMS parts that it counts for them.
    pub parts: u64,
    /// SMS of which nobody knows whether it took them.
    pub unknown: u64,
}

impl MonthVolume {
    /// What it costs at a price in thousandths of a yuan: `12.34`.
    pub fn cost(&self, price: u32) -> String {
        let fen = (self.parts * u64::from(price)).div_ceil(10);
        format!("{}.{:02}", fen / 100, fen % 100)
    }
}

/// How the SMS of the notices of a day went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DayOutcome {
    /// The day, `2026-11-24`.
    pub day: String,
    /// SMS that were handed to the provider: the sum of the others.
    pub handed: u64,
    /// The phone has it.
    pub delivered: u64,
    /// Taken, and no word of it yet or ever.
    pub no_word: u64,
    /// The network could not deliver it.
    pub undelivered: u64,
    /// The provider refused it.
    pub rejected: u64,
    /// Nobody knows whether the provider took it.
    pub unknown: u64,
}

impl DayOutcome {
    /// Of a hundred that were handed over, how many were refused or not delivered, rounded up.
    pub fn error_rate(&self) -> u64 {
        ((self.undelivered + self.rejected) * 100).div_ceil(self.handed.max(1))
    }
}

/// What a test to one's own phone came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestResult {
    /// Whether the provider took it.
    pub taken: bool,
    /// What it said.
    pub words: Words,
}

/// `GET /api/sms-account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SmsAccountView {
    /// The version in force.
    pub in_force: Option<AccountVersion>,
    /// The one that waits for a second person.
    pub proposed: Option<AccountVersion>,
    /// Why the reader cannot confirm it.
    pub bar: Option<Words>,
    /// Those before and those declined, the newest first.
    pub earlier: Vec<AccountVersion>,
    /// Providers that can be chosen.
    pub providers: Vec<ProviderKind>,
    /// The signature of the school's notices: the one to file.
    pub signature: String,
    /// The fixed part of the links, which goes into the template that is filed; empty while the address is not set.
    pub links: String,
    /// Addresses to enter at the provider: of delivery reports, and of replies. By provider.
    pub hooks: Vec<Hooks>,
    /// What this month's SMS came to.
    pub month: MonthVolume,
    /// How the last days went, the newest first.
    pub days: Vec<DayOutcome>,
    /// The reader's own number, masked; none where there is none.
    pub phone: Option<String>,
    /// Tests that the reader has left today.
    pub tests_left: u32,
}

/// Addresses at which a provider reports to us. Whoever has one can report in its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hooks {
    /// Whose.
    pub provider: ProviderKind,
    /// Of delivery reports.
    pub report: String,
    /// Of replies.
    pub reply: String,
}

/// Why the reader cannot confirm a version.
pub fn confirm_bar(reader: StaffId, set_by: StaffId) -> Option<Refusal> {
    (reader == set_by).then(|| {
        Refusal::rights(
            "proposed_by_you",
            Words::fixed(
                "由您提出，须由另一位管理短信账户的人确认",
                "You proposed it: somebody else who manages the SMS account has to confirm it",
            ),
        )
    })
}

fn refuse(kind: &'static str, field: &'static str, words: Words) -> Option<Refusal> {
    Some(Refusal::field(kind, field, words))
}

fn is_key(text: &str) -> bool {
    (8..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

fn is_word(text: &str) -> bool {
    text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

impl ProposeSmsAccount {
    /// What stands against proposing it, beside the version in force and the school's signature.
    pub fn check(&self, before: Option<&AccountVersion>, school_signature: &str) -> Vec<Refusal> {
        let same_provider = before.is_some_and(|b| b.provider == self.provider);
        let mut refusals: Vec<Refusal> =
            [self.check_signature(school_signature), self.check_key(same_provider)]
                .into_iter()
                .flatten()
                .collect();
        refusals.extend(self.check_templates());
        if self.price > PRICE_MAX {
            refusals.extend(refuse(
                "price_too_high",
                "price",
                Words::fixed(
                    "每条单价不会超过 1 元，请核对",
                    "One SMS does not cost more than 1 yuan: check the price",
                ),
            ));
        }
        if !self.trial {
            refusals.extend(self.check_leaving_trial(same_provider));
        }
        if refusals.is_empty() && before.is_some_and(|b| self.changes_nothing(b)) {
            refusals.push(Refusal::state(
                "nothing_changed",
                Words::fixed(
                    "与现行设置一样，没有可修改的",
                    "It is the same as it is now: nothing would change",
                ),
            ));
        }
        refusals
    }

    fn changes_nothing(&self, before: &AccountVersion) -> bool {
        self.credentials.is_none()
            && (self.provider, self.trial, &self.signature, self.signature_state, &self.templates, self.price)
                == (
                    before.provider,
                    before.trial,
                    &before.signature,
                    before.signature_state,
                    &before.templates,
                    before.price,
                )
    }

    fn check_signature(&self, of_school: &str) -> Option<Refusal> {
        let (least, most) = (SIGNATURE_CHARS.start(), SIGNATURE_CHARS.end());
        if self.signature != of_school {
            return refuse(
                "signature_differs",
                "signature",
                words!(
                    "须与学校的短信签名“{of_school}”一致：审批的就是这个签名",
                    "It has to be the school's signature “{of_school}”: that is what is approved"
                ),
            );
        }
        let fits = SIGNATURE_CHARS.contains(&self.signature.chars().count())
            && self.signature.chars().all(char::is_alphanumeric);
        (!fits).then(|| {
            Refusal::field(
                "signature_not_taken",
                "signature",
                words!(
                    "短信服务商只接收 {least} 至 {most} 个汉字、字母或数字的签名",
                    "Providers take a signature of {least} to {most} characters, letters or digits"
                ),
            )
        })
    }

    fn check_key(&self, same_provider: bool) -> Option<Refusal> {
        let Some(key) = &self.credentials else {
            return if same_provider {
                None
            } else {
                refuse("key_missing", "id", Words::fixed("请填写访问密钥", "Enter the access key"))
            };
        };
        if !is_key(&key.id) {
            return refuse(
                "key_malformed",
                "id",
                Words::fixed(
                    "密钥 ID 不完整，请从服务商控制台整段复制",
                    "The key's id is not complete: copy it from the provider's console",
                ),
            );
        }
        if !is_key(&key.secret) {
            return refuse(
                "secret_malformed",
                "secret",
                Words::fixed(
                    "密钥不完整，请从服务商控制台整段复制",
                    "The secret is not complete: copy it from the provider's console",
                ),
            );
        }
        let tencent = self.provider == ProviderKind::Tencent;
        let digits = !key.app_id.is_empty() && key.app_id.chars().all(|c| c.is_ascii_digit());
        if tencent && !(digits && key.app_id.len() <= 16) {
            return refuse(
                "app_id_missing",
                "app_id",
                Words::fixed(
                    "请填写腾讯云的 SdkAppId（数字，如 1400…）",
                    "Enter Tencent Cloud's SdkAppId (digits, 1400…)",
                ),
            );
        }
        if !tencent && !key.app_id.is_empty() {
            return refuse(
                "app_id_strange",
                "app_id",
                Words::fixed("只有腾讯云需要 SdkAppId", "Only Tencent Cloud has an SdkAppId"),
            );
        }
        if !is_word(&key.region) {
            return refuse(
                "region_malformed",
                "region",
                Words::fixed("地域的写法如 ap-guangzhou", "A region is written like ap-guangzhou"),
            );
        }
        None
    }

    fn check_templates(&self) -> Option<Refusal> {
        let mut seen: Vec<(&str, u32)> = Vec::new();
        for template in &self.templates {
            let which = (template.name.as_str(), template.version);
            if Template::find(which.0, which.1).is_none() || seen.contains(&which) {
                return refuse(
                    "template_unknown",
                    "templates",
                    Words::fixed("没有这个模板", "There is no such template"),
                );
            }
            seen.push(which);
            let needed = matches!(template.state, FilingState::Approved);
            if !is_word(&template.code) || needed && template.code.is_empty() {
                return refuse(
                    "template_code",
                    "templates",
                    Words::fixed(
                        "已通过的模板要填服务商给的模板编号（如 SMS_123456789 或 1234567）",
                        "An approved template has the code that the provider gave it (SMS_123456789, or 1234567)",
                    ),
                );
            }
        }
        None
    }

    /// Two people end the trial: of an account that was on trial, with all that parents' SMS need.
    fn check_leaving_trial(&self, same_provider: bool) -> Option<Refusal> {
        if !same_provider {
            return refuse(
                "trial_first",
                "trial",
                Words::fixed(
                    "新的服务商须先试运行：只发给教职工，确认收得到后再结束试运行",
                    "A new provider begins on trial: staff alone receive until it is seen to work",
                ),
            );
        }
        let approved = self.templates.iter().any(|t| {
            t.name == LINK_TEMPLATE.name
                && t.version == LINK_TEMPLATE.version
                && t.state == FilingState::Approved
        });
        if self.signature_state != FilingState::Approved || !approved {
            return refuse(
                "not_approved_yet",
                "trial",
                Words::fixed(
                    "签名和模板都通过审核后才能结束试运行",
                    "The trial ends once the provider has approved signature and template",
                ),
            );
        }
        None
    }
}

/// A price in thousandths of a yuan: `0.045`.
pub fn price_words(price: u32) -> Words {
    let (yuan, rest) = (price / 1_000, price % 1_000);
    words!("{yuan}.{rest:03} 元", "{yuan}.{rest:03} yuan")
}

fn trial_words(trial: bool) -> Words {
    if trial {
        Words::fixed("试运行，只发给教职工", "On trial: staff alone receive")
    } else {
        Words::fixed("正式发送", "In operation: everybody receives")
    }
}

/// A template with the code and the state of its filing, in words.
pub fn filed_words(template: &FiledTemplate) -> Words {
    let (state, code) = (template.state.title(), template.code.as_str());
    let (zh, en) = (state.zh, state.en);
    if code.is_empty() { Words { zh, en } } else { words!("{code}（{zh}）", "{code} ({en})") }
}

/// What a version changes, without secrets.
pub fn changes(before: Option<&AccountVersion>, after: &AccountVersion) -> Vec<AccountChange> {
    let none = || Words::fixed("没有", "none");
    let mut all = Vec::new();
    let mut add = |what: Words, of: &dyn Fn(&AccountVersion) -> Words| {
        let (before, after) = (before.map_or_else(none, of), of(after));
        if before != after {
            all.push(AccountChange { what, before, after });
        }
    };
    add(Words::fixed("服务商", "Provider"), &|v| v.provider.title());
    add(Words::fixed("发送范围", "Who receives"), &|v| trial_words(v.trial));
    add(Words::fixed("访问密钥", "Access key"), &|v| {
        v.key.clone().map_or(Words::fixed("无法读取", "cannot be read"), Words::name)
    });
    add(Words::fixed("SdkAppId", "SdkAppId"), &|v| Words::name(v.app_id.clone()));
    add(Words::fixed("地域", "Region"), &|v| Words::name(v.region.clone()));
    add(Words::fixed("签名", "Signature"), &|v| {
        let (state, sign) = (v.signature_state.title(), &v.signature);
        let (zh, en) = (state.zh, state.en);
        words!("【{sign}】（{zh}）", "【{sign}】 ({en})")
    });
    for template in &after.templates {
        let of = |v: &AccountVersion| {
            let same = |t: &&FiledTemplate| t.name == template.name && t.version == template.version;
            v.templates.iter().find(same).map_or(Words::fixed("未报备", "Not filed"), filed_words)
        };
        add(Words::fixed("模板", "Template"), &of);
    }
    add(Words::fixed("每条单价", "Price of one SMS"), &|v| price_words(v.price));
    if after.new_secret {
        let what = Words::fixed("密钥内容", "The key's secret");
        all.push(AccountChange {
            what,
            before: Words::fixed("不显示", "not shown"),
            after: Words::fixed("更换（不显示）", "another one (not shown)"),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved() -> FiledTemplate {
        FiledTemplate {
            name: LINK_TEMPLATE.name.into(),
            version: LINK_TEMPLATE.version,
            code: "SMS_154950909".into(),
            state: FilingState::Approved,
        }
    }

    fn order() -> ProposeSmsAccount {
        ProposeSmsAccount {
            behind: SmsAccountId(0),
            provider: ProviderKind::Aliyun,
            trial: true,
            signature: "麻阳中学".into(),
            signature_state: FilingState::Approved,
            templates: vec![approved()],
            price: 45,
            credentials: Some(NewCredentials {
                id: "LTAI5tAbCdEf9f2c".into(),
                secret: "yourAccessKeySecret".into(),
                app_id: String::new(),
                region: String::new(),
            }),
        }
    }

    fn version() -> AccountVersion {
        let order = order();
        AccountVersion {
            version: SmsAccountId(1),
            provider: order.provider,
            trial: true,
            signature: order.signature,
            signature_state: order.signature_state,
            templates: order.templates,
            price: order.price,
            key: Some("LTAI****9f2c".into()),
            app_id: String::new(),
            region: String::new(),
            new_secret: false,
            set_by: "甲".into(),
            set_at: Instant(0),
            confirmed_by: Some("乙".into()),
            confirmed_at: Some(Instant(1)),
            declined_by: None,
            declined_at: None,
            sealed: true,
        }
    }

    fn kinds(order: &ProposeSmsAccount, before: Option<&AccountVersion>) -> Vec<String> {
        order.check(before, "麻阳中学").into_iter().map(|r| r.kind.into_owned()).collect()
    }

    #[test]
    fn a_first_version_begins_on_trial_and_a_second_may_end_it() {
        assert_eq!(kinds(&order(), None), [""; 0]);
        let whole = ProposeSmsAccount { trial: false, credentials: None, ..order() };
        assert_eq!(kinds(&ProposeSmsAccount { trial: false, ..order() }, None), ["trial_first"]);
        assert_eq!(kinds(&whole, Some(&version())), [""; 0]);
        // With another provider it begins again.
        let other = AccountVersion { provider: ProviderKind::Tencent, ..version() };
        assert_eq!(kinds(&ProposeSmsAccount { trial: false, ..order() }, Some(&other)), ["trial_first"]);
        // Not before signature and template are approved.
        let filed = ProposeSmsAccount { signature_state: FilingState::Filed, ..whole.clone() };
        assert_eq!(kinds(&filed, Some(&version())), ["not_approved_yet"]);
        let unfiled = ProposeSmsAccount { templates: Vec::new(), ..whole };
        assert_eq!(kinds(&unfiled, Some(&version())), ["not_approved_yet"]);
    }

    #[test]
    fn a_version_that_no_provider_would_take_is_refused() {
        let with = |change: &dyn Fn(&mut ProposeSmsAccount)| {
            let mut order = order();
            change(&mut order);
            kinds(&order, None)
        };
        let key = |change: fn(&mut NewCredentials)| with(&move |o| o.credentials.iter_mut().for_each(change));
        assert_eq!(with(&|o| o.credentials = None), ["key_missing"]);
        assert_eq!(key(|k| k.id = "LTAI 5tAb".into()), ["key_malformed"]);
        assert_eq!(key(|k| k.secret = "short".into()), ["secret_malformed"]);
        assert_eq!(key(|k| k.app_id = "1400000001".into()), ["app_id_strange"]);
        assert_eq!(key(|k| k.region = "ap guangzhou".into()), ["region_malformed"]);
        assert_eq!(with(&|o| o.provider = ProviderKind::Tencent), ["app_id_missing"]);
        assert_eq!(with(&|o| o.signature = "另一所学校".into()), ["signature_differs"]);
        assert_eq!(with(&|o| o.price = PRICE_MAX + 1), ["price_too_high"]);
        assert_eq!(with(&|o| o.templates[0].code.clear()), ["template_code"]);
        assert_eq!(with(&|o| o.templates[0].name = "other".into()), ["template_unknown"]);
        assert_eq!(with(&|o| o.templates.push(approved())), ["template_unknown"]);
        let long = ProposeSmsAccount { signature: "字".repeat(13), ..order() };
        let refused = long.check(None, &"字".repeat(13));
        assert_eq!(refused.iter().map(|r| r.kind.as_ref()).collect::<Vec<_>>(), ["signature_not_taken"]);
    }

    #[test]
    fn what_changes_nothing_is_not_proposed_and_a_new_key_is_a_change() {
        let same = ProposeSmsAccount { credentials: None, ..order() };
        assert_eq!(kinds(&same, Some(&version())), ["nothing_changed"]);
        assert_eq!(kinds(&order(), Some(&version())), [""; 0]);
    }

    #[test]
    fn before_and_after_name_each_change_and_no_secret() {
        assert_eq!(changes(Some(&version()), &version()), []);
        let after = AccountVersion {
            trial: false,
            price: 40,
            key: Some("LTAI****0000".into()),
            new_secret: true,
            ..version()
        };
        let told = changes(Some(&version()), &after);
        let zh: Vec<String> =
            told.iter().map(|c| format!("{}：{}→{}", c.what.zh, c.before.zh, c.after.zh)).collect();
        assert_eq!(
            zh,
            [
                "发送范围：试运行，只发给教职工→正式发送",
                "访问密钥：LTAI****9f2c→LTAI****0000",
                "每条单价：0.045 元→0.040 元",
                "密钥内容：不显示→更换（不显示）"
            ]
        );
        assert!(changes(None, &after).len() > told.len(), "the first says everything");
    }

    #[test]
    fn a_month_costs_its_parts_and_a_day_adds_up() {
        let month = MonthVolume { sms: 3, parts: 5, unknown: 1 };
        assert_eq!(
            (month.cost(45), month.cost(1), month.cost(0)),
            ("0.23".into(), "0.01".into(), "0.00".into())
        );
        let day =
            DayOutcome { handed: 300, undelivered: 1, rejected: 2, delivered: 297, ..DayOutcome::default() };
        assert_eq!((day.error_rate(), DayOutcome::default().error_rate()), (1, 0));
    }
}
