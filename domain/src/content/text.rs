//! A text as the rules of the content check read it.

/// How many characters before a match may negate it (不要…, 谨防…).
const LOOK_BACK: usize = 16;

/// A text as the rules read it: its characters, and beside each its plain form
/// (half-width, lower case), so that variants of a character compare equal.
pub(super) struct Text {
    pub chars: Vec<char>,
    pub folded: Vec<char>,
}

impl Text {
    pub fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let folded = chars.iter().map(|c| fold(*c)).collect();
        Self { chars, folded }
    }

    /// Whether the folded characters at `at` are `pattern`.
    pub fn at(&self, at: usize, pattern: &str) -> bool {
        let mut rest = self.folded.get(at..).unwrap_or_default().iter();
        pattern.chars().all(|p| rest.next() == Some(&p))
    }

    /// Where the clause that holds `at` begins, or [`LOOK_BACK`] before it.
    pub fn clause(&self, at: usize) -> usize {
        let from = at.saturating_sub(LOOK_BACK);
        let before = self.folded.get(from..at).unwrap_or_default();
        before.iter().rposition(|c| ends_clause(*c)).map_or(from, |p| from + p + 1)
    }

    /// Whether any of `words` stands between `from` and `to`.
    pub fn any_between(&self, from: usize, to: usize, words: &[&str]) -> bool {
        (from..to).any(|at| words.iter().any(|w| at + w.chars().count() <= to && self.at(at, w)))
    }
}

pub(super) fn ends_clause(c: char) -> bool {
    matches!(c, '，' | ',' | '。' | '；' | ';' | '！' | '!' | '？' | '?' | '\n')
}

/// The plain form: full-width forms to ASCII, capitals to small letters.
fn fold(c: char) -> char {
    let half = match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    half.to_ascii_lowercase()
}
