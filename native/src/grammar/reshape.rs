//! Shapes the fields of a row where they are not just what stands between delimiters.

use std::ops::Range;

use super::letters::has_number;
use super::record::Span;
use super::text_check::check_text;
use super::unescape::unescape;
use crate::dialect::{Dialect, Escapes, Place, Ragged};
use crate::reject_code::RejectCode;

/// Shapes the fields of the record that stands at `record` in `bytes`, to which spans are relative.
/// The error says why the record must be rejected.
pub fn reshape(
    dialect: &Dialect,
    bytes: &[u8],
    record: Range<usize>,
    spans: &mut Vec<Span>,
) -> Result<(), RejectCode> {
    if !dialect.places.is_empty() {
        by_places(dialect, bytes, record, spans);
    }
    if dialect.formulas {
        spans.iter_mut().for_each(|span| open_formula(bytes, span));
    }
    if dialect.escapes != Escapes::Signs {
        check_numbers(dialect, bytes, spans)?;
    }
    Ok(())
}

/// Checks the bytes that a field names by their numbers: the check of the whole record has not seen
/// them.
fn check_numbers(dialect: &Dialect, bytes: &[u8], spans: &[Span]) -> Result<(), RejectCode> {
    let Some(escape) = dialect.escape else {
        return Ok(());
    };
    for span in spans.iter().filter(|span| span.escaped) {
        let raw = &bytes[span.start as usize..span.end as usize];
        if has_number(dialect.escapes, escape, raw) {
            let mut text = Vec::new();
            unescape(dialect, raw, span.quoted, false, &mut text);
            check_text(&text)?;
        }
    }
    Ok(())
}

/// `="007"` is how a spreadsheet is told that 007 is a text: only that text is the value. With quotes
/// around it the inner ones are doubled. Any other formula stays as it is written.
fn open_formula(bytes: &[u8], span: &mut Span) {
    let raw = &bytes[span.start as usize..span.end as usize];
    let mark: &[u8] = if span.quoted { br#""""# } else { br#"""# };
    let inner = raw
        .strip_prefix(b"=")
        .and_then(|raw| raw.strip_prefix(mark))
        .and_then(|raw| raw.strip_suffix(mark));
    if let Some(inner) = inner
        && !inner.contains(&b'"')
    {
        let start = span.start + 1 + mark.len() as u32;
        *span = Span {
            start,
            end: start + inner.len() as u32,
            quoted: true,
            escaped: false,
        };
    }
}

/// Finds the fields at their places in a line. Spaces around them only fill them up.
///
/// A field is missing where the line ends before it does, unless short lines are to be filled. What
/// stands behind the last field is one field more, unless it is blank.
fn by_places(dialect: &Dialect, bytes: &[u8], line: Range<usize>, spans: &mut Vec<Span>) {
    spans.clear();
    let text = &bytes[line.clone()];
    let mut cursor = Cursor::new(text);
    let mut push = |range: Range<usize>| {
        let (start, end) = trimmed(dialect, text, range);
        spans.push(Span::unquoted(line.start + start, line.start + end, false));
    };
    for &Place(first, width) in dialect.places.iter() {
        let Some(start) = cursor.advance(first - 1) else {
            return;
        };
        let end = match width {
            None => cursor.finish(),
            Some(width) => match cursor.advance(first - 1 + width) {
                Some(end) => end,
                None if dialect.ragged == Ragged::Pad && start < text.len() => cursor.finish(),
                None => return,
            },
        };
        push(start..end);
    }
    if text[cursor.byte..].iter().any(|&byte| byte != b' ') {
        push(cursor.byte..text.len());
    }
}

/// Without the spaces that fill a field up. Leading ones stay if a user wants them.
fn trimmed(dialect: &Dialect, text: &[u8], range: Range<usize>) -> (usize, usize) {
    let field = &text[range.clone()];
    let end = field.iter().rposition(|&byte| byte != b' ');
    let end = range.start + end.map_or(0, |last| last + 1);
    let first = text[range.start..end].iter().position(|&byte| byte != b' ');
    match first {
        Some(first) if dialect.skip_initial_space => (range.start + first, end),
        _ => (range.start, end),
    }
}

/// Finds the offsets of characters, from the first to the last.
struct Cursor<'a> {
    text: &'a [u8],
    byte: usize,
    /// The number of characters before `byte`.
    chars: usize,
    ascii: bool,
}

impl Cursor<'_> {
    fn new(text: &[u8]) -> Cursor<'_> {
        Cursor {
            text,
            byte: 0,
            chars: 0,
            ascii: text.is_ascii(),
        }
    }

    /// The offset behind so many characters. None if the text has fewer.
    fn advance(&mut self, chars: usize) -> Option<usize> {
        if self.ascii {
            (chars <= self.text.len()).then(|| self.byte = chars)?;
        }
        while !self.ascii && self.chars < chars {
            let rest = self.text.get(self.byte + 1..)?;
            let more = rest.iter().take_while(|&&byte| byte & 0xC0 == 0x80).count();
            self.byte += 1 + more;
            self.chars += 1;
        }
        Some(self.byte)
    }

    fn finish(&mut self) -> usize {
        self.byte = self.text.len();
        self.byte
    }
}

#[cfg(test)]
mod tests {
    use crate::grammar::{RecordKind, RecordReader, parse_dialect};

    fn rows(options: &str, data: &[u8]) -> Vec<Vec<String>> {
        let dialect = parse_dialect(&format!(
            r#"{{"escape": null, "terminator": "lf", "escape_unquoted": true,
                "encoding": "utf-8", "header": false, "preamble": 0, "rows_after_header": 0,
                "comment": null, "max_record_size": 1000000, {options}}}"#
        ))
        .unwrap();
        let mut reader = RecordReader::new(&dialect, data, true, 1);
        let mut found = Vec::new();
        let mut scratch = Vec::new();
        while let Some(record) = reader.read() {
            if record.kind == RecordKind::Row {
                let fields = reader.fields().iter();
                let texts = fields.map(|&span| reader.text(span, &mut scratch).to_vec());
                found.push(texts.map(|text| String::from_utf8(text).unwrap()).collect());
            }
        }
        found
    }

    #[test]
    fn fields_are_found_at_their_places() {
        let fixed = r#""delimiter": "", "quote": null, "skip_initial_space": true,
            "places": [[1, 3], [5, 4]]"#;
        let data =
            "\u{feff}a  x 12 \r\nä€\u{1F600}-  7 \n\n   \nab\nabc-wxyz!\nabc-wxyz  \nabc-wxy";
        assert_eq!(
            rows(fixed, data.as_bytes()),
            vec![
                vec!["a", "12"],
                vec!["ä€\u{1F600}", "7"],
                vec![],
                vec!["abc", "wxyz", "!"],
                vec!["abc", "wxyz"],
                vec!["abc"],
            ]
        );
        let padded = format!("{fixed}, \"ragged\": \"pad\"");
        let (two, cut) = (vec!["abc", "wx"], vec!["ab"]);
        assert_eq!(rows(&padded, b"abc-wx\nab"), vec![two, cut]);
        let rest = r#""delimiter": "", "quote": null, "skip_initial_space": false,
            "places": [[1, 1], [3, null]]"#;
        let (short, empty) = (vec!["a", " b, c"], vec!["a", ""]);
        assert_eq!(
            rows(rest, b"a  b, c \na \na"),
            vec![short, empty, vec!["a"]]
        );
    }

    #[test]
    fn formulas_that_hold_a_text_are_that_text() {
        let excel = r#""delimiter": ";", "quote": "\"", "skip_initial_space": false,
            "formulas": true"#;
        let data = b"=\"007\";\"=\"\"0;8\"\"\";=1+1;=\"\";\"=\"\"a\"\"&\"\"b\"\"\";=\";=\n";
        let whole = "=\"a\"&\"b\"";
        assert_eq!(
            rows(excel, data),
            vec![vec!["007", "0;8", "=1+1", "", whole, "=\"", "="]]
        );
    }
}
