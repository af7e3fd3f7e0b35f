#![no_main]

use shared::words::{Words, closest, completions};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ironchain_fuzz::as_text(bytes, |text| {
        if let Ok(words) = Words::parse(text) {
            let normal = words.words().collect::<Vec<_>>().join(" ");
            let again = Words::parse(&normal).expect("what was parsed parses again");
            assert!(again.words().eq(words.words()));
        }
        let _closest = closest(text);
        assert!(completions(text).all(|word| word.starts_with(text)));
    });
});
