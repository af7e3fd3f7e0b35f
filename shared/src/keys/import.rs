//! Reading private keys that others made. Nothing in them is believed: a number that is out of range must end in an
//! error, never in a panic (RUSTSEC-2026-0583).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_primes::{Flavor, is_prime};
use rsa::pkcs1::{self, RsaPrivateKey as Pkcs1Key, UintRef};
use rsa::pkcs8::PrivateKeyInfoRef;
use rsa::pkcs8::der::Decode as _;
use rsa::{BoxedUint, RsaPrivateKey};
use zeroize::Zeroizing;

use super::{KeyError, PUBLIC_EXPONENT, big_number, check_modulus};

/// A key of 4096 bits takes 3.3 kB as PEM; nothing that is several times as long is worth decoding.
const MAX_TEXT_BYTES: usize = 16_384;
/// FIPS 186-5, A.1.3: two primes of k bits must differ by more than 2^(k − 100).
const MIN_DISTANCE_BITS: u32 = 100;

/// Reads PEM or bare base64.
pub(super) fn from_text(text: &str) -> Result<RsaPrivateKey, KeyError> {
    let der = decode_text(text)?;
    if let Ok(info) = PrivateKeyInfoRef::from_der(&der) {
        if info.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(KeyError::NotRsa);
        }
        return from_pkcs1_der(info.private_key.as_bytes());
    }
    from_pkcs1_der(&der)
}

/// Removes the frame of a PEM file, if there is one, and all white space, and decodes the base64 that is left.
fn decode_text(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(KeyError::NotAKey);
    }
    if text.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    let body = match text.split_once("-----BEGIN ") {
        None => text,
        Some((_, rest)) => {
            let (label, rest) = rest.split_once("-----").ok_or(KeyError::NotAKey)?;
            match label {
                "RSA PRIVATE KEY" | "PRIVATE KEY" => {}
                "RSA PUBLIC KEY" | "PUBLIC KEY" => return Err(KeyError::PublicKey),
                _ => return Err(KeyError::NotRsa),
            }
            let (body, end) = rest.split_once("-----END ").ok_or(KeyError::NotAKey)?;
            if !end.starts_with(label) {
                return Err(KeyError::NotAKey);
            }
            body
        }
    };
    // Both buffers have their final size from the start: growing would leave copies of the secret behind.
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.chars().filter(|character| !character.is_ascii_whitespace()));
    let mut der = Zeroizing::new(Vec::with_capacity(base64.len()));
    STANDARD.decode_vec(base64.as_bytes(), &mut der).or(Err(KeyError::NotAKey))?;
    Ok(der)
}

/// Reads a PKCS#1 private key and checks that its numbers belong together.
pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<RsaPrivateKey, KeyError> {
    let Ok(key) = Pkcs1Key::<UintRef<'_>>::from_der(der) else {
        let public = pkcs1::RsaPublicKeyRef::from_der(der).is_ok();
        return Err(if public { KeyError::PublicKey } else { KeyError::NotAKey });
    };
    if key.other_prime_infos.is_some() {
        return Err(KeyError::NotRsa);
    }
    let modulus = key.modulus.as_bytes();
    check_modulus(modulus)?;
    if big_number(key.public_exponent.as_bytes()) != BoxedUint::from(PUBLIC_EXPONENT) {
        return Err(KeyError::Exponent);
    }
    let p = half_of(modulus.len(), key.prime1.as_bytes())?;
    let q = half_of(modulus.len(), key.prime2.as_bytes())?;
    let d = key.private_exponent.as_bytes();
    if d.len() > modulus.len() {
        return Err(KeyError::Inconsistent);
    }
    // This checks that n = p · q, and that e · d is 1 modulo p − 1 and modulo q − 1.
    let primes = vec![(*p).clone(), (*q).clone()];
    let private =
        RsaPrivateKey::from_components(big_number(modulus), PUBLIC_EXPONENT.into(), big_number(d), primes)
            .or(Err(KeyError::Inconsistent))?;
    if !is_prime(Flavor::Any, &*p) || !is_prime(Flavor::Any, &*q) {
        return Err(KeyError::Inconsistent);
    }
    let distance = Zeroizing::new(if *p > *q { p.wrapping_sub(&*q) } else { q.wrapping_sub(&*p) });
    if distance.bits() <= p.bits_precision().saturating_sub(MIN_DISTANCE_BITS) {
        return Err(KeyError::WeakPrimes);
    }
    Ok(private)
}

/// Reads a prime, which must be half as long as the modulus: when n has all its bits, then so have both primes.
fn half_of(modulus_bytes: usize, prime: &[u8]) -> Result<Zeroizing<BoxedUint>, KeyError> {
    let full =
        prime.len().checked_mul(2) == Some(modulus_bytes) && prime.first().is_some_and(|byte| *byte >= 0x80);
    if full { Ok(Zeroizing::new(big_number(prime))) } else { Err(KeyError::Inconsistent) }
}
