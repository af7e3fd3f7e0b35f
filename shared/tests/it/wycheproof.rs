//! Project Wycheproof's signatures, which broke many implementations, and a second implementation beside ours.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use shared::keys::check_modulus;
use shared::signature::{RsaVerifier, Verifier};
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

/// An independent implementation, in C and assembly.
struct AwsLcVerifier;

impl Verifier for AwsLcVerifier {
    fn verify(&self, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: modulus, e: &[1, 0, 1] };
        check_modulus(modulus).is_ok() && key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }
}

/// Runs a set through both verifiers and returns how many tests ran; the others have another public exponent, which
/// a modulus cannot express.
fn run(name: TestName) -> usize {
    let mut ran = 0;
    for group in TestSet::load(name).expect("the set is a part of its crate").test_groups {
        if group.key.e.as_slice() != [1, 0, 1] {
            continue;
        }
        // A DER integer starts with 0 when the top bit is set.
        let modulus = group.key.n.strip_prefix(&[0]).unwrap_or(&group.key.n);
        assert_eq!(check_modulus(modulus), Ok(()));
        for test in group.tests {
            // "Acceptable" is what a lax verifier may let pass, a missing NULL: ours refuses it.
            let expected = test.result == TestResult::Valid;
            let case = format!("{name:?} {}: {}", test.tc_id, test.comment);
            assert_eq!(RsaVerifier.verify(modulus, &test.msg, &test.sig), expected, "{case}");
            assert_eq!(AwsLcVerifier.verify(modulus, &test.msg, &test.sig), expected, "{case}");
            ran += 1;
        }
    }
    ran
}

#[test]
fn both_verifiers_agree_with_wycheproof() {
    assert_eq!(run(TestName::Rsa2048Sha256), 257);
    assert_eq!(run(TestName::Rsa3072Sha256), 258);
    assert_eq!(run(TestName::Rsa4096Sha256), 258);
}
