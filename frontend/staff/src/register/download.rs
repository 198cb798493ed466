//! Hands a file that was made here to the browser's downloads.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlElement, Url};

/// What a CSV is, with its character set.
pub const CSV: &str = "text/csv;charset=utf-8";
/// What an Excel workbook is.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Saves it under this name.
///
/// # Errors
/// Where the browser refuses, as some inside other apps do.
pub fn save(name: &str, kind: &str, content: &[u8]) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(content));
    let about = BlobPropertyBag::new();
    about.set_type(kind);
    let url =
        Url::create_object_url_with_blob(&Blob::new_with_u8_array_sequence_and_options(&parts, &about)?)?;
    let link: HtmlElement = document().create_element("a")?.unchecked_into();
    link.set_attribute("href", &url)?;
    link.set_attribute("download", name)?;
    link.click();
    // The download has begun by then; without this the file would stay in memory.
    set_timeout(move || drop(Url::revoke_object_url(&url)), std::time::Duration::from_secs(60));
    Ok(())
}
