//! Spans of time, as a MySQL `time` column keeps them.

use super::temporal::{MINUTE, ParsedTime, SECOND, time};

/// The longest span that a column keeps, in microseconds.
const LONGEST_SPAN: i64 = 839 * 60 * MINUTE - SECOND;

/// Parses a span, `[-]HH:MM[:SS[.f]]` with two or three digits of hours. None if the text is no span.
/// The error, for one that is too long, is the second half of a sentence that begins with the text.
pub fn span(text: &[u8]) -> Option<Result<ParsedTime, &'static str>> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (hours, within) = text.split_at(colon);
    if !(2..=3).contains(&hours.len()) || !hours.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let hours = hours
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    // The rest is parsed as a time in the first hour of a day.
    let clock = time(&[b"00", within].concat()).ok()?;
    let micros = hours * 60 * MINUTE + clock.micros;
    if micros > LONGEST_SPAN || micros == LONGEST_SPAN && clock.excess {
        return Some(Err(
            "is outside the range of the column (-838:59:59 to 838:59:59).",
        ));
    }
    let micros = if negative { -micros } else { micros };
    Some(Ok(ParsedTime { micros, ..clock }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_spans() {
        for (text, seconds) in [
            ("00:00", 0),
            ("-01:00:00", -3600),
            ("24:00:00", 86_400),
            ("838:59:59", 3_020_399),
            ("-838:59", -3_020_340),
            ("-00:00:01", -1),
            ("100:00", 360_000),
        ] {
            let found = span(text.as_bytes()).unwrap().unwrap();
            assert_eq!(found.micros, seconds * SECOND, "{text}");
        }
        let found = span(b"-01:00:00.1234567").unwrap().unwrap();
        assert_eq!(
            (found.micros, found.excess),
            (-3600 * SECOND - 123_456, true)
        );
        for text in ["839:00:00", "-999:00", "838:59:59.5", "838:59:59.0000001"] {
            assert!(span(text.as_bytes()).unwrap().is_err(), "{text}");
        }
        for text in [
            "",
            "-",
            ":",
            "1:00:00",
            "-9:05",
            "1000:00:00",
            "01:60",
            "01:00:60",
            "--01:00",
            "+01:00",
            "01",
            "01:",
            "01:0",
            "01:00Z",
            "0a:00",
            "01:00:00.",
            "- 01:00",
        ] {
            assert_eq!(span(text.as_bytes()), None, "{text}");
        }
    }
}
