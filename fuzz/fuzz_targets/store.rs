#![no_main]

use std::sync::LazyLock;

use ironchain_fuzz::stores::{Damage, Whole};

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    // The engine panics on some damage, which the store turns into an error. What is not caught ends the target still.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    Whole::new()
});

libfuzzer_sys::fuzz_target!(|damage: Damage| WHOLE.open(&damage));
