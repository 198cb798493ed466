//! One table of all ways in, and how a request gets to its handler.
//!
//! What holds for every request is done here, once: the site it comes from
//! (CSRF), the size of its body, the session, the right to enter, the
//! Idempotency-Key, and turning an error into a problem.

use std::collections::HashMap;
use std::rc::Rc;

use domain::access::Person;
use domain::api::{self, Gate, Health};
use domain::words::Lang;

use crate::platform::app::App;
use crate::platform::crypto::sha256;
use crate::platform::d1::Usage;
use crate::platform::error::AppError;
use crate::platform::http::idempotency::{self, Earlier};
use crate::platform::http::route::FORM_BYTES_MAX;
use crate::platform::http::{Call, Handler, Key, Method, Reply, Request, Route, Signed, on, page};
use crate::{account, approval, audit, delivery, link, me, message, openapi, roster, sandbox, school};

const GET: Method = Method::Known(api::Method::Get);
const POST: Method = Method::Known(api::Method::Post);

/// The table.
pub fn table() -> Vec<Route> {
    use api::Method::{Delete, Get, Post};
    vec![
        on(api::HEALTH, health),
        on(api::OPENAPI, openapi::document),
        on(api::SETUP, school::routes::setup),
        on(api::SIGN_IN, me::sign_in),
        on(api::SIGN_OUT, account::routes::sign_out),
        on(api::ME, me::me),
        on(api::CHECK_ACTIVATION, account::routes::check_activation),
        on(api::ACTIVATE, account::routes::activate),
        on(api::UNITS, school::routes::units),
        on(api::STOP, school::routes::stop),
        on(api::CLASSES, roster::routes::classes),
        on(api::CLASS_ROLL, roster::routes::class_roll),
        on(api::STAFF, roster::routes::staff),
        on(api::ISSUE_SLIPS, account::routes::issue_slips),
        on(api::ISSUE_SLIP, account::routes::issue_slip),
        on(api::PREVIEW_IMPORT, roster::routes::preview),
        on(api::APPLY_IMPORT, roster::routes::apply),
        on(api::MESSAGES, message::routes::list),
        on(api::CREATE_MESSAGE, message::routes::create),
        on(api::PREVIEW_MESSAGE, message::routes::preview),
        on(api::MESSAGE, message::routes::show),
        on(api::CHANGE_MESSAGE, message::routes::change),
        on(api::SUBMIT, message::routes::submit),
        on(api::DECIDE, approval::routes::decide),
        on(api::WITHDRAW, message::routes::withdraw),
        on(api::CANCEL, message::routes::cancel),
        on(api::PAUSE, message::routes::pause),
        on(api::RESUME, message::routes::resume),
        on(api::FUNNEL, delivery::routes::funnel),
        on(api::DELIVERIES, delivery::routes::list),
        on(api::AUDIT, audit::routes::list),
        on(api::VERIFY_AUDIT, audit::routes::verify),
        page(Get, "/m/{token}", 0, link::routes::page),
        page(Post, "/m/{token}", FORM_BYTES_MAX, link::routes::answer),
        page(Get, "/sandbox", 0, sandbox::routes::phones),
        page(Get, "/sandbox/api/messages", 0, sandbox::routes::messages),
        page(Get, "/sandbox/api/usage", 0, sandbox::routes::usage),
        page(Delete, "/sandbox/api/usage", FORM_BYTES_MAX, sandbox::routes::reset_usage),
    ]
}

async fn health(call: Call) -> Result<Reply<Health>, AppError> {
    Reply::json(200, &Health { ok: true, demo: call.app.demo })
}

/// The table with the tree that finds a path in it. Paths that exist with
/// several methods share one entry of the tree.
struct RouteTable {
    routes: Vec<Route>,
    tree: matchit::Router<Vec<usize>>,
}

impl RouteTable {
    fn build() -> Result<Self, String> {
        let routes = table();
        let mut by_path: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, route) in routes.iter().enumerate() {
            // A handler for anybody behind a gate would let anybody in.
            if (route.gate == Gate::Open) != matches!(route.handler, Handler::Open(_)) {
                return Err(format!("{}: the handler does not fit the gate {:?}", route.path, route.gate));
            }
            by_path.entry(route.path).or_default().push(at);
        }
        let mut tree = matchit::Router::new();
        for (path, at) in by_path {
            tree.insert(path, at).map_err(|e| e.to_string())?;
        }
        Ok(Self { routes, tree })
    }
}

thread_local! {
    // The route tree is built once per isolate: building it costs more than answering a parent's page.
    static ROUTES: Result<RouteTable, String> = RouteTable::build();
}

/// What a request enters by.
struct Found {
    gate: Gate,
    limit: usize,
    handler: Handler,
    params: HashMap<String, String>,
}

fn find(method: Method, path: &str) -> Result<Found, AppError> {
    ROUTES.with(|routes| {
        let routes = routes.as_ref().map_err(|e| AppError::Internal(e.clone()))?;
        let found = routes.tree.at(path).map_err(|_| AppError::NotFound)?;
        let mut of_path = found.value.iter().filter_map(|at| routes.routes.get(*at));
        let method = method.served_as().ok_or(AppError::MethodNotAllowed)?;
        let route = of_path.find(|r| r.method == method).ok_or(AppError::MethodNotAllowed)?;
        Ok(Found {
            gate: route.gate,
            limit: route.limit,
            handler: route.handler.clone(),
            params: found.params.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        })
    })
}

/// Answers a request.
pub async fn answer(app: Rc<App>, request: Request) -> Reply {
    let lang = Lang::from_accept_language(request.headers.get("accept-language").map_or("", String::as_str));
    let path = request.url.path().to_owned();
    let used = app.db.used();
    let reply = dispatch(app.clone(), request, lang).await;
    let reply = reply.unwrap_or_else(|error| refusal(&app, &error, lang, &path));
    if !app.demo {
        return reply;
    }
    // The tests count round trips against production limits; a real deployment tells nothing.
    let Usage { trips, queries, rows_read, rows_written, largest_value, .. } = used.get();
    reply.header(
        "X-D1",
        format!("trips={trips}; read={rows_read}; written={rows_written}; queries={queries}; largest={largest_value}"),
    )
}

fn refusal(app: &App, error: &AppError, lang: Lang, path: &str) -> Reply {
    let internal = matches!(error, AppError::Internal(_));
    if internal {
        // The path's first part only: what follows may be a parent's token (I11).
        app.log_error(
            "request",
            error,
            serde_json::json!({ "path": path.split('/').nth(1).unwrap_or_default() }),
        );
    }
    let text = serde_json::to_string(&error.problem(lang)).unwrap_or_default();
    let reply = Reply::problem(error.status(), text);
    match error {
        AppError::Throttled(seconds) => reply.header("Retry-After", seconds.to_string()),
        // Who reports a fault can name the entry of the log.
        _ if internal => reply.header("X-Request-Id", app.request.clone()),
        _ => reply,
    }
}

async fn dispatch(app: Rc<App>, request: Request, lang: Lang) -> Result<Reply, AppError> {
    let Request { method, url, headers, body } = request;
    let Found { gate, limit, handler, params } = find(method, url.path())?;
    if method.changes() && url.path().starts_with("/api/") {
        refuse_foreign_sites(&headers, &url)?;
    }
    let body = if method.changes() {
        // The header refuses early; the count decides, since the header may lie or be absent.
        let told: Option<f64> = headers.get("content-length").and_then(|v| v.parse().ok());
        if told.is_some_and(|n| n > limit as f64) {
            return Err(AppError::TooLarge(limit));
        }
        body.read(limit).await?
    } else {
        Vec::new()
    };
    let call = Call { app, lang, method, url, headers, params, body };
    match handler {
        Handler::Open(run) => run(call).await,
        Handler::Signed(run) => {
            let (signed, earlier) = enter(call, gate).await?;
            let (again, key) = (Replay::of(&signed), signed.key.clone());
            let earlier = match earlier {
                Some(earlier) => earlier,
                None => match (run(signed).await, key) {
                    // The same key came twice at once: the other one has done it.
                    (Err(AppError::Replayed), Some(key)) => again.earlier(&key).await?,
                    (other, _) => return other,
                },
            };
            again.answer(earlier).await
        }
    }
}

/// CSRF: a browser says from which site a request comes; an old one says at
/// least from which origin. What says neither is no browser and carries no
/// cookie by itself.
fn refuse_foreign_sites(headers: &HashMap<String, String>, url: &worker::Url) -> Result<(), AppError> {
    if let Some(site) = headers.get("sec-fetch-site") {
        return if matches!(site.as_str(), "same-origin" | "none") {
            Ok(())
        } else {
            Err(AppError::ForeignSite)
        };
    }
    match headers.get("origin") {
        Some(origin) if *origin != url.origin().ascii_serialization() => Err(AppError::ForeignSite),
        _ => Ok(()),
    }
}

/// Lets in who is signed in and may; reads in the same round trip what was answered before under the key.
async fn enter(call: Call, gate: Gate) -> Result<(Signed, Option<Earlier>), AppError> {
    let token = account::session_token(call.header("cookie")).ok_or(AppError::NotSignedIn)?;
    let session = sha256(token.as_bytes());
    let given = if call.method == POST { call.header("idempotency-key") } else { None };
    let given = idempotency::checked(given)?.map(str::to_owned);
    let query = call.url.query().map(|q| format!("?{q}")).unwrap_or_default();
    let route = format!("POST {}{query}", call.url.path());
    let whose = "(SELECT staff_id FROM sessions WHERE token_hash = ?1)";
    let extra = given.iter().map(|key| idempotency::earlier(whose, session.as_str(), &route, key)).collect();
    let (person, rows) = account::enter(&call.app, &session, extra).await?;
    if let Gate::Needs(action) = gate
        && !person.may(action)
    {
        return Err(AppError::Forbidden);
    }
    let body_hash = sha256(&call.body);
    let earlier = rows.first().map(|r| r.first::<Earlier>()).transpose()?.flatten();
    let earlier = earlier.map(|earlier| earlier.of_this_body(&body_hash)).transpose()?;
    let key = given.map(|key| Key { staff: person.id, route, key, body_hash });
    Ok((Signed { call, person: Rc::new(person), session, key }, earlier))
}

/// Answers an order that comes a second time as it was answered before.
struct Replay {
    app: Rc<App>,
    lang: Lang,
    url: worker::Url,
    person: Rc<Person>,
    session: String,
}

impl Replay {
    fn of(signed: &Signed) -> Self {
        Self {
            app: signed.app.clone(),
            lang: signed.lang,
            url: signed.url.clone(),
            person: signed.person.clone(),
            session: signed.session.clone(),
        }
    }

    async fn earlier(&self, key: &Key) -> Result<Earlier, AppError> {
        let read = idempotency::earlier("?1", key.staff, &key.route, &key.key);
        let rows = self.app.db.run(vec![read]).await?;
        let earlier = rows.first().map(|r| r.first::<Earlier>()).transpose()?.flatten();
        earlier.ok_or(AppError::Lost)?.of_this_body(&key.body_hash)
    }

    /// The answer that was kept, or the resource as it is now, read through its own way in.
    async fn answer(self, earlier: Earlier) -> Result<Reply, AppError> {
        if let Some(json) = earlier.answer {
            return Ok(Reply::json_text(earlier.status, json));
        }
        let path = earlier.resource.ok_or(AppError::Lost)?;
        let Found { handler: Handler::Signed(run), params, .. } = find(GET, &path)? else {
            return Err(AppError::NotFound);
        };
        let mut url = self.url;
        url.set_path(&path);
        url.set_query(None);
        let call = Call {
            app: self.app,
            lang: self.lang,
            method: GET,
            url,
            headers: HashMap::new(),
            params,
            body: Vec::new(),
        };
        let signed = Signed { call, person: self.person, session: self.session, key: None };
        let mut reply = run(signed).await?;
        reply.status = earlier.status;
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handler_fits_its_gate() {
        let built = RouteTable::build().map(|table| table.routes.len());
        assert_eq!(built, Ok(table().len()));
    }
}
