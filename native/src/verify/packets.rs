//! Reads the rows of MySQL's text protocol as their bytes come. They are the packets behind the
//! description of the columns. The last value of each row is its line.

use super::found_rows::{FoundRows, Span, Step};

/// The length of the longest packet. A longer row continues in the next packet.
const LONGEST: usize = 0xFF_FFFF;
const HEAD: usize = 4;

const NULL: u8 = 0xFB;
const EOF: u8 = 0xFE;
const ERROR: u8 = 0xFF;

#[derive(Default)]
pub struct PacketRows {
    pub bytes: Vec<u8>,
    pub at: usize,
    over: bool,
    spans: Vec<Span>,
    /// The error that the server sent in place of a row.
    pub error: Option<Vec<u8>>,
}

impl PacketRows {
    pub fn end(&self) -> Result<(), String> {
        if self.over {
            Ok(())
        } else {
            Err("the rows of the table end before their last packet".into())
        }
    }

    /// Gives the bytes of the next packet, with those of the packets that continue it. None: some
    /// have not come yet.
    fn packet(&mut self) -> Option<(usize, usize)> {
        let mut joints = Vec::new();
        let mut head = self.at;
        loop {
            let length = self.length(head)?;
            head += HEAD + length;
            if head > self.bytes.len() {
                return None;
            }
            if length < LONGEST {
                break;
            }
            joints.push(head);
        }
        for joint in joints.iter().rev() {
            self.bytes.drain(*joint..joint + HEAD);
        }
        Some((self.at + HEAD, head - HEAD * joints.len()))
    }

    fn length(&self, at: usize) -> Option<usize> {
        let [a, b, c] = *self.bytes.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes([a, b, c, 0]) as usize)
    }

    fn row(&mut self, mut at: usize, end: usize) -> Option<()> {
        self.spans.clear();
        while at < end {
            let first = self.bytes[at];
            at += 1;
            if first == NULL {
                self.spans.push(None);
                continue;
            }
            let more = match first {
                0xFC => 2,
                0xFD => 3,
                0xFE => 8,
                _ => 0,
            };
            let mut length = [0; 8];
            if more == 0 {
                length[0] = first;
            } else {
                length[..more].copy_from_slice(self.bytes.get(at..at + more)?);
                at += more;
            }
            let value = at + u64::from_le_bytes(length) as usize;
            if value > end {
                return None;
            }
            self.spans.push(Some((at, value)));
            at = value;
        }
        Some(())
    }
}

impl FoundRows for PacketRows {
    fn advance(&mut self) -> Result<Step, String> {
        if self.over {
            return Ok(Step::End);
        }
        let Some((start, end)) = self.packet() else {
            return Ok(Step::Starved);
        };
        self.at = end;
        match self.bytes.get(start) {
            Some(&EOF) if end - start < 9 => {
                self.over = true;
                return Ok(Step::End);
            }
            Some(&ERROR) => {
                self.over = true;
                self.error = Some(self.bytes[start..end].to_vec());
                return Ok(Step::End);
            }
            _ => {}
        }
        let damaged = || "the server's row makes no sense".to_string();
        self.row(start, end).ok_or_else(damaged)?;
        let last = self.spans.len().checked_sub(1).ok_or_else(damaged)?;
        let line = self.value(last).ok_or_else(damaged)?;
        let line = crate::values::integer(line).map_err(|_| damaged())?;
        Ok(Step::Row(line as i64))
    }

    #[inline]
    fn value(&self, column: usize) -> Option<&[u8]> {
        let (start, end) = (*self.spans.get(column)?)?;
        Some(&self.bytes[start..end])
    }
}
