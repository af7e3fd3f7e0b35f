#![no_main]

use ironchain_fuzz::blocks::{Chain, Operation};

libfuzzer_sys::fuzz_target!(|operations: Vec<Operation>| {
    let mut chain = Chain::new();
    for operation in &operations {
        chain.run(operation);
    }
    // All the way back nothing is left.
    while chain.ledger().height() > 0 {
        chain.run(&Operation::Back);
    }
    assert_eq!(chain.ledger().state_root(), shared::state_tree::EMPTY_ROOT);
});
