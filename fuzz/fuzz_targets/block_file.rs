#![no_main]

use std::sync::LazyLock;

use ironchain_fuzz::block_files::{BlockFile, Source};

static SOURCE: LazyLock<Source> = LazyLock::new(Source::new);

libfuzzer_sys::fuzz_target!(|file: BlockFile| SOURCE.try_file(&file));
