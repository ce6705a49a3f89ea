//! Numbers of at most eight digits, read eight bytes at a time.

/// The most digits of a short number, a point included.
pub const SHORT_DIGITS: u32 = 8;

/// Powers of ten that a double holds exactly, and the same as integers.
const TENS: [f64; 8] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];

pub const WHOLE_TENS: [u32; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The number `mantissa / 10^decimals`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShortNumber {
    pub negative: bool,
    pub mantissa: u32,
    pub decimals: u32,
}

impl ShortNumber {
    /// The number `value / 10^decimals`. None if it has too many digits.
    #[inline]
    pub fn of(value: i64, decimals: u32) -> Option<ShortNumber> {
        let mantissa = u32::try_from(value.unsigned_abs()).ok()?;
        let short = mantissa < 10_u32.pow(SHORT_DIGITS) && decimals < SHORT_DIGITS;
        short.then_some(ShortNumber {
            negative: value < 0,
            mantissa,
            decimals,
        })
    }

    /// The nearest double. Both operands are exact, so the one division rounds correctly.
    #[inline]
    pub fn as_f64(self) -> f64 {
        let value = f64::from(self.mantissa) / TENS[self.decimals as usize & 7];
        f64::from_bits(value.to_bits() | u64::from(self.negative) << 63)
    }

    /// The number before the point.
    #[inline]
    pub fn whole(self) -> u32 {
        self.mantissa / WHOLE_TENS[self.decimals as usize & 7]
    }

    /// The first eight digits after the point, as a number.
    #[inline]
    pub fn fraction(self) -> u32 {
        let tens = WHOLE_TENS[self.decimals as usize & 7];
        self.mantissa % tens * (100_000_000 / tens)
    }
}

pub const ZEROS: u64 = each(b'0');

/// Stands for the number of decimals where there is no point. Its low three bits are 0.
pub const NO_POINT: u32 = 8;

/// A word whose eight bytes are all `byte`.
pub const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Removes the first point, if there is one. Gives the digits, and the number of digits after it.
#[inline(always)]
pub fn without_point(digits: u64) -> (u64, u32) {
    let differs = digits ^ each(b'.' ^ b'0');
    let points = differs.wrapping_sub(each(1)) & !differs & each(0x80);
    if points == 0 {
        return (digits, NO_POINT);
    }
    // What stood before the point moves up by one byte, and a zero in from below.
    let upto = points ^ points.wrapping_sub(1);
    let moved = (digits & (upto >> 8)) << 8;
    ((digits & !upto) | moved, (63 - points.trailing_zeros()) / 8)
}

/// The value of eight digits, the first of them in the lowest byte. None if one is no digit.
#[inline(always)]
pub fn value(digits: u64) -> Option<u32> {
    // A value of more than 9 sets the byte's highest bit, or has it set already.
    if (digits | digits.wrapping_add(each(0x76))) & each(0x80) != 0 {
        return None;
    }
    let twos = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (twos.wrapping_mul(100) + (twos >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) as u32)
}
