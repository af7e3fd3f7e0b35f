#![no_main]

use ironchain_fuzz::accounts::address;
use ironchain_fuzz::canonical;
use shared::state_tree::{AccountProof, AccountProofError, EMPTY_ROOT};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(proof) = canonical::<AccountProof>(bytes) else { return };
    if let Err(AccountProofError::Root { actual, .. }) = proof.verify(&address(0), &EMPTY_ROOT) {
        // Under the root that it leads to, it says what it says.
        assert_eq!(proof.verify(&address(0), &actual), Ok(proof.value.unwrap_or_default()));
    }
});
