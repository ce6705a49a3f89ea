//! JSON texts.

use serde::de::IgnoredAny;

use crate::reject_code::RejectCode;

/// Checks that a text is one JSON value (RFC 8259).
#[inline]
pub fn json(text: &[u8]) -> Result<(), RejectCode> {
    serde_json::from_slice::<IgnoredAny>(text)
        .map(drop)
        .map_err(|_| RejectCode::NotJson)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_json() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [
            "{}",
            "[]",
            "1",
            "\"a\"",
            "null",
            " {\"a\": [1, 2.5e400, true]} ",
            "\"\\ud83d\\ude00\"",
            &deep,
        ] {
            assert_eq!(
                json(text.as_bytes()),
                Ok(()),
                "{}",
                &text[..text.len().min(40)]
            );
        }
        for text in [
            "", "{", "{a: 1}", "[1,]", "01", "1 2", "NaN", "'a'", "\"\t\"", "nul", "+1",
        ] {
            assert_eq!(json(text.as_bytes()), Err(RejectCode::NotJson), "{text:?}");
        }
    }
}
