//! What the fields of an input mean that hold no value, or a number.

use crate::dialect::Dialect;

/// The rules of one input.
pub(super) struct Rules {
    /// The texts that mean NULL. None: only an empty field without quotes does.
    missing: Option<Vec<Vec<u8>>>,
    /// A bit for each length that such a text has, the empty one excepted. The last one stands for
    /// all that are longer.
    missing_lengths: u64,
    /// Whether an empty field means NULL: one without quotes, and one with.
    empty_is_null: [bool; 2],
    /// The decimal mark.
    pub(super) point: u8,
    /// Whether a field says by its quotes what it is: a text is never a number.
    pub(super) tokens: bool,
    /// Whether a number sign without quotes begins the error of a cell, which is no value.
    pub(super) errors: bool,
}

impl Rules {
    pub(super) fn new(dialect: &Dialect, missing: Option<Vec<Vec<u8>>>) -> Rules {
        let texts = missing.as_deref().unwrap_or_default();
        let lengths = texts.iter().filter(|text| !text.is_empty());
        let missing_lengths = lengths.fold(0, |bits, text| bits | bit(text.len()));
        let said = texts.iter().any(Vec::is_empty);
        let tokens = dialect.objects.is_some();
        Rules {
            missing_lengths,
            empty_is_null: [said || tokens || missing.is_none(), said],
            missing,
            point: if dialect.decimal_comma && !tokens {
                b','
            } else {
                b'.'
            },
            tokens,
            errors: dialect.cells && !dialect.decimal_comma && !tokens,
        }
    }

    /// Whether a field means NULL. `written` gives it with its escapes.
    pub(super) fn is_null<'t>(
        &self,
        raw: &[u8],
        quoted: bool,
        written: impl FnOnce() -> &'t [u8],
    ) -> bool {
        match &self.missing {
            _ if self.tokens && raw.is_empty() && !quoted => true,
            _ if self.errors && !quoted && raw.first() == Some(&b'#') => true,
            None => raw.is_empty() && !quoted,
            Some(_) => self.is_listed(written()),
        }
    }

    #[inline]
    pub(super) fn empty_is_null(&self, quoted: bool) -> bool {
        self.empty_is_null[usize::from(quoted)]
    }

    /// Whether a text that is not empty may mean NULL.
    pub(super) fn has_missing(&self) -> bool {
        self.missing_lengths != 0
    }

    /// Whether more than the length of a text counts.
    pub(super) fn looks_at_texts(&self) -> bool {
        self.has_missing() || self.errors
    }

    /// Whether a text that is not empty means NULL.
    #[inline(always)]
    pub(super) fn is_missing(&self, text: &[u8]) -> bool {
        self.missing_lengths & bit(text.len()) != 0 && self.is_listed(text)
    }

    #[inline(never)]
    fn is_listed(&self, text: &[u8]) -> bool {
        self.missing.iter().flatten().any(|missing| missing == text)
    }
}

#[inline(always)]
fn bit(length: usize) -> u64 {
    1 << length.min(63)
}
