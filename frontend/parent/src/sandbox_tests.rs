use super::*;

fn list() -> SandboxList {
    SandboxList {
        phones: vec![SandboxPhone {
            phone: "19900063291".into(),
            last_text: "【麻阳一中】<b>运动会</b>，请点开查看并确认： http://127.0.0.1:8787/m/TOKEN".into(),
            last_at: Instant(1_788_193_800_000),
            count: 2,
        }],
        query: String::new(),
        live: false,
        page: 2,
        pages: 3,
        total: 41,
    }
}

fn endings() -> Vec<(String, Words)> {
    vec![("001".into(), Words::fixed("号码不存在", "Number invalid"))]
}

#[test]
fn the_link_in_the_sms_can_be_tapped_on_whatever_address_the_demo_runs() {
    for (text, href, shown) in [
        ("看： https://x.cn/m/T-_1", "href=\"/m/T-_1\"", ">https://x.cn/m/T-_1</a>"),
        ("看 http://x.cn/a 谢谢", "href=\"http://x.cn/a\"", ">http://x.cn/a</a>"),
        ("看http://x.cn/m/T，谢谢", "href=\"/m/T\"", ">http://x.cn/m/T</a>"),
    ] {
        let html = linked(text).to_html();
        assert!(html.contains(href) && html.contains(shown), "{html}");
    }
    for text in ["没有链接", "javascript:alert(1)", "<a href=x>"] {
        assert!(!linked(text).to_html().contains("<a"), "{text}");
    }
    assert!(linked("http://x/\"onclick=alert(1)").to_html().contains("href=\"http://x/\">http://x/</a>"));
}

#[test]
fn no_script_and_everything_escaped() {
    for lang in [Lang::Zh, Lang::En] {
        let sms = SandboxSms {
            text: "<img src=x onerror=alert(1)>".into(),
            at: Instant(0),
            receipt: Words::fixed("已送达", "Delivered"),
        };
        let mut searching = list();
        searching.query = "\"><script>1".into();
        for html in [
            sandbox_phones(&list(), &endings(), lang),
            sandbox_phones(&searching, &endings(), lang),
            sandbox_thread(&list(), "19900063291", &[sms], &endings(), lang),
        ] {
            assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>运"), "{html}");
            assert!(!html.contains(" style="));
            assert!(html.contains(STYLE) && html.contains("…001"));
            assert!(html.matches("<form").count() <= 1);
        }
    }
    assert!(!STYLE.contains('<'));
}

#[test]
fn reloads_by_itself_only_when_asked_and_never_under_a_field() {
    let quiet = sandbox_phones(&list(), &[], Lang::Zh);
    assert!(!quiet.contains("http-equiv=\"refresh\"") && quiet.contains("name=\"q\""));
    let live = SandboxList { live: true, query: "3291".into(), ..list() };
    for html in [sandbox_phones(&live, &[], Lang::Zh), sandbox_thread(&live, "1", &[], &[], Lang::Zh)] {
        assert!(html.contains("http-equiv=\"refresh\"") && !html.contains("name=\"q\""));
        assert!(html.contains("live=1&amp;phone=19900063291&amp;q=3291"), "{html}");
    }
}

#[test]
fn empty_lists_say_what_to_do() {
    let empty = SandboxList::default();
    assert!(sandbox_phones(&empty, &[], Lang::Zh).contains("审批通过后"));
    let nothing = SandboxList { query: "9".into(), ..SandboxList::default() };
    assert!(sandbox_phones(&nothing, &[], Lang::Zh).contains("没有匹配的号码"));
    assert!(sandbox_thread(&empty, "1", &[], &[], Lang::En).contains("not received"));
}
