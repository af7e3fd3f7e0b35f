//! Our own miner's blocks, many of them, out of a full mempool.

use node::chain::{Options, SubmitTransactionError};
use node::mempool::{AdmissionError, Limits};
use redb::backends::InMemoryBackend;
use shared::block::MAX_COINBASE_MESSAGE_BYTES;
use shared::consensus::CheckedTransaction;
use shared::spec::ChainSpec;
use shared::transaction::{MAX_COMMENT_BYTES, TransactionBody};

use crate::disk::Random;
use crate::support::{ManualClock, TestChain, address, payment, signed, spec_with};

/// Two of the largest payments fit, or three of the smallest with four bytes to spare.
const BLOCK_BYTES: u32 = 2_000;
const SENDERS: usize = 8;
const PER_SENDER: usize = 320;
const BLOCKS: usize = 1_000;

/// Payments in nonce order, of all sizes that a key of 2048 bits can make, and of many fees.
fn payments(spec: &ChainSpec, sender: usize) -> Vec<CheckedTransaction> {
    let mut random = Random(u64::try_from(sender).unwrap());
    let one = |nonce| {
        let comment = match random.below(4) {
            0 => MAX_COMMENT_BYTES,
            1 => 0,
            _ => random.below(MAX_COMMENT_BYTES + 1),
        };
        let receiver = address(random.below(SENDERS));
        let fee = 2 + random.next() % 50;
        let body = TransactionBody { fee, comment: "x".repeat(comment), ..payment(sender, receiver, nonce) };
        signed(spec, sender, body)
    };
    (0..).take(PER_SENDER).map(one).collect()
}

#[tokio::test]
async fn a_thousand_blocks_of_a_full_mempool_are_valid() {
    let spec = spec_with(|rules| {
        rules.max_block_bytes = BLOCK_BYTES;
        rules.subsidy = 1_000_000;
    });
    let mempool = Limits { per_sender: PER_SENDER, count: SENDERS * PER_SENDER, ..Limits::default() };
    let options = Options { mempool, ..Options::default() };
    let clock = ManualClock::new(&spec);
    let test = TestChain::on_with(&spec, options, clock, InMemoryBackend::new(), false).unwrap();
    for miner in 0..=SENDERS {
        test.mine(address(miner)).await;
    }
    for payment in (0..SENDERS).flat_map(|sender| payments(&spec, sender)) {
        test.chain.submit_transaction(payment).await.unwrap();
    }
    let one_more = test.pay(SENDERS, payment(SENDERS, address(0), 0)).await;
    assert!(
        matches!(one_more, Err(SubmitTransactionError::Refused(AdmissionError::Full { fee: 1 }))),
        "{one_more:?}"
    );

    let mut fullest = 0;
    for _ in 0..BLOCKS {
        // It is accepted, or this panics.
        let block = test.mine(address(SENDERS)).await;
        assert!(!block.transactions.is_empty());
        fullest = fullest.max(shared::codec::encode(&block).len());
    }
    // Miners may put a message of 64 bytes in, and there is no room for another payment's last bytes.
    let limit = usize::try_from(BLOCK_BYTES).unwrap() - MAX_COINBASE_MESSAGE_BYTES;
    assert!((limit - 8..=limit).contains(&fullest), "{fullest}");
}
