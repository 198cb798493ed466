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

use crate::account::Entered;
use crate::hooks::routes::HOOK_BYTES_MAX;
use crate::platform::app::App;
use crate::platform::crypto::sha256;
use crate::platform::d1::Usage;
use crate::platform::error::AppError;
use crate::platform::http::idempotency::{self, Earlier};
use crate::platform::http::route::FORM_BYTES_MAX;
use crate::platform::http::{Call, Handler, Key, Method, Reply, Request, Route, Signed, on, page};
use crate::{
    account, appointment, approval, audit, delegation, delivery, filing, hooks, link, me, message,
    office_request, openapi, people, procedure, register, roster, sandbox, school, sms_account, template,
    why,
};

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
        on(api::CHANGE_PASSWORD, account::own::change_password),
        on(api::SESSIONS, account::own::sessions),
        on(api::END_SESSIONS, account::own::end_others),
        on(api::END_SESSION, account::own::end_session),
        on(api::ANSWER_RESET, account::own::answer_reset),
        on(api::CHECK_ACTIVATION, account::slip_routes::check),
        on(api::ACTIVATE, account::slip_routes::activate),
        on(api::UNITS, school::routes::units),
        on(api::WHY_UNIT, why::unit),
        on(api::MAKE_UNIT, school::units::make),
        on(api::CHANGE_UNIT, school::units::change),
        on(api::UNIT_CHANGES, school::unit_changes::list),
        on(api::MOVE_UNIT, school::unit_changes::propose_move),
        on(api::CLOSE_UNIT, school::unit_changes::propose_closing),
        on(api::CONFIRM_UNIT_CHANGE, school::unit_changes::confirm),
        on(api::DECLINE_UNIT_CHANGE, school::unit_changes::decline),
        on(api::STOP, school::routes::stop),
        on(api::CHECKLIST, school::checklist::checklist),
        on(api::CLASSES, roster::routes::classes),
        on(api::CLASS_ROLL, roster::routes::class_roll),
        on(api::LIST_TEACHERS, roster::routes::list_teachers),
        on(api::STAFF, roster::routes::staff),
        on(api::WHY_MEMBER, why::member),
        on(api::SLIPS, account::slip_routes::list),
        on(api::CONFIRM_SLIP, account::slip_routes::confirm),
        on(api::DECLINE_SLIP, account::slip_routes::decline),
        on(api::ISSUE_SLIPS, account::slip_routes::issue_many),
        on(api::ISSUE_SLIP, account::slip_routes::issue_one),
        on(api::WAITING_APPOINTMENTS, appointment::routes::waiting),
        on(api::CONFIRM_APPOINTMENTS, appointment::routes::confirm),
        on(api::DECLINE_APPOINTMENT, appointment::routes::decline),
        on(api::REQUESTS, office_request::routes::list),
        on(api::HAND_IN, office_request::routes::hand_in),
        on(api::TAKE_UP, office_request::routes::take_up),
        on(api::DECLINE_REQUEST, office_request::routes::decline),
        on(api::ASK_ABOUT_WORDS, office_request::routes::ask),
        on(api::ANSWER_CHANGE, office_request::routes::answer),
        on(api::WITHDRAW_REQUEST, office_request::routes::withdraw),
        on(api::GIVE_POST, appointment::giving::give),
        on(api::POST_ENDING, appointment::ending::ending),
        on(api::END_POST, appointment::ending::end),
        on(api::DELEGATIONS, delegation::routes::list),
        on(api::RECORD_ABSENCE, delegation::routes::record),
        on(api::WITHDRAW_ABSENCE, delegation::routes::withdraw),
        on(api::STAFF_LEAVING, people::routes::staff_leaving),
        on(api::LEAVE_STAFF, people::routes::leave_staff),
        on(api::RETURN_STAFF, people::routes::return_staff),
        on(api::CHANGE_STAFF_NUMBER, people::routes::change_staff_number),
        on(api::DEPARTURES, people::routes::departures),
        on(api::STUDENT_LEAVING, people::routes::student_leaving),
        on(api::LEAVE_STUDENT, people::routes::leave_student),
        on(api::RETURN_STUDENT, people::routes::return_student),
        on(api::GUARDIAN_LEAVING, people::routes::guardian_leaving),
        on(api::LEAVE_GUARDIAN, people::routes::leave_guardian),
        on(api::RETURN_GUARDIAN, people::routes::return_guardian),
        on(api::CHANGE_GUARDIAN_NUMBER, people::routes::change_guardian_number),
        on(api::MARK_NUMBER, people::routes::mark_number),
        on(api::DISPUTES, people::routes::list_disputes),
        on(api::KEEP_NUMBER, people::routes::keep_number),
        on(api::PROCEDURES, procedure::routes::list),
        on(api::PROPOSE_PROCEDURE, procedure::routes::propose),
        on(api::DRY_RUN, procedure::routes::dry_run),
        on(api::CONFIRM_PROCEDURE, procedure::routes::confirm),
        on(api::DECLINE_PROCEDURE, procedure::routes::decline),
        on(api::SMS_ACCOUNT, sms_account::routes::show),
        on(api::PROPOSE_SMS_ACCOUNT, sms_account::routes::propose),
        on(api::CONFIRM_SMS_ACCOUNT, sms_account::routes::confirm),
        on(api::DECLINE_SMS_ACCOUNT, sms_account::routes::decline),
        on(api::TEST_SMS_ACCOUNT, sms_account::routes::test),
        on(api::PREVIEW_IMPORT, roster::routes::preview),
        on(api::IMPORTS, roster::routes::imports),
        on(api::LOOK_AGAIN, roster::routes::look_again),
        on(api::APPLY_IMPORT, roster::routes::apply),
        on(api::UNDO_IMPORT, roster::routes::undo),
        on(api::MESSAGES, message::routes::list),
        on(api::CREATE_MESSAGE, message::routes::create),
        on(api::PREVIEW_MESSAGE, message::routes::preview),
        on(api::MESSAGE, message::routes::show),
        on(api::CHANGE_MESSAGE, message::routes::change),
        on(api::SUBMIT, message::routes::submit),
        on(api::DECIDE, approval::routes::decide),
        on(api::CORRECT, message::routes::correct),
        on(api::TAKE_OVER, message::take_over::take_over),
        on(api::REMIND, message::remind::remind),
        on(api::STORE_SCAN, filing::scan::store),
        on(api::WHY_MESSAGE, why::message),
        on(api::RECIPIENTS, delivery::names::groups),
        on(api::NAMES, delivery::names::names),
        on(api::SCAN, filing::scan::show),
        on(api::REGISTER_ORIGINAL, filing::routes::register),
        on(api::RELEASE, filing::release::release),
        on(api::RECEIVE_FILING, filing::routes::receive),
        on(api::COMMENT, filing::routes::comment),
        on(api::FILINGS, filing::list::list),
        on(api::FILING_LIMIT, filing::list::set_limit),
        on(api::WITHDRAW, message::routes::withdraw),
        on(api::CANCEL, message::routes::cancel),
        on(api::PAUSE, message::routes::pause),
        on(api::RESUME, message::routes::resume),
        on(api::STOP_MESSAGE, delivery::halt::stop),
        on(api::PUT_AGAIN, delivery::halt::put_again),
        on(api::FUNNEL, delivery::routes::funnel),
        on(api::DELIVERIES, delivery::routes::list),
        on(api::REGISTER, register::routes::list),
        on(api::REGISTER_TOTALS, register::routes::totals),
        on(api::REGISTER_SHEET, register::routes::sheet),
        on(api::VERIFY_DIGEST, register::routes::verify),
        on(api::AGENDA, register::routes::agenda),
        on(api::TEMPLATES, template::routes::list),
        on(api::SAVE_TEMPLATE, template::routes::save),
        on(api::REMOVE_TEMPLATE, template::routes::remove),
        on(api::AUDIT, audit::routes::list),
        on(api::VERIFY_AUDIT, audit::routes::verify),
        on(api::EXPORT_AUDIT, audit::routes::export),
        on(api::AUDIT_HISTORY, audit::routes::history),
        on(api::REVEAL_VALUES, audit::routes::reveal),
        page(Get, "/m/{token}", 0, link::routes::page),
        page(Post, "/m/{token}", FORM_BYTES_MAX, link::routes::answer),
        page(Post, "/hooks/{provider}/{secret}/report", HOOK_BYTES_MAX, hooks::routes::report),
        page(Post, "/hooks/{provider}/{secret}/reply", HOOK_BYTES_MAX, hooks::routes::reply),
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
        let served = method.served_as();
        let route = of_path.clone().find(|r| Some(r.method) == served);
        let route = route.ok_or_else(|| AppError::MethodNotAllowed(allowed(&mut of_path)))?;
        Ok(Found {
            gate: route.gate,
            limit: route.limit,
            handler: route.handler.clone(),
            params: found.params.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        })
    })
}

/// The methods of a path, as the header `Allow` tells them.
fn allowed(routes: &mut dyn Iterator<Item = &Route>) -> String {
    let mut names: Vec<&str> = routes.map(|r| r.method.name()).collect();
    if names.contains(&api::Method::Get.name()) {
        names.push("HEAD");
    }
    names.join(", ")
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
        AppError::MethodNotAllowed(methods) => reply.header("Allow", methods.clone()),
        // Who reports a fault can name the entry of the log.
        _ if internal => reply.header("X-Request-Id", app.request.clone()),
        _ => reply,
    }
}

async fn dispatch(app: Rc<App>, request: Request, lang: Lang) -> Result<Reply, AppError> {
    let Request { method, url, headers, body } = request;
    refuse_other_hosts(&app, &url)?;
    let Found { gate, limit, handler, params } = find(method, url.path())?;
    if method.changes() && url.path().starts_with("/api/") {
        refuse_foreign_sites(&headers, &url)?;
    }
    let body = if method.changes() {
        // The header refuses early; the count decides, since the header may lie or be absent.
        refuse_length(headers.get("content-length").map(String::as_str), limit)?;
        body.read(limit).await?
    } else {
        Vec::new()
    };
    let call = Call { app, lang, method, url, headers, params, body };
    match handler {
        Handler::Open(run) => run(call).await,
        Handler::Signed(run) => {
            let (signed, earlier, is_stale) = enter(call, gate).await?;
            let (again, key) = (Replay::of(&signed), signed.key.clone());
            let in_use = is_stale.then(|| (signed.app.clone(), signed.session.clone()));
            let used = |reply: Reply| match in_use {
                Some((app, session)) => reply.then(async move { account::touch(&app, &session).await }),
                None => reply,
            };
            let earlier = match earlier {
                Some(earlier) => earlier,
                None => match (run(signed).await, key) {
                    // The same key came twice at once: the other one has done it.
                    (Err(AppError::Replayed), Some(key)) => again.earlier(&key).await?,
                    (other, _) => return other.map(used),
                },
            };
            again.answer(earlier).await.map(used)
        }
    }
}

/// A length that is no number is refused as one that is too large is: nothing of the body is read.
fn refuse_length(told: Option<&str>, limit: usize) -> Result<(), AppError> {
    let Some(told) = told.map(str::trim).filter(|told| !told.is_empty()) else { return Ok(()) };
    if !told.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AppError::BadJson("Content-Length: a whole number".into()));
    }
    // What does not fit into a number is larger than any limit.
    if told.parse::<usize>().is_ok_and(|n| n <= limit) { Ok(()) } else { Err(AppError::TooLarge(limit)) }
}

/// Names that lead to this very machine, and to no other whatever a name server says.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// A deployment answers under the address that stands in the parents' links, and under no other that leads
/// to it. On one's own machine every name of it will do; the demo is shown to other devices as well, but its
/// phones (`/sandbox`) are not: a site that leads its own name here would read them.
fn refuse_other_hosts(app: &App, url: &worker::Url) -> Result<(), AppError> {
    let host = url.host_str().unwrap_or_default();
    let site = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let is_own = app.site().is_empty() || site.eq_ignore_ascii_case(app.site()) || LOOPBACK.contains(&host);
    let sandbox = url.path() == "/sandbox" || url.path().starts_with("/sandbox/");
    match (is_own, app.demo) {
        (true, _) => Ok(()),
        (false, true) if sandbox => Err(AppError::NotFound),
        (false, true) => Ok(()),
        (false, false) => Err(AppError::Misdirected),
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
async fn enter(call: Call, gate: Gate) -> Result<(Signed, Option<Earlier>, bool), AppError> {
    let token = account::session_token(call.header("cookie")).ok_or(AppError::NotSignedIn)?;
    let session = sha256(token.as_bytes());
    let given = if call.method == POST { call.header("idempotency-key") } else { None };
    let given = idempotency::checked(given)?.map(str::to_owned);
    let query = call.url.query().map(|q| format!("?{q}")).unwrap_or_default();
    let route = format!("POST {}{query}", call.url.path());
    let whose = "(SELECT staff_id FROM sessions WHERE token_hash = ?1)";
    let extra = given.iter().map(|key| idempotency::earlier(whose, session.as_str(), &route, key)).collect();
    let Entered { person, is_stale, rest: rows } = account::enter(&call.app, &session, extra).await?;
    if let Gate::Needs(action) = gate
        && !person.may(action)
    {
        return Err(AppError::Forbidden);
    }
    // A body can hold a password; where no key asks for it, nothing is computed.
    let body_hash = match given {
        Some(_) => call.app.keys()?.body_hash(&call.body),
        None => String::new(),
    };
    let earlier = rows.first().map(|r| r.first::<Earlier>()).transpose()?.flatten();
    let earlier = earlier.map(|earlier| earlier.of_this_body(&body_hash)).transpose()?;
    let key = given.map(|key| Key { staff: person.id, route, key, body_hash });
    Ok((Signed { call, person: Rc::new(person), session, key }, earlier, is_stale))
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
            if json.is_empty() {
                return Ok(Reply::empty().untyped());
            }
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
    fn a_length_that_is_none_or_too_large_is_refused_before_anything_is_read() {
        let status = |told| refuse_length(told, 100).map_err(|e| e.status());
        for fits in [None, Some(""), Some("0"), Some("100"), Some(" 7 ")] {
            assert_eq!(status(fits), Ok(()), "{fits:?}");
        }
        for large in ["101", "1000000000000", "99999999999999999999999999"] {
            assert_eq!(status(Some(large)), Err(413), "{large}");
        }
        for none in ["1e12", "-1", "+5", "0x10", "5, 5", "many"] {
            assert_eq!(status(Some(none)), Err(400), "{none}");
        }
    }

    #[test]
    fn every_handler_fits_its_gate() {
        let built = RouteTable::build().map(|table| table.routes.len());
        assert_eq!(built, Ok(table().len()));
    }
}
