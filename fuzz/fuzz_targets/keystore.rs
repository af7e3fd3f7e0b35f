#![no_main]

use wallet_wasm::keystore::Keystore;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ironchain_fuzz::as_text(bytes, |text| {
        if let Ok(keystore) = Keystore::parse(text) {
            assert!(!keystore.public_keys().is_empty());
            let again = Keystore::parse(&keystore.to_text()).expect("what was read reads again");
            assert_eq!(again.public_keys(), keystore.public_keys());
        }
    });
});
