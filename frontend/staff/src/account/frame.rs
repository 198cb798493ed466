//! The frame of the pages before sign-in: the product's name, one card, the language.

use domain::words::Words;
use leptos::prelude::*;
use ui::{LangSwitch, t};

#[component]
pub fn Outside(#[prop(into)] title: Signal<String>, children: Children) -> impl IntoView {
    Effect::new(move |_| document().set_title(&title.get()));
    view! {
        <main class="s-outside">
            <div class="s-outside-brand">
                <span class="x-brand-mark" aria-hidden="true">
                    "讯"
                </span>
                <span>{t(Words::fixed("校讯", "Xiaoxun"))}</span>
                <LangSwitch />
            </div>
            <div class="s-outside-card">
                <h1>{title}</h1>
                {children()}
            </div>
            <p class="s-outside-foot x-small x-muted">
                {t(Words::fixed(
                    "谁审批，谁负责；未经审批，严禁发送。",
                    "Whoever approves answers for it; no sending without approval.",
                ))}
            </p>
        </main>
    }
    .into_any()
}
