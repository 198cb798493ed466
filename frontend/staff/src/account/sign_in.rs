//! Signing in (G19, G38): staff number or phone, and a password.

use domain::account::SignIn;
use domain::api::{self, Health};
use domain::words::Words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Banner, Button, ButtonKind, FormField, TextInput, Tone, t};

use super::frame::Outside;
use crate::api::{Order, use_api};
use crate::common::Problems;
use crate::route::{Route, use_router};
use crate::session::use_session;

/// `/sign-in`.
#[component]
pub fn SignInPage() -> impl IntoView {
    let (api, session, router) = (use_api(), use_session(), use_router());
    let (login, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let order = Order::new();
    let missing = RwSignal::new(false);
    let demo = RwSignal::new(false);
    spawn_local(async move {
        if let Ok(Health { demo: true, .. }) = api.get(api::HEALTH).await {
            let _ = demo.try_set(true);
        }
    });
    let expired = router.query("expired").is_some();
    let activated = router.query("activated").is_some();
    let back = router.query("return");
    let submit = move || {
        let body =
            SignIn { login: login.get_untracked().trim().to_owned(), password: password.get_untracked() };
        missing.set(body.login.is_empty() || body.password.is_empty());
        if missing.get_untracked() {
            return;
        }
        // Only into the app: a foreign address in the link must not lead away.
        let back = back.clone().filter(|b| b.starts_with('/') && !b.starts_with("//"));
        order.send(api::SIGN_IN, &body, move |me| {
            session.enter(me);
            router.replace(back.as_deref().unwrap_or("/"));
        });
    };
    let need = |value: RwSignal<String>, words: Words| {
        let words = t(words);
        Signal::derive(move || (missing.get() && value.with(String::is_empty)).then(|| words.get()))
    };
    let login_error =
        need(login, Words::fixed("请填写教职工号或手机号", "Enter your staff number or phone number"));
    let password_error = need(password, Words::fixed("请填写密码", "Enter your password"));
    view! {
        <Outside title=t(Words::fixed("教职工登录", "Staff sign-in"))>
            {expired
                .then(|| {
                    view! {
                        <Banner
                            tone=Tone::Info
                            title=t(Words::fixed("登录已过期，请重新登录", "Your session has ended: please sign in again"))
                        >
                            <p>
                                {t(Words::fixed("登录后回到刚才的页面。", "You will be back on the page you came from."))}
                            </p>
                        </Banner>
                    }
                })}
            {activated
                .then(|| {
                    view! {
                        <Banner
                            tone=Tone::Good
                            title=t(Words::fixed(
                                "账号已开通，请用新密码登录",
                                "Your account is active: sign in with your new password",
                            ))
                        />
                    }
                })}
            <Problems order />
            <form
                class="x-form"
                novalidate
                on:submit=move |event| {
                    event.prevent_default();
                    submit();
                }
            >
                <FormField
                    label=t(Words::fixed("教职工号或手机号", "Staff number or phone number"))
                    error=login_error
                    required=true
                >
                    <TextInput value=login autocomplete="username" />
                </FormField>
                <FormField label=t(Words::fixed("密码", "Password")) error=password_error required=true>
                    <TextInput value=password kind="password" autocomplete="current-password" />
                </FormField>
                <Button
                    label=t(Words::fixed("登录", "Sign in"))
                    kind=ButtonKind::Primary
                    submit=true
                    busy=order.busy()
                    block=true
                />
            </form>
            <p class="x-small x-muted">
                {t(Words::fixed(
                    "还没有账号，或忘了密码？请向校办室领取开通单。",
                    "No account yet, or forgot the password? Ask the school office for an activation slip.",
                ))} " "
                <a href=Route::Activate.path()>
                    {t(Words::fixed("我有开通单", "I have a slip"))}
                </a>
            </p>
            <Show when=move || demo.get()>
                <Banner
                    tone=Tone::Neutral
                    title=t(Words::fixed("这是演示环境", "This is a demo"))
                >
                    <p>
                        {t(Words::fixed(
                            "演示账号见启动时的输出；短信不会真的发出，",
                            "Demo accounts are printed at the start; no SMS really goes out: ",
                        ))} <a href="/sandbox" rel="external">
                            {t(Words::fixed("在家长的演示手机上查看", "see the parents' demo phones"))}
                        </a>
                    </p>
                </Banner>
            </Show>
        </Outside>
    }
    .into_any()
}
