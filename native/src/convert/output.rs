//! Writes the bytes of a row: to a vector, or faster into its spare capacity.

use std::mem::MaybeUninit;

/// The most bytes that `prefix` writes.
pub const MAX_PREFIX: usize = 16;

/// Receives the bytes of a row.
pub trait Output {
    fn array<const N: usize>(&mut self, bytes: [u8; N]);
    fn slice(&mut self, bytes: &[u8]);
    /// Writes the first `length` of these bytes. It may copy all of them, which is cheaper than
    /// copying a variable number.
    fn prefix(&mut self, bytes: [u8; MAX_PREFIX], length: usize);
}

impl Output for Vec<u8> {
    #[inline]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend_from_slice(&bytes);
    }

    #[inline]
    fn slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn prefix(&mut self, bytes: [u8; MAX_PREFIX], length: usize) {
        self.extend_from_slice(&bytes[..length]);
    }
}

/// Writes into the spare capacity of a vector. Its position stays in a register, whereas a vector
/// keeps its length in memory, where each short value would wait for the one before it. Rows of many
/// short values are made a quarter faster.
pub struct Cursor<'a> {
    spare: &'a mut [MaybeUninit<u8>],
    at: usize,
}

/// Appends what `write` writes, which may be up to `capacity` bytes. It panics if more are written,
/// and then appends nothing.
#[inline(always)]
pub fn append<R>(
    bytes: &mut Vec<u8>,
    capacity: usize,
    write: impl FnOnce(&mut Cursor<'_>) -> R,
) -> R {
    bytes.reserve(capacity);
    let mut cursor = Cursor {
        spare: bytes.spare_capacity_mut(),
        at: 0,
    };
    let result = write(&mut cursor);
    let length = cursor.at;
    // SAFETY: `at` grows only by the number of bytes just written there, within the spare capacity
    // and without a gap, and otherwise only decreases. So all these bytes are initialized.
    unsafe { bytes.set_len(bytes.len() + length) };
    result
}

impl Cursor<'_> {
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Forgets what was written since it was at this position.
    #[inline(always)]
    pub fn rewind(&mut self, position: usize) {
        debug_assert!(position <= self.at);
        self.at = self.at.min(position);
    }
}

impl Output for Cursor<'_> {
    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.spare[self.at..self.at + N].write_copy_of_slice(&bytes);
        self.at += N;
    }

    #[inline(always)]
    fn slice(&mut self, bytes: &[u8]) {
        self.spare[self.at..self.at + bytes.len()].write_copy_of_slice(bytes);
        self.at += bytes.len();
    }

    #[inline(always)]
    fn prefix(&mut self, bytes: [u8; MAX_PREFIX], length: usize) {
        self.spare[self.at..self.at + MAX_PREFIX].write_copy_of_slice(&bytes);
        self.at += length.min(MAX_PREFIX);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn what_is_written_is_appended() {
        let mut bytes = b"before ".to_vec();
        let position = append(&mut bytes, 64, |out| {
            out.array(*b"one");
            out.slice(b", two");
            let before = out.position();
            out.slice(b" and what is taken back");
            out.rewind(before);
            out.prefix(*b", three.........", 7);
            out.position()
        });
        assert_eq!(bytes, b"before one, two, three");
        assert_eq!(position, bytes.len() - b"before ".len());
    }

    #[test]
    fn nothing_is_appended_where_nothing_is_left() {
        let mut bytes = Vec::new();
        append(&mut bytes, 16, |out| {
            out.prefix([b'x'; MAX_PREFIX], 0);
            out.slice(b"gone");
            out.rewind(0);
        });
        assert_eq!(bytes, b"");
    }

    #[test]
    fn what_does_not_fit_panics_and_changes_nothing() {
        let mut bytes = b"before".to_vec();
        let large = vec![b'x'; 1 << 16];
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            append(&mut bytes, 4, |out| {
                out.array(*b"fits");
                out.slice(&large);
            });
        }));
        assert!(outcome.is_err());
        assert_eq!(bytes, b"before");
    }
}
