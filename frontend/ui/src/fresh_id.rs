//! Ids by which labels, hints and errors name the element that they belong to.

use std::sync::atomic::{AtomicU32, Ordering};

/// An `id` for an element that others refer to.
pub(crate) fn fresh_id(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
