use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng as _;
use rsa::BoxedUint;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::keys::SigningKey;

fn keys() -> Vec<SigningKey> {
    let keys: serde_json::Value = serde_json::from_str(include_str!("../../vectors/keys.json")).unwrap();
    let pems = [
        &keys["vectors"][0]["pkcs1_pem"],
        &keys["imported"][0]["pkcs8_pem"],
        &keys["imported"][1]["pkcs8_pem"],
    ];
    pems.into_iter().map(|pem| SigningKey::import(pem.as_str().unwrap()).unwrap()).collect()
}

fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    key.sign(message, &mut ChaCha20Rng::from_seed([1; 32])).unwrap()
}

#[test]
fn a_signature_is_valid_for_its_key_and_message_only() {
    let keys = keys();
    for key in &keys {
        let signature = sign(key, b"message");
        assert!(RsaVerifier.verify(key.public_key().modulus(), b"message", &signature));
        assert!(!RsaVerifier.verify(key.public_key().modulus(), b"massage", &signature));
        for other in keys.iter().filter(|other| other.public_key() != key.public_key()) {
            assert!(!RsaVerifier.verify(other.public_key().modulus(), b"message", &signature));
        }
    }
}

#[test]
fn no_changed_signature_is_valid() {
    let key = &keys()[0];
    let modulus = key.public_key().modulus();
    let signature = sign(key, b"message");
    for index in 0..signature.len() {
        let mut changed = signature.clone();
        changed[index] ^= 1 << (index % 8);
        assert!(!RsaVerifier.verify(modulus, b"message", &changed), "byte {index}");
    }
    for (front, back) in [(&[0][..], &[][..]), (&[], &[0]), (&[0, 0], &[0])] {
        assert!(!RsaVerifier.verify(modulus, b"message", &[front, &signature, back].concat()));
    }
    assert!(!RsaVerifier.verify(modulus, b"message", &signature[1..]));
    assert!(!RsaVerifier.verify(modulus, b"message", &[]));
}

#[test]
fn only_the_least_number_modulo_n_is_valid() {
    let key = &keys()[0];
    let modulus = key.public_key().modulus();
    let n = big_number(modulus);
    // A message whose signature s is so small that s + n has 2048 bits as well.
    let (message, s, plus_n) = (0_u8..=255)
        .map(|message| (message, big_number(&sign(key, &[message]))))
        .map(|(message, s)| (message, s.clone(), s.wrapping_add(&n)))
        .find(|(.., plus_n)| *plus_n > n)
        .unwrap();
    let verify = |number: &BoxedUint| RsaVerifier.verify(modulus, &[message], &number.to_be_bytes());
    assert!(verify(&s));
    let one = BoxedUint::one_with_precision(2048);
    for wrong in [
        &plus_n,
        &n.wrapping_sub(&s),
        &n.wrapping_sub(&n),
        &one,
        &n.wrapping_sub(&one),
        &n,
        &n.wrapping_add(&one),
    ] {
        assert!(!verify(wrong));
    }
}

#[test]
fn shapes_that_are_no_key_are_refused() {
    let key = &keys()[0];
    let modulus = key.public_key().modulus();
    let signature = sign(key, b"message");
    let even = [&modulus[..255], &[modulus[255] & 0xfe]].concat();
    let low = [&[modulus[0] & 0x7f], &modulus[1..]].concat();
    let padded = [&[0], modulus].concat();
    for junk in
        [&[][..], &[0], &[1], &[3], &[0; 256], &even, &low, &padded, &modulus[1..], &vec![0xff; 1 << 17]]
    {
        assert!(!RsaVerifier.verify(junk, b"message", &signature));
        assert!(!RsaVerifier.verify(junk, b"message", junk));
    }
    // These have the right shape, and nothing more is asked of a modulus.
    for odd in [vec![0xff; 256], [&vec![0x80; 255][..], &[1]].concat()] {
        assert!(!RsaVerifier.verify(&odd, b"message", &signature));
    }
}

#[test]
fn a_signature_that_is_sound_is_of_no_use_with_a_key_of_another_size() {
    // The Mersenne prime of 2,203 bits: whoever takes a prime for a modulus can sign with it.
    let modulus = [&[0x07][..], &[0xff; 275]].concat();
    let signature = hex::decode(concat!(
        "03ef676812628f2d460e9cc2db77ac3076e0fc3774477efd5955b876f47c4ba47dfb2ba4c3bfe3759bdaa95ca66d476573999537",
        "b42c52d3a04310238912c519aa766806aeefec1917590365e66ed66970a20ba9c8f72ff6e08b35d57018727068f2dcf04361e379",
        "dedd00082f210a05bc60aa67632867ecb369de5f6f91fe7bcdd8d46bef6647f3bd36eb57dbcbdec972739fc3f3149992dbe4ede5",
        "442c60ec67a80e5109f8bbb87992124cfe6fe0bde364ab5140b60e08644aed4bd43eb6c92c76e221f5dffc2a158ee1912f7aaf2c",
        "3f3f5aef03fa233e3aca7276b35ccf7cec16971e6a08c64c2f3acfae33066e2bd3c4f55be32a942c1377d6b14b25554a28a5f03b",
        "e289e9427c516056dd078e04c0df0664",
    ))
    .unwrap();
    let key = RsaPublicKey::new(big_number(&modulus), PUBLIC_EXPONENT.into()).unwrap();
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &sha256(b"message"), &signature).unwrap();
    assert!(!RsaVerifier.verify(&modulus, b"message", &signature));
}
