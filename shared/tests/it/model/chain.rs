//! A naive chain with forks: every valid block with everything that is true after it.

use std::collections::{BTreeMap, BTreeSet};

use shared::block::{Block, Header};
use shared::consensus::Verdict;
use shared::spec::ChainSpec;

use super::naive::{self, Accounts, Hash, Refusal, Wide};
use crate::support::bytes_of;

/// What is true after one valid block.
#[derive(Debug, Clone)]
pub(crate) struct After {
    /// From genesis to the block.
    pub(crate) headers: Vec<Header>,
    pub(crate) accounts: Accounts,
    pub(crate) work: Wide,
}

impl After {
    pub(crate) fn height(&self) -> u64 {
        self.headers.len() as u64 - 1
    }
}

#[derive(Debug)]
pub(crate) struct NaiveChain {
    pub(crate) spec: ChainSpec,
    /// By block hash; genesis is there from the start.
    pub(crate) valid: BTreeMap<Hash, After>,
    pub(crate) condemned: BTreeSet<Hash>,
    /// The tip by fork choice.
    pub(crate) best: Hash,
}

impl NaiveChain {
    pub(crate) fn new(spec: ChainSpec) -> Self {
        let header = spec.genesis().header;
        let best = spec.genesis_hash().0;
        let work = naive::work(header.bits.0);
        let genesis = After { headers: vec![header], accounts: Accounts::new(), work };
        Self { spec, valid: BTreeMap::from([(best, genesis)]), condemned: BTreeSet::new(), best }
    }

    /// Judges a block, and takes it in when it is valid.
    pub(crate) fn submit(&mut self, block: &Block, now: u64) -> Result<(), Refusal> {
        let header = block.header;
        let hash = naive::sha256d(&bytes_of(&header));
        if header.version & !0x1fff_e000 != 0x2000_0000 {
            return Err(("HDR-1", Verdict::Invalid));
        }
        if self.condemned.contains(&header.prev_hash.0) {
            return Err(("HDR-2", Verdict::Invalid));
        }
        let Some(parent) = self.valid.get(&header.prev_hash.0) else {
            return Err(("HDR-2", Verdict::NotNow));
        };
        naive::check_header(&self.spec, &parent.headers, &header, now)?;
        let judged = naive::check_body(&self.spec, block, parent.height() + 1)
            .and_then(|()| naive::apply(&self.spec, &parent.accounts, block))
            .and_then(|accounts| check_roots(block, &parent.headers, accounts));
        match judged {
            Ok(accounts) => {
                let headers = [&parent.headers[..], &[header]].concat();
                let after = After { headers, accounts, work: parent.work + naive::work(header.bits.0) };
                if after.work > self.valid[&self.best].work {
                    self.best = hash;
                }
                self.valid.insert(hash, after);
                Ok(())
            }
            Err(refusal) => {
                if refusal.1 == Verdict::Invalid {
                    self.condemned.insert(hash);
                }
                Err(refusal)
            }
        }
    }
}

fn check_roots(block: &Block, headers: &[Header], accounts: Accounts) -> Result<Accounts, Refusal> {
    if block.coinbase.chain_root.0 != naive::chain_root(headers) {
        return Err(("BLK-5", Verdict::Invalid));
    }
    if block.coinbase.state_root.0 != naive::state_root(&accounts) {
        return Err(("BLK-6", Verdict::Invalid));
    }
    Ok(accounts)
}
