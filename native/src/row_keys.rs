//! The keys of JSON rows, and hashes by which a later run tells whether a row has changed.

use std::collections::HashMap;
use std::fmt::Write as _;

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use crate::block::Block;
use crate::json_members::Members;

/// 32 hexadecimal digits.
type Digits = [u8; 32];

/// The hashes of a row's key and of the row, the members of the key as a JSON object, and the value
/// of one more member as JSON.
type KeyedRow = (String, String, String, Option<String>);

/// The keys of a block's rows. See `RowKeys` in `_native.pyi`.
#[pyclass(frozen, module = "snapshots._native")]
pub struct RowKeys {
    block: Py<Block>,
    /// The names of the members of the key, and of one more, as JSON has them.
    names: Vec<String>,
    cursor: Option<String>,
    rows: Vec<Row>,
}

struct Row {
    start: usize,
    end: usize,
    key: Digits,
    hash: Digits,
    /// The first row of the same key, if it is another one.
    first: Option<usize>,
}

#[pymethods]
impl RowKeys {
    #[new]
    #[pyo3(signature = (block, key, cursor=None))]
    fn new(block: Bound<'_, Block>, key: Vec<String>, cursor: Option<&str>) -> PyResult<RowKeys> {
        let quoted = |name: &str| serde_json::to_string(name).expect("a text is JSON");
        let names: Vec<String> = key.iter().map(|name| quoted(name)).collect();
        let rows = block.get();
        let found = block.py().detach(|| hashed_rows(rows.rows().0, &names));
        Ok(RowKeys {
            rows: found.ok_or_else(|| PyValueError::new_err("a row has no value of its key"))?,
            block: block.unbind(),
            names,
            cursor: cursor.map(quoted),
        })
    }

    fn __len__(&self) -> usize {
        self.rows.len()
    }

    /// A JSON array of texts of the same form, for those rows whose key no earlier row has, or for
    /// all: the hash of the key, that of the row, the line, and the number of the row.
    #[pyo3(signature = (every=false))]
    fn packed(&self, py: Python<'_>, every: bool) -> String {
        py.detach(|| {
            let mut out = String::with_capacity(self.rows.len() * 98 + 2);
            let lines = self.block.get().places.iter().map(|place| place.line);
            for (number, (row, line)) in self.rows.iter().zip(lines).enumerate() {
                if every || row.first.is_none() {
                    out.push(if out.is_empty() { '[' } else { ',' });
                    let (key, hash) = (shown(&row.key), shown(&row.hash));
                    write!(out, "\"{key}{hash}{line:020}{number:08}\"").expect("it is a text");
                }
            }
            out += if out.is_empty() { "[]" } else { "]" };
            out
        })
    }

    /// The rows whose key an earlier row has, with the first one that has it.
    fn repeated(&self) -> Vec<(usize, usize)> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(at, row)| Some((at, row.first?)))
            .collect()
    }

    /// The hash of the key of a row, and that of the row.
    fn hashes(&self, row: usize) -> PyResult<(&str, &str)> {
        let row = self.at(row)?;
        Ok((shown(&row.key), shown(&row.hash)))
    }

    /// The line of a row.
    fn line(&self, row: usize) -> PyResult<u64> {
        self.at(row).map(|_| self.block.get().places[row].line)
    }

    fn row(&self, row: usize) -> PyResult<KeyedRow> {
        let Row {
            start,
            end,
            key,
            hash,
            ..
        } = self.at(row)?;
        let bytes = &self.block.get().rows().0[*start..*end];
        let (object, cursor) = self.members(bytes);
        Ok((shown(key).into(), shown(hash).into(), object, cursor))
    }
}

impl RowKeys {
    fn at(&self, row: usize) -> PyResult<&Row> {
        let found = self.rows.get(row);
        found.ok_or_else(|| PyIndexError::new_err("there is no such row"))
    }

    /// The members of the key as a JSON object, and the value of the cursor.
    fn members(&self, row: &[u8]) -> (String, Option<String>) {
        let mut object = String::from("{");
        for (name, value) in self.names.iter().zip(key_values(row, &self.names)) {
            let comma = if object.len() > 1 { "," } else { "" };
            object += &format!("{comma}{name}:{}", text(value.unwrap_or_default()));
        }
        object.push('}');
        let cursor = self.cursor.as_deref().map(str::as_bytes);
        let mut members = Members(row.get(1..).unwrap_or_default());
        let found = cursor.and_then(|wanted| members.find(|(name, _)| *name == wanted));
        (object, found.map(|(_, value)| text(value)))
    }
}

/// The hashes of each row. None: a row has no value of its key.
fn hashed_rows(rows: &[u8], names: &[String]) -> Option<Vec<Row>> {
    let mut found: Vec<Row> = Vec::new();
    let mut firsts: HashMap<Digits, usize> = HashMap::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', rows) {
        let row = &rows[start..end];
        let key = key_hash(row, names)?;
        let at = found.len();
        let first = Some(*firsts.entry(key).or_insert(at)).filter(|&first| first != at);
        let hash = digits(blake3::hash(row));
        found.push(Row {
            start,
            end,
            key,
            hash,
            first,
        });
        start = end + 1;
    }
    Some(found)
}

fn key_hash(row: &[u8], names: &[String]) -> Option<Digits> {
    let mut hasher = blake3::Hasher::new();
    for value in key_values(row, names) {
        let canonical = canonical(value.filter(|&value| value != b"null")?);
        hasher.update(&(canonical.len() as u64).to_le_bytes());
        hasher.update(&canonical);
    }
    Some(digits(hasher.finalize()))
}

fn key_values<'a>(row: &'a [u8], names: &[String]) -> Vec<Option<&'a [u8]>> {
    let mut values = vec![None; names.len()];
    for (name, value) in Members(row.get(1..).unwrap_or_default()) {
        if let Some(at) = names.iter().position(|wanted| wanted.as_bytes() == name) {
            values[at] = Some(value);
        }
    }
    values
}

fn shown(digits: &Digits) -> &str {
    std::str::from_utf8(digits).expect("digits are a text")
}

fn digits(hash: blake3::Hash) -> Digits {
    *hash.to_hex().as_bytes().first_chunk().expect("64 digits")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A number in one spelling: its sign, its digits without zeros at either end, and an exponent. Other
/// values as they are: the kernel writes equal ones alike.
fn canonical(value: &[u8]) -> Vec<u8> {
    if !value
        .first()
        .is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'))
    {
        return value.to_vec();
    }
    let (mantissa, exponent) = match value.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&value[..at], &value[at + 1..]),
        None => (value, &b"0"[..]),
    };
    let Some(exponent) = std::str::from_utf8(exponent)
        .ok()
        .and_then(|text| text.parse::<i64>().ok())
    else {
        return value.to_vec();
    };
    let negative = mantissa.first() == Some(&b'-');
    let unsigned = &mantissa[usize::from(negative)..];
    let whole = unsigned
        .iter()
        .position(|&byte| byte == b'.')
        .unwrap_or(unsigned.len());
    let fraction = unsigned.len().saturating_sub(whole + 1);
    let all: Vec<u8> = unsigned
        .iter()
        .copied()
        .filter(|&byte| byte != b'.')
        .collect();
    let Some(first) = all.iter().position(|&byte| byte != b'0') else {
        return b"0".to_vec();
    };
    let end = all
        .iter()
        .rposition(|&byte| byte != b'0')
        .map_or(first, |at| at + 1);
    let exponent = exponent
        .saturating_sub(fraction as i64)
        .saturating_add((all.len() - end) as i64);
    let sign = if negative { "-" } else { "" };
    format!("{sign}{}e{exponent}", text(&all[first..end])).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_value_are_one_key() {
        for (one, other) in [
            ("7", "7.0"),
            ("-0", "0.00"),
            ("1200", "12e2"),
            ("0.0105", "1.05E-2"),
            ("-10.0", "-1e+1"),
        ] {
            assert_eq!(
                canonical(one.as_bytes()),
                canonical(other.as_bytes()),
                "{one} {other}"
            );
        }
        for (one, other) in [("7", "70"), ("1", "-1"), ("7", "\"7\""), ("1e1", "1e-1")] {
            assert_ne!(
                canonical(one.as_bytes()),
                canonical(other.as_bytes()),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_key_is_found_among_values_that_look_like_it() {
        let row = br#"{"a":"\"id\":1,","b":{"id":[2,{"id":3}]},"id":4,"c\\":"x\\"}"#;
        let names = [String::from("\"id\""), String::from(r#""c\\""#)];
        let values = key_values(row, &names);
        assert_eq!(values, [Some(&b"4"[..]), Some(br#""x\\""#)]);
        assert_eq!(key_hash(br#"{"id":null,"c\\":1}"#, &names), None);
        assert_eq!(key_hash(b"{}", &names), None);
    }

    #[test]
    fn a_row_knows_the_first_one_of_its_key() {
        let rows = b"{\"id\":1}\n{\"id\":2}\n{\"id\":1.0}\n{\"id\":1}\n";
        let found = hashed_rows(rows, &[String::from("\"id\"")]).unwrap();
        let firsts: Vec<Option<usize>> = found.iter().map(|row| row.first).collect();
        assert_eq!(firsts, [None, None, Some(0), Some(0)]);
        assert!(found[0].hash == found[3].hash && found[0].hash != found[2].hash);
    }
}
