//! The texts of some values of a column, one after the other.

/// Bytes that are copied at a time. Copying a fixed number of them is quicker than as many as there
/// are, which nearly always are fewer.
const AT_ONCE: usize = 32;

/// Short texts. They are kept to be copied into records, each by itself.
#[derive(Default)]
pub struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// What the next text is appended to.
    #[inline]
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends a text.
    #[inline]
    pub fn end(&mut self) {
        self.ends.push(self.bytes.len());
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
        &self.bytes[self.start(index)..self.ends[index]]
    }

    /// Appends a text.
    #[inline]
    pub fn copy(&self, index: usize, out: &mut Vec<u8>) {
        let start = self.start(index);
        let length = self.ends[index] - start;
        match self.bytes[start..].first_chunk::<AT_ONCE>() {
            Some(chunk) if length <= AT_ONCE => {
                out.extend_from_slice(chunk);
                out.truncate(out.len() - (AT_ONCE - length));
            }
            _ => out.extend_from_slice(self.get(index)),
        }
    }

    #[inline]
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
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
            let mut out = b"before".to_vec();
            for index in 0..3 {
                texts.copy(index, &mut out);
                assert_eq!(texts.get(index).len(), length);
            }
            let all = ["a", "b", "c"].map(|text| text.repeat(length)).concat();
            assert_eq!(out, format!("before{all}").as_bytes());
        }
    }
}
