//! Collects the rows, rejects and counts of one block.

use std::sync::Arc;

use memchr::memchr;

use super::altered_records::AlteredRecords;
use super::column::Column;
use super::encoders::Encoder;
use super::output::append;
use super::plan::ConversionPlan;
use super::reject_reasons;
use super::row_fields::{PaddedRow, RowFields};
use super::scratch::Scratch;
use super::value_parser::ValueParser;
use crate::arrow_columns::Columns;
use crate::block::{Block, Counts, RecordPlace, Reject};
use crate::chunk::Chunk;
use crate::dialect::Ragged;
use crate::grammar::{Record, check_text};
use crate::reject_code::RejectCode;

/// The bytes of rows that are reserved for each byte of records. More are rarely needed.
const GROWTH: usize = 2;

/// The bytes of memory that the conversion of `bytes` bytes may need. Rows of many short numbers make
/// the buffer grow twice.
pub fn capacity_for(bytes: usize) -> usize {
    bytes.saturating_mul(4 * GROWTH)
}

/// The rows, rejects and counts of a block while its records are converted.
pub struct BlockBuilder<'a> {
    pub plan: &'a ConversionPlan,
    pub data: &'a [u8],
    /// The bytes of the block before this offset are UTF-8 without NUL. All records are checked at
    /// once, and one by one only if that fails.
    pub clean: usize,
    /// The end of the bytes that were checked at once. Records of several lines, and the first record
    /// after a header, may end later.
    pub end: usize,
    /// The rows; with encoding `arrow` the one that is being written.
    pub rows: Vec<u8>,
    /// The rows before it, with encoding `arrow`.
    pub columns: Option<Columns>,
    /// The place of each row's record, if the encoding needs it.
    pub places: Vec<RecordPlace>,
    pub counts: Counts,
    pub rejects: Vec<Reject>,
    pub scratch: Scratch,
    pub altered_records: Option<&'a AlteredRecords>,
    /// Whether no text before `end` needs an escape of the encoding, unless it holds line ends.
    pub verbatim: bool,
    /// The buffer for the text of fields with escapes of the dialect.
    pub unescaped: Vec<u8>,
}

impl<'a> BlockBuilder<'a> {
    pub fn new(
        plan: &'a ConversionPlan,
        data: &'a [u8],
        start: usize,
        stop: usize,
    ) -> BlockBuilder<'a> {
        let newline = memchr(plan.dialect.newline, &data[stop..]);
        let end = newline.map_or(data.len(), |newline| stop + newline + 1);
        let clean = if check_text(&data[start..end]).is_ok() {
            end
        } else {
            start
        };
        BlockBuilder {
            plan,
            data,
            clean,
            end,
            rows: match plan.schema {
                Some(_) => Vec::new(),
                None => Vec::with_capacity(GROWTH * (end - start)),
            },
            columns: plan.schema.as_ref().map(Columns::new),
            places: Vec::new(),
            counts: Counts::default(),
            rejects: Vec::new(),
            scratch: Scratch::default(),
            altered_records: None,
            verbatim: false,
            unescaped: Vec::new(),
        }
    }

    #[inline]
    pub fn row<E: Encoder>(&mut self, record: Record, fields: impl RowFields) {
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

    /// Handles a row with more or fewer fields than the header.
    #[cold]
    fn ragged<E: Encoder>(&mut self, record: Record, fields: impl RowFields) {
        let (plan, count) = (self.plan, fields.count());
        let ragged = plan.dialect.ragged;
        if ragged != Ragged::Reject && count > plan.fields {
            let mut is_empty = |index| fields.text(index, &mut self.unescaped).is_empty();
            if (plan.fields..count).all(&mut is_empty) {
                return self.row_of_all::<E>(record, fields);
            }
        } else if ragged == Ragged::Pad {
            return self.row_of_all::<E>(record, PaddedRow { fields, count });
        }
        self.reject_field_count(record, count);
    }

    #[inline]
    fn row_of_all<E: Encoder>(&mut self, record: Record, fields: impl RowFields) {
        let plan = self.plan;
        if plan.dialect.cells
            && let Some(column) = plan.columns.iter().find(|it| is_error(fields, it.field))
        {
            return self.reject_value(record, column, fields, RejectCode::ErrorCell);
        }
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
            return self.reject(record, RejectCode::MissingValue, reason);
        }
        if let Some(altered) = self.altered_records
            && let Some((column, reason)) = altered.at(record.line)
        {
            self.rows.truncate(start);
            self.reject(record, RejectCode::AlteredByTarget, reason.clone());
            return self.in_column(column.clone());
        }
        E::end(&mut self.rows);
        if let Some(columns) = &mut self.columns {
            columns.take(&self.rows);
            self.rows.clear();
        }
        if E::INDEXED {
            self.places.push(record.into());
        }
        self.counts.loaded += 1;
    }

    /// Converts any value.
    #[inline(never)]
    fn value<E: Encoder>(
        &mut self,
        column: &Column,
        fields: impl RowFields,
    ) -> Result<(), RejectCode> {
        let null = fields.is_null(column.field, &column.null_texts, &mut self.unescaped);
        let json = match column.parser {
            ValueParser::Json { .. } => fields.json(column.field),
            _ => None,
        };
        let text = json.unwrap_or_else(|| fields.text(column.field, &mut self.unescaped));
        column.convert::<E>(&mut self.rows, text, null, &mut self.scratch)
    }

    /// Writes the values of a row from column `next` on, as long as they are simple. True if all are
    /// written.
    #[inline(always)]
    fn write<E: Encoder>(
        &mut self,
        record: Record,
        fields: impl RowFields,
        next: &mut usize,
    ) -> bool {
        let plan = self.plan;
        let verbatim = self.verbatim && record.next <= self.end && fields.on_one_line(record);
        let capacity = plan.row_capacity + plan.most_uses * (record.end - record.start);
        append(&mut self.rows, capacity, |out| {
            if *next == 0 {
                E::begin(out, plan.width());
            }
            for column in &plan.columns[*next..] {
                if fields.is_absent(column.field) {
                    if column.required {
                        return false;
                    }
                    E::null(out, &column.key);
                    *next += 1;
                    continue;
                }
                let before = out.position();
                let field = fields.field(column.field);
                if !field.is_some_and(|field| column.fast_path::<E>(out, field, verbatim)) {
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

    /// The sentence about the first rule that a record breaks, if it breaks one.
    fn broken_rule(&mut self, fields: impl RowFields) -> Option<String> {
        let (plan, unescaped) = (self.plan, &mut self.unescaped);
        let mut field = |column: &Column| {
            let null = fields.is_null(column.field, &column.null_texts, unescaped);
            (fields.text(column.field, unescaped).to_vec(), null)
        };
        let mut rules = plan.rules.iter();
        rules.find_map(|rule| rule.broken(&plan.columns, &mut field))
    }

    #[cold]
    pub fn reject_record(&mut self, record: Record, code: RejectCode) {
        let reason = reject_reasons::of_record(code, &self.plan.dialect);
        self.reject(record, code, reason);
    }

    /// Rejects a record whose structure is broken. `detail` is a sentence that says where, if known.
    #[cold]
    pub fn reject_broken(&mut self, record: Record, code: RejectCode, detail: Option<String>) {
        let Some(reason) = detail else {
            return self.reject_record(record, code);
        };
        // Bytes that are no text break JSON, too.
        match check_text(&self.data[record.start..record.end]) {
            Ok(()) => self.reject(record, code, reason),
            Err(code) => self.reject_record(record, code),
        }
    }

    #[cold]
    fn reject_field_count(&mut self, record: Record, found: usize) {
        let (expected, dialect) = (self.plan.fields, &self.plan.dialect);
        let reason = reject_reasons::of_field_count(found, expected, dialect);
        self.reject(record, RejectCode::FieldCount, reason);
    }

    #[cold]
    fn reject_value(
        &mut self,
        record: Record,
        column: &Column,
        fields: impl RowFields,
        code: RejectCode,
    ) {
        let text = fields.text(column.field, &mut self.unescaped);
        let reason = column.reason(code, text, &mut self.scratch);
        self.reject(record, code, reason);
        self.in_column(column.name.clone());
    }

    /// Names the column of the last reject.
    fn in_column(&mut self, name: Arc<str>) {
        if let Some(reject) = self.rejects.last_mut() {
            reject.column = Some(name);
        }
    }

    fn reject(&mut self, record: Record, code: RejectCode, reason: String) {
        self.rejects.push(Reject {
            place: record.into(),
            column: None,
            code,
            reason: reason.into(),
        });
        self.counts.rejected += 1;
    }

    pub fn into_block(
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
            batch: self.columns.map(Columns::into_batch),
            places: self.places,
            counts: self.counts,
            position,
            line,
            rejects: self.rejects.into(),
            of_values: false,
            bytes: chunk.bytes.clone(),
            start,
            first_line,
            offset: chunk.start,
            newline: self.plan.dialect.newline,
            crlf: self.plan.dialect.crlf,
        }
    }
}

/// Whether a field of a sheet is the error of a cell, such as #N/A. Texts that begin so are quoted.
#[cold]
fn is_error(fields: impl RowFields, index: usize) -> bool {
    let field = fields.field(index);
    field.is_some_and(|field| !field.quoted && field.text().first() == Some(&b'#'))
}
