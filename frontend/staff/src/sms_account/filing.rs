//! What is filed with the provider, word by word, and the addresses that are
//! entered there.

use domain::provider::ProviderKind;
use domain::sms::TEMPLATES;
use domain::sms_account::SmsAccountView;
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Banner, Button, ButtonKind, Card, CheckOption, Segmented, Tone, t, use_lang, use_toasts};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// Puts a text on the clipboard; says whether the browser let it.
async fn copy(text: String) -> Option<()> {
    // By name: a page that is not served over https has no clipboard at all.
    let of = |what: &wasm_bindgen::JsValue, name: &str| js_sys::Reflect::get(what, &name.into()).ok();
    let clipboard = of(&of(&window().into(), "navigator")?, "clipboard")?;
    let write: js_sys::Function = of(&clipboard, "writeText")?.dyn_into().ok()?;
    let promise: js_sys::Promise = write.call1(&clipboard, &text.into()).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok().map(|_| ())
}

/// A text to be copied, with its name and the button that does it.
#[component]
fn ToCopy(label: Words, text: Signal<String>) -> impl IntoView {
    let toasts = use_toasts();
    let take = move |()| {
        let text = text.get_untracked();
        spawn_local(async move {
            if copy(text).await.is_some() {
                toasts.done(Words::fixed("已复制", "Copied"));
            } else {
                toasts.show(
                    Tone::Warning,
                    Words::fixed(
                        "浏览器不让复制，请手动选取",
                        "The browser does not let us copy: select it by hand",
                    ),
                );
            }
        });
    };
    view! {
        <div class="s-to-copy">
            <div>
                <p class="x-small x-muted">{t(label)}</p>
                <p class="x-mono s-to-copy-text">{text}</p>
            </div>
            <Button label=t(Words::fixed("复制", "Copy")) kind=ButtonKind::Quiet on_click=take />
        </div>
    }
    .into_any()
}

/// What is filed, and where reports go, by provider.
pub fn cards(view: &SmsAccountView) -> AnyView {
    let lang = use_lang();
    let chosen = view.in_force.as_ref().or(view.proposed.as_ref()).map(|v| v.provider);
    let provider = RwSignal::new(
        chosen.filter(|p| *p != ProviderKind::Sandbox).unwrap_or(ProviderKind::Aliyun).key().to_owned(),
    );
    let kind = move || provider.with(|p| ProviderKind::from_key(p)).unwrap_or(ProviderKind::Aliyun);
    let options = Signal::derive(move || {
        let option = |kind: ProviderKind| CheckOption::new(kind.key(), kind.title().get(lang.get()));
        [ProviderKind::Aliyun, ProviderKind::Tencent].map(option).to_vec()
    });
    let links = view.links.clone();
    let no_address = links.is_empty();
    let signature = view.signature.clone();
    let templates = TEMPLATES.map(|template| {
        let links = links.clone();
        let text = Signal::derive(move || template.to_file(kind(), &links));
        view! { <ToCopy label=Words::fixed("模板内容", "Text of the template") text /> }
    });
    let body = if no_address {
        view! {
            <Banner
                tone=Tone::Warning
                title=t(Words::fixed(
                    "还没有设置备案域名，模板里的网址还定不下来",
                    "The filed domain is not set yet, so the template's address is not known",
                ))
            />
        }
        .into_any()
    } else {
        templates.into_iter().collect::<Vec<_>>().into_any()
    };
    let (hooks, no_hooks) = (view.hooks.clone(), view.hooks.is_empty());
    let hook = move |reply: bool| {
        let found = hooks.iter().find(|h| h.provider == kind());
        found.map(|h| if reply { h.reply.clone() } else { h.report.clone() }).unwrap_or_default()
    };
    let (report, reply) = (hook.clone(), hook);
    let shown = RwSignal::new(false);
    let addresses =
        StoredValue::new((Signal::derive(move || report(false)), Signal::derive(move || reply(true))));
    view! {
        <Card title=t(Words::fixed("在服务商处报备", "To file with the provider"))>
            <Segmented label=t(Words::fixed("服务商", "Provider")) options value=provider />
            <ToCopy label=Words::fixed("短信签名", "Signature") text=signature.into() />
            {body}
            <p class="x-small x-muted">
                {t(Words::fixed(
                    "模板类型选“通知短信”，一字不改：网址写在模板里，变量只有标题和链接末尾的一段。",
                    "Choose “notification”, and change no word: the address is part of the template, its variables are the title and the end of the link.",
                ))}
            </p>
        </Card>
        <Card title=t(Words::fixed("回执地址", "Addresses for reports"))>
            <p class="x-small x-muted">
                {t(Words::fixed(
                    "填在服务商控制台的“状态报告”和“上行回复”里。知道地址就能冒充服务商上报，不要外传。",
                    "Enter them in the provider's console for status reports and replies. Whoever knows them can report in its name: keep them to yourself.",
                ))}
            </p>
            {no_hooks.then(|| view! {
                <Banner
                    tone=Tone::Warning
                    title=t(Words::fixed(
                        "还没有设置密钥 HOOK_SECRET，收不到回执和回复：请按部署说明设置",
                        "The secret HOOK_SECRET is not set, so that no reports and replies arrive: set it as the deployment guide says",
                    ))
                />
            })}
            {move || {
                if no_hooks {
                    ().into_any()
                } else if shown.get() {
                    let (report, reply) = addresses.get_value();
                    view! {
                        <ToCopy label=Words::fixed("状态报告", "Status reports") text=report />
                        <ToCopy label=Words::fixed("上行回复", "Replies") text=reply />
                    }
                    .into_any()
                } else {
                    view! {
                        <div class="x-row">
                            <Button label=t(Words::fixed("显示地址", "Show them")) on_click=move |()| shown.set(true) />
                        </div>
                    }
                    .into_any()
                }
            }}
        </Card>
    }
    .into_any()
}
