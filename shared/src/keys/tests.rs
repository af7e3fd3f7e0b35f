use std::sync::LazyLock;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng as _;
use rsa::pkcs1::der::Encode as _;
use rsa::pkcs1::{self, UintRef};
use rsa::rand_core::TryRng;
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::words::Words;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Derived>,
    imported: Vec<Imported>,
}

#[derive(Deserialize)]
struct Derived {
    mnemonic: String,
    passphrase: String,
    account: u32,
    seed: String,
    modulus: String,
    pkcs1_pem: String,
    address: String,
    address_main: String,
    address_dev: String,
    tutorial_address: String,
}

#[derive(Deserialize)]
struct Imported {
    bits: usize,
    pkcs8_pem: String,
    modulus: String,
    address: String,
    address_main: String,
    tutorial_address: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/keys.json")).unwrap()
}

/// The body of a PEM file, as the tutorial prints a key: base64 on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

fn der(pem: &str) -> Vec<u8> {
    STANDARD.decode(bare(pem)).unwrap()
}

fn imported_key() -> SigningKey {
    SigningKey::import(&vectors().vectors[0].pkcs1_pem).unwrap()
}

#[test]
fn words_give_the_keys_of_the_vectors() {
    let vectors = vectors().vectors;
    assert_eq!(vectors.len(), 9);
    for vector in vectors {
        let seed = Words::parse(&vector.mnemonic).unwrap().seed(&vector.passphrase);
        assert_eq!(hex::encode(seed.as_bytes()), vector.seed);
        let mut last = KeyProgress { primes: 0, tested: 0 };
        let key = SigningKey::from_seed_with_progress(&seed, vector.account, |progress| {
            assert!(progress.tested >= last.tested && progress.primes >= last.primes);
            last = progress;
        });
        assert_eq!(last.primes, 2);
        assert_eq!(*key.to_pkcs1_der(), der(&vector.pkcs1_pem));
        let public = key.public_key();
        assert_eq!(hex::encode(public.modulus()), vector.modulus);
        assert_eq!(hex::encode(public.address().as_bytes()), vector.address);
        assert_eq!(public.address().to_text("iron"), vector.address_main);
        assert_eq!(public.address().to_text("dev"), vector.address_dev);
        assert_eq!(public.tutorial_address(), vector.tutorial_address);
        assert_eq!(PublicKey::from_tutorial_address(&vector.tutorial_address).as_ref(), Ok(public));
        for text in [&vector.pkcs1_pem, &bare(&vector.pkcs1_pem)] {
            assert_eq!(SigningKey::import(text).unwrap().to_pkcs1_der(), key.to_pkcs1_der());
        }
    }
}

#[test]
fn imported_keys_are_those_of_the_vectors() {
    let vectors = vectors().imported;
    assert_eq!(vectors.iter().map(|vector| vector.bits).collect::<Vec<_>>(), [3072, 4096]);
    for vector in vectors {
        let key = SigningKey::import(&vector.pkcs8_pem).unwrap();
        let public = key.public_key();
        assert_eq!(public.modulus().len() * 8, vector.bits);
        assert_eq!(hex::encode(public.modulus()), vector.modulus);
        assert_eq!(hex::encode(public.address().as_bytes()), vector.address);
        assert_eq!(public.address().to_text("iron"), vector.address_main);
        assert_eq!(public.tutorial_address(), vector.tutorial_address);
        assert_eq!(PublicKey::from_tutorial_address(&vector.tutorial_address).as_ref(), Ok(public));
        assert_eq!(key.to_pkcs8_pem().trim_end(), vector.pkcs8_pem.trim_end());
        assert_eq!(SigningKey::from_pkcs1_der(&key.to_pkcs1_der()).unwrap().public_key(), public);
    }
}

#[test]
fn white_space_and_lines_around_a_key_do_not_matter() {
    let pem = vectors().imported[0].pkcs8_pem.clone();
    let one_line = pem.replace('\n', " ");
    for text in [&one_line, &pem.replace('\n', "\r\n  "), &format!("My key:\n\n{pem}\n-- \nMe"), &bare(&pem)]
    {
        assert_eq!(SigningKey::import(text).unwrap().to_pkcs8_pem().trim_end(), pem.trim_end());
    }
}

#[test]
fn other_files_are_refused_by_name() {
    let vector = &vectors().vectors[0];
    let pem = &vector.pkcs1_pem;
    let labelled = |label: &str| pem.replace("RSA PRIVATE KEY", label);
    let cut = pem.lines().take(10).collect::<Vec<_>>().join("\n");
    let ed25519 = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";
    for (text, error) in [
        ("", KeyError::NotAKey),
        ("correct horse battery staple", KeyError::NotAKey),
        (&cut, KeyError::NotAKey),
        (&bare(pem)[4..], KeyError::NotAKey),
        (&"A".repeat(20_000), KeyError::NotAKey),
        (&vector.tutorial_address, KeyError::PublicKey),
        (&labelled("PUBLIC KEY"), KeyError::PublicKey),
        (&labelled("ENCRYPTED PRIVATE KEY"), KeyError::Encrypted),
        (&pem.replace("KEY-----\nMII", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nMII"), KeyError::Encrypted),
        (&labelled("OPENSSH PRIVATE KEY"), KeyError::NotRsa),
        (&labelled("EC PRIVATE KEY"), KeyError::NotRsa),
        (ed25519, KeyError::NotRsa),
    ] {
        assert_eq!(SigningKey::import(text).unwrap_err(), error, "{text}");
    }
}

/// The numbers of a private key, to be bent.
#[derive(Clone)]
struct Numbers {
    n: Vec<u8>,
    e: Vec<u8>,
    d: Vec<u8>,
    p: Vec<u8>,
    q: Vec<u8>,
}

impl Numbers {
    fn of(key: &SigningKey) -> Self {
        let der = key.to_pkcs1_der();
        let key = pkcs1::RsaPrivateKeyRef::try_from(der.as_slice()).unwrap();
        let bytes = |number: UintRef<'_>| number.as_bytes().to_vec();
        Self {
            n: bytes(key.modulus),
            e: bytes(key.public_exponent),
            d: bytes(key.private_exponent),
            p: bytes(key.prime1),
            q: bytes(key.prime2),
        }
    }

    fn import(&self) -> Result<SigningKey, KeyError> {
        let number = |bytes| UintRef::new(bytes).unwrap();
        let key = pkcs1::RsaPrivateKey {
            modulus: number(&self.n),
            public_exponent: number(&self.e),
            private_exponent: number(&self.d),
            prime1: number(&self.p),
            prime2: number(&self.q),
            exponent1: number(&[7]),
            exponent2: number(&[7]),
            coefficient: number(&[7]),
            other_prime_infos: None,
        };
        SigningKey::from_pkcs1_der(&key.to_der().unwrap())
    }
}

#[test]
fn only_the_five_numbers_of_a_key_count() {
    let key = imported_key();
    // The other three are wrong here, and are computed anew.
    let again = Numbers::of(&key).import().unwrap();
    assert_eq!(again.to_pkcs1_der(), key.to_pkcs1_der());
    let numbers = Numbers::of(&key);
    let swapped = Numbers { p: numbers.q.clone(), q: numbers.p.clone(), ..numbers }.import().unwrap();
    let signed = |key: &SigningKey| key.sign(b"m", &mut ChaCha20Rng::from_seed([1; 32]));
    assert_eq!(signed(&swapped), signed(&key));
}

#[test]
fn bent_numbers_end_in_an_error() {
    let good = Numbers::of(&imported_key());
    let even = |number: &[u8]| [&number[..number.len() - 1], &[number[number.len() - 1] & 0xfe]].concat();
    let low = |number: &[u8]| [&[number[0] & 0x7f], &number[1..]].concat();
    let size = |bits| KeyError::Size { bits };
    let bent = |error: KeyError, bend: &dyn Fn(&mut Numbers)| {
        let mut numbers = good.clone();
        bend(&mut numbers);
        assert_eq!(numbers.import().unwrap_err(), error);
    };
    for small in [vec![0], vec![1], vec![2], vec![3]] {
        bent(KeyError::Inconsistent, &|key| key.p.clone_from(&small));
        bent(KeyError::Inconsistent, &|key| key.q.clone_from(&small));
        bent(KeyError::Inconsistent, &|key| key.d.clone_from(&small));
        bent(KeyError::Exponent, &|key| key.e.clone_from(&small));
    }
    bent(KeyError::Inconsistent, &|key| key.p = even(&key.p));
    bent(KeyError::Inconsistent, &|key| key.p = low(&key.p));
    bent(KeyError::Inconsistent, &|key| key.q.clone_from(&key.p));
    bent(KeyError::Inconsistent, &|key| key.p = [&key.p[..], &[1]].concat());
    bent(KeyError::Inconsistent, &|key| (key.p, key.q) = (vec![1], key.n.clone()));
    bent(KeyError::Inconsistent, &|key| key.d.clone_from(&key.n));
    bent(KeyError::Inconsistent, &|key| key.d = vec![0xff; 512]);
    bent(KeyError::Inconsistent, &|key| key.d[200] ^= 1);
    bent(KeyError::Inconsistent, &|key| key.n[100] ^= 1);
    bent(KeyError::EvenModulus, &|key| key.n = even(&key.n));
    bent(size(2047), &|key| key.n = [&[0x7f], &key.n[1..]].concat());
    bent(size(2056), &|key| key.n.push(1));
    bent(size(1024), &|key| key.n.clone_from(&key.p));
    bent(size(8192), &|key| key.n = key.n.repeat(4));
    bent(size(1), &|key| key.n = vec![1]);
    bent(size(0), &|key| key.n = vec![0]);
    for exponent in [vec![1, 0, 3], vec![1, 0xff, 0xff, 0xff, 0xff], vec![0xff; 9], good.n.clone()] {
        bent(KeyError::Exponent, &|key| key.e.clone_from(&exponent));
    }
}

#[test]
fn a_prime_that_is_none_is_refused() {
    // n = p · q · 1 with a composite p: e · d is still 1 modulo p − 1 and q − 1.
    let (p, q) = (composite(), big_number(&Numbers::of(&imported_key()).p));
    let key = RsaPrivateKey::from_p_q(p, q, PUBLIC_EXPONENT.into()).unwrap();
    let der = key.to_pkcs1_der().unwrap();
    assert_eq!(SigningKey::from_pkcs1_der(der.as_bytes()).unwrap_err(), KeyError::Inconsistent);
}

/// An odd number of 1024 bits that is a multiple of 3, and fits 65537 as an exponent.
fn composite() -> BoxedUint {
    let mut number = BoxedUint::max(1024);
    while number.rem_limb(crypto_bigint::NonZero::new(crypto_bigint::Limb(65_537)).unwrap()).0 == 1
        || number.rem_limb(crypto_bigint::NonZero::new(crypto_bigint::Limb(3)).unwrap()).0 != 0
    {
        number = number.wrapping_sub(BoxedUint::from(2_u8));
    }
    number
}

#[test]
fn primes_that_are_close_are_refused() {
    let p = crypto_bigint::U1024::from_be_slice(&Numbers::of(&imported_key()).p);
    let bits = core::num::NonZeroU32::new(1024).unwrap();
    let next = crypto_primes::hazmat::SmallFactorsSieve::new(p.wrapping_add(&2_u8.into()), bits, false)
        .unwrap()
        .find(|candidate| crypto_primes::is_prime(crypto_primes::Flavor::Any, candidate))
        .unwrap();
    let key = RsaPrivateKey::from_p_q(p.into(), next.into(), PUBLIC_EXPONENT.into()).unwrap();
    let der = key.to_pkcs1_der().unwrap();
    assert_eq!(SigningKey::from_pkcs1_der(der.as_bytes()).unwrap_err(), KeyError::WeakPrimes);
}

#[test]
fn every_changed_byte_of_a_key_ends_in_an_error_or_changes_nothing() {
    let key = imported_key();
    let good = der(&key.to_pkcs8_pem());
    for index in 0..good.len() {
        let mut bytes = good.clone();
        bytes[index] ^= 1 << (index % 8);
        if let Ok(changed) = SigningKey::import(&STANDARD.encode(&bytes)) {
            assert_eq!(changed.to_pkcs1_der(), key.to_pkcs1_der(), "byte {index}");
        }
    }
    for length in 0..good.len() {
        assert!(SigningKey::import(&STANDARD.encode(&good[..length])).is_err());
    }
    assert!(SigningKey::import(&STANDARD.encode([&good[..], &[0]].concat())).is_err());
}

#[test]
fn lengths_that_lie_are_refused() {
    let good = imported_key().to_pkcs1_der();
    let body = &good[4..];
    for header in [
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], // 4 GB.
        &[0x30, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00],
        &[0x30, 0x80],                         // Indefinite.
        &[0x30, 0x83, 0x00, good[2], good[3]], // Longer than needed.
    ] {
        assert_eq!(SigningKey::from_pkcs1_der(&[header, body].concat()).unwrap_err(), KeyError::NotAKey);
    }
    assert_eq!(
        SigningKey::from_pkcs1_der(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).unwrap_err(),
        KeyError::NotAKey
    );
}

#[test]
fn a_tutorial_address_is_exactly_one_text() {
    let text = vectors().vectors[0].tutorial_address.clone();
    let bytes = STANDARD.decode(&text).unwrap();
    let changed = |index: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[index] = byte;
        STANDARD.encode(bytes)
    };
    for (text, error) in [
        (text.trim_end_matches('=').to_owned() + "=", KeyError::NotTutorialAddress),
        (format!("{text}\n"), KeyError::NotTutorialAddress),
        (format!(" {text}"), KeyError::NotTutorialAddress),
        (text[..356].to_owned(), KeyError::NotTutorialAddress),
        (text.replace('+', "-"), KeyError::NotTutorialAddress),
        (text.repeat(10), KeyError::NotTutorialAddress),
        (changed(3, 0x0b), KeyError::NotTutorialAddress),
        (changed(8, 1), KeyError::NotTutorialAddress),
        (changed(9, 0x7f), KeyError::Size { bits: 2047 }),
        (changed(264, 2), KeyError::EvenModulus),
        (changed(269, 3), KeyError::Exponent),
        (STANDARD.encode([&bytes[..], &[0]].concat()), KeyError::NotTutorialAddress),
        (String::new(), KeyError::NotTutorialAddress),
    ] {
        assert_eq!(PublicKey::from_tutorial_address(&text), Err(error), "{text}");
    }
}

#[test]
fn a_modulus_has_one_of_three_lengths_its_top_bit_and_is_odd() {
    for length in MODULUS_LENGTHS {
        let odd = [&vec![0x80; length - 1][..], &[1]].concat();
        assert_eq!(check_modulus(&odd), Ok(()));
        assert_eq!(check_modulus(&vec![0x80; length]), Err(KeyError::EvenModulus));
        let padded = [&[0], &odd[..length - 1]].concat();
        assert_eq!(check_modulus(&padded), Err(KeyError::Size { bits: length * 8 - 8 }));
        assert_eq!(check_modulus(&vec![0x7f; length]), Err(KeyError::Size { bits: length * 8 - 1 }));
        assert_eq!(check_modulus(&vec![0xff; length + 1]), Err(KeyError::Size { bits: length * 8 + 8 }));
    }
    assert_eq!(check_modulus(&[]), Err(KeyError::Size { bits: 0 }));
    assert_eq!(check_modulus(&[0; 256]), Err(KeyError::Size { bits: 0 }));
    assert_eq!(check_modulus(&vec![0xff; 1 << 17]), Err(KeyError::Size { bits: 1 << 20 }));
}

#[test]
fn blinding_does_not_change_a_signature() {
    let key = imported_key();
    let signature = key.sign(b"message", &mut ChaCha20Rng::from_seed([1; 32])).unwrap();
    assert_eq!(key.sign(b"message", &mut ChaCha20Rng::from_seed([2; 32])).unwrap(), signature);
}

struct BrokenRng;

impl TryRng for BrokenRng {
    type Error = core::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(core::fmt::Error)
    }
}

impl TryCryptoRng for BrokenRng {}

#[test]
fn without_randomness_nothing_is_signed() {
    assert_eq!(imported_key().sign(b"message", &mut BrokenRng), Err(KeyError::Randomness));
}

#[test]
fn a_signature_that_came_out_wrong_is_not_released() {
    let mut key = imported_key();
    // A bit that flips in memory: the key that is used and the key that is checked against differ.
    key.public.modulus[7] ^= 1;
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    assert_eq!(key.sign(b"message", &mut rng), Err(KeyError::Fault));
}

#[test]
fn debug_hides_secrets() {
    let key = imported_key();
    assert_eq!(format!("{key:?}"), format!("SigningKey {{ public: {:?}, .. }}", key.public_key()));
}

proptest::proptest! {
    /// Up to four bytes anywhere, or an end that comes too early.
    #[test]
    fn no_damage_to_a_key_makes_the_import_panic(
        damages in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), 0_u8..), 1..5),
        cut in 0_usize..40,
    ) {
        static GOOD: LazyLock<(Vec<u8>, Zeroizing<Vec<u8>>)> = LazyLock::new(|| {
            let key = imported_key();
            (der(&key.to_pkcs8_pem()), key.to_pkcs1_der())
        });
        let (pkcs8, pkcs1) = &*GOOD;
        let mut bytes = pkcs8.clone();
        for (at, byte) in damages {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut.saturating_sub(30));
        if let Ok(changed) = SigningKey::import(&STANDARD.encode(&bytes)) {
            proptest::prop_assert_eq!(&changed.to_pkcs1_der(), pkcs1);
        }
    }
}
