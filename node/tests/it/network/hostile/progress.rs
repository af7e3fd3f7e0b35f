//! What a node says of itself while another one lets it wait for blocks.

use std::collections::HashMap;

use node::wire::{Hello, Request, Response};
use serde_json::json;
use shared::codec;

use super::wire::{Peer, hello};
use crate::api::Client;
use crate::network::TestNode;
use crate::support::{TestChain, address, easy_spec};
use crate::system::get;

/// More than are worth a word.
const BLOCKS: usize = 150;

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_copy_is_can_be_asked() {
    let spec = easy_spec();
    let source = TestChain::new(&spec);
    let blocks = source.mine_many(BLOCKS, address(0)).await;
    let tip = blocks.last().unwrap().header.hash();
    let node = TestNode::start(&spec, &source.clock, &[]).await;
    let health = async || {
        let at = node.node.api_addr;
        let (_, body) = tokio::task::spawn_blocking(move || get(at, "/health")).await.unwrap();
        serde_json::from_str::<serde_json::Value>(&body).unwrap()
    };
    let mut client = Client::connect(node.node.api_addr).await;
    assert_eq!(
        (client.call("get_info", json!({})).await.unwrap().get("headers"), health().await.get("headers")),
        (None, None)
    );

    let mut peer = Peer::connect(node.node.network.address(), &spec).await;
    let mut work = [0; 32];
    // Two hashes a block, and genesis counts.
    work[30..].copy_from_slice(&(2 * (u16::try_from(BLOCKS).unwrap() + 1)).to_be_bytes());
    let hello = Hello { height: BLOCKS as u64, tip, work, ..hello(&spec) };
    peer.ask(&Request::Hello(hello)).await.unwrap();
    let encoded: HashMap<_, _> =
        blocks.iter().map(|block| (block.header.hash(), codec::encode(block))).collect();
    let mut has_waited = false;
    while node.node.chain.view().tip.hash != tip {
        let Some((stream, question)) = peer.asked().await else { panic!("the node has left") };
        let answer = match question {
            Request::Headers { .. } => Response::Headers(blocks.iter().map(|block| block.header).collect()),
            Request::Blocks { hashes } => {
                if !std::mem::replace(&mut has_waited, true) {
                    node.sees(|status| status.is_far_behind && status.progress.headers == BLOCKS as u64)
                        .await;
                    let info = client.call("get_info", json!({})).await.unwrap();
                    assert_eq!((&info["height"], &info["headers"]), (&json!(0), &json!(BLOCKS)));
                    assert_eq!(health().await["headers"], BLOCKS);
                }
                Response::Blocks(hashes.iter().map(|hash| encoded[hash].clone()).collect())
            }
            _ => continue,
        };
        peer.answer(stream, &answer).await.unwrap();
    }
    node.sees(|status| !status.is_far_behind).await;
    assert_eq!(client.call("get_info", json!({})).await.unwrap().get("headers"), None);
    node.stop().await;
    source.stop();
}
