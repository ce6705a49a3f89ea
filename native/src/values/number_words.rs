//! What numbers in words of eight bytes have in common, whether they take one word or two. All bytes are
//! without the bits of a zero.

use super::short_number::each;

/// What was found in texts that are all `-?digits[.digits]`, as a person would write it, or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortNumbers {
    /// The least and the greatest of those without a point: `MAX` and `MIN` if there is none.
    pub min: i64,
    pub max: i64,
    pub integer_digits: usize,
    pub fraction_digits: usize,
    pub has_point: bool,
}

/// The same while it is being found. Digits are bytes or bits of a mask; the widest mask is that of the
/// most digits.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) wrong: u64,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) integer: u64,
    pub(super) fraction: u64,
    pub(super) point: u64,
}

impl Found {
    pub(super) const NOTHING: Found = Found {
        wrong: 0,
        min: i64::MAX,
        max: i64::MIN,
        integer: 0,
        fraction: 0,
        point: 0,
    };

    /// The same in numbers, if each digit takes so many bits of a mask.
    #[inline]
    pub(super) fn numbers(&self, bits: u32) -> Option<ShortNumbers> {
        (self.wrong == 0).then_some(ShortNumbers {
            min: self.min,
            max: self.max,
            integer_digits: (self.integer.count_ones() / bits) as usize,
            fraction_digits: (self.fraction.count_ones() / bits) as usize,
            has_point: self.point != 0,
        })
    }
}

/// The minus as it is seen here.
pub(super) const MINUS: u64 = (b'-' ^ b'0') as u64;

/// All bits if the condition is true, else none.
#[inline(always)]
pub(super) fn all_if(condition: bool) -> u64 {
    u64::from(condition).wrapping_neg()
}

/// The highest bit of the first byte that is the mark, or 0.
#[inline(always)]
pub(super) fn first_of(digits: u64, mark: u64) -> u64 {
    let differs = digits ^ mark.wrapping_mul(each(1));
    let zeros = differs.wrapping_sub(each(1)) & !differs & each(0x80);
    zeros & zeros.wrapping_neg()
}

/// 0 if all bytes are digits.
#[inline(always)]
pub(super) fn no_digit(digits: u64) -> u64 {
    (digits | digits.wrapping_add(each(0x76))) & each(0x80)
}

/// The value of eight digits. By shifts, because few processors multiply several words at a time.
#[inline(always)]
pub(super) fn value(digits: u64) -> u64 {
    let tens = (digits << 3).wrapping_add(digits << 1);
    let twos = tens.wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = ((twos << 6) + (twos << 5) + (twos << 2) + (twos >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours & 0xFFFF_FFFF) * 10_000 + (fours >> 32)
}
