//! The bytes before a value, in encodings whose rows name their columns.

use super::super::output::{MAX_PREFIX, Output};

/// The name of a column as rows have it. Empty in encodings without names.
#[derive(Default)]
pub struct ColumnKey {
    /// The bytes before a value.
    pub key: Literal,
    /// The bytes in place of key and value, if the value is NULL.
    pub null: Literal,
}

impl ColumnKey {
    /// The most bytes that writing it needs, those of the padding included.
    pub fn capacity(&self) -> usize {
        self.key.capacity().max(self.null.capacity())
    }
}

/// A text that every row has. It is copied 16 bytes at a time, with zeros after the last ones, which
/// is cheaper than a copy of its exact length.
#[derive(Default)]
pub struct Literal {
    whole: Box<[[u8; MAX_PREFIX]]>,
    rest: [u8; MAX_PREFIX],
    length: usize,
}

impl Literal {
    pub fn new(text: &[u8]) -> Literal {
        let (whole, last) = text.as_chunks();
        let mut rest = [0; MAX_PREFIX];
        rest[..last.len()].copy_from_slice(last);
        Literal {
            whole: whole.into(),
            rest,
            length: last.len(),
        }
    }

    #[inline(always)]
    pub fn write(&self, out: &mut impl Output) {
        for &bytes in &self.whole {
            out.array(bytes);
        }
        out.prefix(self.rest, self.length);
    }

    fn capacity(&self) -> usize {
        (self.whole.len() + 1) * MAX_PREFIX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_written_whole() {
        let text: Vec<u8> = (0..50).collect();
        for length in 0..text.len() {
            let mut out = Vec::new();
            Literal::new(&text[..length]).write(&mut out);
            assert_eq!(out, text[..length]);
        }
    }
}
