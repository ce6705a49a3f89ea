//! Values that a person is shown.

use serde::Serialize;

/// The number of characters that are kept of a value.
const SHOWN: usize = 60;

/// A value that a type does not fit.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Example {
    line: u64,
    value: String,
}

impl Example {
    pub(super) fn of(line: u64, text: &[u8]) -> Example {
        let value = shown(text);
        Example { line, value }
    }

    pub(super) fn is_before(&self, other: &Example) -> bool {
        self.line < other.line
    }
}

/// The first characters of a value.
pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(SHOWN).collect()
}
