//! Loads a dialect from its JSON, with the names of the header that may be repeated.

use super::prologue::{Prologue, bom};
use super::record::RecordKind;
use super::record_reader::RecordReader;
use crate::dialect::{Dialect, DialectSpec, HeaderNames};

/// Reads the JSON of a `model.Dialect`. The error is a sentence.
pub fn parse_dialect(json: &str) -> Result<Dialect, String> {
    let spec: DialectSpec =
        serde_json::from_str(json).map_err(|error| format!("the dialect is wrong: {error}"))?;
    load_dialect(&spec)
}

/// Checks a dialect. Where the spec has a header that may be repeated, the header is read in that
/// dialect. The error is a sentence.
pub fn load_dialect(spec: &DialectSpec) -> Result<Dialect, String> {
    let mut dialect = Dialect::new(spec)?;
    if let Some(header) = &spec.repeated
        && let Some(names) = header_names(&dialect, header.as_bytes())
    {
        dialect.set_repeated_header(names);
    }
    Ok(dialect)
}

/// The names in a header, as it stands in the input. None unless the bytes are one record with at
/// least one name.
fn header_names(dialect: &Dialect, header: &[u8]) -> Option<HeaderNames> {
    let start = bom(header);
    let mut reader = RecordReader::within(dialect, header, start, 1, Prologue::over());
    let record = reader.read()?;
    if record.kind != RecordKind::Row || record.next < header.len() {
        return None;
    }
    let mut scratch = Vec::new();
    let mut names = Vec::new();
    for &span in reader.fields() {
        let mut text = reader.text(span, &mut scratch);
        while let [first, rest @ ..] = text
            && dialect.is_blank(*first)
        {
            text = rest;
        }
        while let [rest @ .., last] = text
            && dialect.is_blank(*last)
        {
            text = rest;
        }
        names.push(text.to_vec());
    }
    while names.last()?.is_empty() {
        names.pop();
    }
    let marked = start > 0;
    Some(HeaderNames { names, marked })
}
