//! Cloudflare's runtime. Settings are the same for as long as an isolate lives,
//! so each is looked up once: every look crosses into JavaScript.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use domain::provider::{ANSWER_BYTES_MAX, HttpAnswer, HttpCall};
use domain::time::Instant;
use futures_util::future::LocalBoxFuture;
use wasm_bindgen::JsValue;
use worker::Env;
use worker::js_sys::{Array, Uint8Array};
use worker::wasm_bindgen::JsCast;

use super::Host;
use crate::platform::d1::Backend;
use crate::platform::d1::cloudflare::D1;
use crate::platform::error::AppError;
use crate::platform::{glue, json};

thread_local! {
    static SETTINGS: RefCell<HashMap<&'static str, Option<String>>> = RefCell::default();
}

/// The environment of one invocation.
pub struct Cloudflare(Env);

impl Cloudflare {
    /// Over the environment that an event brings.
    pub fn new(env: Env) -> Rc<Self> {
        Rc::new(Self(env))
    }

    fn binding(&self, name: &str) -> JsValue {
        glue::binding(self.0.as_ref(), name)
    }
}

/// Breaks a call off when it is dropped: without it, what nobody waits for goes on.
struct Stop(JsValue);

impl Drop for Stop {
    fn drop(&mut self) {
        glue::abort(&self.0);
    }
}

impl Host for Cloudflare {
    fn now(&self) -> Instant {
        Instant(worker::Date::now().as_millis() as i64)
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), AppError> {
        getrandom::fill(bytes).map_err(|_| AppError::Internal("no randomness".into()))
    }

    fn setting(&self, name: &'static str) -> Option<String> {
        SETTINGS.with_borrow_mut(|kept| {
            kept.entry(name).or_insert_with(|| self.binding(name).as_string()).clone()
        })
    }

    fn database(&self, binding: &'static str) -> Option<Rc<dyn Backend>> {
        let found = Some(self.binding(binding)).filter(JsValue::is_object);
        found.map(|database| Rc::new(D1(database)) as Rc<dyn Backend>)
    }

    fn sleep(&self, ms: i64) -> LocalBoxFuture<'static, ()> {
        Box::pin(worker::Delay::from(Duration::from_millis(ms.unsigned_abs())))
    }

    fn enqueue<'a>(
        &'a self,
        queue: &'static str,
        bodies: Vec<serde_json::Value>,
    ) -> LocalBoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            let sent = glue::enqueue(&self.binding(queue), &json::text(&bodies)?).await;
            sent.map(|_| ()).map_err(|e| AppError::Internal(glue::message(&e)))
        })
    }

    fn fetch<'a>(&'a self, call: &'a HttpCall) -> LocalBoxFuture<'a, Result<HttpAnswer, AppError>> {
        Box::pin(async move {
            // The runtime sets the host by the address.
            let headers: Vec<_> = call.headers.iter().filter(|(name, _)| *name != "host").collect();
            let head = json::text(&(call.method, &call.url, headers))?;
            let stop = Stop(glue::stopper());
            let answer = glue::call(&head, &call.body, &stop.0, ANSWER_BYTES_MAX as u32).await;
            // What the runtime says of it may hold the address.
            let answer: Array = answer
                .ok()
                .and_then(|answer| answer.dyn_into().ok())
                .ok_or_else(|| AppError::Internal("a call that did not come back".into()))?;
            let status = answer.get(0).as_f64().unwrap_or_default() as u16;
            let body = answer.get(1).dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec());
            Ok(HttpAnswer { status, body: body.unwrap_or_default() })
        })
    }

    fn asset<'a>(&'a self, path: &'a str) -> LocalBoxFuture<'a, Result<String, AppError>> {
        Box::pin(async move {
            let found = glue::asset(&self.binding("ASSETS"), path).await;
            found.ok().and_then(|text| text.as_string()).ok_or(AppError::NotFound)
        })
    }

    fn wake<'a>(&'a self, objects: &'static str, name: &'a str) -> LocalBoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            let stub = self.0.durable_object(objects)?.get_by_name(name)?;
            stub.fetch_with_str("https://object/wake").await?;
            Ok(())
        })
    }

    fn store_new<'a>(
        &'a self,
        bucket: &'static str,
        name: &'a str,
        content: Vec<u8>,
    ) -> LocalBoxFuture<'a, Result<bool, AppError>> {
        Box::pin(async move {
            let stored = glue::store_new(&self.binding(bucket), name, &content).await;
            stored.map(|it| it.is_truthy()).map_err(|e| AppError::Internal(glue::message(&e)))
        })
    }

    fn names<'a>(
        &'a self,
        bucket: &'static str,
        prefix: &'a str,
        after: &'a str,
    ) -> LocalBoxFuture<'a, Result<Vec<String>, AppError>> {
        Box::pin(async move {
            let names = glue::names(&self.binding(bucket), prefix, after).await;
            let names = names.map_err(|e| AppError::Internal(glue::message(&e)))?;
            json::read("the names in a bucket", &names.as_string().unwrap_or_default())
        })
    }

    fn load<'a>(
        &'a self,
        bucket: &'static str,
        name: &'a str,
    ) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, AppError>> {
        Box::pin(async move {
            let content = glue::load(&self.binding(bucket), name).await;
            let content = content.map_err(|e| AppError::Internal(glue::message(&e)))?;
            Ok(content.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec()))
        })
    }
}
