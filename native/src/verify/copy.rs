//! Reads the rows of PostgreSQL's `COPY ... TO STDOUT (FORMAT binary)` as their bytes come. The last
//! value of each row is its line.

use super::found_rows::{FoundRows, Span, Step};

/// The first bytes of the stream. Four bytes of flags follow, and the length of an extension.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

#[derive(Default)]
pub struct CopyRows {
    pub bytes: Vec<u8>,
    /// Where the next row begins.
    pub at: usize,
    begun: bool,
    over: bool,
    spans: Vec<Span>,
}

impl CopyRows {
    /// Whether nothing more will come.
    pub fn end(&self) -> Result<(), String> {
        if self.over {
            Ok(())
        } else {
            Err("the rows of the table end before their trailer".into())
        }
    }

    fn header(&mut self) -> Result<bool, String> {
        let Some(length) = self.bytes.get(SIGNATURE.len() + 4..) else {
            return Ok(false);
        };
        if !self.bytes.starts_with(SIGNATURE) {
            return Err("the server does not send binary COPY".into());
        }
        let Some(length) = length.first_chunk() else {
            return Ok(false);
        };
        let end = SIGNATURE.len() + 8 + u32::from_be_bytes(*length) as usize;
        self.begun = self.bytes.len() >= end;
        if self.begun {
            self.at = end;
        }
        Ok(self.begun)
    }

    /// Gives the spans of the row that begins at `at`, and its end. None: it has not come yet.
    fn row(&mut self, count: usize) -> Option<usize> {
        self.spans.clear();
        let mut at = self.at + 2;
        for _ in 0..count {
            let length = i32::from_be_bytes(*self.bytes.get(at..)?.first_chunk()?);
            at += 4;
            if length < 0 {
                self.spans.push(None);
                continue;
            }
            let end = at + length as usize;
            self.spans.push(Some((at, end)));
            at = end;
        }
        (at <= self.bytes.len()).then_some(at)
    }
}

impl FoundRows for CopyRows {
    fn advance(&mut self) -> Result<Step, String> {
        if self.over {
            return Ok(Step::End);
        }
        if !self.begun && !self.header()? {
            return Ok(Step::Starved);
        }
        let Some(&count) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) else {
            return Ok(Step::Starved);
        };
        let count = i16::from_be_bytes(count);
        if count < 0 {
            self.over = true;
            return Ok(Step::End);
        }
        let Some(end) = self.row(count as usize) else {
            return Ok(Step::Starved);
        };
        self.at = end;
        let line = self.spans.last().copied().flatten();
        let line = line.and_then(|(start, end)| self.bytes[start..end].try_into().ok());
        line.map(|line| Step::Row(i64::from_be_bytes(line)))
            .ok_or_else(|| "a row has no line".into())
    }

    #[inline]
    fn value(&self, column: usize) -> Option<&[u8]> {
        let (start, end) = (*self.spans.get(column)?)?;
        Some(&self.bytes[start..end])
    }
}
