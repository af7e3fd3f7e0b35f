//! What the tests share: a chain whose work costs nothing, and signatures that do not either.

use borsh::BorshSerialize;
use sha2::{Digest, Sha256};
use shared::address::Address;
use shared::pow::CompactTarget;
use shared::signature::Verifier;
use shared::spec::{ChainSpec, Rules};

/// When the chain of [`chain`] begins.
pub(crate) const GENESIS_TIME: u32 = 1_000_000;

/// Returns a chain on which every second hash is work enough and six transactions fill a block.
pub(crate) fn chain(subsidy: u64) -> ChainSpec {
    let rules = Rules {
        address_prefix: "model".to_owned(),
        block_time: 2,
        difficulty_window: 10,
        limit_bits: CompactTarget(0x207f_ffff),
        subsidy,
        max_block_bytes: 4_000,
        upgrades: Vec::new(),
    };
    ChainSpec::new("model", rules, GENESIS_TIME, "").expect("such a chain can be")
}

/// Returns the modulus of key `number`. It is one by its shape alone, and no rule asks for more.
pub(crate) fn modulus(number: u8) -> Vec<u8> {
    let mut modulus = vec![number; 256];
    modulus[0] = 0x80;
    modulus[255] = 1;
    modulus
}

/// Returns the address of key `number`.
pub(crate) fn address(number: u8) -> Address {
    Address::of_modulus(&modulus(number))
}

/// Stands in for RSA, which is slow to sign with: a signature repeats the hash of key and message. Like an RSA
/// signature it is the only one of its key and message; unlike one, anybody can make it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HashVerifier;

/// Signs for [`HashVerifier`].
pub(crate) fn sign(modulus: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = Sha256::new().chain_update(modulus).chain_update(message).finalize();
    hash.iter().copied().cycle().take(modulus.len()).collect()
}

impl Verifier for HashVerifier {
    fn verify(&self, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool {
        signature == sign(modulus, message)
    }
}

/// Returns the encoding of `value`, past the crate's own codec.
pub(crate) fn bytes_of<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("memory takes every byte")
}
