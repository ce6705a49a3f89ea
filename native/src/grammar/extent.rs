//! The answer to "where does the record that starts here end, and what is it?".

use crate::reject_code::RejectCode;

/// What is known of the record that starts at some byte. `end` is the offset in the data at which it
/// ends without its line end, `next` the offset at which the next record starts.
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
    /// Broken quoting, or a repeated header. Of broken quoting `end` is that of the first line.
    Broken {
        code: RejectCode,
        end: usize,
        next: usize,
    },
    /// The record is longer than allowed. It ends at the next line end, however far that is.
    TooLong,
    /// The data end too early to tell. The caller asks again when it has more.
    Unknown,
}
