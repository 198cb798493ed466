//! What parents will get, as they will see it: the SMS in its bubble, the
//! page behind the link, and how many it reaches.

use domain::message::Audiences;
use domain::sms::{self, Length};
use domain::words;
use domain::words::Words;
use leptos::prelude::*;
use ui::{t, tw};

/// The SMS as it will look, with its count.
#[component]
pub fn SmsBubble(
    #[prop(into)] text: Signal<String>,
    /// Characters that the writer could still take away; none where nothing can be changed.
    #[prop(optional, into)]
    spare: Signal<usize>,
) -> impl IntoView {
    let count = tw(move || length_words(text.with(|s| sms::length(s)), spare.get()));
    let parts = move || {
        text.with(|s| {
            let at = s.find("http").unwrap_or(s.len());
            (s[..at].to_owned(), s[at..].to_owned())
        })
    };
    view! {
        <figure class="m-phone">
            <figcaption class="x-small x-muted">{t(Words::fixed("家长收到的短信", "The SMS"))}</figcaption>
            <p class="m-bubble" lang="zh-CN">
                {move || parts().0}
                <span class="m-bubble-link">{move || parts().1}</span>
            </p>
            <p class="x-small x-muted x-num" data-test="sms-length">{count}</p>
        </figure>
    }
    .into_any()
}

/// `56/70，1 条`; where it takes more than one, what that means.
pub fn length_words(length: Length, spare: usize) -> Words {
    let Length { units, parts } = length;
    let single = sms::SINGLE;
    let over = units.saturating_sub(single);
    if over == 0 {
        words!("{units}/{single}，1 条", "{units}/{single} characters, 1 SMS")
    } else if over < spare {
        words!(
            "{units} 字，按 {parts} 条计费；标题删去 {over} 字就是 1 条",
            "{units} characters, charged as {parts} SMS; a title {over} shorter makes it 1"
        )
    } else {
        words!("{units} 字，按 {parts} 条计费", "{units} characters, charged as {parts} SMS")
    }
}

/// The page behind the link, in the form of a letter.
#[component]
pub fn Letter(
    #[prop(into)] title: Signal<String>,
    #[prop(into)] body: Signal<String>,
    #[prop(into)] sender: Signal<String>,
) -> impl IntoView {
    let nothing = t(Words::fixed("（正文会出现在这里）", "(the text will stand here)"));
    let confirm = t(Words::fixed("已阅读，确认收到", "Confirm button"));
    view! {
        <figure class="m-letter">
            <figcaption class="x-small x-muted">
                {t(Words::fixed("点开链接看到的页面", "The page behind the link"))}
            </figcaption>
            <div class="m-letter-page" lang="zh-CN">
                <p class="m-letter-title">{title}</p>
                <p class="x-prose">
                    {move || {
                        let body = body.get();
                        if body.trim().is_empty() { nothing.get() } else { body }
                    }}
                </p>
                <p class="m-letter-by x-muted" hidden=move || sender.with(String::is_empty)>{sender}</p>
                <p class="m-letter-button">{confirm}</p>
            </div>
        </figure>
    }
    .into_any()
}

/// `46 名学生 · 78 位家长 · 76 部手机`.
pub fn reach_words(reach: &Audiences) -> Words {
    let Audiences { children, people, phones, .. } = *reach;
    if children == 0 {
        words!("{people} 位教师 · {phones} 部手机", "{people} teachers · {phones} phones")
    } else {
        words!(
            "{children} 名学生 · {people} 位家长 · {phones} 部手机",
            "{children} students · {people} parents · {phones} phones"
        )
    }
}

/// That some children cannot be reached, and what to do.
pub fn unreachable_words(n: u32) -> Words {
    words!(
        "有 {n} 名学生没有可用的接收手机号，他们的家长收不到，请另行告知",
        "Without a usable number: {n}. Their parents will not get it: tell them in another way"
    )
}
