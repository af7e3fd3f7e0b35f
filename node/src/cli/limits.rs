//! The table `[limits]` of a configuration file: how much a node takes on.

use std::fmt::Display;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::api::ApiConfig;
use crate::mempool::Limits;
use crate::peers::PeerLimits;

/// What the file says; what it does not say stays as it is.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LimitSettings {
    /// WebSocket sessions and other connections at once.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    connections: Option<usize>,
    /// Those of one IP address.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    connections_per_ip: Option<usize>,
    /// Requests of one connection, in the long run.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    requests_per_second: Option<u32>,
    /// Requests of one connection at once, after a pause.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    request_burst: Option<u32>,
    /// As `requests_per_second`, for this computer's own programs.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    local_requests_per_second: Option<u32>,
    /// As `request_burst`, for this computer's own programs.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    local_request_burst: Option<u32>,
    /// Memory for transactions that wait; the least holds a single one.
    #[serde(deserialize_with = "within::<_, _, 4_096, 1_099_511_627_776>")]
    mempool_bytes: Option<usize>,
    /// Transactions that wait.
    #[serde(deserialize_with = "within::<_, _, 1, 100_000_000>")]
    mempool_transactions: Option<usize>,
    /// Those of one sender.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    pending_per_sender: Option<usize>,
    /// How long a transaction may wait; at most a year.
    #[serde(deserialize_with = "within::<_, _, 1, 8_760>")]
    pending_hours: Option<u64>,
    /// The least fee in whole coins.
    #[serde(deserialize_with = "within::<_, _, 0, 9_007_199_254_740_991>")]
    least_fee: Option<u64>,
    /// Other nodes that are looked for, beside those that were named.
    #[serde(deserialize_with = "within::<_, _, 0, 64>")]
    outbound_peers: Option<usize>,
    /// More of them, for blocks only.
    #[serde(deserialize_with = "within::<_, _, 0, 64>")]
    block_only_peers: Option<usize>,
    /// Other nodes that come.
    #[serde(deserialize_with = "within::<_, _, 0, 112>")]
    inbound_peers: Option<usize>,
    /// Nodes of one IP address.
    #[serde(deserialize_with = "within::<_, _, 1, 112>")]
    peers_per_ip: Option<usize>,
}

impl LimitSettings {
    /// Changes what was given.
    pub(super) fn apply(self, api: &mut ApiConfig, mempool: &mut Limits, peers: &mut PeerLimits) {
        set(&mut api.max_connections, self.connections);
        set(&mut api.max_connections_per_ip, self.connections_per_ip);
        set(&mut api.rate.per_second, self.requests_per_second);
        set(&mut api.rate.burst, self.request_burst);
        set(&mut api.loopback_rate.per_second, self.local_requests_per_second);
        set(&mut api.loopback_rate.burst, self.local_request_burst);
        set(&mut mempool.bytes, self.mempool_bytes);
        set(&mut mempool.count, self.mempool_transactions);
        set(&mut mempool.per_sender, self.pending_per_sender);
        set(&mut mempool.lifetime_s, self.pending_hours.map(|hours| hours * 3_600));
        set(&mut mempool.least_fee, self.least_fee);
        set(&mut peers.full, self.outbound_peers);
        set(&mut peers.block_only, self.block_only_peers);
        set(&mut peers.inbound, self.inbound_peers);
        set(&mut peers.per_ip, self.peers_per_ip);
    }
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

/// Reads an integer that is from `MIN` to `MAX`.
pub(super) fn within<'de, D, T, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
    T::Error: Display,
{
    let number = i64::deserialize(deserializer)?;
    match u64::try_from(number) {
        Ok(given) if (MIN..=MAX).contains(&given) => T::try_from(given).map(Some).map_err(D::Error::custom),
        _ => Err(D::Error::custom(format_args!("{number} is out of range: from {MIN} to {MAX}"))),
    }
}
