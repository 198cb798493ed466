//! The relay with the gateway behind it, over real connections.

#[path = "../../tests/gateway/tests/referee/client.rs"]
#[expect(dead_code, reason = "the gateway's tests use the rest")]
mod client;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use client::{Aliyun, NOW, Tencent, phones};
use gateway::{Fault, Gateway, Reply, Script};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use relay::{Gate, Limits, PROVIDERS, Relay, mac};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Every host is at this address.
#[derive(Clone)]
struct Wire(SocketAddr);

impl tower_service::Service<Uri> for Wire {
    type Response = TokioIo<TcpStream>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let address = self.0;
        Box::pin(async move { TcpStream::connect(address).await.map(TokioIo::new) })
    }
}

/// A relay, the gateway behind it, and the headers that arrived there.
struct Stage {
    relay: Relay<Wire>,
    gateway: Arc<Mutex<Gateway>>,
    heard: Arc<Mutex<Vec<gateway::Request>>>,
}

async fn stage(limits: Limits) -> Stage {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("as the test made it");
    let address = listener.local_addr().expect("as the test made it");
    let gateway = Arc::new(Mutex::new(client::gateway(Script::honest())));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (shared, headers) = (gateway.clone(), heard.clone());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("as the test made it");
            let (gateway, heard) = (shared.clone(), headers.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request| provider(gateway.clone(), heard.clone(), request));
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await
            });
        }
    });
    let gate = Gate::new(SECRET, PROVIDERS.map(str::to_owned).into(), NOW).expect("as the test made it");
    let client = Client::builder(TokioExecutor::new()).build(Wire(address));
    Stage { relay: Relay::new(gate, client, limits), gateway, heard }
}

async fn provider(
    gateway: Arc<Mutex<Gateway>>,
    heard: Arc<Mutex<Vec<gateway::Request>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("as the test made it").to_bytes().to_vec();
    let text = |value: &hyper::header::HeaderValue| value.to_str().expect("as the test made it").to_owned();
    let request = gateway::Request {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers.iter().map(|(n, v)| (n.to_string(), text(v))).collect(),
        body,
    };
    heard.lock().expect("as the test made it").push(request.clone());
    let (_, reply) = gateway.lock().expect("as the test made it").handle(NOW, &request);
    match reply {
        Reply::Answer { status, body } => Ok(Response::builder()
            .status(status)
            .header("x-acs-request-id", "r")
            .body(body.into())
            .expect("as the test made it")),
        Reply::Held => std::future::pending().await,
        Reply::Dropped => Err(std::io::Error::other("dropped")),
    }
}

/// A signed request as the Worker sends it to the relay.
fn relayed(request: &gateway::Request, host: &str) -> Request<Full<Bytes>> {
    let mut built =
        Request::builder().method(request.method.as_str()).uri(&request.path).header("host", "relay.example");
    for (name, value) in request.headers.iter().filter(|(n, _)| !n.eq_ignore_ascii_case("host")) {
        built = built.header(name, value);
    }
    built
        .header("x-relay-host", host)
        .header("x-relay-time", NOW.to_string())
        .header("x-relay-mac", mac(SECRET, &request.method, host, &request.path, NOW, &request.body))
        .body(Full::new(Bytes::from(request.body.clone())))
        .expect("as the test made it")
}

impl Stage {
    async fn send(&self, request: Request<Full<Bytes>>) -> (u16, Value) {
        let (parts, body) = self.relay.serve(NOW, request).await.answer.into_parts();
        let body = body.collect().await.map_err(|e: Infallible| e).unwrap().to_bytes();
        (parts.status.as_u16(), serde_json::from_slice(&body).unwrap_or_default())
    }

    fn taken(&self) -> usize {
        self.gateway.lock().expect("as the test made it").ledger().len()
    }
}

#[tokio::test]
async fn signed_requests_of_both_providers_arrive_as_they_were() {
    let stage = stage(Limits::default()).await;
    let batch = Aliyun::batch("n", &phones(100)).request();
    let (status, answer) = stage.send(relayed(&batch, PROVIDERS[0])).await;
    assert_eq!((status, &answer["Code"]), (200, &"OK".into()), "{answer}");
    let single = Tencent::send(&phones(1), "运动会", "T").request();
    let (status, answer) = stage.send(relayed(&single, PROVIDERS[1])).await;
    assert_eq!((status, &answer["Response"]["SendStatusSet"][0]["Code"]), (200, &"Ok".into()), "{answer}");
    assert_eq!(stage.taken(), 101);
    let heard = stage.heard.lock().unwrap();
    assert_eq!(heard[0].header("host").as_deref(), Some(PROVIDERS[0]));
    assert_eq!((&heard[0].body, &heard[1].body), (&batch.body, &single.body));
    assert!(heard.iter().all(|r| r.headers.iter().all(|(name, _)| !name.starts_with("x-relay"))));
}

#[tokio::test]
async fn what_the_provider_refuses_comes_back_as_it_is() {
    let stage = stage(Limits::default()).await;
    let wrong = Aliyun { secret: "another".into(), ..Aliyun::batch("n", &phones(1)) }.request();
    let served = stage.relay.serve(NOW, relayed(&wrong, PROVIDERS[0])).await;
    assert_eq!((served.answer.status().as_u16(), served.host.as_str()), (400, PROVIDERS[0]));
    assert_eq!(served.answer.headers()["x-acs-request-id"], "r");
    let body = served.answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("SignatureDoesNotMatch"));
}

#[tokio::test]
async fn a_stranger_a_replay_and_another_host_reach_nobody() {
    let stage = stage(Limits::default()).await;
    let request = Aliyun::batch("n", &phones(1)).request();
    let mut stranger = relayed(&request, PROVIDERS[0]);
    stranger.headers_mut().insert("x-relay-mac", "00".parse().unwrap());
    assert_eq!(stage.send(stranger).await.1["Relay"], "refused");
    let mut bare = relayed(&request, PROVIDERS[0]);
    bare.headers_mut().remove("x-relay-mac");
    assert_eq!(stage.send(bare).await.0, 403);
    assert_eq!(stage.send(relayed(&request, "evil.example")).await.1["Relay"], "refused");
    assert_eq!(stage.heard.lock().unwrap().len(), 0);
    assert_eq!(stage.send(relayed(&request, PROVIDERS[0])).await.0, 200);
    assert_eq!(stage.send(relayed(&request, PROVIDERS[0])).await.0, 403);
    assert_eq!((stage.heard.lock().unwrap().len(), stage.taken()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_never_comes_is_unknown_and_asked_for_once() {
    let limits = Limits { answer_time: Duration::from_millis(100), ..Limits::default() };
    for (fault, taken) in
        [(Fault::HeldTaken, 1), (Fault::HeldAbsent, 0), (Fault::DropAfter, 1), (Fault::DropBefore, 0)]
    {
        let stage = stage(limits).await;
        stage.gateway.lock().unwrap().script_mut().next_submits(&[fault]);
        let (status, answer) =
            stage.send(relayed(&Aliyun::batch("n", &phones(1)).request(), PROVIDERS[0])).await;
        assert_eq!((status, &answer["Relay"]), (504, &"unknown".into()), "{fault:?}");
        assert_eq!((stage.heard.lock().unwrap().len(), stage.taken()), (1, taken), "{fault:?}");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_was_not_called() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gate = Gate::new(SECRET, PROVIDERS.map(str::to_owned).into(), NOW).unwrap();
    let client = Client::builder(TokioExecutor::new()).build(Wire(free));
    let relay = Relay::new(gate, client, Limits::default());
    let served = relay.serve(NOW, relayed(&Aliyun::batch("n", &phones(1)).request(), PROVIDERS[0])).await;
    assert_eq!(served.answer.status().as_u16(), 502);
    let body = served.answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains(r#""Relay":"unreachable""#));
}

#[tokio::test]
async fn size_time_and_number_have_limits() {
    let limits =
        Limits { body: 1000, body_time: Duration::from_millis(50), together: 1, ..Limits::default() };
    let stage = stage(limits).await;
    let long = Aliyun::batch("n", &phones(50)).request();
    assert!(long.body.len() > 1000);
    assert_eq!(stage.send(relayed(&long, PROVIDERS[0])).await.0, 413);
    let never = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let served = stage.relay.serve(NOW, Request::post("/").body(never).unwrap()).await;
    assert_eq!(served.answer.status().as_u16(), 408);
    let one = Aliyun::batch("m", &phones(1)).request();
    let never = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let (slow, other) = tokio::join!(
        stage.relay.serve(NOW, Request::post("/").body(never).unwrap()),
        stage.send(relayed(&one, PROVIDERS[0])),
    );
    assert_eq!((slow.answer.status().as_u16(), other.0), (408, 429));
    assert_eq!(stage.heard.lock().unwrap().len(), 0);
    // And afterwards there is room again.
    assert_eq!(stage.send(relayed(&one, PROVIDERS[0])).await.0, 200);
}
