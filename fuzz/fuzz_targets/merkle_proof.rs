#![no_main]

use ironchain_fuzz::canonical;
use shared::hash::sha256d;
use shared::merkle::{MerkleProof, merkle_root_from};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(proof) = canonical::<MerkleProof>(bytes) else { return };
    // The root that it does lead to: everything else about it is judged then.
    let root = merkle_root_from(proof.index, proof.count, sha256d(&proof.leaf), &proof.siblings);
    let _verdict = proof.verify(&root.unwrap_or_default());
});
