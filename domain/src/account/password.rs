//! Which passwords may be chosen (G51). Length is what counts, and that it
//! cannot be guessed: a long password made of a common word, of neighbours on
//! the keyboard or of the owner's own name is short for whoever guesses.
//!
//! A list of whole passwords would be long and still miss most; a large
//! estimator with its dictionaries weighs more than the staff app. So the text
//! is read as the pieces that leaked long passwords are made of, and each such
//! piece counts as one character.

use crate::problem::Refusal;
use crate::words;
use crate::words::Words;

/// Fewest characters of a password: one factor asks for 15 (NIST SP 800-63B-4).
pub const PASSWORD_MIN: usize = 15;
/// Most bytes of a password: hashing a very long one would cost too much CPU time.
pub const PASSWORD_MAX_BYTES: usize = 256;
/// Fewest pieces that nobody guesses.
const OWN_MIN: usize = 10;
/// Fewest characters of a run or of a repetition.
const RUN_MIN: usize = 3;
/// Printed in the documentation: good for the demo, and known to everybody.
const DEMO_PASSWORD: &str = "wutong2026xiaoxundemo";

/// What long passwords in published lists of leaked ones are made of, in
/// English and in pinyin; without spaces, in lower case.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "passw",
    "admin",
    "administrator",
    "welcome",
    "letmein",
    "login",
    "master",
    "secret",
    "iloveyou",
    "loveyou",
    "forever",
    "dragon",
    "monkey",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "basketball",
    "superman",
    "batman",
    "starwars",
    "pokemon",
    "michael",
    "jennifer",
    "computer",
    "internet",
    "samsung",
    "google",
    "china",
    "test",
    "user",
    "root",
    "guest",
    "default",
    "changeme",
    "change",
    "hello",
    "thisismy",
    "mypasswordis",
    "whatever",
    "trustno",
    "correcthorsebatterystaple",
    "abc",
    "asd",
    "qwe",
    "zxc",
    "qaz",
    "woaini",
    "aini",
    "nihao",
    "mima",
    "wodemima",
    "zhongguo",
    "beijing",
    "shanghai",
    "xuexiao",
    "xiaoxue",
    "zhongxue",
    "gaozhong",
    "daxue",
    "laoshi",
    "jiaoshi",
    "xiaozhang",
    "banzhuren",
    "xuesheng",
    "jiazhang",
    "xiaoxuntong",
    "xiaoxintong",
    "xiaoxun",
    "school",
    "teacher",
    "principal",
    "student",
    "parent",
    "520",
    "1314",
    "5201314",
    "666",
    "888",
    "密码",
    "我爱你",
    "我的密码",
    "学校",
    "小学",
    "中学",
    "大学",
    "老师",
    "教师",
    "校长",
    "班主任",
    "校讯通",
    "校信通",
    "校讯",
    "管理员",
    "你好",
    "中国",
];

/// Ways along the keyboard: rows, columns and the usual zigzags between them.
const KEYS: &[&str] = &[
    "1234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "!@#$%^&*()",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "zaq12wsxcde34rfvbgt56yhnmju78ik",
    "147258369",
    "7894561230",
];

/// What is known about the owner: nothing of it is secret.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Staff number.
    pub number: &'a str,
    /// Name.
    pub name: &'a str,
    /// The school's name.
    pub school: &'a str,
    /// The school's own word for the platform.
    pub platform_word: &'a str,
    /// Whether this is the demo, whose accounts share one password.
    pub demo: bool,
}

/// A text as it is looked at: lower case, without what separates words.
fn plain(text: &str) -> Vec<char> {
    let separates = |c: &char| c.is_whitespace() || "-_.,;:'\"/\\|、，。·".contains(*c);
    text.chars().filter(|c| !separates(c)).flat_map(char::to_lowercase).collect()
}

/// With figures and signs that stand for letters read as those letters.
fn unmasked(text: &[char]) -> Vec<char> {
    let letter = |c: &char| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => *other,
    };
    text.iter().map(letter).collect()
}

/// How far a rule that looks at two neighbours holds from the beginning of a text.
fn run(text: &[char], follows: impl Fn(char, char) -> bool) -> usize {
    let pairs = text.windows(2).take_while(|p| p.first().zip(p.get(1)).is_some_and(|(a, b)| follows(*a, *b)));
    pairs.count() + 1
}

/// How many characters at the beginning count up, count down or stay the same.
fn counting(text: &[char]) -> usize {
    let step = |by: i64| run(text, move |a, b| i64::from(u32::from(b)) - i64::from(u32::from(a)) == by);
    step(0).max(step(1)).max(step(-1))
}

/// How many characters at the beginning are neighbours on the keyboard, in one direction.
fn along_keys(text: &[char]) -> usize {
    let along = |way: &str| {
        let follows = |a: char, b: char| way.chars().zip(way.chars().skip(1)).any(|pair| pair == (a, b));
        run(text, follows).max(run(text, |a, b| follows(b, a)))
    };
    KEYS.iter().map(|way| along(way)).max().unwrap_or_default()
}

/// How many characters at the beginning of `rest` stood in `before` already.
fn repeated(before: &[char], rest: &[char]) -> usize {
    let same = |from: usize| before[from..].iter().zip(rest).take_while(|(a, b)| a == b).count();
    (0..before.len()).map(same).max().unwrap_or_default()
}

/// How many characters at the beginning are a mobile number, a day or a year: figures that are easily tried.
fn figures(text: &[char]) -> usize {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    match text {
        ['1', '3'..='9', ..] if digits >= 11 => 11,
        ['1', '9', ..] | ['2', '0', ..]
            if digits >= 8 && matches!(text[4..8], ['0'..='1', _, '0'..='3', _]) =>
        {
            8
        }
        ['1', '9', ..] | ['2', '0', ..] if digits >= 4 => 4,
        _ => 0,
    }
}

/// How many pieces a guesser has to find.
fn pieces(text: &[char], words: &[Vec<char>]) -> usize {
    let letters = unmasked(text);
    let (mut at, mut count) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let in_words =
            words.iter().filter(|w| rest.starts_with(w) || letters[at..].starts_with(w)).map(Vec::len).max();
        let runs = counting(rest).max(along_keys(rest));
        let run = if runs >= RUN_MIN { runs } else { 0 };
        let guessed = in_words.unwrap_or_default().max(run).max(figures(rest));
        let again = repeated(&text[..at], rest);
        if again >= RUN_MIN && again >= guessed {
            at += again;
        } else {
            at += guessed.max(1);
            count += 1;
        }
    }
    count
}

/// Whether a text is one piece said again and again.
fn one_piece(text: &[char]) -> bool {
    (1..=text.len() / 2)
        .any(|n| text.iter().zip(text.iter().cycle().skip(n)).take(text.len() - n).all(|(a, b)| a == b))
}

/// Whether a password may be chosen.
///
/// # Errors
/// Says what is wrong with it; composition is free, length is not.
pub fn check_new_password(password: &str, known: &Known<'_>) -> Result<(), Refusal> {
    let refuse = |words| Err(Refusal::field("weak_password", "password", words));
    if password.len() > PASSWORD_MAX_BYTES {
        return refuse(words!(
            "密码太长，请不超过 {PASSWORD_MAX_BYTES} 字节",
            "The password is too long: at most {PASSWORD_MAX_BYTES} bytes"
        ));
    }
    if password.chars().count() < PASSWORD_MIN {
        return refuse(words!(
            "密码至少 {PASSWORD_MIN} 个字符，可以用一句好记的话",
            "Use at least {PASSWORD_MIN} characters; a sentence is easy to remember"
        ));
    }
    let text = plain(password);
    let is_demo = text.iter().collect::<String>().contains(DEMO_PASSWORD);
    if is_demo && !known.demo {
        return refuse(Words::fixed(
            "这是演示环境的密码，人人都知道，请另想一个",
            "This is the demo's password, which everybody knows: choose another",
        ));
    }
    let mut words: Vec<Vec<char>> = COMMON.iter().map(|w| w.chars().collect()).collect();
    if one_piece(&text) || pieces(&text, &words) < OWN_MIN {
        return refuse(Words::fixed(
            "密码太简单，容易被猜到：不要用常见的词、键盘上相邻的键、重复或按顺序的字符，换一句只有自己才想得到的话",
            "Too simple to guess: no common words, neighbouring keys, repetitions or sequences. Use a sentence that only you would think of",
        ));
    }
    let own = [known.number, known.name, known.school, known.platform_word];
    words.extend(own.into_iter().map(plain).filter(|w| w.len() > 1));
    if pieces(&text, &words) < OWN_MIN {
        return refuse(Words::fixed(
            "密码不能只由姓名、教职工号或校名拼成",
            "Do not build the password from your name, your staff number or the school's name",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: Known<'_> =
        Known {
            number: "T0001", name: "范知远", school: "示范中学", platform_word: "校讯通", demo: false
        };

    fn refused(password: &str) -> bool {
        check_new_password(password, &KNOWN).is_err()
    }

    #[test]
    fn g51_weak_passwords_are_refused() {
        for weak in [
            "",
            "短密码",
            "aaaaaaaaaaaaaaaaaaaa",
            "123456789012345",
            "abcdefghijklmnop",
            "T0001T0001T0001T0001",
            &"长".repeat(100),
            // Common words, also masked and set apart.
            "passwordpassword",
            "Password Password 1",
            "P@ssw0rd-P@ssw0rd",
            "password12345678",
            "iloveyouiloveyou",
            "correcthorsebatterystaple",
            "woaini5201314woaini",
            "xiaozhang2026xuexiao",
            // Figures that can be found out: a birthday, a number, a year.
            "19900042652abcd",
            "20110405 19830912 2026",
            // Keys beside one another.
            "qwertyuiopasdfgh",
            "1q2w3e4r5t6y7u8i",
            "1qaz2wsx3edc4rfv",
            "poiuytrewqlkjhgf",
            "!@#$%^&*()!@#$%^&*()",
            // One word again and again.
            "dragondragondragon",
            "elephantelephant",
            "elephant elephant 1",
            "梧桐树梧桐树梧桐树梧桐树梧桐树",
            // What everybody at the school knows.
            "示范中学校讯通2026示范中学",
            "范知远T0001范知远2026!",
            "范知远示范中学T0001 2026 校讯通",
        ] {
            assert!(refused(weak), "{weak}");
        }
        for good in [
            "correct horse battery",
            "我们学校的梧桐树今年又长高了两米",
            "my own long passphrase",
            "k#9$!x^&2@*(z%~7",
            "范知远每天早上都去操场跑三圈再上课",
        ] {
            assert!(!refused(good), "{good}");
        }
    }

    #[test]
    fn the_demos_password_is_for_the_demo() {
        let demo = "wutong-2026-xiaoxun-demo";
        assert!(refused(demo) && refused("Wutong 2026 Xiaoxun Demo!!"));
        assert_eq!(check_new_password(demo, &Known { demo: true, ..KNOWN }), Ok(()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = check_new_password(&text, &KNOWN);
        }

        /// However long a repetition is, it is no better than what is repeated.
        #[test]
        fn a_word_said_again_is_refused(word in "[a-z]{1,9}", times in 2usize..20) {
            prop_assert!(refused(&word.repeat(times)));
        }

        #[test]
        fn what_is_random_is_taken(text in "[a-zA-Z0-9]{24}") {
            prop_assert!(!refused(&text), "{}", text);
        }
    }
}
