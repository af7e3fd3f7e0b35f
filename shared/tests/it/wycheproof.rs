//! Project Wycheproof's signatures, which broke many implementations, and a second implementation beside ours.

use std::sync::LazyLock;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
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

const SETS: [TestName; 3] = [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256];

/// Modulus, message and signature, which belong together.
type Signed = [Vec<u8>; 3];

static VALID: LazyLock<Vec<Signed>> = LazyLock::new(|| {
    let mut valid = Vec::new();
    for group in SETS.into_iter().flat_map(|name| TestSet::load(name).expect("as below").test_groups) {
        let modulus = group.key.n.strip_prefix(&[0]).unwrap_or(&group.key.n);
        let tests = group.tests.into_iter().filter(|test| test.result == TestResult::Valid);
        let exponent = group.key.e.as_slice() == [1, 0, 1];
        valid.extend(
            tests.filter(|_| exponent).map(|test| [modulus.to_vec(), test.msg.to_vec(), test.sig.to_vec()]),
        );
    }
    valid
});

proptest! {
    /// Whatever is changed in key, message or signature: both say the same, and nothing else than what was signed.
    #[test]
    fn both_verifiers_agree_on_damaged_signatures(
        which in any::<Index>(),
        damages in vec((0..3_usize, any::<Index>(), any::<u8>()), 0..3),
    ) {
        let good = which.get(&VALID);
        let mut signed = good.clone();
        for (part, at, mask) in damages.iter().filter(|(part, ..)| !good[*part].is_empty()) {
            let byte = at.index(signed[*part].len());
            signed[*part][byte] ^= mask;
        }
        let [modulus, message, signature] = &signed;
        let ours = RsaVerifier.verify(modulus, message, signature);
        prop_assert_eq!(ours, AwsLcVerifier.verify(modulus, message, signature));
        prop_assert_eq!(ours, signed == *good);
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
