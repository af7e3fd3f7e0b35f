//! Borsh with limits: one value has one encoding, and no input makes a decoder reserve memory that it cannot fill
//! (`docs/protocol.md`, section 1).

use borsh::io::{Error, ErrorKind, Read, Result as IoResult};
use borsh::{BorshDeserialize, BorshSerialize};

/// Bytes are not the encoding of the value that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed bytes: {reason}")]
pub struct DecodeError {
    /// What the decoder met, for people.
    pub reason: String,
}

/// Returns the one encoding of `value`.
///
/// # Panics
/// Never: writing to memory cannot fail, and no length in this crate exceeds `u32`.
#[must_use]
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "a Vec<u8> accepts every write, and lengths stay far below 2^32")]
    borsh::to_vec(value).expect("writing to memory succeeds because nothing is longer than u32")
}

/// Decodes one value from exactly `bytes`.
///
/// # Errors
/// When bytes are missing, left over or not the encoding of a `T`.
pub fn decode<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, DecodeError> {
    borsh::from_slice(bytes).map_err(|error| DecodeError { reason: error.to_string() })
}

/// Keys, signatures and comments are shorter. Room for them is made at once, and no more than they need.
const SHORT_BYTES: u64 = 1_024;

/// Reads a byte vector. Beyond [`SHORT_BYTES`] it grows only as bytes arrive, whatever length is claimed.
pub(crate) fn read_bytes<R: Read>(reader: &mut R) -> IoResult<Vec<u8>> {
    let length = u64::from(u32::deserialize_reader(reader)?);
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(SHORT_BYTES)).unwrap_or_default());
    let read = reader.take(length).read_to_end(&mut bytes)?;
    if u64::try_from(read).ok() == Some(length) {
        Ok(bytes)
    } else {
        Err(Error::new(ErrorKind::UnexpectedEof, "a length claims more bytes than are left"))
    }
}

/// Reads a string as [`read_bytes`] does and checks its UTF-8.
pub(crate) fn read_string<R: Read>(reader: &mut R) -> IoResult<String> {
    String::from_utf8(read_bytes(reader)?)
        .or(Err(Error::new(ErrorKind::InvalidData, "a text is not valid UTF-8")))
}

#[cfg(test)]
mod tests;
