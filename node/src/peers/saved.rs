//! What is kept over a restart.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::address::{BanKey, PeerAddress};

/// The version of [`Saved`].
pub const SAVED_VERSION: u32 = 1;

/// Bans and addresses, as they are written to a file that a person can read. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// [`SAVED_VERSION`].
    pub version: u32,
    /// Who is banned.
    pub bans: Vec<Ban>,
    /// Known addresses.
    pub book: Vec<SavedAddress>,
    /// Neighbours to dial first: an attacker who filled the book while we were away meets old acquaintances.
    pub anchors: Vec<PeerAddress>,
}

/// Somebody is banned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// Who.
    pub address: BanKey,
    /// Since when.
    pub since: u64,
    /// Until when.
    pub until: u64,
    /// Why.
    pub reason: String,
}

/// A known address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedAddress {
    /// The address.
    pub address: PeerAddress,
    /// Who told us, unless we found it ourselves.
    pub told_by: Option<IpAddr>,
    /// When we reached it last, if ever.
    pub reached: Option<u64>,
    /// When we tried last; 0 for never.
    pub tried: u64,
    /// Attempts since we reached it.
    pub failures: u32,
}

impl Default for Saved {
    fn default() -> Self {
        Self { version: SAVED_VERSION, bans: Vec::new(), book: Vec::new(), anchors: Vec::new() }
    }
}
