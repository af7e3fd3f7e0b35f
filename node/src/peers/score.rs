//! What a fault costs.

use shared::consensus::{RuleError, Verdict};

use crate::sync::Fault;

/// Whoever has so many points is sent away.
pub const MAX_POINTS: u32 = 100;
/// A point is forgiven after so long: all of them in an hour, so that a fault a day never adds up to a ban.
const MS_A_POINT: u64 = 36_000;

/// Returns how many points a fault earns. What no honest node can do costs all at once; what a poor line or an older
/// program may do costs less.
#[must_use]
pub fn points(fault: &Fault) -> u32 {
    match fault {
        // Every node checks these before it passes them on.
        Fault::Header(error) | Fault::Block(error) | Fault::Body(error) => rule_points(error),
        Fault::Announcement | Fault::Gossip => MAX_POINTS,
        // Should the error be ours, the whole network would look condemned; whoever insists is banned all the same.
        Fault::Condemned => 20,
        Fault::Transaction(_) | Fault::WrongAnswer(_) | Fault::CheapHeaders | Fault::Malformed => 50,
        Fault::WrongQuestion(_) => 20,
        Fault::Flood(_) | Fault::Slow => 10,
    }
}

fn rule_points(error: &RuleError) -> u32 {
    match error.verdict() {
        Verdict::Invalid | Verdict::BadBody => MAX_POINTS,
        Verdict::NotNow => 0,
    }
}

/// Points that fade.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    points: u32,
    /// When they were counted.
    at_ms: u64,
}

impl Score {
    /// Returns the points that are left.
    pub(super) fn points(self, now_ms: u64) -> u32 {
        let forgiven = now_ms.saturating_sub(self.at_ms) / MS_A_POINT;
        self.points.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }

    pub(super) fn add(&mut self, points: u32, now_ms: u64) {
        *self = Self { points: self.points(now_ms).saturating_add(points), at_ms: now_ms };
    }

    /// Returns when nothing will be left of it.
    pub(super) fn ends_ms(self) -> u64 {
        self.at_ms.saturating_add(u64::from(self.points) * MS_A_POINT)
    }
}
