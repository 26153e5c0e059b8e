//! The bytes of saved state: numbers in little-endian, texts behind their length, keys in front of what belongs to them.

use super::{KeyId, KeyList};
use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::{Section, SectionId};

/// Saves keyed state: a section a key group, each beginning with its keys in the order of their bytes; `write` appends
/// what belongs to these keys. Keys that are not `live` are left out. [`super::KeyInterner::restore`] reads the keys.
pub fn save_by_group(
    keys: &KeyList,
    version: u16,
    live: impl Fn(KeyId) -> bool,
    mut write: impl FnMut(&[KeyId], &mut StateWriter) -> Result<()>,
) -> Result<Vec<Section>> {
    let section = |(group, ids): (u16, Vec<KeyId>)| {
        let mut out = StateWriter::default();
        out.u32(ids.len() as u32);
        for &id in &ids {
            out.bytes(keys.bytes(id));
        }
        write(&ids, &mut out)?;
        Ok(Section { id: SectionId::Group(group), version, bytes: out.finish().into() })
    };
    keys.by_group(live).into_iter().map(section).collect()
}

/// Writes state.
#[derive(Debug, Default)]
pub struct StateWriter {
    out: Vec<u8>,
}

/// Reads state, and says so where it is damaged.
#[derive(Debug)]
pub struct StateReader<'a> {
    rest: &'a [u8],
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        impl StateWriter { $(
            #[doc = concat!("Appends a `", stringify!($type), "`.")]
            pub fn $name(&mut self, value: $type) {
                self.out.extend_from_slice(&value.to_le_bytes());
            }
        )* }

        impl StateReader<'_> { $(
            #[doc = concat!("The next `", stringify!($type), "`.")]
            pub fn $name(&mut self) -> Result<$type> {
                let bytes = self.take(size_of::<$type>())?;
                Ok(<$type>::from_le_bytes(bytes.try_into().map_err(|_| damaged())?))
            }
        )* }
    };
}

numbers!(u8: u8, u32: u32, u64: u64, i64: i64, i128: i128, f64: f64);

impl StateWriter {
    /// Appends a `bool`.
    pub fn bool(&mut self, value: bool) {
        self.u8(value.into());
    }

    /// Appends bytes behind their length.
    pub fn bytes(&mut self, value: &[u8]) {
        self.u32(value.len() as u32);
        self.out.extend_from_slice(value);
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}

impl<'a> StateReader<'a> {
    /// Reads a section's bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `bool`.
    pub fn bool(&mut self) -> Result<bool> {
        Ok(self.u8()? != 0)
    }

    /// The next bytes that stand behind their length.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    /// Whether all has been read.
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(head)
    }
}

fn damaged() -> Error {
    Error::new(ErrorKind::Refused, "the saved state cannot be read: it ends too early")
}
