//! Who asked the office for a message, and in which words (G13).

use domain::message::{AskedFor, MessageView};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{Banner, Tone, t};

use super::common::title_or_none;
use crate::route::Route;

/// Who handed it in, with the words of then and, for whom it concerns, a way to the request.
#[component]
pub fn Asked(view: RwSignal<MessageView>) -> impl IntoView {
    let asked = Memo::new(move |_| view.with(|v| v.asked.clone()));
    move || {
        asked.get().map(|asked| {
            let AskedFor { asker, title, body, whom, may_open } = asked;
            let link = may_open.then(|| {
                let href = format!("{}?request={}", Route::Requests.path(), asker.request);
                view! { <p><a href=href>{t(Words::fixed("查看来件", "Open the request"))}</a></p> }
            });
            let whom = words!("希望发给：{whom}", "To: {whom}");
            view! {
                <Banner tone=Tone::Info title=t(asker.words())>
                    <details class="m-details">
                        <summary>{t(Words::fixed("来件原文", "The words that were handed in"))}</summary>
                        <p class="x-small x-muted">{t(whom)}</p>
                        <p lang="zh-CN"><b>{t(title_or_none(&title))}</b></p>
                        <p class="x-prose" lang="zh-CN">{body}</p>
                    </details>
                    {link}
                </Banner>
            }
        })
    }
}
