//! Goes to and fro between rows and an API: an answer comes, the next request goes out.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::answer;
use crate::credit::Credit;
use crate::outbox::Outbox;

/// One request at a time of an outbox. Several may share an outbox and a credit.
#[pyclass(module = "snapshots._native")]
pub struct Shuttle {
    outbox: Py<Outbox>,
    credit: Py<Credit>,
    start: usize,
    end: usize,
}

#[pymethods]
impl Shuttle {
    #[new]
    fn new(outbox: Py<Outbox>, credit: Py<Credit>) -> Shuttle {
        Shuttle {
            outbox,
            credit,
            start: 0,
            end: 0,
        }
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

    /// Goes on with the rows of another outbox.
    fn move_to(&mut self, outbox: Py<Outbox>) {
        self.outbox = outbox;
    }

    /// Takes the next rows of the outbox: what follows the common headers of the request with
    /// them, or None.
    fn take<'py>(&mut self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let mut outbox = self.outbox.borrow_mut(py);
        let (start, end) = outbox.following()?;
        (self.start, self.end) = (start, end);
        Some(PyBytes::new(py, outbox.request(&[], start, end)))
    }

    /// The rows that are under way have arrived.
    fn deliver(&self, py: Python<'_>) -> PyResult<()> {
        self.outbox.borrow_mut(py).deliver(self.start, self.end)
    }

    /// Where these bytes are a plain success, and there is credit and another request: notes that
    /// the rows have arrived, and gives the whole of that request. Else nothing is done.
    fn onward<'py>(
        &mut self,
        py: Python<'py>,
        data: &[u8],
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let mut credit = self.credit.borrow_mut(py);
        let Some(head) = credit.head() else {
            return Ok(None);
        };
        let Some(status) = answer::status_of(data) else {
            return Ok(None);
        };
        let mut outbox = self.outbox.borrow_mut(py);
        let Some((start, end)) = outbox.following() else {
            return Ok(None);
        };
        outbox.deliver(self.start, self.end)?;
        let request = PyBytes::new(py, outbox.request(head, start, end));
        (self.start, self.end) = (start, end);
        credit.take(status);
        Ok(Some(request))
    }
}
