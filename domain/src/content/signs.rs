//! Single characters: those that providers refuse, invisible ones, and those
//! that make a text look like advertising.

use super::finding::{Findings, Severity};
use super::text::Text;
use crate::sms::is_refused_sign;
use crate::words;
use crate::words::Words;

/// Traditional characters that a typing habit or a copied text leaves behind,
/// each with its only simplified form.
const TRADITIONAL: &str = "學学長长會会時时間间請请們们參参開开關关於于師师點点電电號号買买賣卖書书畫画體体發发與与為为這这個个國国際际從从對对動动專专業业東东車车門门問问題题後后過过還还進进運运達达選选邊边務务實实寫写寶宝當当應应該该讓让說说話话語语讀读課课試试論论護护變变頭头領领館馆聽听見见視视覺觉記记認认識识計计訂订訓训許许設设評评詞词詳详誰谁調调談谈諸诸證证譯译議议譽誉貝贝負负財财貨货責责貴贵費费資资賽赛質质軍军輕轻較较載载輔辅輪轮農农連连週周遊游遠远適适遲迟遺遗醫医鐘钟鐵铁錄录錢钱錯错鍵键鎮镇關关陽阳階阶隊队陸陆陳陈陰阴險险隨随雖虽雙双雜杂離离難难雲云預预頁页順顺須须頓顿類类顧顾飛飞飯饭飲饮養养館馆騎骑驗验馬马鳥鸟魚鱼黨党齊齐齒齿龍龙亞亚來来係系倆俩備备傳传傷伤優优兒儿兩两創创剛刚劃划勝胜勞劳勢势區区協协單单廣广張张強强彈弹復复態态慶庆憂忧憶忆懷怀戰战擁拥擇择擔担據据擴扩擺摆擾扰攝摄數数條条標标樣样樓楼樂乐機机權权歡欢歲岁歷历殘残殺杀氣气決决況况沒没準准溫温滿满漢汉潔洁濟济灣湾灑洒災灾無无煙烟熱热營营爭争爾尔牆墙獎奖獨独獲获現现環环產产畢毕異异療疗監监盤盘眾众礎础禮礼種种稱称穩稳窮穷競竞筆笔節节範范築筑簡简籃篮級级紀纪約约紅红純纯紙纸細细終终組组結结給给統统絕绝經经維维網网緊紧線线編编緩缓練练縣县總总績绩織织繼继續续義义習习聯联職职聲声腦脑腳脚臉脸臨临舉举舊旧藝艺藥药蘇苏處处術术衛卫裝装補补製制複复親亲觀观";

/// Runs the checks of single signs.
pub(super) fn check(text: &Text, found: &mut Findings) {
    invisible(text, found);
    flood(text, found);
    capitals(text, found);
    if found.is_title() {
        title(text, found);
    }
}

fn invisible(text: &Text, found: &mut Findings) {
    for (at, &c) in text.chars.iter().enumerate() {
        let hidden = match c {
            '\n' | '\r' | '\t' => found.is_title(),
            // A zero-width joiner between two emoji makes one picture of them.
            '\u{200d}' => {
                let emoji = |p: Option<&char>| {
                    p.is_some_and(|c| matches!(*c as u32, 0x2600..=0x27BF | 0xFE0F | 0x1F000..=0x1FAFF))
                };
                !(emoji(at.checked_sub(1).and_then(|p| text.chars.get(p))) && emoji(text.chars.get(at + 1)))
            }
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => true,
            '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
            // Fillers: letters and a sign that look like nothing.
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}' => true,
            '\u{e0000}'..='\u{e007f}' => true,
            c => c.is_control(),
        };
        if hidden {
            found.add(
                ("invisible", Severity::Block),
                (at, 1),
                Words::fixed(
                    "这里有看不见的控制字符，会使内容显示错乱，请删除",
                    "An invisible control character stands here and can distort what is shown: remove it",
                ),
                Some(String::new()),
            );
        }
    }
}

fn flood(text: &Text, found: &mut Findings) {
    let mut at = 0;
    while at < text.folded.len() {
        let c = text.folded[at];
        let run = text.folded[at..].iter().take_while(|x| **x == c).count();
        if matches!(c, '!' | '?') && run >= 2 {
            found.add(
                ("flood", Severity::Hint),
                (at, run),
                Words::fixed(
                    "一个标点就够了，连用会像广告或催促",
                    "One mark is enough: several look like advertising",
                ),
                Some(text.chars[at].to_string()),
            );
        }
        at += run.max(1);
    }
}

fn capitals(text: &Text, found: &mut Findings) {
    let mut at = 0;
    while at < text.chars.len() {
        let run =
            text.chars[at..].iter().take_while(|c| c.is_ascii_uppercase() || matches!(c, ' ' | '\'')).count();
        let place = &text.chars[at..at + run];
        if place.iter().filter(|c| c.is_ascii_uppercase()).count() >= 10 {
            let lead = place.iter().take_while(|c| !c.is_ascii_uppercase()).count();
            found.add(
                ("capitals", Severity::Hint),
                (at + lead, run - lead),
                Words::fixed("整句大写不便阅读，请改用小写", "Whole sentences in capitals are hard to read"),
                None,
            );
        }
        at += run.max(1);
    }
}

fn title(text: &Text, found: &mut Findings) {
    let last = text.chars.len().checked_sub(1);
    for (at, &c) in text.chars.iter().enumerate() {
        if matches!(c, '【' | '】') {
            found.add(
                ("reserved_brackets", Severity::Block),
                (at, 1),
                Words::fixed(
                    "标题里不能用【】：它只用于短信签名，否则会被运营商拒发。请删去",
                    "【】 are reserved for the signature, and carriers refuse the SMS: leave them out of the title",
                ),
                Some(String::new()),
            );
        }
        if let Some(simplified) = simplified(c) {
            found.add(
                ("traditional", Severity::Block),
                (at, 1),
                words!(
                    "短信服务商不接收繁体字，请改为“{simplified}”",
                    "SMS providers refuse traditional characters: write “{simplified}”"
                ),
                Some(simplified.to_string()),
            );
        }
        if is_special(c) || is_refused_sign(c) && !matches!(c, '【' | '】') && !c.is_control() {
            found.add(
                ("special_sign", Severity::Block),
                (at, 1),
                Words::fixed(
                    "短信服务商不接收标题里的这个符号，请删去",
                    "SMS providers refuse this sign in the title: leave it out",
                ),
                Some(String::new()),
            );
        }
        if Some(at) == last && matches!(c, '。' | '，' | '、' | '；' | '：' | '.' | ',' | ';' | ':') {
            found.add(
                ("title_end", Severity::Hint),
                (at, 1),
                Words::fixed(
                    "标题后面不用标点：短信里会接着写“，请点开查看”",
                    "No punctuation at the end: the SMS goes on after the title",
                ),
                Some(String::new()),
            );
        }
    }
}

fn simplified(c: char) -> Option<char> {
    let mut pairs = TRADITIONAL.chars();
    while let (Some(traditional), Some(simplified)) = (pairs.next(), pairs.next()) {
        if traditional == c {
            return Some(simplified);
        }
    }
    None
}

fn is_special(c: char) -> bool {
    matches!(c as u32,
        0x2190..=0x21FF | 0x2300..=0x23FF | 0x2500..=0x27BF | 0x2900..=0x2BFF | 0x3200..=0x33FF
        | 0xE000..=0xF8FF | 0xFE0F | 0x1F000..=0x1FAFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_characters_is_in_pairs_that_end() {
        let all: Vec<char> = TRADITIONAL.chars().collect();
        assert_eq!(all.len() % 2, 0);
        for pair in all.chunks(2) {
            assert_ne!(pair[0], pair[1]);
            assert_eq!(simplified(pair[1]), None, "{} is simplified already", pair[1]);
        }
    }
}
