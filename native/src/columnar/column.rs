//! One column of a batch: which values are NULL, and how the others are written.

use std::ops::Range;

use arrow_array::Array;
use arrow_buffer::NullBuffer;
use memchr::memchr;

use super::cells::{Cells, Shape};
use super::texts::Texts;

const QUOTE: u8 = b'"';
/// The byte order mark, which is left out where an input begins.
const BOM: &[u8] = "\u{FEFF}".as_bytes();

/// What ends a record.
pub const END: u8 = 0x1E;

/// Makes the column of an array. Gives what its type is called if it cannot be written.
pub type MakeColumn = fn(&dyn Array) -> Result<Column, String>;

/// The values of one column in a batch, and which of them are NULL.
pub struct Column {
    nulls: Option<NullBuffer>,
    shape: Shape,
    cells: Box<dyn Cells>,
}

impl Column {
    pub fn new(array: &dyn Array, cells: Box<dyn Cells>) -> Column {
        Column {
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            shape: cells.shape(),
            cells,
        }
    }

    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Appends the text of a value that is not NULL.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        self.cells.write(row, out);
    }

    /// Whether texts are short, and need no quotes.
    pub fn is_plain(&self) -> bool {
        matches!(self.shape, Shape::Bare | Shape::Plain)
    }

    /// Adds the texts of some rows, as they are. That of a NULL is empty.
    pub fn texts(&self, rows: Range<usize>, texts: &mut Texts) {
        self.cells.write_rows(rows, self.nulls.as_ref(), texts);
    }

    /// Appends the value as a field of a record. Gives false if it has U+001E.
    #[inline]
    pub fn field(&self, row: usize, out: &mut Vec<u8>) -> bool {
        if self.is_null(row) {
            return true;
        }
        let start = out.len();
        self.cells.write(row, out);
        if self.is_plain() {
            return true;
        }
        is_simple(&out[start..]) || quote(out, start)
    }

    /// Appends the value as JSON.
    pub fn json(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        let start = out.len();
        match self.shape {
            Shape::Json => self.cells.write(row, out),
            Shape::Bare => {
                self.cells.write(row, out);
                // JSON has no number for what is not finite.
                if out[start..].iter().any(|byte| matches!(byte, b'N' | b'i')) {
                    out.insert(start, QUOTE);
                    out.push(QUOTE);
                }
            }
            Shape::Plain | Shape::Text => self.json_text(row, out),
        }
    }

    /// Appends the value as a text of JSON, as names of members are.
    pub fn json_text(&self, row: usize, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        self.cells.write(row, &mut text);
        match std::str::from_utf8(&text) {
            Ok(text) => serde_json::to_writer(out, text).unwrap_or_default(),
            // Whoever decodes the record rejects it for these bytes.
            Err(_) => out.extend_from_slice(&text),
        }
    }
}

/// Whether a text needs no quotes: records without them are read much faster. The empty text has them,
/// because it is not NULL, and so has one that begins like an input with a byte order mark.
#[inline]
fn is_simple(text: &[u8]) -> bool {
    // One pass without branches, which is quicker than a search if the text is short.
    let special = |byte: u8| (byte == b',') | (byte == QUOTE) | (byte == END);
    let any = text.iter().fold(false, |any, &byte| any | special(byte));
    !any && !text.is_empty() && !text.starts_with(BOM)
}

/// Puts the text from a place on in quotes. Gives false if it has U+001E.
#[cold]
fn quote(out: &mut Vec<u8>, start: usize) -> bool {
    let whole = memchr(END, &out[start..]).is_none();
    if memchr(QUOTE, &out[start..]).is_none() {
        out.insert(start, QUOTE);
    } else {
        let text = out.split_off(start);
        out.push(QUOTE);
        for byte in text {
            if byte == QUOTE {
                out.push(QUOTE);
            }
            out.push(byte);
        }
    }
    out.push(QUOTE);
    whole
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;

    use super::super::arrays::column;
    use super::*;

    #[test]
    fn texts_have_the_quotes_that_they_need() {
        for (text, field) in [
            ("plain text; of any\nkind", "plain text; of any\nkind"),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            ("\"", "\"\"\"\""),
            ("\u{FEFF}a", "\"\u{FEFF}a\""),
            ("\u{FF21}", "\u{FF21}"),
        ] {
            let mut out = b"before,".to_vec();
            let array: Arc<dyn Array> = Arc::new(StringArray::from(vec![text]));
            assert!(column(&array).unwrap().field(0, &mut out), "{text:?}");
            assert_eq!(String::from_utf8(out).unwrap(), format!("before,{field}"));
        }
        let array = StringArray::from(vec!["a\u{1E}", "\u{1E},"]);
        let mut out = Vec::new();
        assert!(!column(&array).unwrap().field(0, &mut out));
        assert!(!column(&array).unwrap().field(1, &mut out));
    }
}
