//! The state tree with a million accounts: updates in blocks of 3,000, memory, the start of a node, and proofs; beside
//! them those of transactions in a full block.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool for the terminal that takes the time"
)]

use std::time::{Duration, Instant};

use allocation_counter::measure;
use shared::address::Address;
use shared::codec;
use shared::hash::{HistoryHead, sha256d};
use shared::merkle::{MerkleProof, merkle_root, merkle_siblings};
use shared::state::Account;
use shared::state_tree::{Change, StateTree, tree_key};
use shared::transaction::{Transaction, TransactionBody};

const ACCOUNTS: u64 = 1_000_000;
const BLOCK: u64 = 3_000;
const BLOCKS: u64 = 200;
/// Proofs that are made and verified.
const PROOFS: u64 = 10_000;
/// Transactions of a full block: 2048-bit keys and no comment.
const FULL: u32 = 1_600;

fn address(number: u64) -> Address {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Address(bytes)
}

/// What account `number` has after its `version`-th change.
fn account(number: u64, version: u64) -> Account {
    Account { balance: number, nonce: version, history_len: version, history_head: HistoryHead([7; 32]) }
}

fn change(number: u64, version: u64) -> Change {
    (tree_key(&address(number)), Some(account(number, version).value_hash()))
}

/// Returns accounts from all over the tree.
fn scattered(from: u64, count: u64) -> impl Iterator<Item = u64> {
    (from..from + count).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % ACCOUNTS)
}

/// The updates of one block.
fn block(version: u64) -> Vec<Change> {
    scattered(version * BLOCK, BLOCK).map(|number| change(number, version)).collect()
}

fn updates(tree: &mut StateTree) {
    let blocks: Vec<_> = (1..=BLOCKS).map(block).collect();
    let mut times = Vec::new();
    for changes in blocks {
        let started = Instant::now();
        tree.update(changes);
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let total: Duration = times.iter().sum();
    let rate = (BLOCK * BLOCKS) as f64 / total.as_secs_f64();
    let at = |part: usize| times[times.len() * part / 100];
    println!("blocks of {BLOCK} updates: median {:.2?}, p99 {:.2?}; {rate:.0} updates/s", at(50), at(99));
}

/// Prints what proofs take; each is made by `make` and verified by `verify`.
fn proofs<T: borsh::BorshSerialize>(
    what: &str,
    numbers: &[u64],
    make: impl Fn(u64) -> T,
    verify: impl Fn(u64, &T) -> bool,
) {
    let started = Instant::now();
    let proofs: Vec<_> = numbers.iter().map(|number| make(*number)).collect();
    let made = started.elapsed() / u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    let started = Instant::now();
    assert!(numbers.iter().zip(&proofs).all(|(number, proof)| verify(*number, proof)));
    let verified = started.elapsed() / u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    let mut sizes: Vec<_> = proofs.iter().map(|proof| codec::encode(proof).len()).collect();
    sizes.sort_unstable();
    println!(
        "proof of {what}: {} bytes in the middle, {} at most; made in {made:.2?}, verified in {verified:.2?}",
        sizes[sizes.len() / 2],
        sizes[sizes.len() - 1]
    );
}

fn transaction(nonce: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        sender: vec![0xff; 256],
        receiver: address(nonce),
        amount: 1,
        fee: 1,
        nonce,
        expires_at: 0,
        comment: String::new(),
    };
    Transaction { body, signature: vec![1; 256] }
}

fn transaction_proofs() {
    let encoded: Vec<_> = (0..u64::from(FULL)).map(|nonce| codec::encode(&transaction(nonce))).collect();
    // The coinbase's place is the first; what is in it does not matter here.
    let leaves: Vec<_> = std::iter::once([0; 32]).chain(encoded.iter().map(|bytes| sha256d(bytes))).collect();
    let root = merkle_root(&leaves);
    let numbers: Vec<_> = (0..u64::from(FULL)).collect();
    let make = |number: u64| {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let index = u32::try_from(number + 1).unwrap_or(u32::MAX);
        let siblings = merkle_siblings(&leaves, at + 1);
        MerkleProof { index, count: FULL + 1, leaf: encoded[at].clone(), siblings }
    };
    let what = format!("a transaction among {FULL}");
    proofs(&what, &numbers, make, |_, proof| proof.verify(&root).is_ok());
}

fn main() {
    let accounts: Vec<_> = (0..ACCOUNTS).map(|number| change(number, 0)).collect();
    let mut tree = StateTree::new();
    let mut built = Duration::ZERO;
    let memory = measure(|| {
        let input = accounts.clone();
        let started = Instant::now();
        tree.update(input);
        built = started.elapsed();
    });
    println!("build of {ACCOUNTS} accounts: {built:.2?}");
    println!("memory: {} bytes an account", memory.bytes_current.unsigned_abs() / ACCOUNTS);

    let root = tree.root();
    let what = format!("an account among {ACCOUNTS}");
    let numbers: Vec<_> = scattered(0, PROOFS).collect();
    let make = |number| tree.prove(&address(number), Some(account(number, 0)));
    proofs(&what, &numbers, make, |number, proof| {
        proof.verify(&address(number), &root) == Ok(account(number, 0))
    });
    transaction_proofs();
    updates(&mut tree);
}
