//! The Worker's API as the app calls it: by the endpoints of `domain::api`,
//! whose types go in and come out, or a [`Problem`]. Nothing else in the app
//! touches `fetch`.
//!
//! [`Query`] reads, [`Order`] changes. An order carries an
//! `Idempotency-Key` that stays the same while the same order is tried
//! again, so that a notice is never made twice because an answer got lost.

use domain::api::{Address, Method, SIGN_IN};
use domain::problem::Problem;
use domain::words::{Lang, Words};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::session::Session;

/// An answer later than this counts as a failure.
const PATIENCE_MS: u32 = 60_000;

/// What goes out with a request.
pub enum Body {
    None,
    Json(String),
    /// A file as it is.
    File(web_sys::File),
}

/// The client, as every component finds it in the context.
#[derive(Clone, Copy)]
pub struct Api {
    lang: RwSignal<Lang>,
    session: Session,
}

impl Api {
    /// Provides the client.
    pub fn provide(lang: RwSignal<Lang>, session: Session) -> Self {
        let api = Self { lang, session };
        provide_context(api);
        api
    }

    /// Reads.
    ///
    /// # Errors
    /// What went wrong, ready to be shown.
    pub async fn get<T: DeserializeOwned>(self, from: impl Into<Address<(), T>>) -> Result<T, Problem> {
        let Address { method, url, .. } = from.into();
        let text = self.send(method, &url, Body::None, None).await?;
        self.decode(&text)
    }

    fn decode<T: DeserializeOwned>(self, text: &str) -> Result<T, Problem> {
        // An answer without a body is read as JSON's `null`, which `()` takes.
        let text = if text.is_empty() { "null" } else { text };
        domain::json::parse(text.as_bytes()).map_err(|_| {
            self.own_problem(
                "unreadable",
                Words::fixed(
                    "页面版本与服务器不一致，请刷新页面后重试",
                    "This page is older than the server: reload it and try again",
                ),
            )
        })
    }

    fn own_problem(self, kind: &str, words: Words) -> Problem {
        let lang = self.lang.try_get_untracked().unwrap_or_default();
        Problem {
            kind: format!("/problems/{kind}"),
            title: words.get(lang).to_owned(),
            status: 0,
            detail: None,
            errors: Vec::new(),
        }
    }

    /// Sends a request and gives the body of a good answer.
    async fn send(self, method: Method, url: &str, body: Body, key: Option<&str>) -> Result<String, Problem> {
        let lang = self.lang.try_get_untracked().unwrap_or_default();
        let answer = fetch(method.name(), url, body, lang, key).await;
        let Ok((status, text)) = answer else {
            return Err(self.own_problem(
                "network",
                Words::fixed(
                    "连不上服务器，请检查网络后重试；已填写的内容还在",
                    "The server cannot be reached. Check the connection and try again; what you typed is still here",
                ),
            ));
        };
        if (200..300).contains(&status) {
            return Ok(text);
        }
        // While signing in, 401 means a wrong password.
        if status == 401 && url != SIGN_IN.operation.path {
            self.session.expire();
        }
        Err(domain::json::parse(text.as_bytes()).unwrap_or_else(|_| {
            let words = domain::words!(
                "服务器出错了（{status}），请稍后重试；如反复出现，请告诉系统管理员",
                "The server failed ({status}). Try again in a while; if it keeps happening, tell the administrator"
            );
            let mut problem = self.own_problem("server", words);
            problem.status = status;
            problem
        }))
    }
}

/// The client of this app.
pub fn use_api() -> Api {
    expect_context::<Api>()
}

async fn fetch(
    method: &str,
    url: &str,
    body: Body,
    lang: Lang,
    key: Option<&str>,
) -> Result<(u16, String), JsValue> {
    let init = web_sys::RequestInit::new();
    init.set_method(method);
    let headers = web_sys::Headers::new()?;
    headers.set("Accept", "application/json")?;
    headers.set("Accept-Language", lang.tag())?;
    if let Some(key) = key {
        headers.set("Idempotency-Key", key)?;
    }
    match body {
        Body::None => {}
        Body::Json(text) => {
            headers.set("Content-Type", "application/json")?;
            init.set_body(&JsValue::from_str(&text));
        }
        Body::File(file) => {
            // What it is the Worker sees by itself; a name for it spares the browser's own guess.
            headers.set("Content-Type", "application/octet-stream")?;
            init.set_body(&file);
        }
    }
    init.set_headers(&headers);
    init.set_signal(Some(&web_sys::AbortSignal::timeout_with_u32(PATIENCE_MS)));
    let request = web_sys::Request::new_with_str_and_init(url, &init)?;
    let response: web_sys::Response =
        JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

/// A random name for one order of one person: a UUID (version 4).
fn fresh_key() -> String {
    let mut bytes = [0_u8; 16];
    if let Ok(crypto) = window().crypto() {
        // It fails only for more than 65,536 bytes.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// How far a [`Query`] has got.
#[derive(Clone, Debug, PartialEq)]
pub enum Load<T> {
    /// No answer yet.
    Waiting,
    /// The answer.
    Ready(T),
    /// What went wrong.
    Failed(Problem),
}

/// Something read from the API, read again when its address changes or on demand.
/// While it is read again the earlier answer stays.
pub struct Query<T: Send + Sync + 'static> {
    state: RwSignal<Load<T>>,
    round: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Query<T> {}

impl<T: DeserializeOwned + Clone + Send + Sync + 'static> Query<T> {
    /// Reads from an address, which may depend on signals.
    pub fn new(from: impl Fn() -> Address<(), T> + Send + Sync + 'static) -> Self {
        let query = Self { state: RwSignal::new(Load::Waiting), round: RwSignal::new(0) };
        let api = use_api();
        Effect::new(move |previous: Option<String>| {
            let round = query.round.get();
            let asked = from();
            let url = asked.url.clone();
            if previous.is_some_and(|p| p != url) {
                query.state.set(Load::Waiting);
            }
            spawn_local(async move {
                let answer = api.get(asked).await;
                // An answer to an earlier question, or for a page that is gone, is dropped.
                if query.round.try_get_untracked() == Some(round) {
                    match answer {
                        Ok(value) => query.state.set(Load::Ready(value)),
                        Err(problem) => query.state.set(Load::Failed(problem)),
                    }
                }
            });
            url
        });
        query
    }

    /// How far it has got.
    pub fn state(self) -> ReadSignal<Load<T>> {
        self.state.read_only()
    }

    /// The answer, once it is there.
    pub fn value(self) -> Option<T> {
        self.state.with(|s| match s {
            Load::Ready(value) => Some(value.clone()),
            _ => None,
        })
    }

    /// Reads again.
    pub fn reload(self) {
        // The page may be gone by the time an order's answer asks for this.
        let _ = self.round.try_update(|r| *r += 1);
    }

    /// Puts in an answer that came with an order.
    pub fn set(self, value: T) {
        let _ = self.state.try_set(Load::Ready(value));
    }
}

/// Something a person orders: busy while it runs, with its problem when it
/// failed. One per form or button.
#[derive(Clone, Copy)]
pub struct Order {
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Problem>>,
    /// What was last tried, and under which key.
    last: StoredValue<Option<(String, String)>>,
    api: Api,
}

impl Order {
    /// Called inside a component.
    pub fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
            last: StoredValue::new(None),
            api: use_api(),
        }
    }

    /// Whether it is under way: for the button.
    pub fn busy(self) -> Signal<bool> {
        self.busy.into()
    }

    /// What went wrong, for the page.
    pub fn problem(self) -> Signal<Option<Problem>> {
        self.problem.into()
    }

    /// What is wrong with one field, for its `FormField`.
    pub fn field_error(self, field: &'static str) -> Signal<Option<String>> {
        let problem = self.problem;
        Signal::derive(move || {
            problem.with(|p| p.as_ref()?.errors.iter().find(|e| e.field == field).map(|e| e.message.clone()))
        })
    }

    /// Forgets what went wrong.
    pub fn clear(self) {
        self.problem.set(None);
    }

    /// Shows a problem that the app itself found.
    pub fn refuse(self, problem: Problem) {
        self.problem.set(Some(problem));
    }

    /// Sends a body.
    pub fn send<B: Serialize, R: DeserializeOwned + 'static>(
        self,
        to: impl Into<Address<B, R>>,
        body: &B,
        done: impl FnOnce(R) + 'static,
    ) {
        let Address { method, url, .. } = to.into();
        // Our own types always have a JSON form.
        let Ok(text) = serde_json::to_string(body) else { return };
        let what = format!("{} {url} {text}", method.name());
        self.run(method, url, Body::Json(text), what, done);
    }

    /// Calls an endpoint that takes no body.
    pub fn call<R: DeserializeOwned + 'static>(
        self,
        to: impl Into<Address<(), R>>,
        done: impl FnOnce(R) + 'static,
    ) {
        let Address { method, url, .. } = to.into();
        let what = format!("{} {url}", method.name());
        self.run(method, url, Body::None, what, done);
    }

    /// Sends a file.
    pub fn upload<B, R: DeserializeOwned + 'static>(
        self,
        to: Address<B, R>,
        file: web_sys::File,
        done: impl FnOnce(R) + 'static,
    ) {
        let Address { method, url, .. } = to;
        let what = format!("{url} {} {} {}", file.name(), file.size(), file.last_modified());
        self.run(method, url, Body::File(file), what, done);
    }

    /// Reads: for what is asked for by a tap, as the next page of a list.
    pub fn read<R: DeserializeOwned + 'static>(
        self,
        from: impl Into<Address<(), R>>,
        done: impl FnOnce(R) + 'static,
    ) {
        let from = from.into();
        self.follow(async move { self.api.get(from).await }, done);
    }

    /// Is busy until `work` has ended, and shows its problem.
    pub fn follow<R: 'static>(
        self,
        work: impl Future<Output = Result<R, Problem>> + 'static,
        done: impl FnOnce(R) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let answer = work.await;
            // The person may have left the page meanwhile.
            let _ = self.busy.try_set(false);
            match answer {
                Ok(value) => done(value),
                Err(problem) => {
                    let _ = self.problem.try_set(Some(problem));
                }
            }
        });
    }

    fn run<R: DeserializeOwned + 'static>(
        self,
        method: Method,
        url: String,
        body: Body,
        what: String,
        done: impl FnOnce(R) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        let key = match self.last.get_value() {
            Some((tried, key)) if tried == what => key,
            _ => fresh_key(),
        };
        self.last.set_value(Some((what, key.clone())));
        let work = async move {
            let text = self.api.send(method, &url, body, Some(&key)).await?;
            self.api.decode::<R>(&text)
        };
        self.follow(work, move |value| {
            let _ = self.last.try_set_value(None);
            done(value);
        });
    }
}
