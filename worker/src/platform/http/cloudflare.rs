//! Requests and answers as Cloudflare has them. Each crosses into JavaScript
//! as one text: crossings cost more than the work behind them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::Url;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::JsCast;

use super::call::{Incoming, Method, Request};
use super::reply::{Content, EVERY_ANSWER, Reply};
use crate::platform::error::AppError;
use crate::platform::{glue, json};

/// The Fetch API's request, whose body nobody has read.
struct Unread(JsValue);

impl Incoming for Unread {
    fn read(self: Box<Self>, limit: usize) -> LocalBoxFuture<'static, Result<Vec<u8>, AppError>> {
        Box::pin(async move {
            let most = u32::try_from(limit).unwrap_or(u32::MAX);
            // A body that breaks off or is badly chunked is the client's fault.
            let body = glue::body(&self.0, most).await.map_err(|e| AppError::BadJson(glue::message(&e)))?;
            if body.is_undefined() {
                return Err(AppError::TooLarge(limit));
            }
            Ok(body.unchecked_into::<Uint8Array>().to_vec())
        })
    }
}

#[derive(Deserialize)]
struct Head {
    method: String,
    url: String,
    headers: HashMap<String, String>,
}

/// Reads a request's head; its body stays for later.
///
/// # Errors
/// Where the platform gives none that can be read.
pub fn request(raw: JsValue) -> Result<Request, AppError> {
    let text = glue::head(&raw).map_err(|e| AppError::Internal(glue::message(&e)))?;
    let head: Head = json::read("a request's head", &text)?;
    Ok(Request {
        method: Method::of(&head.method),
        url: Url::parse(&head.url).map_err(|e| AppError::Internal(e.to_string()))?,
        headers: head.headers,
        body: Box::new(Unread(raw)),
    })
}

thread_local! {
    // Made once per isolate.
    static KEPT: OnceCell<JsValue> = const { OnceCell::new() };
}

fn kept() -> Result<JsValue, AppError> {
    KEPT.with(|kept| {
        if let Some(headers) = kept.get() {
            return Ok(headers.clone());
        }
        let headers: BTreeMap<&str, &str> = EVERY_ANSWER.into();
        let made = glue::keep(&json::text(&headers)?).map_err(|e| AppError::Internal(glue::message(&e)))?;
        Ok(kept.get_or_init(|| made).clone())
    })
}

/// Makes the Fetch API's response.
///
/// # Errors
/// Where the platform refuses a header.
pub fn response(reply: &Reply) -> Result<JsValue, AppError> {
    let own: BTreeMap<&str, &str> = reply.own_headers().collect();
    let own = json::text(&own)?;
    let made = match &reply.content {
        Content::File(bytes, _) => glue::respond_bytes(reply.status, bytes, &kept()?, &own),
        content => glue::respond(reply.status, content.text(), &kept()?, &own),
    };
    made.map_err(|e| AppError::Internal(glue::message(&e)))
}
