//! How arrays in chunks, and single chunks, go to other processes.
//!
//! What makes the chunks goes beside the bytes, where no program can change it:
//! if two processes did not agree on it, both could lock the same item.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::chunk::Chunk;
use super::chunked::ChunkedArray;
use super::plain::PlainData;
use crate::shm::chunks::Chunks;
use crate::shm::reduction::{Extent, deserialize_extent, serialize_block};

const ARRAY: &str = "ChunkedArray";
const CHUNK: &str = "Chunk";

impl<T: PlainData> Serialize for ChunkedArray<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let chunks = self.as_chunks();
        serialize_block(chunks.block(), extent(chunks, 0), ARRAY, to)
    }
}

impl<T: PlainData> Serialize for Chunk<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let chunks = self.chunks();
        let extent = extent(chunks, self.index());
        serialize_block(chunks.block(), extent, CHUNK, to)
    }
}

impl<'de, T: PlainData> Deserialize<'de> for ChunkedArray<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::of(deserialize(ARRAY, from)?.0))
    }
}

impl<'de, T: PlainData> Deserialize<'de> for Chunk<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (chunks, index) = deserialize(CHUNK, from)?;
        if index < chunks.count() {
            Ok(Self::of(chunks, index))
        } else {
            Err(D::Error::custom("there is no such chunk"))
        }
    }
}

fn extent<T: PlainData>(chunks: &Chunks<T>, chunk: usize) -> Extent {
    Extent {
        count: chunks.length(),
        item_size: size_of::<T>(),
        chunk_length: chunks.chunk_length(),
        chunk,
    }
}

/// All chunks, and the index of one, which may be none of them.
fn deserialize<'de, T: PlainData, D: Deserializer<'de>>(
    what: &'static str,
    from: D,
) -> Result<(Chunks<T>, usize), D::Error> {
    let (block, extent) = deserialize_extent(what, from)?;
    // With items of another size, a chunk would be other bytes than those that
    // its lock stands for elsewhere.
    if extent.item_size != size_of::<T>() {
        return Err(D::Error::custom("the items are of another size"));
    }
    let chunks = Chunks::attach(block, extent.count, extent.chunk_length)
        .ok_or_else(|| D::Error::custom("the array is too short"))?;
    Ok((chunks, extent.chunk))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sink::Bytes;
    use crate::shm::reduction::{arrive, pack, unpack};

    /// A chunk as it comes with another extent than the one that was sent.
    fn forge(change: impl Fn(&mut Extent)) -> Result<Chunk<u32>, String> {
        let chunk = ChunkedArray::from_slice(&[1, 2, 3, 4, 5], 2).chunk(1);
        let mut payload = pack(&chunk.unwrap()).unwrap();
        let arenas = payload.shared.arenas.iter();
        let arenas = arenas.map(|arena| arena.fd().try_clone_to_owned());
        let arenas = arenas.map(Result::unwrap).collect();
        change(&mut payload.shared.places[0].extent);
        arrive(payload.shared.places, arenas);
        let Bytes::Inline(bytes) = payload.bytes.finish().unwrap() else {
            panic!("it is short");
        };
        unpack(bytes.leak()).map_err(|error| error.to_string())
    }

    #[test]
    fn forged_extents_are_refused() {
        let chunk = forge(|_| ()).unwrap();
        assert_eq!((chunk.index(), chunk.range()), (1, 2..4));
        assert_eq!(forge(|extent| extent.chunk = 2).unwrap().range(), 4..5);
        let changes: [fn(&mut Extent); 9] = [
            |extent| extent.chunk = 3,
            |extent| extent.chunk = usize::MAX,
            |extent| extent.item_size = 2,
            |extent| extent.item_size = 0,
            |extent| extent.chunk_length = 0,
            |extent| (extent.chunk_length, extent.count) = (1, 64),
            |extent| (extent.chunk_length, extent.count) = (1, 1025),
            |extent| extent.count = 20,
            |extent| extent.count = usize::MAX,
        ];
        for change in changes {
            assert!(forge(change).is_err());
        }
    }
}
