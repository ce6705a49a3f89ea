//! How the records of an input are laid out that are JSON objects: their names, each with the index of
//! its field.

use std::collections::HashMap;

/// What a name may not hold to be compared as it is written: it would be written with an escape.
const ESCAPED: [u8; 2] = [b'"', b'\\'];

/// The names of the fields, in their order.
#[derive(Clone, Debug, Default)]
pub struct NameTable {
    names: Vec<Box<[u8]>>,
    /// The names as JSON has them, with quotes. Empty for a name that needs escapes.
    quoted: Vec<Box<[u8]>>,
    fields: HashMap<Box<[u8]>, u32>,
}

impl NameTable {
    pub fn of<'a>(names: impl Iterator<Item = &'a [u8]>) -> NameTable {
        let mut table = NameTable::default();
        for name in names {
            table.add(name);
        }
        table
    }

    /// Adds a name, and gives the index of its field.
    pub fn add(&mut self, name: &[u8]) -> usize {
        let field = self.names.len();
        let plain = !name
            .iter()
            .any(|byte| ESCAPED.contains(byte) || *byte < 0x20);
        let quoted = if plain {
            [b"\"", name, b"\""].concat()
        } else {
            Vec::new()
        };
        self.names.push(name.into());
        self.quoted.push(quoted.into());
        self.fields.entry(name.into()).or_insert(field as u32);
        field
    }

    /// Forgets all names but the first `count`.
    pub fn truncate(&mut self, count: usize) {
        for name in self.names.drain(count..) {
            self.fields.remove(&name);
        }
        self.quoted.truncate(count);
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn names(&self) -> &[Box<[u8]>] {
        &self.names
    }

    /// The name as JSON has it, with quotes. None: it needs escapes, or there is no such field.
    #[inline]
    pub fn quoted(&self, field: usize) -> Option<&[u8]> {
        let quoted = self.quoted.get(field)?;
        (!quoted.is_empty()).then_some(quoted)
    }

    #[inline]
    pub fn field(&self, name: &[u8]) -> Option<usize> {
        self.fields.get(name).map(|&field| field as usize)
    }
}

/// How records that are JSON objects become fields.
#[derive(Clone, Debug)]
pub struct ObjectLayout {
    pub names: NameTable,
    /// Members of nested objects are fields of their own, with a dot between the names.
    pub dotted: bool,
    /// The records are the elements of one array. Else each is a line.
    pub array: bool,
}
