//! Makes a store that holds a chain, without waiting for the clock.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use node::chain::{self, ChainHandle, Options};
use node::clock::SystemClock;
use node::store::Store;
use shared::address::Address;
use shared::spec::ChainSpec;

/// Mines empty blocks on top of a store, which may be new: one for each of `miners`. They are stamped one block time
/// apart from the tip on, so that the difficulty stays where it begins.
///
/// # Errors
/// When the store cannot be used, or the stamps would be ahead of the clock.
pub async fn build(
    data_dir: &Path,
    spec: ChainSpec,
    miners: impl IntoIterator<Item = Address>,
) -> Result<()> {
    let spec = Arc::new(spec);
    let store = Store::open(data_dir, &spec)?;
    let (chain, thread) = chain::start(Arc::clone(&spec), store, Arc::new(SystemClock), Options::default())?;
    let mut time = chain.view().tip.header.time;
    for miner in miners {
        time += spec.rules().block_time;
        mine(&chain, time, miner).await?;
    }
    drop(chain);
    thread.join()?;
    Ok(())
}

async fn mine(chain: &ChainHandle, time: u32, miner: Address) -> Result<()> {
    let template = chain.template(miner).await?;
    let bits = template.bits(chain.spec().rules(), time)?;
    let target = bits.target()?;
    let mut header = template.header(0, time, bits);
    while !target.is_met_by(&header.hash()) {
        header.nonce = header.nonce.checked_add(1).context("no nonce is left")?;
    }
    chain.submit_block(template.block(header, 0)).await?;
    Ok(())
}
