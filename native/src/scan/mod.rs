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

mod column_evidence;
mod example;
mod extremes;
mod fitting_types;

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use self::column_evidence::ColumnEvidence;
use crate::chunk::Chunk;
use crate::dialect::{Dialect, Ragged};
use crate::grammar::{RecordKind, RecordReader, check_text, parse_dialect, too_long_kind};
use crate::reject_code::RejectCode;
use crate::values::Field;

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
    /// The texts that mean NULL. None: only an empty field without quotes does.
    missing: Option<Vec<Vec<u8>>>,
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
            dialect,
            missing,
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
        let evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_full(&evidence)
    }

    /// Adds the evidence of another scanner of the same columns.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, Scanner>) -> PyResult<()> {
        let other = other.get();
        py.detach(|| self.add(other)).map_err(PyValueError::new_err)
    }

    /// Gives the evidence as JSON, which the head of this module describes.
    pub(crate) fn evidence(&self) -> String {
        let evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn is_full(&self, evidence: &Evidence) -> bool {
        evidence.records + evidence.broken >= self.limit
    }

    pub(crate) fn scan_chunk(&self, chunk: &Chunk) {
        let mut evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
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
        let other = other
            .evidence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut mine = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
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

    fn scan_bytes(&self, evidence: &mut Evidence, data: &[u8], start: u64, line: u64) {
        let clean = check_text(data).is_ok();
        let mut reader = RecordReader::new(&self.dialect, data, start == 0, line);
        let (mut scratch, mut plain) = (Vec::new(), Vec::new());
        let columns = evidence.columns.len();
        while !self.is_full(evidence) {
            if clean && let Some((record, row)) = reader.read_plain(columns) {
                evidence.records += 1;
                for (index, column) in evidence.columns.iter_mut().enumerate() {
                    let (until, start) = row.until(index);
                    let field = Field::new(until, start, false);
                    let is_null = match &self.missing {
                        None => field.is_empty(),
                        Some(missing) => missing.iter().any(|one| one == field.text()),
                    };
                    let is_error = self.dialect.cells && field.text().first() == Some(&b'#');
                    if self.dialect.decimal_comma {
                        column.add_with_comma(field, is_null, record.line, &mut plain);
                    } else {
                        column.add(field, is_null || is_error, record.line);
                    }
                }
                continue;
            }
            let Some(record) = reader.read() else { break };
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
                    continue;
                }
                RecordKind::Header | RecordKind::Skipped => continue,
            }
            let sound = clean || check_text(&data[record.start..record.end]).is_ok();
            let width = reader.fields().len();
            if !sound || (width != columns && !self.is_wide_enough(&reader, columns)) {
                evidence.broken += 1;
                evidence.unsound += u64::from(sound);
                continue;
            }
            evidence.records += 1;
            if width < columns {
                for column in &mut evidence.columns[width..] {
                    column.nulls += 1;
                }
            }
            for (column, span) in evidence.columns.iter_mut().zip(reader.fields()) {
                let is_null = match &self.missing {
                    _ if reader.is_absent(*span) => true,
                    None => reader.raw(*span).is_empty() && !span.quoted,
                    Some(missing) => {
                        let written = reader.written(*span, &mut scratch);
                        missing.iter().any(|one| one == written)
                    }
                };
                // The error of a cell says nothing of the others.
                let is_error =
                    self.dialect.cells && !span.quoted && reader.raw(*span).first() == Some(&b'#');
                let text = reader.text(*span, &mut scratch);
                let field = Field::new(text, 0, span.quoted);
                if self.dialect.objects.is_some() {
                    column.add_token(field, is_null, record.line);
                } else if self.dialect.decimal_comma {
                    column.add_with_comma(field, is_null, record.line, &mut plain);
                } else {
                    column.add(field, is_null || is_error, record.line);
                }
            }
        }
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
