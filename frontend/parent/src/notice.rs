//! The parents' page, `GET /m/{token}`, and the one page for links that do
//! not open. Reading order is that of a letter: school, child, text, sender;
//! then one large button. What a person wrote is never translated.

use std::sync::OnceLock;

use domain::answer::{Child, Page};
use domain::words;
use domain::words::{Lang, Words};
use leptos::prelude::*;

use crate::shell::{Head, document, other, source_hash};

const STYLE: &str = include_str!("notice.css");

/// The source expression for `style-src` of both pages here: `'sha256-…'`.
pub fn style_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| source_hash(STYLE))
}

/// The parents' page. `just_confirmed` thanks for the answer given a moment ago.
pub fn page(page: &Page, token: &str, lang: Lang, just_confirmed: bool) -> String {
    let school = page.school.clone();
    let word = page.platform_word.clone();
    let head = Head { title: format!("{} - {school}", page.title), lang, style: STYLE, refresh: None };
    let label = words!("{word} · 家长通知", "{word} · notice to parents");
    let to = addressees(page, lang);
    let text: Vec<_> =
        paragraphs(&page.body).into_iter().map(|text| view! { <p>{text.to_owned()}</p> }).collect();
    let answer = match page.confirmed_at {
        Some(at) => confirmed(at.show(lang), lang, just_confirmed).into_any(),
        None => button(token, lang).into_any(),
    };
    let body = view! {
        <main>
            {top(school, &label, lang)}
            <article class="card">
                <h1 lang="zh-CN">{page.title.clone()}</h1>
                {to}
                <div class="text" lang="zh-CN">{text}</div>
                <p class="by">
                    <span lang="zh-CN">{page.sender.clone()}</span>
                    <br/>
                    <time>{page.at.show(lang)}</time>
                </p>
                {answer}
            </article>
            {genuine(&page.school, lang)}
        </main>
    };
    document(head, body)
}

/// The one page for a link that does not open, whatever the cause: it tells
/// nobody whether a token was ever real. `school` where it is known.
pub fn not_found(lang: Lang, school: Option<&str>) -> String {
    let title = Words::fixed("链接打不开", "This link does not open");
    let head = Head { title: title.get(lang).to_owned(), lang, style: STYLE, refresh: None };
    let why = Words::fixed(
        "可能是链接没有复制完整，或者已经过了有效期。",
        "It may not have been copied completely, or it may have expired.",
    );
    let first = Words::fixed(
        "请回到手机短信，直接点开短信里的链接。",
        "Go back to the SMS on your phone and tap the link in it.",
    );
    let then = Words::fixed(
        "仍然打不开时，请打电话给班主任或学校，请老师告诉您通知内容。",
        "If it still does not open, call the homeroom teacher or the school: they will tell you what the notice says.",
    );
    let label = Words::fixed("家长通知", "Notices to parents");
    let name = school.unwrap_or_default().to_owned();
    let body = view! {
        <main>
            {top(name.clone(), &label, lang)}
            <article class="card">
                <h1>{title.get(lang).to_owned()}</h1>
                <div class="text">
                    <p>{why.get(lang).to_owned()}</p>
                    <p>{first.get(lang).to_owned()}</p>
                    <p>{then.get(lang).to_owned()}</p>
                </div>
            </article>
            {genuine(&name, lang)}
        </main>
    };
    document(head, body)
}

fn top(school: String, label: &Words, lang: Lang) -> impl IntoView + use<> {
    let (to, href, name) = other(lang);
    view! {
        <header class="top">
            <a href=href lang=to.tag() hreflang=to.tag()>{name}</a>
            <b lang="zh-CN">{school}</b>
            {label.get(lang).to_owned()}
        </header>
    }
}

/// Whom it is about, so that a parent of two knows which child is meant.
fn addressees(page: &Page, lang: Lang) -> AnyView {
    if let Some(name) = &page.recipient {
        let to = words!("{name}：", "To {name}");
        return view! { <p><b>{to.get(lang).to_owned()}</b></p> }.into_any();
    }
    let rows: Vec<_> = page
        .children
        .iter()
        .map(|child| {
            view! {
                <li>
                    <b lang="zh-CN">{child.name.clone()}</b>
                    " "
                    <span lang="zh-CN">{child.class_name.clone()}</span>
                    {number(child, lang)}
                </li>
            }
        })
        .collect();
    if rows.is_empty() {
        return ().into_any();
    }
    view! { <ul>{rows}</ul> }.into_any()
}

fn number(child: &Child, lang: Lang) -> Option<impl IntoView + use<>> {
    let n = child.number?;
    let words = words!(" · 第 {n} 号", " · No. {n}");
    Some(view! { <span>{words.get(lang).to_owned()}</span> })
}

/// Blank lines part paragraphs; a single line break stays one.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            open = false;
        } else if let (true, Some(last)) = (open, all.last_mut()) {
            last.push('\n');
            last.push_str(line);
        } else {
            all.push(line.to_owned());
            open = true;
        }
    }
    all
}

fn button(token: &str, lang: Lang) -> impl IntoView + use<> {
    let confirm = Words::fixed("已阅读，确认收到", "I have read this");
    let hint =
        Words::fixed("点一下按钮，老师就知道您看到了", "One tap tells the teacher that you have seen it");
    // So that the answer comes back in the language it was given in.
    let keep = (lang == Lang::En).then(|| view! { <input type="hidden" name="lang" value="en"/> });
    view! {
        <form method="post" action=format!("/m/{token}")>
            {keep}
            <button name="action" value="confirm">{confirm.get(lang).to_owned()}</button>
            <p class="hint">{hint.get(lang).to_owned()}</p>
        </form>
    }
}

fn confirmed(at: String, lang: Lang, just_now: bool) -> impl IntoView {
    let thanks = if just_now {
        Words::fixed("✓ 确认成功，谢谢您", "✓ Confirmed, thank you")
    } else {
        Words::fixed("✓ 您已确认", "✓ You have confirmed this")
    };
    let when = words!("确认时间：{at}。不需要再做什么。", "Confirmed {at}. There is nothing more to do.");
    view! {
        <div class="done" role="status">
            <b>{thanks.get(lang).to_owned()}</b>
            {when.get(lang).to_owned()}
        </div>
    }
}

/// How a parent tells a genuine message from a forged one (G32).
fn genuine(school: &str, lang: Lang) -> impl IntoView + use<> {
    let title = Words::fixed("怎样辨别真假通知", "How to tell a genuine notice");
    let (zh, en) = if school.is_empty() { ("学校", "the school") } else { (school, school) };
    let never = words!(
        "这是{zh}的正式通知渠道。学校的通知绝不会要您登录、付款、下载软件，也不会问银行卡号和验证码。遇到这样的要求，就不是学校发的，请打电话向班主任核实。",
        "This is the official channel of {en}. A notice from the school never asks you to sign in, pay, download an app, or give a bank card number or a code. If one does, it is not from the school: call the homeroom teacher."
    );
    let own = Words::fixed(
        "链接是发给您本人的，请不要转发。",
        "The link is for you alone: please do not pass it on.",
    );
    view! {
        <section class="note">
            <h2>{title.get(lang).to_owned()}</h2>
            <p>{never.get(lang).to_owned()}</p>
            <p>{own.get(lang).to_owned()}</p>
        </section>
    }
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;
