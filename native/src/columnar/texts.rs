//! The texts of some values of a column, one after the other.

/// Bytes that are copied at a time. Copying a fixed number of them is quicker than as many as there
/// are, which nearly always are fewer.
const AT_ONCE: usize = 32;

/// Texts that are copied into records or rows, each by itself.
pub struct Texts {
    bytes: Vec<u8>,
    /// Where each text begins, and where the last one ends.
    bounds: Vec<usize>,
}

impl Default for Texts {
    fn default() -> Texts {
        Texts {
            bytes: Vec::new(),
            bounds: vec![0],
        }
    }
}

impl Texts {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bounds.truncate(1);
    }

    /// What the next text is appended to.
    #[inline]
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends a text.
    #[inline]
    pub fn end(&mut self) {
        self.bounds.push(self.bytes.len());
    }

    /// Makes the texts ready to be copied.
    pub fn finish(&mut self) {
        self.bytes.extend_from_slice(&[0; AT_ONCE]);
    }

    /// The most bytes of a text, without looking at each.
    pub fn longest(&self) -> usize {
        self.bytes.len()
    }

    /// A text.
    #[inline]
    pub fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.bounds[index]..self.bounds[index + 1]]
    }

    /// Writes a text into a line at a place, and gives the place behind it.
    #[inline]
    pub fn copy(&self, index: usize, line: &mut [u8], at: usize) -> usize {
        let (start, end) = (self.bounds[index], self.bounds[index + 1]);
        let behind = at + (end - start);
        match (
            self.bytes[start..].first_chunk::<AT_ONCE>(),
            line[at..].first_chunk_mut::<AT_ONCE>(),
        ) {
            (Some(from), Some(to)) if end - start <= AT_ONCE => *to = *from,
            _ => line[at..behind].copy_from_slice(&self.bytes[start..end]),
        }
        behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_copied() {
        for length in [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 100] {
            let mut texts = Texts::default();
            for byte in b"abc" {
                texts.bytes().extend(std::iter::repeat_n(*byte, length));
                texts.end();
            }
            texts.finish();
            let mut line = vec![b' '; 3 * length];
            let mut at = 0;
            for index in 0..3 {
                at = texts.copy(index, &mut line, at);
                assert_eq!(texts.get(index).len(), length);
            }
            assert_eq!(at, line.len());
            let all = ["a", "b", "c"].map(|text| text.repeat(length)).concat();
            assert_eq!(line, all.as_bytes());
        }
    }
}
