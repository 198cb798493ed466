//! What needs large tables of characters: the runtime has them, so that they
//! are not uploaded with the Worker. Natively two libraries do the same.

use std::borrow::Cow;

/// Text from bytes in GB18030; none where they are not.
#[cfg(target_arch = "wasm32")]
pub fn gb18030(bytes: &[u8]) -> Option<String> {
    super::glue::gb18030(bytes).ok()
}

/// Text from bytes in GB18030; none where they are not.
#[cfg(not(target_arch = "wasm32"))]
pub fn gb18030(bytes: &[u8]) -> Option<String> {
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(Cow::into_owned)
}

/// A text in Unicode's form NFKC.
pub fn nfkc(text: &str) -> Cow<'_, str> {
    // What is ASCII is in it already.
    if text.is_ascii() { Cow::Borrowed(text) } else { normalised(text) }
}

#[cfg(target_arch = "wasm32")]
fn normalised(text: &str) -> Cow<'_, str> {
    Cow::Owned(super::glue::nfkc(text))
}

#[cfg(not(target_arch = "wasm32"))]
fn normalised(text: &str) -> Cow<'_, str> {
    icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same examples stand in `scripts/test/glue.test.mjs`, where the runtime does it.
    #[test]
    fn what_the_runtime_does_as_well() {
        let text = gb18030(&[0xd6, 0xd0, 0xce, 0xc4, 0x95, 0x32, 0x82, 0x36]);
        assert_eq!(text.as_deref(), Some("中文𠀀"));
        for broken in [&[0xd6, 0xff, 0x41][..], &[0x41, 0xd6], &[0xff]] {
            assert_eq!(gb18030(broken), None);
        }
        for (typed, one) in
            [("Ｔ００１８", "T0018"), ("e\u{301}", "é"), ("㎏ ﬁ", "kg fi"), ("中文 abc", "中文 abc")]
        {
            assert_eq!(nfkc(typed), one);
        }
    }
}
