//! Where the bytes of a row go.

use std::mem::MaybeUninit;

/// The longest text that `padded` takes.
pub const PADDED: usize = 16;

pub trait Sink {
    fn array<const N: usize>(&mut self, bytes: [u8; N]);
    fn slice(&mut self, bytes: &[u8]);
    /// The first `length` of these bytes: copying all of them always is cheaper than copying
    /// just those.
    fn padded(&mut self, bytes: [u8; PADDED], length: usize);
}

impl Sink for Vec<u8> {
    #[inline]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend_from_slice(&bytes);
    }

    #[inline]
    fn slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn padded(&mut self, bytes: [u8; PADDED], length: usize) {
        self.extend_from_slice(&bytes[..length]);
    }
}

/// Writes into the spare room of a vector. How far it has come is then in a register: a vector
/// keeps its length in memory, and each short value would wait for the one before it. Rows of
/// many short values are made a quarter faster so.
pub struct Cursor<'a> {
    room: &'a mut [MaybeUninit<u8>],
    at: usize,
}

/// Appends what `write` writes, for which it has so much room, or a little more. What does not
/// fit panics.
#[inline(always)]
pub fn append<R>(bytes: &mut Vec<u8>, room: usize, write: impl FnOnce(&mut Cursor<'_>) -> R) -> R {
    bytes.reserve(room);
    let mut cursor = Cursor {
        room: bytes.spare_capacity_mut(),
        at: 0,
    };
    let result = write(&mut cursor);
    let length = cursor.at;
    // SAFETY: `at` grows only by what has just been written there, within the spare room and
    // without a gap, and else goes back; so all these bytes are initialized.
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

impl Sink for Cursor<'_> {
    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.room[self.at..self.at + N].write_copy_of_slice(&bytes);
        self.at += N;
    }

    #[inline(always)]
    fn slice(&mut self, bytes: &[u8]) {
        self.room[self.at..self.at + bytes.len()].write_copy_of_slice(bytes);
        self.at += bytes.len();
    }

    #[inline(always)]
    fn padded(&mut self, bytes: [u8; PADDED], length: usize) {
        self.room[self.at..self.at + PADDED].write_copy_of_slice(&bytes);
        self.at += length.min(PADDED);
    }
}
