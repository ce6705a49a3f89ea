//! Finds out which types the values of each column fit, from every value of an input.
//!
//! `evidence()` gives JSON:
//!
//! ```text
//! {"records": rows that were looked at,
//!  "broken": records left out: broken quoting, wrong field count, NUL, not UTF-8, too long, the
//!            header once more,
//!  "unsound": those of them with broken quoting or a wrong field count, or that are not JSON,
//!  "quotes":  those of them with broken quoting,
//!  "columns": [{
//!    "nulls":   fields that are NULL,
//!    "empties": fields that are empty and not NULL: "" in quotes; they are evidence of
//!               nothing, but only text can hold them,
//!    "values":  all other fields,
//!    "max_chars", "max_bytes": of the longest value,
//!    "min_chars": of the shortest; null: there is no value, or extremes were not asked for,
//!    "minimum", "maximum": text, the least and the greatest value, its first 60 characters, if
//!        all are numbers, or all are dates or times; else null, also if not asked for,
//!    "min_integer", "max_integer": text, of the values that fit an integer; null: none did,
//!    "integer_digits", "fraction_digits": most digits before and after the point, as written,
//!        of the values that fit a decimal,
//!    "second_digits": most digits of a second's fraction, without zeros at the end,
//!    "types": {"boolean", "integer", "decimal", "float", "date", "time", "timestamp",
//!        "timestamptz", "uuid", "json": null, or the first value that does not fit:
//!        {"line": of its record, "value": its first 60 characters}}}]}
//! ```
//!
//! null for a type means that every value fits; with no values that says nothing. Minimum,
//! maximum and digits are of all values only where the type that they belong to fits.

#[cfg(test)]
mod by_cell;
mod cells;
mod column_evidence;
mod example;
mod extremes;
mod fitting_types;
mod glance;
pub(crate) mod of_objects;
mod pace;
mod rules;

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use self::cells::{Cells, QuotedRows, ReadRows, Rows};
use self::column_evidence::ColumnEvidence;
use self::rules::Rules;
use crate::chunk::Chunk;
use crate::dialect::{Dialect, Ragged};
use crate::grammar::{
    Record, RecordKind, RecordReader, Span, check_text, parse_dialect, text_of, too_long_kind,
    written_of,
};
use crate::reject_code::RejectCode;
use crate::values::{Field, ShortTexts};

/// The number of fields that are looked at together.
const AT_ONCE: usize = 4096;

/// The memory for fields that must be changed before they are examined.
#[derive(Default)]
struct Scratch {
    text: Vec<u8>,
    plain: Vec<u8>,
}

/// The evidence from an input, or from a part of it.
#[derive(Clone)]
struct Evidence {
    records: u64,
    broken: u64,
    unsound: u64,
    quotes: u64,
    columns: Vec<ColumnEvidence>,
}

/// Collects evidence of which types the values of each column fit.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Scanner {
    dialect: Dialect,
    rules: Rules,
    evidence: Mutex<Evidence>,
    /// After how many records, broken ones too, it takes no more.
    limit: u64,
}

#[pymethods]
impl Scanner {
    #[new]
    #[pyo3(signature = (dialect, fields, missing_values = None, *, extremes = false, limit = None))]
    pub(crate) fn new(
        dialect: &str,
        fields: usize,
        missing_values: Option<Vec<String>>,
        extremes: bool,
        limit: Option<u64>,
    ) -> PyResult<Scanner> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        let missing =
            missing_values.map(|values| values.into_iter().map(String::into_bytes).collect());
        let columns = vec![ColumnEvidence::new(extremes); fields];
        let evidence = Mutex::new(Evidence {
            records: 0,
            broken: 0,
            unsound: 0,
            quotes: 0,
            columns,
        });
        Ok(Scanner {
            rules: Rules::new(&dialect, missing),
            dialect,
            evidence,
            limit: limit.unwrap_or(u64::MAX),
        })
    }

    /// Adds the records of a chunk. Releases the GIL. Use one scanner for each thread, then `merge`.
    fn scan(&self, py: Python<'_>, chunk: &Bound<'_, Chunk>) {
        let chunk = chunk.get();
        py.detach(|| self.scan_chunk(chunk));
    }

    /// Whether it has as many records as it takes.
    #[getter]
    fn full(&self) -> bool {
        let evidence = self.lock();
        self.is_full(&evidence)
    }

    /// Adds the evidence of another scanner of the same columns.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, Scanner>) -> PyResult<()> {
        let other = other.get();
        py.detach(|| self.add(other)).map_err(PyValueError::new_err)
    }

    /// Gives the evidence as JSON, which the head of this module describes.
    pub(crate) fn evidence(&self) -> String {
        let evidence = self.lock();
        let columns: Vec<Value> = evidence
            .columns
            .iter()
            .map(|column| describe(column, evidence.records))
            .collect();
        json!({
            "records": evidence.records,
            "broken": evidence.broken,
            "unsound": evidence.unsound,
            "quotes": evidence.quotes,
            "columns": columns,
        })
        .to_string()
    }
}

impl Scanner {
    fn lock(&self) -> MutexGuard<'_, Evidence> {
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self, evidence: &Evidence) -> bool {
        evidence.records + evidence.broken >= self.limit
    }

    pub(crate) fn scan_chunk(&self, chunk: &Chunk) {
        let mut evidence = self.lock();
        if self.is_full(&evidence) {
            return;
        }
        if chunk.overlong.is_some() {
            if let RecordKind::Broken(_) = too_long_kind(&self.dialect, &chunk.bytes) {
                evidence.broken += 1;
            }
        } else {
            self.scan_bytes(&mut evidence, &chunk.bytes, chunk.start, chunk.line);
        }
    }

    pub(crate) fn add(&self, other: &Scanner) -> Result<(), &'static str> {
        // Copied, so that two locks are never held at once.
        let other = other.lock().clone();
        let mut mine = self.lock();
        if mine.columns.len() != other.columns.len() {
            return Err("the scanners have different columns");
        }
        mine.records += other.records;
        mine.broken += other.broken;
        mine.unsound += other.unsound;
        mine.quotes += other.quotes;
        for (mine, other) in mine.columns.iter_mut().zip(&other.columns) {
            mine.merge(other);
        }
        Ok(())
    }

    /// Whether a row with too many or too few fields is accepted all the same.
    #[cold]
    fn is_wide_enough(&self, reader: &RecordReader<'_>, columns: usize) -> bool {
        let fields = reader.fields();
        match self.dialect.ragged {
            Ragged::Reject => false,
            _ if fields.len() > columns => fields[columns..]
                .iter()
                .all(|&span| reader.raw(span).is_empty()),
            ragged => ragged == Ragged::Pad,
        }
    }

    /// Adds rows of the right width.
    fn add_rows(&self, evidence: &mut Evidence, rows: impl Rows) {
        let count = rows.count();
        if count == 0 {
            return;
        }
        if check_text(rows.bytes()).is_err() {
            if count == 1 {
                evidence.broken += 1;
            } else {
                let (first, rest) = (0..count / 2, count / 2..count);
                self.add_rows(evidence, rows.part(first));
                self.add_rows(evidence, rows.part(rest));
            }
            return;
        }
        evidence.records += count as u64;
        let (mut scratch, mut texts) = (Scratch::default(), ShortTexts::new());
        for (index, column) in evidence.columns.iter_mut().enumerate() {
            let cells = rows.column(index);
            column.add_all(&cells, count, &self.rules, &mut texts, |column, row| {
                let span = rows.cell(row, index);
                let raw = &cells.data()[span.start as usize..span.end as usize];
                self.add_cell(column, rows.line(row), raw, span, &mut scratch);
            });
        }
    }

    /// Adds a field by a full look.
    fn add_cell(
        &self,
        column: &mut ColumnEvidence,
        line: u64,
        raw: &[u8],
        span: Span,
        scratch: &mut Scratch,
    ) {
        let Scratch { text, plain } = scratch;
        let is_null = self.rules.is_null(raw, span.quoted, || {
            written_of(&self.dialect, raw, span, text)
        });
        let field = Field::new(text_of(&self.dialect, raw, span, text), 0, span.quoted);
        if self.rules.tokens {
            column.add_token(field, is_null, line);
        } else if self.dialect.decimal_comma {
            column.add_with_comma(field, is_null, line, plain);
        } else {
            column.add(field, is_null, line);
        }
    }

    /// Adds a record that is no row, or one of another width.
    #[cold]
    fn add_irregular(
        &self,
        evidence: &mut Evidence,
        data: &[u8],
        reader: &RecordReader<'_>,
        record: Record,
    ) {
        match record.kind {
            RecordKind::Row => {}
            RecordKind::Broken(code) => {
                evidence.broken += 1;
                let quotes = matches!(
                    code,
                    RejectCode::TextAfterQuote | RejectCode::UnterminatedQuote
                );
                evidence.unsound += u64::from(quotes || code == RejectCode::NotJson);
                evidence.quotes += u64::from(quotes);
                return;
            }
            RecordKind::Header | RecordKind::Skipped => return,
        }
        let columns = evidence.columns.len();
        let fields = reader.fields();
        let sound = check_text(&data[record.start..record.end]).is_ok();
        if !sound || !self.is_wide_enough(reader, columns) {
            evidence.broken += 1;
            evidence.unsound += u64::from(sound);
            return;
        }
        evidence.records += 1;
        for column in evidence.columns.iter_mut().skip(fields.len()) {
            column.nulls += 1;
        }
        let mut scratch = Scratch::default();
        for (column, span) in evidence.columns.iter_mut().zip(fields) {
            self.add_cell(column, record.line, reader.raw(*span), *span, &mut scratch);
        }
    }

    fn scan_bytes(&self, evidence: &mut Evidence, data: &[u8], start: u64, line: u64) {
        let mut reader = RecordReader::new(&self.dialect, data, start == 0, line);
        let columns = evidence.columns.len();
        let mut read = ReadRows::default();
        loop {
            let seen = evidence.records + evidence.broken + read.len() as u64;
            let most = self.limit.saturating_sub(seen);
            if most == 0 {
                break;
            }
            if let Some(rows) = reader.read_plain_rows(columns, most) {
                self.add_rows(evidence, read.of(data));
                read.clear();
                match rows.quote() {
                    None => self.add_rows(evidence, rows),
                    Some(quote) => self.add_rows(evidence, QuotedRows { rows, quote }),
                }
                continue;
            }
            let Some(record) = reader.read() else { break };
            let width = reader.fields().len();
            let regular = record.kind == RecordKind::Row && width == columns;
            if regular {
                read.push(record, reader.placed_fields());
                if read.fields() < AT_ONCE {
                    continue;
                }
            }
            self.add_rows(evidence, read.of(data));
            read.clear();
            if !regular {
                self.add_irregular(evidence, data, &reader, record);
            }
        }
        self.add_rows(evidence, read.of(data));
    }
}

/// Describes a column of so many records.
fn describe(column: &ColumnEvidence, records: u64) -> Value {
    let types: Map<String, Value> = column
        .verdicts()
        .map(|(name, example)| (name.to_owned(), json!(example)))
        .collect();
    let range = column.range();
    let (minimum, maximum) = column.extremes().unzip();
    json!({
        "nulls": column.nulls,
        "empties": column.empties,
        "values": records - column.nulls - column.empties,
        "max_chars": column.max_chars,
        "max_bytes": column.max_bytes,
        "min_chars": column.min_chars(),
        "minimum": minimum,
        "maximum": maximum,
        "min_integer": range.map(|(min, _)| min.to_string()),
        "max_integer": range.map(|(_, max)| max.to_string()),
        "integer_digits": column.integer_digits,
        "fraction_digits": column.fraction_digits,
        "second_digits": column.second_digits,
        "types": types,
    })
}
