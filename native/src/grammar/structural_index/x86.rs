//! The index with the instructions of newer x86-64 processors.

use std::arch::x86_64::{
    _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8,
};

use super::{STEP, index_with, outer_with};

/// Whether this processor has all that the functions here use.
pub fn available() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("popcnt")
}

pub fn index(wanted: &[u8; 4], data: &[u8], offsets: &mut [u32]) -> usize {
    // SAFETY: `fastest` gives this function out only where it is `available`.
    unsafe { index_avx2(wanted, data, offsets) }
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn index_avx2(wanted: &[u8; 4], data: &[u8], offsets: &mut [u32]) -> usize {
    index_with(data, offsets, |step| mask(wanted, step))
}

pub fn outer(wanted: &[u8; 3], data: &[u8], offsets: &mut [u32]) -> Option<usize> {
    // SAFETY: the caller has asked whether it is `available`.
    unsafe { outer_avx2(wanted, data, offsets) }
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn outer_avx2(wanted: &[u8; 3], data: &[u8], offsets: &mut [u32]) -> Option<usize> {
    outer_with(wanted, data, offsets, |wanted, step| mask(wanted, step))
}

#[target_feature(enable = "avx2")]
#[inline]
fn mask(wanted: &[u8; 4], step: &[u8; STEP]) -> u64 {
    let [a, b, c, d] =
        [wanted[0], wanted[1], wanted[2], wanted[3]].map(|byte| _mm256_set1_epi8(byte as i8));
    let mut mask = 0;
    for (i, lane) in step.as_chunks::<32>().0.iter().enumerate() {
        // Compiled to one load of the lane.
        let [e, f, g, h] = [0, 1, 2, 3].map(|i| i64::from_le_bytes(lane.as_chunks().0[i]));
        let lane = _mm256_set_epi64x(h, g, f, e);
        let ab = _mm256_or_si256(_mm256_cmpeq_epi8(lane, a), _mm256_cmpeq_epi8(lane, b));
        let cd = _mm256_or_si256(_mm256_cmpeq_epi8(lane, c), _mm256_cmpeq_epi8(lane, d));
        let bits = _mm256_movemask_epi8(_mm256_or_si256(ab, cd)) as u32;
        mask |= u64::from(bits) << (i * 32);
    }
    mask
}
