//! Days of the Gregorian calendar, counted from 1970-01-01.

/// The number of days of each month in a year that is not a leap year.
const MONTHS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The first and the last day: 0001-01-01 and 9999-12-31.
pub const FIRST_DAY: i32 = -719_162;
pub const LAST_DAY: i32 = 2_932_896;

#[inline]
pub(super) fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The number of a day. None if the day does not exist, or its year is not within 1 and 9999.
#[inline]
pub(super) fn day_number(year: u32, month: u32, day: u32) -> Option<i32> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let length = u32::from(MONTHS[month as usize - 1]) + u32::from(month == 2 && is_leap(year));
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin with March have their leap day at the end, where it shifts no month.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    Some((before + (153 * month + 2) / 5 + day) as i32 - 719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_day_there_is() {
        let mut expected = FIRST_DAY;
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(number) = day_number(year, month, day) {
                        assert_eq!(number, expected, "{year}-{month}-{day}");
                        expected += 1;
                    }
                }
            }
        }
        assert_eq!(expected - 1, LAST_DAY);
        assert_eq!(day_number(1970, 1, 1), Some(0));
        assert_eq!(day_number(2000, 1, 1), Some(10_957));
    }

    #[test]
    fn knows_the_days_that_are_not() {
        for (year, month, day) in [
            (0, 1, 1),
            (10_000, 1, 1),
            (2024, 0, 1),
            (2024, 13, 1),
            (2024, 1, 0),
            (2024, 1, 32),
            (2024, 2, 30),
            (2023, 2, 29),
            (1900, 2, 29),
            (2024, 4, 31),
        ] {
            assert_eq!(day_number(year, month, day), None, "{year}-{month}-{day}");
        }
        assert!(day_number(2000, 2, 29).is_some() && day_number(2024, 2, 29).is_some());
    }
}
