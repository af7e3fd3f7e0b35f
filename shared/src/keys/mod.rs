//! RSA keys: checked public keys, and signing keys derived from words or imported (`docs/protocol.md`, section 2).
//!
//! A secret never leaves this module except through [`SigningKey::to_pkcs8_pem`] and
//! [`SigningKey::to_pkcs1_der`]; it is never part of an error or of `Debug`, and it is overwritten on drop.

mod derive;
mod import;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::TryCryptoRng;
use rsa::traits::{PublicKeyParts as _, SignatureScheme as _};
use rsa::{BoxedUint, RsaPrivateKey};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use self::derive::KeyProgress;
use crate::address::Address;
use crate::hash::sha256;
use crate::signature::{RsaVerifier, Verifier as _};
use crate::words::Seed;

/// The lengths that a modulus may have, in bytes: 2048, 3072 and 4096 bits.
pub const MODULUS_LENGTHS: [usize; 3] = [256, 384, 512];
/// The public exponent of every key.
pub(crate) const PUBLIC_EXPONENT: u32 = 65_537;
/// How every PKCS#1 public key ends: INTEGER, 3 bytes, 65537.
const EXPONENT_DER: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// A text, or bytes, are not a key that this chain accepts. It never contains any of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyError {
    /// Neither PEM nor base64, or not the key that it claims to be.
    #[error(
        "this is not a complete private key: something is missing or was changed on the way; copy the whole key \
         again, with the lines that begin with dashes if it has them"
    )]
    NotAKey,
    /// A public key where a private key is needed.
    #[error("this is a public key, which cannot sign: import the private key that belongs to it")]
    PublicKey,
    /// The file is protected by a passphrase of its own.
    #[error("this key is encrypted: decrypt it first, with `openssl pkey -in KEY.pem -out PLAIN.pem`")]
    Encrypted,
    /// The label of a PEM file that holds something else.
    #[error("only RSA private keys in PKCS#1 or PKCS#8 form can be imported, and this is something else")]
    NotRsa,
    /// The modulus is too short, too long or in between.
    #[error("this key has {bits} bits; only keys of 2048, 3072 and 4096 bits are accepted")]
    Size {
        /// The length of the modulus.
        bits: usize,
    },
    /// An even modulus is not the product of two large primes.
    #[error("this key's modulus is even, so it is not an RSA key; it may have been damaged on the way")]
    EvenModulus,
    /// The public exponent differs from 65537.
    #[error("this key's public exponent is not 65537, the only one that is accepted; make a new key")]
    Exponent,
    /// The numbers of a private key contradict one another.
    #[error("the numbers in this private key do not belong together; the key was damaged, use another copy")]
    Inconsistent,
    /// The two primes are so close that anybody can find them.
    #[error("this key is unsafe, because its two primes are too close to each other; make a new key")]
    WeakPrimes,
    /// A text is not the one-line base64 form of a public key, exactly.
    #[error(
        "this is not a complete tutorial address (a public key in base64 on one line): copy the whole line again"
    )]
    NotTutorialAddress,
    /// No randomness could be had to hide the signing from timing.
    #[error("no randomness is available, so signing would not be safe; restart the program or the browser")]
    Randomness,
    /// A signature that was just made does not verify: the computer made a mistake.
    #[error("the signature came out wrong and was thrown away, because it could reveal the key; try again")]
    Fault,
}

/// Checks the shape of a modulus: 256, 384 or 512 bytes, top bit set, odd. No other property is ever a rule.
///
/// # Errors
/// [`KeyError::Size`] or [`KeyError::EvenModulus`].
pub fn check_modulus(modulus: &[u8]) -> Result<(), KeyError> {
    let top_bit = modulus.first().is_some_and(|byte| byte & 0x80 != 0);
    if !MODULUS_LENGTHS.contains(&modulus.len()) || !top_bit {
        return Err(KeyError::Size { bits: bit_length(modulus) });
    }
    if modulus.last().is_some_and(|byte| byte & 1 == 0) {
        return Err(KeyError::EvenModulus);
    }
    Ok(())
}

/// Returns the number of bits of a big-endian number.
fn bit_length(bytes: &[u8]) -> usize {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let Some(top) = bytes.get(zeros) else { return 0 };
    let top_zeros = usize::try_from(top.leading_zeros()).unwrap_or_default();
    bytes.len().saturating_sub(zeros).saturating_mul(8).saturating_sub(top_zeros)
}

/// A public key of the right shape. Its exponent is always 65537.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    modulus: Vec<u8>,
}

impl PublicKey {
    /// Checks and keeps a big-endian modulus.
    ///
    /// # Errors
    /// As [`check_modulus`].
    pub fn from_modulus(modulus: &[u8]) -> Result<Self, KeyError> {
        check_modulus(modulus)?;
        Ok(Self { modulus: modulus.to_vec() })
    }

    /// Returns the big-endian modulus: 256, 384 or 512 bytes.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// Returns the address that this key owns.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::of_modulus(&self.modulus)
    }

    /// Returns the tutorial address: this key as PKCS#1 in base64 on one line.
    #[must_use]
    pub fn tutorial_address(&self) -> String {
        let mut der = pkcs1_header(self.modulus.len());
        der.extend_from_slice(&self.modulus);
        der.extend_from_slice(&EXPONENT_DER);
        STANDARD.encode(der)
    }

    /// Reads a tutorial address; only the exact text of [`Self::tutorial_address`] is one.
    ///
    /// # Errors
    /// [`KeyError::NotTutorialAddress`], [`KeyError::Exponent`], or those of [`check_modulus`].
    pub fn from_tutorial_address(text: &str) -> Result<Self, KeyError> {
        // Nothing that is longer than a key of 4096 bits is worth decoding.
        if text.len() > 1024 {
            return Err(KeyError::NotTutorialAddress);
        }
        let der = STANDARD.decode(text).or(Err(KeyError::NotTutorialAddress))?;
        let (modulus, exponent) = MODULUS_LENGTHS
            .iter()
            .find_map(|length| der.strip_prefix(pkcs1_header(*length).as_slice())?.split_at_checked(*length))
            .ok_or(KeyError::NotTutorialAddress)?;
        if exponent != EXPONENT_DER {
            // Whatever is not a number of three bytes to the end was cut short or lengthened on the way.
            let is_number = exponent.len() == EXPONENT_DER.len() && exponent.starts_with(&EXPONENT_DER[..2]);
            return Err(if is_number { KeyError::Exponent } else { KeyError::NotTutorialAddress });
        }
        Self::from_modulus(modulus)
    }
}

/// Returns what precedes a modulus of `length` bytes in a PKCS#1 public key with the exponent 65537.
fn pkcs1_header(length: usize) -> Vec<u8> {
    let be_bytes = |length: usize| u16::try_from(length).unwrap_or_default().to_be_bytes();
    let mut header = vec![0x30, 0x82]; // SEQUENCE, its length in two bytes.
    header.extend_from_slice(&be_bytes(length.saturating_add(10)));
    header.extend_from_slice(&[0x02, 0x82]); // INTEGER, its length in two bytes.
    header.extend_from_slice(&be_bytes(length.saturating_add(1)));
    header.push(0); // A top bit that is set would mean a negative number.
    header
}

impl core::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PublicKey({})", hex::encode(&self.modulus))
    }
}

/// A private key. It is overwritten on drop and hidden from `Debug`.
pub struct SigningKey {
    private: RsaPrivateKey,
    public: PublicKey,
}

impl SigningKey {
    /// Returns the key of 2048 bits that belongs to `account` of `seed`: the same words always give the same keys.
    #[must_use]
    pub fn from_seed(seed: &Seed, account: u32) -> Self {
        Self::from_seed_with_progress(seed, account, |_| ())
    }

    /// As [`Self::from_seed`], and calls `progress` after every number that was tested for primality; the whole
    /// takes about 80 tests, sometimes several times as many.
    ///
    /// # Panics
    /// Never: the search for the primes guarantees all that a key needs.
    #[must_use]
    pub fn from_seed_with_progress(seed: &Seed, account: u32, progress: impl FnMut(KeyProgress)) -> Self {
        let (p, q) = derive::primes(seed, account, progress);
        #[expect(clippy::expect_used, reason = "this is what the search for the primes guarantees")]
        let private = RsaPrivateKey::from_p_q((*p).into(), (*q).into(), PUBLIC_EXPONENT.into()).expect(
            "two primes make a key because they differ and neither p - 1 nor q - 1 has the factor 65537",
        );
        #[expect(clippy::expect_used, reason = "this is what the search for the primes guarantees")]
        Self::new(private).expect("n has 2048 bits because the two top bits of both primes are set")
    }

    /// Imports an RSA private key: PKCS#1 or PKCS#8, as PEM or as bare base64 (which the tutorial prints).
    ///
    /// Line breaks and spaces do not matter. Of the numbers in the key, n, e, d, p and q are checked against one
    /// another, p and q for primality; the others are computed anew.
    ///
    /// # Errors
    /// Everything that is not such a key.
    pub fn import(text: &str) -> Result<Self, KeyError> {
        Self::new(import::from_text(text)?)
    }

    /// Reads what [`Self::to_pkcs1_der`] wrote, with all the checks of [`Self::import`].
    ///
    /// # Errors
    /// As [`Self::import`].
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(import::from_pkcs1_der(der)?)
    }

    fn new(private: RsaPrivateKey) -> Result<Self, KeyError> {
        let public = PublicKey::from_modulus(&private.n().to_be_bytes())?;
        Ok(Self { private, public })
    }

    /// Returns the public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the key as a PKCS#8 PEM file, which other programs can read.
    ///
    /// # Panics
    /// Never: a complete key of two primes can always be encoded.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        #[expect(clippy::expect_used, reason = "the encoder fails only for keys of more than two primes")]
        self.private
            .to_pkcs8_pem(LineEnding::LF)
            .expect("a key of two primes can be encoded because it is complete")
    }

    /// Returns the key as PKCS#1 DER, for a keystore.
    ///
    /// # Panics
    /// Never: a complete key of two primes can always be encoded.
    #[must_use]
    pub fn to_pkcs1_der(&self) -> Zeroizing<Vec<u8>> {
        #[expect(clippy::expect_used, reason = "the encoder fails only for keys of more than two primes")]
        self.private
            .to_pkcs1_der()
            .expect("a key of two primes can be encoded because it is complete")
            .to_bytes()
    }

    /// Signs `message`; the signature is as long as the modulus, and always the same for the same message.
    ///
    /// `rng` hides the computation from whoever measures its time. The signature is verified before it is
    /// returned: a wrong one, from a fault in the machine, could give the key away.
    ///
    /// # Errors
    /// [`KeyError::Randomness`] or [`KeyError::Fault`].
    pub fn sign<R: TryCryptoRng>(&self, message: &[u8], rng: &mut R) -> Result<Vec<u8>, KeyError> {
        let signature = Pkcs1v15Sign::new::<Sha256>()
            .sign(Some(rng), &self.private, &sha256(message))
            .map_err(|error| if error == rsa::Error::Rng { KeyError::Randomness } else { KeyError::Fault })?;
        if RsaVerifier.verify(self.public.modulus(), message, &signature) {
            Ok(signature)
        } else {
            Err(KeyError::Fault)
        }
    }
}

impl core::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Returns a big-endian number as the type that `rsa` computes with, as wide as its bytes.
pub(crate) fn big_number(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(bytes)
}

#[cfg(test)]
mod tests;
