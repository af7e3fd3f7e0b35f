#![no_main]

use ironchain_fuzz::mempools::{Operation, Walk};

libfuzzer_sys::fuzz_target!(|operations: Vec<Operation>| {
    let mut walk = Walk::new();
    for operation in &operations {
        walk.run(operation);
    }
});
