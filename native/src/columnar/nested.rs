//! Lists, structs and maps as JSON, and values that a dictionary has once.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait, StructArray,
};

use super::cells::{Cells, Shape, written};
use super::column::{Column, MakeColumn};

pub fn dictionary(array: &dyn Array, make: MakeColumn) -> Result<Box<dyn Cells>, String> {
    let dictionary = array.as_any_dictionary();
    let values = make(dictionary.values())?;
    // An empty dictionary has no keys that could be looked up: all rows are NULL.
    let keys = if dictionary.values().is_empty() {
        Vec::new()
    } else {
        dictionary.normalized_keys()
    };
    Ok(written(values.shape(), move |row, out| {
        values.write(keys[row], out);
    }))
}

pub fn list<O: OffsetSizeTrait>(
    array: &GenericListArray<O>,
    make: MakeColumn,
) -> Result<Box<dyn Cells>, String> {
    let offsets = array.offsets().clone();
    elements(array.values(), make, move |row| {
        offsets[row].as_usize()..offsets[row + 1].as_usize()
    })
}

pub fn fixed_list(array: &FixedSizeListArray, make: MakeColumn) -> Result<Box<dyn Cells>, String> {
    let width = array.value_length() as usize;
    elements(array.values(), make, move |row| {
        row * width..(row + 1) * width
    })
}

fn elements(
    values: &dyn Array,
    make: MakeColumn,
    range: impl Fn(usize) -> Range<usize> + Send + 'static,
) -> Result<Box<dyn Cells>, String> {
    let values = make(values)?;
    Ok(written(Shape::Json, move |row, out| {
        out.push(b'[');
        for (index, at) in range(row).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            values.json(at, out);
        }
        out.push(b']');
    }))
}

pub fn structs(array: &StructArray, make: MakeColumn) -> Result<Box<dyn Cells>, String> {
    let mut members: Vec<(Vec<u8>, Column)> = Vec::new();
    for (field, values) in array.fields().iter().zip(array.columns()) {
        let name = serde_json::to_vec(field.name()).unwrap_or_default();
        members.push((name, make(values)?));
    }
    Ok(written(Shape::Json, move |row, out| {
        out.push(b'{');
        for (index, (name, values)) in members.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name);
            out.push(b':');
            values.json(row, out);
        }
        out.push(b'}');
    }))
}

pub fn map(array: &MapArray, make: MakeColumn) -> Result<Box<dyn Cells>, String> {
    let offsets = array.offsets().clone();
    let keys = make(array.keys())?;
    let values = make(array.values())?;
    Ok(written(Shape::Json, move |row, out| {
        out.push(b'{');
        let range = offsets[row] as usize..offsets[row + 1] as usize;
        for (index, at) in range.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            keys.json_text(at, out);
            out.push(b':');
            values.json(at, out);
        }
        out.push(b'}');
    }))
}
