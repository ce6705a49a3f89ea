//! Rows on their way to an API: what is to be sent next, and what is decided of them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::request::{self, Key};
use crate::block::Block;

/// The rows of a block, as requests of so many rows each.
#[pyclass(module = "snapshots._native")]
pub struct Outbox {
    block: Py<Block>,
    key_header: String,
    size: usize,
    array: bool,
    /// Where each row ends, without the line end behind it.
    ends: Vec<usize>,
    /// The same for the same line and object under one secret. None where no header bears them.
    keys: Vec<Key>,
    decided: Vec<bool>,
    /// Those that were sent before, or may have been, without an answer. Empty where none were.
    asked: Vec<bool>,
    /// How many of these are decided by now.
    asked_decided: usize,
    delivered: usize,
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
        let rows = block.get();
        let secret = (!key_header.is_empty()).then(|| {
            let hash = blake3::hash(secret);
            *hash.as_bytes().first_chunk().expect("32 bytes")
        });
        // Here nobody waits for it.
        let (ends, keys) = block.py().detach(|| prepare(rows, secret.as_ref()));
        if ends.len() != rows.places.len() {
            return Err(PyValueError::new_err("the rows are no JSON objects"));
        }
        Ok(Outbox {
            block: block.unbind(),
            key_header,
            size,
            array,
            decided: vec![false; ends.len()],
            asked: Vec::new(),
            asked_decided: 0,
            delivered: 0,
            ends,
            keys,
            next: 0,
            request: Vec::new(),
        })
    }

    /// Marks rows, as `sent` gave them.
    fn restore(&mut self, sent: &str) -> PyResult<()> {
        for (start, end) in runs(sent, self.decided.len())? {
            self.decide(start, end)?;
        }
        Ok(())
    }

    /// Marks rows as decided.
    fn decide(&mut self, start: usize, end: usize) -> PyResult<()> {
        self.check(start, end)?;
        if let Some(asked) = self.asked.get(start..end) {
            let decided = &self.decided[start..end];
            let news = asked.iter().zip(decided);
            self.asked_decided += news.filter(|&(&asked, &decided)| asked && !decided).count();
        }
        self.decided[start..end].fill(true);
        Ok(())
    }

    /// Marks rows that were sent without an answer, as `asked` gave them.
    fn restore_asked(&mut self, asked: &str) -> PyResult<()> {
        for (start, end) in runs(asked, self.decided.len())? {
            self.ask(start, end)?;
        }
        Ok(())
    }

    /// Marks rows as sent without an answer.
    fn ask(&mut self, start: usize, end: usize) -> PyResult<()> {
        self.check(start, end)?;
        self.asked.resize(self.decided.len(), false);
        self.asked[start..end].fill(true);
        Ok(())
    }

    /// Marks the first rows that are not decided, at most so many, as sent without an answer; how
    /// many that were.
    fn ask_first(&mut self, most: usize) -> usize {
        self.asked.resize(self.decided.len(), false);
        let open = self.asked.iter_mut().zip(&self.decided);
        let first = open.filter(|&(_, &decided)| !decided).take(most);
        first.map(|(asked, _)| *asked = true).count()
    }

    /// Whether any of these rows was sent before without an answer.
    fn was_asked(&self, start: usize, end: usize) -> bool {
        let rows = self.asked.get(start..end);
        rows.is_some_and(|rows| rows.contains(&true))
    }

    /// Which rows were sent without an answer, and are not decided: `0-41,43`.
    fn asked(&self) -> String {
        let open = self.asked.iter().zip(&self.decided);
        text(open.map(|(&asked, &decided)| asked && !decided))
    }

    /// How many rows that were sent before without an answer are decided by now.
    #[getter]
    fn asked_decided(&self) -> usize {
        self.asked_decided
    }

    /// Marks rows as decided by the API, which has taken them.
    pub fn deliver(&mut self, start: usize, end: usize) -> PyResult<()> {
        self.decide(start, end)?;
        self.delivered += end - start;
        Ok(())
    }

    /// How many rows `deliver` was told of.
    #[getter]
    fn delivered(&self) -> usize {
        self.delivered
    }

    /// How many rows are not decided.
    #[getter]
    fn pending(&self) -> usize {
        self.decided.iter().filter(|&&decided| !decided).count()
    }

    /// Which rows are decided: `0-41,43`.
    fn sent(&self) -> String {
        text(self.decided.iter().copied())
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

    /// The keys of some rows; empty where no header bears them.
    fn keys(&self, start: usize, end: usize) -> PyResult<Vec<String>> {
        self.check(start, end)?;
        let keys = (start..end).map(|row| self.keys.get(row).map_or(&[][..], |key| key));
        Ok(keys
            .map(|key| String::from_utf8_lossy(key).into())
            .collect())
    }
}

impl Outbox {
    /// The next rows that are not decided, at most `size` and without a gap: their first, and the
    /// first behind them. None once all were requested.
    pub fn following(&mut self) -> Option<(usize, usize)> {
        let start = (self.next..self.decided.len()).find(|&row| !self.decided[row]);
        self.next = start.unwrap_or(self.decided.len());
        let most = self.decided.len().min(start? + self.size);
        let end = (self.next..most).find(|&row| self.decided[row]);
        Some((self.next, end.unwrap_or(most)))
    }

    /// A request with such rows, behind the bytes with which it begins.
    pub fn request(&mut self, head: &[u8], start: usize, end: usize) -> &[u8] {
        self.next = end;
        let mut out = std::mem::take(&mut self.request);
        out.clear();
        out.extend(head);
        let bodies = (start..end).map(|row| self.body(row));
        let keys = self.keys.get(start..end).unwrap_or_default();
        let keys = keys.iter().map(|key| &key[..]);
        request::write(&mut out, &self.key_header, keys, bodies, self.array);
        self.request = out;
        &self.request
    }

    fn check(&self, start: usize, end: usize) -> PyResult<()> {
        match self.ends.get(start..end) {
            Some(_) => Ok(()),
            None => Err(PyValueError::new_err("there are no such rows")),
        }
    }

    fn body(&self, row: usize) -> &[u8] {
        body(self.block.get(), &self.ends, row)
    }
}

/// Rows as text: `0-41,43`.
fn text(rows: impl Iterator<Item = bool>) -> String {
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

/// The same back: the first of each run, and the first behind it.
fn runs(text: &str, rows: usize) -> PyResult<Vec<(usize, usize)>> {
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

fn body<'a>(block: &'a Block, ends: &[usize], row: usize) -> &'a [u8] {
    let start = row.checked_sub(1).map_or(0, |before| ends[before] + 1);
    &block.rows().0[start..ends[row]]
}

/// Where each row of a block ends, and the key of each, if there is a secret to make them with.
fn prepare(block: &Block, secret: Option<&[u8; 16]>) -> (Vec<usize>, Vec<Key>) {
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', block.rows().0).collect();
    let keys = secret.map(|secret| {
        let places = block.places.iter().take(ends.len()).enumerate();
        places
            .map(|(row, place)| request::key(secret, place.line, body(block, &ends, row)))
            .collect()
    });
    let keys = keys.unwrap_or_default();
    (ends, keys)
}
