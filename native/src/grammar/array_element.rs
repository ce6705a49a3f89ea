//! Finds the elements of an array of JSON objects, which are its records.
//!
//! The blanks and the comma behind an element belong to it, so that the next one begins at its first
//! byte. What an element is never depends on the bytes behind that.

use memchr::memchr;

use super::extent::Extent;
use super::json_text::{byte, skip_blanks, text_end, value_end};
use crate::dialect::Dialect;
use crate::reject_code::RejectCode;

/// The most bytes that an escape, a word or the sign of a number may lack at the end of the data.
const CUT: usize = 16;

/// The extent of the bracket that opens the array, with the blanks on both sides.
pub fn opening(data: &[u8], at: usize, ended: bool) -> Extent {
    let bracket = skip_blanks(data, at);
    let behind = bracket + usize::from(byte(data, bracket) == b'[');
    let next = skip_blanks(data, behind);
    if next == data.len() && !ended {
        return Extent::Unknown;
    }
    Extent::Row { end: behind, next }
}

/// The extent of the element that starts at `at`. `ended`: the data end where the input ends.
pub fn element(dialect: &Dialect, data: &[u8], at: usize, ended: bool) -> Extent {
    let most = at + dialect.max_record_size;
    let view = &data[..data.len().min(most + 1)];
    // Nothing behind the view can matter for the element.
    let whole = ended || view.len() > most;
    let found = match value_end(view, at, 0) {
        Ok(end) if end + CUT < view.len() || whole => match behind_blanks(view, end) {
            None if !whole => return Extent::Unknown,
            None | Some(b',' | b']' | b'{' | b'[' | b'\n') => Found::Row(end),
            Some(_) => Found::Broken(at, RejectCode::NotJson),
        },
        Err(flaw) if flaw.at + CUT < view.len() || whole => Found::Broken(at, flaw.code),
        _ => return Extent::Unknown,
    };
    let found = match found {
        Found::Row(end) => Found::Row(end),
        Found::Broken(_, code) => match broken_end(view, at, whole) {
            Some(end) => Found::Broken(end, code),
            None => return Extent::Unknown,
        },
    };
    let (Found::Row(close) | Found::Broken(close, _)) = found;
    if close > most {
        return Extent::TooLong;
    }
    let next = behind_comma(data, close);
    if next == data.len() && !ended {
        return Extent::Unknown;
    }
    match found {
        Found::Row(end) => Extent::Row { end, next },
        Found::Broken(end, code) => Extent::Broken { code, end, next },
    }
}

enum Found {
    Row(usize),
    Broken(usize, RejectCode),
}

/// The start of the next element. Behind the last one, the bracket and what fills the input up belong
/// to that.
fn behind_comma(data: &[u8], end: usize) -> usize {
    let mut at = skip_blanks(data, end);
    if byte(data, at) == b',' {
        at = skip_blanks(data, at + 1);
    }
    if byte(data, at) == b']' {
        at = skip_blanks(data, at + 1);
        while data.get(at) == Some(&0) {
            at = skip_blanks(data, at + 1);
        }
    }
    at
}

/// What follows a value on its line, or the line end. None: the view ends before.
fn behind_blanks(view: &[u8], mut end: usize) -> Option<u8> {
    while matches!(byte(view, end), b' ' | b'\t' | b'\r') {
        end += 1;
    }
    view.get(end).copied()
}

/// The end of an element that is not JSON. None: more bytes than those of the view are needed. `whole`:
/// there are no more.
fn broken_end(view: &[u8], at: usize, whole: bool) -> Option<usize> {
    let is_known = |end: usize| whole || end < view.len();
    let mut end = Some(line_end(view, at)).filter(|&end| is_known(end))?;
    if let Some(close) = balanced_end(&view[..end], at)
        && matches!(behind_blanks(view, close), None | Some(b',' | b']' | b'\n'))
    {
        return Some(close);
    }
    let inner = end + 1;
    if byte(view, at) == b'{' && skip_blanks(view, at + 1) > end {
        if !is_known(inner) {
            return None;
        }
        // The brace is alone on its line: the element ends with the first line that is less indented
        // than the first one within it.
        let least = indent(view, inner).max(1);
        while end < view.len() && indent(view, end + 1) >= least {
            end = line_end(view, end + 1);
        }
        let last = Some(skip_blanks(view, end)).filter(|&last| is_known(last))?;
        if matches!(byte(view, last), b'}' | b']') {
            end = Some(line_end(view, last)).filter(|&end| is_known(end))?;
        }
    }
    Some(without_comma(view, at, end))
}

/// The end of a line without the blanks and the comma before it.
fn without_comma(data: &[u8], start: usize, mut end: usize) -> usize {
    while end > start + 1 && matches!(data[end - 1], b' ' | b'\t' | b'\r' | b',') {
        end -= 1;
    }
    end
}

fn line_end(data: &[u8], at: usize) -> usize {
    memchr(b'\n', &data[at.min(data.len())..]).map_or(data.len(), |found| at + found)
}

fn indent(data: &[u8], at: usize) -> usize {
    data[at.min(data.len())..]
        .iter()
        .take_while(|&&byte| byte == b' ' || byte == b'\t')
        .count()
}

/// The end of an element by its brackets and quotes alone. None: a text holds what it may not.
fn balanced_end(data: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match byte(data, at) {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'"' => {
                at = rough_text_end(data, at + 1)?;
                continue;
            }
            b',' if depth == 0 => return Some(at),
            0 if at >= data.len() => return None,
            _ => {}
        }
        at += 1;
    }
}

/// The end of a text whose escapes may be wrong.
fn rough_text_end(data: &[u8], mut at: usize) -> Option<usize> {
    if let Ok(end) = text_end(data, at) {
        return Some(end.next);
    }
    loop {
        match data.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            b'\n' => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::parse_dialect;

    /// The elements of an array, as they stand in it; a mark stands before those that are broken.
    fn elements(json: &str, most: usize) -> Vec<String> {
        let dialect = parse_dialect(&format!(
            r#"{{"delimiter": "", "quote": null, "escape": null, "terminator": "lf",
                "escape_unquoted": true, "encoding": "utf-8", "header": true, "preamble": 0,
                "rows_after_header": 0, "comment": null, "skip_initial_space": false,
                "max_record_size": {most}, "syntax": "array"}}"#
        ))
        .unwrap();
        let data = json.as_bytes();
        let Extent::Row { next, .. } = opening(data, 0, true) else {
            panic!("no array");
        };
        let (mut at, mut found) = (next, Vec::new());
        while at < data.len() {
            let (mark, end, next) = match element(&dialect, data, at, true) {
                Extent::Row { end, next } => ("", end, next),
                Extent::Broken { end, next, .. } => ("!", end, next),
                Extent::TooLong => return vec!["too long".into()],
                other => panic!("{other:?} at {at}"),
            };
            found.push(format!("{mark}{}", &json[at..end]));
            assert!(next > at);
            at = next;
        }
        found
    }

    #[test]
    fn elements_end_where_their_brackets_close() {
        for (json, wanted) in [
            ("[{},{\"a\":\"],}\"}]", vec!["{}", "{\"a\":\"],}\"}"]),
            (
                " [ {\n \"a\": 1\n },\n {} ]\n\0\0",
                vec!["{\n \"a\": 1\n }", "{}"],
            ),
            ("[1, [2], {} {},]", vec!["1", "[2]", "{}", "{}"]),
        ] {
            assert_eq!(elements(json, 1 << 20), wanted, "{json}");
        }
        assert_eq!(elements("[{\"a\": \"0123456789\"}]", 10), ["too long"]);
    }

    #[test]
    fn what_follows_a_broken_element_is_read() {
        for (json, wanted) in [
            ("[{\"a\":tru},{}]", vec!["!{\"a\":tru}", "{}"]),
            (
                "[{\"a\":\"\\ud800\"},{}]",
                vec!["!{\"a\":\"\\ud800\"}", "{}"],
            ),
            ("[\n{\"a\":\"b},\n{}\n]", vec!["!{\"a\":\"b}", "{}"]),
            (
                "[\n {\n  \"a\": \"b,\n  \"c\": {\n   \"d\": 1\n  }\n },\n {}\n]",
                vec!["!{\n  \"a\": \"b,\n  \"c\": {\n   \"d\": 1\n  }\n }", "{}"],
            ),
            (
                "[\n {\n  \"a\": \"b\n {\n  \"a\": 1\n }\n]",
                vec!["!{\n  \"a\": \"b", "{\n  \"a\": 1\n }"],
            ),
            ("[{\"a\": 1", vec!["!{\"a\": 1"]),
        ] {
            assert_eq!(elements(json, 1 << 20), wanted, "{json}");
        }
    }
}
