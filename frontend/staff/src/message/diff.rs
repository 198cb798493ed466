//! What changed between two versions of a text, so that an approver reads
//! the change and not the whole again.

/// A piece of text and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// In both.
    Same(&'a str),
    /// Only in the earlier text.
    Gone(&'a str),
    /// Only in the later text.
    New(&'a str),
}

/// Lines beyond this are not compared one by one: the table would grow with their product.
const LINES_MAX: usize = 400;

/// Words and signs of a line beyond this product are not compared one by one.
const TOKENS_MAX: usize = 1_000_000;
/// What stays between two changes and is shorter than this is shown as changed: single signs that
/// happen to be the same make a change harder to read.
const ISLAND: usize = 2;

/// Compares line by line, and inside a changed line by words: a number, a time or a Latin word is
/// replaced as a whole, never in its middle.
pub fn diff<'a>(before: &'a str, after: &'a str) -> Vec<Piece<'a>> {
    let a: Vec<&str> = before.split_inclusive('\n').collect();
    let b: Vec<&str> = after.split_inclusive('\n').collect();
    let mut pieces = Vec::new();
    if a.len() > LINES_MAX || b.len() > LINES_MAX {
        inside(before, after, &mut pieces);
        return pieces;
    }
    // common[i][j]: the longest common subsequence of a[i..] and b[j..].
    let mut common = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] =
                if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            pieces.push(Piece::Same(a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && j < b.len() && common[i + 1][j + 1] == common[i][j] {
            inside(a[i], b[j], &mut pieces);
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            pieces.push(Piece::Gone(a[i]));
            i += 1;
        } else {
            pieces.push(Piece::New(b[j]));
            j += 1;
        }
    }
    pieces
}

/// Cuts a text into what is replaced as a whole: numbers with the signs inside them (`7:30`, `2026-09-01`,
/// `138 0013`), Latin words, and single signs of everything else.
fn tokens(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() && c.is_ascii();
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut end = first.len_utf8();
        if is_word(first) {
            let mut chars = rest.char_indices().skip(1).peekable();
            while let Some((at, c)) = chars.next() {
                let joins = matches!(c, ':' | '.' | '-' | '/' | '%' | '：')
                    && chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
                if !is_word(c) && !joins {
                    break;
                }
                end = at + c.len_utf8();
            }
        }
        let (token, after) = rest.split_at(end);
        all.push(token);
        rest = after;
    }
    all
}

/// One text against another, by words.
fn inside<'a>(before: &'a str, after: &'a str, pieces: &mut Vec<Piece<'a>>) {
    let (a, b) = (tokens(before), tokens(after));
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a_mid, b_mid) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    // (how many of a are gone, how many of b are new, how many stay), one after another.
    let mut steps: Vec<(usize, usize, usize)> = vec![(0, 0, start)];
    if a_mid.len().saturating_mul(b_mid.len()) > TOKENS_MAX {
        steps.push((a_mid.len(), b_mid.len(), 0));
    } else {
        steps.extend(changes(a_mid, b_mid));
    }
    steps.push((0, 0, end));
    emit(before, after, &join_islands(&steps, &a), (&a, &b), pieces);
}

/// What has to change between two lists, by their longest common part.
fn changes(a: &[&str], b: &[&str]) -> Vec<(usize, usize, usize)> {
    let mut common = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] =
                if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut steps = Vec::new();
    while i < a.len() || j < b.len() {
        let (mut gone, mut new, mut same) = (0, 0, 0);
        while (i < a.len() || j < b.len()) && !(i < a.len() && j < b.len() && a[i] == b[j]) {
            if j == b.len() || i < a.len() && common[i + 1][j] >= common[i][j + 1] {
                (i, gone) = (i + 1, gone + 1);
            } else {
                (j, new) = (j + 1, new + 1);
            }
        }
        while i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j, same) = (i + 1, j + 1, same + 1);
        }
        steps.push((gone, new, same));
    }
    steps
}

/// Takes what stays for a moment only between two changes into them.
fn join_islands(steps: &[(usize, usize, usize)], a: &[&str]) -> Vec<(usize, usize, usize)> {
    let mut all: Vec<(usize, usize, usize)> = Vec::new();
    let mut at = 0;
    for (n, &(gone, new, same)) in steps.iter().enumerate() {
        match all.last_mut() {
            Some(last)
                if last.0 + last.1 > 0 && gone + new > 0 && {
                    let island = &a[at - last.2..at];
                    island.iter().map(|t| t.chars().count()).sum::<usize>() < ISLAND
                } =>
            {
                *last = (last.0 + last.2 + gone, last.1 + last.2 + new, same);
            }
            Some(last) if gone + new == 0 && n > 0 => last.2 += same,
            _ => all.push((gone, new, same)),
        }
        at += gone + same;
    }
    all
}

/// The pieces of a list of steps.
fn emit<'a>(
    before: &'a str,
    after: &'a str,
    steps: &[(usize, usize, usize)],
    (a, b): (&[&str], &[&str]),
    pieces: &mut Vec<Piece<'a>>,
) {
    let bytes = |tokens: &[&str]| tokens.iter().map(|t| t.len()).sum::<usize>();
    let (mut i, mut j, mut from_a, mut from_b) = (0, 0, 0, 0);
    for &(gone, new, same) in steps {
        let (gone_to, new_to) = (from_a + bytes(&a[i..i + gone]), from_b + bytes(&b[j..j + new]));
        let same_to = new_to + bytes(&b[j + new..j + new + same]);
        let (g, n, s) = (&before[from_a..gone_to], &after[from_b..new_to], &after[new_to..same_to]);
        let found = [Piece::Gone(g), Piece::New(n), Piece::Same(s)];
        pieces.extend(found.into_iter().zip([g, n, s]).filter(|(_, text)| !text.is_empty()).map(|(p, _)| p));
        (i, j) = (i + gone + same, j + new + same);
        (from_a, from_b) = (gone_to + s.len(), same_to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(pieces: &[Piece], earlier: bool) -> String {
        pieces
            .iter()
            .map(|p| match p {
                Piece::Same(t) => *t,
                Piece::Gone(t) if earlier => t,
                Piece::New(t) if !earlier => t,
                _ => "",
            })
            .collect()
    }

    #[test]
    fn both_texts_can_be_read_from_the_pieces() {
        for (a, b) in [
            ("", ""),
            ("甲", ""),
            ("", "乙\n"),
            ("请7:30到校", "请7:20到校"),
            ("一\n二\n三", "一\n二点五\n三\n四"),
            ("一\n二\n三\n", "三\n二\n一\n"),
            ("aXa", "aa"),
            ("10月9日上午在操场", "10月8日下午在礼堂"),
            ("带笔", "带铅笔和橡皮"),
            ("甲乙丙丁戊", "丁甲丙戊乙"),
        ] {
            let pieces = diff(a, b);
            assert_eq!(side(&pieces, true), a, "{pieces:?}");
            assert_eq!(side(&pieces, false), b, "{pieces:?}");
        }
    }

    #[test]
    fn numbers_and_words_are_replaced_whole() {
        for (a, b, gone, new) in [
            ("电话13800138000。", "电话13900138000。", "13800138000", "13900138000"),
            ("截止2026-09-01。", "截止2026-09-11。", "2026-09-01", "2026-09-11"),
            ("在Room 101集合", "在Room 110集合", "101", "110"),
            ("sports day", "sport day", "sports", "sport"),
            ("10月9日上课", "10月8日上课", "9", "8"),
        ] {
            let changed: Vec<Piece> =
                diff(a, b).into_iter().filter(|p| !matches!(p, Piece::Same(_))).collect();
            assert_eq!(changed, [Piece::Gone(gone), Piece::New(new)], "{a}");
        }
    }

    #[test]
    fn two_changes_in_a_line_leave_what_stands_between_them() {
        let pieces = diff("周五7:30到校，穿运动鞋", "周六7:30到校，穿布鞋");
        assert!(pieces.contains(&Piece::Same("7:30到校，穿")), "{pieces:?}");
        // A single sign in common is no rest between two changes.
        let pieces = diff("上午课", "下午会");
        assert_eq!(pieces, [Piece::Gone("上午课"), Piece::New("下午会")], "{pieces:?}");
    }

    #[test]
    fn a_changed_time_is_all_that_is_marked() {
        let pieces = diff("各位家长：\n请7:30到校。\n谢谢", "各位家长：\n请7:20到校。\n谢谢");
        assert_eq!(
            pieces,
            [
                Piece::Same("各位家长：\n"),
                Piece::Same("请"),
                Piece::Gone("7:30"),
                Piece::New("7:20"),
                Piece::Same("到校。\n"),
                Piece::Same("谢谢"),
            ]
        );
    }
}
