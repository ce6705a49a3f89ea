//! Finds the fields of a record that is a JSON object, by their names.

use std::borrow::Cow;

use super::json_text::{
    Flaw, MAX_DEPTH, behind_colon, byte, scalar_end, skip_blanks, text_end, unescape, value_end,
};
use super::record::Span;
use crate::dialect::{NameTable, ObjectLayout};
use crate::reject_code::RejectCode;

/// Why an object is no row, and a sentence about it.
#[derive(Debug, PartialEq, Eq)]
pub struct BrokenObject {
    pub code: RejectCode,
    pub reason: String,
}

/// Finds fields by their names. It expects the names in the order in which they stood before, and
/// looks a name up only if another one stands there.
pub struct ObjectParser<'a> {
    names: Cow<'a, NameTable>,
    dotted: bool,
    /// Whether names that nobody knows become fields.
    collects: bool,
    /// The field that last followed each field; at the end, the field that stood first.
    following: Vec<u32>,
    /// The name of a member with the names of the objects around it.
    path: Vec<u8>,
}

impl<'a> ObjectParser<'a> {
    pub fn new(layout: &'a ObjectLayout) -> ObjectParser<'a> {
        ObjectParser {
            names: Cow::Borrowed(&layout.names),
            dotted: layout.dotted,
            collects: false,
            following: first_order(layout.names.len()),
            path: Vec::new(),
        }
    }

    /// A parser that takes every name besides those that are known, and knows them all in the end.
    pub fn of_names(layout: &ObjectLayout, known: NameTable) -> ObjectParser<'a> {
        ObjectParser {
            following: first_order(known.len()),
            names: Cow::Owned(known),
            dotted: layout.dotted,
            collects: true,
            path: Vec::new(),
        }
    }

    pub fn names(&self) -> &[Box<[u8]>] {
        self.names.names()
    }

    pub fn into_names(self) -> NameTable {
        self.names.into_owned()
    }

    /// Finds the fields of an object and takes its names. False: it is broken, and nothing was taken.
    #[inline]
    pub fn collect(&mut self, json: &[u8], fields: &mut Vec<Span>) -> bool {
        let known = self.names.len();
        let sound = self.parse(json, fields).is_ok();
        if !sound {
            self.forget(known);
        }
        sound
    }

    #[cold]
    fn forget(&mut self, known: usize) {
        self.path.clear();
        if self.names.len() > known {
            self.names.to_mut().truncate(known);
            self.following = first_order(known);
        }
    }

    /// Finds the fields of the one object that `json` must be. A field that is missing or null gets
    /// an empty span without quotes.
    #[inline]
    pub fn parse(&mut self, json: &[u8], fields: &mut Vec<Span>) -> Result<(), BrokenObject> {
        fields.clear();
        fields.resize(self.names.len(), Span::unquoted(0, 0, false));
        let at = skip_blanks(json, 0);
        if byte(json, at) != b'{' {
            return Err(not_an_object(json));
        }
        let end = self.members(json, at + 1, 1, fields)?;
        let end = skip_blanks(json, end);
        if end < json.len() {
            return Err(flawed(json, Flaw::at(end)));
        }
        Ok(())
    }

    /// Finds the members of the object whose brace stands before `at`, and the end of the object.
    fn members(
        &mut self,
        json: &[u8],
        at: usize,
        depth: usize,
        fields: &mut Vec<Span>,
    ) -> Result<usize, BrokenObject> {
        let mut at = skip_blanks(json, at);
        if byte(json, at) == b'}' {
            return Ok(at + 1);
        }
        let mut last = self.following.len() - 1;
        loop {
            let expected = self.following[last] as usize;
            let behind = self.expected_name(json, at, expected, depth);
            let (field, behind) = match behind {
                Some(behind) => (Some(expected), behind),
                None => self.name(json, at)?,
            };
            let value = behind_colon(json, behind).map_err(|flaw| flawed(json, flaw))?;
            if let Some(known) = field {
                if known != expected && depth == 1 {
                    self.following[last] = known as u32;
                }
                last = known;
            }
            at = self.value(json, value, (at, behind), depth, field, fields)?;
            at = skip_blanks(json, at);
            match byte(json, at) {
                b',' => at = skip_blanks(json, at + 1),
                b'}' => return Ok(at + 1),
                _ => return Err(flawed(json, Flaw::at(at))),
            }
        }
    }

    /// The offset behind the name at `at`, if it is that of the field.
    #[inline(always)]
    fn expected_name(&self, json: &[u8], at: usize, field: usize, depth: usize) -> Option<usize> {
        let quoted = self.names.quoted(field)?;
        let end = at + quoted.len();
        (depth == 1 && json.get(at..end) == Some(quoted)).then_some(end)
    }

    /// The field of the name at `at`, if there is one, and the offset behind the name.
    #[inline(never)]
    fn name(&mut self, json: &[u8], at: usize) -> Result<(Option<usize>, usize), BrokenObject> {
        if byte(json, at) != b'"' {
            return Err(flawed(json, Flaw::at(at)));
        }
        let end = text_end(json, at + 1).map_err(|flaw| flawed(json, flaw))?;
        let raw = &json[at + 1..end.next - 1];
        let own = self.path.len();
        if own == 0 && !end.escaped {
            return Ok((self.names.field(raw), end.next));
        }
        self.extend_path(raw, end.escaped);
        let field = self.names.field(&self.path);
        self.path.truncate(own);
        Ok((field, end.next))
    }

    /// Takes a value: as a field, or, if it is an object with members that are fields, by them.
    #[inline(always)]
    fn value(
        &mut self,
        json: &[u8],
        at: usize,
        (name, behind): (usize, usize),
        depth: usize,
        field: Option<usize>,
        fields: &mut Vec<Span>,
    ) -> Result<usize, BrokenObject> {
        let flawed = |flaw| flawed(json, flaw);
        let (span, next) = match byte(json, at) {
            b'"' => {
                let end = text_end(json, at + 1).map_err(flawed)?;
                let span = Span {
                    start: at as u32 + 1,
                    end: end.next as u32 - 1,
                    quoted: true,
                    escaped: end.escaped,
                };
                (span, end.next)
            }
            b'{' if self.dotted && byte(json, skip_blanks(json, at + 1)) != b'}' => {
                return self.nested(json, at, (name, behind), depth, fields);
            }
            b'{' | b'[' => {
                let end = value_end(json, at, depth).map_err(flawed)?;
                (Span::unquoted(at, end, false), end)
            }
            b'n' => {
                let end = scalar_end(json, at).map_err(flawed)?;
                // The offset shows that the name has come.
                (Span::unquoted(at, at, false), end)
            }
            _ => {
                let end = scalar_end(json, at).map_err(flawed)?;
                (Span::unquoted(at, end, false), end)
            }
        };
        let field = match field {
            Some(field) => field,
            None if self.collects => self.add(&json[name + 1..behind - 1], fields),
            // Nothing is lost with a NULL.
            None if span.start == span.end && !span.quoted => return Ok(next),
            None => return Err(self.unknown(&json[name + 1..behind - 1])),
        };
        if fields[field].start > 0 {
            return Err(self.duplicate(field));
        }
        fields[field] = span;
        Ok(next)
    }

    /// Takes the members of an object as fields.
    #[inline(never)]
    fn nested(
        &mut self,
        json: &[u8],
        at: usize,
        (name, behind): (usize, usize),
        depth: usize,
        fields: &mut Vec<Span>,
    ) -> Result<usize, BrokenObject> {
        if depth >= MAX_DEPTH {
            let code = RejectCode::TooDeep;
            return Err(flawed(json, Flaw { code, at }));
        }
        let own = self.path.len();
        self.extend_path(&json[name + 1..behind - 1], true);
        self.path.push(b'.');
        let end = self.members(json, at + 1, depth + 1, fields);
        self.path.truncate(own);
        end
    }

    fn extend_path(&mut self, raw: &[u8], escaped: bool) {
        if escaped {
            let mut text = Vec::new();
            unescape(raw, &mut text);
            self.path.extend_from_slice(&text);
        } else {
            self.path.extend_from_slice(raw);
        }
    }

    /// Makes a field for a name that nobody knows.
    #[cold]
    fn add(&mut self, raw: &[u8], fields: &mut Vec<Span>) -> usize {
        let own = self.path.len();
        self.extend_path(raw, true);
        let field = self.names.to_mut().add(&self.path);
        self.path.truncate(own);
        fields.push(Span::unquoted(0, 0, false));
        self.following.insert(field, 0);
        field
    }

    #[cold]
    fn unknown(&mut self, raw: &[u8]) -> BrokenObject {
        let own = self.path.len();
        self.extend_path(raw, true);
        let name = shown(&self.path);
        self.path.truncate(own);
        BrokenObject {
            code: RejectCode::UnknownName,
            reason: format!("The name {name} is not among the columns of the import."),
        }
    }

    #[cold]
    fn duplicate(&self, field: usize) -> BrokenObject {
        let name = shown(&self.names()[field]);
        BrokenObject {
            code: RejectCode::DuplicateName,
            reason: format!("The record has the name {name} twice."),
        }
    }
}

/// What follows what if the first record has all of so many names.
fn first_order(count: usize) -> Vec<u32> {
    (1..count as u32).chain([0, 0]).collect()
}

/// The most bytes of a name that are shown.
const SHOWN: usize = 60;

fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(&name[..name.len().min(SHOWN)]);
    format!("{:?}", text.trim_end_matches(char::REPLACEMENT_CHARACTER))
}

#[cold]
fn not_an_object(json: &[u8]) -> BrokenObject {
    let start = skip_blanks(json, 0);
    let end = value_end(json, start, 0).map(|end| skip_blanks(json, end));
    let flaw = match end {
        Ok(end) if end == json.len() => {
            let what = match byte(json, start) {
                b'[' => "an array",
                b'"' => "a text",
                b't' | b'f' => "a boolean",
                b'n' => "null",
                _ => "a number",
            };
            return BrokenObject {
                code: RejectCode::NotAnObject,
                reason: format!("The record is {what}, not an object."),
            };
        }
        Ok(end) => Flaw::at(end),
        Err(flaw) => flaw,
    };
    flawed(json, flaw)
}

#[cold]
fn flawed(json: &[u8], flaw: Flaw) -> BrokenObject {
    let place = flaw.at + 1;
    let reason = match flaw.code {
        RejectCode::LoneSurrogate => format!(
            "The escape at byte {place} of the record is one half of a character without the other."
        ),
        RejectCode::NulCharacter => {
            format!("The record contains a NUL character, at its byte {place}.")
        }
        RejectCode::TooDeep => {
            format!("Objects and arrays of the record are nested in more than {MAX_DEPTH} levels.")
        }
        _ if flaw.at >= json.len() => "The record is not JSON: it ends too early.".into(),
        _ => {
            let found = json[flaw.at];
            let what = match found {
                b' '..=b'~' => format!("{:?}", char::from(found)),
                _ => "another character".into(),
            };
            format!("The record is not JSON: {what} at byte {place} is not expected there.")
        }
    };
    BrokenObject {
        code: flaw.code,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(names: &[&str], dotted: bool) -> ObjectLayout {
        ObjectLayout {
            names: NameTable::of(names.iter().map(|name| name.as_bytes())),
            dotted,
            array: false,
        }
    }

    fn fields(names: &[&str], dotted: bool, json: &str) -> Result<Vec<String>, RejectCode> {
        let layout = layout(names, dotted);
        let mut parser = ObjectParser::new(&layout);
        let mut spans = Vec::new();
        parser
            .parse(json.as_bytes(), &mut spans)
            .map_err(|broken| broken.code)?;
        let text = |span: &Span| {
            let quote = if span.quoted { "\"" } else { "" };
            let raw = &json[span.start as usize..span.end as usize];
            format!("{quote}{raw}{quote}")
        };
        Ok(spans.iter().map(text).collect())
    }

    #[test]
    fn fields_are_found_by_name_in_any_order() {
        let names = ["id", "name", "x"];
        for json in [
            r#"{"id": 1, "name": "Ana", "x": null}"#,
            r#" { "name":"Ana" , "id":1 } "#,
            r#"{"\u0069d":1,"name":"Ana","other":null}"#,
        ] {
            let found = fields(&names, false, json);
            assert_eq!(found, Ok(vec!["1".into(), "\"Ana\"".into(), String::new()]));
        }
        assert_eq!(
            fields(&["a", "b"], false, r#"{"b": {"c": [1, "}"]}, "a": ""}"#),
            Ok(vec!["\"\"".into(), r#"{"c": [1, "}"]}"#.into()])
        );
    }

    #[test]
    fn members_of_objects_have_dotted_names() {
        let names = ["a.b", "a.c.d", "e", "a"];
        assert_eq!(
            fields(&names, true, r#"{"a": {"b": 1, "c": {"d": [2]}}, "e": {}}"#),
            Ok(vec!["1".into(), "[2]".into(), "{}".into(), String::new()])
        );
        assert_eq!(
            fields(&names, true, r#"{"a": {"b": 1}, "a.b": 2}"#),
            Err(RejectCode::DuplicateName)
        );
        assert_eq!(
            fields(&names, true, r#"{"a": {"z": 1}}"#),
            Err(RejectCode::UnknownName)
        );
    }

    #[test]
    fn broken_objects_have_a_code() {
        for (json, code) in [
            ("", RejectCode::NotJson),
            ("{", RejectCode::NotJson),
            ("{\"id\":1}}", RejectCode::NotJson),
            ("{\"id\":1} {\"id\":2}", RejectCode::NotJson),
            ("{id:1}", RejectCode::NotJson),
            ("[1]", RejectCode::NotAnObject),
            ("12", RejectCode::NotAnObject),
            ("12 13", RejectCode::NotJson),
            ("{\"id\":1,\"id\":1}", RejectCode::DuplicateName),
            ("{\"id\":null,\"id\":1}", RejectCode::DuplicateName),
            ("{\"i\":1}", RejectCode::UnknownName),
            ("{\"id\":\"\\ud800\"}", RejectCode::LoneSurrogate),
            ("{\"id\":[\"\\u0000\"]}", RejectCode::NulCharacter),
        ] {
            assert_eq!(fields(&["id"], false, json), Err(code), "{json}");
        }
    }

    #[test]
    fn names_are_collected_in_the_order_of_their_first_record() {
        let layout = layout(&[], false);
        let mut parser = ObjectParser::of_names(&layout, NameTable::default());
        let mut spans = Vec::new();
        for json in [r#"{"b":1,"a":2}"#, r#"{"a":1,"c":null,"\u0062":3}"#] {
            parser.parse(json.as_bytes(), &mut spans).unwrap();
        }
        let names: Vec<&[u8]> = parser.names().iter().map(|name| &**name).collect();
        assert_eq!(names, [b"b", b"a", b"c"]);
    }
}
