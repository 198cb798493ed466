//! What a request is answered with. While its type is known, it can only be
//! made of a value of that type: so an endpoint answers what the contract says.

use std::marker::PhantomData;

use domain::api;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use crate::platform::error::AppError;
use crate::platform::json;

/// Headers that every answer has, unless it brings its own.
pub const EVERY_ANSWER: [(&str, &str); 6] = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    (
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
];

/// A body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Empty,
    /// JSON.
    Json(String),
    /// A problem (RFC 9457), as JSON.
    Problem(String),
    /// HTML.
    Html(String),
    /// A file as it is, of this media type.
    File(Vec<u8>, &'static str),
}

impl Content {
    /// The bytes, and their media type.
    pub fn parts(&self) -> Option<(&[u8], &'static str)> {
        match self {
            Self::Empty => None,
            Self::Json(text) => Some((text.as_bytes(), "application/json; charset=utf-8")),
            Self::Problem(text) => Some((text.as_bytes(), "application/problem+json; charset=utf-8")),
            Self::Html(text) => Some((text.as_bytes(), "text/html; charset=utf-8")),
            Self::File(bytes, kind) => Some((bytes, kind)),
        }
    }

    /// The text; none of a file.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Json(text) | Self::Problem(text) | Self::Html(text) => Some(text),
            Self::Empty | Self::File(..) => None,
        }
    }
}

/// An answer of no type: HTML, a problem, or one that is on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Untyped;

/// What a request is answered with: an `A` as JSON, nothing where `A` is `()`.
pub struct Reply<A = Untyped> {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub content: Content,
    /// Headers of its own.
    pub headers: Vec<(&'static str, String)>,
    /// What goes on after the answer has left. Nothing may depend on it: cron does what is lost.
    pub later: Vec<LocalBoxFuture<'static, ()>>,
    answer: PhantomData<A>,
}

impl<A: Serialize> Reply<A> {
    /// JSON.
    ///
    /// # Errors
    /// Where the value cannot be written as JSON.
    pub fn json(status: u16, value: &A) -> Result<Self, AppError> {
        Ok(Self::of(status, Content::Json(json::text(value)?)))
    }
}

impl Reply<api::File> {
    /// A file.
    pub fn file(kind: &'static str, bytes: Vec<u8>) -> Self {
        Self::of(200, Content::File(bytes, kind))
    }
}

impl Reply<()> {
    /// No content.
    pub fn empty() -> Self {
        Self::of(204, Content::Empty)
    }
}

impl Reply {
    /// A problem.
    pub fn problem(status: u16, text: String) -> Self {
        Self::of(status, Content::Problem(text))
    }

    /// See another page.
    pub fn see_other(location: String) -> Self {
        Self::of(303, Content::Empty).header("Location", location)
    }

    /// HTML.
    pub fn html(status: u16, html: String) -> Self {
        Self::of(status, Content::Html(html))
    }
}

impl<A> Reply<A> {
    fn of(status: u16, content: Content) -> Self {
        Self { status, content, headers: Vec::new(), later: Vec::new(), answer: PhantomData }
    }

    /// JSON that is text already; whoever calls this vouches for its type.
    pub fn json_text(status: u16, text: String) -> Self {
        Self::of(status, Content::Json(text))
    }

    /// The same, of no type any more.
    pub fn untyped(self) -> Reply {
        let Self { status, content, headers, later, answer: _ } = self;
        Reply { status, content, headers, later, answer: PhantomData }
    }

    /// The headers that this answer brings beside [`EVERY_ANSWER`].
    pub fn own_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let kind = self.content.parts().map(|(_, kind)| ("Content-Type", kind));
        kind.into_iter().chain(self.headers.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With work to do after the answer has left.
    #[must_use]
    pub fn then(mut self, work: impl Future<Output = ()> + 'static) -> Self {
        self.later.push(Box::pin(work));
        self
    }
}
