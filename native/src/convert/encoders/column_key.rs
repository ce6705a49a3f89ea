//! What stands before a value where each row tells the names of its columns.

use super::super::output::{MAX_PREFIX, Output};

/// A column's name in the rows; nothing in an encoding that has no names.
#[derive(Default)]
pub struct ColumnKey {
    /// Before a value.
    pub key: Literal,
    /// In place of key and value, where there is none.
    pub null: Literal,
}

impl ColumnKey {
    /// Bytes that it takes at most, with what is copied along.
    pub fn capacity(&self) -> usize {
        self.key.capacity().max(self.null.capacity())
    }
}

/// A text that every row has. It is copied so many bytes at a time, the last ones with
/// zeros after them: that is cheaper than a copy of just its length.
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
        out.padded(self.rest, self.length);
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
