//! Names of classes, as two files of one school write them.

/// A class as its name alone tells of it: the name, and the grade in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClassName {
    /// `七年级`.
    pub grade: String,
    /// `七年级1班`.
    pub name: String,
}

const NUMERALS: [&str; 21] = [
    "", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五",
    "十六", "十七", "十八", "十九", "二十",
];

/// Whether the text is a year of entry: `2023`.
fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a class's name tells the year of entry by itself: `计算机2301` in `2023级`.
pub(super) fn says_year(grade: &str, class: &str) -> bool {
    let year = grade.strip_suffix('级').filter(|year| is_year(year)).map(|year| &year[2..]);
    year.and_then(|year| class.split_once(year))
        .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A grade's name: `7年级` and `七` become `七年级`, `2023` becomes `2023级`; others stay.
pub(super) fn grade(text: &str) -> String {
    if is_year(text) {
        return format!("{text}级");
    }
    let stem = text.strip_suffix("年级").unwrap_or(text);
    let numeral = stem.parse::<usize>().ok().and_then(|n| NUMERALS[1..=12].get(n.wrapping_sub(1))).copied();
    let stem = match numeral {
        Some(numeral) => numeral,
        None => stem,
    };
    if NUMERALS[1..=12].contains(&stem) { format!("{stem}年级") } else { text.to_owned() }
}

/// Whether a department's name is that of a grade.
pub(super) fn is_grade(text: &str) -> bool {
    text.ends_with("年级")
        || text.strip_suffix('级').is_some_and(is_year)
        || ["初", "高"]
            .iter()
            .filter_map(|p| text.strip_prefix(p))
            .any(|n| NUMERALS[1..=3].contains(&n) || n.strip_suffix('级').is_some_and(is_year))
}

/// Where a grade stands among a school's grades: 七年级 before 八年级 before 九年级.
pub(super) fn grade_rank(name: &str) -> usize {
    let stem = name.strip_suffix("年级").unwrap_or(name);
    let numeral = stem.trim_start_matches(['初', '高']);
    NUMERALS.iter().skip(1).position(|n| *n == numeral).unwrap_or(NUMERALS.len())
}

/// `(1)班`, `一班`, `01` become `1班`; a name such as `实验班` stays.
pub(super) fn class(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '(' | ')' | '（' | '）')).collect();
    let stem = plain.strip_suffix('班').unwrap_or(&plain);
    let number = stem.parse::<u32>().ok().or_else(|| {
        NUMERALS.iter().position(|n| *n == stem && !n.is_empty()).and_then(|n| u32::try_from(n).ok())
    });
    match number {
        Some(n) => format!("{n}班"),
        None => plain,
    }
}

/// A text about a class with more behind it: `七年级9班语文` is a class and a subject.
/// None where nothing stands behind 班, but for what closes a bracket.
pub(super) fn behind_class(text: &str) -> Option<(&str, &str)> {
    let at = text.rfind('班')? + '班'.len_utf8();
    let (class, rest) = text.split_at(at);
    let is_mark = |c: char| {
        c.is_whitespace()
            || matches!(c, '(' | ')' | '（' | '）' | '-' | '—' | '_' | '·' | '[' | ']' | '【' | '】')
    };
    let rest = rest.trim_matches(is_mark);
    // 班 alone, or at the head of a name, closes no class.
    let is_class = class.chars().nth(1).is_some() && !rest.is_empty();
    is_class.then_some((class, rest))
}

impl ClassName {
    /// From two cells, both tidied. None where the grade is not said.
    pub(super) fn join(grade_cell: &str, class_cell: &str) -> Option<Self> {
        if grade_cell.is_empty() {
            return Self::parse(class_cell);
        }
        let grade = grade(grade_cell);
        let rest = [&grade, grade_cell, grade.trim_end_matches("年级")]
            .iter()
            .find_map(|g| class_cell.strip_prefix(g).filter(|r| !r.is_empty() && *r != "班"))
            .unwrap_or(class_cell);
        let rest = class(rest);
        (!rest.is_empty()).then(|| Self { name: format!("{grade}{rest}"), grade })
    }

    /// From one cell: `七年级1班`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let end = match (text.find("年级"), text.find('级')) {
            (Some(at), _) => at + "年级".len(),
            (None, Some(at)) => at + "级".len(),
            (None, None) => text.char_indices().nth(2).map(|(at, _)| at)?,
        };
        let (head, rest) = text.split_at(end);
        let head = grade(head);
        let rest = class(rest);
        (is_grade(&head) && !rest.is_empty()).then(|| Self { name: format!("{head}{rest}"), grade: head })
    }

    /// From one cell that names a unit as well: `信息学院2023级1班`. The unit ends
    /// where a year of entry begins.
    pub(super) fn after_unit(text: &str) -> Option<(&str, Self)> {
        let year = text.match_indices('级').find_map(|(at, _)| {
            let start = at.checked_sub(4)?;
            text.get(start..at).is_some_and(is_year).then_some(start)
        })?;
        let (unit, class) = text.split_at(year);
        // One character in front is no unit, but a part of the grade or a slip.
        unit.chars().nth(1).is_some().then_some(unit).zip(Self::parse(class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_as_files_write_them() {
        for (grade, class, name) in [
            ("七年级", "1班", "七年级1班"),
            ("七年级", "七年级1班", "七年级1班"),
            ("7年级", "01", "七年级1班"),
            ("七", "(1)班", "七年级1班"),
            ("七年级", "七(1)班", "七年级1班"),
            ("七年级", "十二班", "七年级12班"),
            ("七年级", "七班", "七年级7班"),
            ("初一", "1班", "初一1班"),
            ("2026级", "1班", "2026级1班"),
            ("", "高2026级1班", "高2026级1班"),
            ("", "八年级3班", "八年级3班"),
            ("七年级", "实验班", "七年级实验班"),
            ("七", "七年级1班", "七年级1班"),
            ("2023", "1班", "2023级1班"),
            ("2023", "2023级1班", "2023级1班"),
            ("2023级", "2023级软工1班", "2023级软工1班"),
        ] {
            assert_eq!(
                ClassName::join(grade, class).map(|c| c.name).as_deref(),
                Some(name),
                "{grade} {class}"
            );
        }
        for (grade, class) in [("", "1班"), ("", ""), ("七年级", "")] {
            assert_eq!(ClassName::join(grade, class), None, "{grade} {class}");
        }
    }

    #[test]
    fn what_stands_behind_a_class() {
        for (text, class, rest) in [
            ("七年级9班语文", "七年级9班", "语文"),
            ("七年级9班（语文）", "七年级9班", "语文"),
            ("9班-数学", "9班", "数学"),
            ("信息学院2023级1班 英语", "信息学院2023级1班", "英语"),
        ] {
            assert_eq!(behind_class(text), Some((class, rest)), "{text}");
        }
        for text in
            ["七年级9班", "七年级(9)班", "七年级（9班）", "计算机2301", "实验班", "班", "班9", "9", ""]
        {
            assert_eq!(behind_class(text), None, "{text}");
        }
    }

    #[test]
    fn names_that_tell_the_year() {
        assert!(says_year("2023级", "计算机2301") && says_year("2023级", "计2301班"));
        for (grade, class) in
            [("2023级", "1班"), ("2023级", "软工23班"), ("2024级", "计算机2301"), ("七年级", "2301")]
        {
            assert!(!says_year(grade, class), "{grade} {class}");
        }
    }

    #[test]
    fn a_class_behind_its_unit() {
        let found = |text| ClassName::after_unit(text).map(|(unit, class)| (unit, class.name));
        assert_eq!(found("信息学院2023级1班"), Some(("信息学院", "2023级1班".to_owned())));
        assert_eq!(found("高级技校2023级(1)班"), Some(("高级技校", "2023级1班".to_owned())));
        for text in ["2023级1班", "七年级1班", "信息学院", "信息学院2023级", "级级", "23级1班", "第2023级1班"]
        {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
