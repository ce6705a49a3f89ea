//! Decides whether two JSON texts have the same value, for columns that do not keep the text.

use std::collections::BTreeMap;

use super::decimal_text::canonical_number;

/// The most levels of nesting. The reader of the kernel accepts no more.
const DEEPEST: usize = 256;

/// Tells whether two texts have the same value. With `doubles`, numbers with a point or an exponent
/// are rounded to 64 bits.
pub fn same(one: &[u8], other: &[u8], doubles: bool) -> bool {
    match (canonical(one, doubles), canonical(other, doubles)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Gives equal bytes for equal values. None: the text is not JSON.
fn canonical(text: &[u8], doubles: bool) -> Option<Vec<u8>> {
    let mut reader = Reader {
        text,
        at: 0,
        doubles,
    };
    let mut out = Vec::with_capacity(text.len());
    reader.value(&mut out, 0)?;
    reader.blanks();
    (reader.at == text.len()).then_some(out)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    doubles: bool,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    /// Accepts this byte if it is the next one.
    fn takes(&mut self, byte: u8) -> bool {
        self.blanks();
        let takes = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(takes);
        takes
    }

    fn value(&mut self, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        self.blanks();
        match self.text.get(self.at)? {
            b'{' => self.object(out, depth),
            b'[' => self.array(out, depth),
            b'"' => {
                let text = self.string()?;
                write_text(out, &text);
                Some(())
            }
            b'-' | b'0'..=b'9' => self.number(out),
            _ => self.word(out),
        }
    }

    /// Reads members, sorted by their names. Of several with one name, the last one counts.
    fn object(&mut self, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        self.at += 1;
        let mut members = BTreeMap::new();
        if !self.takes(b'}') {
            loop {
                self.blanks();
                let name = self.string()?;
                if !self.takes(b':') {
                    return None;
                }
                let mut value = Vec::new();
                self.value(&mut value, depth + 1)?;
                members.insert(name, value);
                if self.takes(b'}') {
                    break;
                }
                if !self.takes(b',') {
                    return None;
                }
            }
        }
        out.push(b'{');
        for (name, value) in members {
            write_text(out, &name);
            out.extend_from_slice(&value);
        }
        out.push(b'}');
        Some(())
    }

    fn array(&mut self, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        self.at += 1;
        out.push(b'[');
        if !self.takes(b']') {
            loop {
                self.value(out, depth + 1)?;
                if self.takes(b']') {
                    break;
                }
                if !self.takes(b',') {
                    return None;
                }
            }
        }
        out.push(b']');
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        if self.text.get(start) != Some(&b'"') {
            return None;
        }
        let mut at = start + 1;
        loop {
            match self.text.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        serde_json::from_slice(&self.text[start..self.at]).ok()
    }

    fn number(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        self.at += length;
        let text = &rest[..length];
        if self.doubles && text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            let value: f64 = str::from_utf8(text).ok()?.parse().ok()?;
            return write_number(out, format!("{value:e}").as_bytes());
        }
        write_number(out, text)
    }

    fn word(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"];
        let word = word.iter().find(|word| rest.starts_with(word.as_bytes()))?;
        self.at += word.len();
        out.push(word.as_bytes()[0]);
        Some(())
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn write_number(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let (negative, digits, point) = canonical_number(text)?;
    out.push(b'0' + u8::from(negative));
    out.extend_from_slice(&point.to_le_bytes());
    out.extend_from_slice(&(digits.len() as u64).to_le_bytes());
    out.extend_from_slice(&digits);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_counts_and_not_the_text() {
        for (one, other) in [
            (
                r#"{"b": 1, "a":[1.50, 1e2]}"#,
                r#"{"a": [1.5, 100], "b": 1}"#,
            ),
            (r#""\u00e9\n""#, "\"é\\n\""),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (" null ", "null"),
            ("12345678901234567890.123", "12345678901234567890.1230"),
        ] {
            assert!(same(one.as_bytes(), other.as_bytes(), false), "{one}");
        }
        for (one, other) in [
            ("[1,2]", "[2,1]"),
            ("[1,2]", "[12]"),
            (r#"["a","b"]"#, r#"["ab"]"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            ("0.1", "0.10000000000000000001"),
            ("true", "null"),
            ("[]", "{}"),
            ("[1", "[1"),
        ] {
            assert!(!same(one.as_bytes(), other.as_bytes(), false), "{one}");
        }
        assert!(same(b"[1.0, 1e2, 0.1]", b"[1, 100.0, 0.1]", true));
        assert!(!same(b"0.1", b"0.10000000000000002", true));
    }
}
