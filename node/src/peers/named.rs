//! The peers that the operator named.

use std::collections::BTreeMap;

use super::WishError;
use super::address::PeerAddress;

/// More than anybody types; beside the other connections.
pub const MAX_NAMED: usize = 64;
/// The first pause before another attempt; it doubles each time.
const FIRST_PAUSE_MS: u64 = 2_000;
/// The longest pause: a network that was cut is whole again a minute after it can be, and an attempt costs a packet.
const MAX_PAUSE_MS: u64 = 60_000;
/// The pause after it was sent away.
const REJECTED_PAUSE_MS: u64 = 300_000;

/// They are dialled for as long as the node runs.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<PeerAddress, Attempts>);

#[derive(Debug, Default)]
struct Attempts {
    /// Since it was reached last.
    failures: u32,
    due_ms: u64,
}

impl Named {
    pub(super) fn iter(&self) -> impl Iterator<Item = PeerAddress> {
        self.0.keys().copied()
    }

    pub(super) fn insert(&mut self, address: PeerAddress) -> Result<(), WishError> {
        if self.0.len() >= MAX_NAMED && !self.0.contains_key(&address) {
            return Err(WishError::TooManyNamed { max: MAX_NAMED });
        }
        // Who is named again is dialled at once.
        self.0.insert(address, Attempts::default());
        Ok(())
    }

    pub(super) fn remove(&mut self, address: &PeerAddress) -> Result<(), WishError> {
        self.0.remove(address).map(drop).ok_or(WishError::NotNamed(*address))
    }

    pub(super) fn due(&self, now_ms: u64) -> Vec<PeerAddress> {
        self.0.iter().filter(|(_, attempts)| attempts.due_ms <= now_ms).map(|(address, _)| *address).collect()
    }

    pub(super) fn reached(&mut self, address: &PeerAddress) {
        if let Some(attempts) = self.0.get_mut(address) {
            attempts.failures = 0;
        }
    }

    /// Notes that an attempt or a connection ended.
    pub(super) fn ended(&mut self, address: &PeerAddress, now_ms: u64) {
        if let Some(attempts) = self.0.get_mut(address) {
            let pause = (FIRST_PAUSE_MS << attempts.failures.min(16)).min(MAX_PAUSE_MS);
            attempts.failures = attempts.failures.saturating_add(1);
            attempts.due_ms = attempts.due_ms.max(now_ms.saturating_add(pause));
        }
    }

    /// Notes that it was sent away; it is not asked again soon.
    pub(super) fn rejected(&mut self, address: &PeerAddress, now_ms: u64) {
        if let Some(attempts) = self.0.get_mut(address) {
            attempts.due_ms = now_ms.saturating_add(REJECTED_PAUSE_MS);
        }
    }
}
