//! Chains to measure, made here.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use node::verifier::AwsLcVerifier;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use shared::address::Address;
use shared::block::Block;
use shared::consensus::{BodyContext, CheckedBlock, CheckedTransaction, check_body, check_transaction};
use shared::keys::SigningKey;
use shared::ledger::Ledger;
use shared::pow::{Ancestry, CompactTarget};
use shared::signature::Verifier;
use shared::spec::{ChainSpec, Rules};
use shared::transaction::{Transaction, TransactionBody};

/// Transactions that fill a block of 1 MB: 2048-bit keys and no comment make them 577 bytes long.
pub(crate) const FULL: usize = 1_600;

/// Seconds: more than 100,000 blocks take, so that none is ahead of a real node's clock.
const PAST: u32 = 10_000_000;

pub(crate) fn spec() -> Arc<ChainSpec> {
    let dev = ChainSpec::dev();
    let rules = Rules { limit_bits: CompactTarget(0x207f_ffff), subsidy: 1_000_000, ..dev.rules().clone() };
    let time = dev.genesis().header.time - PAST;
    Arc::new(ChainSpec::new("bench", rules, time, "a chain to measure").unwrap())
}

pub(crate) struct Key {
    pair: RsaKeyPair,
    modulus: Vec<u8>,
    pub(crate) address: Address,
}

/// The 2048-bit keys of the vectors.
pub(crate) fn keys() -> Vec<Key> {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../shared/vectors/keys.json")).unwrap();
    let key = |vector: &serde_json::Value| {
        let pem = vector["pkcs1_pem"].as_str().unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        let pair = RsaKeyPair::from_der(&der).unwrap();
        let public = SigningKey::import(pem).unwrap();
        let modulus = public.public_key().modulus().to_vec();
        Key { pair, modulus, address: public.public_key().address() }
    };
    vectors["vectors"].as_array().unwrap().iter().map(key).collect()
}

/// Takes every signature for good.
#[derive(Debug)]
struct Unchecked;

impl Verifier for Unchecked {
    fn verify(&self, _: &[u8], _: &[u8], _: &[u8]) -> bool {
        true
    }
}

/// A chain that grows.
pub(crate) struct Made {
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) keys: Vec<Key>,
    pub(crate) blocks: Vec<Block>,
    ledger: Ledger,
    tip: Ancestry,
    nonces: Vec<u64>,
    receivers: u64,
}

impl Made {
    pub(crate) fn new() -> Self {
        let spec = spec();
        let genesis = spec.genesis().header;
        let keys = keys();
        Self {
            ledger: Ledger::new(Arc::clone(&spec)),
            tip: Ancestry { bits: genesis.bits, time: genesis.time, grandparent_time: None },
            nonces: vec![0; keys.len()],
            blocks: Vec::new(),
            receivers: 0,
            keys,
            spec,
        }
    }

    /// The time of the last block.
    pub(crate) fn now(&self) -> u64 {
        u64::from(self.tip.time)
    }

    /// What the first `senders` keys pay in turn, to as many receivers as wanted.
    fn bodies(&mut self, count: usize, senders: usize, receivers: u64) -> Vec<(usize, TransactionBody)> {
        let body = |index: usize| {
            let sender = index % senders;
            let nonce = self.nonces[sender];
            self.nonces[sender] += 1;
            self.receivers += 1;
            let mut receiver = [0; 20];
            receiver[..8].copy_from_slice(&(self.receivers * 7_919 % receivers).to_le_bytes());
            let body = TransactionBody {
                version: 1,
                sender: self.keys[sender].modulus.clone(),
                receiver: Address(receiver),
                amount: 1,
                fee: 1,
                nonce,
                expires_at: 0,
                comment: String::new(),
            };
            (sender, body)
        };
        (0..count).map(body).collect()
    }

    /// Signed payments of the first `senders` keys, in turn, to one receiver in ten thousand.
    pub(crate) fn payments(&mut self, count: usize, senders: usize) -> Vec<Arc<CheckedTransaction>> {
        let bodies = self.bodies(count, senders, 10_000);
        let sign = |(sender, body): &(usize, TransactionBody)| {
            let mut signature = vec![0; 256];
            let message = body.signing_bytes(self.spec.genesis_hash());
            let key = &self.keys[*sender].pair;
            key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
            let transaction = Transaction { body: body.clone(), signature };
            Arc::new(check_transaction(&self.spec, &AwsLcVerifier, transaction).unwrap())
        };
        bodies.par_iter().map(sign).collect()
    }

    /// Mines `count` full blocks that pay one receiver in `receivers`, without the signatures, which take the time: for what
    /// looks at none.
    pub(crate) fn fill_unsigned(&mut self, count: usize, receivers: u64) {
        for _ in 0..count {
            let bodies = self.bodies(FULL, self.keys.len(), receivers);
            let unsigned = bodies.into_iter().map(|(_, body)| {
                let transaction = Transaction { body, signature: vec![0; 256] };
                Arc::new(check_transaction(&self.spec, &Unchecked, transaction).unwrap())
            });
            let unsigned = unsigned.collect();
            self.mine(self.keys[0].address, unsigned);
        }
    }

    /// Mines the next block.
    pub(crate) fn mine(&mut self, miner: Address, transactions: Vec<Arc<CheckedTransaction>>) -> &Block {
        let template = self.ledger.propose(self.tip, miner, transactions).unwrap();
        let time = self.tip.time + self.spec.rules().block_time;
        let bits = template.bits(self.spec.rules(), time).unwrap();
        let mut block = template.block(template.header(0, time, bits), 0);
        while !bits.target().unwrap().is_met_by(&block.header.hash()) {
            block.header.nonce += 1;
        }
        let height = self.ledger.height() + 1;
        let body = BodyContext { spec: &self.spec, height, verifier: &AwsLcVerifier, is_verified: &|_| true };
        self.ledger.connect(&check_body(&body, block.clone()).unwrap()).unwrap();
        self.tip = Ancestry { bits, time, grandparent_time: Some(self.tip.time) };
        self.blocks.push(block);
        self.blocks.last().unwrap()
    }

    /// Mines a block for each key, so that it can pay.
    pub(crate) fn fund(&mut self) {
        for index in 0..self.keys.len() {
            let address = self.keys[index].address;
            self.mine(address, Vec::new());
        }
    }

    /// Mines `count` full blocks.
    pub(crate) fn fill(&mut self, count: usize) {
        for _ in 0..count {
            let payments = self.payments(FULL, self.keys.len());
            self.mine(self.keys[0].address, payments);
        }
    }

    /// All of `blocks`, the last of which is the tip, with their bodies checked, signatures aside.
    pub(crate) fn checked(&self) -> Vec<CheckedBlock> {
        let check = |(height, block): (u64, &Block)| {
            let body =
                BodyContext { spec: &self.spec, height, verifier: &AwsLcVerifier, is_verified: &|_| true };
            check_body(&body, block.clone()).unwrap()
        };
        let first = self.ledger.height() + 1 - self.blocks.len() as u64;
        (first..).zip(&self.blocks).map(check).collect()
    }
}
