//! What becomes of a row in the body of a request: some members are left out, dotted names become
//! objects within objects, or all of it becomes a form.

use std::collections::HashMap;

use super::address;
use crate::json_members::Members;

/// How rows differ from the JSON objects of a block.
pub struct RowShape {
    form: bool,
    /// A name as JSON has it.
    left_out: Option<Vec<u8>>,
    /// The place of each member and the names on the way to it, if objects hold objects.
    nested: Option<HashMap<Vec<u8>, (usize, Path)>>,
}

/// The names of a member, as JSON has them: those of the objects it is in, and its own.
type Path = Vec<Vec<u8>>;

/// The place of a member, the names on the way to it, and its value.
type Placed<'a> = (usize, &'a [Vec<u8>], &'a [u8]);

impl RowShape {
    /// None: rows are sent as they are. `nested`: the names of all columns, if dots have a meaning.
    pub fn new(left_out: Option<&str>, form: bool, nested: Option<&[String]>) -> Option<RowShape> {
        (form || left_out.is_some() || nested.is_some()).then(|| RowShape {
            form,
            left_out: left_out.map(quoted),
            nested: nested.map(places),
        })
    }

    /// Appends a row, a JSON object, in its shape.
    pub fn write(&self, out: &mut Vec<u8>, row: &[u8]) {
        let members = Members(row.get(1..).unwrap_or_default())
            .filter(|(name, _)| self.left_out.as_deref() != Some(*name));
        if self.form {
            return write_form(out, members);
        }
        match &self.nested {
            Some(places) => write_nested(out, places, members),
            None => {
                out.push(b'{');
                for (at, (name, value)) in members.enumerate() {
                    comma(out, at > 0);
                    member(out, name, value);
                }
                out.push(b'}');
            }
        }
    }
}

fn quoted(name: &str) -> Vec<u8> {
    serde_json::to_vec(name).expect("a text is JSON")
}

/// Where each member goes: those of one object stand together, where its first one was.
fn places(names: &[String]) -> HashMap<Vec<u8>, (usize, Path)> {
    let mut firsts: HashMap<&str, usize> = HashMap::new();
    let mut ranked: Vec<(Vec<usize>, &String)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let ends = name.match_indices('.').map(|(end, _)| end);
            let rank = ends
                .chain([name.len()])
                .map(|end| *firsts.entry(&name[..end]).or_insert(at));
            (rank.collect(), name)
        })
        .collect();
    ranked.sort();
    let placed = ranked.into_iter().enumerate();
    placed
        .map(|(place, (_, name))| (quoted(name), (place, name.split('.').map(quoted).collect())))
        .collect()
}

fn write_nested<'a>(
    out: &mut Vec<u8>,
    places: &HashMap<Vec<u8>, (usize, Path)>,
    members: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) {
    let mut placed: Vec<Placed> = members
        .filter_map(|(name, value)| {
            let (place, path) = places.get(name)?;
            Some((*place, &path[..], value))
        })
        .collect();
    placed.sort_unstable_by_key(|&(place, ..)| place);
    out.push(b'{');
    let mut open: &[Vec<u8>] = &[];
    let mut first = true;
    for (_, path, value) in placed {
        let (name, objects) = path.split_last().expect("a name has a part");
        let shared = open.iter().zip(objects).take_while(|(a, b)| a == b).count();
        out.resize(out.len() + open.len() - shared, b'}');
        comma(out, !first);
        for object in &objects[shared..] {
            member(out, object, b"{");
        }
        member(out, name, value);
        (open, first) = (objects, false);
    }
    out.resize(out.len() + open.len() + 1, b'}');
}

/// Pairs of names and values, as HTML forms send them. A missing value is an empty one.
fn write_form<'a>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
    for (at, (name, value)) in members.enumerate() {
        out.extend(if at > 0 { &b"&"[..] } else { b"" });
        address::escape(out, text(name).as_bytes());
        out.push(b'=');
        if value != b"null" {
            address::escape(out, text(value).as_bytes());
        }
    }
}

/// The text of a JSON string; of other values their JSON.
fn text(value: &[u8]) -> String {
    serde_json::from_slice(value).unwrap_or_else(|_| String::from_utf8_lossy(value).into_owned())
}

fn comma(out: &mut Vec<u8>, needed: bool) {
    out.extend(needed.then_some(b','));
}

fn member(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend(name);
    out.push(b':');
    out.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(left_out: Option<&str>, form: bool, nested: Option<&[&str]>, row: &str) -> String {
        let nested: Option<Vec<String>> =
            nested.map(|names| names.iter().map(|&name| name.into()).collect());
        let shape = RowShape::new(left_out, form, nested.as_deref()).unwrap();
        let mut out = Vec::new();
        shape.write(&mut out, row.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_member_is_left_out() {
        let row = r#"{"a":{"b":1},"b":"a","c":null}"#;
        assert_eq!(shaped(Some("a"), false, None, row), r#"{"b":"a","c":null}"#);
        assert_eq!(
            shaped(Some("c"), false, None, row),
            r#"{"a":{"b":1},"b":"a"}"#
        );
        assert_eq!(shaped(Some("a"), false, None, r#"{"a":1}"#), "{}");
    }

    #[test]
    fn dotted_names_become_objects_in_the_place_of_their_first_member() {
        let names = ["id", "a.x", "b", "a.y.z", "a.y.w", "c.d.e", "a.v"];
        let all = r#"{"id":1,"a.x":"{","b":[1],"a.y.z":3,"a.y.w":4,"c.d.e":{},"a.v":6}"#;
        assert_eq!(
            shaped(None, false, Some(&names), all),
            r#"{"id":1,"a":{"x":"{","y":{"z":3,"w":4},"v":6},"b":[1],"c":{"d":{"e":{}}}}"#
        );
        let few = r#"{"b":2,"a.y.w":4,"c.d.e":5}"#;
        assert_eq!(
            shaped(None, false, Some(&names), few),
            r#"{"a":{"y":{"w":4}},"b":2,"c":{"d":{"e":5}}}"#
        );
        assert_eq!(shaped(None, false, Some(&names), "{}"), "{}");
        let text = shaped(
            Some("b"),
            false,
            Some(&["a.\"q", "b"]),
            r#"{"a.\"q":1,"b":2}"#,
        );
        assert_eq!(text, r#"{"a":{"\"q":1}}"#);
    }

    #[test]
    fn a_form_has_texts() {
        let row = r#"{"a b":"x&y=z\n\u00e9","n":-1.50,"t":true,"e":null,"o":{"k":[1]}}"#;
        assert_eq!(
            shaped(Some("t"), true, None, row),
            "a%20b=x%26y%3Dz%0A%C3%A9&n=-1.50&e=&o=%7B%22k%22%3A%5B1%5D%7D"
        );
    }
}
