//! Passing one request on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use serde_json::json;

use crate::gate::{Claim, Gate};

/// What is too much and too long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a request or an answer.
    pub body: usize,
    /// Until the sender's body is here.
    pub body_time: Duration,
    /// Until the provider has answered.
    pub answer_time: Duration,
    /// Requests that are passed on at the same time.
    pub together: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A batch of 100 has some 20 KB.
            body: 1 << 20,
            body_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(30),
            together: 256,
        }
    }
}

/// What the log may know of a request.
pub struct Served {
    /// What goes back.
    pub answer: Response<Full<Bytes>>,
    /// A host on the list, or nothing.
    pub host: String,
    /// Bytes that came from the sender.
    pub bytes: usize,
}

/// The relay, over any way of connecting.
pub struct Relay<C> {
    gate: Mutex<Gate>,
    client: Client<C, Full<Bytes>>,
    limits: Limits,
    places: Arc<tokio::sync::Semaphore>,
}

/// What concerns this connection only, and what is the relay's own.
const OURS: [&str; 12] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-relay-host",
    "x-relay-mac",
    "x-relay-time",
];

impl<C: Connect + Clone + Send + Sync + 'static> Relay<C> {
    /// With what it lets in and how it connects.
    pub fn new(gate: Gate, client: Client<C, Full<Bytes>>, limits: Limits) -> Self {
        let places = Arc::new(tokio::sync::Semaphore::new(limits.together));
        Self { gate: Mutex::new(gate), client, limits, places }
    }

    /// Answers one request. Whatever goes wrong has an answer that says
    /// whether the provider was called.
    pub async fn serve<B>(&self, now_ms: i64, request: Request<B>) -> Served
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let no = |status: u16, message: &str| Served {
            answer: own(status, "refused", message),
            host: String::new(),
            bytes: 0,
        };
        let Ok(_place) = self.places.try_acquire() else {
            return no(429, "too many requests at the same time");
        };
        let body = Limited::new(body, self.limits.body).collect();
        let body = match tokio::time::timeout(self.limits.body_time, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return no(413, "the body is too long or broke off"),
            Err(_) => return no(408, "the body did not come in time"),
        };
        let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
        let host = text("x-relay-host").to_owned();
        let claim = Claim {
            method: parts.method.as_str(),
            host: &host,
            path,
            time: text("x-relay-time"),
            mac: text("x-relay-mac"),
            body: &body,
        };
        let admitted = match self.gate.lock() {
            Ok(mut gate) => gate.admit(now_ms, &claim),
            Err(_) => return no(403, "out of order"),
        };
        if let Err((status, message)) = admitted {
            return no(status, message);
        }
        let bytes = body.len();
        let uri = Uri::builder().scheme("https").authority(host.as_str()).path_and_query(path).build();
        let Ok(uri) = uri else { return no(400, "no such host") };
        let mut onward = Request::new(Full::new(body));
        *onward.method_mut() = parts.method;
        *onward.uri_mut() = uri;
        // The client sets the host by the address.
        *onward.headers_mut() = passed_on(&parts.headers);
        let answer = match tokio::time::timeout(self.limits.answer_time, self.call(onward)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Some(error))) if error.is_connect() => {
                own(502, "unreachable", "the provider could not be reached")
            }
            Ok(Err(_)) => own(504, "unknown", "the provider's answer broke off"),
            Err(_) => own(504, "unknown", "the provider did not answer in time"),
        };
        Served { answer, host, bytes }
    }

    /// The provider's whole answer; an error of the client, or none where the answer broke off.
    async fn call(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Option<Error>> {
        let (parts, body) = self.client.request(request).await.map_err(Some)?.into_parts();
        let body = Limited::new(body, self.limits.body).collect().await.map_err(|_| None)?.to_bytes();
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = passed_on(&parts.headers);
        Ok(answer)
    }
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let kept = |name: &HeaderName| !OURS.contains(&name.as_str());
    headers.iter().filter(|(name, _)| kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn own(status: u16, what: &str, message: &str) -> Response<Full<Bytes>> {
    let body = json!({ "Relay": what, "Message": message }).to_string();
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
