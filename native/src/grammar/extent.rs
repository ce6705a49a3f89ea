//! The answer to "where does the record that starts here end, and what is it?".

use crate::reject_code::RejectCode;

/// What is known of the record that starts at some byte. Offsets are into the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Row {
        end: usize,
        next: usize,
    },
    Blank {
        end: usize,
        next: usize,
    },
    Comment {
        end: usize,
        next: usize,
    },
    /// Only the first line of what was broken.
    Broken {
        code: RejectCode,
        end: usize,
        next: usize,
    },
    /// Longer than a record may be; it ends at the next raw line end, however far.
    TooLong,
    /// The data end too early to tell.
    Unknown,
}
