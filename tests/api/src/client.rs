//! A client of the API, as a browser is one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::account::{Activation, SignIn, Slip};
use domain::problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

use crate::native::{Handle, ORIGIN, Prepared};

/// An answer with its body read.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

impl Reply {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body of a success.
    ///
    /// # Panics
    /// Where it is a refusal, or not what was expected.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The body of a refusal, after checking what holds for every refusal.
    ///
    /// # Panics
    /// Where it is another status, or no problem document with a sentence.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Problem {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json; charset=utf-8"),
            "{}",
            self.body
        );
        let problem: Problem =
            serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body));
        assert_eq!(problem.status, status);
        assert!(problem.kind.starts_with("/problems/"), "{}", problem.kind);
        assert!(problem.title.chars().count() >= 4, "a sentence: {}", problem.title);
        problem
    }

    /// The refusal's name: the last part of its `type`.
    ///
    /// # Panics
    /// As [`Reply::problem`].
    #[track_caller]
    pub fn refused(&self, status: u16) -> String {
        self.problem(status).kind.trim_start_matches("/problems/").to_owned()
    }
}

/// How requests get to a school.
#[derive(Clone)]
pub(crate) enum Way {
    /// Into its thread.
    Native(Handle),
    /// Over HTTP.
    Http(String, Agent),
}

impl Way {
    pub(crate) fn http(origin: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build();
        Self::Http(origin.to_owned(), config.into())
    }
}

/// Someone's browser.
#[derive(Clone)]
pub struct Client {
    way: Way,
    /// The session cookie, `name=value`; empty before signing in.
    pub cookie: String,
}

impl Client {
    pub(crate) fn new(way: Way) -> Self {
        Self { way, cookie: String::new() }
    }

    /// The same browser, after the school was started again on another port.
    pub fn at(&self, app: &crate::App) -> Self {
        Self { way: app.way(), ..self.clone() }
    }

    /// The same person, signed in anew: sessions end while the clock is set forward.
    pub fn again(&self, app: &crate::App, number: &str) -> Self {
        app.signed_in(number)
    }

    /// Any request. `headers` come last and so decide.
    ///
    /// # Panics
    /// Where no answer comes.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: Option<&[u8]>, headers: &[(&str, &str)]) -> Reply {
        self.try_send(method, path, body, headers).unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    /// The headers of every request, and these.
    fn headers<'a>(&'a self, headers: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
        let origin = match &self.way {
            Way::Native(_) => ORIGIN,
            Way::Http(origin, _) => origin,
        };
        let given = [
            ("accept-language", "zh"),
            ("sec-fetch-site", "same-origin"),
            ("origin", origin),
            ("cookie", &self.cookie),
            ("content-type", "application/json"),
        ];
        let mut all: BTreeMap<&str, &str> = given.into_iter().chain(headers.iter().copied()).collect();
        all.retain(|_, value| !value.is_empty());
        all
    }

    /// A request with a value as JSON, for [`crate::App::at_once`].
    pub fn prepare<T: Serialize + ?Sized>(&self, method: &str, path: &str, body: &T) -> Prepared {
        let key = fresh_key();
        with_length(method, path, &self.headers(&[("idempotency-key", &key)]), Some(&json(body)))
    }

    /// Any request, to a server that may be killed meanwhile.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, ureq::Error> {
        let all = self.headers(headers);
        match &self.way {
            Way::Native(school) => Ok(school.fetch(with_length(method, path, &all, body))),
            Way::Http(origin, agent) => {
                let mut request = Request::builder().method(method).uri(format!("{origin}{path}"));
                let map = request.headers_mut().expect("a good request");
                for (name, value) in all {
                    let name = ureq::http::HeaderName::from_bytes(name.as_bytes()).expect("a header name");
                    map.insert(name, value.parse().expect("a header value"));
                }
                read(match body {
                    Some(bytes) => agent.run(request.body(bytes).expect("a request"))?,
                    None => agent.run(request.body(()).expect("a request"))?,
                })
            }
        }
    }

    /// `GET`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None, &[])
    }

    /// `POST` of a value as JSON, with an Idempotency-Key of its own.
    #[track_caller]
    pub fn post<T: Serialize + ?Sized>(&self, path: &str, body: &T) -> Reply {
        self.post_with_key(path, body, &fresh_key())
    }

    /// `POST` under a chosen Idempotency-Key.
    #[track_caller]
    pub fn post_with_key<T: Serialize + ?Sized>(&self, path: &str, body: &T, key: &str) -> Reply {
        self.send("POST", path, Some(&json(body)), &[("idempotency-key", key)])
    }

    /// `PUT` of a value as JSON.
    #[track_caller]
    pub fn put<T: Serialize + ?Sized>(&self, path: &str, body: &T) -> Reply {
        self.send("PUT", path, Some(&json(body)), &[])
    }

    /// `DELETE`.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None, &[])
    }

    /// `POST` of a file's bytes.
    #[track_caller]
    pub fn upload(&self, path: &str, bytes: &[u8]) -> Reply {
        self.send(
            "POST",
            path,
            Some(bytes),
            &[("content-type", "text/csv"), ("idempotency-key", &fresh_key())],
        )
    }

    /// A parent's tap on the button.
    #[track_caller]
    pub fn confirm(&self, link_path: &str) -> Reply {
        let form = "application/x-www-form-urlencoded";
        self.send(
            "POST",
            link_path,
            Some(b"action=confirm"),
            &[("content-type", form), ("origin", "null"), ("sec-fetch-site", "")],
        )
    }

    /// Signs in and keeps the cookie.
    #[track_caller]
    pub fn sign_in(&mut self, login: &str, password: &str) -> Reply {
        let reply = self.post("/api/session", &SignIn { login: login.into(), password: password.into() });
        self.keep_cookie(&reply);
        reply
    }

    /// Signs in from an address, and keeps the cookie.
    #[track_caller]
    pub fn sign_in_from(&mut self, address: &str, login: &str, password: &str) -> Reply {
        let body = json(&SignIn { login: login.into(), password: password.into() });
        let reply = self.send("POST", "/api/session", Some(&body), &[("cf-connecting-ip", address)]);
        self.keep_cookie(&reply);
        reply
    }

    fn keep_cookie(&mut self, reply: &Reply) {
        if let Some(cookie) = reply.header("set-cookie") {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
    }

    /// Signs out; what the browser keeps afterwards, it keeps.
    #[track_caller]
    pub fn sign_out(&mut self) -> Reply {
        let reply = self.send("DELETE", "/api/session", None, &[]);
        self.keep_cookie(&reply);
        reply
    }

    /// Chooses the password that a slip asks for.
    ///
    /// # Panics
    /// Where the slip has no token.
    #[track_caller]
    pub fn activate(&self, slip: &Slip, password: &str) -> Reply {
        let (_, token) = slip.link.split_once('#').expect("…/activate#token");
        self.post("/api/activations", &Activation { token: token.into(), password: Some(password.into()) })
    }
}

fn with_length(method: &str, path: &str, headers: &BTreeMap<&str, &str>, body: Option<&[u8]>) -> Prepared {
    let length = body.map(|b| b.len().to_string());
    let mut all: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if !headers.contains_key("content-length") {
        all.extend(length.map(|n| ("content-length".to_owned(), n)));
    }
    Prepared {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: all,
        body: body.unwrap_or_default().to_vec(),
    }
}

/// A key that no other request of this run has.
pub(crate) fn fresh_key() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("a value that JSON can hold")
}

fn read(mut reply: Response<Body>) -> Result<Reply, ureq::Error> {
    let headers = reply
        .headers()
        .iter()
        .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
        .collect();
    let status = reply.status().as_u16();
    let body = reply.body_mut().with_config().limit(64 << 20).read_to_vec()?;
    Ok(Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
