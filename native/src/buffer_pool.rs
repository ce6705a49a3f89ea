//! Reuses the memory of chunks that are done for the next chunks. The operating system clears memory
//! page by page before a process gets it, which takes longer than splitting the input.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

/// The number of buffers that are kept: one is filled while another is in use.
const KEPT: usize = 2;

/// The capacities, in bytes, of the buffers that are kept. Smaller ones are cheap to allocate, and
/// larger ones would hold too much memory.
const SIZES: std::ops::RangeInclusive<usize> = 1 << 20..=64 << 20;

static FREE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// An empty buffer with a capacity of at least `capacity` bytes: one from the pool, or a new one.
pub fn take(capacity: usize) -> Vec<u8> {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    match free.iter().position(|buffer| buffer.capacity() >= capacity) {
        Some(index) => free.swap_remove(index),
        None => Vec::with_capacity(capacity),
    }
}

/// Bytes whose memory goes back to the pool when they are dropped.
#[derive(Debug)]
pub struct PooledBytes(Vec<u8>);

impl From<Vec<u8>> for PooledBytes {
    fn from(bytes: Vec<u8>) -> PooledBytes {
        PooledBytes(bytes)
    }
}

impl Deref for PooledBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for PooledBytes {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if SIZES.contains(&buffer.capacity()) {
            buffer.clear();
            let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
            if free.len() < KEPT {
                free.push(buffer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again() {
        let mut filled = take(3 << 20);
        filled.extend_from_slice(b"some");
        let (place, capacity) = (filled.as_ptr(), filled.capacity());
        drop(PooledBytes::from(filled));
        let again = take(3 << 20);
        assert!(again.is_empty());
        assert_eq!((again.as_ptr(), again.capacity()), (place, capacity));
        drop(PooledBytes::from(again));
        assert!(take(40 << 20).capacity() >= 40 << 20);
    }
}
