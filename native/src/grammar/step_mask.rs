//! Which of 64 bytes are wanted ones, as the bits of a mask. Each architecture has its own way.

/// The number of bytes of a step. Each is one bit of a mask.
pub const STEP: usize = 64;

/// The bytes of a step that are one of the wanted ones, as bits. With what every processor has.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn mask(wanted: &[u8; 4], step: &[u8; STEP]) -> u64 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };
    // SAFETY: SSE2 is part of every x86-64; each load reads the 16 bytes of its lane, and asks
    // for no alignment.
    unsafe {
        let [a, b, c, d] = wanted.map(|byte| _mm_set1_epi8(byte as i8));
        let mut mask = 0;
        for (i, lane) in step.as_chunks::<16>().0.iter().enumerate() {
            let lane = _mm_loadu_si128(lane.as_ptr().cast::<__m128i>());
            let ab = _mm_or_si128(_mm_cmpeq_epi8(lane, a), _mm_cmpeq_epi8(lane, b));
            let cd = _mm_or_si128(_mm_cmpeq_epi8(lane, c), _mm_cmpeq_epi8(lane, d));
            let bits = _mm_movemask_epi8(_mm_or_si128(ab, cd)) as u16;
            mask |= u64::from(bits) << (i * 16);
        }
        mask
    }
}

/// The same, twice as many bytes at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
pub fn mask_avx2(wanted: &[u8; 4], step: &[u8; STEP]) -> u64 {
    use std::arch::x86_64::{
        _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x,
        _mm256_set1_epi8,
    };
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

#[cfg(target_arch = "aarch64")]
#[inline(always)]
pub fn mask(wanted: &[u8; 4], step: &[u8; STEP]) -> u64 {
    use std::arch::aarch64::{
        vandq_u8, vceqq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vorrq_u8, vpaddq_u8,
        vreinterpretq_u64_u8,
    };
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: NEON is part of every aarch64; each load reads the 16 bytes of its array.
    unsafe {
        let bits = vld1q_u8(BITS.as_ptr());
        let [a, b, c, d] = wanted.map(|byte| vdupq_n_u8(byte));
        let lanes = step.as_chunks::<16>().0;
        let found = |lane: &[u8; 16]| {
            let lane = vld1q_u8(lane.as_ptr());
            let ab = vorrq_u8(vceqq_u8(lane, a), vceqq_u8(lane, b));
            let cd = vorrq_u8(vceqq_u8(lane, c), vceqq_u8(lane, d));
            vandq_u8(vorrq_u8(ab, cd), bits)
        };
        let low = vpaddq_u8(found(&lanes[0]), found(&lanes[1]));
        let high = vpaddq_u8(found(&lanes[2]), found(&lanes[3]));
        let all = vpaddq_u8(low, high);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(all, all)))
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn mask(wanted: &[u8; 4], step: &[u8; STEP]) -> u64 {
    step.iter().enumerate().fold(0, |mask, (i, byte)| {
        mask | u64::from(wanted.contains(byte)) << i
    })
}
