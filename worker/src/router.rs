//! One table of all ways in: method, path, what it takes to enter, handler.
//!
//! What holds for every request is done here, once: the site it comes from
//! (CSRF), the size of its body, the session, the right to enter, the
//! Idempotency-Key, and turning an error into a problem.

use std::collections::HashMap;
use std::rc::Rc;

use domain::access::{Action, Person};
use domain::words::Lang;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Context, Env, Headers, Method, Request, Response, ResponseBuilder};

use crate::app::App;
use crate::bindings::{Guarded, Rows, Usage};
use crate::crypto::sha256;
use crate::error::AppError;
use crate::{account, args, audit, delivery, link, message, openapi, roster, sandbox, school};

/// Most bytes of a JSON body: a text of 5,000 Chinese characters is 15 KB, three times over.
pub const MAX_JSON_BYTES: usize = 64_000;
/// Most bytes of a parent's form.
pub const MAX_FORM_BYTES: usize = 1_000;
/// Longest Idempotency-Key.
const MAX_KEY_BYTES: usize = 64;
/// Shortest Idempotency-Key.
const MIN_KEY_BYTES: usize = 8;

/// What it takes to enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Anyone; the handler has its own proof (a token, a password, a key).
    Open,
    /// Anyone signed in; the handler looks at the object.
    SignedIn,
    /// A post that grants the action.
    Needs(Action),
}

/// A handler.
pub type Handler = fn(Call) -> LocalBoxFuture<'static, Result<Answer, AppError>>;

/// One way in.
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// What it takes to enter.
    pub gate: Gate,
    /// Most bytes of the body.
    pub limit: usize,
    /// What it does, for the OpenAPI document.
    pub summary: &'static str,
    /// What does it.
    pub run: Handler,
}

macro_rules! route {
    ($method:ident $path:literal, $gate:expr, $limit:expr, $summary:literal, $run:path) => {
        Route {
            method: Method::$method,
            path: $path,
            gate: $gate,
            limit: $limit,
            summary: $summary,
            run: |call| Box::pin($run(call)),
        }
    };
}

/// The table.
pub fn table() -> Vec<Route> {
    use Action::{ImportRoster, ManageAccounts, ReadAudit, StopSending};
    use Gate::{Needs, Open, SignedIn};
    const J: usize = MAX_JSON_BYTES;
    vec![
        route!(Get "/api/health", Open, 0, "Whether the Worker answers", health),
        route!(Get "/api/openapi.json", Open, 0, "This document", openapi::document),
        route!(Post "/api/setup", Open, J, "First step of a new deployment, works once", school::routes::setup),
        route!(Post "/api/session", Open, J, "Sign in", account::routes::sign_in),
        route!(Delete "/api/session", SignedIn, J, "Sign out", account::routes::sign_out),
        route!(Get "/api/me", SignedIn, 0, "Who is signed in", account::routes::me),
        route!(Post "/api/activations/check", Open, J, "Whose account a link opens", account::routes::check_activation),
        route!(Post "/api/activations", Open, J, "Choose the password of one's own account", account::routes::activate),
        route!(Get "/api/units", SignedIn, 0, "Units, heads and custodians", school::routes::units),
        route!(Post "/api/school/stop", Needs(StopSending), J, "Stop all sending, or go on", school::routes::stop),
        route!(Get "/api/classes", SignedIn, 0, "Classes within reach", roster::routes::classes),
        route!(Get "/api/classes/{id}", SignedIn, 0, "A class's roll", roster::routes::class_roll),
        route!(Get "/api/staff", Needs(ManageAccounts), 0, "Staff and posts", roster::routes::staff),
        route!(Post "/api/staff/activations", Needs(ManageAccounts), J, "Issue activation slips", account::routes::issue_slips),
        route!(Post "/api/staff/{id}/activation", Needs(ManageAccounts), J, "Issue one activation slip", account::routes::issue_slip),
        route!(Post "/api/roster/imports", Needs(ImportRoster), domain::roster::MAX_IMPORT_BYTES, "Preview a roster file", roster::routes::preview),
        route!(Post "/api/roster/imports/{id}/apply", Needs(ImportRoster), J, "Apply a previewed file", roster::routes::apply),
        route!(Get "/api/messages", SignedIn, 0, "Messages within reach", message::routes::list),
        route!(Post "/api/messages", SignedIn, J, "Save a draft", message::routes::create),
        route!(Post "/api/messages/preview", SignedIn, J, "What a draft would send to whom", message::routes::preview),
        route!(Get "/api/messages/{id}", SignedIn, 0, "A message", message::routes::show),
        route!(Put "/api/messages/{id}", SignedIn, J, "Change a draft", message::routes::change),
        route!(Post "/api/messages/{id}/submit", SignedIn, J, "Submit for approval", message::routes::submit),
        route!(Post "/api/messages/{id}/decisions", SignedIn, J, "Approve or return", crate::approval::routes::decide),
        route!(Post "/api/messages/{id}/withdraw", SignedIn, J, "Take back before approval", message::routes::withdraw),
        route!(Post "/api/messages/{id}/cancel", SignedIn, J, "Cancel before its time", message::routes::cancel),
        route!(Post "/api/messages/{id}/pause", SignedIn, J, "Hold what has not left", message::routes::pause),
        route!(Post "/api/messages/{id}/resume", SignedIn, J, "Go on after a pause", message::routes::resume),
        route!(Get "/api/messages/{id}/funnel", SignedIn, 0, "How far it has got", delivery::routes::funnel),
        route!(Get "/api/messages/{id}/deliveries", SignedIn, 0, "The named list, by child", delivery::routes::list),
        route!(Get "/api/audit", Needs(ReadAudit), 0, "The audit log", audit::routes::list),
        route!(Get "/api/audit/verify", Needs(ReadAudit), 0, "Verify the audit chain", audit::routes::verify),
        route!(Get "/m/{token}", Open, 0, "A parent's page", link::routes::page),
        route!(Post "/m/{token}", Open, MAX_FORM_BYTES, "A parent's answer", link::routes::answer),
        route!(Get "/sandbox", Open, 0, "The demo's phones", sandbox::routes::phones),
        route!(Get "/sandbox/api/messages", Open, 0, "The demo's SMS", sandbox::routes::messages),
        route!(Get "/sandbox/api/usage", Open, 0, "What the demo has used", sandbox::routes::usage),
        route!(Delete "/sandbox/api/usage", Open, J, "Count from nothing", sandbox::routes::reset_usage),
    ]
}

async fn health(call: Call) -> Result<Answer, AppError> {
    Answer::json(200, &serde_json::json!({ "ok": true, "demo": call.app.demo }))
}

/// A request that has come through the gate.
pub struct Call {
    /// The deployment.
    pub app: Rc<App>,
    /// Who is signed in; always there behind a gate other than `Open`.
    person: Option<Person>,
    /// The session's hash, for signing out.
    pub session: Option<String>,
    /// The reader's language.
    pub lang: Lang,
    /// `?name=value`, decoded.
    pub query: HashMap<String, String>,
    /// The headers.
    pub headers: Headers,
    /// The method: `Head` where only the headers are asked for.
    pub method: Method,
    params: HashMap<String, String>,
    body: Vec<u8>,
    key: Option<String>,
    route: String,
}

impl Call {
    /// Who is signed in.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`].
    pub fn person(&self) -> Result<&Person, AppError> {
        self.person.as_ref().ok_or(AppError::NotSignedIn)
    }

    /// A parameter of the path; what is no id does not exist.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn param<T: std::str::FromStr>(&self, name: &str) -> Result<T, AppError> {
        self.params.get(name).and_then(|v| v.parse().ok()).ok_or(AppError::NotFound)
    }

    /// The body's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`AppError::BadJson`] names the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        let value =
            serde_path_to_error::deserialize(&mut reader).map_err(|e| AppError::BadJson(e.to_string()))?;
        reader.end().map_err(|e| AppError::BadJson(e.to_string()))?;
        Ok(value)
    }

    /// Writes the answer under the Idempotency-Key, in the batch of its
    /// effect. `answer` is an SQL expression of ours or bound JSON.
    ///
    /// # Errors
    /// Where the values cannot be bound.
    pub fn remember<'a>(
        &self,
        batch: Guarded<'a>,
        status: u16,
        answer: Remember<'_>,
    ) -> Result<Guarded<'a>, AppError> {
        let (Some(key), Some(person)) = (&self.key, &self.person) else { return Ok(batch) };
        let (expression, bound) = match answer {
            Remember::Json(json) => ("?6", json.to_owned()),
            Remember::Later => ("?6", String::new()),
            Remember::NewestMessage => {
                ("json_object('id', (SELECT MAX(id) FROM messages)) || ?6", String::new())
            }
        };
        batch.then(
            &format!(
                "INSERT INTO idempotency (staff_id, route, key, body_hash, status, answer, at)
                 SELECT ?1, ?2, ?3, ?4, ?5, {expression}, ?7"
            ),
            args![
                person.id,
                self.route.as_str(),
                key.as_str(),
                sha256(&self.body),
                i64::from(status),
                bound,
                self.app.now()
            ],
        )
    }

    /// Writes the answer under the Idempotency-Key where [`Remember::Later`]
    /// left it open. If we die before, a repeat shows the object as it then is.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn keep(&self, answer: &Answer) -> Result<(), AppError> {
        let (Some(key), Some(person), Body::Json(json)) = (&self.key, &self.person, &answer.body) else {
            return Ok(());
        };
        let sql = "UPDATE idempotency SET answer = ?1 WHERE staff_id = ?2 AND route = ?3 AND key = ?4";
        let args = args![json.as_str(), person.id, self.route.as_str(), key.as_str()];
        self.app.db.run(vec![self.app.db.sql(sql, args)?]).await?;
        Ok(())
    }

    /// The answer given before under this key, where the batch of its effect came a second time.
    async fn replay(self) -> Result<Answer, AppError> {
        let (Some(key), Some(person)) = (&self.key, &self.person) else { return Err(AppError::Lost) };
        let earlier: Option<Earlier> =
            self.app.db.first(EARLIER, args![person.id, self.route.as_str(), key.as_str()]).await?;
        earlier.ok_or(AppError::Lost)?.answer(self).await
    }

    /// What a replay needs of this call, which the handler consumes.
    fn for_replay(&self) -> Self {
        Self {
            app: self.app.clone(),
            person: self.person.clone(),
            session: None,
            lang: self.lang,
            query: HashMap::new(),
            headers: Headers::new(),
            method: self.method.clone(),
            params: self.params.clone(),
            body: self.body.clone(),
            key: self.key.clone(),
            route: self.route.clone(),
        }
    }
}

/// What [`Call::remember`] keeps.
pub enum Remember<'a> {
    /// JSON as it is sent.
    Json(&'a str),
    /// What [`Call::keep`] writes once the batch's outcome is known.
    Later,
    /// `{"id": …}` of the message that the batch inserts.
    NewestMessage,
}

/// The earlier answer under a key.
const EARLIER: &str =
    "SELECT body_hash, status, answer FROM idempotency WHERE staff_id = ?1 AND route = ?2 AND key = ?3";

#[derive(serde::Deserialize)]
struct Earlier {
    body_hash: String,
    status: u16,
    answer: String,
}

impl Earlier {
    async fn answer(self, call: Call) -> Result<Answer, AppError> {
        if self.body_hash != sha256(&call.body) {
            return Err(AppError::KeyReused);
        }
        if self.answer.is_empty() {
            // Only orders about a message leave their answer open.
            return message::routes::show(call).await;
        }
        Ok(Answer {
            status: self.status,
            body: Body::Json(self.answer),
            headers: Vec::new(),
            later: Vec::new(),
        })
    }
}

/// A body.
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(String),
    /// HTML.
    Html(String),
}

/// An answer.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Body,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// What goes on after the answer has left. Nothing may depend on it: cron does what is lost.
    pub later: Vec<LocalBoxFuture<'static, ()>>,
}

impl Answer {
    /// JSON.
    ///
    /// # Errors
    /// Where the value cannot be written as JSON.
    pub fn json<T: Serialize>(status: u16, value: &T) -> Result<Self, AppError> {
        let json = serde_json::to_string(value).map_err(|e| AppError::Internal(e.to_string()))?;
        Ok(Self { status, body: Body::Json(json), headers: Vec::new(), later: Vec::new() })
    }

    /// No content.
    pub fn empty() -> Self {
        Self { status: 204, body: Body::Empty, headers: Vec::new(), later: Vec::new() }
    }

    /// HTML.
    pub fn html(status: u16, html: String) -> Self {
        Self { status, body: Body::Html(html), headers: Vec::new(), later: Vec::new() }
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With work to do after the answer has left.
    pub fn then(mut self, work: impl Future<Output = ()> + 'static) -> Self {
        self.later.push(Box::pin(work));
        self
    }

    fn respond(self, context: &Context) -> worker::Result<Response> {
        for work in self.later {
            context.wait_until(work);
        }
        let builder = ResponseBuilder::new().with_status(self.status);
        let mut response = match self.body {
            Body::Empty => builder.empty(),
            Body::Json(json) => {
                let mut response = builder.fixed(json.into_bytes());
                response.headers_mut().set("Content-Type", "application/json; charset=utf-8")?;
                response
            }
            Body::Html(html) => {
                let mut response = builder.fixed(html.into_bytes());
                response.headers_mut().set("Content-Type", "text/html; charset=utf-8")?;
                response
            }
        };
        let headers = response.headers_mut();
        for (name, value) in [
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Robots-Tag", "noindex, nofollow"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            (
                "Content-Security-Policy",
                "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            ),
        ] {
            headers.set(name, value)?;
        }
        for (name, value) in self.headers {
            headers.set(name, &value)?;
        }
        Ok(response)
    }
}

/// Answers a request.
///
/// # Errors
/// Only where the platform cannot build a response.
pub async fn respond(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let lang = Lang::from_accept_language(&request.headers().get("Accept-Language")?.unwrap_or_default());
    let path = request.path();
    let demo = crate::clock::demo(&env);
    let app = App::new(env).map(Rc::new);
    let used = app.as_ref().map(|app| app.db.used()).unwrap_or_default();
    let handled = match app {
        Ok(app) => handle(request, app, lang).await,
        Err(error) => Err(error),
    };
    let mut answer = handled.unwrap_or_else(|error| problem_answer(&error, lang, &path));
    if demo {
        // The tests count round trips against production limits; a real deployment tells nothing.
        let Usage { trips, rows_read: read, rows_written: written, .. } = used.get();
        answer = answer.header("X-D1", format!("trips={trips}; read={read}; written={written}"));
    }
    answer.respond(&context)
}

fn problem_answer(error: &AppError, lang: Lang, path: &str) -> Answer {
    if let AppError::Internal(cause) = error {
        // The path's first part only: what follows may be a parent's token (I11).
        let area = path.split('/').nth(1).unwrap_or_default();
        worker::console_error!("{}", serde_json::json!({ "level": "error", "area": area, "cause": cause }));
    }
    let answer = Answer::json(error.status(), &error.problem(lang)).unwrap_or_else(|_| Answer::empty());
    let answer = answer.header("Content-Type", "application/problem+json; charset=utf-8");
    match error {
        AppError::Throttled(seconds) => answer.header("Retry-After", seconds.to_string()),
        _ => answer,
    }
}

async fn handle(mut request: Request, app: Rc<App>, lang: Lang) -> Result<Answer, AppError> {
    let path = request.path();
    let method = match request.method() {
        Method::Head => Method::Get,
        other => other,
    };
    let Found { gate, limit, run, params } = find(&method, &path)?;
    let headers = request.headers().clone();
    let url = request.url()?;
    if method != Method::Get && path.starts_with("/api/") {
        refuse_foreign_sites(&headers, &url)?;
    }
    let body = read_body(&mut request, &headers, &method, limit).await?;
    let key = idempotency_key(&headers)?;
    let route_name = format!("{method} {path}");

    let mut call = Call {
        person: None,
        session: None,
        lang,
        query: url.query_pairs().into_owned().collect(),
        headers,
        method: request.method(),
        params,
        body,
        key: key.filter(|_| method == Method::Post),
        route: route_name,
        app,
    };
    if gate != Gate::Open {
        let rows = enter(&mut call).await?;
        if let Gate::Needs(action) = gate
            && !call.person()?.may(action)
        {
            return Err(AppError::Forbidden);
        }
        if let Some(earlier) = rows.map(|r| r.first::<Earlier>()).transpose()?.flatten() {
            return earlier.answer(call).await;
        }
    }
    let again = call.for_replay();
    match run(call).await {
        // The same key came twice at once: the other one has done it.
        Err(AppError::Replayed) => again.replay().await,
        other => other,
    }
}

/// The table with the tree that finds a path in it. Paths that exist with
/// several methods share one entry of the tree.
struct Ways {
    routes: Vec<Route>,
    tree: matchit::Router<Vec<usize>>,
}

thread_local! {
    // Built once for an isolate: growing the tree costs more than answering a parent's page.
    static WAYS: Result<Ways, String> = ways();
}

fn ways() -> Result<Ways, String> {
    let routes = table();
    let mut by_path: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, route) in routes.iter().enumerate() {
        by_path.entry(route.path).or_default().push(at);
    }
    let mut tree = matchit::Router::new();
    for (path, at) in by_path {
        tree.insert(path, at).map_err(|e| e.to_string())?;
    }
    Ok(Ways { routes, tree })
}

/// What a request enters by.
struct Found {
    gate: Gate,
    limit: usize,
    run: Handler,
    params: HashMap<String, String>,
}

fn find(method: &Method, path: &str) -> Result<Found, AppError> {
    WAYS.with(|ways| {
        let ways = ways.as_ref().map_err(|e| AppError::Internal(e.clone()))?;
        let found = ways.tree.at(path).map_err(|_| AppError::NotFound)?;
        let mut routes = found.value.iter().filter_map(|at| ways.routes.get(*at));
        let route = routes.find(|r| r.method == *method).ok_or(AppError::MethodNotAllowed)?;
        Ok(Found {
            gate: route.gate,
            limit: route.limit,
            run: route.run,
            params: found.params.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        })
    })
}

/// CSRF: a browser says from which site a request comes; an old one says at
/// least from which origin. What says neither is no browser and carries no
/// cookie by itself.
fn refuse_foreign_sites(headers: &Headers, url: &worker::Url) -> Result<(), AppError> {
    if let Some(site) = headers.get("Sec-Fetch-Site")? {
        return if matches!(site.as_str(), "same-origin" | "none") {
            Ok(())
        } else {
            Err(AppError::ForeignSite)
        };
    }
    match headers.get("Origin")? {
        Some(origin) if origin != url.origin().ascii_serialization() => Err(AppError::ForeignSite),
        _ => Ok(()),
    }
}

async fn read_body(
    request: &mut Request,
    headers: &Headers,
    method: &Method,
    limit: usize,
) -> Result<Vec<u8>, AppError> {
    if *method == Method::Get {
        return Ok(Vec::new());
    }
    // The header refuses early; the count decides, since the header may lie or be absent.
    let told: Option<usize> = headers.get("Content-Length")?.and_then(|v| v.parse().ok());
    if told.is_some_and(|n| n > limit) {
        return Err(AppError::TooLarge(limit));
    }
    if told == Some(0) {
        return Ok(Vec::new());
    }
    let mut body = Vec::with_capacity(told.unwrap_or_default());
    let Ok(mut stream) = request.stream() else { return Ok(body) };
    while let Some(chunk) = futures_util::StreamExt::next(&mut stream).await {
        body.extend_from_slice(&chunk?);
        if body.len() > limit {
            return Err(AppError::TooLarge(limit));
        }
    }
    Ok(body)
}

fn idempotency_key(headers: &Headers) -> Result<Option<String>, AppError> {
    let Some(key) = headers.get("Idempotency-Key")? else { return Ok(None) };
    if (MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Some(key))
    } else {
        Err(AppError::BadJson(format!(
            "Idempotency-Key: {MIN_KEY_BYTES} to {MAX_KEY_BYTES} visible ASCII characters"
        )))
    }
}

/// Loads the session, and in the same round trip the earlier answer under the key.
async fn enter(call: &mut Call) -> Result<Option<Rows>, AppError> {
    let token = account::session_token(&call.headers)?.ok_or(AppError::NotSignedIn)?;
    let mut extra = Vec::new();
    if let Some(key) = &call.key {
        let session = sha256(token.as_bytes());
        extra.push(call.app.db.sql(
            "SELECT body_hash, status, answer FROM idempotency
             WHERE staff_id = (SELECT staff_id FROM sessions WHERE token_hash = ?1) AND route = ?2 AND key = ?3",
            args![session, call.route.as_str(), key.as_str()],
        )?);
    }
    let (person, mut rows) = account::enter(&call.app, &token, extra).await?;
    call.person = Some(person);
    call.session = Some(sha256(token.as_bytes()));
    Ok(rows.pop())
}
