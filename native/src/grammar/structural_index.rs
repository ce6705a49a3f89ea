//! Finds the structural bytes: delimiters, line ends, quotes and escapes. 64 bytes of input at a time
//! become a mask, and the masks become a list of offsets. `line_cutter` decides what each of them
//! means, and looks at no other byte.

use memchr::{memchr, memchr2};

use super::step_mask::{STEP, mask};
use crate::dialect::{Dialect, NO_DELIMITER};

/// The number of bytes that are indexed at a time. Their offsets fit the first-level cache.
pub const WINDOW: usize = 16 * 1024;

/// Stands before the first offset: adding one, with wrap-around, gives 0.
const BEFORE: u32 = u32::MAX;

/// Finds the offsets of the structural bytes in a window of the data.
pub struct StructuralIndex {
    /// The delimiter, line end, quote and escape. Where the dialect lacks one, another is repeated.
    wanted: [u8; 4],
    /// The same without the escape, which is data where no quotes are.
    outside: [u8; 4],
    index: fn(&[u8; 4], &[u8], &mut [u32]) -> usize,
    /// `BEFORE`, then the offsets.
    offsets: Box<[u32]>,
    len: usize,
    /// The quote and the escape in unquoted fields, if the dialect has them.
    special: [Option<u8>; 2],
    /// Whether the window holds none of them.
    plain: bool,
    /// Whether only delimiters and line ends without quotes around them are indexed.
    outer: bool,
}

impl StructuralIndex {
    pub fn new(dialect: &Dialect) -> StructuralIndex {
        let newline = dialect.newline;
        let delimiter = match dialect.delimiter {
            NO_DELIMITER => newline,
            delimiter => delimiter,
        };
        let quote = dialect.quote.unwrap_or(delimiter);
        let escape = dialect.escape.unwrap_or(delimiter);
        StructuralIndex {
            wanted: [delimiter, newline, quote, escape],
            outside: [delimiter, newline, quote, delimiter],
            index: fastest(),
            // A step writes eight offsets at a time, and so a few more than it counts.
            offsets: vec![BEFORE; 1 + WINDOW + STEP].into_boxed_slice(),
            len: 0,
            special: [dialect.quote, dialect.escape_unquoted],
            plain: false,
            outer: false,
        }
    }

    /// Indexes the first bytes of `data`, at most a window of them.
    pub fn fill(&mut self, data: &[u8]) {
        let data = &data[..data.len().min(WINDOW)];
        self.plain = match self.special {
            [Some(quote), Some(escape)] => memchr2(quote, escape, data).is_none(),
            [Some(byte), None] | [None, Some(byte)] => memchr(byte, data).is_none(),
            [None, None] => true,
        };
        let wanted = if self.plain {
            &self.outside
        } else {
            &self.wanted
        };
        self.len = (self.index)(wanted, data, &mut self.offsets[1..]);
        self.outer = false;
    }

    /// Indexes delimiters and line ends that no quotes are around, and nothing else. Gives whether that
    /// is enough to cut all lines: each quote stands at the start or the end of a field, and no field
    /// holds a line end or an escape. If not, nothing is indexed. The window begins with a record.
    pub fn fill_outer(&mut self, data: &[u8]) -> bool {
        let data = &data[..data.len().min(WINDOW)];
        let [delimiter, newline, quote, escape] = self.wanted;
        let escapes = escape != delimiter && memchr(escape, data).is_some();
        let found = if escapes || quote == delimiter {
            None
        } else {
            outer(&[delimiter, newline, quote], data, &mut self.offsets[1..])
        };
        self.len = found.unwrap_or(0);
        (self.plain, self.outer) = (false, found.is_some());
        self.outer
    }

    /// Whether the window was indexed by `fill_outer`.
    #[inline]
    pub fn is_outer(&self) -> bool {
        self.outer
    }

    /// Whether a quote or an escape is in the data that `fill` would index.
    pub fn has_quotes(&self, data: &[u8]) -> bool {
        let [quote, _] = self.special;
        quote.is_some_and(|quote| memchr(quote, &data[..data.len().min(WINDOW)]).is_some())
    }

    /// Forgets what was indexed.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Whether every offset is that of a delimiter or of a line end.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// The offset before the one at `index`, and the `count` offsets from there. A field starts one
    /// byte after the first of them, even at the start of the window.
    #[inline]
    pub fn bounds(&self, index: usize, count: usize) -> Option<&[u32]> {
        if count > self.len - index {
            return None;
        }
        self.offsets.get(index..=index + count)
    }

    /// The offset before the one at `index`, and all offsets from there.
    pub fn bounds_from(&self, index: usize) -> &[u32] {
        &self.offsets[index..=self.len]
    }

    /// Offsets into what was given to `fill`, ascending.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets[1..=self.len]
    }
}

/// The fastest implementation that this processor supports.
fn fastest() -> fn(&[u8; 4], &[u8], &mut [u32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if x86::is_there() {
        return x86::index;
    }
    index
}

/// Indexes with instructions that every processor of the architecture has.
fn index(wanted: &[u8; 4], data: &[u8], offsets: &mut [u32]) -> usize {
    index_with(data, offsets, |step| mask(wanted, step))
}

/// Indexes with the given `mask` function. It is always inlined, so that the compiler uses the same
/// processor features for the masks and for the loop over their bits.
#[inline(always)]
fn index_with(data: &[u8], offsets: &mut [u32], mask: impl Fn(&[u8; STEP]) -> u64) -> usize {
    let (steps, rest) = data.as_chunks::<STEP>();
    let mut len = 0;
    for (i, step) in steps.iter().enumerate() {
        len = unpack(mask(step), (i * STEP) as u32, offsets, len);
    }
    if !rest.is_empty() {
        let mut step = [0; STEP];
        step[..rest.len()].copy_from_slice(rest);
        let within = (1 << rest.len()) - 1;
        len = unpack(
            mask(&step) & within,
            (steps.len() * STEP) as u32,
            offsets,
            len,
        );
    }
    len
}

/// Calls the implementation that suits this processor.
fn outer(wanted: &[u8; 3], data: &[u8], offsets: &mut [u32]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if x86::is_there() {
        return x86::outer(wanted, data, offsets);
    }
    outer_with(wanted, data, offsets, mask)
}

/// Indexes the delimiters and line ends outside of quotes. None: quotes stand elsewhere than at the
/// start and the end of fields, or a line end is within them.
#[inline(always)]
fn outer_with(
    &[delimiter, newline, quote]: &[u8; 3],
    data: &[u8],
    offsets: &mut [u32],
    mask: impl Fn(&[u8; 4], &[u8; STEP]) -> u64,
) -> Option<usize> {
    let (mut len, mut wrong) = (0, 0);
    // All bits if the step begins within quotes; whether a field may begin at its first byte, and
    // whether it must not go on there.
    let (mut within, mut begins, mut ended) = (0_u64, 1_u64, 0_u64);
    let mut rest = [0; STEP];
    let (steps, tail) = data.as_chunks::<STEP>();
    rest[..tail.len()].copy_from_slice(tail);
    let last = (!tail.is_empty()).then_some(&rest);
    for (i, step) in steps.iter().chain(last).enumerate() {
        // Behind the end of the data no byte counts.
        let there = match data.len() - i * STEP {
            left if left < STEP => (1 << left) - 1,
            _ => u64::MAX,
        };
        let quotes = mask(&[quote; 4], step) & there;
        let lines = mask(&[newline; 4], step) & there;
        let marks = mask(&[delimiter, newline, delimiter, newline], step) & there;
        // Each bit: whether the number of quotes up to it is odd.
        let mut inside = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        inside ^= within;
        let outer = marks & !inside;
        let (open, close) = (quotes & inside, quotes & !inside);
        wrong |= open & !(outer << 1 | begins);
        wrong |= (close << 1 | ended) & !outer & there;
        wrong |= lines & inside;
        within = ((inside as i64) >> 63) as u64;
        (begins, ended) = (outer >> 63, close >> 63);
        len = unpack(outer, (i * STEP) as u32, offsets, len);
    }
    (wrong == 0).then_some(len)
}

/// Appends the offsets of a mask's bits. It always writes eight at a time, so that most steps take no
/// branch that depends on the data.
#[inline(always)]
fn unpack(mut mask: u64, base: u32, offsets: &mut [u32], len: usize) -> usize {
    let count = mask.count_ones() as usize;
    let mut at = len;
    while at < len + count {
        let Some(eight) = offsets[at..].first_chunk_mut::<8>() else {
            break;
        };
        for offset in eight {
            *offset = base + mask.trailing_zeros();
            mask &= mask.wrapping_sub(1);
        }
        at += 8;
    }
    len + count
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::step_mask::mask_avx2;
    use super::{index_with, outer_with};

    /// Whether the processor has what the functions below are compiled for.
    pub fn is_there() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("popcnt")
    }

    pub fn index(wanted: &[u8; 4], data: &[u8], offsets: &mut [u32]) -> usize {
        // SAFETY: `fastest` gives this function out only where all of that was detected.
        unsafe { index_avx2(wanted, data, offsets) }
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn index_avx2(wanted: &[u8; 4], data: &[u8], offsets: &mut [u32]) -> usize {
        index_with(data, offsets, |step| mask_avx2(wanted, step))
    }

    pub fn outer(wanted: &[u8; 3], data: &[u8], offsets: &mut [u32]) -> Option<usize> {
        // SAFETY: the caller has detected all of that.
        unsafe { outer_avx2(wanted, data, offsets) }
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn outer_avx2(wanted: &[u8; 3], data: &[u8], offsets: &mut [u32]) -> Option<usize> {
        outer_with(wanted, data, offsets, |wanted, step| {
            mask_avx2(wanted, step)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(wanted: &[u8; 4], data: &[u8]) -> Vec<u32> {
        let places = data
            .iter()
            .enumerate()
            .filter(|(_, byte)| wanted.contains(byte));
        places.map(|(i, _)| i as u32).collect()
    }

    #[test]
    fn every_way_finds_the_same() {
        let wanted = *b",\n\"\\";
        let mut state = 1_u32;
        // Miri is slow.
        let lengths = if cfg!(miri) {
            (0..=2 * STEP).collect()
        } else {
            Vec::from_iter((0..400).chain([WINDOW - 1, WINDOW]))
        };
        for len in lengths {
            let data: Vec<u8> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b",\n\"\\,,,,abcdefgh0123456789"[(state >> 16) as usize % 26]
                })
                .collect();
            let mut offsets = vec![0; WINDOW + STEP];
            for way in [index, fastest()] {
                let found = way(&wanted, &data, &mut offsets);
                assert_eq!(offsets[..found], naive(&wanted, &data));
            }
        }
    }

    /// Where fields end, byte by byte. None: a quote stands where it should not.
    fn naive_outer(data: &[u8]) -> Option<Vec<u32>> {
        let (mut found, mut within) = (Vec::new(), false);
        for (i, byte) in data.iter().enumerate() {
            let (before, after) = (i.checked_sub(1).map(|i| data[i]), data.get(i + 1));
            match byte {
                b'"' if within => {
                    within = false;
                    if after.is_some_and(|byte| !b",\n".contains(byte)) {
                        return None;
                    }
                }
                b'"' => {
                    within = true;
                    if before.is_some_and(|byte| !b",\n".contains(&byte)) {
                        return None;
                    }
                }
                b'\n' if within => return None,
                b',' | b'\n' if !within => found.push(i as u32),
                _ => {}
            }
        }
        Some(found)
    }

    #[test]
    fn marks_are_found_outside_of_quotes() {
        let mut state = 1_u32;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % below
        };
        let mut sound = 0;
        for round in 0..4000 {
            let mut data = Vec::new();
            for _ in 0..draw(60) {
                data.extend_from_slice([&b"a"[..], b"", b"\"b,\"", b"\"\""][draw(4)]);
                data.push(b",,\n"[draw(3)]);
            }
            if round % 2 == 0 && !data.is_empty() {
                let place = draw(data.len());
                data[place] = b"\"\n,x"[draw(4)];
            }
            data.truncate(data.len() - draw(4).min(data.len()));
            let expected = naive_outer(&data);
            sound += usize::from(expected.is_some());
            let mut offsets = vec![0; WINDOW + STEP];
            let portable = outer_with(b",\n\"", &data, &mut offsets, mask);
            assert_eq!(portable.map(|len| offsets[..len].to_vec()), expected);
            let fastest = outer(b",\n\"", &data, &mut offsets);
            assert_eq!(fastest.map(|len| offsets[..len].to_vec()), expected);
        }
        assert!((1000..4000).contains(&sound), "{sound}");
    }

    #[test]
    fn a_full_window_fits() {
        let mut offsets = vec![0; WINDOW + STEP];
        let data = vec![b','; WINDOW];
        assert_eq!(fastest()(b",,,,", &data, &mut offsets), WINDOW);
        assert_eq!(offsets[WINDOW - 1] as usize, WINDOW - 1);
    }
}
