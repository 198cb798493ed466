//! The content check (G15, G48). The browser runs it while someone types; the
//! Worker runs it again at submission, and only that result counts.
//!
//! The lists are small because the browser downloads them. A program can be
//! certain about few things in a text: those block a submission. Where people
//! have to judge, the drafter gives a reason, which the approver reads.

mod dates;
mod finding;
mod links;
mod lists;
mod numbers;
mod signs;
mod text;

pub use finding::{Context, Finding, Severity};

use finding::Findings;
use text::Text;

/// Checks a title and a text. Findings come by field, then by place.
pub fn check(title: &str, body: &str, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = check_field("title", title, context);
    findings.extend(check_field("body", body, context));
    findings
}

fn check_field(field: &'static str, text: &str, context: &Context<'_>) -> Vec<Finding> {
    let text = Text::new(text);
    let mut found = Findings::new(field);
    signs::check(&text, &mut found);
    numbers::check(&text, &mut found);
    lists::check(&text, &mut found);
    dates::check(&text, context.now, &mut found);
    links::check(&text, context, &mut found);
    found.sorted()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Instant;

    /// On Tuesday 15 September 2026.
    fn check(title: &str, body: &str) -> Vec<Finding> {
        on("2026-09-15", title, body)
    }

    fn on(day: &str, title: &str, body: &str) -> Vec<Finding> {
        let now = Instant::from_local(&format!("{day}T10:00")).expect("a day");
        super::check(title, body, &Context { now, host: "xx.school.example" })
    }

    fn rules(title: &str, body: &str) -> Vec<(String, Severity)> {
        check(title, body).into_iter().map(|f| (f.rule.into_owned(), f.severity)).collect()
    }

    fn apply(text: &str, finding: &Finding, fix: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut out: String = chars[..finding.start].iter().collect();
        out.push_str(fix);
        out.extend(&chars[finding.start + finding.len..]);
        out
    }

    #[test]
    fn ordinary_notices_give_nothing() {
        for (title, body) in [
            (
                "国庆节放假安排",
                "各位家长：\n    国庆节10月1日至7日放假，共7天。10月8日（星期四）正常上课，请督促孩子按时到校。\n    七年级1班",
            ),
            (
                "家长会通知",
                "兹定于2026年9月18日（星期五）19:00在各班教室召开家长会，请您准时参加。来校时请在门口登记，联系电话：0745-5823456。",
            ),
            (
                "秋季运动会",
                "学校将于10月22日至23日举行秋季运动会，请给孩子准备运动鞋和水杯。去年我校在县运动会上取得了优异成绩。",
            ),
            (
                "关于防溺水的提醒",
                "天气炎热，请家长教育孩子不私自下水游泳，不到无安全设施的水域游泳。发现险情请拨打110。",
            ),
            (
                "防范电信诈骗",
                "近期诈骗多发，请家长提高警惕：不点陌生链接，不转账，不扫来历不明的二维码，谨防刷单、裸聊等骗局，远离赌博。",
            ),
            (
                "作息时间调整",
                "自10月8日起，早上到校时间调整为7:40，下午放学时间为17:30。天气转凉，请注意添衣。",
            ),
            (
                "体检通知",
                "我校定于9月25日上午组织七年级学生体检，请学生空腹到校，带好身份证复印件。以下注意事项请家长阅读。",
            ),
            (
                "Parents' evening on Friday",
                "Dear parents, the parents' evening is on Friday 18 September at 7 pm. Please be on time.",
            ),
            (
                "学校已部署暑期安全工作",
                "暑假期间学校部署期间各项值班，自己经常检查，以经济节约为原则。已后悔的事不要再做。我们按装订顺序发放。",
            ),
            ("中考体育考试安排", "考试时间4月20日，请穿运动服，带准考证。"),
        ] {
            assert_eq!(rules(title, body), [], "{title} {:?}", check(title, body));
        }
    }

    #[test]
    fn g15_what_is_found() {
        use Severity::*;
        for (title, body, rule, severity) in [
            ("【重要】放假安排", "", "reserved_brackets", Block),
            ("点击www.abc.cn查看", "", "link_in_title", Block),
            ("请看 HTTPS://x.y/z", "", "link_in_title", Block),
            ("放假通知ｗｗｗ．ａｂｃ．ｃｎ", "", "link_in_title", Block),
            ("放假\u{202e}安排", "", "invisible", Block),
            ("", "零宽\u{200b}字符", "invisible", Block),
            ("", "身份证11010519491231002X请核对", "id_card", Block),
            ("", "身份证：110105 19491231 002x", "id_card", Block),
            ("", "卡号 6222 0200 0000 0000 000", "bank_card", Block),
            ("", "卡号4111111111111111", "bank_card", Block),
            ("", "六*合*彩内幕", "gross", Block),
            ("", "已后请按时到校", "typo", Block),
            ("", "活动以经结束", "typo", Block),
            ("", "请联系王老师１３８００１３８０００", "personal_contact", Explain),
            ("", "电话 138-0013-8000", "personal_contact", Explain),
            ("", "电话 +86 138 1234 5678", "personal_contact", Explain),
            ("", "电话：138.1234.5678", "personal_contact", Explain),
            ("", "2班 138.0013.8000。", "personal_contact", Explain),
            ("", "电话0086-13800138000", "personal_contact", Explain),
            ("", "1380 0138 000", "personal_contact", Explain),
            ("", "身份证号：110105194912310021", "id_card", Block),
            ("", "孩子的身份证号码为11010519491231002X", "id_card", Block),
            ("", "请登陆平台完成学习", "typo", Block),
            ("", "做为家长，请多陪伴孩子", "typo", Block),
            ("", "学生必需按时到校", "typo", Block),
            ("", "请扫码支付校服款", "never_asked", Block),
            ("", "请提供银行卡号和验证码", "never_asked", Block),
            ("", "请下载安全教育APP", "never_asked", Block),
            ("", "详见 http://www.abc.com/x", "outside_link", Explain),
            ("", "详见edu.cn.abc.top", "outside_link", Explain),
            ("", "https://xx.school.example@evil.com/", "outside_link", Explain),
            ("\u{3164}", "", "invisible", Block),
            ("", "空\u{2800}白", "invisible", Block),
            ("", "我的QQ：123456789", "personal_contact", Explain),
            ("", "加我微信 wang_laoshi", "personal_contact", Explain),
            ("", "请家长扫码进群", "join_group", Explain),
            ("", "优秀培训班限时抢购", "marketing", Explain),
            ("期中考试排名", "", "marks", Explain),
            ("", "本次考试成绩如下", "marks", Explain),
            ("", "今天的作业：第3页", "homework", Explain),
            ("", "请于周五前缴费", "fees", Explain),
            ("", "为同学捐款", "fees", Explain),
            ("", "请大家点赞转发", "votes", Explain),
            ("", "本人有房出租", "private", Explain),
            ("開學通知", "", "traditional", Block),
            ("放假通知★", "", "special_sign", Block),
            ("放假「通知」", "", "special_sign", Block),
            ("3#楼停水通知", "", "special_sign", Block),
            ("放假通知。", "", "title_end", Hint),
            ("", "请注意！！！", "flood", Hint),
            ("", "IMPORTANT NOTICE", "capitals", Hint),
        ] {
            let found = rules(title, body);
            assert!(found.contains(&(rule.to_owned(), severity)), "{title}{body}: {found:?}");
        }
    }

    #[test]
    fn a_weekday_fits_its_date() {
        // 25 November 2026 is a Wednesday.
        for wrong in [
            "11月25日星期五",
            "11月25日（星期五）家长会",
            "定于１１月２５日(周五)",
            "2026年11月25日 周四",
            "11月25号礼拜一",
            "本周五（28日）",
            "下周一（11月29日）",
            "星期五（2026年11月26日）",
        ] {
            let found = on("2026-11-25", "", wrong);
            assert!(found.iter().any(|f| f.rule == "weekday"), "{wrong}: {found:?}");
        }
        for right in [
            "11月25日星期三",
            "11月25日（周三）",
            "2026年11月27日（星期五）",
            "本周五（27日）",
            "下周一（11月30日）",
            "周五下午放学",
            "11月25日至27日（星期三至星期五）",
            "2025年11月25日星期二",
            "1月4日（星期一）开学",
            "9月1日（星期二）开学，9月1日（星期三）亦可",
            "2月30日（星期一）",
            "第125日星期五",
        ] {
            let found = on("2026-11-25", "", right);
            assert!(found.iter().all(|f| f.rule != "weekday"), "{right}: {found:?}");
        }
        let found = on("2026-11-25", "", "请于11月25日（星期五）到校");
        assert_eq!((found[0].start, found[0].len, found[0].severity), (2, 10, Severity::Explain));
        assert!(found[0].words.zh.contains("星期三"), "{:?}", found[0].words);
    }

    #[test]
    fn words_that_are_right_stay() {
        for right in [
            "台风将于今晚登陆我省沿海",
            "要做为人师表的教师，多做为民实事",
            "请带好生活必需品，这是学习所必需的",
            "请勿转账，不要提供验证码，谨防下载不明软件",
            "详见 https://www.moe.gov.cn/jyb 或 www.pku.edu.cn",
            "登录 https://xx.school.example/m/abc 查看",
            "联系邮箱 office@abc.com",
            "比分3.14，版本1.2.3，房间138-00",
        ] {
            assert_eq!(rules("", right), [], "{right}");
        }
    }

    #[test]
    fn places_count_characters() {
        let found = check("", "各位家长，已后请注意");
        assert_eq!((found[0].start, found[0].len, found[0].fix.as_deref()), (5, 2, Some("以后")));
        let found = check("𠮷【通知", "");
        assert_eq!((found[0].start, found[0].len), (1, 1));
    }

    #[test]
    fn numbers_that_only_look_like_secrets() {
        for harmless in [
            "编号110105194912310021", // wrong check digit
            "编号341524201302300018", // 30 February
            "2026-09-01 2026-09-30",
            "订单号4111111111111112",
            "电话0745-5823456，分机13800",
        ] {
            let found = rules("", harmless);
            assert!(found.iter().all(|(r, _)| r != "id_card" && r != "bank_card"), "{harmless} {found:?}");
        }
    }

    #[test]
    fn a_long_list_of_one_fault_stays_short_and_fast() {
        assert_eq!(check("", &"作业".repeat(2_500)).len(), finding::PLACES_PER_RULE);
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "\\PC{0,3}",
            prop::sample::select(lists::all_patterns()).prop_map(str::to_owned),
            prop::sample::select(vec![
                "【",
                "】",
                "\u{200b}",
                "\u{200d}",
                "\u{202e}",
                "！！",
                "。",
                "http://",
                "www.a.cn",
                "學",
                "★",
                "11010519491231002X",
                "4111111111111111",
                "13800138000",
                "+86 138.1234.5678",
                "身份证",
                "11月25日",
                "（星期五",
                "周五（31日）",
                "9999年12月31日",
                "https://a.b",
                "@",
                "登陆",
                "平台",
                "密码",
                "QQ12345",
                "微信abcdef",
                "NOTICE",
                "\n",
                "👨‍👩‍👧",
                "不",
                "，",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|v| v.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn places_lie_inside_and_fixes_help(title in pieces(), body in pieces()) {
            for f in check(&title, &body) {
                let text = if f.field == "title" { &title } else { &body };
                prop_assert!(f.len > 0 && f.start + f.len <= text.chars().count());
                prop_assert!(!f.words.zh.is_empty() && !f.words.en.is_empty());
                if let Some(fix) = &f.fix {
                    let after = apply(text, &f, fix);
                    let again = if f.field == "title" { check(&after, "") } else { check("", &after) };
                    let still = again.iter().any(|g| g.rule == f.rule && g.start == f.start && g.fix.as_ref() == Some(fix)
                        && after.chars().skip(g.start).take(g.len).eq(text.chars().skip(f.start).take(f.len)) && after == *text);
                    prop_assert!(!still && after != *text, "{} {:?}", text, f);
                }
            }
        }

        #[test]
        fn taking_every_fix_ends_with_none_left(start in pieces()) {
            let mut text = start;
            // Each fix shortens the text or replaces a character by a plain one, so this ends.
            for _ in 0..200 {
                let Some(f) = check(&text, "").into_iter().find(|f| f.fix.is_some()) else { return Ok(()) };
                text = apply(&text, &f, f.fix.as_deref().unwrap_or_default());
            }
            prop_assert!(false, "fixes do not end: {}", text);
        }
    }
}
