//! Proofs, verified by what a wallet has: `shared`.

use serde_json::{Value, json};
use shared::address::Address;
use shared::block::{Coinbase, Header};
use shared::codec;
use shared::hash::{BlockHash, TxId};
use shared::merkle::{MerkleProof, ProvenLeaf};
use shared::state::Account;
use shared::state_tree::AccountProof;
use shared::transaction::Transaction;

use super::{Client, TestApi};
use crate::support::{address, easy_spec, payment};

const PREFIX: &str = "dev";

fn bytes(view: &Value, field: &str) -> Vec<u8> {
    hex::decode(view[field].as_str().unwrap()).unwrap()
}

/// What a proof's parts lead to, when all of them hold.
fn proven_coinbase(view: &Value, coinbase_proof: &[u8]) -> Option<(Header, Coinbase)> {
    let header: Header = codec::decode(&bytes(view, "header")).unwrap();
    assert_eq!(json!(header.hash()), view["block_hash"]);
    let proof: MerkleProof = codec::decode(coinbase_proof).ok()?;
    let Ok(ProvenLeaf::Coinbase(coinbase)) = proof.verify(&header.merkle_root) else { return None };
    Some((header, coinbase))
}

fn proven_account(
    view: &Value,
    address: &Address,
    coinbase_proof: &[u8],
    account_proof: &[u8],
) -> Option<Account> {
    let (_, coinbase) = proven_coinbase(view, coinbase_proof)?;
    let proof: AccountProof = codec::decode(account_proof).ok()?;
    proof.verify(address, &coinbase.state_root).ok()
}

fn proven_transaction(view: &Value, coinbase_proof: &[u8], proof: &[u8]) -> Option<(u64, u32, Transaction)> {
    let (header, coinbase) = proven_coinbase(view, coinbase_proof)?;
    let proof: MerkleProof = codec::decode(proof).ok()?;
    if proof.count != coinbase.tx_count + 1 {
        return None;
    }
    match proof.verify(&header.merkle_root) {
        Ok(ProvenLeaf::Transaction(transaction)) => Some((coinbase.height, proof.index, transaction)),
        _ => None,
    }
}

/// Every other proof with one bit or one byte changed.
fn mutations(proof: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let changed = (0..proof.len()).flat_map(|at| [1, 0x80, 0xff].map(|mask| (at, mask))).map(|(at, mask)| {
        let mut other = proof.to_vec();
        other[at] ^= mask;
        other
    });
    changed.chain([proof[..proof.len() - 1].to_vec(), [proof, &[0]].concat()])
}

async fn ask_account(client: &mut Client, who: Address) -> Value {
    let view = client.call("get_account_proof", json!({"address": who.to_text(PREFIX)})).await.unwrap();
    assert_eq!(view["address"], who.to_text(PREFIX));
    view
}

#[tokio::test]
async fn an_account_is_proven_under_the_tip() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let mut client = api.connect().await;
    let nobody = Address([7; 20]);
    // At genesis the tree is empty; later a path ends in another's leaf, or in nothing.
    for height in 0..6 {
        let view = ask_account(&mut client, nobody).await;
        assert_eq!(view["height"], height);
        let parts = (bytes(&view, "coinbase_proof"), bytes(&view, "account_proof"));
        assert_eq!(proven_account(&view, &nobody, &parts.0, &parts.1), Some(Account::default()));
        let miner = address(usize::try_from(height % 4).unwrap());
        api.chain.mine(miner).await;
        if height == 3 {
            api.chain.pay(0, payment(0, address(1), 0)).await.unwrap();
        }
    }
    for who in [address(0), address(1), address(2), nobody] {
        let view = ask_account(&mut client, who).await;
        let tip = api.chain.chain.view().tip.clone();
        assert_eq!((&view["height"], &view["block_hash"]), (&json!(6), &json!(tip.hash)));
        let (coinbase_proof, account_proof) = (bytes(&view, "coinbase_proof"), bytes(&view, "account_proof"));
        let proven =
            |who: &Address, coinbase: &[u8], account: &[u8]| proven_account(&view, who, coinbase, account);
        assert_eq!(proven(&who, &coinbase_proof, &account_proof), Some(api.chain.chain.view().account(&who)));
        // It is nobody else's, and nothing of it can be changed.
        assert_eq!(proven(&address(3), &coinbase_proof, &account_proof), None);
        for other in mutations(&account_proof) {
            assert_eq!(proven(&who, &coinbase_proof, &other), None);
        }
        for other in mutations(&coinbase_proof) {
            assert_eq!(proven(&who, &other, &account_proof), None);
        }
    }
    let error = client.call("get_account_proof", json!({"address": "dev1"})).await.unwrap_err();
    assert_eq!(error["code"], -32602);
    api.stop().await;
}

#[tokio::test]
async fn a_mined_transaction_is_proven_at_its_place() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let mut client = api.connect().await;
    api.chain.mine_many(2, address(0)).await;
    let mut ids: Vec<TxId> = Vec::new();
    for nonce in 0..4 {
        ids.push(api.chain.pay(0, payment(0, address(1), nonce)).await.unwrap());
        let error = client.call("get_transaction_proof", json!({"tx_id": ids[0]})).await.unwrap_err();
        assert_eq!(error["code"], -32002, "{error}");
    }
    let error = client.call("get_transaction_proof", json!({"tx_id": TxId([7; 32])})).await.unwrap_err();
    assert_eq!(error["code"], -32001, "{error}");
    let block = api.chain.mine(address(1)).await;
    let hash: BlockHash = block.header.hash();
    api.chain.mine(address(1)).await;
    for (position, id) in (1..).zip(&ids) {
        let view = client.call("get_transaction_proof", json!({"tx_id": id})).await.unwrap();
        assert_eq!((&view["tx_id"], &view["height"]), (&json!(id), &json!(3)));
        assert_eq!(view["block_hash"], json!(hash));
        let (coinbase_proof, proof) = (bytes(&view, "coinbase_proof"), bytes(&view, "proof"));
        let (height, index, transaction) = proven_transaction(&view, &coinbase_proof, &proof).unwrap();
        assert_eq!((height, index, transaction.id()), (3, position, *id));
        for other in mutations(&proof) {
            assert_eq!(proven_transaction(&view, &coinbase_proof, &other), None);
        }
        for other in mutations(&coinbase_proof) {
            assert_eq!(proven_transaction(&view, &other, &proof), None);
        }
        // Neither is the proof of one leaf that of the other.
        assert_eq!(proven_transaction(&view, &proof, &coinbase_proof), None);
    }
    api.stop().await;
}

#[tokio::test]
async fn what_a_reorg_took_away_is_proven_no_more() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let mut client = api.connect().await;
    api.chain.mine(address(0)).await;
    let other = crate::support::TestChain::new(&spec);
    let branch = other.mine_many(4, address(1)).await;
    let id = api.chain.pay(0, payment(0, address(1), 0)).await.unwrap();
    api.chain.mine(address(0)).await;
    assert!(client.call("get_transaction_proof", json!({"tx_id": id})).await.is_ok());
    api.chain.take(&branch).await;
    // Its sender has nothing on this branch.
    let error = client.call("get_transaction_proof", json!({"tx_id": id})).await.unwrap_err();
    assert_eq!(error["code"], -32001, "{error}");
    let view = ask_account(&mut client, address(0)).await;
    let parts = (bytes(&view, "coinbase_proof"), bytes(&view, "account_proof"));
    assert_eq!(proven_account(&view, &address(0), &parts.0, &parts.1), Some(Account::default()));
    other.stop();
    api.stop().await;
}
