//! Memory that is about to be needed. Rust ends the process where an allocation fails. So the
//! large ones are tried first, with something over for the small ones around them.

use std::hint::black_box;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// What small allocations may come to meanwhile.
const MARGIN: usize = 2 << 20;

/// MemoryError unless so many bytes could be had at this moment.
pub fn require(bytes: usize) -> PyResult<()> {
    let mut attempt: Vec<u8> = Vec::new();
    let tried = attempt.try_reserve_exact(bytes.saturating_add(MARGIN));
    // What nobody looks at, the compiler need not allocate.
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
