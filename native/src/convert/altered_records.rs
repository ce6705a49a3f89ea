//! Records whose values the database has been found to alter.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::prelude::*;

/// For each line that the database would alter: the column, and a sentence that says how.
#[pyclass(frozen, module = "snapshots._native")]
#[derive(Default)]
pub struct AlteredRecords {
    found: HashMap<u64, (Arc<str>, String)>,
}

impl AlteredRecords {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The column and the sentence for the record at a line.
    pub fn at(&self, line: u64) -> Option<&(Arc<str>, String)> {
        self.found.get(&line)
    }
}

#[pymethods]
impl AlteredRecords {
    #[new]
    fn new(found: Vec<(u64, String, String)>) -> AlteredRecords {
        let found = found.into_iter();
        let found = found.map(|(line, column, reason)| (line, (column.into(), reason)));
        AlteredRecords {
            found: found.collect(),
        }
    }

    fn __len__(&self) -> usize {
        self.found.len()
    }
}
