//! The document around every page, and the hash by which its style is allowed.

use data_encoding::BASE64;
use domain::words::Lang;
use leptos::prelude::*;
use sha2::{Digest, Sha256};

/// What differs between the documents' heads.
pub(crate) struct Head<'a> {
    /// For `<title>`.
    pub title: String,
    /// The page's own language; what a person wrote keeps `zh-CN`.
    pub lang: Lang,
    /// The whole style.
    pub style: &'static str,
    /// Load again after so many seconds.
    pub refresh: Option<&'a str>,
}

/// A whole HTML document.
pub(crate) fn document(head: Head<'_>, body: impl IntoView) -> String {
    let refresh =
        head.refresh.map(|seconds| view! { <meta http-equiv="refresh" content=seconds.to_owned()/> });
    let html = view! {
        <html lang=head.lang.tag()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width,initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex,nofollow"/>
                <meta name="referrer" content="no-referrer"/>
                {refresh}
                // Without it a browser asks for /favicon.ico: a second request.
                <link rel="icon" href="data:,"/>
                <title>{head.title}</title>
                <style inner_html=head.style></style>
            </head>
            <body>{body.into_view()}</body>
        </html>
    };
    format!("<!DOCTYPE html>{}", html.to_html())
}

/// A style's source expression for `style-src`: `'sha256-…'` with its quotes.
pub(crate) fn source_hash(style: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(style.as_bytes())))
}

/// The other language's link; relative, so that it never repeats the token.
pub(crate) fn other(lang: Lang) -> (Lang, &'static str, &'static str) {
    match lang {
        Lang::Zh => (Lang::En, "?lang=en", "English"),
        Lang::En => (Lang::Zh, "?lang=zh", "中文"),
    }
}
