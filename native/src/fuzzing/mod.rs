//! The checks of the fuzz targets in `native/fuzz`. The first bytes of an input choose a dialect,
//! types and the places of cuts; the rest is the input itself. A unit test runs the corpus as well.

mod cutting;
mod ranges;

use serde_json::Value;

use self::cutting::{CHOICES, chunks, dialect, dialect_json, place};
pub use self::ranges::survey;

use crate::block::{Counts, RecordPlace};
use crate::chunk::Chunk;
use crate::conversion_spec::RowEncoding;
use crate::convert::{self, BlockLimits, ConversionPlan};
use crate::dialect::Dialect;
use crate::grammar::{Record, RecordReader};
use crate::scan::Scanner;
use crate::values;

/// Chunks are the same however the input is fed, follow on each other, and hold the records of
/// the whole input.
pub fn split(data: &[u8]) {
    let Some((choices, data)) = data.split_first_chunk::<CHOICES>() else {
        return;
    };
    let dialect = dialect(choices);
    let chunk_size = 1 + usize::from(choices[2]);
    let whole = chunks(&dialect, data, chunk_size, data.len());
    let pieces = chunks(&dialect, data, chunk_size, 1 + usize::from(choices[3]));
    assert!(whole.iter().map(place).eq(pieces.iter().map(place)));
    let mut end = 0;
    for chunk in &whole {
        assert_eq!(chunk.start, end);
        end = chunk.end;
    }
    assert_eq!(end, data.len() as u64);
    if whole.iter().all(|chunk| chunk.overlong.is_none()) {
        let of_chunks: Vec<Record> = whole
            .iter()
            .flat_map(|chunk| records(&dialect, chunk))
            .collect();
        assert_eq!(
            of_chunks,
            records(&dialect, &Chunk::new(data.to_vec(), 0, 1))
        );
    }
}

/// Rows, rejects and counts are the same however the input is cut, and balance.
pub fn convert(data: &[u8]) {
    let Some((choices, data)) = data.split_first_chunk::<CHOICES>() else {
        return;
    };
    let dialect = dialect(choices);
    let any_kind = |field| kind(choices, field);
    let said = if choices[3] >> 1 & 1 == 0 {
        NARROW
    } else {
        ODD
    };
    for encoding in ["postgres", "text", "mariadb", "sqlite", "json"] {
        let plan = ConversionPlan::parse(&spec(choices, encoding, &said, any_kind))
            .expect("the spec is right");
        let whole = outcome(&plan, &chunks(&dialect, data, 1 << 20, data.len()), 1 << 20);
        let pieces = chunks(&dialect, data, 1 + usize::from(choices[2]), data.len());
        assert_eq!(whole, outcome(&plan, &pieces, 1 + usize::from(choices[3])));
        let Counts {
            records,
            loaded,
            rejected,
            skipped,
        } = whole.counts;
        assert_eq!(records, loaded + rejected + skipped);
        assert_eq!(rejected, whole.rejects.len() as u64);
        if encoding == "json" {
            assert_eq!(loaded, whole.places.len() as u64);
            objects(&whole.rows, loaded);
        }
    }
}

/// One a line, and each is JSON.
fn objects(rows: &[u8], count: u64) {
    let lines = rows.split_inclusive(|&byte| byte == b'\n');
    assert_eq!(lines.clone().count() as u64, count);
    for line in lines {
        assert!(line.starts_with(b"{") && line.ends_with(b"}\n"));
        assert_eq!(values::json(line), Ok(()));
    }
}

/// The evidence is the same however the input is cut, and what it says of a column holds: a
/// type that fits all its values rejects none of them.
pub fn scan(data: &[u8]) {
    let Some((choices, data)) = data.split_first_chunk::<CHOICES>() else {
        return;
    };
    let dialect = dialect(choices);
    let fields = fields(choices);
    let scanner =
        || Scanner::new(&dialect_json(choices), fields, None, true, None).expect("as above");
    let whole = scanner();
    for chunk in chunks(&dialect, data, 1 << 20, data.len()) {
        whole.scan_chunk(&chunk);
    }
    let merged = scanner();
    for chunk in chunks(&dialect, data, 1 + usize::from(choices[2]), data.len()) {
        let part = scanner();
        part.scan_chunk(&chunk);
        merged.add(&part).expect("they have the same columns");
    }
    let mut evidence = promised(&whole);
    assert_eq!(evidence, promised(&merged));
    // Without the extremes most fields need no more than a quick look.
    let quick = Scanner::new(&dialect_json(choices), fields, None, false, None).expect("as above");
    for chunk in chunks(&dialect, data, 1 << 20, data.len()) {
        quick.scan_chunk(&chunk);
    }
    for column in evidence["columns"].as_array_mut().expect("a list") {
        for extreme in ["min_chars", "minimum", "maximum"] {
            column[extreme] = Value::Null;
        }
    }
    assert_eq!(evidence, promised(&quick));
    let fitting = |field: usize| fitting(&evidence["columns"][field], choices[3]);
    let plan =
        ConversionPlan::parse(&spec(choices, "text", &WIDE, fitting)).expect("the spec is right");
    let found = outcome(&plan, &chunks(&dialect, data, 1 << 20, data.len()), 1 << 20);
    assert_eq!(evidence["records"], found.counts.loaded);
    assert_eq!(evidence["broken"], found.counts.rejected);
}

/// The evidence without the measures that hold only for a type which fits, where it does not.
fn promised(scanner: &Scanner) -> Value {
    let mut evidence: Value = serde_json::from_str(&scanner.evidence()).expect("it is JSON");
    for column in evidence["columns"].as_array_mut().expect("a list") {
        let measures: [(&[&str], &[&str]); 3] = [
            (&["integer"], &["min_integer", "max_integer"]),
            (&["decimal"], &["integer_digits", "fraction_digits"]),
            (&["time", "timestamp", "timestamptz"], &["second_digits"]),
        ];
        for (kinds, names) in measures {
            if kinds.iter().all(|kind| !column["types"][kind].is_null()) {
                for name in names {
                    column[name] = Value::Null;
                }
            }
        }
    }
    evidence
}

/// One of the types that fit all values of a column; text fits always. Where a second has more
/// than six digits no type of time keeps them, and the column becomes text.
fn fitting(column: &Value, choice: u8) -> &'static str {
    let finer = column["second_digits"].as_u64() > Some(6);
    let known = |kind: &&&str| {
        column["empties"] == 0
            && !(finer && kind.starts_with("time"))
            && column["types"]
                .get(**kind)
                .is_some_and(|example| example.is_null())
    };
    let fit: Vec<&&str> = KINDS.iter().filter(known).collect();
    if fit.is_empty() {
        return "text";
    }
    fit[usize::from(choice) % fit.len()]
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    counts: Counts,
    rows: Vec<u8>,
    places: Vec<(u64, u64)>,
    rejects: Vec<(u64, u64, &'static str)>,
}

fn outcome(plan: &ConversionPlan, chunks: &[Chunk], bytes: usize) -> Outcome {
    let limits = BlockLimits {
        bytes,
        records: u64::MAX,
        stop_at_reject: false,
    };
    let mut outcome = Outcome::default();
    for chunk in chunks {
        let (mut position, mut line) = (0, chunk.line);
        while position < chunk.bytes.len() {
            let block = convert::convert(plan, chunk, position, line, limits, None);
            assert!(block.position > position);
            (position, line) = (block.position, block.line);
            outcome.counts.records += block.counts.records;
            outcome.counts.loaded += block.counts.loaded;
            outcome.counts.rejected += block.counts.rejected;
            outcome.counts.skipped += block.counts.skipped;
            // For MariaDB the types come first, once a block: two bytes for each column.
            let (rows, width) = block.rows();
            let types = if block.encoding == RowEncoding::Mariadb {
                2 * width
            } else {
                0
            };
            outcome
                .rows
                .extend_from_slice(&rows[types.min(rows.len())..]);
            let place = |place: &RecordPlace| (place.line, block.offset + place.start as u64);
            outcome.places.extend(block.places.iter().map(place));
            outcome.rejects.extend(block.rejects.iter().map(|reject| {
                let (line, offset) = place(&reject.place);
                (line, offset, reject.code.as_str())
            }));
        }
    }
    outcome
}

/// By their places in the input.
fn records(dialect: &Dialect, chunk: &Chunk) -> Vec<Record> {
    let mut reader = RecordReader::new(dialect, &chunk.bytes, chunk.start == 0, chunk.line);
    let start = chunk.start as usize;
    std::iter::from_fn(|| reader.read())
        .map(|record| Record {
            start: start + record.start,
            end: start + record.end,
            next: start + record.next,
            ..record
        })
        .collect()
}

const KINDS: [&str; 11] = [
    "text",
    "integer",
    "float",
    "decimal",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "boolean",
    "uuid",
    "json",
];

fn fields(choices: &[u8; CHOICES]) -> usize {
    1 + usize::from(choices[0] >> 7)
}

/// Any type.
fn kind(choices: &[u8; CHOICES], field: usize) -> &'static str {
    KINDS[(usize::from(choices[1] >> 2) + field) % KINDS.len()]
}

/// What is said of a column beyond its kind, as JSON.
struct Said {
    limits: &'static str,
    manners: &'static str,
}

/// Limits that many values break.
const NARROW: Said = Said {
    limits: r#""bits": 32, "precision": 9, "scale": 3, "fraction": 6, "max_chars": 9"#,
    manners: USUAL,
};
/// Limits that no value breaks.
const WIDE: Said = Said {
    limits: NO_LIMITS,
    manners: USUAL,
};
/// Nothing of it is usual.
const ODD: Said = Said {
    limits: NO_LIMITS,
    manners: r#""required": true, "min_length": 2, "max_length": 30, "pattern": "[^z]*",
        "enum": null, "true_values": ["yes"], "false_values": ["no"], "decimal_char": ",",
        "group_char": ".", "bare_number": false, "missing_values": ["", "NA", "-"]"#,
};

const NO_LIMITS: &str =
    r#""bits": 64, "precision": null, "scale": null, "fraction": 9, "max_chars": null"#;
const USUAL: &str = r#""required": false, "min_length": null, "max_length": null,
    "pattern": null, "enum": null, "true_values": null, "false_values": null,
    "decimal_char": ".", "group_char": null, "bare_number": true, "missing_values": null"#;

fn spec(
    choices: &[u8; CHOICES],
    encoding: &str,
    said: &Said,
    kind: impl Fn(usize) -> &'static str,
) -> String {
    let Said { limits, manners } = said;
    let column = |field: usize| {
        let kind = kind(field);
        format!(
            r#"{{"field": {field}, "name": "c{field}", "type": {{"kind": "{kind}", {limits},
                "unsigned": false, "max_bytes": null, "wire": ""}}, "format": "default",
                "minimum": null, "maximum": null, "exclusive_minimum": null,
                "exclusive_maximum": null, {manners}}}"#
        )
    };
    let fields = fields(choices);
    let columns: Vec<String> = (0..fields).map(column).collect();
    format!(
        r#"{{"dialect": {}, "encoding": "{encoding}", "fields": {fields}, "columns": [{}],
            "lineage": {}, "omit_nulls": {}, "rules": []}}"#,
        dialect_json(choices),
        columns.join(", "),
        if encoding == "json" {
            "null"
        } else {
            r#"{"import_id": 1}"#
        },
        choices[3] & 1 != 0,
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    /// Also what fuzzing has found, once it is added there.
    #[test]
    fn the_corpus_passes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");
        let inputs = fs::read_dir(folder).expect("it is in the repository");
        let mut count = 0;
        for input in inputs {
            let data = fs::read(input.expect("it can be read").path()).expect("so can the file");
            for check in [super::split, super::survey, super::convert, super::scan] {
                check(&data);
            }
            count += 1;
        }
        assert!(count > 50);
    }
}
