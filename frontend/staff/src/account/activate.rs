//! Activation (开通): the owner of the slip chooses a password that nobody
//! else ever knows. The code stands behind `#`, so no server logs it, or is typed.

use domain::account::slip::read_code;
use domain::account::{Activation, ActivationView, Known, PASSWORD_MIN, check_new_password};
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
use crate::route::{Route, use_router};

/// `/activate#<code>`, or the page on which the code is typed.
#[component]
pub fn ActivatePage() -> impl IntoView {
    let hash = window().location().hash().unwrap_or_default();
    let token = RwSignal::new(hash.trim_start_matches('#').to_owned());
    let owner = RwSignal::new(None::<ActivationView>);
    let by_link = token.with_untracked(|t| !t.is_empty());
    let check = Order::new();
    let ask = move || {
        let body = Activation { token: token.get_untracked(), password: None };
        check.send(api::CHECK_ACTIVATION, &body, move |view| owner.set(Some(view)));
    };
    if by_link {
        ask();
    }
    let body = move || match owner.get() {
        Some(view) => view! { <Choose token=token.get_untracked() view /> }.into_any(),
        None if by_link && check.problem().with(Option::is_none) => view! { <Skeleton lines=3 /> }.into_any(),
        None => view! { <TypeCode token check ask by_link /> }.into_any(),
    };
    view! { <Outside title=t(Words::fixed("开通账号", "Activate your account"))>{body}</Outside> }.into_any()
}

/// For those who hold a slip and no camera.
#[component]
fn TypeCode(
    token: RwSignal<String>,
    check: Order,
    ask: impl Fn() + Copy + 'static,
    /// Whether a link was tried already.
    by_link: bool,
) -> impl IntoView {
    let tried = RwSignal::new(false);
    let wrong = t(Words::fixed(
        "开通码是 16 个字母和数字，请照开通单输入",
        "The code has 16 letters and digits: type it as it stands on the slip",
    ));
    let is_code = move || token.with(|code| read_code(code).is_some());
    let error = Signal::derive(move || (tried.get() && !is_code()).then(|| wrong.get()));
    let hint = if by_link {
        Words::fixed(
            "链接只能用一次，三天内有效。用过或过期了，请向校办室另领一张；也可以照开通单输入开通码。",
            "A link works once, within three days. If yours is used or too old, ask the school office for a new slip; or type the code on yours.",
        )
    } else {
        Words::fixed(
            "请输入开通单上的开通码，大小写和短横不必理会。",
            "Type the code on your slip; capitals and dashes do not matter.",
        )
    };
    view! {
        <Problems order=check />
        <p class="x-muted">{t(hint)}</p>
        <form
            class="x-form"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                tried.set(true);
                if is_code() {
                    ask();
                }
            }
        >
            <FormField label=t(Words::fixed("开通码", "Activation code")) error required=true>
                <TextInput value=token autocomplete="one-time-code" placeholder=t(Words::name("XXXX-XXXX-XXXX-XXXX")) />
            </FormField>
            <Button
                label=t(Words::fixed("下一步", "Next"))
                kind=ButtonKind::Primary
                submit=true
                busy=check.busy()
                block=true
            />
        </form>
        <div class="x-actions">
            <ButtonLink href=Route::SignIn.path() label=t(Words::fixed("已经开通，去登录", "Already active: sign in")) />
        </div>
    }
    .into_any()
}

#[component]
fn Choose(token: String, view: ActivationView) -> impl IntoView {
    let (lang, router) = (use_lang(), use_router());
    let (password, again) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let tried = RwSignal::new(false);
    let order = Order::new();
    let owner = view.clone();
    let weak = Memo::new(move |_| {
        let known = Known {
            number: &owner.number,
            name: &owner.name,
            school: &owner.school,
            platform_word: &owner.platform_word,
            demo: owner.demo,
        };
        password.with(|p| check_new_password(p, &known)).err().map(|refusal| refusal.words)
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
        {view
            .reset
            .then(|| {
                view! {
                    <Banner
                        tone=Tone::Info
                        title=t(Words::fixed(
                            "这个账号已经开通：新密码会取代原密码，其他设备上的登录都会退出",
                            "This account is active already: the new password takes the place of the old one, and all devices are signed out",
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
