//! The plain way to scan: record by record, each field by a full look. Scanning column by column, with
//! a quick look at many fields, must find the same to the last digit.

use serde_json::{Value, json};

use super::{Scanner, Scratch};
use crate::chunk::Chunk;
use crate::grammar::{RecordKind, RecordReader, check_text};

/// Draws the same numbers in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    fn digits(&mut self, most: usize) -> String {
        let length = 1 + self.below(most);
        (0..length)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

/// Texts that are nearly something else.
const ODD: &[&str] = &[
    "",
    "-",
    ".",
    "-0",
    "-0.0",
    "0.0",
    "01",
    "00.5",
    "5.",
    ".5",
    "+1",
    "1e5",
    "1.5E-7",
    "1,5",
    "1,",
    "1.2.3",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "999999999999999",
    "1000000000000000",
    "9007199254740993",
    "0.30000000000000004",
    "0.300000000000000041",
    "12345678",
    "-12345678",
    "123456789",
    "NA",
    "true",
    "False",
    "2024-02-29",
    "2023-02-29",
    "0000-01-01",
    "2024-02-29 23:59:59",
    "2024-02-29T23:59:59.120",
    "2024-02-29 23:59:59.123456789",
    "2024-02-29 23:59:60",
    "0001-01-01 00:00:00+01",
    "9999-12-31 23:59:59-01",
    "2024-01-01 00:00:00 Z",
    "2024-01-01 00:21+0530",
    "23:59",
    "24:00:00",
    "é",
    "Straße",
    "#N/A",
    "{}",
    "[1]",
    "{",
    "12345678-9abc-def0-1234-56789abcdef0",
    "12345678-9ABC-def0-1234-56789abcdef0",
    "\"\"",
    "a\"b",
    "\\N",
    " 1",
    "1 ",
];

/// A value of a kind that a column may have.
fn value(draw: &mut Draw, kind: usize) -> String {
    let sign = draw.one_of(&["", "", "-"]);
    match kind {
        0 => format!("{sign}{}", draw.digits(4).trim_start_matches('0')),
        1 => format!("{sign}1{}", draw.digits(17)),
        2 => format!("{sign}{}.{}", draw.below(2000), draw.digits(3)),
        3 => format!("{sign}{}.{}", draw.below(200), draw.digits(12)),
        4 => draw.one_of(&["true", "false"]).to_owned(),
        5 => format!(
            "20{:02}-{:02}-{:02}",
            draw.below(99),
            1 + draw.below(12),
            1 + draw.below(28)
        ),
        6 => format!(
            "2024-01-{:02} 0{}:00:59",
            1 + draw.below(30),
            draw.below(10)
        ),
        7 => format!("2024-01-01 0{}:00:59.{}", draw.below(10), draw.digits(9)),
        8 => format!(
            "2024-01-01T0{}:00:59.5{}",
            draw.below(10),
            draw.one_of(&["Z", "+05", "-03:30"])
        ),
        9 => format!("0{}:1{}:00", draw.below(10), draw.below(10)),
        10 => format!("12345678-9abc-def0-1234-{:012x}", draw.below(1 << 40)),
        11 => draw
            .one_of(&["pen", "ß", "a long text of several words", "", "x,y"])
            .to_owned(),
        12 => String::new(),
        _ => draw.one_of(ODD).to_owned(),
    }
}

/// A file of columns that each have a kind, with a few odd values and records in it.
fn file(draw: &mut Draw, columns: usize, delimiter: char, json: bool) -> Vec<u8> {
    let kinds: Vec<usize> = (0..columns).map(|_| draw.below(14)).collect();
    let quotes: Vec<bool> = (0..columns).map(|_| draw.below(4) == 0).collect();
    let (odd, broken, blank) = (draw.below(300), draw.below(300), draw.below(5));
    let line_end = draw.one_of(&["\n", "\n", "\r\n"]);
    let mut data = Vec::new();
    for _ in 0..1 + draw.below(400) {
        let mut fields: Vec<String> = Vec::new();
        for column in 0..columns {
            let kind = if draw.below(1000) < odd {
                13
            } else {
                kinds[column]
            };
            let text = if draw.below(10) < blank {
                String::new()
            } else {
                value(draw, kind)
            };
            let number = serde_json::from_str::<serde_json::Number>(&text).is_ok();
            let quote = quotes[column] || (json && !number) || text.contains(['"', delimiter]);
            let doubled = if json {
                text.replace('\\', r"\\").replace('"', "\\\"")
            } else {
                text.replace('"', "\"\"")
            };
            let field = if quote {
                format!("\"{doubled}\"")
            } else {
                text
            };
            fields.push(if json {
                format!("\"{column}\":{field}")
            } else {
                field
            });
        }
        if draw.below(1000) < broken {
            match draw.below(4) {
                0 => drop(fields.pop()),
                1 => fields.push("more".to_owned()),
                2 => fields[0] = "\"x\"y".to_owned(),
                _ => fields[0] = "\0".to_owned(),
            }
        }
        let line = fields.join(&delimiter.to_string());
        let line = if json { format!("{{{line}}}") } else { line };
        data.extend_from_slice(line.as_bytes());
        if draw.below(1000) < broken {
            data.push(0xFF);
        }
        data.extend_from_slice(line_end.as_bytes());
    }
    data
}

fn dialect(draw: &mut Draw, columns: usize, delimiter: char, json: bool) -> String {
    let mut dialect = json!({
        "delimiter": delimiter.to_string(), "quote": "\"", "escape": null, "terminator": "lf",
        "escape_unquoted": false, "encoding": "utf-8", "header": draw.below(2) == 0, "preamble": 0,
        "rows_after_header": 0, "comment": null, "skip_initial_space": false,
        "max_record_size": 1_000_000,
        "ragged": draw.one_of(&["reject", "pad"]),
        "decimal_char": if delimiter == ';' { "," } else { "." },
    });
    if json {
        let names: Vec<String> = (0..columns).map(|name| name.to_string()).collect();
        let more = json!({"syntax": "objects", "names": names, "delimiter": "", "quote": null});
        let more = more.as_object().cloned().unwrap_or_default();
        dialect.as_object_mut().unwrap().extend(more);
    }
    dialect.to_string()
}

/// The evidence of the plain way.
fn plainly(scanner: &Scanner, data: &[u8]) -> String {
    let mut evidence = scanner.evidence.lock().unwrap();
    let columns = evidence.columns.len();
    let mut reader = RecordReader::new(&scanner.dialect, data, true, 1);
    let mut scratch = Scratch::default();
    while !scanner.is_full(&evidence)
        && let Some(record) = reader.read()
    {
        if record.kind != RecordKind::Row || reader.fields().len() != columns {
            scanner.add_irregular(&mut evidence, data, &reader, record);
        } else if check_text(&data[record.start..record.end]).is_err() {
            evidence.broken += 1;
        } else {
            evidence.records += 1;
            for (column, span) in evidence.columns.iter_mut().zip(reader.fields()) {
                scanner.add_cell(column, record.line, reader.raw(*span), *span, &mut scratch);
            }
        }
    }
    drop(evidence);
    scanner.evidence()
}

#[test]
fn columns_give_the_evidence_of_their_cells() {
    let mut draw = Draw(0x2545_F491_4F6C_DD1D);
    let mut values = 0;
    for round in 0..1500 {
        let (columns, json) = (1 + draw.below(9), round % 5 == 0);
        let delimiter = if !json && round % 3 == 0 { ';' } else { ',' };
        let data = file(&mut draw, columns, delimiter, json);
        let dialect = dialect(&mut draw, columns, delimiter, json);
        let missing = match draw.below(3) {
            0 => Some(["NA", "0", "2024-01-01"].map(str::to_owned).to_vec()),
            1 => Some(["", "true"].map(str::to_owned).to_vec()),
            _ => None,
        };
        let extremes = draw.below(5) == 0;
        let limit = (draw.below(5) == 0).then_some(100);
        let scanner = || Scanner::new(&dialect, columns, missing.clone(), extremes, limit).unwrap();
        let (by_cell, by_column) = (scanner(), scanner());
        let expected = plainly(&by_cell, &data);
        by_column.scan_chunk(&Chunk::new(data.clone(), 0, 1));
        let text = String::from_utf8_lossy(&data);
        assert_eq!(
            by_column.evidence(),
            expected,
            "round {round}: {dialect}\n{text}"
        );
        let expected: Value = serde_json::from_str(&expected).unwrap();
        values += expected["columns"][0]["values"].as_u64().unwrap();
    }
    assert!(values > 100_000, "{values}");
}
