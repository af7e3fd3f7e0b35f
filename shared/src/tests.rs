//! Ten thousand blocks, which give the same roots on every computer: natively, in a browser, and tomorrow.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::consensus::{BodyContext, CheckedTransaction, check_body, check_transaction};
use crate::hash::{BlockHash, ChainRoot, StateRoot};
use crate::ledger::Ledger;
use crate::pow::Ancestry;
use crate::signature::Verifier;
use crate::spec::ChainSpec;
use crate::transaction::{Transaction, TransactionBody};

const BLOCKS: u64 = 10_000;
const ACCOUNTS: u64 = 64;

#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Golden {
    about: String,
    every_thousandth_block: Vec<Roots>,
}

#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Roots {
    height: u64,
    block_hash: BlockHash,
    state_root: StateRoot,
    chain_root: ChainRoot,
}

/// Signatures are not what this is about, and thousands of them take minutes in a browser.
struct AcceptAll;

impl Verifier for AcceptAll {
    fn verify(&self, _modulus: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
        true
    }
}

/// `SplitMix64`: numbers that look random and are the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % limit
    }
}

fn modulus(account: u64) -> Vec<u8> {
    let mut modulus = vec![u8::try_from(account).expect("few"); 256];
    modulus[0] = 0x80;
    modulus[255] = 1;
    modulus
}

fn address(account: u64) -> Address {
    Address::of_modulus(&modulus(account))
}

/// Up to three payments that the ledger allows.
fn payments(dice: &mut Dice, ledger: &Ledger, spec: &ChainSpec) -> Vec<Arc<CheckedTransaction>> {
    let mut left = BTreeMap::new();
    let mut payments = Vec::new();
    for _ in 0..dice.below(4) {
        let (from, to) = (dice.below(ACCOUNTS), dice.below(ACCOUNTS));
        let (balance, nonce) = left.entry(from).or_insert_with(|| {
            let account = ledger.account(&address(from));
            (account.balance, account.nonce)
        });
        if *balance < 2 {
            continue;
        }
        let amount = 1 + dice.below(*balance / 2);
        let fee = dice.below(2);
        let body = TransactionBody {
            version: 1,
            sender: modulus(from),
            receiver: address(to),
            amount,
            fee,
            nonce: *nonce,
            expires_at: 0,
            comment: "鐵".repeat(usize::try_from(dice.below(5)).expect("few")),
        };
        *balance -= amount + fee;
        *nonce += 1;
        let transaction = Transaction { body, signature: vec![0; 256] };
        payments.push(Arc::new(check_transaction(spec, &AcceptAll, transaction).expect("it is sound")));
    }
    payments
}

fn roots() -> Vec<Roots> {
    let spec = Arc::new(ChainSpec::dev());
    let mut ledger = Ledger::new(Arc::clone(&spec));
    let mut dice = Dice(1);
    let genesis = spec.genesis().header;
    let mut ancestry = Ancestry { bits: genesis.bits, time: genesis.time, grandparent_time: None };
    let mut roots = Vec::new();
    for height in 1..=BLOCKS {
        let payments = payments(&mut dice, &ledger, &spec);
        let template =
            ledger.propose(ancestry, address(dice.below(ACCOUNTS)), payments).expect("all is covered");
        let time = ancestry.time + 1 + u32::try_from(dice.below(4)).expect("few");
        let bits = template.bits(spec.rules(), time).expect("legal bits");
        let extra_nonce = dice.below(u64::MAX);
        let block = template.block(template.header(extra_nonce, time, bits), extra_nonce);
        let context = BodyContext { spec: &spec, height, verifier: &AcceptAll, is_verified: &|_| false };
        let checked = check_body(&context, block).expect("the body is sound");
        ledger.connect(&checked).expect("the proposal is right");
        ancestry = Ancestry { bits, time, grandparent_time: Some(ancestry.time) };
        if height % 1_000 == 0 {
            let chain_root = checked.coinbase().chain_root;
            let state_root = ledger.state_root();
            roots.push(Roots { height, block_hash: *checked.hash(), state_root, chain_root });
        }
    }
    roots
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn ten_thousand_blocks_give_the_same_roots_everywhere() {
    let golden: Golden = serde_json::from_str(include_str!("../vectors/ten_thousand_blocks.json")).unwrap();
    let roots = roots();
    assert_eq!(roots, golden.every_thousandth_block, "{}", serde_json::to_string_pretty(&roots).unwrap());
}
