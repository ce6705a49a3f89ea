//! Sets of rows as text, such as `0-41,43`: the form in which the ledger keeps them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Formats the rows whose value is true, such as `0-41,43`.
pub fn format_rows(rows: impl Iterator<Item = bool>) -> String {
    let rows: Vec<bool> = rows.collect();
    let mut runs: Vec<String> = Vec::new();
    let mut row = 0;
    for run in rows.chunk_by(|one, other| one == other) {
        let last = row + run.len() - 1;
        match run {
            [true] => runs.push(row.to_string()),
            [true, ..] => runs.push(format!("{row}-{last}")),
            _ => {}
        }
        row = last + 1;
    }
    runs.join(",")
}

/// Parses such a text: for each run its first row and the row after its last. `rows` is the number
/// of rows that exist. ValueError if the text names others.
pub fn parse_rows(text: &str, rows: usize) -> PyResult<Vec<(usize, usize)>> {
    let runs = text.split(',').filter(|run| !run.is_empty());
    runs.map(|run| {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if first <= last && last < rows => Ok((first, last + 1)),
            _ => Err(PyValueError::new_err(format!("{run} are no rows"))),
        }
    })
    .collect()
}
