//! Other nodes, as far as this one knows them.

use serde::{Deserialize, Serialize};

/// The connections to other nodes, for those who may steer this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeersView {
    /// By how long they are there.
    pub peers: Vec<PeerView>,
    /// Whom the operator named; they are dialled again and again.
    pub named: Vec<NamedPeerView>,
    /// Whom the node keeps out: the first of them.
    pub bans: BansView,
}

/// A node that the operator named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPeerView {
    /// What was typed.
    pub name: String,
    /// Whether it is connected.
    pub is_connected: bool,
    /// Why not, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerView {
    /// The node's id in the network.
    pub id: String,
    /// IP address and port; of an inbound one the port is of no use to others.
    pub address: String,
    /// What the connection is for.
    pub role: PeerRole,
    /// Its program and version, as it says: show it as text only.
    pub agent: String,
    /// Its tip's height, as it said in its hello or showed since.
    pub height: u64,
    /// The round trip, when it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// What came over the connections that are open with it, encryption included.
    pub bytes_in: u64,
    /// What went to it, likewise.
    pub bytes_out: u64,
    /// Since when, Unix seconds.
    pub since: u64,
    /// Points for misbehaviour; with 100 it has to go.
    pub score: u64,
    /// Who told us of its address; absent when it came by itself, was named or was found by ourselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_by: Option<String>,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerRole {
    /// The other one opened it.
    Inbound,
    /// This node opened it.
    Outbound,
    /// This node opened it, for blocks only.
    BlockOnly,
    /// The operator asked for it.
    Named,
}

/// A page of the bans, by address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BansView {
    /// How many there are in all.
    pub count: u64,
    /// Of this page.
    pub entries: Vec<BanView>,
    /// The address after which the next page begins; none when this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Somebody is banned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanView {
    /// An IPv4 address, or 64 bits of IPv6 addresses such as `2a00:1:2:3::/64`.
    pub address: String,
    /// Unix seconds.
    pub since: u64,
    /// Unix seconds.
    pub until: u64,
    /// Why.
    pub reason: String,
}
