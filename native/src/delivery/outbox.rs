//! The rows of a block on their way to an API: which to send next, and which are decided.

use std::sync::{Arc, Mutex, MutexGuard};

use hyper::Method;
use hyper::http::uri::PathAndQuery;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::request::{self, Key, Letter};
use super::request_plan::{Plan, Prepared, RequestPlan};
use super::row_ranges::{format_rows, parse_rows};
use crate::block::Block;

/// The rows of a block of encoding `json`, on their way as requests.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Outbox {
    pub rows: Arc<Rows>,
}

/// The rows, for the thread that sends them and for Python's.
pub struct Rows {
    block: Py<Block>,
    plan: Arc<Plan>,
    /// None: that of each row, or else that of all requests.
    method: Option<Method>,
    made: Prepared,
    marks: Mutex<Marks>,
}

/// Method, path, key and body.
type Request<'a> = (Option<&'a str>, Option<String>, Option<String>, Vec<u8>);

/// What is known of each row.
#[derive(Default)]
struct Marks {
    /// Whether the API has accepted or refused each row.
    decided: Vec<bool>,
    /// Of the decided rows those that `account` has given as news, or was never asked for.
    told: Vec<bool>,
    /// Whether each row was, or may have been, sent before without an answer. Empty if none was.
    asked: Vec<bool>,
    /// The number of rows in `asked` that are decided by now.
    asked_decided: usize,
    delivered: usize,
    /// The first row that may still have to be sent.
    next: usize,
}

#[pymethods]
impl Outbox {
    #[new]
    #[pyo3(signature = (block, plan, method=None, rows=None, keys=None, methods=None))]
    fn new(
        block: Bound<'_, Block>,
        plan: &RequestPlan,
        method: Option<&str>,
        rows: Option<Vec<usize>>,
        keys: Option<Vec<String>>,
        methods: Option<Vec<String>>,
    ) -> PyResult<Outbox> {
        let method = request::method(method).map_err(PyValueError::new_err)?;
        let (all, plan) = (block.get(), plan.0.clone());
        // This takes long, and needs nothing of Python.
        let made = block.py().detach(|| plan.prepare(all));
        let mut made =
            made.ok_or_else(|| PyValueError::new_err("the rows are no JSON objects for this"))?;
        let count = made.places.len();
        let rows = rows.unwrap_or_else(|| (0..count).collect());
        let no_rows = || PyValueError::new_err("there are no such rows");
        if let Some(keys) = keys.filter(|_| plan.secret.is_some()) {
            let each = keys.iter().map(|key| key.as_bytes().try_into().ok());
            let each: Option<Vec<Key>> = each.collect();
            let each = each
                .filter(|each| each.len() == rows.len())
                .ok_or_else(|| PyValueError::new_err("each row has a key of 32 characters"))?;
            for (&row, key) in rows.iter().zip(each) {
                *made.keys.get_mut(row).ok_or_else(no_rows)? = key;
            }
        }
        if let Some(methods) = methods {
            made.methods = vec![Method::POST; count];
            for (&row, name) in rows.iter().zip(&methods) {
                let known = Method::from_bytes(name.as_bytes());
                let known = known.map_err(|error| PyValueError::new_err(error.to_string()))?;
                *made.methods.get_mut(row).ok_or_else(no_rows)? = known;
            }
        }
        let mut decided = vec![true; count];
        for row in rows {
            *decided.get_mut(row).ok_or_else(no_rows)? = false;
        }
        let marks = Marks {
            told: decided.clone(),
            decided,
            ..Marks::default()
        };
        let rows = Rows {
            block: block.unbind(),
            plan,
            method,
            made,
            marks: Mutex::new(marks),
        };
        Ok(Outbox {
            rows: Arc::new(rows),
        })
    }

    /// Marks the rows as decided that `sent` gave, such as `0-41,43`.
    fn restore(&self, sent: &str) -> PyResult<()> {
        let rows = &self.rows;
        for (start, end) in parse_rows(sent, rows.made.places.len())? {
            let mut marks = rows.marks();
            marks.decide(start, end);
            marks.told[start..end].fill(true);
        }
        Ok(())
    }

    /// Marks the rows from `start` to before `end` as decided.
    fn decide(&self, start: usize, end: usize) -> PyResult<()> {
        self.checked(start, end)?.marks().decide(start, end);
        Ok(())
    }

    /// Marks the rows as sent without an answer that `asked` gave, such as `0-41,43`.
    fn restore_asked(&self, asked: &str) -> PyResult<()> {
        for (start, end) in parse_rows(asked, self.rows.made.places.len())? {
            self.ask(start, end)?;
        }
        Ok(())
    }

    /// Marks the rows from `start` to before `end` as sent without an answer.
    fn ask(&self, start: usize, end: usize) -> PyResult<()> {
        let mut marks = self.checked(start, end)?.marks();
        marks.with_asked()[start..end].fill(true);
        Ok(())
    }

    /// Marks the first rows that are not decided, at most `most`, as sent without an answer. Gives
    /// the number of rows marked.
    fn ask_first(&self, most: usize) -> usize {
        let mut marks = self.rows.marks();
        marks.with_asked();
        let Marks { asked, decided, .. } = &mut *marks;
        let open = asked.iter_mut().zip(decided);
        let first = open.filter(|(_, decided)| !**decided).take(most);
        first.map(|(asked, _)| *asked = true).count()
    }

    /// Whether any of these rows was sent before without an answer.
    fn was_asked(&self, start: usize, end: usize) -> bool {
        let marks = self.rows.marks();
        marks
            .asked
            .get(start..end)
            .is_some_and(|rows| rows.contains(&true))
    }

    /// The rows that were sent without an answer and are not decided, such as `0-41,43`.
    fn asked(&self) -> String {
        let marks = self.rows.marks();
        let open = marks.asked.iter().zip(&marks.decided);
        format_rows(open.map(|(&asked, &decided)| asked && !decided))
    }

    /// The number of rows that were sent before without an answer and are decided by now.
    #[getter]
    fn asked_decided(&self) -> usize {
        self.rows.marks().asked_decided
    }

    /// Marks the rows from `start` to before `end` as accepted by the API.
    fn deliver(&self, start: usize, end: usize) -> PyResult<()> {
        self.checked(start, end)?.deliver(start, end);
        Ok(())
    }

    /// The rows that are not decided and lack a value of their address, or of the line before them.
    /// Or the value would lead elsewhere.
    fn incomplete(&self) -> Vec<usize> {
        let decided = &self.rows.marks().decided;
        let lost = self.rows.made.incomplete.iter().copied();
        lost.filter(|&row| !decided[row]).collect()
    }

    /// The path and query of each of the rows. Empty if all have the same.
    fn paths(&self, start: usize, end: usize) -> PyResult<Vec<String>> {
        let rows = self.checked(start, end)?;
        let paths = rows.made.paths.get(start..end).unwrap_or_default().iter();
        let text = |path: &Option<PathAndQuery>| path.as_ref().map(ToString::to_string);
        Ok(paths.map(|path| text(path).unwrap_or_default()).collect())
    }

    /// The method of the request with this row. None: that of all requests.
    fn method(&self, row: usize) -> Option<&str> {
        self.rows.method(row).map(Method::as_str)
    }

    /// The number of rows that `deliver` has marked.
    #[getter]
    fn delivered(&self) -> usize {
        self.rows.marks().delivered
    }

    /// The number of rows that are not decided.
    #[getter]
    fn pending(&self) -> usize {
        let marks = self.rows.marks();
        marks.decided.iter().filter(|&&decided| !decided).count()
    }

    /// Gives `delivered`, `pending`, `asked_decided` and `sent` of one moment; with `news` also the
    /// rows that were decided since it gave them the last time.
    #[pyo3(signature = (news=false))]
    fn account(&self, news: bool) -> (usize, usize, usize, String, Vec<usize>) {
        let mut marks = self.rows.marks();
        let mut newly = Vec::new();
        if news {
            let Marks { decided, told, .. } = &mut *marks;
            let rows = decided.iter().zip(told).enumerate();
            for (row, (_, told)) in rows.filter(|(_, (decided, told))| **decided && !**told) {
                *told = true;
                newly.push(row);
            }
        }
        let pending = marks.decided.iter().filter(|&&decided| !decided).count();
        let sent = match pending {
            0 => String::new(),
            _ => format_rows(marks.decided.iter().copied()),
        };
        (marks.delivered, pending, marks.asked_decided, sent, newly)
    }

    /// The rows that are decided, such as `0-41,43`.
    fn sent(&self) -> String {
        format_rows(self.rows.marks().decided.iter().copied())
    }

    /// Takes the rows of the next request, as a client does.
    fn take(&self) -> Option<(usize, usize)> {
        self.rows.take(usize::MAX)
    }

    /// The method, the path, the key and the body of the request with these rows. None: those of
    /// all requests.
    fn request(&self, start: usize, end: usize) -> PyResult<Request<'_>> {
        let rows = self.checked(start, end)?;
        let letter = rows.request(start, end);
        let key = letter.key.as_ref().and_then(|key| key.to_str().ok());
        let path = letter.path.as_ref().map(ToString::to_string);
        Ok((
            rows.method(start).map(Method::as_str),
            path,
            key.map(Into::into),
            letter.body.into(),
        ))
    }

    /// The rows, as they are sent, from `start` to before `end`.
    fn bodies<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        end: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let rows = self.checked(start, end)?;
        PyList::new(py, (start..end).map(|row| PyBytes::new(py, rows.body(row))))
    }

    /// The keys of the rows from `start` to before `end`. Empty if no header carries keys.
    fn keys(&self, start: usize, end: usize) -> PyResult<Vec<String>> {
        let rows = self.checked(start, end)?;
        let keys = (start..end).map(|row| rows.made.keys.get(row).map_or(&[][..], |key| key));
        Ok(keys
            .map(|key| String::from_utf8_lossy(key).into())
            .collect())
    }
}

impl Outbox {
    fn checked(&self, start: usize, end: usize) -> PyResult<&Rows> {
        match self.rows.made.places.get(start..end) {
            Some(_) => Ok(&self.rows),
            None => Err(PyValueError::new_err("there are no such rows")),
        }
    }
}

impl Rows {
    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().expect("nobody panics with the marks")
    }

    /// Whether there are rows that were neither taken nor decided.
    pub fn any_left(&self) -> bool {
        let marks = self.marks();
        let rest = marks.decided.get(marks.next..);
        rest.is_some_and(|rows| rows.contains(&false))
    }

    /// Takes the rows of the next request, at most `most` of those that are not decided: its first
    /// row and the row after its last. None once every row was taken.
    pub fn take(&self, most: usize) -> Option<(usize, usize)> {
        let mut marks = self.marks();
        let decided = &marks.decided;
        let start = (marks.next..decided.len()).find(|&row| !decided[row]);
        let run = start.map(|start| (start, self.end_of_request(start, most, decided)));
        marks.next = run.map_or(decided.len(), |(_, end)| end);
        run
    }

    /// The row after the last one of the request that begins with a row.
    fn end_of_request(&self, start: usize, most: usize, decided: &[bool]) -> usize {
        let Plan {
            size,
            most_bytes,
            framing,
            ..
        } = &*self.plan;
        let mut bytes = framing.open.len() + framing.close.len() + self.body(start).len();
        let last = decided.len().min(start + most.min(*size));
        (start + 1..last)
            .find(|&row| {
                bytes += framing.between.len() + self.body(row).len();
                decided[row] || bytes > *most_bytes || self.method(row) != self.method(start)
            })
            .unwrap_or(last)
    }

    /// Marks the rows from `start` to before `end` as accepted by the API.
    pub fn deliver(&self, start: usize, end: usize) {
        let mut marks = self.marks();
        marks.decide(start, end);
        marks.delivered += end - start;
    }

    /// The request with the rows from `start` to before `end`.
    pub fn request(&self, start: usize, end: usize) -> Letter {
        let keys = self.made.keys.get(start..end).unwrap_or_default();
        let key = request::joint_key(keys.iter().map(|key| &key[..]));
        let bodies = (start..end).map(|row| self.body(row));
        let body = self.plan.framing.body(bodies);
        let path = self.made.paths.get(start).cloned().flatten();
        Letter::new(self.method(start).cloned(), path, key, body)
    }

    fn method(&self, row: usize) -> Option<&Method> {
        self.made.methods.get(row).or(self.method.as_ref())
    }

    fn body(&self, row: usize) -> &[u8] {
        let (start, end) = self.made.places[row];
        let rows = self.made.shaped.as_deref();
        &rows.unwrap_or_else(|| self.block.get().rows().0)[start..end]
    }
}

impl Marks {
    fn decide(&mut self, start: usize, end: usize) {
        if let Some(asked) = self.asked.get(start..end) {
            let news = asked.iter().zip(&self.decided[start..end]);
            self.asked_decided += news.filter(|&(&asked, &decided)| asked && !decided).count();
        }
        self.decided[start..end].fill(true);
    }

    fn with_asked(&mut self) -> &mut [bool] {
        self.asked.resize(self.decided.len(), false);
        &mut self.asked
    }
}
