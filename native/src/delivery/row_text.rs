//! Texts between which values of a row stand: `/movies/{id}`.

use crate::json_members::Members;

/// Texts, and between each two of them the name of a column.
pub struct RowText {
    pub texts: Vec<String>,
    /// As JSON has them.
    names: Vec<String>,
}

impl RowText {
    /// `parts`: a text, the name of a column, a text, and so on.
    pub fn new(parts: &[String]) -> Option<RowText> {
        if parts.len().is_multiple_of(2) {
            return None;
        }
        let names = parts.iter().skip(1).step_by(2);
        let names = names.map(|name| serde_json::to_string(name).expect("a text is JSON"));
        Some(RowText {
            texts: parts.iter().step_by(2).cloned().collect(),
            names: names.collect(),
        })
    }

    /// The values of a row in their order. None if one of them is missing or empty.
    pub fn values(&self, row: &[u8]) -> Option<Vec<String>> {
        let mut values: Vec<Option<String>> = vec![None; self.names.len()];
        for (name, value) in Members(row.get(1..)?) {
            for (at, wanted) in self.names.iter().enumerate() {
                if wanted.as_bytes() == name {
                    values[at] = text(value).filter(|text| !text.is_empty());
                }
            }
        }
        values.into_iter().collect()
    }

    /// Appends the texts with the values of a row, as they are written within strings of JSON.
    /// Appends nothing and gives false if a value is missing or empty.
    pub fn write_json(&self, out: &mut Vec<u8>, row: &[u8]) -> bool {
        let Some(values) = self.values(row) else {
            return false;
        };
        out.extend(self.texts[0].as_bytes());
        for (value, text) in values.iter().zip(&self.texts[1..]) {
            let quoted = serde_json::to_vec(value).expect("a text is JSON");
            out.extend(&quoted[1..quoted.len() - 1]);
            out.extend(text.as_bytes());
        }
        true
    }
}

/// A value without the quotes of JSON. None if it has no text.
fn text(value: &[u8]) -> Option<String> {
    match value.first()? {
        b'"' => serde_json::from_slice(value).ok(),
        b'n' | b'{' | b'[' => None,
        _ => String::from_utf8(value.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_within_strings() {
        let parts = [r#"{"index":{"_id":""#, "id", "-", "a\"b", r#""}}"#].map(String::from);
        let line = RowText::new(&parts).unwrap();
        let mut out = Vec::new();
        assert!(line.write_json(&mut out, br#"{"a\"b":"x\"\\\n\u00e9","id":7.0}"#));
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, r#"{"index":{"_id":"7.0-x\"\\\né"}}"#);
        for row in [
            r#"{"id":7}"#,
            r#"{"id":7,"a\"b":null}"#,
            r#"{"id":"","a\"b":1}"#,
        ] {
            let mut out = Vec::new();
            assert!(
                !line.write_json(&mut out, row.as_bytes()) && out.is_empty(),
                "{row}"
            );
        }
        assert!(RowText::new(&parts[..4]).is_none());
    }
}
