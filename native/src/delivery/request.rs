//! Makes HTTP requests: their keys, their bodies, and the parts that all of them have in common.

use std::hash::Hasher;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Request, Uri, Version};
use serde::Deserialize;
use siphasher::sip128::{Hasher128, SipHasher13};

/// A key of hexadecimal digits, by which a server recognizes a record that is sent twice.
pub type Key = [u8; 32];

/// What is sent in one request. The same letter may be sent again.
#[derive(Clone)]
pub struct Letter {
    /// None: that of all requests.
    pub method: Option<Method>,
    /// None: that of all requests.
    pub path: Option<PathAndQuery>,
    pub key: Option<HeaderValue>,
    pub body: Bytes,
}

/// What the requests of one delivery have in common.
pub struct Template {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    /// Headers that prove who we are. They change over time.
    pub auth: HeaderMap,
    pub key_header: Option<HeaderName>,
}

/// What stands around the records of a request, and between them.
#[derive(Clone, Debug, Deserialize)]
pub struct Framing {
    pub open: String,
    pub between: String,
    pub close: String,
}

/// How a request names its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The path alone, and the header `Host`.
    Path,
    /// The whole address, for a proxy that passes requests on, and the header `Host`.
    Address,
    /// As HTTP/2 does it.
    Http2,
}

impl Template {
    /// Makes the request that carries a letter.
    pub fn request(&self, letter: &Letter, form: Form) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(letter.body.clone()));
        *request.method_mut() = letter.method.as_ref().unwrap_or(&self.method).clone();
        let own = letter.path.as_ref();
        *request.uri_mut() = match own.or(self.uri.path_and_query()) {
            Some(path) if form == Form::Path => Uri::from(path.clone()),
            _ if own.is_none() => self.uri.clone(),
            path => {
                let mut parts = self.uri.clone().into_parts();
                parts.path_and_query = path.cloned();
                Uri::from_parts(parts).unwrap_or_else(|_| self.uri.clone())
            }
        };
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        for (name, value) in &self.auth {
            headers.insert(name, value.clone());
        }
        if form == Form::Address {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if form == Form::Http2 {
            headers.remove(HOST);
            *request.version_mut() = Version::HTTP_2;
        }
        if let (Some(name), Some(key)) = (&self.key_header, &letter.key) {
            request.headers_mut().insert(name, key.clone());
        }
        request
    }
}

impl Letter {
    /// Gives the letter with this key and body. A key that no header can carry is left out.
    pub fn new(
        method: Option<Method>,
        path: Option<PathAndQuery>,
        key: Option<Vec<u8>>,
        body: Bytes,
    ) -> Letter {
        let key = key.and_then(|key| HeaderValue::from_maybe_shared(Bytes::from(key)).ok());
        Letter {
            method,
            path,
            key,
            body,
        }
    }
}

/// The method of this name, if it has one.
pub fn method(name: Option<&str>) -> Result<Option<Method>, String> {
    let found = name.map(|name| Method::from_bytes(name.as_bytes()));
    found.transpose().map_err(|error| error.to_string())
}

/// Makes the key of a record: the same for the same line and bytes under one secret.
pub fn key(secret: &[u8; 16], line: u64, record: &[u8]) -> Key {
    let mut hasher = SipHasher13::new_with_key(secret);
    hasher.write(&line.to_le_bytes());
    hasher.write(record);
    digits(hasher.finish128().as_u128().to_be_bytes())
}

fn digits(hash: [u8; 16]) -> Key {
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
    let mut key = [0; 32];
    for (pair, byte) in key.chunks_exact_mut(2).zip(hash) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    key
}

/// Makes the key of a request from the keys of its records. None if they have none.
pub fn joint_key<'a>(mut keys: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let first = keys.next()?;
    let Some(second) = keys.next() else {
        return Some(first.to_vec());
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(first);
    for key in std::iter::once(second).chain(keys) {
        hasher.update(b"\n").update(key);
    }
    let hash = hasher.finalize();
    let (hash, _) = hash.as_bytes().split_first_chunk().expect("32 bytes");
    Some(digits(*hash).to_vec())
}

impl Framing {
    /// Whether a request may have so many records.
    pub fn holds(&self, records: usize) -> bool {
        records == 1 || records > 1 && !self.between.is_empty()
    }

    /// Makes the body of a request from its records.
    pub fn body<'a>(&self, records: impl Iterator<Item = &'a [u8]> + Clone) -> Bytes {
        let length: usize = records
            .clone()
            .map(|record| record.len() + self.between.len())
            .sum();
        let mut out = Vec::with_capacity(self.open.len() + length + self.close.len());
        out.extend(self.open.as_bytes());
        for (at, record) in records.enumerate() {
            out.extend(if at > 0 { self.between.as_bytes() } else { b"" });
            out.extend(record);
        }
        out.extend(self.close.as_bytes());
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joint(keys: &[&str]) -> Option<Vec<u8>> {
        joint_key(keys.iter().map(|key| key.as_bytes()))
    }

    #[test]
    fn the_key_of_many_is_made_of_theirs() {
        assert_eq!(joint(&[]), None);
        assert_eq!(joint(&["a"]), Some(b"a".to_vec()));
        let keys = [
            joint(&["a", "b"]),
            joint(&["b", "a"]),
            joint(&["ab"]),
            joint(&["a", "b", "c"]),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key));
        }
    }

    #[test]
    fn a_body_is_framed() {
        let framing = |open: &str, between: &str, close: &str| Framing {
            open: open.into(),
            between: between.into(),
            close: close.into(),
        };
        let records = [&b"1"[..], b"{}"];
        let one = framing("", "", "");
        assert_eq!(&one.body(records[..1].iter().copied())[..], b"1");
        let array = framing("[", ",", "]");
        assert_eq!(&array.body(records[..1].iter().copied())[..], b"[1]");
        assert_eq!(&array.body(records.iter().copied())[..], b"[1,{}]");
        let lines = framing("", "\n", "\n");
        assert_eq!(&lines.body(records.iter().copied())[..], b"1\n{}\n");
        assert!(lines.holds(2) && one.holds(1) && !one.holds(2) && !array.holds(0));
    }
}
