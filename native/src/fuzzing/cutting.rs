//! The dialect that an input chooses, and the chunks that the splitter cuts by it.

use crate::chunk::Chunk;
use crate::dialect::Dialect;
use crate::grammar::parse_dialect;
use crate::split::ChunkCutter;

/// The number of bytes that choose.
pub const CHOICES: usize = 4;

pub fn chunks(dialect: &Dialect, data: &[u8], chunk_size: usize, feed: usize) -> Vec<Chunk> {
    let mut cutter = ChunkCutter::new(dialect.clone(), chunk_size, 0, 1);
    let mut chunks = Vec::new();
    for piece in data.chunks(feed.max(1)) {
        cutter.feed(piece, &mut chunks);
    }
    cutter.finish(&mut chunks);
    chunks
}

/// All that a chunk says of itself.
pub fn place(chunk: &Chunk) -> (u64, u64, u64, Option<u64>, &[u8]) {
    let Chunk {
        start,
        end,
        line,
        overlong,
        ..
    } = *chunk;
    (start, end, line, overlong, &chunk.bytes)
}

/// The dialect that the first bytes choose.
pub fn dialect(choices: &[u8; CHOICES]) -> Dialect {
    parse_dialect(&dialect_json(choices)).expect("the dialect is right")
}

pub fn dialect_json(choices: &[u8; CHOICES]) -> String {
    let choose = |byte: usize, bit: u8| choices[byte] >> bit & 1 != 0;
    let or_null = |chosen: bool, json: &str| {
        if chosen {
            json.into()
        } else {
            "null".to_string()
        }
    };
    format!(
        r#"{{"delimiter": ",", "quote": {}, "escape": {}, "escape_unquoted": {},
            "terminator": "{}", "encoding": "utf-8",
            "header": {}, "preamble": {}, "rows_after_header": {}, "comment": {},
            "skip_initial_space": {}, "max_record_size": {}}}"#,
        or_null(!choose(0, 0), r#""\"""#),
        or_null(choose(0, 1), r#""\\""#),
        !choose(3, 7),
        if choose(0, 2) { "cr" } else { "lf" },
        choose(0, 3),
        choices[1] & 1,
        choices[1] >> 1 & 1,
        or_null(choose(0, 4), r##""#""##),
        choose(0, 5),
        if choose(0, 6) { 20 } else { 8 << 20 },
    )
}
