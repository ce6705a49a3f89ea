//! Years, as a MySQL `year` column keeps them.

/// Parses a year of four digits that MySQL can store. The error is the second half of a sentence that
/// begins with the text.
pub fn year(text: &[u8]) -> Result<i64, String> {
    if text.len() == 4 && text.iter().all(u8::is_ascii_digit) {
        let value = text
            .iter()
            .fold(0, |sum, byte| sum * 10 + i64::from(byte & 15));
        if value == 0 || (1901..=2155).contains(&value) {
            return Ok(value);
        }
    }
    Err("is not a year of four digits from 1901 to 2155, or 0000.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_years() {
        for (text, value) in [("1901", 1901), ("2024", 2024), ("2155", 2155), ("0000", 0)] {
            assert_eq!(year(text.as_bytes()), Ok(value));
        }
        for text in [
            "", "0", "24", "024", "02024", "1900", "2156", "+202", "20.4", "2024 ",
        ] {
            assert!(year(text.as_bytes()).is_err(), "{text}");
        }
    }
}
