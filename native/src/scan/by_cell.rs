//! The plain way to scan: record by record, each field by a full look. Scanning column by column, with
//! a quick look at many fields, must find the same to the last digit.

use serde_json::{Value, json};

use super::of_objects::ObjectScanner;
use super::{Scanner, Scratch};
use crate::chunk::Chunk;
use crate::dialect::NameTable;
use crate::grammar::{ObjectWalk, RecordKind, RecordReader, check_text, parse_dialect};

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

/// The kind of those texts.
const ODD_KIND: usize = 17;

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
        // Numbers that a quick look has to leave to another one, each now and then or always.
        13 => format!(
            "{sign}{}",
            draw.below(1 << 53) as f64 / (1_u64 << 50) as f64
        ),
        14 => draw
            .one_of(&["1.5", "-0.0", "-0.0", "0.25", "7"])
            .to_owned(),
        15 => draw
            .one_of(&["1e5", "12", "-1.5E-7", "2.25e+3", "1234567.25"])
            .to_owned(),
        16 => format!("{sign}1{}.{}", draw.digits(14), draw.digits(14)),
        _ => draw.one_of(ODD).to_owned(),
    }
}

/// A file of columns that each have a kind, with a few odd values and records in it.
fn file(draw: &mut Draw, columns: usize, delimiter: char, json: bool) -> Vec<u8> {
    let kinds: Vec<usize> = (0..columns).map(|_| draw.below(ODD_KIND + 1)).collect();
    let quotes: Vec<bool> = (0..columns).map(|_| draw.below(4) == 0).collect();
    let (odd, broken, blank) = (draw.below(300), draw.below(300), draw.below(5));
    let line_end = draw.one_of(&["\n", "\n", "\r\n"]);
    let mut data = Vec::new();
    for _ in 0..1 + draw.below(400) {
        let mut fields: Vec<String> = Vec::new();
        for column in 0..columns {
            let kind = if draw.below(1000) < odd {
                ODD_KIND
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

/// Objects with more and more names, each with some of them in any order.
fn objects(draw: &mut Draw, broken: bool) -> Vec<u8> {
    let kinds: Vec<usize> = (0..12).map(|_| draw.below(ODD_KIND)).collect();
    let mut data = Vec::new();
    for row in 0..20 + draw.below(200) {
        let mut members = Vec::new();
        for _ in 0..draw.below(8) {
            let name = draw.below(1 + (row / 10).min(11));
            let text = value(draw, kinds[name]);
            let value = match draw.below(9) {
                0 => "null".to_owned(),
                1 => r#"{"x": 1, "y": [true]}"#.to_owned(),
                _ if serde_json::from_str::<Value>(&text).is_ok() => text,
                _ => json!(text).to_string(),
            };
            let member = format!(r#""name {name}":{value}"#);
            if !has(&members, name) {
                members.push(member);
            }
        }
        if broken && draw.below(60) == 0 {
            members.push(
                draw.one_of(&["\"new\":1,", "\"new\":\u{1}", "\"a\":1,\"a\":2"])
                    .to_owned(),
            );
        }
        data.extend_from_slice(format!("{{{}}}\n", members.join(",")).as_bytes());
        if draw.below(30) == 0 {
            data.extend_from_slice(b" \n");
        }
    }
    data
}

fn has(members: &[String], name: usize) -> bool {
    let start = format!(r#""name {name}":"#);
    members.iter().any(|member| member.starts_with(&start))
}

#[test]
fn names_and_types_of_objects_are_found_on_one_way() {
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
    let mut sound = 0;
    for round in 0..200 {
        let broken = round % 4 == 0;
        let data = objects(&mut draw, broken);
        let nested = if round % 3 == 0 { "columns" } else { "json" };
        let dialect = |names: &[Box<[u8]>]| {
            let names: Vec<_> = names
                .iter()
                .map(|name| String::from_utf8_lossy(name))
                .collect();
            let mut dialect: Value =
                serde_json::from_str(&dialect(&mut Draw(1), 0, ',', true)).unwrap();
            dialect["names"] = json!(names);
            dialect["nested"] = json!(nested);
            dialect.to_string()
        };
        let at_once = ObjectScanner::new(&dialect(&[]), 4096).unwrap();
        let unnamed = parse_dialect(&dialect(&[])).unwrap();
        let mut names = NameTable::default();
        let mut chunks = Vec::new();
        let (mut start, mut line) = (0, 1);
        while start < data.len() {
            let size = data[start..].len().min(1 + draw.below(4000));
            let rest = data[start + size - 1..]
                .iter()
                .position(|&byte| byte == b'\n');
            let end = start + size + rest.unwrap();
            chunks.push(Chunk::new(data[start..end].to_vec(), start as u64, line));
            line += data[start..end]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count() as u64;
            start = end;
        }
        for chunk in &chunks {
            at_once.scan_chunk(chunk);
            let mut walk = ObjectWalk::new(&unnamed, &chunk.bytes, false, 1, names).unwrap();
            while walk.read().is_some() {}
            names = walk.into_names();
        }
        let count = names.names().len();
        let named = Scanner::new(&dialect(names.names()), count, None, false, None).unwrap();
        for chunk in &chunks {
            named.scan_chunk(chunk);
        }
        let found = at_once.evidence();
        assert!(broken || found.is_some(), "round {round}");
        if let Some(found) = found {
            assert_eq!(
                found,
                named.evidence(),
                "round {round}: {}",
                String::from_utf8_lossy(&data)
            );
            sound += 1;
        }
    }
    assert!(sound > 140, "{sound}");
}

#[test]
fn a_negative_zero_is_a_whole_number_as_long_as_it_is_written() {
    for (lines, types) in [
        (["-0", "1"], ["integer", "decimal", "float"].as_slice()),
        (["-0", "\"x\""], &[]),
        (["\"x\"", "-0"], &[]),
    ] {
        let dialect = dialect(&mut Draw(1), 1, ',', true);
        let scanner = Scanner::new(&dialect, 1, None, true, None).unwrap();
        let quick = Scanner::new(&dialect, 1, None, false, None).unwrap();
        let data: String = lines
            .iter()
            .map(|value| format!("{{\"0\":{value}}}\n"))
            .collect();
        for scanner in [&scanner, &quick] {
            scanner.scan_chunk(&Chunk::new(data.clone().into_bytes(), 0, 1));
            let found: Value = serde_json::from_str(&scanner.evidence()).unwrap();
            let column = &found["columns"][0];
            assert_eq!(column["max_chars"], 2, "{data}");
            let fitting = column["types"].as_object().unwrap().iter();
            let fitting: Vec<_> = fitting.filter(|(_, example)| example.is_null()).collect();
            assert_eq!(fitting.len(), types.len(), "{fitting:?}");
            assert!(
                fitting
                    .iter()
                    .all(|(name, _)| types.contains(&name.as_str()))
            );
        }
    }
}
