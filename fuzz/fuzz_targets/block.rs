#![no_main]

use ironchain_fuzz::accounts::AcceptAll;
use ironchain_fuzz::canonical;
use shared::block::Block;
use shared::consensus::{BodyContext, check_body};
use shared::spec::ChainSpec;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(mut block) = canonical::<Block>(bytes) else { return };
    let spec = ChainSpec::dev();
    let height = block.coinbase.height;
    let context = BodyContext { spec: &spec, height, verifier: &AcceptAll, is_verified: &|_| false };
    // With the right root the rules behind BLK-2 are reached.
    let ids = block.transactions.iter().map(|transaction| transaction.id().0);
    let leaves: Vec<_> = std::iter::once(block.coinbase.leaf()).chain(ids).collect();
    block.header.merkle_root = shared::merkle::merkle_root(&leaves);
    if let Ok(checked) = check_body(&context, block) {
        assert_eq!(checked.size(), bytes.len());
    }
});
