use serde_json::{Value, json};
use shared::words::Words;

use super::*;
use crate::tests::{TestRng, fixtures};

/// Made by other programs (Python's argon2-cffi and PyNaCl) from this module's description.
const FOREIGN: &str = include_str!("../../vectors/keystore.json");
const FOREIGN_PASSPHRASE: &str = "correct hörse";

fn keystore() -> Keystore {
    Keystore::parse(FOREIGN).unwrap()
}

fn public_key() -> PublicKey {
    PublicKey::from_tutorial_address(&fixtures()[0].tutorial_address).unwrap()
}

/// The foreign keystore with the value at `pointer` replaced.
fn changed(pointer: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(FOREIGN).unwrap();
    *json.pointer_mut(pointer).unwrap() = value;
    json.to_string()
}

#[track_caller]
fn assert_refused(text: &str, expected: &KeystoreProblem) {
    assert_eq!(Keystore::parse(text).map(|_| ()).as_ref(), Err(expected));
}

#[test]
fn a_keystore_of_another_program_opens() {
    assert_eq!(keystore().public_keys(), [public_key()]);
    let secrets = keystore().open(FOREIGN_PASSPHRASE).unwrap();
    let words = secrets.words.as_ref().unwrap();
    assert_eq!(words.words, fixtures()[0].mnemonic);
    assert_eq!(words.bip39_passphrase, fixtures()[0].passphrase);
    assert_eq!(secrets.signing_keys(|_| ()).unwrap()[0].public_key(), &public_key());
}

#[test]
fn the_same_passphrase_may_be_typed_as_other_bytes() {
    let decomposed: String = FOREIGN_PASSPHRASE.nfd().collect();
    assert_ne!(decomposed, FOREIGN_PASSPHRASE);
    assert!(keystore().open(&decomposed).is_ok());
}

#[test]
fn a_sealed_keystore_opens_with_its_passphrase_only() {
    let words = Words::parse(&fixtures()[0].mnemonic).unwrap();
    let secrets = Secrets::of_words(&words, "more");
    let sealed = Keystore::seal(&secrets, vec![public_key()], "12345678", &mut TestRng::default()).unwrap();
    let read = Keystore::parse(&sealed.to_text()).unwrap();
    assert_eq!(read.to_text(), sealed.to_text());
    assert_eq!((read.file.kdf.m_kib, read.file.kdf.t, read.file.kdf.p), (65_536, 3, 1));
    assert_eq!(*read.open("12345678").unwrap().to_json(), *secrets.to_json());
    assert_eq!(read.open("12345679").map(|_| ()), Err(WalletError::WrongPassphrase));
}

#[test]
fn nothing_secret_is_in_the_file() {
    let text = FOREIGN.to_ascii_lowercase();
    assert!(!fixtures()[0].mnemonic.split(' ').any(|word| text.contains(&format!(" {word}"))));
}

#[test]
fn two_keystores_of_the_same_secrets_have_nothing_in_common() {
    let secrets = Secrets::default();
    let rng = &mut TestRng::default();
    let one = Keystore::seal(&secrets, vec![public_key()], "12345678", rng).unwrap();
    let two = Keystore::seal(&secrets, vec![public_key()], "12345678", rng).unwrap();
    assert_ne!(one.file.kdf.salt.0, two.file.kdf.salt.0);
    assert_ne!(one.file.nonce.0, two.file.nonce.0);
    assert_ne!(one.file.ciphertext.0, two.file.ciphertext.0);
}

#[test]
fn a_change_anywhere_is_noticed() {
    let other = PublicKey::from_tutorial_address(&fixtures()[1].tutorial_address).unwrap();
    let flip = |pointer: &str| {
        let json: Value = serde_json::from_str(FOREIGN).unwrap();
        let mut bytes: Base64 = serde_json::from_value(json.pointer(pointer).unwrap().clone()).unwrap();
        bytes.0[0] ^= 1;
        changed(pointer, serde_json::to_value(&bytes).unwrap())
    };
    let account = json!([{
        "address": other.address().to_text("iron"),
        "public_key": other.tutorial_address(),
    }]);
    for text in [
        changed("/kdf/m_kib", json!(19_457)),
        changed("/kdf/t", json!(3)),
        changed("/kdf/p", json!(2)),
        changed("/accounts", account),
        changed("/ciphertext", json!("")),
        flip("/kdf/salt"),
        flip("/nonce"),
        flip("/ciphertext"),
    ] {
        let opened = Keystore::parse(&text).unwrap().open(FOREIGN_PASSPHRASE);
        assert_eq!(opened.map(|_| ()), Err(WalletError::WrongPassphrase), "{text}");
    }
}

#[test]
fn a_truncated_file_is_not_a_keystore() {
    let text = FOREIGN.trim_end();
    for length in 0..text.len() {
        assert_refused(&text[..length], &KeystoreProblem::NotAKeystore);
    }
}

#[test]
fn what_is_not_a_keystore_is_refused() {
    let unknown_field = FOREIGN.replacen('{', "{\"colour\": 1,", 1);
    let twice = FOREIGN.replacen('{', "{\"version\": 1,", 1);
    for text in [
        String::new(),
        "[]".to_owned(),
        "null".to_owned(),
        "[".repeat(100_000),
        format!("{FOREIGN}{FOREIGN}"),
        format!("{FOREIGN}{}", " ".repeat(1_000_000)),
        unknown_field,
        twice,
        changed("/accounts", json!([])),
        changed("/accounts/0/address", json!(fixtures()[1].address_main)),
        changed("/accounts/0/public_key", json!("MIIB")),
        changed("/kdf/salt", json!("AAAA")),
        changed("/kdf/salt", json!("AAECAwQFBgcICQoLDA0OD=")),
        changed("/nonce", json!("AAAA")),
        changed("/kdf/t", json!(-3)),
        changed("/kdf/t", json!(2.5)),
        changed("/kdf/m_kib", json!(4_294_967_296_u64)),
    ] {
        assert_refused(&text, &KeystoreProblem::NotAKeystore);
    }
}

#[test]
fn other_versions_and_algorithms_are_named() {
    let later = r#"{"version": 2, "kdf": {"name": "argon3"}, "cipher": "rot13", "cheese": true}"#;
    assert_refused(later, &KeystoreProblem::Version { version: 2, known: 1 });
    assert_refused(&changed("/kdf/name", json!("pbkdf2")), &KeystoreProblem::Algorithm);
    assert_refused(&changed("/cipher", json!("aes-128-ecb")), &KeystoreProblem::Algorithm);
}

#[test]
fn protection_that_is_too_weak_is_refused() {
    for (field, value) in [("m_kib", 19_455), ("m_kib", 0), ("t", 1), ("t", 0), ("p", 0)] {
        assert_refused(&changed(&format!("/kdf/{field}"), json!(value)), &KeystoreProblem::TooWeak);
    }
}

#[test]
fn work_beyond_all_measure_is_refused_before_it_is_done() {
    for (field, value) in [("m_kib", 262_145), ("m_kib", u32::MAX), ("t", 11), ("t", u32::MAX), ("p", 5)] {
        assert_refused(&changed(&format!("/kdf/{field}"), json!(value)), &KeystoreProblem::TooCostly);
    }
}

#[test]
fn content_that_is_not_a_wallet_is_refused() {
    let mut keystore = keystore();
    let nonce = XNonce::try_from(keystore.file.nonce.0.as_slice()).unwrap();
    let payload = Payload { msg: b"{}".as_slice(), aad: &keystore.file.authenticated() };
    let sealed = cipher(&keystore.file.kdf, "12345678").encrypt(&nonce, payload).unwrap();
    keystore.file.ciphertext = Base64(sealed);
    assert_eq!(
        keystore.open("12345678").map(|_| ()),
        Err(WalletError::BadKeystore { problem: KeystoreProblem::Content })
    );
}

#[test]
fn a_short_passphrase_encrypts_nothing() {
    let error = Keystore::seal(&Secrets::default(), vec![public_key()], "passwör", &mut TestRng::default());
    assert_eq!(error.map(|_| ()), Err(WalletError::PassphraseTooShort { least: 8 }));
}

#[test]
fn without_randomness_nothing_is_encrypted() {
    let mut rng = TestRng { is_empty: true, ..TestRng::default() };
    let error = Keystore::seal(&Secrets::default(), vec![public_key()], "12345678", &mut rng);
    assert_eq!(error.map(|_| ()), Err(WalletError::NoRandomness));
}
