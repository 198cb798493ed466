//! Words: forbidden ones, sure typos, and what people have to judge.

use super::finding::{Findings, Severity};
use super::text::{Text, ends_clause};
use crate::words;
use crate::words::Words;

/// Gross words (G15 ①–④). Short on purpose: what a lesson about safety also
/// says (赌博, 毒品, 邪教, 诈骗) does not belong on it.
const GROSS: &[&str] = &[
    "六合彩",
    "时时彩",
    "网上赌场",
    "澳门赌场",
    "裸聊",
    "约炮",
    "援交",
    "一夜情",
    "色情服务",
    "代开发票",
    "办证刻章",
    "代办文凭",
    "出售枪支",
    "枪支出售",
    "出售毒品",
    "迷奸药",
    "法轮大法好",
    "傻逼",
    "操你妈",
    "他妈的",
    "王八蛋",
    "狗日的",
    "臭婊子",
];

/// Words that negate what follows them in the clause: `远离…`, `谨防…`.
const AGAINST: &[&str] = &[
    "不", "勿", "禁", "拒绝", "谨防", "防范", "防止", "警惕", "远离", "抵制", "打击", "避免", "杜绝", "举报",
    "反对", "莫", "别", "免", "严查", "取消", "乱", "零",
];

/// Words that contain one of [`AGAINST`] and negate nothing: `不要忘记缴费`.
const REMINDERS: &[&str] = &[
    "不要忘",
    "不能忘",
    "不忘",
    "勿忘",
    "别忘",
    "不但",
    "不仅",
    "不论",
    "不管",
    "不同",
    "不久",
    "特别",
    "别的",
];

/// (wrong, right, not after, not before): typos that cannot be anything else
/// once their neighbours are looked at.
const TYPOS: &[(&str, &str, &str, &str)] = &[
    ("已后", "以后", "而早久", "悔退撤继移续置来缀"),
    ("以经", "已经", "", "济营验典费常过历销贸理受书文学纪办手线络贴"),
    ("己经", "已经", "自知克律异利", "常过历营手受济"),
    ("按装", "安装", "", "订备箱载修卸运配饰置货车"),
    ("按排", "安排", "", "名队序列行在号定位班"),
    ("通迅", "通讯", "", ""),
    ("署假", "暑假", "", ""),
    ("署期", "暑期", "部", ""),
    ("渡暑假", "度暑假", "", ""),
    ("渡寒假", "度寒假", "", ""),
    ("渡假", "度假", "", ""),
    ("布署", "部署", "公发", "名"),
    ("防犯", "防范", "", "罪规法案人错"),
    ("必竟", "毕竟", "", ""),
    ("即然", "既然", "立随当旋", ""),
    ("再接再励", "再接再厉", "", ""),
    ("迫不急待", "迫不及待", "", ""),
    ("一如继往", "一如既往", "", ""),
    ("一愁莫展", "一筹莫展", "", ""),
    ("默守成规", "墨守成规", "", ""),
    ("走头无路", "走投无路", "", ""),
    ("不径而走", "不胫而走", "", ""),
    ("穿流不息", "川流不息", "", ""),
    ("鼎立相助", "鼎力相助", "", ""),
    ("监户人", "监护人", "", ""),
    ("遵守记律", "遵守纪律", "", ""),
    ("齐心协励", "齐心协力", "", ""),
    ("精神面貎", "精神面貌", "", ""),
    ("按步就班", "按部就班", "", ""),
    ("世外桃园", "世外桃源", "", ""),
    ("既往不究", "既往不咎", "", ""),
    ("出奇不意", "出其不意", "", ""),
    ("全神灌注", "全神贯注", "", ""),
    ("名列前矛", "名列前茅", "", ""),
    ("变本加利", "变本加厉", "", ""),
    ("言简意骇", "言简意赅", "", ""),
];

/// (wrong, right, before one of these): words that exist as well, and are wrong where these follow.
const WRONG_BEFORE: &[(&str, &str, &[&str])] = &[
    (
        "登陆",
        "登录",
        &[
            "账号",
            "帐号",
            "账户",
            "平台",
            "网站",
            "网址",
            "网页",
            "系统",
            "页面",
            "后台",
            "密码",
            "界面",
            "app",
            "微信",
            "钉钉",
            "学习通",
            "www",
            "http",
            "小程序",
            "公众号",
        ],
    ),
    (
        "做为",
        "作为",
        &[
            "家长",
            "学生",
            "一名",
            "一个",
            "一位",
            "班主任",
            "教师",
            "老师",
            "父母",
            "监护",
            "学校",
            "重要",
            "参考",
            "依据",
            "奖励",
        ],
    ),
    (
        "必需",
        "必须",
        &[
            "参加",
            "到校",
            "按时",
            "准时",
            "提前",
            "佩戴",
            "遵守",
            "完成",
            "携带",
            "穿",
            "签",
            "返校",
            "认真",
            "严格",
            "填写",
            "由家长",
            "由监护人",
            "在规定",
            "在监护人",
            "经家长",
            "经班主任",
            "请假",
            "登录",
            "知晓",
            "做到",
        ],
    ),
];

/// What parents are told a notice never asks of them, by words that can mean nothing else.
const NEVER_ASKED: &[&str] =
    &["转账", "收款码", "付款码", "扫码支付", "扫码付款", "扫码缴费", "扫码交费", "微信支付", "支付宝"];
/// (asked for, by one of these before it in the clause): codes, passwords, cards, programs.
const NEVER_ASKED_BY: &[(&[&str], &[&str])] = &[
    (
        &["验证码", "银行卡号", "卡号", "密码"],
        &["提供", "输入", "填写", "发送", "回复", "告知", "上报", "填报", "报送"],
    ),
    (&["app", "软件", "客户端", "小程序"], &["下载", "安装"]),
];

/// A rule whose words people have to judge.
struct Judged {
    rule: &'static str,
    words: &'static [&'static str],
    /// (word, not after, not before): neighbours that give another meaning.
    except: &'static [(&'static str, &'static [&'static str], &'static [&'static str])],
    say: Words,
}

const JUDGED: &[Judged] = &[
    Judged {
        rule: "join_group",
        words: &["加群", "进群", "入群", "群号", "拉群", "群二维码"],
        except: &[
            ("加群", &["参"], &["众"]),
            ("进群", &["促", "推", "先"], &["众"]),
            ("入群", &["深", "融"], &["众"]),
            ("群号", &[], &["召"]),
        ],
        say: Words::fixed(
            "这里让家长加群。正式通知请通过本平台发布；确有需要的，请说明理由",
            "This asks parents to join a chat group. Official notices go through this platform; otherwise say why",
        ),
    },
    Judged {
        rule: "marketing",
        words: &[
            "限时抢购",
            "打折",
            "促销",
            "特价",
            "秒杀",
            "团购",
            "代购",
            "加盟",
            "返现",
            "优惠券",
            "免费领取",
            "免费试听",
            "培训班",
            "辅导班",
            "兴趣班",
            "报班",
            "抢购",
            "中奖",
            "会员价",
            "推销",
        ],
        except: &[
            ("打折", &[], &["扣"]),
            ("报班", &["申", "上", "日", "汇"], &["级", "主", "会", "子", "长"]),
            ("中奖", &["其"], &["励", "品", "项"]),
        ],
        say: Words::fixed(
            "这像是推销或培训广告，校讯通不得用于与学校工作无关的内容。请删去，或说明理由",
            "This reads like advertising, which has no place here: remove it, or say why it is school business",
        ),
    },
    Judged {
        rule: "marks",
        words: &["排名", "名次", "成绩", "分数", "平均分", "及格率", "优秀率", "前十名", "倒数"],
        except: &[
            (
                "成绩",
                &[
                    "优异",
                    "优异的",
                    "优秀",
                    "优秀的",
                    "良好",
                    "良好的",
                    "好",
                    "好的",
                    "佳",
                    "可喜",
                    "可喜的",
                    "骄人",
                    "骄人的",
                    "突出",
                    "显著",
                    "新",
                    "新的",
                ],
                &["突出", "显著"],
            ),
            ("分数", &["部", "大部", "成"], &["线"]),
            ("名次", &["两", "三", "几"], &[]),
            ("倒数", &[], &["计时", "第"]),
        ],
        say: Words::fixed(
            "不得公布学生成绩和排名：成绩只能告知该生本人的家长。请删去，或说明理由",
            "Marks and rankings are not published: only a child's own parents may know. Remove it, or say why",
        ),
    },
    Judged {
        rule: "homework",
        words: &["作业"],
        except: &[(
            "作业",
            &["工", "操", "高空", "水下", "带电", "空中", "合"],
            &["绩", "务", "余", "主", "人员", "单位", "现场"],
        )],
        say: Words::fixed(
            "教育部门要求不通过手机短信布置作业。请删去，或说明理由",
            "Education authorities do not want homework set by SMS: remove it, or say why",
        ),
    },
    Judged {
        rule: "fees",
        words: &[
            "收费",
            "缴费",
            "交费",
            "捐款",
            "募捐",
            "筹款",
            "集资",
            "班费",
            "资料费",
            "补课费",
            "赞助费",
        ],
        except: &[("收费", &[], &["站"]), ("班费", &["上"], &["用"])],
        say: Words::fixed(
            "涉及收费、捐款的，须有文件依据并经学校批准。请在理由里写明依据，或删去",
            "Fees and donations need a basis and the school's approval: state the basis as the reason, or remove it",
        ),
    },
    Judged {
        rule: "votes",
        words: &["点赞", "拉票", "红包", "集赞", "投票", "砍一刀", "转发朋友圈", "刷票"],
        except: &[],
        say: Words::fixed(
            "投票、点赞、红包一类会打扰家长。请删去，或说明与学校工作的关系",
            "Votes, likes and red packets disturb parents: remove it, or say how it is school business",
        ),
    },
    Judged {
        rule: "private",
        words: &[
            "有房出租",
            "房屋出租",
            "出租房",
            "求租",
            "二手",
            "转让",
            "拼车",
            "相亲",
            "婚宴",
            "喜宴",
            "酒席",
            "份子钱",
            "借钱",
            "求购",
            "代驾",
        ],
        except: &[
            ("转让", &["运", "扭", "旋", "好"], &["学", "孩", "我", "他", "家"]),
            ("二手", &[], &["烟", "准备", "抓"]),
        ],
        say: Words::fixed(
            "这像是与工作无关的私人内容，不得通过校讯通发送。请删去，或说明理由",
            "This looks private and unrelated to work, which may not be sent here: remove it, or say why",
        ),
    },
];

/// Runs the lists.
pub(super) fn check(text: &Text, found: &mut Findings) {
    gross(text, found);
    typos(text, found);
    wrong_before(text, found);
    never_asked(text, found);
    for judged in JUDGED {
        judge(text, judged, found);
    }
}

/// Gross words, also with signs put between their characters (六*合*彩).
fn gross(text: &Text, found: &mut Findings) {
    let places: Vec<usize> = (0..text.folded.len())
        .filter(|at| text.folded[*at].is_alphanumeric() || ends_clause(text.folded[*at]))
        .collect();
    let kept: Vec<char> = places.iter().map(|at| text.folded[*at]).collect();
    for at in 0..kept.len() {
        for word in GROSS {
            let n = word.chars().count();
            let Some(window) = kept.get(at..at + n) else { continue };
            if !window.iter().copied().eq(word.chars()) {
                continue;
            }
            let (start, end) = (places[at], places[at + n - 1] + 1);
            if text.any_between(text.clause(start), start, AGAINST) {
                continue;
            }
            found.add(
                ("gross", Severity::Block),
                (start, end - start),
                Words::fixed(
                    "这里有禁止发送的词语，请删去",
                    "A word stands here that may not be sent: remove it",
                ),
                None,
            );
        }
    }
}

fn typos(text: &Text, found: &mut Findings) {
    for at in 0..text.chars.len() {
        for (wrong, right, not_after, not_before) in TYPOS {
            if !text.at(at, wrong) {
                continue;
            }
            let n = wrong.chars().count();
            let before = at.checked_sub(1).and_then(|p| text.chars.get(p));
            let after = text.chars.get(at + n);
            if before.is_some_and(|c| not_after.contains(*c))
                || after.is_some_and(|c| not_before.contains(*c))
            {
                continue;
            }
            found.add(
                ("typo", Severity::Block),
                (at, n),
                words!("错别字：“{wrong}”应为“{right}”", "Wrong character: “{wrong}” should be “{right}”"),
                Some((*right).to_owned()),
            );
        }
    }
}

fn wrong_before(text: &Text, found: &mut Findings) {
    for at in 0..text.folded.len() {
        for (wrong, right, followers) in WRONG_BEFORE {
            let n = wrong.chars().count();
            if text.at(at, wrong) && followers.iter().any(|f| text.at(at + n, f)) {
                found.add(
                    ("typo", Severity::Block),
                    (at, n),
                    words!(
                        "错别字：“{wrong}”应为“{right}”",
                        "Wrong character: “{wrong}” should be “{right}”"
                    ),
                    Some((*right).to_owned()),
                );
            }
        }
    }
}

/// What forged notices ask for, so that a genuine one never does.
fn never_asked(text: &Text, found: &mut Findings) {
    for at in 0..text.folded.len() {
        let word = NEVER_ASKED.iter().find(|w| text.at(at, w)).copied().or_else(|| {
            NEVER_ASKED_BY.iter().find_map(|(words, by)| {
                let word = words.iter().find(|w| text.at(at, w))?;
                text.any_between(text.clause(at), at, by).then_some(*word)
            })
        });
        if let Some(word) = word.filter(|_| !is_advised_against(text, at)) {
            found.add(
                ("never_asked", Severity::Block),
                (at, word.chars().count()),
                Words::fixed(
                    "学校的通知不要家长转账付款、下载软件，也不问密码、验证码和银行卡号，诈骗短信才这样写。请改写，例如请家长到校办理",
                    "A school's notice asks nobody to transfer money, download an app, or give a password, a code or a card number; fraud does. Write it differently: for instance, ask parents to come to school",
                ),
                None,
            );
        }
    }
}

fn judge(text: &Text, judged: &Judged, found: &mut Findings) {
    let mut at = 0;
    while at < text.folded.len() {
        let hit = judged.words.iter().filter(|w| text.at(at, w)).max_by_key(|w| w.len());
        let Some(word) = hit else {
            at += 1;
            continue;
        };
        let n = word.chars().count();
        if !is_excepted(text, judged, word, at, at + n) && !is_advised_against(text, at) {
            found.add((judged.rule, Severity::Explain), (at, n), judged.say.clone(), None);
        }
        at += n;
    }
}

fn is_excepted(text: &Text, judged: &Judged, word: &str, start: usize, end: usize) -> bool {
    judged.except.iter().filter(|(w, _, _)| *w == word).any(|(_, not_after, not_before)| {
        not_after.iter().any(|p| start.checked_sub(p.chars().count()).is_some_and(|from| text.at(from, p)))
            || not_before.iter().any(|p| text.at(end, p))
    })
}

fn is_advised_against(text: &Text, at: usize) -> bool {
    let from = text.clause(at);
    text.any_between(from, at, AGAINST) && !text.any_between(from, at, REMINDERS)
}

#[cfg(test)]
pub(super) fn all_patterns() -> Vec<&'static str> {
    let judged = JUDGED.iter().flat_map(|j| j.words.iter().copied()).chain(NEVER_ASKED.iter().copied());
    let judged = judged.chain(WRONG_BEFORE.iter().map(|w| w.0));
    GROSS.iter().copied().chain(TYPOS.iter().map(|t| t.0)).chain(judged).collect()
}
