//! BLAKE3 of an input, taken in steps.
//!
//! The state can be stored and restored, so that an import need not hash again what an earlier
//! attempt has hashed. Parts can be hashed apart from each other and put together.

mod part;
mod tree;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use self::part::{Part, PartHash};
use self::tree::Tree;
use crate::python_bytes::PythonBytes;

/// BLAKE3 whose state can be stored and restored.
#[pyclass(module = "snapshots._native")]
pub struct Hasher {
    tree: Tree,
}

#[pymethods]
impl Hasher {
    #[new]
    #[pyo3(signature = (state=None))]
    fn new(state: Option<&[u8]>) -> PyResult<Hasher> {
        let tree = match state {
            None => Tree::new(),
            Some(state) => Tree::from_state(state)
                .ok_or_else(|| PyValueError::new_err("these bytes are no state of a Hasher"))?,
        };
        Ok(Hasher { tree })
    }

    fn update(&mut self, py: Python<'_>, data: PythonBytes<'_>) -> PyResult<()> {
        let (tree, data) = (&mut self.tree, data.as_bytes());
        if !tree.is_open() {
            let message = "the part before these bytes was the last: it ends within a MiB";
            return Err(PyValueError::new_err(message));
        }
        py.detach(|| tree.update(data));
        Ok(())
    }

    /// Takes the next bytes, which a `PartHasher` has hashed.
    fn append(&mut self, part: &[u8]) -> PyResult<()> {
        let part = Part::from_bytes(part)
            .ok_or_else(|| PyValueError::new_err("these bytes are no part of a hash"))?;
        let taken = self.tree.append(&part);
        taken.then_some(()).ok_or_else(|| {
            PyValueError::new_err(format!(
                "the part begins at byte {}, and not at byte {}",
                part.offset(),
                self.tree.length()
            ))
        })
    }

    fn state(&self) -> Vec<u8> {
        self.tree.state()
    }

    #[getter]
    fn aligned(&self) -> u64 {
        self.tree.aligned()
    }

    #[getter]
    fn length(&self) -> u64 {
        self.tree.length()
    }

    fn hexdigest(&self) -> PyResult<String> {
        match self.tree.hash() {
            Some(hash) => Ok(hash.to_hex().to_string()),
            None => Err(PyValueError::new_err(
                "the state was taken when more bytes had followed: update with them first",
            )),
        }
    }
}

/// Hashes a part of an input, for `Hasher.append`.
#[pyclass(module = "snapshots._native")]
pub struct PartHasher {
    part: Option<PartHash>,
}

#[pymethods]
impl PartHasher {
    #[new]
    fn new(offset: u64) -> PyResult<PartHasher> {
        let part = PartHash::new(offset)
            .ok_or_else(|| PyValueError::new_err("a part begins at a multiple of 1 MiB"))?;
        Ok(PartHasher { part: Some(part) })
    }

    fn update(&mut self, py: Python<'_>, data: PythonBytes<'_>) -> PyResult<()> {
        let data = data.as_bytes();
        let part = self.part.as_mut().ok_or_else(ended)?;
        py.detach(|| part.update(data));
        Ok(())
    }

    #[getter]
    fn length(&self) -> PyResult<u64> {
        Ok(self.part.as_ref().ok_or_else(ended)?.length())
    }

    fn finish(&mut self) -> PyResult<Vec<u8>> {
        Ok(self.part.take().ok_or_else(ended)?.finish().to_bytes())
    }
}

fn ended() -> PyErr {
    PyValueError::new_err("the part has ended")
}
