//! A chain thread with a real store in a temporary directory, a clock set by hand, and blocks mined on the spot.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use node::chain::{self, ChainHandle, ChainThread, Options, SubmitTransactionError, Submitted};
use node::clock::Clock;
use node::store::{STORE_FILE, Store, StoreError};
use node::verifier::AwsLcVerifier;
use shared::address::Address;
use shared::block::Block;
use shared::consensus::{CheckedTransaction, check_transaction};
use shared::hash::TxId;
use shared::keys::SigningKey;
use shared::merkle::merkle_root;
use shared::pow::CompactTarget;
use shared::spec::{ChainSpec, Rules};
use shared::transaction::{TRANSACTION_VERSION, Transaction, TransactionBody};
use tempfile::TempDir;

/// For a machine that does everything else at the same time, and for a node that may dial again only a minute later.
/// Nothing that is waited for takes as long by itself.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);

/// A clock that stands until it is set.
#[derive(Debug)]
pub(crate) struct ManualClock {
    unix_s: AtomicU64,
    /// What has passed.
    steady_s: AtomicU64,
}

impl ManualClock {
    /// Begins at the genesis of `spec`.
    pub(crate) fn new(spec: &ChainSpec) -> Arc<Self> {
        let unix_s = u64::from(spec.genesis().header.time);
        Arc::new(Self { unix_s: AtomicU64::new(unix_s), steady_s: AtomicU64::new(unix_s) })
    }

    /// Sets it, as an operator or a time server does.
    pub(crate) fn set(&self, unix_s: u64) {
        self.unix_s.store(unix_s, Ordering::Relaxed);
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: u64) {
        self.unix_s.fetch_add(seconds, Ordering::Relaxed);
        self.steady_s.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Goes forward to `unix_s`, never back.
    pub(crate) fn reach(&self, unix_s: u64) {
        self.advance(unix_s.saturating_sub(self.now()));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> u64 {
        self.unix_s.load(Ordering::Relaxed)
    }

    fn steady(&self) -> u64 {
        self.steady_s.load(Ordering::Relaxed)
    }
}

/// Dev, but with a target that two hashes meet.
pub(crate) fn easy_spec() -> Arc<ChainSpec> {
    spec_with(|_| ())
}

/// [`easy_spec`] with other rules.
pub(crate) fn spec_with(change: impl FnOnce(&mut Rules)) -> Arc<ChainSpec> {
    let dev = ChainSpec::dev();
    let mut rules = Rules { limit_bits: CompactTarget(0x207f_ffff), ..dev.rules().clone() };
    change(&mut rules);
    Arc::new(ChainSpec::new("easy", rules, dev.genesis().header.time, "a chain for tests").unwrap())
}

static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    #[derive(serde::Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }
    #[derive(serde::Deserialize)]
    struct Vector {
        pkcs1_pem: String,
    }
    let vectors: Vectors = serde_json::from_str(include_str!("../../../shared/vectors/keys.json")).unwrap();
    vectors.vectors.iter().map(|vector| SigningKey::import(&vector.pkcs1_pem).unwrap()).collect()
});

/// Some keys of the vectors; each call gives the same one for the same number.
pub(crate) fn key(number: usize) -> &'static SigningKey {
    &KEYS[number]
}

/// The address of [`key`].
pub(crate) fn address(number: usize) -> Address {
    key(number).public_key().address()
}

/// An unsigned payment of 1 with a fee of 1.
pub(crate) fn payment(from: usize, to: Address, nonce: u64) -> TransactionBody {
    TransactionBody {
        version: TRANSACTION_VERSION,
        sender: key(from).public_key().modulus().to_vec(),
        receiver: to,
        amount: 1,
        fee: 1,
        nonce,
        expires_at: 0,
        comment: String::new(),
    }
}

/// Signs with [`key`] `from`, by the library that is quick at it.
pub(crate) fn sign(spec: &ChainSpec, from: usize, body: TransactionBody) -> Transaction {
    static PAIRS: LazyLock<Vec<RsaKeyPair>> =
        LazyLock::new(|| KEYS.iter().map(|key| RsaKeyPair::from_der(&key.to_pkcs1_der()).unwrap()).collect());
    let pair = &PAIRS[from];
    let mut signature = vec![0; pair.public_modulus_len()];
    let message = body.signing_bytes(spec.genesis_hash());
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
    Transaction { body, signature }
}

/// Signs and checks.
pub(crate) fn signed(spec: &ChainSpec, from: usize, body: TransactionBody) -> CheckedTransaction {
    check_transaction(spec, &AwsLcVerifier, sign(spec, from, body)).unwrap()
}

/// Makes the Merkle root right for the body.
pub(crate) fn commit_to_body(block: &mut Block) {
    let ids = block.transactions.iter().map(|transaction| transaction.id().0);
    let leaves: Vec<_> = std::iter::once(block.coinbase.leaf()).chain(ids).collect();
    block.header.merkle_root = merkle_root(&leaves);
}

/// Searches a nonce.
pub(crate) fn solve(block: &mut Block) {
    let target = block.header.bits.target().unwrap();
    block.header.nonce = 0;
    while !target.is_met_by(&block.header.hash()) {
        block.header.nonce += 1;
    }
}

/// A chain thread and what belongs to it.
#[derive(Debug)]
pub(crate) struct TestChain {
    pub(crate) chain: ChainHandle,
    pub(crate) clock: Arc<ManualClock>,
    thread: ChainThread,
    spec: Arc<ChainSpec>,
    options: Options,
    directory: TempDir,
}

impl TestChain {
    pub(crate) fn new(spec: &Arc<ChainSpec>) -> Self {
        Self::with_options(spec, Options::default())
    }

    pub(crate) fn with_options(spec: &Arc<ChainSpec>, options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::open(spec, options, directory, ManualClock::new(spec)).unwrap()
    }

    pub(crate) fn open(
        spec: &Arc<ChainSpec>,
        options: Options,
        directory: TempDir,
        clock: Arc<ManualClock>,
    ) -> Result<Self, StoreError> {
        let store = Store::open(directory.path(), spec)?;
        Self::open_store(spec, options, directory, clock, store)
    }

    /// A chain thread on what `backend` holds, with the time of `clock`. `verify` as small stores are, or not as large
    /// ones.
    pub(crate) fn on(
        spec: &Arc<ChainSpec>,
        clock: Arc<ManualClock>,
        backend: impl redb::StorageBackend,
        verify: bool,
    ) -> Result<Self, StoreError> {
        Self::on_with(spec, Options::default(), clock, backend, verify)
    }

    pub(crate) fn on_with(
        spec: &Arc<ChainSpec>,
        options: Options,
        clock: Arc<ManualClock>,
        backend: impl redb::StorageBackend,
        verify: bool,
    ) -> Result<Self, StoreError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(STORE_FILE);
        std::fs::write(&file, "").unwrap();
        let store = Store::open_on(backend, &file, spec, verify)?;
        Self::open_store(spec, options, directory, clock, store)
    }

    fn open_store(
        spec: &Arc<ChainSpec>,
        options: Options,
        directory: TempDir,
        clock: Arc<ManualClock>,
        store: Store,
    ) -> Result<Self, StoreError> {
        let (chain, thread) =
            chain::start(Arc::clone(spec), store, Arc::<ManualClock>::clone(&clock), options)?;
        Ok(Self { chain, clock, thread, spec: Arc::clone(spec), options, directory })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Stops the thread as the node does, and gives the directory.
    pub(crate) fn stop(self) -> (TempDir, Arc<ManualClock>) {
        drop(self.chain);
        self.thread.join().unwrap();
        (self.directory, self.clock)
    }

    /// Waits for the end of a thread that failed.
    pub(crate) fn end(self) {
        drop(self.chain);
        // Why it failed its users were told.
        drop(self.thread.join());
    }

    /// Stops it and starts another one on the same store.
    pub(crate) fn restart(self) -> Self {
        self.restart_with(|_| ()).unwrap()
    }

    /// Stops it, lets `meddle` loose on the directory and starts another one.
    pub(crate) fn restart_with(self, meddle: impl FnOnce(&Path)) -> Result<Self, StoreError> {
        let (spec, options) = (Arc::clone(&self.spec), self.options);
        let (directory, clock) = self.stop();
        meddle(directory.path());
        Self::open(&spec, options, directory, clock)
    }

    pub(crate) fn height(&self) -> u64 {
        self.chain.view().tip.height
    }

    pub(crate) fn balance(&self, number: usize) -> u64 {
        self.chain.view().account(&address(number)).balance
    }

    /// The next block, a block time after the tip, with a nonce that meets its target.
    pub(crate) async fn next_block(&self, miner: Address) -> Block {
        let template = self.chain.template(miner).await.unwrap();
        let time = template.ancestry().time + self.spec.rules().block_time;
        self.clock.reach(u64::from(time));
        let bits = template.bits(self.spec.rules(), time).unwrap();
        let mut block = template.block(template.header(0, time, bits), 0);
        solve(&mut block);
        block
    }

    /// Mines and submits the next block.
    pub(crate) async fn mine(&self, miner: Address) -> Block {
        let block = self.next_block(miner).await;
        assert_eq!(self.chain.submit_block(block.clone()).await.unwrap(), Submitted::Best);
        block
    }

    pub(crate) async fn mine_many(&self, count: usize, miner: Address) -> Vec<Block> {
        let mut blocks = Vec::new();
        for _ in 0..count {
            blocks.push(self.mine(miner).await);
        }
        blocks
    }

    /// Submits blocks that another chain thread made.
    pub(crate) async fn take(&self, blocks: &[Block]) {
        for block in blocks {
            self.clock.reach(u64::from(block.header.time));
            self.chain.submit_block(block.clone()).await.unwrap();
        }
    }

    /// Signs and submits a payment.
    pub(crate) async fn pay(
        &self,
        from: usize,
        body: TransactionBody,
    ) -> Result<TxId, SubmitTransactionError> {
        let transaction = signed(&self.spec, from, body);
        let id = *transaction.id();
        self.chain.submit_transaction(transaction).await.map(|()| id)
    }
}
