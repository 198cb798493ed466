//! `relay --listen 0.0.0.0:8443`; the rest is in the environment, see README.md.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use relay::{Gate, Limits, NoSecret, PROVIDERS, Relay};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

type Fail = Box<dyn std::error::Error + Send + Sync>;
type Passing = Arc<Relay<HttpsConnector<HttpConnector>>>;

/// Until a connection has said hello, or its headers.
const HELLO_MAX: Duration = Duration::from_secs(10);
/// Unused connections to a provider close before the provider closes them.
const IDLE_MAX: Duration = Duration::from_secs(15);
const CONNECT_MAX: Duration = Duration::from_secs(5);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ran = runtime.map_err(Fail::from).and_then(|runtime| runtime.block_on(run()));
    if let Err(error) = ran {
        eprintln!("relay: {error}");
        std::process::exit(1);
    }
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

async fn run() -> Result<(), Fail> {
    let listen: SocketAddr = listen_on()?.parse()?;
    let hosts = setting("RELAY_HOSTS").map_or_else(
        || PROVIDERS.map(str::to_owned).into(),
        |list| list.split(',').map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()).collect(),
    );
    let gate = Gate::new(&setting("RELAY_SECRET").unwrap_or_default(), hosts, now_ms())
        .map_err(|NoSecret| "RELAY_SECRET has at least 32 characters")?;
    let tls = match (setting("RELAY_CERT"), setting("RELAY_KEY")) {
        (Some(cert), Some(key)) => Some(acceptor(&cert, &key)?),
        (None, None) if listen.ip().is_loopback() => None,
        (None, None) => {
            return Err("without RELAY_CERT and RELAY_KEY it listens on a loopback address only".into());
        }
        _ => return Err("RELAY_CERT and RELAY_KEY go together".into()),
    };
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_MAX));
    tcp.set_nodelay(true);
    let https =
        HttpsConnectorBuilder::new().with_webpki_roots().https_only().enable_http1().wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_MAX)
        .pool_timer(TokioTimer::new())
        .build(https);
    let relay = Arc::new(Relay::new(gate, client, Limits::default()));
    let listener = TcpListener::bind(listen).await?;
    println!(
        "relay: listening on {} ({})",
        listener.local_addr()?,
        if tls.is_some() { "TLS" } else { "plain" }
    );
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Out of file handles, as a rule: those that are open come to an end.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (relay, tls) = (relay.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HELLO_MAX, tls.accept(stream)).await {
                        connection(stream, relay).await;
                    }
                }
                None => connection(stream, relay).await,
            }
        });
    }
}

fn listen_on() -> Result<String, Fail> {
    let mut words = std::env::args().skip(1);
    let mut listen = setting("RELAY_LISTEN").unwrap_or_else(|| "127.0.0.1:8443".to_owned());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--listen" => listen = words.next().ok_or("--listen needs an address")?,
            _ => return Err(format!("unknown option {word}; there is --listen ADDRESS:PORT").into()),
        }
    }
    Ok(listen)
}

fn acceptor(cert: &str, key: &str) -> Result<TlsAcceptor, Fail> {
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn connection<S>(stream: S, relay: Passing)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let relay = relay.clone();
        async move {
            let began = now_ms();
            let served = relay.serve(began, request).await;
            let status = served.answer.status().as_u16();
            let host = if served.host.is_empty() { "-" } else { &served.host };
            println!("{began} {host} {status} {} ms {} bytes", now_ms() - began, served.bytes);
            Ok::<_, std::convert::Infallible>(served.answer)
        }
    });
    // How a connection ends concerns nobody: what was answered was answered.
    let _ended = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HELLO_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

#[expect(clippy::disallowed_methods, reason = "a server's own clock")]
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
