use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng as _;
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::keys::SigningKey;
use crate::signature::{RsaVerifier, Verifier as _};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Vector {
    genesis_hash: BlockHash,
    sender_key: usize,
    receiver: String,
    amount: u64,
    fee: u64,
    nonce: u64,
    expires_at: u64,
    comment: String,
    body: String,
    signing_bytes: String,
    signature: String,
    transaction: String,
    tx_id: TxId,
}

#[derive(Deserialize)]
struct Message {
    chain: String,
    key: usize,
    text: String,
    #[serde(rename = "message_bytes")]
    bytes: String,
    signature: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/transactions.json")).unwrap()
}

/// The keys in the order in which the vectors count them.
fn keys() -> Vec<SigningKey> {
    let keys: serde_json::Value = serde_json::from_str(include_str!("../../vectors/keys.json")).unwrap();
    let pems = [("vectors", "pkcs1_pem"), ("imported", "pkcs8_pem")].map(|(list, form)| {
        keys[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key[form].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    pems.concat().iter().map(|pem| SigningKey::import(pem).unwrap()).collect()
}

fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    key.sign(message, &mut ChaCha20Rng::from_seed([1; 32])).unwrap()
}

#[test]
fn transactions_are_those_of_the_vectors() {
    let (vectors, keys) = (vectors().vectors, keys());
    assert_eq!(vectors.len(), 6);
    for vector in vectors {
        let key = &keys[vector.sender_key];
        let mut receiver = Address::default();
        hex::decode_to_slice(&vector.receiver, &mut receiver.0).unwrap();
        let body = TransactionBody {
            version: TRANSACTION_VERSION,
            sender: key.public_key().modulus().to_vec(),
            receiver,
            amount: vector.amount,
            fee: vector.fee,
            nonce: vector.nonce,
            expires_at: vector.expires_at,
            comment: vector.comment,
        };
        assert_eq!(hex::encode(codec::encode(&body)), vector.body);
        assert_eq!(body.sender_address(), key.public_key().address());
        let signing_bytes = body.signing_bytes(&vector.genesis_hash);
        assert_eq!(hex::encode(&signing_bytes), vector.signing_bytes);
        let signature = sign(key, &signing_bytes);
        assert_eq!(hex::encode(&signature), vector.signature);
        let transaction = Transaction { body, signature };
        let bytes = codec::encode(&transaction);
        assert_eq!(hex::encode(&bytes), vector.transaction);
        assert_eq!(codec::decode(&bytes), Ok(transaction.clone()));
        assert_eq!(transaction.id(), vector.tx_id);
    }
}

#[test]
fn messages_are_those_of_the_vectors() {
    let (vectors, keys) = (vectors(), keys());
    assert_eq!(vectors.messages.len(), 3);
    let genesis_main = vectors.vectors[0].genesis_hash;
    for vector in vectors.messages {
        // The vectors give the genesis hash only within the bytes.
        let bytes = hex::decode(&vector.bytes).unwrap();
        let genesis = BlockHash(bytes[20..52].try_into().unwrap());
        assert_eq!(genesis == genesis_main, vector.chain == "main");
        assert_eq!(message_bytes(&vector.text, &genesis), bytes);
        let key = &keys[vector.key];
        let signature = sign(key, &bytes);
        assert_eq!(hex::encode(&signature), vector.signature);
        assert!(RsaVerifier.verify(key.public_key().modulus(), &bytes, &signature));
    }
}

/// "Nobody but its sender can give a transaction a second id."
#[test]
fn every_changed_byte_makes_another_transaction_or_none() {
    let vector = vectors().vectors.remove(1);
    let bytes = hex::decode(&vector.transaction).unwrap();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 8);
        if let Ok(transaction) = codec::decode::<Transaction>(&changed) {
            assert_eq!(codec::encode(&transaction), changed);
            let signing_bytes = transaction.body.signing_bytes(&vector.genesis_hash);
            assert!(!RsaVerifier.verify(&transaction.body.sender, &signing_bytes, &transaction.signature));
        }
    }
}

#[test]
fn a_signature_is_bound_to_its_chain_and_is_no_message() {
    let (vectors, keys) = (vectors(), keys());
    let vector = &vectors.vectors[0];
    let transaction: Transaction = codec::decode(&hex::decode(&vector.transaction).unwrap()).unwrap();
    let modulus = &transaction.body.sender;
    let verify = |bytes: &[u8]| RsaVerifier.verify(modulus, bytes, &transaction.signature);
    assert!(verify(&transaction.body.signing_bytes(&vector.genesis_hash)));
    assert!(!verify(&transaction.body.signing_bytes(&BlockHash::default())));
    assert!(!verify(&codec::encode(&transaction.body)));
    // A message whose text is the body of a transaction signs something else.
    let text = String::from_utf8_lossy(&codec::encode(&transaction.body)).into_owned();
    let signature = sign(&keys[vector.sender_key], &message_bytes(&text, &vector.genesis_hash));
    let signing_bytes = transaction.body.signing_bytes(&vector.genesis_hash);
    assert!(!RsaVerifier.verify(modulus, &signing_bytes, &signature));
}

#[test]
fn a_cost_that_leaves_the_integers_is_none() {
    let vector = vectors().vectors.remove(0);
    let mut body = codec::decode::<Transaction>(&hex::decode(&vector.transaction).unwrap()).unwrap().body;
    assert_eq!(body.cost(), Some(51));
    body.amount = u64::MAX;
    assert_eq!(body.cost(), None);
}
