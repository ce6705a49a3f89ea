//! Writes the end of an HTTP request: the header with its key, its length, and records as its body.

use std::borrow::Cow;
use std::hash::Hasher;
use std::io::Write;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use siphasher::sip128::{Hasher128, SipHasher13};

/// A key of hexadecimal digits, by which a server recognizes a record that is sent twice.
pub type Key = [u8; 32];

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

/// Makes the key of a request from the keys of its records, of which there is at least one.
pub fn joint_key<'a>(mut keys: impl Iterator<Item = &'a [u8]>) -> Cow<'a, [u8]> {
    let first = keys.next().expect("a request holds a record");
    let Some(second) = keys.next() else {
        return first.into();
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(first);
    for key in std::iter::once(second).chain(keys) {
        hasher.update(b"\n").update(key);
    }
    let hash = hasher.finalize();
    let (hash, _) = hash.as_bytes().split_first_chunk().expect("32 bytes");
    digits(*hash).to_vec().into()
}

/// Appends the part of a request after the headers that all requests have in common.
pub fn write<'a>(
    out: &mut Vec<u8>,
    key_header: &str,
    keys: impl Iterator<Item = &'a [u8]>,
    bodies: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    array: bool,
) {
    let (open, close): (&[u8], &[u8]) = if array { (b"[", b"]") } else { (b"", b"") };
    let commas = bodies.len().saturating_sub(1);
    let length: usize = bodies.clone().map(<[u8]>::len).sum();
    let length = length + commas + open.len() + close.len();
    if !key_header.is_empty() {
        out.extend(key_header.as_bytes());
        out.extend(b": ");
        out.extend(&*joint_key(keys));
        out.extend(b"\r\n");
    }
    write!(out, "Content-Length: {length}\r\n\r\n").expect("a vector takes everything");
    out.extend(open);
    for (at, body) in bodies.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend(body);
    }
    out.extend(close);
}

/// The end of a request with these records, each a JSON value with its own key. For the same rows
/// `RequestStream.take` gives the same bytes.
#[pyfunction]
pub fn request_end<'py>(
    py: Python<'py>,
    bodies: Vec<Bound<'py, PyBytes>>,
    keys: Vec<String>,
    key_header: &str,
    array: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    if bodies.is_empty() || bodies.len() != keys.len() || !array && bodies.len() > 1 {
        return Err(PyValueError::new_err("records do not fit a request"));
    }
    let mut out = Vec::new();
    let keys = keys.iter().map(|key| key.as_bytes());
    let bodies = bodies.iter().map(|body| body.as_bytes());
    write(&mut out, key_header, keys, bodies, array);
    Ok(PyBytes::new(py, &out))
}
