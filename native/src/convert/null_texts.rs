//! The texts that mean NULL in a column.

/// Which texts mean NULL.
pub enum NullTexts {
    /// An empty field without quotes.
    Empty,
    /// One of these texts, quoted or not, compared as it is written, with the dialect's escapes.
    Texts {
        texts: Vec<Box<[u8]>>,
        /// Bit n of element i says whether one of the texts begins with the byte 64 i + n.
        firsts: [u64; 4],
    },
}

impl NullTexts {
    pub fn of(texts: Vec<Box<[u8]>>) -> NullTexts {
        let mut firsts = [0; 4];
        for &first in texts.iter().filter_map(|text| text.first()) {
            firsts[usize::from(first / 64)] |= 1 << (first % 64);
        }
        NullTexts::Texts { texts, firsts }
    }

    pub fn lengths(&self) -> u64 {
        match self {
            NullTexts::Empty => 1,
            NullTexts::Texts { texts, .. } => texts
                .iter()
                .fold(0, |lengths, text| lengths | 1 << text.len().min(63)),
        }
    }

    #[inline]
    pub fn is_null(&self, text: &[u8], quoted: bool) -> bool {
        match self {
            NullTexts::Empty => text.is_empty() && !quoted,
            NullTexts::Texts { texts, firsts } => {
                let begins = |&first: &u8| firsts[usize::from(first / 64)] >> (first % 64) & 1 != 0;
                text.first().is_none_or(begins) && contains(texts, text)
            }
        }
    }
}

pub fn contains(texts: &[Box<[u8]>], text: &[u8]) -> bool {
    texts.iter().any(|one| **one == *text)
}
