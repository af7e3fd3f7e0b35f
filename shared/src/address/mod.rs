//! Addresses: 20 bytes, written as bech32m (BIP-350) or, for a key's owner, as the tutorial writes them
//! (`docs/protocol.md`, section 2).

use bech32::primitives::decode::{CheckedHrpstring, UncheckedHrpstring};
use bech32::{Bech32m, Hrp};
use borsh::{BorshDeserialize, BorshSerialize};

use crate::hash::tagged;
use crate::keys::{KeyError, PublicKey};
use crate::words;

/// The characters that follow the prefix and its `1`: 32 of 5 bits for the address, 6 for the checksum.
const DATA_CHARACTERS: usize = 38;
/// The alphabet of bech32: no 1, b, i or o.
const ALPHABET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Who can be paid: the first 20 bytes of the tagged hash of a modulus.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address(pub [u8; 20]);

/// A text is not an address of this chain. Positions count characters from 1.
///
/// What was typed is never repeated beyond one character or another chain's prefix, because it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressError {
    /// Nothing was typed.
    #[error("enter an address")]
    Empty,
    /// A private key, or the words of one.
    #[error(
        "this is not an address but a private key or its words: whoever sees them can take all its coins; do not \
         send them to anyone, and ask the receiver for the address instead"
    )]
    PrivateKey,
    /// A text of another kind.
    #[error("this is not an address: addresses here begin with {expected}1")]
    NotAnAddress {
        /// The prefix of this chain's addresses.
        expected: String,
    },
    /// A valid address, for another chain.
    #[error(
        "this address belongs to another chain: it begins with {prefix}1, addresses here with {expected}1"
    )]
    OtherChain {
        /// The prefix of the text.
        prefix: String,
        /// The prefix of this chain's addresses.
        expected: String,
    },
    /// Both small and capital letters.
    #[error("this address mixes small and capital letters, so it was changed on the way: copy it again")]
    MixedCase,
    /// A character that no address contains.
    #[error("{character:?} at position {position} is in no address: check that character or copy it again")]
    InvalidCharacter {
        /// The first such character.
        character: char,
        /// Where it is, counted from 1.
        position: usize,
    },
    /// Something is missing or too much.
    #[error("this address has {got} characters instead of {expected}: copy the whole address again")]
    WrongLength {
        /// The number of characters.
        got: usize,
        /// The number that every address of this chain has.
        expected: usize,
    },
    /// The checksum is wrong.
    #[error("this address contains a typing error{}", match .suspect {
        Some(position) => format!(", most likely at position {position}: check that character"),
        None => ": compare it with the original or copy it again".to_owned(),
    })]
    Checksum {
        /// The one character whose change makes the address valid, counted from 1. What it should be is not
        /// told: the receiver's original decides, not a guess.
        suspect: Option<usize>,
    },
    /// A tutorial address that is not exactly one.
    #[error(transparent)]
    Tutorial(KeyError),
}

impl Address {
    /// Returns the 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Returns the address of a public key's big-endian modulus.
    #[must_use]
    pub fn of_modulus(modulus: &[u8]) -> Self {
        let hash = tagged("ironchain/address", &[modulus]);
        let mut bytes = [0; 20];
        for (place, byte) in bytes.iter_mut().zip(hash) {
            *place = byte;
        }
        Self(bytes)
    }

    /// Returns the bech32m text with the chain's `prefix`, in small letters.
    ///
    /// # Panics
    /// When `prefix` is no bech32 prefix; the rules of a chain are checked for that when they are read.
    #[must_use]
    pub fn to_text(&self, prefix: &str) -> String {
        #[expect(clippy::expect_used, reason = "a chain's rules are refused when their prefix is malformed")]
        let prefix = Hrp::parse(prefix).expect("the prefix is valid because the chain's rules were checked");
        #[expect(
            clippy::expect_used,
            reason = "20 bytes and any prefix stay below bech32's length limit of 1023"
        )]
        bech32::encode_lower::<Bech32m>(prefix, &self.0)
            .expect("20 bytes fit because they take 38 characters")
    }

    /// Reads a bech32m address of the chain with this `prefix`, in small or in capital letters. Surrounding white
    /// space is not removed.
    ///
    /// # Errors
    /// The one that helps most to mend the text.
    pub fn parse(text: &str, prefix: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if looks_secret(text) {
            return Err(AddressError::PrivateKey);
        }
        parse_bech32m(text, prefix)
    }

    /// Reads whatever people may type where an address is expected: bech32m, as [`Self::parse`], or a tutorial
    /// address, which means the address of that key.
    ///
    /// # Errors
    /// As [`Self::parse`], and [`AddressError::Tutorial`].
    pub fn parse_any(text: &str, prefix: &str) -> Result<Self, AddressError> {
        // The DER of a public key of any size begins with 30 82, which is "MII" in base64.
        if text.starts_with("MII") {
            match PublicKey::from_tutorial_address(text) {
                // It is public, whatever words its letters may spell.
                Ok(key) => return Ok(key.address()),
                Err(error) if !looks_secret(text) => return Err(AddressError::Tutorial(error)),
                Err(_) => {}
            }
        }
        Self::parse(text, prefix)
    }
}

fn parse_bech32m(text: &str, prefix: &str) -> Result<Address, AddressError> {
    let not_an_address = || AddressError::NotAnAddress { expected: prefix.to_owned() };
    let invalid = text.chars().enumerate().find(|(_, character)| !character.is_ascii_graphic());
    if let Some((index, character)) = invalid {
        return Err(AddressError::InvalidCharacter { character, position: index.saturating_add(1) });
    }
    if text.contains(|c: char| c.is_ascii_lowercase()) && text.contains(|c: char| c.is_ascii_uppercase()) {
        return Err(AddressError::MixedCase);
    }
    let text = text.to_ascii_lowercase();
    // A `1` in the data is a mistyped letter, unless what precedes it is another chain's prefix.
    let (typed_prefix, data) = match text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('1')) {
        Some(data) => (prefix, data),
        None => text.rsplit_once('1').ok_or_else(not_an_address)?,
    };
    if typed_prefix != prefix {
        return Err(match mended_prefix(typed_prefix, data, prefix) {
            Some(position) => AddressError::Checksum { suspect: Some(position) },
            None if is_address_of_some_chain(&text) => {
                AddressError::OtherChain { prefix: typed_prefix.to_owned(), expected: prefix.to_owned() }
            }
            None => not_an_address(),
        });
    }
    let before_data = prefix.len().saturating_add(1);
    let foreign = data.chars().enumerate().find(|(_, character)| !ALPHABET.contains(*character));
    if let Some((index, character)) = foreign {
        let position = before_data.saturating_add(index).saturating_add(1);
        return Err(AddressError::InvalidCharacter { character, position });
    }
    if data.len() != DATA_CHARACTERS {
        let expected = before_data.saturating_add(DATA_CHARACTERS);
        return Err(AddressError::WrongLength { got: text.len(), expected });
    }
    decode(prefix, data).ok_or_else(|| {
        let suspect =
            mended_data(prefix, data).map(|index| before_data.saturating_add(index).saturating_add(1));
        AddressError::Checksum { suspect }
    })
}

/// Decodes without saying what is wrong.
fn decode(prefix: &str, data: &str) -> Option<Address> {
    let text = format!("{prefix}1{data}");
    let bytes = CheckedHrpstring::new::<Bech32m>(&text).ok()?.byte_iter().collect::<Vec<u8>>();
    bytes.try_into().ok().map(Address)
}

fn is_address_of_some_chain(text: &str) -> bool {
    UncheckedHrpstring::new(text).is_ok_and(|parts| {
        // The data part includes the checksum.
        parts.data_part_ascii().len() == DATA_CHARACTERS && parts.has_valid_checksum::<Bech32m>()
    })
}

/// Returns the position, from 1, of the one character of the prefix that is mistyped, when all else is right.
fn mended_prefix(typed: &str, data: &str, prefix: &str) -> Option<usize> {
    if typed.len() != prefix.len() || decode(prefix, data).is_none() {
        return None;
    }
    let mut different = typed.chars().zip(prefix.chars()).enumerate().filter(|(_, (a, b))| a != b);
    let (index, _) = different.next()?;
    different.next().is_none().then_some(index.saturating_add(1))
}

/// Returns the index of the one character of `data` whose change makes the checksum right. There is never a second
/// one: two valid texts differ in at least five places.
fn mended_data(prefix: &str, data: &str) -> Option<usize> {
    (0..data.len()).find(|index| {
        ALPHABET.chars().any(|other| {
            let substitute = |(at, character)| if at == *index { other } else { character };
            let mended = data.chars().enumerate().map(substitute).collect::<String>();
            decode(prefix, &mended).is_some()
        })
    })
}

/// Returns whether `text` is, or begins like, a private key in PEM or base64, or is a list of secret words.
///
/// A damaged or truncated key is a secret as well, so only its beginning is looked at.
fn looks_secret(text: &str) -> bool {
    text.contains("PRIVATE KEY") || begins_like_private_key(text) || is_mostly_secret_words(text)
}

/// Returns whether what was typed to start a program holds a private key or its words, which no message may repeat.
///
/// `arguments` are as the shell split them. `paths` are the options that take the name of a file, which may consist of
/// any words.
#[must_use]
pub fn is_secret_typed(arguments: &[String], paths: &[&str]) -> bool {
    let after = core::iter::once("").chain(arguments.iter().map(String::as_str));
    let values = arguments.iter().zip(after).filter(|(text, before)| {
        let option = text.split_once('=').map_or(*before, |(option, _)| option);
        !paths.contains(&option)
    });
    let values: Vec<&str> = values.map(|(text, _)| text.as_str()).collect();
    // Words that were not quoted arrive one by one, each of them plain.
    let is_plain = |text: &&&str| text.chars().all(char::is_alphabetic);
    let together = values.iter().filter(is_plain).copied().collect::<Vec<_>>().join(" ");
    let value_of = |text: &str| text.split_once('=').is_some_and(|(_, value)| looks_secret(value));
    looks_secret(&together) || values.iter().any(|text| looks_secret(text) || value_of(text))
}

/// Looks for SEQUENCE, its length, INTEGER 0 or 1: the version that every private key starts with and no public
/// key does.
fn begins_like_private_key(text: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let head = text.chars().filter(|character| !character.is_whitespace()).take(12).collect::<String>();
    STANDARD
        .decode(head)
        .is_ok_and(|head| matches!(head.as_slice(), [0x30, 0x82, _, _, 0x02, 0x01, 0x00 | 0x01, ..]))
}

/// Six words of the list are no sentence by chance, and half of a secret is worth hiding. The folders of a path may be
/// any words, so they do not count together.
fn is_mostly_secret_words(text: &str) -> bool {
    let is_word = |word: &&str| words::is_word(&word.to_ascii_lowercase());
    text.split(['/', '\\']).any(|part| words::split(part).filter(is_word).take(6).count() == 6)
}

impl core::fmt::Debug for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Address({})", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests;
