//! MD5 (RFC 1321), which is what an object's eTag is. It protects nothing here.

use std::array;

const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The integer part of 2^32 * |sin(n + 1)|.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// A hash that is being made.
#[derive(Clone, Debug)]
pub(super) struct Md5 {
    state: [u32; 4],
    /// The start of a block that is not whole yet.
    rest: Vec<u8>,
    /// Bytes so far.
    length: u64,
}

impl Md5 {
    pub(super) fn new() -> Self {
        Self {
            state: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476],
            rest: Vec::with_capacity(64),
            length: 0,
        }
    }

    /// Adds bytes.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if !self.rest.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(64 - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if let Ok(block) = <&[u8; 64]>::try_from(self.rest.as_slice()) {
                mix(&mut self.state, block);
                self.rest.clear();
            }
        }
        let (blocks, rest) = bytes.as_chunks::<64>();
        for block in blocks {
            mix(&mut self.state, block);
        }
        self.rest.extend_from_slice(rest);
    }

    /// The hash of all of it, in lower-case hexadecimal digits.
    pub(super) fn finish(mut self) -> String {
        let bits = self.length.wrapping_mul(8);
        let fill = 63 - (self.length + 8) % 64;
        self.update(&[0x80]);
        self.update(&[0; 64][..usize::try_from(fill).unwrap_or_default()]);
        self.update(&bits.to_le_bytes());
        crate::local::auth::hex(self.state.map(u32::to_le_bytes).as_flattened())
    }
}

fn mix(state: &mut [u32; 4], block: &[u8; 64]) {
    let words: [u32; 16] =
        array::from_fn(|at| u32::from_le_bytes(array::from_fn(|byte| block[4 * at + byte])));
    let [mut a, mut b, mut c, mut d] = *state;
    for step in 0..64 {
        let round = step / 16;
        let (mixed, word) = match round {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), (7 * step) % 16),
        };
        let sum = a.wrapping_add(mixed).wrapping_add(SINES[step]).wrapping_add(words[word]);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(SHIFTS[round][step % 4]));
    }
    for (old, new) in state.iter_mut().zip([a, b, c, d]) {
        *old = old.wrapping_add(new);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Md5;

    /// RFC 1321, A.5, and what md5sum says of the others.
    #[rstest]
    #[case("", "d41d8cd98f00b204e9800998ecf8427e")]
    #[case("a", "0cc175b9c0f1b6a831c399e269772661")]
    #[case("abc", "900150983cd24fb0d6963f7d28e17f72")]
    #[case("message digest", "f96b697d7cb7938d525a2f31aaf161d0")]
    #[case("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b")]
    #[case(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "d174ab98d277d9f5a5611c2c9f419d9f"
    )]
    #[case(
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        "57edf4a22be3c955ac49da2e2107b67a"
    )]
    fn the_hashes_of_the_rfc(#[case] text: &str, #[case] hash: &str) {
        let mut whole = Md5::new();
        whole.update(text.as_bytes());
        assert_eq!(whole.finish(), hash);
        let mut piecewise = Md5::new();
        text.as_bytes().chunks(7).for_each(|piece| piecewise.update(piece));
        assert_eq!(piecewise.finish(), hash);
    }

    #[test]
    fn every_length_about_a_block_is_padded_right() {
        // MD5 of the hashes of 'x' 0..130 times, one after the other; made with Python's hashlib.
        let mut all = Md5::new();
        for length in 0..130 {
            let mut one = Md5::new();
            one.update(&vec![b'x'; length]);
            all.update(one.finish().as_bytes());
        }
        assert_eq!(all.finish(), "6638bf0c12c07cffaf1d9ecd65b95eeb");
    }
}
