//! The rows of a block on their way to an API: which to send next, and which are decided.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::request::{self, Key};
use super::row_ranges::{format_rows, parse_rows};
use crate::block::Block;

/// The rows of a block of encoding `json`, sent as requests of at most `size` rows each.
#[pyclass(module = "snapshots._native")]
pub struct Outbox {
    block: Py<Block>,
    key_header: String,
    /// The most rows of one request.
    size: usize,
    /// Whether the body of a request is an array of its rows.
    array: bool,
    /// The offset of each row's end, without the line end.
    ends: Vec<usize>,
    /// The key of each row: the same for the same line and object under one secret. Empty if no
    /// header carries keys.
    keys: Vec<Key>,
    /// Whether the API has accepted or refused each row.
    decided: Vec<bool>,
    /// Whether each row was, or may have been, sent before without an answer. Empty if none was.
    asked: Vec<bool>,
    /// The number of rows in `asked` that are decided by now.
    asked_decided: usize,
    delivered: usize,
    /// The first row that may still have to be sent.
    next: usize,
    /// The last request. Its memory is used again.
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
        // This takes long, and needs nothing of Python.
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

    /// Marks the rows as decided that `sent` gave, such as `0-41,43`.
    fn restore(&mut self, sent: &str) -> PyResult<()> {
        for (start, end) in parse_rows(sent, self.decided.len())? {
            self.decide(start, end)?;
        }
        Ok(())
    }

    /// Marks the rows from `start` to before `end` as decided.
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

    /// Marks the rows as sent without an answer that `asked` gave, such as `0-41,43`.
    fn restore_asked(&mut self, asked: &str) -> PyResult<()> {
        for (start, end) in parse_rows(asked, self.decided.len())? {
            self.ask(start, end)?;
        }
        Ok(())
    }

    /// Marks the rows from `start` to before `end` as sent without an answer.
    fn ask(&mut self, start: usize, end: usize) -> PyResult<()> {
        self.check(start, end)?;
        self.asked.resize(self.decided.len(), false);
        self.asked[start..end].fill(true);
        Ok(())
    }

    /// Marks the first rows that are not decided, at most `most`, as sent without an answer. Gives
    /// the number of rows marked.
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

    /// The rows that were sent without an answer and are not decided, such as `0-41,43`.
    fn asked(&self) -> String {
        let open = self.asked.iter().zip(&self.decided);
        format_rows(open.map(|(&asked, &decided)| asked && !decided))
    }

    /// The number of rows that were sent before without an answer and are decided by now.
    #[getter]
    fn asked_decided(&self) -> usize {
        self.asked_decided
    }

    /// Marks the rows from `start` to before `end` as accepted by the API.
    pub fn deliver(&mut self, start: usize, end: usize) -> PyResult<()> {
        self.decide(start, end)?;
        self.delivered += end - start;
        Ok(())
    }

    /// The number of rows that `deliver` has marked.
    #[getter]
    fn delivered(&self) -> usize {
        self.delivered
    }

    /// The number of rows that are not decided.
    #[getter]
    fn pending(&self) -> usize {
        self.decided.iter().filter(|&&decided| !decided).count()
    }

    /// The rows that are decided, such as `0-41,43`.
    fn sent(&self) -> String {
        format_rows(self.decided.iter().copied())
    }

    /// The JSON objects of the rows from `start` to before `end`.
    fn bodies<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        end: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        self.check(start, end)?;
        PyList::new(py, (start..end).map(|row| PyBytes::new(py, self.body(row))))
    }

    /// The keys of the rows from `start` to before `end`. Empty if no header carries keys.
    fn keys(&self, start: usize, end: usize) -> PyResult<Vec<String>> {
        self.check(start, end)?;
        let keys = (start..end).map(|row| self.keys.get(row).map_or(&[][..], |key| key));
        Ok(keys
            .map(|key| String::from_utf8_lossy(key).into())
            .collect())
    }
}

impl Outbox {
    /// The next run of rows that are not decided, at most `size`: its first row and the row after its
    /// last. None once every row was requested.
    pub fn following(&mut self) -> Option<(usize, usize)> {
        let start = (self.next..self.decided.len()).find(|&row| !self.decided[row]);
        self.next = start.unwrap_or(self.decided.len());
        let most = self.decided.len().min(start? + self.size);
        let end = (self.next..most).find(|&row| self.decided[row]);
        Some((self.next, end.unwrap_or(most)))
    }

    /// Makes the request with the rows from `start` to before `end`. It begins with the bytes `head`.
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

fn body<'a>(block: &'a Block, ends: &[usize], row: usize) -> &'a [u8] {
    let start = row.checked_sub(1).map_or(0, |before| ends[before] + 1);
    &block.rows().0[start..ends[row]]
}

/// The end of each row of a block, and the key of each if there is a secret to make keys with.
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
