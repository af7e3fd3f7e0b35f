//! Hash functions and the types of their results (`docs/protocol.md`, section 1).

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};

/// SHA-256's state before the first block (FIPS 180-4, 5.3.3), for those who compress blocks themselves.
pub const SHA256_INITIAL_STATE: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Returns SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Returns SHA-256(SHA-256(bytes)): block hashes, transaction ids and Merkle nodes.
#[must_use]
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    sha256(&sha256(bytes))
}

/// Returns the tagged hash of BIP-340: SHA-256(SHA-256(tag) ‖ SHA-256(tag) ‖ parts…).
///
/// `parts` are hashed one after another, as if they were joined.
#[must_use]
pub fn tagged(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag_hash = sha256(tag.as_bytes());
    let mut hasher = Sha256::new_with_prefix(tag_hash);
    hasher.update(tag_hash);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A text is not the hex form of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash: expected 64 hex digits")]
pub struct ParseHashError;

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident, reversed: $reversed:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Returns the 32 bytes in the order in which they are hashed and encoded.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut bytes = self.0;
                if $reversed {
                    bytes.reverse();
                }
                f.write_str(&hex::encode(bytes))
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl core::str::FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                let mut bytes = [0_u8; 32];
                hex::decode_to_slice(text, &mut bytes).or(Err(ParseHashError))?;
                if $reversed {
                    bytes.reverse();
                }
                Ok(Self(bytes))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hash_type!(
    /// The hash of a block's header. Shown as hex with the bytes reversed, as Bitcoin shows it.
    BlockHash,
    reversed: true
);
hash_type!(
    /// The hash of a whole transaction. Shown as hex with the bytes reversed, as Bitcoin shows it.
    TxId,
    reversed: true
);
hash_type!(
    /// The root over a block's coinbase and transaction ids.
    MerkleRoot,
    reversed: false
);
hash_type!(
    /// The root over all accounts.
    StateRoot,
    reversed: false
);
hash_type!(
    /// The root over all headers before a block.
    ChainRoot,
    reversed: false
);
hash_type!(
    /// The running hash over all entries of one account's history.
    HistoryHead,
    reversed: false
);

#[cfg(test)]
mod tests;
