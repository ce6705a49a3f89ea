//! Reads the records of whole chunks, with their fields.

use memchr::memchr;

use super::array_element::opening;
use super::extent::Extent;
use super::extent_finder::ExtentFinder;
use super::line_index::{LineExtent, LineIndex, PlainRow};
use super::object_parser::ObjectParser;
use super::plain_rows::PlainRows;
use super::prologue::{Prologue, bom};
use super::record::{Record, RecordKind, Span};
use super::reshape::reshape;
use super::text_check::count_lines;
use super::unescape::{text_of, written_of};
use crate::dialect::Dialect;
use crate::reject_code::RejectCode;

/// What is kept of a record of NULs alone, however long it is.
pub const PADDING: &[u8] = b"\0";

/// Reads the records of bytes that are whole records.
pub struct RecordReader<'a> {
    dialect: &'a Dialect,
    data: &'a [u8],
    at: usize,
    line: u64,
    prologue: Prologue,
    extents: ExtentFinder,
    index: LineIndex,
    spans: Vec<Span>,
    /// The offset in the data to which the spans are relative.
    base: usize,
    /// Finds the fields of records that are JSON objects.
    objects: Option<ObjectParser<'a>>,
    /// Why the record just read is broken, if a code does not say all.
    detail: Option<String>,
}

impl<'a> RecordReader<'a> {
    /// Reads data from their start. `input_start` says that they begin at offset 0 of the input, where
    /// a byte order mark, a preamble and a header may stand.
    pub fn new(
        dialect: &'a Dialect,
        data: &'a [u8],
        input_start: bool,
        line: u64,
    ) -> RecordReader<'a> {
        let prologue = if input_start {
            Prologue::new(dialect)
        } else {
            Prologue::over()
        };
        let at = if input_start { bom(data) } else { 0 };
        RecordReader::within(dialect, data, at, line, prologue)
    }

    /// Reads data from the offset `at` on, with the part of the prologue that is still to come there.
    pub fn within(
        dialect: &'a Dialect,
        data: &'a [u8],
        at: usize,
        line: u64,
        prologue: Prologue,
    ) -> RecordReader<'a> {
        RecordReader {
            dialect,
            data,
            at,
            line,
            prologue,
            extents: ExtentFinder::new(),
            index: LineIndex::new(dialect),
            spans: Vec::new(),
            base: 0,
            objects: dialect.objects.as_deref().map(ObjectParser::new),
            detail: None,
        }
    }

    /// The offset at which the next record starts.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The number of the line at `position`.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether the record just read holds no line end but its own. The last record may lack one.
    #[inline]
    pub fn on_one_line(&self, record: Record) -> bool {
        let own = self.data[..record.next].ends_with(&[self.dialect.newline]);
        self.line == record.line + u64::from(own)
    }

    /// The part of the prologue that is still to come.
    pub fn prologue(&self) -> &Prologue {
        &self.prologue
    }

    /// Reads the next record. `fields` gives its fields if it is a row or the header.
    #[inline]
    pub fn read(&mut self) -> Option<Record> {
        if self.objects.is_some() {
            return self.read_object();
        }
        let record = self.read_delimited()?;
        Some(if self.dialect.reshapes() {
            self.reshaped(record)
        } else {
            record
        })
    }

    /// Reads the next record, whose fields are what stands between delimiters.
    #[inline]
    fn read_delimited(&mut self) -> Option<Record> {
        if self.prologue.is_over()
            && let Some(line) = self
                .index
                .line(self.dialect, self.data, self.at, &mut self.spans)
        {
            let record = row_record(self.at, line, self.line);
            self.base = self.index.base();
            self.at = line.next;
            self.line += 1;
            return Some(record);
        }
        self.read_any()
    }

    /// Reads the next record if it is a row of exactly `fields` fields with no quote or escape in the
    /// window, as nearly all are in most files. Otherwise reads nothing, and the caller calls `read`.
    #[inline]
    pub fn read_plain(&mut self, fields: usize) -> Option<(Record, PlainRow<'_>)> {
        if !self.prologue.is_over() || self.objects.is_some() {
            return None;
        }
        let (line, row) = self
            .index
            .plain_row(self.dialect, self.data, self.at, fields)?;
        let record = row_record(self.at, line, self.line);
        self.at = line.next;
        self.line += 1;
        Some((record, row))
    }

    /// Reads the next rows, at most `most`, if they are such rows. They end where the window does.
    pub fn read_plain_rows(&mut self, fields: usize, most: u64) -> Option<PlainRows<'_>> {
        if !self.prologue.is_over() || self.objects.is_some() {
            return None;
        }
        let (next, rows) =
            self.index
                .plain_rows(self.dialect, self.data, self.at, fields, most, self.line)?;
        self.at = next;
        self.line += rows.count() as u64;
        Some(rows)
    }

    /// The record just read, with its fields as the dialect shapes them.
    fn reshaped(&mut self, mut record: Record) -> Record {
        if matches!(record.kind, RecordKind::Row | RecordKind::Header) {
            let (start, end) = (record.start - self.base, record.end - self.base);
            let bytes = &self.data[self.base..];
            if let Err(code) = reshape(self.dialect, bytes, start..end, &mut self.spans) {
                record.kind = RecordKind::Broken(code);
            }
        }
        record
    }

    /// Reads the next record, which should be a JSON object.
    fn read_object(&mut self) -> Option<Record> {
        self.detail = None;
        let mut record = self.read_extent()?;
        if matches!(record.kind, RecordKind::Skipped | RecordKind::Header) {
            return Some(record);
        }
        self.base = record.start;
        let json = &self.data[record.start..record.end];
        if record.kind == RecordKind::Broken(RejectCode::RecordTooLong) {
            return Some(record);
        }
        if json.iter().all(u8::is_ascii_whitespace) {
            record.kind = RecordKind::Skipped;
        } else if let Some(objects) = &mut self.objects
            && let Err(broken) = objects.parse(json, &mut self.spans)
        {
            record.kind = RecordKind::Broken(broken.code);
            self.detail = Some(broken.reason);
        }
        Some(record)
    }

    /// Reads the next record without its fields.
    pub(super) fn read_extent(&mut self) -> Option<Record> {
        let Some(line) = self.object_line() else {
            return self.read_any();
        };
        let record = row_record(self.at, line, self.line);
        self.at = line.next;
        self.line += 1;
        Some(record)
    }

    /// The line at the reader's place, if it begins as an object does. Such a line is neither blank nor
    /// a comment nor padding.
    #[inline]
    fn object_line(&self) -> Option<LineExtent> {
        let (data, start) = (self.data, self.at);
        if data.get(start) != Some(&b'{') || self.dialect.is_array() {
            return None;
        }
        let newline = start + memchr(self.dialect.newline, &data[start..])?;
        let end = self.dialect.without_cr(data, start, newline);
        let next = newline + 1;
        (end - start <= self.dialect.max_record_size).then_some(LineExtent { end, next })
    }

    /// A sentence about the broken record just read, if it says more than the code.
    pub fn detail(&mut self) -> Option<String> {
        self.detail.take()
    }

    /// Whether a field is that of a name which is missing or null. Only JSON objects have such fields.
    #[inline]
    pub fn is_absent(&self, span: Span) -> bool {
        self.objects.is_some() && span.start == span.end && !span.quoted
    }

    /// A field of a JSON object as JSON: a text with its quotes. None if the record is no object.
    pub fn json(&self, span: Span) -> Option<&'a [u8]> {
        self.objects.as_ref()?;
        let quote = usize::from(span.quoted);
        let (start, end) = (span.start as usize - quote, span.end as usize + quote);
        Some(&self.data[self.base + start..self.base + end])
    }

    /// The fields of the row just read.
    #[inline]
    pub fn fields(&self) -> &[Span] {
        &self.spans
    }

    /// The bytes of a field as they stand in the data.
    #[inline]
    pub fn raw(&self, span: Span) -> &'a [u8] {
        &self.data[self.base + span.start as usize..self.base + span.end as usize]
    }

    /// The data up to the end of a field of the row just read, and the offset at which it starts.
    #[inline]
    pub fn until(&self, span: Span) -> (&'a [u8], usize) {
        let end = self.base + span.end as usize;
        (&self.data[..end], self.base + span.start as usize)
    }

    /// The fields of the row just read, with their places in the data.
    #[inline]
    pub fn placed_fields(&self) -> impl Iterator<Item = Span> {
        let base = self.base;
        self.spans.iter().map(move |span| span.moved(base))
    }

    /// The text of a field of the row just read. It is in `scratch` if escapes had to be removed.
    #[inline]
    pub fn text<'s>(&self, span: Span, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        text_of(self.dialect, self.raw(span), span, scratch)
    }

    /// A field of the row just read as it is written, with its escapes. Escapes have a meaning in a
    /// text that stands for NULL, such as `\N`. Doubled quotes become one, as in `text`.
    #[inline]
    pub fn written<'s>(&self, span: Span, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        written_of(self.dialect, self.raw(span), span, scratch)
    }

    /// Reads the next record, whatever it is.
    #[cold]
    fn read_any(&mut self) -> Option<Record> {
        let (dialect, data, start) = (self.dialect, self.data, self.at);
        if start >= data.len() {
            return None;
        }
        self.base = start;
        let is_element = dialect.is_array() && self.prologue.is_over();
        let found = if self.prologue.takes_line() {
            self.extents.line(dialect, data, start, true)
        } else if dialect.is_array() && !is_element {
            opening(data, start, true)
        } else {
            self.extents
                .record(dialect, data, start, true, &mut self.spans)
        };
        let too_long = found == Extent::TooLong;
        let (kind, end, next) = match found {
            Extent::Row { end, next } => (RecordKind::Row, end, next),
            Extent::Blank { end, next } | Extent::Comment { end, next } => {
                (RecordKind::Skipped, end, next)
            }
            Extent::Broken { code, end, next } => (RecordKind::Broken(code), end, next),
            Extent::TooLong | Extent::Unknown => {
                let (end, next) = line_from(dialect, data, start);
                (too_long_kind(dialect, &data[start..end]), end, next)
            }
        };
        let kind = self.prologue.place(kind, too_long);
        let line = self.line;
        let lines = count_lines(dialect.newline, &data[start..next]);
        self.line += lines.max(u64::from(is_element && !too_long));
        self.at = next;
        self.index.skip_to(next);
        Some(Record {
            kind,
            start,
            end,
            next,
            line,
        })
    }
}

#[inline]
fn row_record(start: usize, line: LineExtent, number: u64) -> Record {
    Record {
        kind: RecordKind::Row,
        start,
        end: line.end,
        next: line.next,
        line: number,
    }
}

/// The kind of a record that is too long. A comment or padding is skipped whatever its length.
/// `bytes` are the first bytes of the record, or those of `PADDING`.
pub fn too_long_kind(dialect: &Dialect, bytes: &[u8]) -> RecordKind {
    if bytes == PADDING || bytes.first().copied() == dialect.comment {
        RecordKind::Skipped
    } else {
        RecordKind::Broken(RejectCode::RecordTooLong)
    }
}

/// The end of the line at `start`, and the start of the next line.
fn line_from(dialect: &Dialect, data: &[u8], start: usize) -> (usize, usize) {
    let newline = memchr(dialect.newline, &data[start..]).map(|found| start + found);
    let end = newline.unwrap_or(data.len());
    (
        dialect.without_cr(data, start, end),
        newline.map_or(end, |end| end + 1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::{NoFields, parse_dialect};

    /// Records by the definition alone, without the index.
    fn by_definition(dialect: &Dialect, data: &[u8]) -> Vec<(bool, usize, usize)> {
        let mut extents = ExtentFinder::new();
        let (mut at, mut found) = (0, Vec::new());
        while at < data.len() {
            let record = extents.record(dialect, data, at, true, &mut NoFields);
            let (row, end, next) = match record {
                Extent::Row { end, next } => (true, end, next),
                Extent::Blank { end, next }
                | Extent::Comment { end, next }
                | Extent::Broken { end, next, .. } => (false, end, next),
                Extent::TooLong | Extent::Unknown => panic!("{record:?} at {at}"),
            };
            found.push((row, end, next));
            at = next;
        }
        found
    }

    #[test]
    fn the_index_finds_what_the_definition_says() {
        let mut state = 7_u32;
        for round in 0..3000 {
            let delimiter = if round % 5 == 0 { ",," } else { "," };
            let escape = if round % 3 == 0 { r#""\\""# } else { "null" };
            let dialect = parse_dialect(&format!(
                r##"{{"delimiter": "{delimiter}", "quote": "\"", "escape": {escape},
                    "terminator": "{}", "escapes": "{}", "idle": "{}",
                    "escape_unquoted": {},
                    "encoding": "utf-8", "header": false, "preamble": 0, "rows_after_header": 0,
                    "comment": "#", "skip_initial_space": {}, "max_record_size": 1000000}}"##,
                if round % 4 < 2 { "lf" } else { "lf_alone" },
                ["signs", "postgres", "mysql"][round / 8 % 3],
                ["empty", "blank", "none"][round / 24 % 3],
                round % 6 < 3,
                round % 2 == 0,
            ))
            .unwrap();
            // Every tenth is longer than the index's window.
            let length = if round % 10 == 0 { 20_000 } else { 60 };
            let data: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b",,\"\"\n\n\r\\# aaaaa"[(state >> 16) as usize % 15]
                })
                .collect();
            let mut reader = RecordReader::new(&dialect, &data, false, 1);
            let mut found = Vec::new();
            while let Some(record) = reader.read() {
                found.push((record.kind == RecordKind::Row, record.end, record.next));
            }
            assert_eq!(found, by_definition(&dialect, &data), "round {round}");
            assert_eq!(reader.line(), 1 + count_lines(b'\n', &data));
        }
    }
}
