//! The check of a signature: RSASSA-PKCS1-v1_5 with SHA-256 (`docs/protocol.md`, section 3; RFC 8017, 8.2.2).

use rsa::RsaPublicKey;
use rsa::pkcs1v15::Pkcs1v15Sign;
use sha2::Sha256;

use crate::hash::sha256;
use crate::keys::{PUBLIC_EXPONENT, big_number, check_modulus};

/// Checks signatures. The node plugs in a faster implementation than [`RsaVerifier`]; all must agree.
pub trait Verifier: Send + Sync {
    /// Returns whether `signature` over `message` is valid under the public key (`modulus`, 65537).
    ///
    /// A modulus or a signature of the wrong shape is `false`, never a panic.
    fn verify(&self, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool;
}

/// The implementation that runs everywhere, WASM included.
#[derive(Debug, Clone, Copy, Default)]
pub struct RsaVerifier;

impl Verifier for RsaVerifier {
    fn verify(&self, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool {
        // Shapes first, so that no junk costs big-number work.
        if check_modulus(modulus).is_err() || signature.len() != modulus.len() {
            return false;
        }
        let scheme = Pkcs1v15Sign::new::<Sha256>();
        RsaPublicKey::new(big_number(modulus), PUBLIC_EXPONENT.into())
            .and_then(|key| key.verify(scheme, &sha256(message), signature))
            .is_ok()
    }
}

#[cfg(test)]
mod tests;
