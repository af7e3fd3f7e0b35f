#![no_main]

use shared::pow::{Ancestry, CompactTarget, Work, next_bits};
use shared::spec::{ChainSpec, Rules};

// Rules, and then blocks: each the parent of the next.
libfuzzer_sys::fuzz_target!(|input: (u32, u32, u32, u32, Vec<u32>)| {
    let (block_time, difficulty_window, limit, bits, steps) = input;
    let (limit_bits, bits) = (CompactTarget(limit), CompactTarget(bits));
    let rules = Rules {
        block_time: block_time.max(2),
        difficulty_window: difficulty_window.max(10),
        limit_bits,
        ..ChainSpec::dev().rules().clone()
    };
    let mut parent = Ancestry { bits, time: 0, grandparent_time: None };
    let mut work = Work::ZERO;
    for time in steps {
        match next_bits(&rules, &parent, time) {
            Ok(bits) => {
                let target = bits.target().expect("what is demanded is legal");
                assert!(target <= limit_bits.target().expect("a legal limit"));
                assert!(work.saturating_add(target.work()) >= work);
                work = work.saturating_add(target.work());
                parent = Ancestry { bits, time, grandparent_time: Some(parent.time) };
            }
            Err(_) => assert!(parent.bits.target().is_err() || limit_bits.target().is_err()),
        }
    }
});
