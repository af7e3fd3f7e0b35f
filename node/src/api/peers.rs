//! The network, for sessions that may steer the node.

use std::sync::Arc;

use futures_util::FutureExt as _;
use shared::api::rpc::{self, RpcError};
use shared::api::views::Answer;

use super::Server;
use super::methods::{Result, Work, invalid, page_limit, stopping};
use crate::network::{NetworkHandle, OrderError};
use crate::peers::{BAN_S, BanKey, PeerAddress};

/// Does what the network is asked for.
pub(super) fn order<F>(server: &Arc<Server>, order: impl FnOnce(NetworkHandle) -> F) -> Result<Work>
where
    F: Future<Output = std::result::Result<Answer, OrderError>> + Send + 'static,
{
    let network = server.control.network.clone();
    let network = network.ok_or_else(|| {
        RpcError::new(rpc::NOT_FOUND, "this node was started without connections to others".to_owned())
    })?;
    let ordered = order(network);
    let answer = async move {
        ordered.await.map_err(|error| match error {
            OrderError::Stopped => stopping(),
            OrderError::Wish(_) | OrderError::NotNamed(_) => invalid(error.to_string()),
        })
    };
    Ok(Work::Change(answer.boxed()))
}

/// Joins or leaves a node.
pub(super) fn join(server: &Arc<Server>, address: &str, is_added: bool) -> Result<Work> {
    let name = address.parse().map_err(|error| invalid(format!("\"address\": {error}")))?;
    order(server, async move |network| {
        let peers = if is_added { network.add(name).await } else { network.remove(name).await };
        peers.map(Answer::Peers)
    })
}

pub(super) fn bans(server: &Arc<Server>, after: Option<&str>, limit: Option<u64>) -> Result<Work> {
    let after = after.map(ban_key).transpose()?;
    order(server, async move |network| network.bans(after, page_limit(limit)).await.map(Answer::Bans))
}

pub(super) fn ban(
    server: &Arc<Server>,
    address: &str,
    seconds: Option<u64>,
    reason: Option<String>,
) -> Result<Work> {
    let (key, seconds) = (ban_key(address)?, seconds.unwrap_or(BAN_S));
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    let reason = reason.unwrap_or_else(|| "the operator's wish".to_owned());
    order(server, async move |network| network.ban(key, seconds, reason).await.map(Answer::Bans))
}

pub(super) fn unban(server: &Arc<Server>, address: &str) -> Result<Work> {
    let key = ban_key(address)?;
    order(server, async move |network| network.unban(key).await.map(Answer::Bans))
}

/// Reads whom to ban: an IP address, with or without the port that a peer's address has.
fn ban_key(text: &str) -> Result<BanKey> {
    let with_port = |_| text.parse::<PeerAddress>().map(PeerAddress::ban_key);
    let key: std::result::Result<BanKey, _> = text.parse();
    key.or_else(|error| with_port(error).or(Err(error)))
        .map_err(|error| invalid(format!("\"address\": {error}")))
}
