//! The tree of BLAKE3, as far as it is known.
//!
//! Subtrees of 1 MiB are hashed one by one. Their chaining values are merged as a
//! binary counter counts: one value remains for each bit that is set in the number of subtrees. Two
//! values are merged only when more bytes follow, because the last merge, at the root, differs.

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root,
};

use super::part::{Part, SUBTREE, Subtree};

/// The first bytes of a stored state: its kind and its version.
const MAGIC: &[u8; 8] = b"b3state\x01";

/// The state of a hash in progress.
pub struct Tree {
    /// The chaining values of the complete subtrees, the largest first.
    stack: Vec<ChainingValue>,
    /// The number of complete subtrees.
    subtrees: u64,
    /// Hashes the subtree in progress, which is empty only at the very start.
    current: blake3::Hasher,
    /// The subtree in progress, if it was hashed elsewhere.
    given: Option<Subtree>,
    /// The bytes of the subtree in progress.
    filled: u64,
}

impl Tree {
    pub fn new() -> Tree {
        Tree {
            stack: Vec::new(),
            subtrees: 0,
            current: blake3::Hasher::new(),
            given: None,
            filled: 0,
        }
    }

    /// The bytes in complete subtrees: the offset that a stored state stands for.
    pub fn aligned(&self) -> u64 {
        self.subtrees * SUBTREE
    }

    pub fn length(&self) -> u64 {
        self.aligned() + self.filled
    }

    /// Whether more bytes may follow. They may not where a part ended within a subtree.
    pub fn is_open(&self) -> bool {
        self.given.is_none() || self.filled == SUBTREE
    }

    /// Takes the next bytes; only while it is open.
    pub fn update(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            if self.filled == SUBTREE {
                self.push_subtree();
            }
            let left = (SUBTREE - self.filled) as usize;
            let (now, later) = data.split_at(left.min(data.len()));
            self.current.update(now);
            self.filled += now.len() as u64;
            data = later;
        }
    }

    /// Takes the bytes of a part as if they were updated with. False, and nothing is taken, if the
    /// part does not begin where the bytes so far end.
    pub fn append(&mut self, part: &Part) -> bool {
        if part.offset() != self.length() || !self.is_open() {
            return false;
        }
        for (subtree, length) in part.subtrees() {
            if self.filled == SUBTREE {
                self.push_subtree();
            }
            self.given = Some(subtree);
            self.filled = length;
        }
        true
    }

    /// Adds the current subtree to the stack. It is complete, and not the last.
    fn push_subtree(&mut self) {
        let mut value = self.value();
        self.subtrees += 1;
        for _ in 0..self.subtrees.trailing_zeros() {
            let Some(left) = self.stack.pop() else { break };
            value = merge_subtrees_non_root(&left, &value, Mode::Hash);
        }
        self.stack.push(value);
        self.begin_subtree();
    }

    /// The chaining value of the current subtree.
    fn value(&self) -> ChainingValue {
        match &self.given {
            Some(subtree) => subtree.value,
            None => self.current.finalize_non_root(),
        }
    }

    fn begin_subtree(&mut self) {
        self.given = None;
        self.current = blake3::Hasher::new();
        self.current.set_input_offset(self.aligned());
        self.filled = 0;
    }

    /// The hash of all bytes. None if no byte has followed a restored state, because the last
    /// subtree is not known then.
    pub fn hash(&self) -> Option<blake3::Hash> {
        let Some((top, below)) = self.stack.split_first() else {
            return match &self.given {
                Some(subtree) => subtree.alone,
                None => Some(self.current.finalize()),
            };
        };
        if self.filled == 0 {
            return None;
        }
        let last = self.value();
        let right = below.iter().rev().fold(last, |right, left| {
            merge_subtrees_non_root(left, &right, Mode::Hash)
        });
        Some(merge_subtrees_root(top, &right, Mode::Hash))
    }

    pub fn state(&self) -> Vec<u8> {
        let mut state = MAGIC.to_vec();
        state.extend(self.subtrees.to_le_bytes());
        state.extend(self.stack.iter().flatten());
        state
    }

    pub fn from_state(state: &[u8]) -> Option<Tree> {
        let (subtrees, values) = state.strip_prefix(MAGIC)?.split_first_chunk()?;
        let subtrees = u64::from_le_bytes(*subtrees);
        let (stack, rest) = values.as_chunks();
        let whole = rest.is_empty() && stack.len() == subtrees.count_ones() as usize;
        if !whole || subtrees.checked_mul(2 * SUBTREE).is_none() {
            return None;
        }
        let mut tree = Tree {
            stack: stack.to_vec(),
            subtrees,
            ..Tree::new()
        };
        tree.begin_subtree();
        Some(tree)
    }
}

#[cfg(test)]
mod tests {
    use super::super::part::PartHash;
    use super::*;

    fn bytes(length: usize) -> Vec<u8> {
        (0..length)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect()
    }

    fn interesting_lengths() -> Vec<usize> {
        let mib = SUBTREE as usize;
        let around = |n: usize| [n - 1, n, n + 1];
        let mut lengths = vec![0, 1, 63, 64, 65, 1023, 1024, 1025, 4096, 100_000];
        (1..=9).for_each(|n| lengths.extend(around(n * mib)));
        lengths
    }

    #[test]
    fn equals_plain_blake3() {
        let data = bytes(10 * SUBTREE as usize);
        for length in interesting_lengths() {
            let data = &data[..length];
            for step in [length.max(1), 1 << 20, 65_537] {
                let mut tree = Tree::new();
                data.chunks(step).for_each(|piece| tree.update(piece));
                assert_eq!(tree.hash(), Some(blake3::hash(data)), "{length} by {step}");
                assert_eq!(tree.length(), length as u64);
            }
        }
    }

    #[test]
    fn a_state_can_be_taken_up_anywhere() {
        let data = bytes(10 * SUBTREE as usize);
        let whole = Some(blake3::hash(&data));
        for length in interesting_lengths() {
            let mut first = Tree::new();
            first.update(&data[..length]);
            let state = first.state();
            assert!(state.len() < 2048);
            let mut second = Tree::from_state(&state).unwrap();
            assert!(second.length() <= length as u64 && second.aligned().is_multiple_of(SUBTREE));
            assert_eq!(second.state(), state);
            second.update(&data[second.aligned() as usize..]);
            assert_eq!(second.hash(), whole, "from {length}");
        }
    }

    #[test]
    fn what_is_no_state_is_refused() {
        let mut tree = Tree::new();
        tree.update(&bytes(4 * SUBTREE as usize));
        let state = tree.state();
        assert!(Tree::from_state(&state).unwrap().hash().is_none());
        for wrong in [
            &state[..state.len() - 1],
            &state[1..],
            b"",
            &[&state[..], &[0; 32]].concat(),
        ] {
            assert!(Tree::from_state(wrong).is_none());
        }
    }

    #[test]
    fn parts_make_the_hash_of_the_whole() {
        let data = bytes(10 * SUBTREE as usize);
        for length in interesting_lengths() {
            for (number, cuts) in [vec![], vec![1, 2, 5], vec![3, 8]].iter().enumerate() {
                let cuts = cuts.iter().map(|mib| mib * SUBTREE as usize);
                let mut borders: Vec<usize> = cuts.filter(|&cut| cut < length).collect();
                borders.insert(0, 0);
                borders.push(length);
                let mut tree = Tree::new();
                for (n, border) in borders.windows(2).enumerate() {
                    let piece = &data[border[0]..border[1]];
                    if (n + number) % 3 == 2 && border[1] < length {
                        tree.update(piece);
                        continue;
                    }
                    let mut hash = PartHash::new(border[0] as u64).unwrap();
                    piece.chunks(70_001).for_each(|some| hash.update(some));
                    let part = hash.finish().to_bytes();
                    assert!(tree.append(&Part::from_bytes(&part).unwrap()));
                    assert!(Part::from_bytes(&part[1..]).is_none());
                    assert!(Part::from_bytes(&part[..part.len() - 1]).is_none());
                }
                assert_eq!(tree.hash(), Some(blake3::hash(&data[..length])), "{length}");
                assert_eq!(tree.length(), length as u64);
                let mut resumed = Tree::from_state(&tree.state()).unwrap();
                resumed.update(&data[resumed.aligned() as usize..length]);
                assert_eq!(resumed.hash(), tree.hash());
            }
        }
    }
}
