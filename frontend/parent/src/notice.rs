//! The parents' page, `GET /m/{token}`, and the one page for links that do
//! not open. Reading order is that of a letter: school, child, text, sender;
//! then one large button. Once it is confirmed that stands first, so that it is
//! seen without scrolling, also when the link is opened again. What a person
//! wrote is never translated.

use std::sync::OnceLock;

use domain::answer::{CONFIRM, Child, Other, Page};
use domain::page_text::{Piece, paragraphs, pieces};
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

/// To whom a notice is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Parent,
    Student,
    Staff,
}

/// The parents' page. `just_confirmed` thanks for the answer given a moment ago.
pub fn page(page: &Page, token: &str, lang: Lang, just_confirmed: bool) -> String {
    let school = page.school.clone();
    let word = page.platform_word.clone();
    let head = Head { title: format!("{} - {school}", page.title), lang, style: STYLE, refresh: None };
    let reader = match page.recipient {
        Some(_) => Reader::Staff,
        None if page.to_students => Reader::Student,
        None => Reader::Parent,
    };
    let label = match reader {
        Reader::Staff => words!("{word} · 教职工通知", "{word} · notice to staff"),
        Reader::Student => words!("{word} · 学生通知", "{word} · notice to students"),
        Reader::Parent => words!("{word} · 家长通知", "{word} · notice to parents"),
    };
    let to_staff = reader == Reader::Staff;
    let to = addressees(page, lang);
    let text: Vec<_> =
        paragraphs(&page.body).into_iter().map(|text| view! { <p>{linked(&text, lang)}</p> }).collect();
    let done = page.confirmed_at.map(|at| confirmed(at.show(lang), lang, just_confirmed));
    let ask = page.confirmed_at.is_none().then(|| button(token, lang, reader));
    let body = view! {
        <main>
            {top(school, &label, lang)}
            <article class="card">
                {corrections(page, lang)}
                {done}
                <h1 lang="zh-CN">{page.title.clone()}</h1>
                {to}
                <div class="text" lang="zh-CN">{text}</div>
                <p class="by">
                    <span lang="zh-CN">{page.sender.clone()}</span>
                    <br/>
                    <time>{page.at.show(lang)}</time>
                </p>
                {ask}
            </article>
            {genuine(&page.school, lang, to_staff)}
        </main>
    };
    document(head, body)
}

/// What became of the notice, before anything of it is read: withdrawn, corrected by another, or the
/// correction of one.
fn corrections(page: &Page, lang: Lang) -> Vec<AnyView> {
    let withdrawn = page.withdrawn_at.map(|at| {
        let at = at.words();
        let (zh, en) = (&at.zh, &at.en);
        let words = words!(
            "学校已于 {zh} 停止发送这条通知，请以学校后来的通知为准。",
            "The school withdrew this notice on {en}: what it says later is what counts."
        );
        (words, None)
    });
    let corrected = page.corrected_by.as_ref().map(|other| {
        let at = other.at.words();
        let (zh, en) = (&at.zh, &at.en);
        let words = words!(
            "这条通知有误，学校已于 {zh} 更正，请以更正后的通知为准。",
            "This notice was corrected on {en}: please go by the correction."
        );
        (words, Some(other))
    });
    let corrects = page.corrects.as_ref().map(|other| {
        let at = other.at.words();
        let (zh, en) = (&at.zh, &at.en);
        let words = words!(
            "这是更正：学校 {zh} 发的通知有误，请以这一条为准。",
            "This is a correction of the notice sent on {en}: please go by this one."
        );
        (words, Some(other))
    });
    let said = |(words, other): (Words, Option<&Other>)| {
        let link = other.and_then(|other| other.link.clone()).map(|(title, token)| {
            let keep = if lang == Lang::En { "?lang=en" } else { "" };
            view! {
                " "
                <a href=format!("/m/{token}{keep}") lang="zh-CN">
                    {title}
                </a>
            }
        });
        view! { <p class="fix">{words.get(lang).to_owned()} {link}</p> }.into_any()
    };
    [withdrawn, corrected, corrects].into_iter().flatten().map(said).collect()
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
        "仍然打不开时，请打电话给孩子的老师或学校，请对方告诉您通知内容。",
        "If it still does not open, call your child’s teacher or the school: they will tell you what the notice says.",
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
            {genuine(&name, lang, false)}
        </main>
    };
    document(head, body)
}

/// For a link that was real, to a phone that is not, or no more, the person's for whom it was meant.
pub fn not_theirs(lang: Lang) -> String {
    let title = Words::fixed("此链接已不属于您", "This link no longer belongs to you");
    let head = Head { title: title.get(lang).to_owned(), lang, style: STYLE, refresh: None };
    let why = Words::fixed(
        "这个手机号已不是该家长登记的接收号码，所以通知内容不再显示，也不会再往这个号码发送。",
        "This phone is not, or no longer, the number on the school's roll, so the notice is not shown here and nothing more is sent to it.",
    );
    let wrong = Words::fixed(
        "如果您是家长、号码也没有换，请打电话告诉孩子的老师。",
        "If you are the parent and the number is still yours, call your child’s teacher.",
    );
    let label = Words::fixed("家长通知", "Notices to parents");
    let body = view! {
        <main>
            {top(String::new(), &label, lang)}
            <article class="card">
                <h1>{title.get(lang).to_owned()}</h1>
                <div class="text">
                    <p>{why.get(lang).to_owned()}</p>
                    <p>{wrong.get(lang).to_owned()}</p>
                </div>
            </article>
            {genuine("", lang, false)}
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
    let words = words!(" · 本班第 {n} 条通知", " · notice {n} to the class");
    Some(view! { <span>{words.get(lang).to_owned()}</span> })
}

/// A paragraph with the web addresses in it as links, each with the host that it opens.
fn linked(text: &str, lang: Lang) -> Vec<AnyView> {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.to_owned().into_any(),
        Piece::Link { text, href, host } => {
            let opens = words!("（打开 {host}）", " (opens {host})");
            view! {
                <a href=href rel="noreferrer noopener nofollow">{text.to_owned()}</a>
                <small lang=lang.tag()>{opens.get(lang).to_owned()}</small>
            }
            .into_any()
        }
    };
    pieces(text).into_iter().map(piece).collect()
}

fn button(token: &str, lang: Lang, reader: Reader) -> impl IntoView + use<> {
    let hint = if reader == Reader::Staff {
        Words::fixed("点一下按钮，学校就知道您看到了", "One tap tells the school that you have seen it")
    } else {
        Words::fixed("点一下按钮，老师就知道您看到了", "One tap tells the teacher that you have seen it")
    };
    // So that the answer comes back in the language it was given in.
    let keep = (lang == Lang::En).then(|| view! { <input type="hidden" name="lang" value="en"/> });
    view! {
        <form method="post" action=format!("/m/{token}")>
            {keep}
            <button name="action" value="confirm">{CONFIRM.get(lang).to_owned()}</button>
            <p class="hint">{hint.get(lang).to_owned()}</p>
            {not_mine(lang, reader)}
        </form>
    }
}

/// For who got an SMS that was meant for somebody else. Folded away, so that nobody taps it for the other button.
fn not_mine(lang: Lang, reader: Reader) -> impl IntoView + use<> {
    let title = Words::fixed("这不是我的号码？", "Not the person this is for?");
    let what = match reader {
        Reader::Staff => Words::fixed(
            "如果您不是上面的教职工，请告诉学校：以后不再往这个号码发送，这个链接也不再显示内容。",
            "If you are not the person named above, tell the school: nothing more is sent to this number, and this link shows nothing any more.",
        ),
        Reader::Student => Words::fixed(
            "如果您不是上面的学生本人，请告诉学校：以后不再往这个号码发送，这个链接也不再显示内容。",
            "If you are not the student named above, tell the school: nothing more is sent to this number, and this link shows nothing any more.",
        ),
        Reader::Parent => Words::fixed(
            "如果您不是上面学生的家长，请告诉学校：以后不再往这个号码发送，这个链接也不再显示内容。",
            "If you are not a parent of the student above, tell the school: nothing more is sent to this number, and this link shows nothing any more.",
        ),
    };
    let say = Words::fixed("这不是我的号码", "This is not my number");
    view! {
        <details>
            <summary>{title.get(lang).to_owned()}</summary>
            <p>{what.get(lang).to_owned()}</p>
            <button class="quiet" name="action" value="not_mine">{say.get(lang).to_owned()}</button>
        </details>
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

/// How a parent tells a genuine message from a forged one (G32). It promises only what this page keeps
/// by itself: a notice may speak of fees or name another site, where its writer gave a reason.
fn genuine(school: &str, lang: Lang, to_staff: bool) -> impl IntoView + use<> {
    let title = Words::fixed("怎样辨别真假通知", "How to tell a genuine notice");
    let (zh, en) = if school.is_empty() { ("学校", "the school") } else { (school, school) };
    let never = words!(
        "这是{zh}的正式通知渠道。看通知、点确认，都不用登录、付款或下载软件；这个页面绝不会问您的密码、验证码和银行卡号。",
        "This is the official channel of {en}. To read and confirm a notice you never sign in, pay or download anything, and this page never asks for a password, a code or a bank card number."
    );
    let ask = if to_staff {
        Words::fixed(
            "通知里提到缴费，或者让您打开别的网站，拿不准时先打电话问校办室。",
            "If a notice speaks of a payment or of another website and you are not sure, call the school office first.",
        )
    } else {
        Words::fixed(
            "通知里提到缴费，或者让您打开别的网站，拿不准时先打电话问孩子的老师。",
            "If a notice speaks of a payment or of another website and you are not sure, call your child’s teacher first.",
        )
    };
    let own = Words::fixed(
        "链接是发给您本人的，请不要转发。",
        "The link is for you alone: please do not pass it on.",
    );
    view! {
        <section class="note">
            <h2>{title.get(lang).to_owned()}</h2>
            <p>{never.get(lang).to_owned()}</p>
            <p>{ask.get(lang).to_owned()}</p>
            <p>{own.get(lang).to_owned()}</p>
        </section>
    }
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;
