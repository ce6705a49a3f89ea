//! Goes to and fro between rows and an API: an answer comes, the next request goes out.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::answer;
use super::credit::Credit;
use super::outbox::Outbox;

/// Where streams find rows when there are none left of those that they are at.
#[pyclass(module = "snapshots._native")]
pub struct CurrentOutbox {
    outbox: Option<Py<Outbox>>,
}

#[pymethods]
impl CurrentOutbox {
    #[new]
    fn new() -> CurrentOutbox {
        CurrentOutbox { outbox: None }
    }

    /// From now on the rows of this outbox.
    fn fill(&mut self, outbox: Py<Outbox>) {
        self.outbox = Some(outbox);
    }
}

/// One request at a time. Several may share a current and a credit.
#[pyclass(module = "snapshots._native")]
pub struct RequestStream {
    current: Py<CurrentOutbox>,
    credit: Py<Credit>,
    /// Of which rows are under way.
    outbox: Option<Py<Outbox>>,
    start: usize,
    end: usize,
}

#[pymethods]
impl RequestStream {
    #[new]
    fn new(current: Py<CurrentOutbox>, credit: Py<Credit>) -> RequestStream {
        RequestStream {
            current,
            credit,
            outbox: None,
            start: 0,
            end: 0,
        }
    }

    /// Whose rows are under way; None before there are any.
    #[getter]
    fn outbox(&self, py: Python<'_>) -> Option<Py<Outbox>> {
        self.outbox.as_ref().map(|outbox| outbox.clone_ref(py))
    }

    /// First of the rows that are under way.
    #[getter]
    fn start(&self) -> usize {
        self.start
    }

    /// The first row behind them.
    #[getter]
    fn end(&self) -> usize {
        self.end
    }

    /// Takes the next rows: what follows the common headers of the request with them, or None.
    fn take<'py>(&mut self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let (outbox, start, end) = self.following(py)?;
        let request = PyBytes::new(py, outbox.borrow_mut(py).request(&[], start, end));
        (self.outbox, self.start, self.end) = (Some(outbox), start, end);
        Some(request)
    }

    /// The rows that are under way have arrived.
    fn deliver(&self, py: Python<'_>) -> PyResult<()> {
        let Some(outbox) = &self.outbox else {
            return Err(PyValueError::new_err("no rows are under way"));
        };
        outbox.borrow_mut(py).deliver(self.start, self.end)
    }

    /// Where these bytes are a plain success, and there is credit and another request: notes that
    /// the rows have arrived, and gives the whole of that request. Else nothing is done.
    fn onward<'py>(
        &mut self,
        py: Python<'py>,
        data: &[u8],
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.onward_with(py, data, |request| PyBytes::new(py, request))
    }
}

impl RequestStream {
    /// The same; what becomes of the request is given.
    pub fn onward_with<T>(
        &mut self,
        py: Python<'_>,
        data: &[u8],
        send: impl FnOnce(&[u8]) -> T,
    ) -> PyResult<Option<T>> {
        let mut credit = self.credit.borrow_mut(py);
        let Some(head) = credit.head() else {
            return Ok(None);
        };
        let Some(status) = answer::status_of(data) else {
            return Ok(None);
        };
        let Some((outbox, start, end)) = self.following(py) else {
            return Ok(None);
        };
        self.deliver(py)?;
        let sent = send(outbox.borrow_mut(py).request(head, start, end));
        credit.take(status);
        drop(credit);
        (self.outbox, self.start, self.end) = (Some(outbox), start, end);
        Ok(Some(sent))
    }

    /// The next rows of the outbox that this is at, or else of the one in the current.
    fn following(&self, py: Python<'_>) -> Option<(Py<Outbox>, usize, usize)> {
        let following = |outbox: &Py<Outbox>| {
            let (start, end) = outbox.borrow_mut(py).following()?;
            Some((outbox.clone_ref(py), start, end))
        };
        let own = self.outbox.as_ref().and_then(following);
        own.or_else(|| self.current.borrow(py).outbox.as_ref().and_then(following))
    }
}
