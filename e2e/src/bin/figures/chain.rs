//! Makes a store that holds a chain, without waiting for the clock.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use node::chain::{self, ChainHandle, Options};
use node::clock::SystemClock;
use node::store::Store;
use shared::address::Address;
use shared::spec::ChainSpec;

/// Mines `n_blocks` empty blocks of chain dev into a new store. They are stamped one block time apart from genesis
/// on, so that the difficulty stays where it begins.
pub(crate) async fn build(data_dir: &Path, n_blocks: u64) -> Result<()> {
    let spec = Arc::new(ChainSpec::dev());
    let store = Store::open(data_dir, &spec)?;
    let (chain, thread) = chain::start(Arc::clone(&spec), store, Arc::new(SystemClock), Options::default())?;
    let mut time = spec.genesis().header.time;
    for _ in 0..n_blocks {
        time += spec.rules().block_time;
        mine(&chain, time).await?;
    }
    drop(chain);
    thread.join()?;
    Ok(())
}

async fn mine(chain: &ChainHandle, time: u32) -> Result<()> {
    let template = chain.template(Address::default()).await?;
    let bits = template.bits(chain.spec().rules(), time)?;
    let target = bits.target()?;
    let mut header = template.header(0, time, bits);
    while !target.is_met_by(&header.hash()) {
        header.nonce = header.nonce.checked_add(1).context("no nonce is left")?;
    }
    chain.submit_block(template.block(header, 0)).await?;
    Ok(())
}
