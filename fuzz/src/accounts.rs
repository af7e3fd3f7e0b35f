//! Few accounts that pay each other, with signatures that cost nothing.

use std::sync::Arc;

use arbitrary::Arbitrary;
use shared::address::Address;
use shared::consensus::{CheckedTransaction, check_transaction};
use shared::signature::Verifier;
use shared::spec::ChainSpec;
use shared::transaction::{Transaction, TransactionBody};

/// Takes every signature for good: what is fuzzed comes after it.
#[derive(Debug)]
pub struct AcceptAll;

impl Verifier for AcceptAll {
    fn verify(&self, _modulus: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
        true
    }
}

fn modulus(number: u8) -> Vec<u8> {
    let mut modulus = vec![number % 4; 256];
    modulus[0] = 0x80;
    modulus[255] = 1;
    modulus
}

/// Returns one of four addresses.
pub fn address(number: u8) -> Address {
    Address::of_modulus(&modulus(number))
}

/// A payment between them.
#[derive(Debug, Clone, Arbitrary)]
pub struct Payment {
    sender: u8,
    receiver: u8,
    amount: u16,
    fee: u8,
    /// Added to the sender's next nonce.
    nonce_off: i8,
    expires_at: u8,
    signature: u8,
}

impl Payment {
    pub fn sender(&self) -> Address {
        address(self.sender)
    }

    /// Returns the payment, when the sender's next nonce is `nonce` and TX-1 to TX-4 hold.
    pub fn build(&self, spec: &ChainSpec, nonce: u64) -> Option<Arc<CheckedTransaction>> {
        let body = TransactionBody {
            version: 1,
            sender: modulus(self.sender),
            receiver: address(self.receiver),
            amount: self.amount.into(),
            fee: self.fee.into(),
            // Most of them fit.
            nonce: nonce.saturating_add_signed((self.nonce_off / 64).into()),
            expires_at: self.expires_at.into(),
            comment: String::new(),
        };
        let transaction = Transaction { body, signature: vec![self.signature; 256] };
        check_transaction(spec, &AcceptAll, transaction).ok().map(Arc::new)
    }
}
