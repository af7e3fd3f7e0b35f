#![no_main]

use std::sync::Arc;

use node::headers::HeaderTree;
use shared::ledger::Ledger;
use shared::spec::ChainSpec;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ironchain_fuzz::as_text(bytes, |text| {
        let Ok(spec) = ChainSpec::from_toml(text) else { return };
        let again = ChainSpec::from_toml(text).expect("it was a chain a moment ago");
        assert_eq!(again.genesis_hash(), spec.genesis_hash());
        // What is accepted can be begun.
        let _tree = HeaderTree::new(&spec);
        let _ledger = Ledger::new(Arc::new(spec));
    });
});
