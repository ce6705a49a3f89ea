//! The address of each row, where it holds values of the row: `/movies/{id}`.

use hyper::http::uri::PathAndQuery;

use super::row_text::RowText;

/// Texts of the address, and between each two of them a value.
pub struct Address {
    parts: RowText,
    /// How many segments of the texts are dots. Values must not make any more: they lead elsewhere.
    dots: usize,
}

impl Address {
    /// `parts`: a text, the name of a column, a text, and so on.
    pub fn new(parts: &[String]) -> Option<Address> {
        let parts = RowText::new(parts)?;
        let dots = dots(parts.texts.join("x").as_bytes());
        Some(Address { parts, dots })
    }

    /// The path and query for a row. None if a value is missing, or would lead elsewhere.
    pub fn of(&self, row: &[u8]) -> Option<PathAndQuery> {
        let mut path = self.parts.texts[0].clone().into_bytes();
        for (value, text) in self.parts.values(row)?.iter().zip(&self.parts.texts[1..]) {
            escape(&mut path, value.as_bytes());
            path.extend(text.as_bytes());
        }
        if dots(&path) > self.dots {
            return None;
        }
        PathAndQuery::from_maybe_shared(path).ok()
    }
}

/// How many segments of a path are `.` or `..`.
fn dots(address: &[u8]) -> usize {
    let path = address.split(|&byte| byte == b'?').next().unwrap_or(&[]);
    let segments = path.split(|&byte| byte == b'/');
    segments
        .filter(|one| matches!(one, [b'.'] | [b'.', b'.']))
        .count()
}

/// Appends a text in which all but letters, digits and a few marks is percent-encoded.
pub fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let hex = |half: u8| b"0123456789ABCDEF"[usize::from(half)];
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ => out.extend([b'%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parts: &[&str], row: &str) -> Option<String> {
        let parts: Vec<String> = parts.iter().map(|&part| part.into()).collect();
        let address = Address::new(&parts).unwrap();
        address.of(row.as_bytes()).map(|path| path.to_string())
    }

    #[test]
    fn values_cannot_leave_their_place() {
        let row = r#"{"id":7,"a":"x/../y?z#\u00e9%","b":"..","c":null,"d":"","e":true}"#;
        let with = |name| path(&["/m/", name, "/x?q=1"], row);
        assert_eq!(with("id").as_deref(), Some("/m/7/x?q=1"));
        assert_eq!(
            with("a").as_deref(),
            Some("/m/x%2F..%2Fy%3Fz%23%C3%A9%25/x?q=1")
        );
        assert_eq!(with("e").as_deref(), Some("/m/true/x?q=1"));
        for name in ["b", "c", "d", "f"] {
            assert_eq!(with(name), None, "{name}");
        }
        assert_eq!(path(&["/m?id=", "b", ""], row).as_deref(), Some("/m?id=.."));
        assert_eq!(path(&["/m/v", "b", ""], row).as_deref(), Some("/m/v.."));
        // Nor together with a text, or with one another.
        assert_eq!(path(&["/m/.", "f", "/x"], r#"{"f":"."}"#), None);
        assert_eq!(path(&["/m/", "f", "."], r#"{"f":"."}"#), None);
        let two = ["/m/", "f", "", "g", "?x"];
        assert_eq!(path(&two, r#"{"f":".","g":"."}"#), None);
        assert_eq!(
            path(&two, r#"{"f":".","g":"5"}"#).as_deref(),
            Some("/m/.5?x")
        );
        assert_eq!(
            path(&["/a/../", "id", "/./x"], row).as_deref(),
            Some("/a/../7/./x")
        );
        assert_eq!(
            path(&["/", "id", "/", "e", ""], row).as_deref(),
            Some("/7/true")
        );
    }
}
