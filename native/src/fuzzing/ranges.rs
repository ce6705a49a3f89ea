//! Ranges that are surveyed on their own, against the splitter that reads from first to last byte.

use std::collections::HashMap;

use super::cutting::{CHOICES, chunks, dialect, place};
use crate::chunk::Chunk;
use crate::dialect::Dialect;
use crate::survey::RangeSurvey;

/// Ranges that are put together in order hold the records of the whole input, on their true lines,
/// however short the ranges are, and whatever was guessed.
pub fn survey(data: &[u8]) {
    let Some((choices, data)) = data.split_first_chunk::<CHOICES>() else {
        return;
    };
    let dialect = dialect(choices);
    let one_by_one = chunks(&dialect, data, 1, data.len());
    let (size, feed) = (
        1 + usize::from(choices[3]),
        1 + usize::from(choices[2] >> 3),
    );
    let found = put_together(&dialect, data, 1, size, feed);
    assert!(found.iter().map(place).eq(one_by_one.iter().map(place)));
    // Larger chunks begin at some of those places.
    let lines: HashMap<u64, u64> = one_by_one
        .iter()
        .map(|chunk| (chunk.start, chunk.line))
        .collect();
    let mut end = 0;
    for chunk in put_together(&dialect, data, 1 + usize::from(choices[2]), size, feed) {
        assert_eq!(
            (chunk.start, Some(&chunk.line)),
            (end, lines.get(&chunk.start))
        );
        let held = &data[chunk.start as usize..][..chunk.bytes.len()];
        assert!(chunk.overlong.is_some() || chunk.bytes[..] == *held);
        end = chunk.end;
    }
    assert_eq!(end, data.len() as u64);
}

fn put_together(
    dialect: &Dialect,
    data: &[u8],
    chunk_size: usize,
    size: usize,
    feed: usize,
) -> Vec<Chunk> {
    let (mut at, mut line, mut found) = (0, 1, Vec::new());
    for begin in (0..data.len()).step_by(size) {
        let (begin, end) = (begin as u64, data.len().min(begin + size) as u64);
        if at > end {
            continue;
        }
        let new = |start| RangeSurvey::new(dialect.clone(), chunk_size, begin, end, start);
        let mut range = new(None);
        let mut chunks = fetch(&mut range, data, feed);
        if range.start() != Some(at) {
            range = new(Some(at));
            chunks = fetch(&mut range, data, feed);
        }
        let (exit, line_ends) = range.exit().expect("the range was surveyed");
        found.extend(chunks.into_iter().map(|mut chunk| {
            chunk.line += line - 1;
            chunk
        }));
        (at, line) = (exit, line + line_ends);
    }
    assert_eq!(at, data.len() as u64);
    found
}

fn fetch(range: &mut RangeSurvey, data: &[u8], feed: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    while let Some(at) = range.wanted() {
        let rest = &data[at as usize..];
        range.feed(&rest[..feed.min(rest.len())], &mut chunks);
        if rest.len() <= feed {
            range.finish(&mut chunks);
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    /// Bytes that decide something, more often than others.
    const BYTES: &[u8] = b"\"\"\"\"\",,,\n\n\n\r\r\\#  aabbbbbbbb\0";

    #[test]
    fn random_inputs_pass() {
        let mut state = 9_u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        for round in 0..6000 {
            let mut data: Vec<u8> = (0..4).map(|_| random(256) as u8).collect();
            // Ranges of a few bytes, and of a few records.
            data[3] >>= random(8);
            let length = if round % 50 == 0 { 5000 } else { random(120) };
            data.extend((0..length).map(|_| BYTES[random(BYTES.len())]));
            data.extend(vec![0; random(60).saturating_sub(40)]);
            super::survey(&data);
        }
    }

    /// Here a guess is never right: each line is a record of its own, or none is.
    #[test]
    fn inputs_against_which_no_guess_helps_pass() {
        for line in [&b",\n\",1\n"[..], b"\",\"\n", b"\"\n"] {
            for size in [0, 1, 6, 40, 255] {
                let choices = [0b100_0000 >> (size & 7), 0, 30, size];
                super::survey(&[&choices[..], &line.repeat(400)].concat());
            }
        }
    }
}
