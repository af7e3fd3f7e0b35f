//! The blocks below the first tip of a connection, so that a page that was just opened shows a chain.
//!
//! They are asked for one after another, each by the hash that its successor names as its parent.

use rand_core::TryCryptoRng;
use serde_json::value::RawValue;
use shared::api::Request;
use shared::api::views::{BlockView, HeadView};
use shared::hash::BlockHash;

use super::{Asked, Engine, Sink, decode, post};
use crate::error::WalletError;
use crate::protocol::Event;

/// How many blocks are fetched: with the tip, as many as a page shows in a row.
const EARLIER_BLOCKS: u8 = 5;

/// A block that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct EarlierBlock {
    height: u64,
    /// `None` for the first, of which the tip does not say it.
    hash: Option<BlockHash>,
    /// How many are still to come after it.
    left: u8,
}

impl<R: TryCryptoRng> Engine<R> {
    pub(super) fn on_head(&mut self, head: HeadView, sink: Sink<'_>) {
        let height = head.height;
        post(Event::Head(head), sink);
        if !core::mem::replace(&mut self.has_asked_blocks, true) {
            self.ask_block(height, None, EARLIER_BLOCKS);
        }
    }

    /// Asks for the block below `height`. Without an answer the row stays short, which does no harm.
    fn ask_block(&mut self, height: u64, hash: Option<BlockHash>, left: u8) {
        let (Some(height), Some(left)) = (height.checked_sub(1), left.checked_sub(1)) else { return };
        let request = Request::GetBlock { hash, height: hash.is_none().then_some(height) };
        drop(self.session.ask(&request, Asked::EarlierBlock(EarlierBlock { height, hash, left })));
    }

    pub(super) fn on_block(
        &mut self,
        asked: EarlierBlock,
        result: Result<Box<RawValue>, WalletError>,
        sink: Sink<'_>,
    ) {
        let Ok(block) = result.and_then(|raw| decode::<BlockView>(&raw)) else { return };
        if block.height != asked.height || asked.hash.is_some_and(|hash| hash != block.hash) {
            return;
        }
        let (height, parent) = (block.height, block.prev_hash);
        post(Event::EarlierBlock(head_of(block)), sink);
        self.ask_block(height, Some(parent), asked.left);
    }
}

fn head_of(block: BlockView) -> HeadView {
    HeadView {
        hash: block.hash,
        height: block.height,
        time: block.time,
        bits: block.bits,
        // No block holds as many as do not fit.
        tx_count: u32::try_from(block.transactions.len()).unwrap_or(u32::MAX),
        miner: block.miner,
        reward: block.reward,
        disconnected: 0,
        disconnected_hashes: Vec::new(),
        connected_hashes: Vec::new(),
    }
}
