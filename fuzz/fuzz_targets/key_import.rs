#![no_main]

use shared::keys::SigningKey;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut keys = vec![SigningKey::from_pkcs1_der(bytes)];
    ironchain_fuzz::as_text(bytes, |text| keys.push(SigningKey::import(text)));
    for key in keys.into_iter().flatten() {
        let again = SigningKey::from_pkcs1_der(&key.to_pkcs1_der()).expect("what was imported is a key");
        assert_eq!(again.public_key(), key.public_key());
    }
});
