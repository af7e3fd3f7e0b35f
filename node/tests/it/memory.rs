//! What the mempool counts is what it takes of the process' memory (H8).

use std::sync::Arc;

use allocation_counter::measure;
use imbl::OrdMap;
use node::mempool::{Context, Limits, Mempool};
use shared::address::Address;
use shared::codec;
use shared::consensus::check_transaction;
use shared::signature::Verifier;
use shared::spec::ChainSpec;
use shared::state::Account;
use shared::transaction::{MAX_COMMENT_BYTES, TRANSACTION_VERSION, Transaction, TransactionBody};

/// Signatures take the same memory, right or wrong.
struct Trusting;

impl Verifier for Trusting {
    fn verify(&self, _modulus: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
        true
    }
}

const COUNT: u32 = 4_000;

/// Returns encoded transactions, so many of each sender.
fn transactions(key_bytes: usize, comment_bytes: usize, per_sender: u32) -> Vec<Vec<u8>> {
    let transaction = |number: u32| {
        let mut sender = (number / per_sender).to_le_bytes().repeat(key_bytes / 4);
        sender[0] |= 0x80;
        sender[key_bytes - 1] |= 1;
        let body = TransactionBody {
            version: TRANSACTION_VERSION,
            receiver: Address::of_modulus(&number.to_le_bytes()),
            sender,
            amount: 1,
            fee: 1 + u64::from(number % 50),
            nonce: u64::from(number % per_sender),
            expires_at: 0,
            comment: "c".repeat(comment_bytes),
        };
        codec::encode(&Transaction { body, signature: vec![1; key_bytes] })
    };
    (0..COUNT).map(transaction).collect()
}

#[test]
fn the_mempool_counts_its_memory_right() {
    let spec = ChainSpec::dev();
    for (key_bytes, comment_bytes, per_sender) in
        [(256, 0, 1), (256, 0, 64), (256, MAX_COMMENT_BYTES, 8), (512, MAX_COMMENT_BYTES, 1)]
    {
        let encoded = transactions(key_bytes, comment_bytes, per_sender);
        let rich = Account { balance: 1_000_000, ..Account::default() };
        let sender = |bytes: &Vec<u8>| {
            let transaction: Transaction = codec::decode(bytes).unwrap();
            (Address::of_modulus(&transaction.body.sender), rich)
        };
        let accounts: OrdMap<_, _> = encoded.iter().map(sender).collect();
        let context = Context { accounts: &accounts, next_height: 1, now: 1 };
        let mut mempool = Mempool::new(Limits::default());
        let taken = measure(|| {
            for bytes in &encoded {
                let checked = check_transaction(&spec, &Trusting, codec::decode(bytes).unwrap()).unwrap();
                mempool.admit(Arc::new(checked), &context).unwrap();
                mempool.take_changes();
            }
        });
        let (taken, counted) = (taken.bytes_current as f64, mempool.memory_bytes() as f64);
        println!(
            "keys of {key_bytes} bytes, comments of {comment_bytes}, {per_sender} of a sender: {:.0} bytes each, {:.0} counted",
            taken / f64::from(COUNT),
            counted / f64::from(COUNT)
        );
        assert!((0.8..1.2).contains(&(counted / taken)), "{counted} bytes are counted, {taken} taken");
    }
}
