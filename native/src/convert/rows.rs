//! The pass over the records of a chunk.

use std::sync::Arc;

use memchr::memchr;

use super::column::{Column, Nulls};
use super::encoder::Encoder;
use super::read::Scratch;
use super::short::Field;
use super::sink::append;
use super::{Known, Limits, Plan, reasons};
use crate::block::{Block, Counts, Place, Reject};
use crate::chunk::Chunk;
use crate::codes::Code;
use crate::dialect::Ragged;
use crate::grammar::{PlainRow, Prologue, Reader, Record, RecordKind, check_text, too_long_kind};

/// Bytes of rows that are set aside for each byte of records: seldom more are needed.
const GROWTH: usize = 2;

/// Bytes that converting so many may need at once, rows of many short numbers included: those
/// grow twice.
pub fn room(bytes: usize) -> usize {
    bytes.saturating_mul(4 * GROWTH)
}

pub fn convert<E: Encoder>(
    plan: &Plan,
    chunk: &Chunk,
    position: usize,
    line: u64,
    limits: Limits,
    known: Known<'_>,
) -> Block {
    if chunk.overlong.is_some() && position == 0 && limits.records > 0 {
        return overlong(plan, chunk, line);
    }
    let data = &**chunk.bytes;
    let stop = position.saturating_add(limits.bytes).min(data.len());
    let mut reader = reader_at(plan, chunk, position, line);
    let mut pass = Pass::new(plan, data, position, stop);
    pass.known = known;
    pass.verbatim = !E::has_escapes(&data[position..pass.end], plan.dialect.newline);
    let types = plan.columns.iter().map(|column| &column.kind);
    E::head(&mut pass.rows, types, plan.import_id.is_some());
    let mut first = (position, line);
    while pass.counts.records < limits.records {
        if let Some((record, row)) = reader.read_plain(plan.fields) {
            pass.row::<E>(record, row);
        } else {
            let Some(record) = reader.read() else { break };
            match record.kind {
                RecordKind::Header => {
                    if pass.counts.records == 0 {
                        first = (reader.position(), reader.line());
                    }
                    continue;
                }
                RecordKind::Skipped => pass.counts.skipped += 1,
                RecordKind::Broken(code) => pass.reject_record(record, code),
                RecordKind::Row => pass.row::<E>(record, &reader),
            }
        }
        pass.counts.records += 1;
        if reader.position() >= stop || limits.stop_at_reject && pass.counts.rejected > 0 {
            break;
        }
    }
    pass.into_block(chunk, first, reader.position(), reader.line())
}

/// The reader for a place in the chunk. Only at the start of the input may it be within what
/// precedes the data.
fn reader_at<'a>(plan: &'a Plan, chunk: &'a Chunk, position: usize, line: u64) -> Reader<'a> {
    let (dialect, data) = (&plan.dialect, &**chunk.bytes);
    let mut prologue = Prologue::over();
    if chunk.start == 0 {
        let mut reader = Reader::new(dialect, data, true, line);
        if position == 0 {
            return reader;
        }
        while !reader.prologue().is_over() && reader.position() < position {
            reader.read();
        }
        if reader.position() == position {
            prologue = reader.prologue().clone();
        }
    }
    Reader::within(dialect, data, position, line, prologue)
}

/// A chunk of one record of more than the limit.
fn overlong(plan: &Plan, chunk: &Chunk, line: u64) -> Block {
    let data = &**chunk.bytes;
    let mut pass = Pass::new(plan, data, 0, 0);
    let kind = too_long_kind(&plan.dialect, data);
    let record = Record {
        kind,
        start: 0,
        end: data.len(),
        next: data.len(),
        line,
    };
    match kind {
        RecordKind::Broken(code) => pass.reject_record(record, code),
        _ => pass.counts.skipped += 1,
    }
    pass.counts.records += 1;
    pass.into_block(
        chunk,
        (0, line),
        data.len(),
        line + chunk.overlong.unwrap_or_default(),
    )
}

/// The fields of a row.
trait Fields: Copy {
    fn count(self) -> usize;
    /// No field holds a line end.
    fn on_one_line(self, record: Record) -> bool;
    /// A field that is not escaped.
    fn field(&self, index: usize) -> Option<Field<'_>>;
    /// The text of any field.
    fn text<'s>(&'s self, index: usize, scratch: &'s mut Vec<u8>) -> &'s [u8];
    /// Whether a field means NULL.
    fn is_null(&self, index: usize, nulls: &Nulls, scratch: &mut Vec<u8>) -> bool;
}

impl Fields for PlainRow<'_> {
    #[inline]
    fn count(self) -> usize {
        PlainRow::count(&self)
    }

    #[inline(always)]
    fn on_one_line(self, _: Record) -> bool {
        true
    }

    #[inline(always)]
    fn field(&self, index: usize) -> Option<Field<'_>> {
        let (until, start) = self.until(index);
        Some(Field::new(until, start, false))
    }

    fn text<'s>(&'s self, index: usize, _: &'s mut Vec<u8>) -> &'s [u8] {
        let (until, start) = self.until(index);
        &until[start..]
    }

    fn is_null(&self, index: usize, nulls: &Nulls, scratch: &mut Vec<u8>) -> bool {
        nulls.hold(self.text(index, scratch), false)
    }
}

impl Fields for &Reader<'_> {
    #[inline]
    fn count(self) -> usize {
        self.fields().len()
    }

    #[inline]
    fn on_one_line(self, record: Record) -> bool {
        Reader::on_one_line(self, record)
    }

    #[inline(always)]
    fn field(&self, index: usize) -> Option<Field<'_>> {
        let span = self.fields()[index];
        let (until, start) = self.until(span);
        (!span.escaped).then(|| Field::new(until, start, span.quoted))
    }

    fn text<'s>(&'s self, index: usize, scratch: &'s mut Vec<u8>) -> &'s [u8] {
        Reader::text(self, self.fields()[index], scratch)
    }

    fn is_null(&self, index: usize, nulls: &Nulls, scratch: &mut Vec<u8>) -> bool {
        let span = self.fields()[index];
        nulls.hold(self.written(span, scratch), span.quoted)
    }
}

/// A row with empty fields at its end.
#[derive(Clone, Copy)]
struct Padded<F> {
    fields: F,
    /// Those that are there.
    count: usize,
}

impl<F: Fields> Fields for Padded<F> {
    fn count(self) -> usize {
        self.count
    }

    fn on_one_line(self, record: Record) -> bool {
        self.fields.on_one_line(record)
    }

    fn field(&self, index: usize) -> Option<Field<'_>> {
        if index < self.count {
            return self.fields.field(index);
        }
        // What is not there is NULL, whatever an empty field means.
        None
    }

    fn text<'s>(&'s self, index: usize, scratch: &'s mut Vec<u8>) -> &'s [u8] {
        if index < self.count {
            return self.fields.text(index, scratch);
        }
        b""
    }

    fn is_null(&self, index: usize, nulls: &Nulls, scratch: &mut Vec<u8>) -> bool {
        index >= self.count || self.fields.is_null(index, nulls, scratch)
    }
}

/// What has come of the records so far.
struct Pass<'a> {
    plan: &'a Plan,
    data: &'a [u8],
    /// Everything from the start of the pass to here is UTF-8 without NUL. Checked for all
    /// records at once; one by one only where that fails.
    clean: usize,
    /// What was looked through for all records at once. Some may end later: those of several
    /// lines, and the first one after a header.
    end: usize,
    rows: Vec<u8>,
    /// Of each row, where the encoding wants it.
    places: Vec<Place>,
    counts: Counts,
    rejects: Vec<Reject>,
    scratch: Scratch,
    known: Known<'a>,
    /// Before `end` no text needs an escape of the encoding, unless it has line ends in it.
    verbatim: bool,
    /// For the text of fields with escapes of the dialect.
    unescaped: Vec<u8>,
}

impl<'a> Pass<'a> {
    fn new(plan: &'a Plan, data: &'a [u8], start: usize, stop: usize) -> Pass<'a> {
        let newline = memchr(plan.dialect.newline, &data[stop..]);
        let end = newline.map_or(data.len(), |newline| stop + newline + 1);
        let clean = if check_text(&data[start..end]).is_ok() {
            end
        } else {
            start
        };
        Pass {
            plan,
            data,
            clean,
            end,
            rows: Vec::with_capacity(GROWTH * (end - start)),
            places: Vec::new(),
            counts: Counts::default(),
            rejects: Vec::new(),
            scratch: Scratch::default(),
            known: None,
            verbatim: false,
            unescaped: Vec::new(),
        }
    }

    #[inline]
    fn row<E: Encoder>(&mut self, record: Record, fields: impl Fields) {
        if record.next > self.clean
            && let Err(code) = check_text(&self.data[record.start..record.end])
        {
            return self.reject_record(record, code);
        }
        if fields.count() != self.plan.fields {
            return self.ragged::<E>(record, fields);
        }
        self.row_of_all::<E>(record, fields);
    }

    /// A row that is not as wide as the header.
    #[cold]
    fn ragged<E: Encoder>(&mut self, record: Record, fields: impl Fields) {
        let (plan, count) = (self.plan, fields.count());
        let ragged = plan.dialect.ragged;
        if ragged != Ragged::Reject && count > plan.fields {
            let mut is_empty = |index| fields.text(index, &mut self.unescaped).is_empty();
            if (plan.fields..count).all(&mut is_empty) {
                return self.row_of_all::<E>(record, fields);
            }
        } else if ragged == Ragged::Pad {
            return self.row_of_all::<E>(record, Padded { fields, count });
        }
        self.reject_field_count(record, count);
    }

    #[inline]
    fn row_of_all<E: Encoder>(&mut self, record: Record, fields: impl Fields) {
        let plan = self.plan;
        let start = self.rows.len();
        let mut next = 0;
        while !self.write::<E>(record, fields, &mut next) {
            let column = &plan.columns[next];
            if let Err(code) = self.value::<E>(column, fields) {
                self.rows.truncate(start);
                return self.reject_value(record, column, fields, code);
            }
            next += 1;
        }
        if !plan.rules.is_empty()
            && let Some(reason) = self.broken_rule(fields)
        {
            self.rows.truncate(start);
            return self.reject(record, Code::MissingValue, reason);
        }
        if let Some(altered) = self.known
            && let Some((column, reason)) = altered.at(record.line)
        {
            self.rows.truncate(start);
            self.reject(record, Code::AlteredByTarget, reason.clone());
            return self.in_column(column.clone());
        }
        E::end(&mut self.rows);
        if E::INDEXED {
            self.places.push(record.into());
        }
        self.counts.loaded += 1;
    }

    /// Writes any value.
    #[inline(never)]
    fn value<E: Encoder>(&mut self, column: &Column, fields: impl Fields) -> Result<(), Code> {
        let null = fields.is_null(column.field, &column.nulls, &mut self.unescaped);
        let text = fields.text(column.field, &mut self.unescaped);
        column.convert::<E>(&mut self.rows, text, null, &mut self.scratch)
    }

    /// Writes the row from column `next` on, as far as it is simple; true if all of it is written.
    #[inline(always)]
    fn write<E: Encoder>(&mut self, record: Record, fields: impl Fields, next: &mut usize) -> bool {
        let plan = self.plan;
        let verbatim = self.verbatim && record.next <= self.end && fields.on_one_line(record);
        let room = plan.room + plan.most_uses * (record.end - record.start);
        append(&mut self.rows, room, |out| {
            if *next == 0 {
                E::begin(out, plan.width());
            }
            for column in &plan.columns[*next..] {
                let before = out.position();
                let field = fields.field(column.field);
                if !field.is_some_and(|field| column.shortcut::<E>(out, field, verbatim)) {
                    out.rewind(before);
                    return false;
                }
                *next += 1;
            }
            if let Some(import_id) = plan.import_id {
                E::own_integer(out, import_id);
                E::own_integer(out, record.line as i64);
            }
            true
        })
    }

    /// What is wrong with a record whose values are all right.
    fn broken_rule(&mut self, fields: impl Fields) -> Option<String> {
        let (plan, unescaped) = (self.plan, &mut self.unescaped);
        let mut field = |column: &Column| {
            let null = fields.is_null(column.field, &column.nulls, unescaped);
            (fields.text(column.field, unescaped).to_vec(), null)
        };
        let mut rules = plan.rules.iter();
        rules.find_map(|rule| rule.broken(&plan.columns, &mut field))
    }

    #[cold]
    fn reject_record(&mut self, record: Record, code: Code) {
        let reason = reasons::of_record(code, &self.plan.dialect);
        self.reject(record, code, reason);
    }

    #[cold]
    fn reject_field_count(&mut self, record: Record, found: usize) {
        let header = self.plan.dialect.header;
        let reason = reasons::of_field_count(found, self.plan.fields, header);
        self.reject(record, Code::FieldCount, reason);
    }

    #[cold]
    fn reject_value(&mut self, record: Record, column: &Column, fields: impl Fields, code: Code) {
        let text = fields.text(column.field, &mut self.unescaped);
        let reason = column.reason(code, text, &mut self.scratch);
        self.reject(record, code, reason);
        self.in_column(column.name.clone());
    }

    /// Of the last reject.
    fn in_column(&mut self, name: Arc<str>) {
        if let Some(reject) = self.rejects.last_mut() {
            reject.column = Some(name);
        }
    }

    fn reject(&mut self, record: Record, code: Code, reason: String) {
        self.rejects.push(Reject {
            place: record.into(),
            column: None,
            code,
            reason,
        });
        self.counts.rejected += 1;
    }

    fn into_block(
        self,
        chunk: &Chunk,
        (start, first_line): (usize, u64),
        position: usize,
        line: u64,
    ) -> Block {
        Block {
            encoding: self.plan.encoding,
            rows: self.rows,
            width: self.plan.width(),
            places: self.places,
            counts: self.counts,
            position,
            line,
            rejects: self.rejects,
            bytes: chunk.bytes.clone(),
            start,
            first_line,
            offset: chunk.start,
            newline: self.plan.dialect.newline,
        }
    }
}
