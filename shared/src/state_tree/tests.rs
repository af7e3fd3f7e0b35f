use proptest::prelude::*;

use super::*;
use crate::codec;

#[derive(serde::Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    accounts: Vec<Entry>,
    root: StateRoot,
    proofs: Vec<Proof>,
}

#[derive(serde::Deserialize)]
struct Entry {
    address: String,
    value: String,
}

#[derive(serde::Deserialize)]
struct Proof {
    address: String,
    value: Option<String>,
    leaf: Option<(String, String)>,
    siblings: Vec<String>,
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn account(text: &str) -> Account {
    codec::decode(&hex::decode(text).unwrap()).unwrap()
}

fn vectors() -> Vec<Vector> {
    let vectors: Vectors = serde_json::from_str(include_str!("../../vectors/state.json")).unwrap();
    vectors.vectors
}

fn tree_of(vector: &Vector) -> StateTree {
    let mut tree = StateTree::new();
    let change =
        |entry: &Entry| (tree_key(&Address(bytes(&entry.address))), Some(account(&entry.value).value_hash()));
    tree.update(vector.accounts.iter().map(change).collect());
    tree
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn roots_and_proofs_match_the_vectors() {
    for vector in vectors() {
        let tree = tree_of(&vector);
        assert_eq!(tree.root(), vector.root);
        for proof in &vector.proofs {
            let address = Address(bytes(&proof.address));
            let expected = AccountProof {
                value: proof.value.as_deref().map(account),
                leaf: proof.leaf.as_ref().map(|(key, value)| (bytes(key), bytes(value))),
                siblings: proof.siblings.iter().map(|sibling| bytes(sibling)).collect(),
            };
            assert_eq!(tree.prove(&address, expected.value), expected);
            assert_eq!(expected.verify(&address, &vector.root), Ok(expected.value.unwrap_or_default()));
        }
    }
}

#[test]
fn a_proof_for_one_account_never_holds_for_another() {
    for vector in vectors() {
        let tree = tree_of(&vector);
        for proven in &vector.proofs {
            let address = Address(bytes(&proven.address));
            let proof = tree.prove(&address, proven.value.as_deref().map(account));
            for other in vector.proofs.iter().filter(|other| other.value != proven.value) {
                let result = proof.verify(&Address(bytes(&other.address)), &vector.root);
                assert!(result.is_err(), "{result:?}");
            }
        }
    }
}

#[test]
fn forged_proofs_are_told_apart() {
    let vector = vectors().pop().unwrap();
    let tree = tree_of(&vector);
    let entry = vector.accounts.first().unwrap();
    let address = Address(bytes(&entry.address));
    let proof = tree.prove(&address, Some(account(&entry.value)));

    let richer = Account { balance: u64::MAX, ..account(&entry.value) };
    let forged = AccountProof { value: Some(richer), ..proof.clone() };
    assert_eq!(forged.verify(&address, &vector.root), Err(AccountProofError::WrongLeaf));

    let denied = AccountProof { value: None, ..proof.clone() };
    assert_eq!(denied.verify(&address, &vector.root), Err(AccountProofError::WrongLeaf));

    let deep = AccountProof { siblings: vec![EMPTY; 257], ..proof.clone() };
    assert_eq!(deep.verify(&address, &vector.root), Err(AccountProofError::TooDeep { got: 257 }));

    let deepest = AccountProof { siblings: vec![EMPTY; 256], ..proof.clone() };
    assert!(matches!(deepest.verify(&address, &vector.root), Err(AccountProofError::Root { .. })));

    let absent = AccountProof { value: None, leaf: None, siblings: vec![] };
    let error = AccountProofError::Root { expected: vector.root, actual: EMPTY_ROOT };
    assert_eq!(absent.verify(&address, &vector.root), Err(error));
}

#[test]
fn places_are_used_again() {
    let mut tree = StateTree::new();
    let changes = |value: Option<Hash>| (0..100_u8).map(|n| (sha256(&[n]), value)).collect::<Vec<_>>();
    tree.update(changes(Some([1; 32])));
    let places = (tree.leaves.places(), tree.inners.places());
    assert_eq!(tree.update(changes(None)), EMPTY_ROOT);
    tree.update(changes(Some([1; 32])));
    assert_eq!((tree.leaves.places(), tree.inners.places()), places);
}

#[test]
fn what_was_put_into_many_places_is_found_there() {
    let mut arena = Arena::new();
    let items = 0..10_000_u32;
    let places: Vec<_> = items.clone().map(|item| arena.insert(item)).collect();
    assert!(items.zip(places).all(|(item, place)| arena.get(place) == item));
}

proptest! {
    /// However the same accounts came to be, the root is the same; and undoing a batch restores it.
    #[test]
    fn the_root_depends_on_the_accounts_alone(
        keys in proptest::collection::vec((0..64_u8, any::<bool>()), 0..80),
        cut in 0..80_usize,
    ) {
        let change = |(n, keep): &(u8, bool)| (sha256(&[*n]), keep.then_some([*n; 32]));
        let mut stepwise = StateTree::new();
        let mut accounts = std::collections::BTreeMap::new();
        for (step, entry) in keys.iter().enumerate() {
            let (key, value) = change(entry);
            let before = accounts.get(&key).copied();
            let root = stepwise.root();
            if step == cut {
                stepwise.update(vec![(key, value)]);
                prop_assert_eq!(stepwise.update(vec![(key, before)]), root);
            }
            stepwise.update(vec![(key, value)]);
            match value {
                Some(value) => accounts.insert(key, value),
                None => accounts.remove(&key),
            };
        }
        let mut at_once = StateTree::new();
        let root = at_once.update(accounts.into_iter().map(|(key, value)| (key, Some(value))).collect());
        prop_assert_eq!(stepwise.root(), root);
    }
}
