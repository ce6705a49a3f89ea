//! The tokens of JSON (RFC 8259): where each ends, and whether it is written as it must be.

use memchr::memchr;

use crate::reject_code::RejectCode;

/// The most levels of objects and arrays within each other, that of the record included.
pub const MAX_DEPTH: usize = 500;

/// Why bytes are not JSON, and the offset of the byte that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub code: RejectCode,
    pub at: usize,
}

impl Flaw {
    #[cold]
    pub fn at(at: usize) -> Flaw {
        Flaw {
            code: RejectCode::NotJson,
            at,
        }
    }
}

/// The end of a text, behind its closing quote, and whether it holds escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEnd {
    pub next: usize,
    pub escaped: bool,
}

/// The offset of the first byte from `at` on that is no blank.
#[inline(always)]
pub fn skip_blanks(json: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = json.get(at) {
        at += 1;
    }
    at
}

/// The byte at an offset. Behind the end it is 0, which stands nowhere in JSON.
#[inline(always)]
pub fn byte(json: &[u8], at: usize) -> u8 {
    json.get(at).copied().unwrap_or(0)
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHEST: u64 = ONES << 7;

/// Bit 7 of each byte of the result says whether the text ends or needs a look there: at a quote, a
/// backslash or a control character. Bits above the lowest one may be wrong.
#[inline(always)]
fn special(eight: u64) -> u64 {
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let equal = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    (below(eight, 0x20) | equal(b'"') | equal(b'\\')) & HIGHEST
}

/// The offset of the first quote, backslash or control character from `at` on.
#[inline(always)]
fn plain_end(json: &[u8], mut at: usize) -> usize {
    while let Some(eight) = json.get(at..).and_then(<[u8]>::first_chunk) {
        let found = special(u64::from_le_bytes(*eight));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while json
        .get(at)
        .is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
    {
        at += 1;
    }
    at
}

/// The end of the text whose first byte behind its quote is at `at`.
#[inline(always)]
pub fn text_end(json: &[u8], at: usize) -> Result<TextEnd, Flaw> {
    let at = plain_end(json, at);
    if byte(json, at) == b'"' {
        return Ok(TextEnd {
            next: at + 1,
            escaped: false,
        });
    }
    escaped_end(json, at)
}

#[cold]
fn escaped_end(json: &[u8], mut at: usize) -> Result<TextEnd, Flaw> {
    loop {
        match byte(json, at) {
            b'"' => {
                return Ok(TextEnd {
                    next: at + 1,
                    escaped: true,
                });
            }
            b'\\' => at = escape_end(json, at)?,
            _ => return Err(Flaw::at(at)),
        }
        at = plain_end(json, at);
    }
}

/// The end of the escape at `at`: one that stands for a character.
fn escape_end(json: &[u8], at: usize) -> Result<usize, Flaw> {
    let lone = Flaw {
        code: RejectCode::LoneSurrogate,
        at,
    };
    match byte(json, at + 1) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => match hex(json, at + 2)? {
            0 => Err(Flaw {
                code: RejectCode::NulCharacter,
                at,
            }),
            0xD800..0xDC00 if json.get(at + 6..at + 8) == Some(b"\\u") => {
                match hex(json, at + 8)? {
                    0xDC00..0xE000 => Ok(at + 12),
                    _ => Err(lone),
                }
            }
            0xD800..0xE000 => Err(lone),
            _ => Ok(at + 6),
        },
        _ => Err(Flaw::at(at + 1)),
    }
}

/// The number that four hexadecimal digits are.
fn hex(json: &[u8], at: usize) -> Result<u32, Flaw> {
    let mut value = 0;
    for place in at..at + 4 {
        let digit = char::from(byte(json, place)).to_digit(16);
        value = value * 16 + digit.ok_or_else(|| Flaw::at(place))?;
    }
    Ok(value)
}

/// Writes the characters of a text, which was found to be right, to `text`.
pub fn unescape(raw: &[u8], text: &mut Vec<u8>) {
    text.clear();
    let mut rest = raw;
    while let Some(found) = memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..found]);
        let kind = byte(rest, found + 1);
        let mut taken = found + 2;
        match kind {
            b'u' => {
                let mut value = hex(rest, found + 2).unwrap_or(0xFFFD);
                taken = found + 6;
                if (0xD800..0xDC00).contains(&value) {
                    let low = hex(rest, found + 8).unwrap_or(0xDC00);
                    value = 0x10000 + ((value - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                    taken = found + 12;
                }
                let char = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
                text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            other => text.push(other),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
}

/// The end of the number, `true`, `false` or `null` at `at`.
#[inline(always)]
pub fn scalar_end(json: &[u8], at: usize) -> Result<usize, Flaw> {
    match byte(json, at) {
        b'-' | b'0'..=b'9' => number_end(json, at),
        b't' => word_end(json, at, b"true"),
        b'f' => word_end(json, at, b"false"),
        b'n' => word_end(json, at, b"null"),
        _ => Err(Flaw::at(at)),
    }
}

#[inline(always)]
fn word_end(json: &[u8], at: usize, word: &[u8]) -> Result<usize, Flaw> {
    let end = at + word.len();
    if json.get(at..end) == Some(word) {
        Ok(end)
    } else {
        Err(Flaw::at(at))
    }
}

#[inline(always)]
fn number_end(json: &[u8], at: usize) -> Result<usize, Flaw> {
    let whole = at + usize::from(json[at] == b'-');
    let mut end = digits_end(json, whole)?;
    if end > whole + 1 && json[whole] == b'0' {
        return Err(Flaw::at(whole + 1));
    }
    if byte(json, end) == b'.' {
        end = digits_end(json, end + 1)?;
    }
    if matches!(byte(json, end), b'e' | b'E') {
        end += 1 + usize::from(matches!(byte(json, end + 1), b'+' | b'-'));
        end = digits_end(json, end)?;
    }
    Ok(end)
}

/// The end of at least one digit.
#[inline(always)]
fn digits_end(json: &[u8], at: usize) -> Result<usize, Flaw> {
    let mut end = at;
    while byte(json, end).is_ascii_digit() {
        end += 1;
    }
    if end == at {
        return Err(Flaw::at(at));
    }
    Ok(end)
}

/// The start of the value of a member whose name begins at `at`, behind its colon.
#[inline(always)]
fn behind_name(json: &[u8], at: usize) -> Result<usize, Flaw> {
    if byte(json, at) != b'"' {
        return Err(Flaw::at(at));
    }
    behind_colon(json, text_end(json, at + 1)?.next)
}

/// The start of the value behind a colon, which stands at `at` or behind blanks.
#[inline(always)]
pub fn behind_colon(json: &[u8], at: usize) -> Result<usize, Flaw> {
    let colon = skip_blanks(json, at);
    if byte(json, colon) != b':' {
        return Err(Flaw::at(colon));
    }
    Ok(skip_blanks(json, colon + 1))
}

/// The end of any value. `depth`: how many objects and arrays it stands in.
pub fn value_end(json: &[u8], mut at: usize, depth: usize) -> Result<usize, Flaw> {
    // Whether each level above the value is an object.
    let mut levels: Vec<bool> = Vec::new();
    loop {
        at = skip_blanks(json, at);
        let first = byte(json, at);
        match first {
            b'{' | b'[' => {
                let is_object = first == b'{';
                if depth + levels.len() >= MAX_DEPTH {
                    let code = RejectCode::TooDeep;
                    return Err(Flaw { code, at });
                }
                levels.push(is_object);
                at = skip_blanks(json, at + 1);
                if byte(json, at) != if is_object { b'}' } else { b']' } {
                    if is_object {
                        at = behind_name(json, at)?;
                    }
                    continue;
                }
                levels.pop();
                at += 1;
            }
            b'"' => at = text_end(json, at + 1)?.next,
            _ => at = scalar_end(json, at)?,
        }
        loop {
            let Some(&is_object) = levels.last() else {
                return Ok(at);
            };
            at = skip_blanks(json, at);
            match (byte(json, at), is_object) {
                (b',', true) => at = behind_name(json, skip_blanks(json, at + 1))?,
                (b',', false) => at += 1,
                (b'}', true) | (b']', false) => {
                    levels.pop();
                    at += 1;
                    continue;
                }
                _ => return Err(Flaw::at(at)),
            }
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(json: &str) -> Result<usize, RejectCode> {
        value_end(json.as_bytes(), 0, 0).map_err(|flaw| flaw.code)
    }

    #[test]
    fn values_are_those_of_the_standard() {
        for json in [
            "{}",
            "[]",
            "0",
            "-0",
            "12.5e+3",
            "1E400",
            "true",
            "false",
            "null",
            "\"\"",
            r#""a\n\u00e9\ud83d\ude00\/""#,
            r#"{"a": [1, {"b": null}], "c" : {} }"#,
            "[[],[[]]]",
            "\"a long text of more than eight bytes\"",
        ] {
            assert_eq!(end(json), Ok(json.len()), "{json}");
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok() || json == "1E400");
        }
        for json in [
            "",
            "{",
            "[",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "01",
            "-",
            "1.",
            ".5",
            "+1",
            "1e",
            "tru",
            "'a'",
            "\"a",
            "\"\t\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "[1 2]",
            "{\"a\":1,}",
            "[1}",
            "{\"a\":1]",
            "NaN",
            "nul",
            "\"a\\",
            "\"\\u",
            "{\"a\" 1}",
        ] {
            assert_eq!(end(json), Err(RejectCode::NotJson), "{json}");
        }
        assert_eq!(end("\"\\ud800\""), Err(RejectCode::LoneSurrogate));
        assert_eq!(end("\"\\ude00\""), Err(RejectCode::LoneSurrogate));
        assert_eq!(end("\"\\ud800\\ud800\""), Err(RejectCode::LoneSurrogate));
        assert_eq!(end("\"\\u0000\""), Err(RejectCode::NulCharacter));
    }

    #[test]
    fn depth_is_limited() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(end(&deep(MAX_DEPTH)), Ok(2 * MAX_DEPTH));
        assert_eq!(end(&deep(MAX_DEPTH + 1)), Err(RejectCode::TooDeep));
    }

    #[test]
    fn texts_end_wherever_their_quote_stands() {
        for length in 0..40 {
            for special in [b'"', b'\\', 0x1F, 0x00] {
                let mut json = vec![0xC3; length];
                json.push(special);
                json.extend_from_slice(b"\"      ");
                assert_eq!(plain_end(&json, 0), length);
            }
        }
        for byte in 0..=255_u8 {
            let stops = byte < 0x20 || byte == b'"' || byte == b'\\';
            let json = [b'a', byte, b'b', b'c', b'd', b'e', b'f', b'g', b'h', b'"'];
            assert_eq!(plain_end(&json, 0), if stops { 1 } else { 9 }, "{byte}");
        }
    }

    #[test]
    fn escapes_are_what_serde_makes_of_them() {
        for json in [
            r#""\"\\\/\b\f\n\r\t""#,
            r#""a\u00e9b\ud83d\ude00c\uffff""#,
            r#""\u0001\u001f\u0020""#,
        ] {
            let wanted: String = serde_json::from_str(json).unwrap();
            let mut text = Vec::new();
            unescape(&json.as_bytes()[1..json.len() - 1], &mut text);
            assert_eq!(text, wanted.as_bytes());
        }
    }
}
