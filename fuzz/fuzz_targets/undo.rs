#![no_main]

use std::sync::Arc;

use ironchain_fuzz::canonical;
use shared::hash::BlockHash;
use shared::ledger::{Ledger, Undo};
use shared::spec::ChainSpec;

// Undo data comes from our own disk, which may be damaged.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(undo) = canonical::<Undo>(bytes) {
        let mut ledger = Ledger::new(Arc::new(ChainSpec::dev()));
        ledger.disconnect(BlockHash::default(), undo);
        let _height = ledger.height();
        let _root = ledger.headers().root();
    }
});
