//! Makes one request after another from the rows of an outbox.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::answer;
use super::credit::Credit;
use super::outbox::Outbox;

/// The outbox that streams continue with once their own has no rows left.
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

    /// Sets the outbox.
    fn fill(&mut self, outbox: Py<Outbox>) {
        self.outbox = Some(outbox);
    }
}

/// Makes one request at a time. Several streams may share a `CurrentOutbox` and a `Credit`.
#[pyclass(module = "snapshots._native")]
pub struct RequestStream {
    current: Py<CurrentOutbox>,
    credit: Py<Credit>,
    /// The outbox whose rows are under way.
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

    /// The outbox whose rows are under way. None before the first request.
    #[getter]
    fn outbox(&self, py: Python<'_>) -> Option<Py<Outbox>> {
        self.outbox.as_ref().map(|outbox| outbox.clone_ref(py))
    }

    /// The first row that is under way.
    #[getter]
    fn start(&self) -> usize {
        self.start
    }

    /// The row after the last one that is under way.
    #[getter]
    fn end(&self) -> usize {
        self.end
    }

    /// Takes the next rows, and gives the part of their request after the common headers. None if no
    /// rows are left.
    fn take<'py>(&mut self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let (outbox, start, end) = self.following(py)?;
        let request = PyBytes::new(py, outbox.borrow_mut(py).request(&[], start, end));
        (self.outbox, self.start, self.end) = (Some(outbox), start, end);
        Some(request)
    }

    /// Marks the rows that are under way as accepted.
    fn deliver(&self, py: Python<'_>) -> PyResult<()> {
        let Some(outbox) = &self.outbox else {
            return Err(PyValueError::new_err("no rows are under way"));
        };
        outbox.borrow_mut(py).deliver(self.start, self.end)
    }

    /// If `data` is a plain success, and credit and rows are left: marks the rows under way as
    /// accepted, and gives the next request. Otherwise does nothing and gives None.
    fn onward<'py>(
        &mut self,
        py: Python<'py>,
        data: &[u8],
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.onward_with(py, data, |request| PyBytes::new(py, request))
    }
}

impl RequestStream {
    /// As `onward`, but passes the next request to `send`, and gives its result.
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

    /// The next rows of the stream's own outbox, or else of the current one.
    fn following(&self, py: Python<'_>) -> Option<(Py<Outbox>, usize, usize)> {
        let following = |outbox: &Py<Outbox>| {
            let (start, end) = outbox.borrow_mut(py).following()?;
            Some((outbox.clone_ref(py), start, end))
        };
        let own = self.outbox.as_ref().and_then(following);
        own.or_else(|| self.current.borrow(py).outbox.as_ref().and_then(following))
    }
}
