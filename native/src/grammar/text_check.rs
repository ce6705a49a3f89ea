//! Checks and counts on the bytes of whole records.

use crate::reject_code::RejectCode;

/// Checks that bytes are UTF-8 without NUL. Callers check many records at once, or one.
pub fn check_text(data: &[u8]) -> Result<(), RejectCode> {
    if memchr::memchr(0, data).is_some() {
        return Err(RejectCode::NulCharacter);
    }
    match simdutf8::basic::from_utf8(data) {
        Ok(_) => Ok(()),
        Err(_) => Err(RejectCode::InvalidEncoding),
    }
}

/// The number of line ends in some bytes.
pub fn count_lines(newline: u8, data: &[u8]) -> u64 {
    memchr::memchr_iter(newline, data).count() as u64
}
