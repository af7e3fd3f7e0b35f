//! Proofs for clients that believe headers alone (`docs/protocol.md`, section 10).

use std::sync::Arc;

use futures_util::FutureExt as _;
use shared::address::Address;
use shared::api::rpc::{self, RpcError};
use shared::api::views::{AccountProofView, Answer, TransactionProofView};
use shared::block::Block;
use shared::codec;
use shared::hash::TxId;
use shared::merkle::{MerkleProof, merkle_siblings};

use super::methods::{Result, Work, chain_failed, decode_block, no_transaction, stored, with_snapshot};
use super::{Server, views};
use crate::store::Snapshot;

/// Proves an account under the tip.
pub(super) fn account(server: &Arc<Server>, address: Address) -> Work {
    let server = Arc::clone(server);
    let proof = async move {
        let proven = server.chain.prove_account(address).await;
        let (hash, proof) = proven.map_err(|error| chain_failed(&error))?;
        // Blocks stay in the store whatever the tip is by now.
        let answer = with_snapshot(server, move |server, snapshot| {
            let block = stored(snapshot.block(&hash))?.ok_or_else(missing)?;
            let block = decode_block(&hash, &block.bytes)?;
            Ok(Answer::AccountProof(AccountProofView {
                address: address.to_text(views::prefix(server.chain.spec())),
                height: block.coinbase.height,
                block_hash: hash,
                header: views::to_hex(&block.header),
                coinbase_proof: views::to_hex(&Leaves::of(&block).prove(0, codec::encode(&block.coinbase))?),
                account_proof: views::to_hex(&proof),
            }))
        });
        answer.await.unwrap_or_else(Err)
    };
    Work::Read(proof.boxed())
}

/// Refuses a transaction that is pending.
pub(super) fn check_mined(server: &Server, tx_id: &TxId) -> Result<()> {
    if server.chain.view().mempool.get(tx_id).is_none() {
        return Ok(());
    }
    let message = "the transaction waits for a block, so nothing proves it yet; ask again when it is mined";
    Err(RpcError::new(rpc::NOT_MINED, message.to_owned()))
}

/// Proves a transaction of the best chain.
pub(super) fn transaction(server: &Server, snapshot: &Snapshot, tx_id: TxId) -> Result<Answer> {
    let Some(found) = stored(snapshot.transaction(&tx_id))? else {
        // It is in the view before it is said to be accepted, and there until it is in the store's index.
        return Err(if server.chain.view().mempool.get(&tx_id).is_some() {
            let message =
                "the transaction waits for a block, so nothing proves it yet; ask again when it is mined";
            RpcError::new(rpc::NOT_MINED, message.to_owned())
        } else {
            no_transaction(&tx_id)
        });
    };
    let hash = found.block_hash;
    let block = stored(snapshot.block(&hash))?.ok_or_else(missing)?;
    let block = decode_block(&hash, &block.bytes)?;
    let leaves = Leaves::of(&block);
    let index = leaves.0.iter().position(|leaf| *leaf == tx_id.0).ok_or_else(missing)?;
    Ok(Answer::TransactionProof(TransactionProofView {
        tx_id,
        height: found.height,
        block_hash: hash,
        header: views::to_hex(&block.header),
        coinbase_proof: views::to_hex(&leaves.prove(0, codec::encode(&block.coinbase))?),
        proof: views::to_hex(&leaves.prove(index, codec::encode(&found.transaction))?),
    }))
}

/// The leaves of a block's Merkle tree.
struct Leaves(Vec<[u8; 32]>);

impl Leaves {
    fn of(block: &Block) -> Self {
        let ids = block.transactions.iter().map(|transaction| transaction.id().0);
        Self(std::iter::once(block.coinbase.leaf()).chain(ids).collect())
    }

    fn prove(&self, index: usize, leaf: Vec<u8>) -> Result<MerkleProof> {
        let (Ok(position), Ok(count)) = (u32::try_from(index), u32::try_from(self.0.len())) else {
            return Err(missing());
        };
        Ok(MerkleProof { index: position, count, leaf, siblings: merkle_siblings(&self.0, index) })
    }
}

/// The index and the blocks contradict each other.
fn missing() -> RpcError {
    tracing::error!("a stored block lacks what the store's index says of it");
    RpcError::new(rpc::INTERNAL_ERROR, "this node's store is damaged".to_owned())
}
