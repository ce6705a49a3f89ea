//! Makes connections: to a server, or to a proxy that passes everything on; with TLS or without.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::{HOST, PROXY_AUTHORIZATION};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::failure::{Failure, cause, plain};
use super::request::Form;
use super::settings::{Settings, seconds};
use super::tls;

pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
type AnyIo = Box<dyn Io>;

/// The way to a server.
pub struct Route {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    proxy: Option<Proxy>,
    /// Whether only HTTP/2 is spoken.
    pub http2: bool,
    connect: Duration,
}

struct Proxy {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    auth: Option<(String, String)>,
    /// The value of a header, made of `auth`.
    authorization: Option<String>,
}

/// A connection, and whether the server has chosen HTTP/2 for it.
pub struct Dialled {
    pub io: AnyIo,
    pub http2: bool,
}

impl Route {
    pub fn new(settings: &Settings, uri: &Uri) -> Result<Route, String> {
        let secure = uri.scheme_str() == Some("https");
        let (host, port) = place(uri, if secure { 443 } else { 80 })?;
        let offered: &[&[u8]] = match settings.http2 {
            true => &[b"h2"],
            false => &[b"h2", b"http/1.1"],
        };
        let tls = secure
            .then(|| tls::configuration(settings, offered))
            .transpose()?;
        let proxy = settings
            .proxy
            .as_deref()
            .map(|url| Proxy::new(url, settings));
        Ok(Route {
            host,
            port,
            tls: tls.map(Arc::new),
            proxy: proxy.transpose()?,
            http2: settings.http2,
            connect: seconds(settings.connect_seconds.min(settings.timeout)),
        })
    }

    /// How HTTP/1.1 requests on this way name their address.
    pub fn form(&self) -> Form {
        match &self.proxy {
            Some(proxy) if !self.tunnelled(proxy) => Form::Address,
            _ => Form::Path,
        }
    }

    /// Whether a proxy is to pass on bytes: requests that it can read, it reads.
    fn tunnelled(&self, proxy: &Proxy) -> bool {
        self.tls.is_some() || self.http2 || proxy.socks()
    }

    /// Makes a connection that requests can be sent over.
    pub async fn dial(&self) -> Result<Dialled, Failure> {
        match timeout(self.connect, self.dialled()).await {
            Ok(dialled) => dialled,
            Err(_) => Err(Failure::unsent("no connection: timed out")),
        }
    }

    async fn dialled(&self) -> Result<Dialled, Failure> {
        let io = match &self.proxy {
            None => tcp(&self.host, self.port, "").await?,
            Some(proxy) if proxy.socks() => proxy.pass_through_socks(&self.host, self.port).await?,
            Some(proxy) => {
                let io = proxy.reached().await?;
                match self.tunnelled(proxy) {
                    true => proxy.tunnel(io, &self.host, self.port).await?,
                    false => io,
                }
            }
        };
        let Some(configuration) = &self.tls else {
            let http2 = self.http2;
            return Ok(Dialled { io, http2 });
        };
        let io = secure(io, configuration, &self.host).await?;
        let http2 = io.get_ref().1.alpn_protocol() == Some(b"h2");
        if self.http2 && !http2 {
            return Err(Failure::impossible("http2", "the server offers no HTTP/2"));
        }
        Ok(Dialled {
            io: Box::new(io),
            http2,
        })
    }
}

impl Proxy {
    fn new(url: &str, settings: &Settings) -> Result<Proxy, String> {
        let uri: Uri = url
            .parse()
            .map_err(|_| "the address of the proxy is no URL")?;
        let (host, port) = place(&uri, 1080)?;
        let secure = uri.scheme_str() == Some("https");
        let tls = secure
            .then(|| tls::configuration(settings, &[b"http/1.1"]))
            .transpose()?;
        let pair = settings.proxy_auth.clone();
        Ok(Proxy {
            host,
            port,
            tls: tls.map(Arc::new),
            authorization: settings.proxy_authorization.clone(),
            auth: pair,
            uri,
        })
    }

    fn socks(&self) -> bool {
        self.uri
            .scheme_str()
            .is_some_and(|scheme| scheme.starts_with("socks"))
    }

    /// Connects to the proxy.
    async fn reached(&self) -> Result<AnyIo, Failure> {
        let io = tcp(&self.host, self.port, " with the proxy").await?;
        match &self.tls {
            None => Ok(io),
            Some(configuration) => match secure(io, configuration, &self.host).await {
                Ok(io) => Ok(Box::new(io)),
                Err(failure) => Err(failure.of_proxy()),
            },
        }
    }

    /// Has the proxy pass on everything to a server, by the method CONNECT.
    async fn tunnel(&self, io: AnyIo, host: &str, port: u16) -> Result<AnyIo, Failure> {
        let broken =
            |error: hyper::Error| Failure::unsent(format!("the proxy does not answer: {error}"));
        let opening = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(io)).await;
        let (mut send, connection) = opening.map_err(broken)?;
        tokio::task::spawn_local(connection.with_upgrades());
        let target = format!("{host}:{port}");
        let mut request = Request::connect(&target).header(HOST, &target);
        if let Some(value) = &self.authorization {
            request = request.header(PROXY_AUTHORIZATION, value);
        }
        let request = request.body(Empty::new());
        let request = request.map_err(|error| Failure::impossible("proxy", error.to_string()))?;
        let answer = send.send_request(request).await.map_err(broken)?;
        match answer.status() {
            status if status.is_success() => {
                let io = hyper::upgrade::on(answer).await.map_err(broken)?;
                Ok(Box::new(TokioIo::new(io)))
            }
            // Some say 401, which is the server's to say.
            status @ (StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED) => {
                Err(Failure::impossible("proxy credentials", status.as_str()))
            }
            status if status.is_server_error() => {
                Err(Failure::unsent(format!("the proxy answers {status}")))
            }
            status => Err(Failure::impossible("proxy", format!("it answers {status}"))),
        }
    }

    async fn pass_through_socks(&self, host: &str, port: u16) -> Result<AnyIo, Failure> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        let mut socks = SocksV5::new(self.uri.clone(), connector);
        if let Some((name, password)) = &self.auth {
            socks = socks.with_auth(name.clone(), password.clone());
        }
        // With socks5h the proxy finds the address of a name; else we do, as curl does it.
        let host = match self.uri.scheme_str() {
            Some("socks5") => lookup(host, port).await?,
            _ => host.to_owned(),
        };
        let target = match host.contains(':') {
            true => format!("http://[{host}]:{port}"),
            false => format!("http://{host}:{port}"),
        };
        let target = target
            .parse::<Uri>()
            .map_err(|error| Failure::unsent(error.to_string()))?;
        match socks.call(target).await {
            Ok(io) => Ok(Box::new(io.into_inner())),
            Err(error) => {
                let text = cause::<io::Error>(&error).map_or_else(|| error.to_string(), plain);
                Err(Failure::unsent(format!(
                    "no connection with the proxy: {text}"
                )))
            }
        }
    }
}

/// Host and port of an address.
fn place(uri: &Uri, port: u16) -> Result<(String, u16), String> {
    let host = uri.host().ok_or("an address has no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), uri.port_u16().unwrap_or(port)))
}

async fn tcp(host: &str, port: u16, whom: &str) -> Result<AnyIo, Failure> {
    let refused =
        |error: io::Error| Failure::unsent(format!("no connection{whom}: {}", plain(&error)));
    if host.parse::<std::net::IpAddr>().is_err() {
        lookup(host, port).await?;
    }
    let socket = TcpStream::connect((host, port)).await.map_err(refused)?;
    socket.set_nodelay(true).map_err(refused)?;
    Ok(Box::new(socket))
}

/// Gives the first address of a host.
async fn lookup(host: &str, port: u16) -> Result<String, Failure> {
    let found = tokio::net::lookup_host((host, port)).await;
    match found.map(|mut found| found.next()) {
        Ok(Some(address)) => Ok(address.ip().to_string()),
        Ok(None) => Err(Failure::unsent(format!("the host {host} is unknown"))),
        Err(error) => {
            let text = plain(&error);
            Err(Failure::unsent(format!(
                "the host {host} is unknown: {text}"
            )))
        }
    }
}

async fn secure(
    io: AnyIo,
    configuration: &Arc<ClientConfig>,
    host: &str,
) -> Result<tokio_rustls::client::TlsStream<AnyIo>, Failure> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| Failure::impossible("certificate", error.to_string()))?;
    let connecting = TlsConnector::from(configuration.clone()).connect(name, io);
    connecting.await.map_err(|error| match cause(&error) {
        Some(found) => tls::failure(found),
        None => Failure::unsent(format!("no connection: {}", plain(&error))),
    })
}
