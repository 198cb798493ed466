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

/// Compares line by line; inside a changed line, what is common at both ends stays.
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

/// One text against another: common start, what changed, common end.
fn inside<'a>(before: &'a str, after: &'a str, pieces: &mut Vec<Piece<'a>>) {
    let start: usize =
        before.chars().zip(after.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (a, b) = (&before[start..], &after[start..]);
    let end: usize =
        a.chars().rev().zip(b.chars().rev()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let add = |pieces: &mut Vec<Piece<'a>>, piece: Piece<'a>, text: &str| {
        if !text.is_empty() {
            pieces.push(piece);
        }
    };
    let (gone, new) = (&a[..a.len() - end], &b[..b.len() - end]);
    add(pieces, Piece::Same(&before[..start]), &before[..start]);
    add(pieces, Piece::Gone(gone), gone);
    add(pieces, Piece::New(new), new);
    add(pieces, Piece::Same(&b[b.len() - end..]), &b[b.len() - end..]);
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
        ] {
            let pieces = diff(a, b);
            assert_eq!(side(&pieces, true), a, "{pieces:?}");
            assert_eq!(side(&pieces, false), b, "{pieces:?}");
        }
    }

    #[test]
    fn a_changed_time_is_all_that_is_marked() {
        let pieces = diff("各位家长：\n请7:30到校。\n谢谢", "各位家长：\n请7:20到校。\n谢谢");
        assert_eq!(
            pieces,
            [
                Piece::Same("各位家长：\n"),
                Piece::Same("请7:"),
                Piece::Gone("3"),
                Piece::New("2"),
                Piece::Same("0到校。\n"),
                Piece::Same("谢谢"),
            ]
        );
    }
}
