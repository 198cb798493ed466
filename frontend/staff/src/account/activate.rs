//! Activation (开通): the owner of the slip chooses a password that nobody
//! else ever knows. The token stands behind `#`, so no server logs it.

use domain::account::{Activation, ActivationView, PASSWORD_MIN, check_new_password};
use domain::api;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{
    Banner, Button, ButtonKind, ButtonLink, Fact, Facts, FormField, Skeleton, TextInput, Tone, t, use_lang,
};

use super::frame::Outside;
use crate::api::Order;
use crate::common::Problems;
use crate::route::use_router;

/// `/activate#<token>`.
#[component]
pub fn ActivatePage() -> impl IntoView {
    let hash = window().location().hash().unwrap_or_default();
    let token = hash.trim_start_matches('#').to_owned();
    let owner = RwSignal::new(None::<ActivationView>);
    let check = Order::new();
    let no_token = token.is_empty();
    let ask = {
        let token = token.clone();
        move || {
            let body = Activation { token: token.clone(), password: None };
            check.send(api::CHECK_ACTIVATION, &body, move |view| owner.set(Some(view)));
        }
    };
    if !no_token {
        ask();
    }
    let body = move || match owner.get() {
        Some(view) => view! { <Choose token=token.clone() view /> }.into_any(),
        None if no_token => view! {
            <Banner
                tone=Tone::Warning
                title=t(Words::fixed("链接不完整", "The link is not complete"))
            >
                <p>
                    {t(Words::fixed(
                        "请打开开通单上的整个链接，连同 # 后面的部分。",
                        "Open the whole link on your slip, with the part behind the #.",
                    ))}
                </p>
            </Banner>
        }
        .into_any(),
        None if check.problem().with(Option::is_some) => {
            let ask = ask.clone();
            view! {
                <Problems order=check />
                <p class="x-muted">
                    {t(Words::fixed(
                        "链接只能用一次，三天内有效。用过或过期了，请向校办室另领一张。",
                        "A link works once, within three days. If yours is used or too old, ask the school office for a new slip.",
                    ))}
                </p>
                <div class="x-actions">
                    <ButtonLink
                        href="/sign-in"
                        label=t(Words::fixed("已经开通，去登录", "Already active: sign in"))
                        kind=ButtonKind::Primary
                    />
                    <Button label=t(Words::fixed("重试", "Try again")) on_click=move |()| ask() />
                </div>
            }
            .into_any()
        }
        None => view! { <Skeleton lines=3 /> }.into_any(),
    };
    view! { <Outside title=t(Words::fixed("开通账号", "Activate your account"))>{body}</Outside> }.into_any()
}

#[component]
fn Choose(token: String, view: ActivationView) -> impl IntoView {
    let (lang, router) = (use_lang(), use_router());
    let (password, again) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let tried = RwSignal::new(false);
    let order = Order::new();
    let (number, name) = (view.number.clone(), view.name.clone());
    let weak = Memo::new(move |_| {
        let refusal = password.with(|p| check_new_password(p, &number, &name)).err()?;
        Some(refusal.words)
    });
    let differs = Memo::new(move |_| password.with(|p| again.with(|a| p != a)));
    let differ_words = t(Words::fixed("两次输入的密码不一样", "The two passwords differ"));
    let theirs = order.field_error("password");
    let weak_error = Signal::derive(move || {
        tried.get().then(|| weak.get().map(|w| w.get(lang.get()).to_owned())).flatten().or(theirs.get())
    });
    let differ_error = Signal::derive(move || (tried.get() && differs.get()).then(|| differ_words.get()));
    let (shown_name, shown_number) = (view.name, view.number.clone());
    let submit = move || {
        tried.set(true);
        if weak.with_untracked(Option::is_some) || differs.get_untracked() {
            return;
        }
        let body = Activation { token: token.clone(), password: Some(password.get_untracked()) };
        order.send(api::ACTIVATE, &body, move |()| router.replace("/sign-in?activated=1"));
    };
    view! {
        <Facts>
            <Fact label=t(Words::fixed("姓名", "Name"))>{shown_name}</Fact>
            <Fact label=t(Words::fixed("教职工号", "Staff number"))>{shown_number}</Fact>
        </Facts>
        <Problems order />
        <form
            class="x-form"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            // For password managers, which would otherwise save the password without a name.
            <input class="x-hidden" type="text" autocomplete="username" tabindex="-1" aria-hidden="true" readonly value=view.number />
            <FormField
                label=t(Words::fixed("设置密码", "Choose a password"))
                hint=t(words!(
                    "至少 {PASSWORD_MIN} 个字符，用一句自己好记的话最好；不必混用符号，但不要只用姓名、工号或连续的字符。",
                    "At least {PASSWORD_MIN} characters; a sentence you remember is best. No symbols needed, but not just your name, your number or characters in a row."
                ))
                error=weak_error
                required=true
            >
                <TextInput value=password kind="password" autocomplete="new-password" />
            </FormField>
            <FormField label=t(Words::fixed("再输入一次", "Once more")) error=differ_error required=true>
                <TextInput value=again kind="password" autocomplete="new-password" />
            </FormField>
            <p class="x-small x-muted">
                {t(Words::fixed(
                    "账号由专人负责，密码不得告诉他人；校办室也看不到您的密码。",
                    "The account is yours alone: tell nobody the password. The office cannot see it either.",
                ))}
            </p>
            <Button
                label=t(Words::fixed("开通账号", "Activate"))
                kind=ButtonKind::Primary
                submit=true
                busy=order.busy()
                block=true
            />
        </form>
    }
    .into_any()
}
