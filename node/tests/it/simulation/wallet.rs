//! Who pays: keys that are names, and signatures that are hashes. They stand for cryptography alone, which a thousand
//! networks cannot afford; every other rule is the real one.

use std::collections::BTreeMap;

use shared::address::Address;
use shared::consensus::CheckedTransaction;
use shared::hash::tagged;
use shared::signature::Verifier;
use shared::spec::ChainSpec;
use shared::transaction::{TRANSACTION_VERSION, Transaction, TransactionBody};

/// So many wallets have coins from the start.
pub(super) const WALLETS: usize = 16;

/// Takes the hash of key and message for a signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashes;

impl Verifier for Hashes {
    fn verify(&self, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool {
        signature == hashes(modulus, message)
    }
}

fn hashes(modulus: &[u8], message: &[u8]) -> Vec<u8> {
    tagged("simulated signature", &[modulus, message]).repeat(8)
}

/// A public key of the shape that the rules demand.
pub(super) fn modulus(name: usize) -> Vec<u8> {
    let mut modulus = name.to_le_bytes().repeat(32);
    (modulus[0], modulus[255]) = (0x80, 1);
    modulus
}

/// The address of the wallet `name`.
pub(super) fn address(name: usize) -> Address {
    Address::of_modulus(&modulus(name))
}

/// A payment of the wallet `name`, not signed yet.
pub(super) fn payment(name: usize, nonce: u64, fee: u64) -> TransactionBody {
    TransactionBody {
        version: TRANSACTION_VERSION,
        sender: modulus(name),
        receiver: address(name + 1),
        amount: 1,
        fee,
        nonce,
        expires_at: 0,
        comment: String::new(),
    }
}

pub(super) fn sign(spec: &ChainSpec, body: TransactionBody) -> Transaction {
    let signature = hashes(&body.sender, &body.signing_bytes(spec.genesis_hash()));
    Transaction { body, signature }
}

/// What one honest wallet was promised, by nonce: the payment that its node admitted last, whoever brought it, or found
/// in a block. The wallet signed them all, so an old one that another node still had may replace a new one.
#[derive(Debug, Clone)]
pub(super) struct Promises {
    wallet: Address,
    pub(super) by_nonce: BTreeMap<u64, TransactionBody>,
}

impl Promises {
    /// Nothing, to the wallet `name`.
    pub(super) fn to(name: usize) -> Self {
        Self { wallet: address(name), by_nonce: BTreeMap::new() }
    }

    /// Takes a payment in place of another with its nonce, if it is of this wallet.
    pub(super) fn take(&mut self, payment: &CheckedTransaction) {
        if *payment.sender() == self.wallet {
            let body = payment.transaction().body.clone();
            self.by_nonce.insert(body.nonce, body);
        }
    }

    /// Forgets what has expired, and what would come after it: `nonce` is the account's.
    pub(super) fn expire(&mut self, nonce: u64, next_height: u64) {
        let is_over = |body: &TransactionBody| body.expires_at != 0 && body.expires_at < next_height;
        let first = self.by_nonce.range(nonce..).find(|(_, body)| is_over(body)).map(|(nonce, _)| *nonce);
        if let Some(first) = first {
            self.by_nonce.split_off(&first);
        }
    }
}
