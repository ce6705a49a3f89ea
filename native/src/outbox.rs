//! Rows on their way to an API: what is to be sent next, and what is decided of them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::block::Block;
use crate::request::{self, Key};

/// The rows of a block, as requests of so many rows each.
#[pyclass(module = "snapshots._native")]
pub struct Outbox {
    block: Py<Block>,
    secret: [u8; 32],
    key_header: String,
    size: usize,
    array: bool,
    /// Where each row ends, without the line end behind it.
    ends: Vec<usize>,
    decided: Vec<bool>,
    /// Rows before it were given, or need not be.
    next: usize,
    /// The last request; its room is used again.
    request: Vec<u8>,
}

#[pymethods]
impl Outbox {
    #[new]
    fn new(
        block: Bound<'_, Block>,
        secret: &[u8],
        key_header: String,
        size: usize,
        array: bool,
    ) -> PyResult<Outbox> {
        if size == 0 {
            return Err(PyValueError::new_err("a request holds at least one row"));
        }
        let ends: Vec<usize> = memchr::memchr_iter(b'\n', block.get().rows().0).collect();
        if ends.len() != block.get().places.len() {
            return Err(PyValueError::new_err("the rows are no JSON objects"));
        }
        Ok(Outbox {
            block: block.unbind(),
            secret: *blake3::hash(secret).as_bytes(),
            key_header,
            size,
            array,
            decided: vec![false; ends.len()],
            ends,
            next: 0,
            request: Vec::new(),
        })
    }

    /// Marks rows, as `sent` gave them.
    fn restore(&mut self, sent: &str) -> PyResult<()> {
        for run in sent.split(',').filter(|run| !run.is_empty()) {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            match (first.parse::<usize>(), last.parse::<usize>()) {
                (Ok(first), Ok(last)) if first <= last && last < self.decided.len() => {
                    self.decide(first, last + 1)?;
                }
                _ => return Err(PyValueError::new_err(format!("{run} are no rows"))),
            }
        }
        Ok(())
    }

    /// The next rows that are not decided: their first, the first behind them, and the end of
    /// the request with them. None once all were given.
    fn take<'py>(&mut self, py: Python<'py>) -> Option<(usize, usize, Bound<'py, PyBytes>)> {
        let start = (self.next..self.decided.len()).find(|&row| !self.decided[row]);
        let Some(start) = start else {
            self.next = self.decided.len();
            return None;
        };
        let most = self.decided.len().min(start + self.size);
        let end = (start..most).find(|&row| self.decided[row]);
        let end = end.unwrap_or(most);
        self.next = end;
        let mut out = std::mem::take(&mut self.request);
        out.clear();
        let bodies = (start..end).map(|row| self.body(row));
        let key = || request::joint_key((start..end).map(|row| self.key(row)));
        request::write(&mut out, &self.key_header, key, bodies, self.array);
        self.request = out;
        Some((start, end, PyBytes::new(py, &self.request)))
    }

    /// Marks rows as decided.
    fn decide(&mut self, start: usize, end: usize) -> PyResult<()> {
        match self.decided.get_mut(start..end) {
            Some(rows) => rows.fill(true),
            None => return Err(PyValueError::new_err("there are no such rows")),
        }
        Ok(())
    }

    /// How many rows are not decided.
    #[getter]
    fn pending(&self) -> usize {
        self.decided.iter().filter(|&&decided| !decided).count()
    }

    /// Which rows are decided: `0-41,43`.
    fn sent(&self) -> String {
        let mut runs: Vec<String> = Vec::new();
        let mut row = 0;
        for run in self.decided.chunk_by(|one, other| one == other) {
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

    /// The objects of some rows.
    fn bodies<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        end: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        self.check(start, end)?;
        PyList::new(py, (start..end).map(|row| PyBytes::new(py, self.body(row))))
    }

    /// A key for each of some rows: the same for the same line and object under one secret.
    fn keys(&self, start: usize, end: usize) -> PyResult<Vec<String>> {
        self.check(start, end)?;
        let keys = (start..end).map(|row| self.key(row).as_str().to_owned());
        Ok(keys.collect())
    }
}

impl Outbox {
    fn check(&self, start: usize, end: usize) -> PyResult<()> {
        match self.ends.get(start..end) {
            Some(_) => Ok(()),
            None => Err(PyValueError::new_err("there are no such rows")),
        }
    }

    fn body(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        &self.block.get().rows().0[start..self.ends[row]]
    }

    fn key(&self, row: usize) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(&self.block.get().places[row].line.to_le_bytes());
        Key::of(hasher.update(self.body(row)))
    }
}
