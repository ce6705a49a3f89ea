//! The names in the header of an input.

/// What `grammar::repeats_header` compares a record with.
#[derive(Clone, Debug)]
pub struct HeaderNames {
    /// Without the blanks around them. The first exists, and the last is not empty.
    pub names: Vec<Vec<u8>>,
    /// The header has a byte order mark. Then only a record with such a mark repeats the header:
    /// without the mark it may be data.
    pub marked: bool,
}
