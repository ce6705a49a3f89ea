//! Checks that memory is available before it is needed. Rust ends the process if an allocation
//! fails, so callers try large allocations here first and get a `MemoryError` instead.

use std::hint::black_box;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// Bytes that are tried in addition, for the small allocations that happen meanwhile.
const MARGIN: usize = 2 << 20;

/// Raises `MemoryError` unless `bytes` bytes can be allocated at this moment.
pub fn require(bytes: usize) -> PyResult<()> {
    let mut attempt: Vec<u8> = Vec::new();
    let tried = attempt.try_reserve_exact(bytes.saturating_add(MARGIN));
    // Without this the compiler may leave the allocation out, as nobody uses it.
    black_box(&attempt);
    tried.map_err(|_| PyMemoryError::new_err("there is not enough memory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_an_error() {
        assert!(require(1 << 20).is_ok());
        assert!(require(isize::MAX as usize).is_err());
        assert!(require(usize::MAX).is_err());
    }
}
