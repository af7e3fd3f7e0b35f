#![no_main]

use shared::address::Address;
use shared::keys::PublicKey;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ironchain_fuzz::as_text(bytes, |text| {
        if let Ok(address) = Address::parse(text, "iron") {
            assert_eq!(address.to_text("iron"), text.to_ascii_lowercase());
        }
        if let Ok(key) = PublicKey::from_tutorial_address(text) {
            assert_eq!(key.tutorial_address(), text);
            assert_eq!(Address::parse_any(text, "iron"), Ok(key.address()));
        }
        let _address = Address::parse_any(text, "dev");
    });
});
