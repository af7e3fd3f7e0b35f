//! Floods of transactions whose signatures are wrong, which cost the most to find out.

use serde_json::json;
use shared::codec;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::gossip::Gossip;
use super::payments::announced;
use super::victim::Victim;
use super::wire::Peer;
use crate::api::Client;
use crate::support::{address, payment, sign};

/// Of each way.
const TRANSACTIONS: usize = 10_000;
/// Wrong signatures that end a session.
const A_SESSION: usize = 100;
/// In one message.
const AT_ONCE: usize = 400;

/// So many with the right sender and the right nonces, of which each has another wrong signature.
fn forged(spec: &ChainSpec, count: usize, number: usize) -> Vec<Transaction> {
    let valid = sign(spec, 0, payment(0, address(1), 0));
    let forge = |index: usize| {
        let mut forged = valid.clone();
        forged.signature[..8].copy_from_slice(&(number << 32 | index).to_le_bytes());
        forged
    };
    (1..=count).map(forge).collect()
}

/// Sends by gossip, again and again from a new peer; returns how often the node left one.
async fn gossip(victim: &Victim) -> usize {
    let mut sent = 0;
    let mut dropped = 0;
    while sent < TRANSACTIONS {
        let mut peer = Peer::greeted(victim.p2p, &victim.spec).await;
        let gossip = Gossip::open(&mut peer, &victim.spec).await;
        for _ in 0..3 {
            let rpc = announced(&victim.spec, &peer, forged(&victim.spec, AT_ONCE, sent), sent as u64);
            if gossip.send(&mut peer, &rpc).await.is_err() {
                break;
            }
            sent += AT_ONCE;
        }
        // Two such messages are the end.
        peer.is_left().await;
        dropped += 1;
    }
    dropped
}

/// Submits over the API, again and again in a new session; returns how many the node ended.
async fn submit(victim: &Victim) -> usize {
    let mut ended = 0;
    for transactions in forged(&victim.spec, TRANSACTIONS, 1 << 20).chunks(A_SESSION) {
        let mut client = Client::connect(victim.api).await;
        for transaction in transactions {
            let hex = hex::encode(codec::encode(transaction));
            client.send(&json!({ "request": "transaction", "transaction": hex }).to_string()).await;
        }
        let close = client.closed().await.unwrap();
        assert_eq!(
            (close.code, &*close.reason),
            (CloseCode::Policy, "too many wrong signatures: sign with the sender's key")
        );
        ended += 1;
    }
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_signatures_stops_no_block() {
    let miner = address(0).to_text("dev");
    let mut victim = Victim::start(&["--miner", &miner, "--threads", "1"]).await;
    victim.block(1);
    gossip(&victim).await;
    let before = victim.memory();
    let height = victim.call("get_info").await["height"].as_u64().unwrap();
    let (dropped, ended) = tokio::join!(gossip(&victim), submit(&victim));
    println!("{dropped} peers left, {ended} sessions ended");
    victim.block(height + 1);
    let after = victim.memory();
    println!("memory {before} to {after}");
    assert!(after.saturating_sub(before) < 64 << 20, "from {before} to {after}");
    let waiting = victim.call("get_info").await;
    assert_eq!(waiting["mempool_size"], 0, "{waiting}");
    victim.stop();
}
