use domain::time::Instant;

use super::*;

const TOKEN: &str = "AQAAEAAAAAAHAbCdEfGhIjKlMnOpQrSt";
/// Most bytes that one visit may transfer, without headers.
const BUDGET: usize = 14 * 1024;

fn notice(body: &str) -> Page {
    Page {
        school: "麻阳苗族自治县第一初级中学".into(),
        platform_word: "校讯通".into(),
        children: vec![
            Child { name: "龙思齐".into(), class_name: "七年级1班".into(), number: Some(12) },
            Child { name: "龙思远".into(), class_name: "九年级3班".into(), number: Some(40) },
        ],
        to_students: false,
        recipient: None,
        title: "秋季运动会安排".into(),
        body: body.into(),
        sender: "七年级1班班主任".into(),
        at: Instant(1_788_193_800_000),
        confirmed_at: None,
        corrected_by: None,
        corrects: None,
        withdrawn_at: None,
    }
}

const PAYLOADS: [&str; 12] = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "<!--",
    "--><b>",
    "]]><x>",
    "&lt;b&gt;&amp;",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<form action=//evil><button>",
    "\u{0}\u{202e}<iframe srcdoc='<p>'>",
];

/// The tags of a document, in order, without their attributes' values.
fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .map(|t| t.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn whatever_is_written_stays_text() {
    for lang in [Lang::Zh, Lang::En] {
        let plain = tags(&page(&notice("正文"), TOKEN, lang, false));
        for payload in PAYLOADS {
            let mut page_of = notice(payload);
            page_of.school = payload.into();
            page_of.platform_word = payload.into();
            page_of.title = payload.into();
            page_of.sender = payload.into();
            for child in &mut page_of.children {
                child.name = payload.into();
                child.class_name = payload.into();
            }
            let html = page(&page_of, TOKEN, lang, false);
            assert_eq!(tags(&html), plain, "{payload}");
            let mut to_staff = page_of.clone();
            to_staff.recipient = Some(payload.into());
            assert!(!html.contains("<script"), "{payload}");
            assert!(!page(&to_staff, TOKEN, lang, false).contains("<script"), "{payload}");
            assert!(!not_found(lang, Some(payload)).contains("<script"), "{payload}");
            // Shown as typed, not swallowed and not escaped twice.
            if payload == "&lt;b&gt;&amp;" {
                assert!(html.contains("&amp;lt;b&amp;gt;&amp;amp;"), "{html}");
            }
        }
    }
}

#[test]
fn the_only_form_posts_to_the_token() {
    for lang in [Lang::Zh, Lang::En] {
        let html = page(&notice("正文"), TOKEN, lang, false);
        assert_eq!(html.matches("<form").count(), 1);
        assert!(html.contains(&format!("<form method=\"post\" action=\"/m/{TOKEN}\">")), "{html}");
        assert!(html.contains("<button name=\"action\" value=\"confirm\">"), "{html}");
        // The other answer stands folded behind it, so that Enter is the first one.
        let folded = html.split("<details>").nth(1).unwrap_or_default();
        assert!(folded.contains("value=\"not_mine\"") && !folded.contains("value=\"confirm\""), "{html}");
        // The token is in no link, so it leaks into no referrer and no copy of one.
        assert_eq!(html.matches(TOKEN).count(), 1);
    }
}

#[test]
fn after_confirming_there_is_nothing_left_to_do() {
    let mut confirmed = notice("正文");
    confirmed.confirmed_at = Some(Instant(1_788_200_000_000));
    for (lang, now, earlier, when) in [
        (Lang::Zh, "确认成功", "您已确认", "9月1日 02:13"),
        (Lang::En, "thank you", "You have confirmed", "1 Sep, 02:13"),
    ] {
        for (just_now, words) in [(true, now), (false, earlier)] {
            let html = page(&confirmed, TOKEN, lang, just_now);
            assert!(html.contains(words) && html.contains(when), "{html}");
            assert!(!html.contains("<form") && !html.contains(TOKEN), "{html}");
        }
    }
}

#[test]
fn what_is_confirmed_stands_first() {
    let mut confirmed = notice(&"长".repeat(5_000));
    let at = |html: &str, part: &str| html.find(part).unwrap_or_else(|| panic!("{part} in {html}"));
    for lang in [Lang::Zh, Lang::En] {
        confirmed.confirmed_at = None;
        let html = page(&confirmed, TOKEN, lang, false);
        assert!(at(&html, "<form") > at(&html, "class=\"text\""), "first read, then confirm");
        confirmed.confirmed_at = Some(Instant(1_788_200_000_000));
        for just_now in [true, false] {
            let html = page(&confirmed, TOKEN, lang, just_now);
            assert!(at(&html, "class=\"done\"") < at(&html, "<h1"), "{html}");
        }
    }
}

#[test]
fn addresses_in_a_text_can_be_tapped_and_say_where_they_lead() {
    let html = page(&notice("请看https://www.moe.gov.cn/a?b=1&c=2，谢谢"), TOKEN, Lang::Zh, false);
    let link = "<a href=\"https://www.moe.gov.cn/a?b=1&amp;c=2\" rel=\"noreferrer noopener nofollow\">https://www.moe.gov.cn/a?b=1&amp;c=2</a>";
    assert!(html.contains(link), "{html}");
    assert!(html.contains("（打开 www.moe.gov.cn）"), "{html}");
    for bad in
        ["javascript:alert(1)", "https://school.cn@evil.com/x", "ftp://a.cn/x", "https://a.cn\"onclick=x"]
    {
        let html = page(&notice(bad), TOKEN, Lang::Zh, false);
        let links: Vec<&str> = html.split("<a href=\"").skip(1).filter_map(|l| l.split('"').next()).collect();
        assert!(links.iter().all(|l| *l == "?lang=en" || *l == "https://a.cn"), "{bad}: {links:?}");
        assert!(!html.contains(" onclick"), "{html}");
    }
}

/// What the content check lets through with a reason cannot be what a genuine notice never does.
#[test]
fn g32_the_promise_agrees_with_what_the_check_lets_through() {
    use domain::content::{Context, Severity, check};
    for text in ["请于周五前缴费，详见https://pay.example.cn/x", "请登录 www.abc.cn 填表"] {
        assert!(
            check("通知", text, &Context { now: Instant(0), host: "" })
                .iter()
                .all(|f| f.severity != Severity::Block),
            "{text}"
        );
        let html = page(&notice(text), TOKEN, Lang::Zh, false);
        assert!(!html.contains("通知绝不会要您登录、付款"), "{html}");
        assert!(html.contains("提到缴费，或者让您打开别的网站"), "{html}");
    }
}

#[test]
fn a_page_for_staff_speaks_to_staff() {
    let mut to_staff = notice("正文");
    to_staff.children.clear();
    to_staff.recipient = Some("范知".into());
    let html = page(&to_staff, TOKEN, Lang::Zh, false);
    assert!(html.contains("教职工通知") && html.contains("校办室"), "{html}");
    for word in ["家长", "问孩子的老师", "老师"] {
        assert!(!html.contains(word), "{word}: {html}");
    }
    let html = page(&to_staff, TOKEN, Lang::En, false);
    let (_, html) = html.split_once("<body").expect("a body behind the style");
    assert!(!html.contains("parent") && !html.contains("homeroom"), "{html}");
}

#[test]
fn says_which_child_and_which_number() {
    let html = page(&notice("正文"), TOKEN, Lang::Zh, false);
    for part in [
        "龙思齐",
        "七年级1班",
        "本班第 12 条通知",
        "龙思远",
        "本班第 40 条通知",
        "七年级1班班主任",
        "9月1日 00:30",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let mut to_staff = notice("正文");
    to_staff.children.clear();
    to_staff.recipient = Some("范知".into());
    assert!(page(&to_staff, TOKEN, Lang::Zh, false).contains("范知："));
}

#[test]
fn g32_says_how_to_tell_a_genuine_notice() {
    for html in [page(&notice("正文"), TOKEN, Lang::Zh, false), not_found(Lang::Zh, None)] {
        for part in ["登录", "付款", "下载软件", "银行卡号", "打电话"] {
            assert!(html.contains(part), "{part}");
        }
    }
}

#[test]
fn needs_no_script_and_no_second_request() {
    let pages = [
        page(&notice("正文"), TOKEN, Lang::Zh, false),
        page(&notice("正文"), TOKEN, Lang::En, false),
        not_found(Lang::Zh, Some("学校")),
        not_theirs(Lang::Zh),
        not_theirs(Lang::En),
    ];
    for html in pages {
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("src=") && !html.contains("url(") && !html.contains("@import"), "{html}");
        assert!(!html.contains(" style="), "the CSP allows the one style by its hash");
        assert!(html.contains(STYLE) && source_hash(STYLE) == style_hash());
        // The empty icon keeps browsers from asking for one.
        assert_eq!(html.matches("<link").count(), 1);
    }
    assert!(style_hash().starts_with("'sha256-") && style_hash().ends_with("='"));
    assert!(!STYLE.contains('<'), "or the style would end early");
}

#[test]
fn a_typical_notice_fits_the_budget_uncompressed() {
    let five_hundred: String = "家长您好，".chars().cycle().take(500).collect();
    let notice_500 = page(&notice(&five_hundred), TOKEN, Lang::Zh, false);
    let longest: String = "长".repeat(5_000);
    let worst = page(&notice(&longest), TOKEN, Lang::Zh, false);
    println!("500 characters: {} bytes; 5,000 characters: {} bytes", notice_500.len(), worst.len());
    assert!(notice_500.len() <= BUDGET, "{}", notice_500.len());
    // 5,000 characters are 15,000 bytes by themselves: only compression brings those under.
    assert!(worst.len() - 15_000 <= BUDGET / 2, "{}", worst.len());
}

#[test]
fn a_link_that_is_nobodys_any_more_tells_nothing_of_what_it_was() {
    for (lang, title) in [(Lang::Zh, "此链接已不属于您"), (Lang::En, "This link no longer belongs to you")]
    {
        let html = not_theirs(lang);
        assert!(html.contains(title) && !html.contains("<form") && !html.contains(TOKEN), "{html}");
    }
}

#[test]
fn one_page_for_every_link_that_does_not_open() {
    let html = not_found(Lang::Zh, Some("麻阳一中"));
    assert!(html.contains("打电话给孩子的老师或学校") && html.contains("href=\"?lang=en\""));
    assert!(!html.contains("<form"));
    assert!(not_found(Lang::En, None).contains("call the homeroom teacher or the school"));
}

#[test]
fn g33_a_corrected_notice_says_so_and_leads_to_its_correction() {
    let at = Instant(1_788_280_200_000);
    let mut old = notice("正文");
    old.corrected_by = Some(Other { link: Some(("更正：秋季运动会".into(), "TOKENNEW".into())), at });
    let html = page(&old, TOKEN, Lang::Zh, false);
    assert!(html.contains("学校已于 9月2日 00:30 更正") && html.contains("href=\"/m/TOKENNEW\""), "{html}");
    assert!(html.find("更正").expect("said") < html.find("<h1").expect("a title"), "before anything is read");
    assert!(page(&old, TOKEN, Lang::En, false).contains("href=\"/m/TOKENNEW?lang=en\""));

    let mut new = notice("正文");
    new.corrects = Some(Other { link: None, at });
    let html = page(&new, TOKEN, Lang::En, false);
    assert!(html.contains("a correction of the notice sent on 2 Sep, 00:30"), "{html}");
    assert!(!html.contains("/m/TOKENNEW"), "no link where this phone did not get it");

    let mut gone = notice("正文");
    gone.withdrawn_at = Some(at);
    assert!(page(&gone, TOKEN, Lang::Zh, false).contains("学校已于 9月2日 00:30 停止发送这条通知"));
    assert!(!page(&notice("正文"), TOKEN, Lang::Zh, false).contains("class=\"fix\""));
}
