//! The check of signatures, several times as fast as the portable one of `shared`; both agree on every vector.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use shared::keys::check_modulus;
use shared::signature::Verifier;

/// The exponent of every key, 65537, big-endian.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Checks signatures with aws-lc.
#[derive(Debug, Clone, Copy, Default)]
pub struct AwsLcVerifier;

impl Verifier for AwsLcVerifier {
    fn verify(&self, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool {
        // Shapes first, so that no junk costs big-number work. aws-lc alone would take every size up to 8192 bits.
        check_modulus(modulus).is_ok()
            && signature.len() == modulus.len()
            && RsaPublicKeyComponents { n: modulus, e: EXPONENT.as_slice() }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok()
    }
}
