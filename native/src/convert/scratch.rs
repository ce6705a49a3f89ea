//! Buffers that are used again for each value.

/// Room that is used again for each value, and what is said of a constraint that was broken.
#[derive(Default)]
pub struct Scratch {
    pub detail: Option<String>,
    pub number: Vec<u8>,
}
