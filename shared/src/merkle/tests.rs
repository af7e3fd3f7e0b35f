use super::*;
use crate::spec::ChainSpec;

#[derive(serde::Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    leaves: Vec<String>,
    root: MerkleRoot,
    proofs: Vec<Proof>,
}

#[derive(serde::Deserialize)]
struct Proof {
    index: u32,
    siblings: Vec<String>,
}

fn hashes(texts: &[String]) -> Vec<Hash> {
    texts.iter().map(|text| hex::decode(text).unwrap().try_into().unwrap()).collect()
}

fn vectors() -> Vec<Vector> {
    let vectors: Vectors = serde_json::from_str(include_str!("../../vectors/merkle.json")).unwrap();
    vectors.vectors
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn roots_and_siblings_match_the_vectors() {
    for vector in vectors() {
        let leaves = hashes(&vector.leaves);
        assert_eq!(merkle_root(&leaves), vector.root);
        assert_eq!(vector.proofs.len(), leaves.len());
        for proof in vector.proofs {
            let index = proof.index as usize;
            let siblings = hashes(&proof.siblings);
            assert_eq!(merkle_siblings(&leaves, index), siblings);
            let count = u32::try_from(leaves.len()).unwrap();
            assert_eq!(merkle_root_from(proof.index, count, leaves[index], &siblings), Some(vector.root));
        }
    }
}

#[test]
fn a_proof_holds_for_its_own_index_and_count_only() {
    for vector in vectors() {
        let leaves = hashes(&vector.leaves);
        let count = u32::try_from(leaves.len()).unwrap();
        for (index, leaf) in leaves.iter().enumerate() {
            let siblings = merkle_siblings(&leaves, index);
            for other in 0..count + 2 {
                let proves = merkle_root_from(other, count, *leaf, &siblings) == Some(vector.root);
                assert_eq!(proves, other as usize == index);
            }
            let mut longer = siblings.clone();
            longer.push([7; 32]);
            assert_eq!(merkle_root_from(u32::try_from(index).unwrap(), count, *leaf, &longer), None);
            if let Some((_, shorter)) = siblings.split_last() {
                assert_eq!(merkle_root_from(u32::try_from(index).unwrap(), count, *leaf, shorter), None);
            }
        }
    }
}

#[test]
fn no_leaves_have_a_root_and_a_leaf_that_is_not_there_no_siblings() {
    assert_eq!(merkle_root(&[]), MerkleRoot([0; 32]));
    let leaves = [[1; 32], [2; 32], [3; 32]];
    assert_eq!(merkle_siblings(&leaves, leaves.len()), Vec::<Hash>::new());
    assert_eq!(merkle_siblings(&[], 0), Vec::<Hash>::new());
}

#[test]
fn a_repeated_leaf_changes_the_root() {
    let [a, b, c] = [[1; 32], [2; 32], [3; 32]];
    assert_ne!(merkle_root(&[a, b, c]), merkle_root(&[a, b, c, c]));
    assert_ne!(merkle_root(&[a]), merkle_root(&[a, a]));
}

#[test]
fn a_proof_hands_out_the_decoded_coinbase() {
    let genesis = ChainSpec::dev().genesis().clone();
    let proof = MerkleProof { index: 0, count: 1, leaf: codec::encode(&genesis.coinbase), siblings: vec![] };
    let root = genesis.header.merkle_root;
    assert_eq!(proof.verify(&root), Ok(ProvenLeaf::Coinbase(genesis.coinbase.clone())));

    let elsewhere = MerkleRoot([9; 32]);
    assert_eq!(proof.verify(&elsewhere), Err(MerkleProofError::Root { expected: elsewhere, actual: root }));

    let short = MerkleProof { count: 2, ..proof.clone() };
    assert_eq!(short.verify(&root), Err(MerkleProofError::Shape { index: 0, count: 2, siblings: 0 }));

    let padded = MerkleProof { count: 2, siblings: vec![[5; 32]], ..proof };
    let root = merkle_root(&[genesis.coinbase.leaf(), [5; 32]]);
    assert_eq!(padded.verify(&root), Err(MerkleProofError::Count { tx_count: 0, count: 2 }));
}

#[test]
fn an_inner_node_is_no_leaf() {
    let leaves = [[1; 32], [2; 32], [3; 32]];
    let inner =
        MerkleProof { index: 0, count: 2, leaf: [[1; 32], [2; 32]].concat(), siblings: vec![[3; 32]] };
    assert!(matches!(inner.verify(&merkle_root(&leaves)), Err(MerkleProofError::Leaf(_))));
}
