//! Keys by which a server knows a row again that it is sent twice.

use crate::block::Place;

/// Bytes of a key.
const SIZE: usize = 16;

/// The key of each row in turn; between the rows are line ends.
pub fn of_rows(rows: &[u8], places: &[Place], secret: &[u8]) -> Vec<String> {
    let secret = *blake3::hash(secret).as_bytes();
    let bodies = rows.split(|&byte| byte == b'\n');
    let keys = places
        .iter()
        .zip(bodies)
        .map(|(place, body)| of_row(&secret, place.line, body));
    keys.collect()
}

fn of_row(secret: &[u8; 32], line: u64, body: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(&line.to_le_bytes()).update(body);
    let hex = hasher.finalize().to_hex();
    hex[..2 * SIZE].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u64) -> Place {
        Place {
            line,
            start: 0,
            end: 0,
        }
    }

    #[test]
    fn a_key_follows_from_secret_line_and_content() {
        let keys = |rows: &[u8], lines: &[u64], secret: &[u8]| {
            let places: Vec<Place> = lines.iter().copied().map(place).collect();
            of_rows(rows, &places, secret)
        };
        let [one, two] = &keys(b"{}\n{}\n", &[1, 2], b"s")[..] else {
            panic!("a key for each row");
        };
        assert_eq!((one.len(), two.len()), (32, 32));
        assert_ne!(one, two);
        assert_eq!(keys(b"{}\n", &[2], b"s"), [two.as_str()]);
        assert_ne!(keys(b"{}\n", &[2], b"t"), [two.as_str()]);
        assert_ne!(keys(b"{ }\n", &[2], b"s"), [two.as_str()]);
    }
}
