//! Finds the members of a JSON object as the kernel writes it: without blanks between them.

/// The members of a JSON object from behind its brace: the name with its
/// quotes, and the value.
pub struct Members<'a>(pub &'a [u8]);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.first() != Some(&b'"') {
            return None;
        }
        let (name, rest) = self.0.split_at(text_end(self.0));
        let rest = rest.get(1..)?;
        let (value, rest) = rest.split_at(value_end(rest));
        self.0 = rest.get(1..).unwrap_or_default();
        Some((name, value))
    }
}

/// The end of a text, which begins with a quote.
fn text_end(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// The end of a value: the comma or the brace behind it.
fn value_end(value: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(&byte) = value.get(at) {
        match byte {
            b'"' => at += text_end(&value[at..]) - 1,
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    value.len()
}
