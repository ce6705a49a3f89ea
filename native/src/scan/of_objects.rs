//! Finds the names of JSON objects, and the types of their values on the same way: to read them once
//! more for their types would take as long again.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::cells::ReadRows;
use super::column_evidence::ColumnEvidence;
use super::{AT_ONCE, Evidence, Scanner};
use crate::chunk::Chunk;
use crate::dialect::NameTable;
use crate::grammar::ObjectWalk;

/// Collects the names of JSON objects, and the evidence that a `Scanner` of these names would give.
#[pyclass(frozen, module = "snapshots._native")]
pub struct ObjectScanner {
    scanner: Scanner,
    found: Mutex<Found>,
    /// After how many names it takes no more.
    most_names: usize,
}

struct Found {
    names: NameTable,
    /// Whether there is evidence: every record is sound. Of one that is not, the names that are known
    /// in the end decide what is wrong with it.
    sound: bool,
}

#[pymethods]
impl ObjectScanner {
    #[new]
    pub(crate) fn new(dialect: &str, most_names: usize) -> PyResult<ObjectScanner> {
        Ok(ObjectScanner {
            scanner: Scanner::new(dialect, 0, None, false, None)?,
            found: Mutex::new(Found {
                names: NameTable::default(),
                sound: true,
            }),
            most_names,
        })
    }

    /// Adds the records of a chunk, in the order of the input. Releases the GIL.
    fn scan(&self, py: Python<'_>, chunk: &Bound<'_, Chunk>) {
        let chunk = chunk.get();
        py.detach(|| self.scan_chunk(chunk));
    }

    /// The names of all sound records in the order in which they come first. If there are more than it
    /// takes, some are left out.
    fn names<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let names = found.names.names().iter();
        names.map(|name| PyBytes::new(py, name)).collect()
    }

    /// The evidence as `Scanner` has it. None: not every record is sound.
    pub(crate) fn evidence(&self) -> Option<String> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.sound.then(|| self.scanner.evidence())
    }
}

impl ObjectScanner {
    pub(crate) fn scan_chunk(&self, chunk: &Chunk) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if chunk.overlong.is_some() {
            found.sound = false;
            return;
        }
        let names = std::mem::take(&mut found.names);
        let (dialect, data) = (&self.scanner.dialect, &*chunk.bytes);
        let Some(mut walk) = ObjectWalk::new(dialect, data, chunk.start == 0, chunk.line, names)
        else {
            return;
        };
        let mut evidence = self.scanner.lock();
        let mut read = ReadRows::default();
        while walk.names() <= self.most_names
            && let Some((record, sound)) = walk.read()
        {
            found.sound &= sound;
            if !found.sound {
                continue;
            }
            if walk.names() > evidence.columns.len() {
                self.add(&mut evidence, &mut read, data);
                let mut column = ColumnEvidence::new(false);
                column.nulls = evidence.records;
                evidence.columns.resize(walk.names(), column);
            }
            read.push(record, walk.placed_fields());
            if read.fields() >= AT_ONCE {
                self.add(&mut evidence, &mut read, data);
            }
        }
        self.add(&mut evidence, &mut read, data);
        found.names = walk.into_names();
    }

    fn add(&self, evidence: &mut Evidence, read: &mut ReadRows, data: &[u8]) {
        self.scanner.add_rows(evidence, read.of(data));
        read.clear();
    }
}
