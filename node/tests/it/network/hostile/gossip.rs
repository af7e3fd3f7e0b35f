//! Gossip made by hand: protobuf messages, signed as libp2p signs them.

use std::io;

use libp2p::identity::Keypair;
use node::wire::protocol_name;
use shared::spec::ChainSpec;

use super::wire::{Peer, varint};

/// Encodes a field that has bytes.
pub(super) fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// Encodes a field that has a number.
pub(super) fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A message as far as it is signed.
pub(super) fn unsigned(from: &[u8], data: &[u8], seqno: &[u8], topic: &str) -> Vec<u8> {
    [field(1, from), field(2, data), field(3, seqno), field(4, topic.as_bytes())].concat()
}

/// A message that `key` signs.
pub(super) fn message(key: &Keypair, data: &[u8], seqno: u64, topic: &str) -> Vec<u8> {
    let from = key.public().to_peer_id().to_bytes();
    signed(key, &unsigned(&from, data, &seqno.to_be_bytes(), topic))
}

/// The fields of a message with the signature of `key`.
pub(super) fn signed(key: &Keypair, unsigned: &[u8]) -> Vec<u8> {
    let signature = key.sign(&[b"libp2p-pubsub:", unsigned].concat()).unwrap();
    [unsigned.to_vec(), field(5, &signature)].concat()
}

/// Everything that is sent at once.
pub(super) fn publish(message: &[u8]) -> Vec<u8> {
    field(2, message)
}

pub(super) fn subscribe(topic: &str) -> Vec<u8> {
    field(1, &[number(1, 1), field(2, topic.as_bytes())].concat())
}

pub(super) fn graft(topic: &str) -> Vec<u8> {
    field(3, &field(3, &field(1, topic.as_bytes())))
}

pub(super) fn prune(topic: &str, backoff: u64) -> Vec<u8> {
    field(3, &field(4, &[field(1, topic.as_bytes()), number(3, backoff)].concat()))
}

/// `IHAVE` has a topic beside its ids; `IWANT` and `IDONTWANT` have only them, in their first field.
pub(super) fn ihave(topic: &str, ids: &[Vec<u8>]) -> Vec<u8> {
    let ids: Vec<u8> = ids.iter().flat_map(|id| field(2, id)).collect();
    field(3, &field(1, &[field(1, topic.as_bytes()), ids].concat()))
}

pub(super) fn ids_in(control: u64, ids: &[Vec<u8>]) -> Vec<u8> {
    let ids: Vec<u8> = ids.iter().flat_map(|id| field(1, id)).collect();
    field(3, &field(control, &ids))
}

pub(super) fn topic(spec: &ChainSpec, name: &str) -> String {
    protocol_name(spec, name)
}

/// A stream for gossip.
pub(super) struct Gossip {
    pub(super) stream: u32,
}

impl Gossip {
    /// Opens it, and subscribes to what every node does.
    pub(super) async fn open(peer: &mut Peer, spec: &ChainSpec) -> Self {
        let protocol = format!("{}/1.1.0", peer.protocol("gossip"));
        let hello: Vec<u8> =
            ["blocks", "transactions"].iter().flat_map(|name| subscribe(&topic(spec, name))).collect();
        let first = [varint(hello.len() as u64), hello].concat();
        Self { stream: peer.open(&protocol, 0, &first).await.unwrap() }
    }

    /// Promises so many bytes, and sends others.
    pub(super) async fn begin(&self, peer: &mut Peer, promised: u64, sent: &[u8]) -> io::Result<()> {
        peer.say(self.stream, &[&varint(promised), sent].concat()).await
    }

    /// Sends a field that nobody knows.
    pub(super) async fn send_unknown(&self, peer: &mut Peer, bytes: &[u8]) -> io::Result<()> {
        self.send(peer, &field(99, bytes)).await
    }

    pub(super) async fn send(&self, peer: &mut Peer, rpc: &[u8]) -> io::Result<()> {
        peer.say(self.stream, &[varint(rpc.len() as u64), rpc.to_vec()].concat()).await
    }
}
