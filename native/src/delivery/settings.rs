//! What Python says once about a delivery, as JSON.

use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use serde::Deserialize;

use super::request::{Framing, Template};

/// See `HttpClient` in `_native.pyi`.
#[derive(Deserialize)]
pub struct Settings {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    key_header: String,
    pub framing: Framing,
    pub timeout: f64,
    pub connect_seconds: f64,
    /// Seconds that the rest of an answer is awaited if its status decides.
    pub body_seconds: f64,
    /// Seconds after which something on the way may have forgotten an idle connection.
    pub idle_seconds: f64,
    /// The most bytes of an answer's body.
    pub most_body: usize,
    /// The statuses of success that mean nothing without the body.
    pub body_decides: Vec<u16>,
    pub concurrency: usize,
    pub rate: Option<f64>,
    /// The most requests that begin in a minute.
    pub per_minute: Option<usize>,
    /// The requests that may begin until more are granted. None: any number.
    pub budget: Option<usize>,
    /// The most requests of rows whose outcome is not written down.
    pub window: usize,
    /// The most rows that are sent; None: all.
    pub first: Option<usize>,
    /// Whether only HTTP/2 is spoken.
    pub http2: bool,
    pub proxy: Option<String>,
    /// Name and password for the proxy.
    pub proxy_auth: Option<(String, String)>,
    /// The same as the value of a header.
    pub proxy_authorization: Option<String>,
    /// Files in the format PEM.
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
}

impl Settings {
    /// Gives what all requests have in common.
    pub fn template(&self) -> Result<Template, String> {
        Ok(Template {
            method: Method::from_bytes(self.method.as_bytes())
                .map_err(|error| error.to_string())?,
            uri: self.url.parse::<Uri>().map_err(|error| error.to_string())?,
            headers: header_map(&self.headers)?,
            auth: HeaderMap::new(),
            key_header: match &self.key_header[..] {
                "" => None,
                name => Some(name.parse().map_err(|_| "the name of a header is wrong")?),
            },
        })
    }
}

/// Gives headers by their names. Characters of values are bytes.
pub fn header_map(pairs: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let bytes: Vec<u8> = value
            .chars()
            .map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?'))
            .collect();
        let value = HeaderValue::from_bytes(&bytes).map_err(|error| error.to_string())?;
        map.insert(name, value);
    }
    Ok(map)
}

pub fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
