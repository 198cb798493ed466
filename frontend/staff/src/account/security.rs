//! The own password, and the browsers one is signed in with.

use domain::account::{Known, PASSWORD_MIN, PasswordChange, SessionView, check_new_password};
use domain::api;
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Card, FormField, Page, TextInput, Tone, t, use_lang, use_toasts};

use super::notice::ResetNotices;
use crate::api::{Order, Query};
use crate::common::{Loaded, Problems};
use crate::session::use_me;

/// `/mine/security`.
#[component]
pub fn SecurityPage() -> impl IntoView {
    let sessions = Query::new(|| api::SESSIONS.into());
    view! {
        <Page title=t(Words::fixed("密码与登录设备", "Password and devices")) narrow=true>
            <ResetNotices />
            <Card title=t(Words::fixed("修改密码", "Change your password"))>
                <ChangePassword sessions />
            </Card>
            <Card title=t(Words::fixed("已登录的设备", "Where you are signed in"))>
                <Loaded query=sessions show=move |all| view! { <Sessions all sessions /> }.into_any() />
            </Card>
        </Page>
    }
    .into_any()
}

#[component]
fn ChangePassword(sessions: Query<Vec<SessionView>>) -> impl IntoView {
    let (me, lang, toasts) = (use_me(), use_lang(), use_toasts());
    let new = || RwSignal::new(String::new());
    let (old, password, again) = (new(), new(), new());
    let tried = RwSignal::new(false);
    let order = Order::new();
    let weak = Memo::new(move |_| {
        me.with(|m| {
            // Whether this is the demo is the server's to say.
            let known = Known {
                number: &m.person.number,
                name: &m.person.name,
                school: &m.school.name,
                platform_word: &m.school.platform_word,
                demo: true,
            };
            password.with(|p| check_new_password(p, &known)).err().map(|refusal| refusal.words)
        })
    });
    let differs = Memo::new(move |_| password.with(|p| again.with(|a| p != a)));
    let (missing, differ_words) = (
        t(Words::fixed("请输入现在的密码", "Enter your present password")),
        t(Words::fixed("两次输入的密码不一样", "The two passwords differ")),
    );
    let (old_server, new_server) = (order.field_error("old"), order.field_error("password"));
    let old_error = Signal::derive(move || {
        let is_missing = tried.get() && old.with(String::is_empty);
        if is_missing { Some(missing.get()) } else { old_server.get() }
    });
    let weak_error = Signal::derive(move || {
        let own = tried.get().then(|| weak.get().map(|w| w.get(lang.get()).to_owned())).flatten();
        own.or(new_server.get())
    });
    let differ_error = Signal::derive(move || (tried.get() && differs.get()).then(|| differ_words.get()));
    let submit = move || {
        tried.set(true);
        let is_missing = old.with_untracked(String::is_empty);
        if is_missing || weak.with_untracked(Option::is_some) || differs.get_untracked() {
            return;
        }
        let body = PasswordChange { old: old.get_untracked(), password: password.get_untracked() };
        order.send(api::CHANGE_PASSWORD, &body, move |()| {
            tried.set(false);
            for field in [old, password, again] {
                field.set(String::new());
            }
            toasts.done(Words::fixed(
                "密码已修改，其他设备上的登录已退出",
                "Your password is changed; all other devices are signed out",
            ));
            sessions.reload();
        });
    };
    let number = me.with_untracked(|m| m.person.number.clone());
    view! {
        <form
            class="x-form"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            // For password managers, which would otherwise save the password without a name.
            <input class="x-hidden" type="text" autocomplete="username" tabindex="-1" aria-hidden="true" readonly value=number />
            <FormField label=t(Words::fixed("现在的密码", "Present password")) error=old_error required=true>
                <TextInput value=old kind="password" autocomplete="current-password" />
            </FormField>
            <FormField
                label=t(Words::fixed("新密码", "New password"))
                hint=t(words!(
                    "至少 {PASSWORD_MIN} 个字符，用一句只有自己才想得到的话最好。",
                    "At least {PASSWORD_MIN} characters; a sentence that only you would think of is best."
                ))
                error=weak_error
                required=true
            >
                <TextInput value=password kind="password" autocomplete="new-password" />
            </FormField>
            <FormField label=t(Words::fixed("再输入一次", "Once more")) error=differ_error required=true>
                <TextInput value=again kind="password" autocomplete="new-password" />
            </FormField>
            <Problems order />
            <Button
                label=t(Words::fixed("修改密码", "Change password"))
                kind=ButtonKind::Primary
                submit=true
                busy=order.busy()
                block=true
            />
        </form>
    }
    .into_any()
}

#[component]
fn Sessions(all: Vec<SessionView>, sessions: Query<Vec<SessionView>>) -> impl IntoView {
    let toasts = use_toasts();
    let order = Order::new();
    let others = all.iter().any(|s| !s.current);
    let end = move |id| {
        order.call(api::END_SESSION.at(id), move |()| {
            toasts.done(Words::fixed("已退出该设备", "That device is signed out"));
            sessions.reload();
        });
    };
    let end_others = move |()| {
        order.call(api::END_SESSIONS, move |()| {
            toasts.done(Words::fixed("其他设备都已退出", "All other devices are signed out"));
            sessions.reload();
        });
    };
    let row = move |view: SessionView| {
        let (since, seen) = (view.created_at.words(), view.seen_at.words());
        let (sz, se, nz, ne) = (since.zh, since.en, seen.zh, seen.en);
        let note = words!("{sz} 登录，最近使用 {nz}", "Since {se}, last used {ne}");
        let id = view.id;
        view! {
            <li class="s-session">
                <span class="x-choice-words">
                    <span>{t(view.device.words())}</span>
                    <span class="x-choice-note">{t(note)}</span>
                </span>
                {if view.current {
                    view! { <Badge tone=Tone::Good label=t(Words::fixed("本机", "This one")) /> }.into_any()
                } else {
                    view! {
                        <Button
                            label=t(Words::fixed("退出", "Sign out"))
                            busy=order.busy()
                            on_click=move |()| end(id)
                        />
                    }
                        .into_any()
                }}
            </li>
        }
        .into_any()
    };
    view! {
        <ul class="s-sessions">{all.into_iter().map(row).collect::<Vec<_>>()}</ul>
        <Problems order />
        {others
            .then(|| {
                view! {
                    <div class="x-actions">
                        <Button
                            label=t(Words::fixed("退出其他所有设备", "Sign out all others"))
                            kind=ButtonKind::Danger
                            busy=order.busy()
                            on_click=end_others
                        />
                    </div>
                }
            })}
        <p class="x-small x-muted">
            {t(Words::fixed(
                "看到不认识的设备？请退出它，并马上修改密码。",
                "A device that you do not know? Sign it out and change your password at once.",
            ))}
        </p>
    }
    .into_any()
}
