//! A proof of one thing never passes for another.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use shared::address::Address;
use shared::codec::{decode, encode};
use shared::hash::sha256d;
use shared::merkle::{MerkleProof, ProvenLeaf, merkle_root, merkle_root_from, merkle_siblings};
use shared::state::Account;
use shared::state_tree::{AccountProof, StateTree, tree_key};

use super::values;

/// Changes one byte of an encoding and decodes what comes of it.
fn changed<T: borsh::BorshSerialize + borsh::BorshDeserialize>(value: &T, at: Index, mask: u8) -> Option<T> {
    let mut bytes = encode(value);
    let at = at.index(bytes.len());
    bytes[at] ^= mask;
    decode(&bytes).ok()
}

proptest! {
    #[test]
    fn a_merkle_path_leads_from_one_place_only(
        leaves in vec(values::hash(), 1..70),
        at in any::<Index>(),
        other in values::hash(),
        index in 0..80_u32,
    ) {
        let root = merkle_root(&leaves);
        let (place, all) = (at.index(leaves.len()), u32::try_from(leaves.len()).expect("few"));
        let siblings = merkle_siblings(&leaves, place);
        let place = u32::try_from(place).expect("few");
        let leaf = leaves[at.index(leaves.len())];
        prop_assert_eq!(merkle_root_from(place, all, leaf, &siblings), Some(root));
        prop_assert_ne!(merkle_root_from(place, all, other, &siblings), Some(root));
        // With another count the same hashes may lead to the root: the coinbase, leaf 0, tells the right one.
        if index != place {
            prop_assert_ne!(merkle_root_from(index, all, leaf, &siblings), Some(root));
        }
    }

    #[test]
    fn a_changed_merkle_proof_proves_nothing_else(
        block in values::block(),
        at in any::<Index>(),
        spot in any::<Index>(),
        mask in 1..=u8::MAX,
    ) {
        let mut block = block;
        block.coinbase.tx_count = u32::try_from(block.transactions.len()).expect("few");
        let mut encoded = vec![encode(&block.coinbase)];
        encoded.extend(block.transactions.iter().map(encode));
        let leaves: Vec<_> = encoded.iter().map(|leaf| sha256d(leaf)).collect();
        let root = merkle_root(&leaves);
        let place = at.index(leaves.len());
        let proof = MerkleProof {
            index: u32::try_from(place).expect("few"),
            count: u32::try_from(leaves.len()).expect("few"),
            leaf: encoded[place].clone(),
            siblings: merkle_siblings(&leaves, place),
        };
        let proven = match place.checked_sub(1) {
            None => ProvenLeaf::Coinbase(block.coinbase.clone()),
            Some(index) => ProvenLeaf::Transaction(block.transactions[index].clone()),
        };
        let verified = proof.verify(&root);
        prop_assert_eq!(verified.as_ref(), Ok(&proven));
        if let Some(Ok(other)) = changed(&proof, spot, mask).map(|proof| proof.verify(&root)) {
            prop_assert_eq!(other, proven);
        }
    }

    #[test]
    fn an_account_proof_says_the_truth_or_nothing(
        accounts in btree_map(0..40_u8, values::account(), 0..30),
        (asked, claimed) in (0..40_u8, 0..40_u8),
        spot in any::<Index>(),
        mask in 1..=u8::MAX,
    ) {
        let mut tree = StateTree::new();
        let address = |number: u8| Address([number; 20]);
        let change = |(number, account): (&u8, &Account)| (tree_key(&address(*number)), Some(account.value_hash()));
        let root = tree.update(accounts.iter().map(change).collect());
        let truth = |number: u8| accounts.get(&number).copied();

        let proof = tree.prove(&address(asked), truth(asked));
        prop_assert_eq!(proof.verify(&address(asked), &root), Ok(truth(asked).unwrap_or_default()));
        // Asked about somebody else, a proof of absence may well be true; a false one never passes.
        if let Ok(account) = proof.verify(&address(claimed), &root) {
            prop_assert_eq!(account, truth(claimed).unwrap_or_default());
        }
        // Neither does one that somebody changed, nor one that claims another value.
        let forged = [
            changed(&proof, spot, mask),
            Some(tree.prove(&address(asked), truth(claimed))),
            Some(AccountProof { value: None, ..proof.clone() }),
        ];
        for forged in forged.into_iter().flatten() {
            if let Ok(account) = forged.verify(&address(asked), &root) {
                prop_assert_eq!(account, truth(asked).unwrap_or_default());
            }
        }
    }

    /// Different headers, another order or another number of them give another root.
    #[test]
    fn a_chain_root_stands_for_one_list_of_headers(
        headers in values::legal_headers(1..40),
        (a, b) in (any::<Index>(), any::<Index>()),
        mask in 1..=u32::MAX,
    ) {
        let root = values::range_of(&headers).root();
        let (a, b) = (a.index(headers.len()), b.index(headers.len()));
        prop_assert_ne!(values::range_of(&headers[..a]).root(), root);
        let mut other = headers.clone();
        other[a].nonce ^= mask;
        prop_assert_ne!(values::range_of(&other).root(), root);
        let mut swapped = headers.clone();
        swapped.swap(a, b);
        prop_assert_eq!(values::range_of(&swapped).root() == root, swapped == headers);
    }
}
