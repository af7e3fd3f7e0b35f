//! What is known of other nodes, as it is shown: whom one may ban, and how branches lie beside the best chain. Pure.

use std::net::{IpAddr, SocketAddr};

use shared::api::views::{ForkBlockView, ForkView, ForksView};
use shared::hash::BlockHash;

/// A text is no address that can be banned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BanIssue {
    /// It is empty.
    Empty,
    /// It is no IP address.
    Malformed,
    /// It is this computer's own, which all nodes on it share.
    Loopback,
}

/// Returns the IP address in a text, which may have the port of a peer's address, or end as the bans of IPv6 do.
pub(crate) fn ban_address(text: &str) -> Result<IpAddr, BanIssue> {
    let text = text.trim();
    if text.is_empty() {
        return Err(BanIssue::Empty);
    }
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let ip = text.strip_suffix("/64").unwrap_or(text).parse::<IpAddr>().or_else(|_| with_port());
    let ip = ip.or(Err(BanIssue::Malformed))?.to_canonical();
    if ip.is_loopback() { Err(BanIssue::Loopback) } else { Ok(ip) }
}

/// The best chain from its tip down, as far as branches leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A block, with the branches that leave after it.
    Block { height: u64, hash: BlockHash, is_tip: bool, branches: Vec<ForkView> },
    /// So many blocks after which no branch leaves.
    Gap(u64),
}

/// Puts branches where they leave the best chain: the tip, and each block that one leaves after, the newest first. The
/// order of branches that leave after the same block stays.
pub(crate) fn stops(forks: &ForksView) -> Vec<Stop> {
    let mut forked: Vec<(u64, BlockHash)> =
        forks.branches.iter().map(|branch| (branch.fork_height, branch.fork_hash)).collect();
    forked.push((forks.height, forks.tip));
    forked.sort_unstable_by_key(|(height, _)| core::cmp::Reverse(*height));
    forked.dedup();
    let mut stops = Vec::new();
    let mut above: Option<u64> = None;
    for (height, hash) in forked {
        let between = above.map_or(0, |above| above.saturating_sub(height + 1));
        if between > 0 {
            stops.push(Stop::Gap(between));
        }
        above = Some(height);
        let branches = forks.branches.iter().filter(|branch| branch.fork_hash == hash).cloned().collect();
        stops.push(Stop::Block { height, hash, is_tip: hash == forks.tip, branches });
    }
    stops
}

/// A link of a branch as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// A block.
    Block(ForkBlockView),
    /// So many that are not drawn.
    Gap(u64),
}

/// Of a longer branch only its ends are drawn.
const MAX_LINKS: usize = 5;

/// Returns what is drawn of a branch, oldest first.
pub(crate) fn links(branch: &ForkView) -> Vec<Link> {
    let length = length(branch);
    let blocks = &branch.blocks;
    let drawn = |blocks: &[ForkBlockView]| blocks.iter().cloned().map(Link::Block).collect::<Vec<_>>();
    if blocks.len() <= MAX_LINKS && usize::try_from(length) == Ok(blocks.len()) {
        return drawn(blocks);
    }
    // The node leaves out the oldest of very many, and then the first that it tells is not the branch's first.
    let is_whole = usize::try_from(length) == Ok(blocks.len());
    let head = if is_whole { 2.min(blocks.len()) } else { 0 };
    let tail = blocks.len().saturating_sub(MAX_LINKS - 1 - head).max(head);
    let shown = u64::try_from(head + blocks.len() - tail).unwrap_or(u64::MAX);
    let gap = Link::Gap(length.saturating_sub(shown));
    [drawn(&blocks[..head]), vec![gap], drawn(&blocks[tail..])].concat()
}

/// Returns how many blocks a branch has.
pub(crate) fn length(branch: &ForkView) -> u64 {
    branch.blocks.last().map_or(0, |last| last.height.saturating_sub(branch.fork_height))
}

#[cfg(test)]
mod tests;
