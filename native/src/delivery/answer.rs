//! Recognizes plain successes among the answers of an HTTP server.
//!
//! Nearly every answer to a delivery is a complete 2xx that says nothing else. Python parses every
//! other answer in full.

use pyo3::prelude::*;

/// The bytes with which an answer begins.
const HEAD: &[u8] = b"HTTP/1.1 ";
/// An answer with a result for each part of a request. Python must read it.
const MULTI_STATUS: u16 = 207;

/// The status of an answer that is complete, a success, and keeps the connection open; 0 for any
/// other answer.
#[pyfunction]
pub fn plain_success(data: &[u8]) -> u16 {
    status_of(data).unwrap_or(0)
}

/// The status of an answer if it is a plain success.
pub fn status_of(data: &[u8]) -> Option<u16> {
    let rest = data.strip_prefix(HEAD)?;
    let end = memchr::memmem::find(rest, b"\r\n\r\n")?;
    let (head, body) = (&rest[..end + 2], &rest[end + 4..]);
    let mut lines = head.split_inclusive(|&byte| byte == b'\n');
    let status = success(lines.next()?)?;
    let mut length = None;
    for line in lines {
        let (name, value) = header(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.is_some() {
                return None;
            }
            length = Some(number(value)?);
        } else if name.eq_ignore_ascii_case(b"connection") {
            if !value.eq_ignore_ascii_case(b"keep-alive") {
                return None;
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return None;
        }
    }
    (length? == body.len()).then_some(status)
}

/// The status in the first line of an answer, if it is one of success.
fn success(line: &[u8]) -> Option<u16> {
    let [b'2', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b' ', ..] = *line else {
        return None;
    };
    let status = 200 + 10 * u16::from(tens - b'0') + u16::from(ones - b'0');
    (status != MULTI_STATUS).then_some(status)
}

/// The name and the value of a line, if it is a well-formed header.
fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(b"\r\n")?;
    if memchr::memchr(b'\r', line).is_some() {
        return None;
    }
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    (!name.is_empty() && name.iter().all(is_token)).then_some((name, value))
}

/// The value of a number of one to six digits.
fn number(text: &[u8]) -> Option<usize> {
    let few = (1..=6).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    few.then(|| {
        text.iter()
            .fold(0, |sum, digit| 10 * sum + usize::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &str = "HTTP/1.1 201 Created\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 \
        15:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n";

    fn answer(lines: &str, body: &str) -> u16 {
        plain_success(format!("HTTP/1.1 {lines}\r\n\r\n{body}").as_bytes())
    }

    #[test]
    fn a_plain_success_is_known() {
        assert_eq!(plain_success(NGINX.as_bytes()), 201);
        assert_eq!(answer("200 OK\r\ncontent-length:3", "{}\n"), 200);
        assert_eq!(answer("299 \r\nCONTENT-LENGTH: 0\r\nX-Y: :", ""), 299);
    }

    #[test]
    fn a_part_of_it_is_not() {
        for end in 0..NGINX.len() {
            assert_eq!(plain_success(&NGINX.as_bytes()[..end]), 0);
        }
    }

    #[test]
    fn whatever_is_unusual_is_left_to_others() {
        for (lines, body) in [
            ("207 Multi-Status\r\nContent-Length: 2", "{}"),
            ("400 Bad\r\nContent-Length: 0", ""),
            ("100 Continue\r\nContent-Length: 0", ""),
            ("2011 Created\r\nContent-Length: 0", ""),
            ("20 Created\r\nContent-Length: 0", ""),
            ("204 No Content", ""),
            ("201 Created\r\nContent-Length: 1", ""),
            ("201 Created\r\nContent-Length: 0", "x"),
            ("201 Created\r\nContent-Length: 0\r\nContent-Length: 0", ""),
            ("201 Created\r\nContent-Length: +0", ""),
            ("201 Created\r\nContent-Length:", ""),
            ("201 Created\r\nContent-Length: 9999999", ""),
            ("201 Created\r\nContent-Length: 0\r\nConnection: close", ""),
            (
                "201 Created\r\nContent-Length: 0\r\nConnection: upgrade",
                "",
            ),
            (
                "201 Created\r\nContent-Length: 0\r\nTransfer-Encoding: chunked",
                "",
            ),
            ("201 Created\r\nContent-Length: 0\r\n folded: line", ""),
            ("201 Created\r\nContent-Length: 0\r\nno header", ""),
            ("201 Created\r\nContent-Length: 0\r\n: nameless", ""),
            ("201 Created\r\nContent-Length : 0", ""),
            ("201 Created\r\nContent-Length: 0\nX: y", ""),
            ("201 Created\r\nX: y\rContent-Length: 0", ""),
        ] {
            assert_eq!(answer(lines, body), 0, "{lines}");
        }
        assert_eq!(
            plain_success(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
            0
        );
    }
}
