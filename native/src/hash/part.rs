//! The hash of a part of an input: the parts may be hashed in any order, on any host.
//!
//! A part begins where a subtree begins. Only the last part of an input may end within one.

use blake3::hazmat::{ChainingValue, HasherExt};

/// The bytes of one subtree.
pub const SUBTREE: u64 = 1 << 20;

/// The first bytes of a part that is passed on: its kind and its version.
const MAGIC: &[u8; 8] = b"b3part\0\x01";

/// What is known of one subtree that was hashed elsewhere.
pub struct Subtree {
    pub value: ChainingValue,
    /// The hash, if the subtree is the whole input. Known only of the first one.
    pub alone: Option<blake3::Hash>,
}

/// The subtrees of a part.
pub struct Part {
    offset: u64,
    length: u64,
    values: Vec<ChainingValue>,
    alone: Option<blake3::Hash>,
}

impl Part {
    /// The offset in the input at which the part begins: a multiple of `SUBTREE`.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Each subtree with its length in bytes.
    pub fn subtrees(&self) -> impl Iterator<Item = (Subtree, u64)> {
        self.values.iter().enumerate().map(|(number, value)| {
            let alone = self.alone.filter(|_| number == 0);
            let before = number as u64 * SUBTREE;
            let value = *value;
            (Subtree { value, alone }, SUBTREE.min(self.length - before))
        })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.alone.iter().flat_map(|hash| *hash.as_bytes()));
        bytes.extend(self.values.iter().flatten());
        bytes
    }

    /// The part that `to_bytes` gave. None if the bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Part> {
        let (offset, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (offset, length) = (u64::from_le_bytes(*offset), u64::from_le_bytes(*length));
        let (values, odd) = rest.as_chunks();
        let (alone, values) = match values {
            [alone, rest @ ..] if offset == 0 && length > 0 => {
                (Some(blake3::Hash::from_bytes(*alone)), rest)
            }
            values => (None, values),
        };
        let whole = odd.is_empty()
            && values.len() as u64 == length.div_ceil(SUBTREE)
            && offset.is_multiple_of(SUBTREE)
            && offset.checked_add(length).is_some();
        whole.then(|| Part {
            offset,
            length,
            values: values.to_vec(),
            alone,
        })
    }
}

/// Hashes a part as its bytes come.
pub struct PartHash {
    part: Part,
    current: blake3::Hasher,
}

impl PartHash {
    /// None if no subtree begins at the offset.
    pub fn new(offset: u64) -> Option<PartHash> {
        let part = Part {
            offset,
            length: 0,
            values: Vec::new(),
            alone: None,
        };
        offset.is_multiple_of(SUBTREE).then(|| PartHash {
            part,
            current: begun(offset),
        })
    }

    /// The bytes so far.
    pub fn length(&self) -> u64 {
        self.part.length
    }

    pub fn update(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let left = (SUBTREE - self.part.length % SUBTREE) as usize;
            let (now, later) = data.split_at(left.min(data.len()));
            self.current.update(now);
            self.part.length += now.len() as u64;
            if now.len() == left {
                self.end_subtree();
                self.current = begun(self.part.offset + self.part.length);
            }
            data = later;
        }
    }

    /// The part of the bytes so far.
    pub fn finish(mut self) -> Part {
        if !self.part.length.is_multiple_of(SUBTREE) {
            self.end_subtree();
        }
        self.part
    }

    fn end_subtree(&mut self) {
        if self.part.offset == 0 && self.part.values.is_empty() {
            self.part.alone = Some(self.current.finalize());
        }
        self.part.values.push(self.current.finalize_non_root());
    }
}

fn begun(offset: u64) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(offset);
    hasher
}
