//! Buffers that are used again for each value.

/// Buffers that conversions of values share, and the sentence about the last value refused.
#[derive(Default)]
pub struct Scratch {
    /// The second half of a sentence that begins with the value, if a check has written one.
    pub detail: Option<String>,
    pub number: Vec<u8>,
}
