#![no_main]

use ironchain_fuzz::canonical;
use shared::block::Header;
use shared::chain_root::{ChainNode, ChainRange};
use shared::consensus::{check_header, check_header_alone};
use shared::pow::Ancestry;
use shared::spec::ChainSpec;

// A chain of headers: each is judged on top of the one before.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let spec = ChainSpec::dev();
    let genesis = spec.genesis().header;
    let mut parent = Ancestry { bits: genesis.bits, time: genesis.time, grandparent_time: None };
    let mut range = ChainRange::new();
    for header in bytes.chunks(80).filter_map(canonical::<Header>) {
        let _verdict = check_header_alone(&header)
            .and_then(|()| check_header(spec.rules(), &header, &header.hash(), &parent, u64::MAX));
        let Ok(node) = ChainNode::of_header(&header) else { continue };
        let work = header.bits.target().expect("the bits of a node are a target").work();
        let before = range.work();
        range.push(node);
        assert_eq!(range.work(), before.saturating_add(work));
        parent = Ancestry { bits: header.bits, time: header.time, grandparent_time: Some(parent.time) };
    }
    let _root = range.root();
});
