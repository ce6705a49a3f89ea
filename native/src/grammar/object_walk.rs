//! Reads records that are JSON objects whose names are not known before.

use super::object_parser::ObjectParser;
use super::record::{Record, RecordKind, Span};
use super::record_reader::RecordReader;
use super::text_check::check_text;
use crate::dialect::{Dialect, NameTable};

/// Reads the records of bytes that are whole records, and learns the names of the sound ones, in the
/// order in which they come first.
pub struct ObjectWalk<'a> {
    data: &'a [u8],
    /// Whether all of the data is text.
    clean: bool,
    reader: RecordReader<'a>,
    parser: ObjectParser<'a>,
    spans: Vec<Span>,
    base: usize,
}

impl<'a> ObjectWalk<'a> {
    /// Reads data from their start, which is that of the input if `input_start`. `names` are those of
    /// the records before. None: the dialect has no objects.
    pub fn new(
        dialect: &'a Dialect,
        data: &'a [u8],
        input_start: bool,
        line: u64,
        names: NameTable,
    ) -> Option<ObjectWalk<'a>> {
        let layout = dialect.objects.as_deref()?;
        Some(ObjectWalk {
            data,
            clean: check_text(data).is_ok(),
            reader: RecordReader::new(dialect, data, input_start, line),
            parser: ObjectParser::of_names(layout, names),
            spans: Vec::new(),
            base: 0,
        })
    }

    /// Reads the next record that is not to be skipped, and says whether it is sound.
    #[inline]
    pub fn read(&mut self) -> Option<(Record, bool)> {
        loop {
            let record = self.reader.read_extent()?;
            if matches!(record.kind, RecordKind::Skipped | RecordKind::Header) {
                continue;
            }
            let json = &self.data[record.start..record.end];
            self.base = record.start;
            let sound = record.kind == RecordKind::Row
                && (self.clean || check_text(json).is_ok())
                && self.parser.collect(json, &mut self.spans);
            if sound || !json.iter().all(u8::is_ascii_whitespace) {
                return Some((record, sound));
            }
        }
    }

    /// The fields of the sound record just read, by the names known so far, with their places in the
    /// data.
    #[inline]
    pub fn placed_fields(&self) -> impl Iterator<Item = Span> {
        let base = self.base;
        self.spans.iter().map(move |span| span.moved(base))
    }

    /// The number of names known so far.
    pub fn names(&self) -> usize {
        self.parser.names().len()
    }

    pub fn into_names(self) -> NameTable {
        self.parser.into_names()
    }
}
