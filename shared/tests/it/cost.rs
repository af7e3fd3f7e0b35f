//! What it costs to judge a block: as much for each transaction, however many there are and whoever sends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use allocation_counter::measure;
use shared::block::Block;
use shared::consensus::{BodyContext, CheckedTransaction, check_body, check_transaction};
use shared::ledger::Ledger;
use shared::pow::Ancestry;
use shared::signature::Verifier;
use shared::spec::{ChainSpec, Rules};
use shared::transaction::{Transaction, TransactionBody};

use crate::support::{GENESIS_TIME, HashVerifier, address, chain, modulus, sign};

/// Accounts that have coins.
const FUNDED: u8 = 32;

/// Counts what it is asked.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Verifier for Counting {
    fn verify(&self, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        HashVerifier.verify(modulus, message, signature)
    }
}

/// The next block, without work.
fn propose(ledger: &mut Ledger, miner: u8, transactions: Vec<Arc<CheckedTransaction>>) -> Block {
    let height = u32::try_from(ledger.height()).expect("a test has few blocks");
    let bits = chain(0).rules().limit_bits;
    let ancestry = Ancestry { bits, time: GENESIS_TIME + height, grandparent_time: None };
    let template = ledger.propose(ancestry, address(miner), transactions).expect("the payments are valid");
    template.block(template.header(0, GENESIS_TIME + height + 1, bits), 0)
}

fn judge(spec: &ChainSpec, ledger: &mut Ledger, block: Block, verifier: &Counting) {
    let height = ledger.height() + 1;
    let body = BodyContext { spec, height, verifier, is_verified: &|_| false };
    let checked = check_body(&body, block).expect("the body is valid");
    ledger.connect(&checked).expect("the block is valid");
}

fn payment(spec: &ChainSpec, sender: u8, nonce: u64) -> Arc<CheckedTransaction> {
    let body = TransactionBody {
        version: 1,
        sender: modulus(sender),
        receiver: address(u8::try_from(nonce % 200).expect("it is below 200")),
        amount: 1,
        fee: 1,
        nonce,
        expires_at: 0,
        comment: String::new(),
    };
    let signature = sign(&body.sender, &body.signing_bytes(spec.genesis_hash()));
    Arc::new(check_transaction(spec, &HashVerifier, Transaction { body, signature }).expect("it is valid"))
}

/// Judges a block of `count` payments by the first `senders` accounts. Returns how often signatures were checked, and
/// how often and how much memory was asked for.
fn cost(spec: &Arc<ChainSpec>, count: u64, senders: u64) -> (usize, [u64; 2]) {
    let mut ledger = Ledger::new(Arc::clone(spec));
    for miner in 0..FUNDED {
        let block = propose(&mut ledger, miner, Vec::new());
        judge(spec, &mut ledger, block, &Counting::default());
    }
    let sender = |index| u8::try_from(index % senders).expect("there are few senders");
    let payments = (0..count).map(|index| payment(spec, sender(index), index / senders)).collect();
    let block = propose(&mut ledger, 0, payments);
    let verifier = Counting::default();
    let memory = measure(|| judge(spec, &mut ledger, block, &verifier));
    (verifier.0.into_inner(), [memory.count_total, memory.bytes_total])
}

#[test]
fn judging_a_block_costs_the_same_for_each_transaction() {
    let rules = Rules { max_block_bytes: 2_000_000, ..chain(100_000).rules().clone() };
    let spec = Arc::new(ChainSpec::new("cost", rules, GENESIS_TIME, "").expect("such a chain can be"));
    for senders in [1, u64::from(FUNDED)] {
        let (mut count, (_, mut before)) = (400, cost(&spec, 400, senders));
        while count < 3_200 {
            count *= 2;
            let (n_checks, memory) = cost(&spec, count, senders);
            assert_eq!(n_checks, usize::try_from(count).expect("it is small"));
            // Twice as many need at most twice as much; trees and growing lists need a little more now and then.
            for (before, now) in before.iter().zip(memory) {
                assert!(now <= before * 23 / 10, "{count} transactions of {senders}: {before} to {now}");
            }
            before = memory;
        }
    }
}
