//! What parents will get, as they will see it: the SMS in its bubble, the
//! page behind the link, and how many it reaches.

use domain::answer::CONFIRM;
use domain::message::{Audience, Audiences};
use domain::page_text::{Piece, paragraphs, pieces};
use domain::sms::{self, Length};
use domain::words;
use domain::words::{Words, count};
use leptos::prelude::*;
use ui::{Icon, IconName, t, tw, use_lang};

use crate::session::use_me;

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

/// The page behind the link as parents see it, from the school's name down to the button. Sender and
/// time stand there by themselves, so nobody has to sign.
#[component]
pub fn Letter(
    #[prop(into)] title: Signal<String>,
    #[prop(into)] body: Signal<String>,
    #[prop(into)] sender: Signal<String>,
    /// To whom: that of staff names no child, that to some of a class no number.
    #[prop(into)]
    audience: Signal<Audience>,
    /// When it was sent, where it was.
    #[prop(optional, into)]
    sent: Signal<Option<String>>,
) -> impl IntoView {
    let (me, lang) = (use_me(), use_lang());
    let nothing = t(Words::fixed("（正文会出现在这里）", "(the text will stand here)"));
    let label = tw(move || {
        let word = me.with(|m| m.school.platform_word.clone());
        audience.with(|audience| match audience {
            Audience::AllTeachers | Audience::Units { .. } => {
                words!("{word} · 教职工通知", "{word} · notice to staff")
            }
            Audience::Students { .. } => words!("{word} · 学生通知", "{word} · notice to students"),
            _ => words!("{word} · 家长通知", "{word} · notice to parents"),
        })
    });
    let to = tw(move || {
        audience.with(|audience| match audience {
            Audience::AllTeachers | Audience::Units { .. } => {
                Words::fixed("收件人姓名：", "To the recipient’s name")
            }
            Audience::Students { .. } => Words::fixed("学生姓名 · 班级", "Student’s name · class"),
            Audience::Children { .. } => Words::fixed("孩子姓名 · 班级", "Child’s name · class"),
            Audience::Classes { .. } | Audience::AllGuardians | Audience::Earlier { .. } => Words::fixed(
                "孩子姓名 · 班级 · 本班第几条通知",
                "Child’s name · class · number of the notice",
            ),
        })
    });
    let text = move || {
        let body = body.get();
        if body.trim().is_empty() {
            return view! { <p class="x-muted">{nothing.get()}</p> }.into_any();
        }
        let paragraph = |text: String| view! { <p class="x-prose">{linked(&text)}</p> };
        paragraphs(&body).into_iter().map(paragraph).collect::<Vec<_>>().into_any()
    };
    let when = t(Words::fixed("（发送时间）", "(time of sending)"));
    let when = move || sent.get().unwrap_or_else(|| when.get());
    let twice = move || {
        let is_signed = sender.with(|s| body.with(|b| me.with(|m| signs_itself(b, s, &m.person.name))));
        (is_signed && sent.with(Option::is_none)).then(|| {
            view! {
                <p class="m-hint x-small">
                    <Icon name=IconName::Info />
                    {t(
                        Words::fixed(
                            "页面会自动署名，正文末尾的落款可以删去，免得署名两次。",
                            "The page signs by itself: leave out the signature at the end, or it stands there twice.",
                        ),
                    )}
                </p>
            }
        })
    };
    view! {
        <figure class="m-letter">
            <figcaption class="x-small x-muted">
                {t(Words::fixed("点开链接看到的页面", "The page behind the link"))}
            </figcaption>
            <div class="m-letter-page" lang=move || lang.get().tag()>
                <p class="m-letter-head">
                    <strong lang="zh-CN">{move || me.with(|m| m.school.name.clone())}</strong>
                    <span class="x-small x-muted">{label}</span>
                </p>
                <p class="m-letter-title" lang="zh-CN">{title}</p>
                <p class="m-letter-to x-muted">{to}</p>
                <div class="m-letter-text" lang="zh-CN">{text}</div>
                <p class="m-letter-by x-muted">
                    <span lang="zh-CN" hidden=move || sender.with(String::is_empty)>{sender}</span>
                    <span>{when}</span>
                </p>
                <p class="m-letter-button">{t(CONFIRM)}</p>
            </div>
            {twice}
        </figure>
    }
    .into_any()
}

/// A paragraph with what parents can tap in it.
fn linked(text: &str) -> Vec<AnyView> {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.to_owned().into_any(),
        Piece::Link { text, host, .. } => {
            let opens = words!("（打开 {host}）", " (opens {host})");
            view! {
                <span class="m-bubble-link">{text.to_owned()}</span>
                <span class="x-small x-muted">{t(opens)}</span>
            }
            .into_any()
        }
    };
    pieces(text).into_iter().map(piece).collect()
}

/// Whether the text ends with a signature, although the page signs by itself.
fn signs_itself(body: &str, sender: &str, author: &str) -> bool {
    const DATE: [char; 3] = ['年', '月', '日'];
    let lines = body.lines().map(str::trim).filter(|l| !l.is_empty());
    // A date may stand under the name.
    let is_date = |l: &str| l.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || DATE.contains(&c));
    let Some(last) = lines.rev().find(|l| !is_date(l)) else { return false };
    let is_short = last.chars().count() <= 20 && !last.ends_with(['。', '！', '？', '：', '.', '!', '?']);
    let last: String = last.chars().filter(|c| !c.is_whitespace()).collect();
    let names = |name: &str| !name.is_empty() && last.contains(name);
    is_short
        && (names(sender) || names(author) || last.chars().count() >= 4 && sender.contains(last.as_str()))
}

/// `46 名学生 · 78 位家长 · 76 部手机`.
pub fn reach_words(audience: &Audience, reach: &Audiences) -> Words {
    let Audiences { children, people, phones, unreachable } = *reach;
    let phones_en = count(phones, "phone", "phones");
    let children_en = count(children, "student", "students");
    match audience {
        Audience::AllTeachers => {
            let people_en = count(people, "teacher", "teachers");
            words!("{people} 位教师 · {phones} 部手机", "{people_en} · {phones_en}")
        }
        Audience::Units { .. } => {
            let people_en = count(people, "member of staff", "members of staff");
            words!("{people} 位教职工 · {phones} 部手机", "{people_en} · {phones_en}")
        }
        Audience::Students { .. } => {
            let reached = children.saturating_sub(unreachable);
            words!(
                "{children} 名学生，{reached} 名登记了本人号码 · {phones} 部手机",
                "{children_en}, {reached} with a number of their own · {phones_en}"
            )
        }
        _ => {
            let people_en = count(people, "parent", "parents");
            words!(
                "{children} 名学生 · {people} 位家长 · {phones} 部手机",
                "{children_en} · {people_en} · {phones_en}"
            )
        }
    }
}

/// That some children cannot be reached, and what to do.
pub fn unreachable_words(audience: &Audience, n: u32) -> Words {
    let n_en = count(n, "student has", "students have");
    match audience {
        Audience::Students { .. } => words!(
            "有 {n} 名学生没有登记本人号码，收不到，请另行告知",
            "{n_en} no number of their own: tell them in another way"
        ),
        _ => words!(
            "有 {n} 名学生没有可用的接收手机号，家长收不到，请另行告知",
            "{n_en} no usable number: tell those parents in another way"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_of_ones_own_is_noticed() {
        let signs = |body: &str| signs_itself(body, "七年级1班班主任", "潘然书");
        for body in [
            "请准时到校。\n\n七年级1班班主任",
            "请准时到校。\n七年级1班",
            "请准时到校。\n潘老师：潘然书\n2026年9月1日",
            "请准时到校。\n 班主任 潘然书 ",
        ] {
            assert!(signs(body), "{body}");
        }
        for body in ["", "请准时到校。", "请七年级1班班主任在门口等候。", "地点：操场\n谢谢", "9月1日"]
        {
            assert!(!signs(body), "{body}");
        }
    }

    #[test]
    fn one_student_is_no_students() {
        let class = Audience::Classes { classes: Vec::new() };
        let reach = Audiences { children: 1, people: 2, phones: 1, unreachable: 1 };
        assert_eq!(reach_words(&class, &reach).en, "1 student · 2 parents · 1 phone");
        assert_eq!(
            unreachable_words(&class, 1).en,
            "1 student has no usable number: tell those parents in another way"
        );
    }
}
