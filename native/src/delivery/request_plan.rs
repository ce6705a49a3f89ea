//! How rows become requests: what all outboxes of one delivery have in common.

use std::sync::Arc;

use hyper::Method;
use hyper::http::uri::PathAndQuery;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Deserialize;

use super::address::Address;
use super::request::{self, Framing, Key};
use super::row_shape::RowShape;
use super::row_text::RowText;
use crate::block::Block;
use crate::json_members::Members;

/// See `RequestPlan` in `_native.pyi`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    seed: String,
    keyed: bool,
    size: usize,
    most_bytes: Option<usize>,
    framing: Framing,
    address: Option<Vec<String>>,
    action_line: Option<Vec<String>>,
    method_column: Option<String>,
    form: bool,
    nested: Option<Vec<String>>,
}

/// What is decided once for the rows of a delivery.
#[pyclass(frozen, module = "snapshots._native")]
pub struct RequestPlan(pub Arc<Plan>);

pub struct Plan {
    /// What the keys of rows are made with. None: no header carries keys.
    pub secret: Option<[u8; 16]>,
    /// The most rows of one request.
    pub size: usize,
    /// The most bytes of the body of a request with more than one row.
    pub most_bytes: usize,
    pub framing: Framing,
    address: Option<Address>,
    /// What stands in a line before each row.
    action_line: Option<RowText>,
    /// The name of the column with the method of each row, as JSON has it.
    method_column: Option<Vec<u8>>,
    shape: Option<RowShape>,
}

/// The rows of a block as they are sent.
#[derive(Default)]
pub struct Prepared {
    /// The rows in their shape, one after the other. None: they are those of the block.
    pub shaped: Option<Vec<u8>>,
    /// The start and the end of each row there.
    pub places: Vec<(usize, usize)>,
    /// The key of each row: the same for the same line and object under one secret. Empty if no
    /// header carries keys.
    pub keys: Vec<Key>,
    /// The address of each row; None: a value of it is missing. Empty if all have the same.
    pub paths: Vec<Option<PathAndQuery>>,
    /// Rows that lack a value of their address or of the line before them.
    pub incomplete: Vec<usize>,
    /// The method of each row. Empty if no column says so.
    pub methods: Vec<Method>,
}

#[pymethods]
impl RequestPlan {
    #[new]
    fn new(spec: &str) -> PyResult<RequestPlan> {
        Plan::parse(spec)
            .map(|plan| RequestPlan(plan.into()))
            .map_err(PyValueError::new_err)
    }
}

impl Plan {
    fn parse(spec: &str) -> Result<Plan, String> {
        let spec: Spec = serde_json::from_str(spec).map_err(|error| error.to_string())?;
        if !spec.framing.holds(spec.size) {
            return Err("a request cannot hold so many rows".into());
        }
        if spec.address.is_some() && spec.size > 1 {
            return Err("each row has an address of its own".into());
        }
        let ends = "an address and a line end with a text";
        let address = spec.address.map(|parts| Address::new(&parts).ok_or(ends));
        let line = spec
            .action_line
            .map(|parts| RowText::new(&parts).ok_or(ends));
        let hash = blake3::hash(spec.seed.as_bytes());
        let column = spec.method_column.as_deref();
        Ok(Plan {
            secret: spec
                .keyed
                .then(|| *hash.as_bytes().first_chunk().expect("32 bytes")),
            size: spec.size,
            most_bytes: spec.most_bytes.unwrap_or(usize::MAX),
            framing: spec.framing,
            address: address.transpose()?,
            action_line: line.transpose()?,
            method_column: column.map(|name| serde_json::to_vec(name).expect("a text is JSON")),
            shape: RowShape::new(column, spec.form, spec.nested.as_deref()),
        })
    }

    /// Works out what is known of the rows of a block before any is sent. None: they are no JSON.
    pub fn prepare(&self, block: &Block) -> Option<Prepared> {
        let rows = block.rows().0;
        let mut found = Prepared::default();
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', rows);
        found.places = ends
            .map(|end| (std::mem::replace(&mut start, end + 1), end))
            .collect();
        if found.places.len() != block.places.len() {
            return None;
        }
        let given = |&(start, end): &(usize, usize)| &rows[start..end];
        let each = found.places.iter().map(given);
        if let Some(secret) = &self.secret {
            let lines = block.places.iter().map(|place| place.line);
            found.keys = each
                .clone()
                .zip(lines)
                .map(|(row, line)| request::key(secret, line, row))
                .collect();
        }
        if let Some(address) = &self.address {
            found.paths = each.clone().map(|row| address.of(row)).collect();
            let lost = found.paths.iter().enumerate();
            found.incomplete = lost
                .filter(|(_, path)| path.is_none())
                .map(|(at, _)| at)
                .collect();
        }
        if let Some(column) = &self.method_column {
            let methods = each.clone().map(|row| method_of(row, column));
            found.methods = methods.collect::<Option<_>>()?;
        }
        if self.shape.is_some() || self.action_line.is_some() {
            let mut shaped = Vec::with_capacity(rows.len());
            let incomplete = &mut found.incomplete;
            let write = |(at, row)| {
                let start = shaped.len();
                if let Some(line) = &self.action_line {
                    if !line.write_json(&mut shaped, row) {
                        incomplete.push(at);
                    }
                    shaped.push(b'\n');
                }
                match &self.shape {
                    Some(shape) => shape.write(&mut shaped, row),
                    None => shaped.extend(row),
                }
                (start, shaped.len())
            };
            found.places = each.enumerate().map(write).collect();
            found.shaped = Some(shaped);
            found.incomplete.sort_unstable();
            found.incomplete.dedup();
        }
        Some(found)
    }
}

fn method_of(row: &[u8], column: &[u8]) -> Option<Method> {
    let mut members = Members(row.get(1..)?);
    let (_, value) = members.find(|(name, _)| *name == column)?;
    let name: String = serde_json::from_slice(value).ok()?;
    Method::from_bytes(name.as_bytes()).ok()
}
