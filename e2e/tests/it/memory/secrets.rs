//! What to look for: a wallet's secrets in every form in which a program may hold them, cut into parts, so that what
//! is overwritten only in places is found as well.

use anyhow::{Context as _, Result};
use shared::keys::SigningKey;
use shared::words::Words;

/// Too long to be anywhere by chance.
const PART_BYTES: usize = 16;
/// What a PKCS#1 private key consists of. Version, modulus and exponent are no secrets.
const NUMBERS: [Option<&str>; 9] = [
    None,
    None,
    None,
    Some("d"),
    Some("p"),
    Some("q"),
    Some("d mod p-1"),
    Some("d mod q-1"),
    Some("1/q mod p"),
];

/// The parts of a wallet's secrets.
pub(super) struct Secrets {
    parts: Vec<(&'static str, Vec<u8>)>,
}

impl Secrets {
    /// Cuts up the words, their seed, their key, and the passphrase that encrypts them.
    pub(super) fn of(words: &Words, key: &SigningKey, passphrase: &str) -> Result<Self> {
        let mut secrets = Self { parts: Vec::new() };
        let list = words.words().collect::<Vec<_>>();
        secrets.add("words", list.join(" ").as_bytes());
        secrets.add("words", list.join("\",\"").as_bytes());
        secrets.add("seed", words.seed("").as_bytes());
        secrets.add("passphrase", passphrase.as_bytes());
        let der = key.to_pkcs1_der();
        for (name, number) in NUMBERS.into_iter().zip(integers(&der)?) {
            if let Some(name) = name {
                orders(number).iter().for_each(|bytes| secrets.add(name, bytes));
            }
        }
        Ok(secrets)
    }

    fn add(&mut self, name: &'static str, bytes: &[u8]) {
        self.parts.extend(bytes.chunks_exact(PART_BYTES).map(|part| (name, part.to_vec())));
    }

    /// Returns name and hex of each.
    pub(super) fn parts(&self) -> Vec<(&'static str, String)> {
        self.parts.iter().map(|(name, part)| (*name, hex::encode(part))).collect()
    }
}

/// Returns a number as it is written, from its other end, and in words of 32 and 64 bits, the highest first, whose
/// lowest byte comes first.
fn orders(number: &[u8]) -> [Vec<u8>; 4] {
    let swapped = |size| number.rchunks(size).rev().flat_map(|word| word.iter().rev().copied()).collect();
    [number.to_vec(), number.iter().rev().copied().collect(), swapped(4), swapped(8)]
}

/// Returns the integers of a DER sequence, without leading zeros.
fn integers(der: &[u8]) -> Result<Vec<&[u8]>> {
    let mut integers = Vec::new();
    let mut rest = value(der, 0x30)?.0;
    while !rest.is_empty() {
        let (integer, after) = value(rest, 0x02)?;
        integers.push(integer.strip_prefix(&[0]).unwrap_or(integer));
        rest = after;
    }
    Ok(integers)
}

/// Returns the bytes of the value that begins with this tag, and what comes after it.
fn value(der: &[u8], tag: u8) -> Result<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag]).and_then(<[u8]>::split_first).context("another tag")?;
    let bytes = usize::from(first.saturating_sub(0x80));
    let (length, rest) = rest.split_at_checked(bytes).context("no length")?;
    let length =
        if bytes == 0 { first.into() } else { length.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)) };
    rest.split_at_checked(length).context("a value that is too short")
}
