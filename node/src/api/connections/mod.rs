//! How many connections there are, in all and from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections that are open now.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    max_per_ip: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    /// Loopback is not in here.
    per_ip: HashMap<IpAddr, usize>,
}

/// A place among the connections. Dropping it frees it.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    ip: IpAddr,
}

impl Connections {
    pub(super) fn new(max: usize, max_per_ip: usize) -> Arc<Self> {
        Arc::new(Self { max, max_per_ip, open: Mutex::default() })
    }

    /// Takes a place for a peer, or returns `None` when there is none left for it.
    pub(super) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        // `::ffff:1.2.3.4` is 1.2.3.4.
        let ip = ip.to_canonical();
        let mut open = self.lock();
        if open.total >= self.max {
            return None;
        }
        if !ip.is_loopback() {
            let of_ip = open.per_ip.entry(ip).or_default();
            if *of_ip >= self.max_per_ip {
                return None;
            }
            *of_ip += 1;
        }
        open.total += 1;
        Some(Place { connections: Arc::clone(self), ip })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // The counters are right at every point where a holder could panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Returns whether the peer is on this computer.
    pub(super) fn is_loopback(&self) -> bool {
        self.ip.is_loopback()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.total -= 1;
        if let Some(of_ip) = open.per_ip.get_mut(&self.ip) {
            *of_ip -= 1;
            if *of_ip == 0 {
                open.per_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests;
