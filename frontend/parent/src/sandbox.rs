//! The demo's parents' phone at `/sandbox`: where the SMS of the `sandbox`
//! provider arrive, so that the whole way can be walked without a real phone.
//!
//! It never exists in a real deployment; the Worker asks for `DEMO=1` before
//! it calls anything in here. Full numbers are shown because they are invented.

use std::sync::OnceLock;

use domain::time::Instant;
use domain::words;
use domain::words::{Lang, Words};
use leptos::prelude::*;

use crate::shell::{Head, document, source_hash};

const STYLE: &str = include_str!("sandbox.css");
/// Seconds after which a live page loads again.
const REFRESH: &str = "5";

/// The source expression for `style-src` of the sandbox's pages: `'sha256-…'`.
pub fn sandbox_style_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| source_hash(STYLE))
}

/// A phone that has received an SMS.
#[derive(Clone, Debug)]
pub struct SandboxPhone {
    /// Its eleven digits.
    pub phone: String,
    /// The newest SMS.
    pub last_text: String,
    /// When it came.
    pub last_at: Instant,
    /// How many have come.
    pub count: u32,
}

/// An SMS in a thread.
#[derive(Clone, Debug)]
pub struct SandboxSms {
    /// The whole text.
    pub text: String,
    /// When the provider took it.
    pub at: Instant,
    /// What was reported back about it.
    pub receipt: Words,
}

/// The list of phones: one page of it, newest SMS first.
#[derive(Clone, Debug, Default)]
pub struct SandboxList {
    /// The phones on this page.
    pub phones: Vec<SandboxPhone>,
    /// Digits searched for (`?q=`); empty for all.
    pub query: String,
    /// Whether the page loads again by itself (`?live=1`). Off until someone
    /// asks for it: a page that reloads wipes what is being typed and loses
    /// the place of whoever reads with a screen reader (WCAG 2.2.1).
    pub live: bool,
    /// This page (`?page=`), 1 upwards.
    pub page: u32,
    /// All pages.
    pub pages: u32,
    /// Phones that match, on all pages.
    pub total: u32,
}

impl SandboxList {
    /// `/sandbox?…` with what the place needs; digits are all that a query can hold.
    fn href(&self, lang: Lang, phone: Option<&str>, page: u32) -> String {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let mut href = format!("/sandbox?lang={}", key(lang));
        if self.live {
            href.push_str("&live=1");
        }
        if let Some(phone) = phone {
            href.push_str("&phone=");
            href.push_str(&digits(phone));
        }
        if !self.query.is_empty() {
            href.push_str("&q=");
            href.push_str(&digits(&self.query));
        }
        if page > 1 {
            href.push_str(&format!("&page={page}"));
        }
        href
    }
}

fn key(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "zh",
        Lang::En => "en",
    }
}

/// All phones, `GET /sandbox?q=&page=&live=&lang=`. `endings` is the table of
/// magic number endings with what each does.
pub fn sandbox_phones(list: &SandboxList, endings: &[(String, Words)], lang: Lang) -> String {
    let choose = Words::fixed("点一个号码，查看它收到的短信", "Choose a number to read its SMS");
    let body = view! {
        {banner(list, None, lang)}
        <main class="desk">
            <section class="pane">{phones(list, None, lang)}</section>
            <section class="other"><p class="empty">{choose.get(lang).to_owned()}</p></section>
            {magic(endings, lang)}
        </main>
    };
    document(Head { title: title(lang), lang, style: STYLE, refresh: refresh(list) }, body)
}

/// One phone's thread, `GET /sandbox?phone=…`, oldest SMS first; `list` is
/// what stands beside it on a wide screen.
pub fn sandbox_thread(
    list: &SandboxList,
    phone: &str,
    thread: &[SandboxSms],
    endings: &[(String, Words)],
    lang: Lang,
) -> String {
    let back = Words::fixed("‹ 返回", "‹ Back");
    let none = Words::fixed("这个号码还没有收到短信", "This number has not received an SMS yet");
    let bubbles: Vec<_> = thread
        .iter()
        .map(|sms| {
            view! {
                <li>
                    <time>{sms.at.show(lang)}</time>
                    <p class="sms" lang="zh-CN">{linked(&sms.text)}</p>
                    <p class="receipt">{sms.receipt.get(lang).to_owned()}</p>
                </li>
            }
        })
        .collect();
    let content = if bubbles.is_empty() {
        view! { <p class="empty">{none.get(lang).to_owned()}</p> }.into_any()
    } else {
        view! { <ul>{bubbles}</ul> }.into_any()
    };
    let body = view! {
        {banner(list, Some(phone), lang)}
        <main class="desk">
            <section class="pane list-behind">{phones(list, Some(phone), lang)}</section>
            <section class="phone">
                <div class="bar">
                    <a class="back" href=list.href(lang, None, list.page)>{back.get(lang).to_owned()}</a>
                    <h2>{phone.to_owned()}</h2>
                    {reload(list, Some(phone), lang)}
                </div>
                <div class="thread">{content}</div>
            </section>
            {magic(endings, lang)}
        </main>
    };
    let head =
        Head { title: format!("{phone} - {}", title(lang)), lang, style: STYLE, refresh: refresh(list) };
    document(head, body)
}

fn title(lang: Lang) -> String {
    Words::fixed("演示：家长的手机", "Demo: the parents' phones").get(lang).to_owned()
}

fn banner(list: &SandboxList, phone: Option<&str>, lang: Lang) -> impl IntoView + use<> {
    let (to, name) = match lang {
        Lang::Zh => (Lang::En, "English"),
        Lang::En => (Lang::Zh, "中文"),
    };
    let only = Words::fixed(
        "这个页面只在演示环境中存在。短信不会真的发出，都显示在这里；号码都是虚构的。",
        "This page exists in the demo only. No SMS leaves it: they arrive here, at invented numbers.",
    );
    view! {
        <header>
            <a href=list.href(to, phone, list.page) lang=to.tag() hreflang=to.tag()>{name}</a>
            <h1>{title(lang)}</h1>
            <p>{only.get(lang).to_owned()}</p>
        </header>
    }
}

fn phones(list: &SandboxList, open: Option<&str>, lang: Lang) -> impl IntoView + use<> {
    let total = list.total;
    let heading = words!("收到短信的手机 {total} 部", "Phones with SMS: {total}");
    let rows: Vec<_> = list
        .phones
        .iter()
        .map(|p| {
            let current = (open == Some(p.phone.as_str())).then_some("true");
            let n = p.count;
            let count = words!("{n} 条 · ", "{n} · ");
            view! {
                <li>
                    <a class="row" href=list.href(lang, Some(&p.phone), list.page) aria-current=current>
                        <time>{p.last_at.show(lang)}</time>
                        <b>{p.phone.clone()}</b>
                        <span>{count.get(lang).to_owned()}{p.last_text.clone()}</span>
                    </a>
                </li>
            }
        })
        .collect();
    let content = if rows.is_empty() {
        let words = if list.query.is_empty() {
            Words::fixed(
                "还没有短信。请教师登录、写一条通知，审批通过后，短信会出现在这里。",
                "No SMS yet. Sign in as a teacher and write a notice: once it is approved, the SMS arrives here.",
            )
        } else {
            Words::fixed(
                "没有匹配的号码。只输入其中几位数字也可以，例如末四位。",
                "No number matches. A few digits will do, such as the last four.",
            )
        };
        view! { <p class="empty">{words.get(lang).to_owned()}</p> }.into_any()
    } else {
        view! { <ul>{rows}</ul> }.into_any()
    };
    view! {
        <div class="bar"><h2>{heading.get(lang).to_owned()}</h2>{reload(list, open, lang)}</div>
        {search(list, lang)}
        {content}
        {pages(list, open, lang)}
    }
}

fn refresh(list: &SandboxList) -> Option<&'static str> {
    list.live.then_some(REFRESH)
}

/// Load again: now, and by itself or not.
fn reload(list: &SandboxList, open: Option<&str>, lang: Lang) -> impl IntoView + use<> {
    let now = Words::fixed("刷新", "Refresh");
    let live = if list.live {
        Words::fixed("停止自动刷新", "Stop refreshing")
    } else {
        Words::fixed("自动刷新", "Keep refreshing")
    };
    let switched = SandboxList { live: !list.live, query: list.query.clone(), ..SandboxList::default() };
    view! {
        <p class="reload">
            <a href=list.href(lang, open, list.page)>{now.get(lang).to_owned()}</a>
            <a href=switched.href(lang, open, list.page)>{live.get(lang).to_owned()}</a>
        </p>
    }
}

fn search(list: &SandboxList, lang: Lang) -> AnyView {
    let label = Words::fixed("按号码查找，例如末四位", "Find a number, e.g. its last four digits");
    let all = SandboxList { live: list.live, ..SandboxList::default() }.href(lang, None, 1);
    let off = (!list.query.is_empty()).then(|| {
        let words = Words::fixed("全部", "All");
        view! { <a class="off" href=all>{words.get(lang).to_owned()}</a> }
    });
    if list.live {
        // A link, not a field: what is typed would be lost when the page reloads by itself.
        let still = SandboxList { query: list.query.clone(), ..SandboxList::default() }.href(lang, None, 1);
        let shown = if list.query.is_empty() { label.get(lang).to_owned() } else { list.query.clone() };
        return view! { <p class="find"><a href=still>{shown}</a>{off}</p> }.into_any();
    }
    let go = Words::fixed("查找", "Find");
    view! {
        <form class="find" method="get" action="/sandbox">
            <input type="hidden" name="lang" value=key(lang)/>
            <input
                type="text"
                name="q"
                inputmode="numeric"
                maxlength="11"
                autocomplete="off"
                aria-label=label.get(lang).to_owned()
                placeholder=label.get(lang).to_owned()
                value=list.query.clone()
            />
            <button>{go.get(lang).to_owned()}</button>
            {off}
        </form>
    }
    .into_any()
}

fn pages(list: &SandboxList, open: Option<&str>, lang: Lang) -> Option<impl IntoView + use<>> {
    let (page, pages) = (list.page.max(1), list.pages);
    if pages < 2 {
        return None;
    }
    let link = |to: u32, words: Words| {
        view! { <a href=list.href(lang, open, to)>{words.get(lang).to_owned()}</a> }
    };
    let newer = (page > 1).then(|| link(page - 1, Words::fixed("‹ 上一页", "‹ Newer")));
    let older = (page < pages).then(|| link(page + 1, Words::fixed("下一页 ›", "Older ›")));
    let at = words!("第 {page} / {pages} 页", "Page {page} of {pages}");
    Some(view! {
        <nav class="pages" aria-label=at.get(lang).to_owned()>
            {newer}
            <span>{at.get(lang).to_owned()}</span>
            {older}
        </nav>
    })
}

/// The note that explains the number endings with which a failure is made.
fn magic(endings: &[(String, Words)], lang: Lang) -> Option<impl IntoView + use<>> {
    if endings.is_empty() {
        return None;
    }
    let heading = Words::fixed("特殊尾号", "Magic endings");
    let why = Words::fixed(
        "以下尾号用来演示短信发送中的各种情况，其他号码都正常送达：",
        "Numbers with these endings show what can go wrong; all others are delivered:",
    );
    let rows: Vec<_> = endings
        .iter()
        .map(|(ending, what)| {
            view! {
                <dt>{format!("…{ending}")}</dt>
                <dd>{what.get(lang).to_owned()}</dd>
            }
        })
        .collect();
    Some(view! {
        <aside>
            <h2>{heading.get(lang).to_owned()}</h2>
            <p>{why.get(lang).to_owned()}</p>
            <dl>{rows}</dl>
        </aside>
    })
}

/// The text with its link made clickable, as a phone does. A parents' link is
/// followed on the address at which this page was opened.
fn linked(text: &str) -> AnyView {
    let Some(start) = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min() else {
        return text.to_owned().into_any();
    };
    let (before, rest) = text.split_at(start);
    let is_end = |c: char| c.is_whitespace() || !c.is_ascii() || matches!(c, '"' | '\'' | '<' | '>');
    let (link, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
    let href = link.find("/m/").map_or(link, |at| &link[at..]);
    view! {
        {before.to_owned()}
        <a href=href.to_owned()>{link.to_owned()}</a>
        {after.to_owned()}
    }
    .into_any()
}

#[cfg(test)]
#[path = "sandbox_tests.rs"]
mod tests;
