//! The form in which a version is proposed. A secret that was entered before is
//! never shown: left empty, it stays.

use domain::api;
use domain::ids::SmsAccountId;
use domain::provider::{FiledTemplate, FilingState, ProviderKind};
use domain::sms::TEMPLATES;
use domain::sms_account::{NewCredentials, ProposeSmsAccount, SmsAccountView};
use domain::words;
use domain::words::{Lang, Words};
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, Card, CheckOption, FormField, RadioList, Select, SelectOption, TextInput,
    Tone, t, use_lang, use_toasts,
};

use crate::api::{Order, Query};
use crate::common::Problems;
use crate::route::{Route, use_router};

/// A template in the making.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    version: u32,
    code: RwSignal<String>,
    state: RwSignal<String>,
}

/// Thousandths of a yuan from what was typed in yuan; none where it is no such price.
fn read_price(text: &str) -> Option<u32> {
    let (yuan, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if rest.len() > 3 || yuan.is_empty() {
        return None;
    }
    let rest: u32 = format!("{rest:0<3}").parse().ok()?;
    yuan.parse::<u32>().ok()?.checked_mul(1_000)?.checked_add(rest)
}

#[component]
pub fn Form(view: SmsAccountView, query: Query<SmsAccountView>) -> impl IntoView {
    let (router, toasts, lang, order) = (use_router(), use_toasts(), use_lang(), Order::new());
    let before = view.in_force.clone();
    let was = before.as_ref();
    let first = view.providers.iter().find(|p| **p != ProviderKind::Sandbox).copied();
    let begins = was.map(|v| v.provider).or(first).unwrap_or(ProviderKind::Aliyun);
    let provider = RwSignal::new(begins.key().to_owned());
    let kind = move || provider.with(|p| ProviderKind::from_key(p)).unwrap_or(begins);
    let text = |value: Option<&str>| RwSignal::new(value.unwrap_or_default().to_owned());
    let (id, secret) = (text(None), text(None));
    let app_id = text(was.map(|v| v.app_id.as_str()));
    let region = text(was.map(|v| v.region.as_str()));
    let filing = text(Some(was.map_or(FilingState::NotFiled, |v| v.signature_state).key()));
    let price =
        RwSignal::new(was.map_or(String::new(), |v| format!("{}.{:03}", v.price / 1_000, v.price % 1_000)));
    let trial = RwSignal::new(if was.is_none_or(|v| v.trial) { "1".to_owned() } else { "0".to_owned() });
    let rows = TEMPLATES.map(|template| {
        let filed = was.and_then(|v| {
            v.templates.iter().find(|t| t.name == template.name && t.version == template.version)
        });
        Row {
            name: template.name,
            version: template.version,
            code: text(filed.map(|f| f.code.as_str())),
            state: text(Some(filed.map_or(FilingState::NotFiled, |f| f.state).key())),
        }
    });
    let states = Signal::derive(move || {
        FilingState::ALL.map(|s| SelectOption::new(s.key(), s.title().get(lang.get()))).to_vec()
    });
    let providers = StoredValue::new(view.providers.clone());
    let options = Signal::derive(move || {
        let option = |p: &ProviderKind| SelectOption::new(p.key(), p.title().get(lang.get()));
        providers.with_value(|all| all.iter().map(option).collect())
    });
    let trials = Signal::derive(move || {
        let of = |zh: &'static str, en: &'static str| if lang.get() == Lang::Zh { zh } else { en };
        vec![
            CheckOption::new("1", of("试运行", "On trial"))
                .note(of("短信只发给教职工", "SMS go to staff alone")),
            CheckOption::new("0", of("正式发送", "In operation")).note(of(
                "试运行确认收得到、签名和模板都通过后才能选",
                "Only once the trial was seen to work, and signature and template are approved",
            )),
        ]
    });
    let wrong_price = RwSignal::new(false);
    let no_price = t(Words::fixed("请填写单价，如 0.045", "Enter the price, for instance 0.045"));
    let theirs = order.field_error("price");
    let price_error = Signal::derive(move || wrong_price.get().then(|| no_price.get()).or(theirs.get()));
    let (signature, behind) = (view.signature.clone(), was.map_or(SmsAccountId(0), |v| v.version));
    let shown_signature = signature.clone();
    let same = move || was_provider(&before).is_some_and(|p| p == kind());
    let keeps = Signal::derive(same);
    let (asks, kept) = (
        t(Words::fixed(
            "只写不读：保存后任何人都看不到。",
            "Written and never read back: nobody sees it afterwards.",
        )),
        t(Words::fixed(
            "留空则沿用现在的密钥。保存后任何人都看不到。",
            "Left empty, the present one stays. Nobody sees it afterwards.",
        )),
    );
    let key_hint = Signal::derive(move || Some(if keeps.get() { kept.get() } else { asks.get() }));
    let send = move |()| {
        let Some(price) = price.with_untracked(|p| read_price(p)) else {
            wrong_price.set(true);
            return;
        };
        wrong_price.set(false);
        let trimmed = |s: RwSignal<String>| s.with_untracked(|s| s.trim().to_owned());
        let provider = untrack(kind);
        let (id, secret) = (trimmed(id), trimmed(secret));
        let tencent = provider == ProviderKind::Tencent;
        let credentials = (!(id.is_empty() && secret.is_empty())).then(|| NewCredentials {
            id,
            secret,
            app_id: if tencent { trimmed(app_id) } else { String::new() },
            region: trimmed(region),
        });
        let state = |s: RwSignal<String>| FilingState::from_key(&trimmed(s)).unwrap_or(FilingState::NotFiled);
        let templates = rows.map(|row| FiledTemplate {
            name: row.name.into(),
            version: row.version,
            code: trimmed(row.code),
            state: state(row.state),
        });
        let body = ProposeSmsAccount {
            behind,
            provider,
            trial: trial.with_untracked(|t| t == "1"),
            signature: signature.clone(),
            signature_state: state(filing),
            templates: templates.to_vec(),
            price,
            credentials,
        };
        order.send(api::PROPOSE_SMS_ACCOUNT, &body, move |view| {
            toasts.done(Words::fixed("已提出，等第二个人确认", "Proposed: it waits for a second person"));
            query.set(view);
            router.go(&Route::SmsAccount.path());
        });
    };
    let of_templates = rows.map(|row| {
        let (name, n) = (row.name, row.version);
        let heading = match name {
            "notice_link" => words!("通知模板（第 {n} 版）", "Template of notices (version {n})"),
            _ => words!("{name}（第 {n} 版）", "{name} (version {n})"),
        };
        let label = t(heading);
        view! {
            <FormField
                label
                hint=t(Words::fixed("服务商审核通过后给的编号：SMS_… 或数字", "The code that the provider gives it once approved: SMS_…, or digits"))
                error=order.field_error("templates")
            >
                <TextInput value=row.code placeholder=Signal::from("SMS_154950909".to_owned()) />
            </FormField>
            <FormField label=t(Words::fixed("模板报备情况", "Filing of the template"))>
                <Select value=row.state options=states />
            </FormField>
        }
    });
    let for_tencent = move || {
        (kind() == ProviderKind::Tencent).then(|| {
            view! {
                <FormField
                    label=t(Words::fixed("SdkAppId", "SdkAppId"))
                    hint=t(Words::fixed("控制台“应用管理”里的数字", "The digits under “application management” in the console"))
                    error=order.field_error("app_id")
                >
                    <TextInput value=app_id />
                </FormField>
            }
        })
    };
    view! {
        <Card>
            <Banner
                title=t(Words::fixed(
                    "一个人填写，另一个人确认后才生效",
                    "One person enters it, another confirms it; only then it counts",
                ))
            />
            <Problems order />
            <FormField label=t(Words::fixed("服务商", "Provider")) error=order.field_error("provider")>
                <Select value=provider options />
            </FormField>
            <FormField
                label=t(Words::fixed("访问密钥 ID", "Access key ID"))
                hint=t(Words::fixed(
                    "用只开通短信权限的子账号密钥，不要用主账号的。",
                    "Of a sub-account that may send SMS and nothing else, never of the main account.",
                ))
                error=order.field_error("id")
            >
                <TextInput value=id placeholder=Signal::derive(move || if kind() == ProviderKind::Tencent { "AKID…" } else { "LTAI…" }.to_owned()) />
            </FormField>
            <FormField label=t(Words::fixed("访问密钥", "Access key secret")) hint=key_hint error=order.field_error("secret")>
                <TextInput value=secret kind="password" autocomplete="new-password" />
            </FormField>
            {for_tencent}
            <FormField
                label=t(Words::fixed("地域（可不填）", "Region (may be empty)"))
                error=order.field_error("region")
            >
                <TextInput value=region />
            </FormField>
        </Card>
        <Card title=t(Words::fixed("报备", "Filing"))>
            <p>{t(words!("短信签名：【{shown_signature}】", "Signature: 【{shown_signature}】"))}</p>
            <FormField label=t(Words::fixed("签名报备情况", "Filing of the signature")) error=order.field_error("signature")>
                <Select value=filing options=states />
            </FormField>
            {of_templates.into_iter().collect::<Vec<_>>()}
        </Card>
        <Card title=t(Words::fixed("发送", "Sending"))>
            <RadioList
                legend=t(Words::fixed("发送范围", "Who receives"))
                options=trials
                value=trial
                error=order.field_error("trial")
            />
            <FormField
                label=t(Words::fixed("每条单价（元）", "Price of one SMS (yuan)"))
                hint=t(Words::fixed("合同或套餐的单价，用来估算费用。", "As in the contract: costs are estimated by it."))
                error=price_error
                required=true
            >
                <TextInput value=price placeholder=Signal::from("0.045".to_owned()) />
            </FormField>
            <div class="x-row">
                <Button
                    label=t(Words::fixed("提出，交第二个人确认", "Propose, for a second person to confirm"))
                    kind=ButtonKind::Primary
                    busy=order.busy()
                    on_click=send
                />
            </div>
        </Card>
    }
    .into_any()
}

fn was_provider(before: &Option<domain::sms_account::AccountVersion>) -> Option<ProviderKind> {
    before.as_ref().map(|v| v.provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_in_yuan_and_kept_in_thousandths() {
        for (text, price) in [
            ("0.045", Some(45)),
            ("0.05", Some(50)),
            (" 1 ", Some(1_000)),
            ("0.0455", None),
            ("", None),
            ("x", None),
            ("-1", None),
            (".5", None),
        ] {
            assert_eq!(read_price(text), price, "{text}");
        }
    }
}
