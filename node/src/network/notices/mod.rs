//! What an operator must know because nobody but a person can mend it: a wrong clock, a program that is too old.

use std::time::{Duration, Instant};

use shared::hash::BlockHash;

use super::NetworkEvent;
use super::task::Task;
use crate::sync::Outcome;

/// The same is not said again before this time, whoever makes us say it.
const AGAIN: Duration = Duration::from_hours(1);

/// What was said, and when.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Of one peer's clock.
    one_ahead: Option<Instant>,
    /// Of several peers'.
    many_ahead: Option<Instant>,
    upgrade: Option<Instant>,
}

impl Task {
    /// Tells of peers whose blocks lie in the future by this computer's clock.
    pub(super) fn tell_of_clocks(&mut self) {
        let seconds = |key| self.sync.seconds_ahead(key);
        let ahead = self.peers.values().filter_map(|peer| Some((seconds(peer.key)?, peer.address)));
        let ahead: Vec<_> = ahead.collect();
        let Some((most, address)) = ahead.iter().max_by_key(|(seconds, _)| *seconds) else { return };
        let text = if ahead.len() == 1 {
            let whose = address.map_or_else(
                || "a peer".to_owned(),
                |address| format!("{}:{}", address.ip(), address.port()),
            );
            format!(
                "blocks of {whose} lie {} in the future by this computer's clock, and wait until it gets there: one of \
                 the two clocks is wrong",
                span(*most)
            )
        } else {
            format!(
                "blocks of {} peers lie up to {} in the future by this computer's clock, and wait until it gets there: \
                 set the clock",
                ahead.len(),
                span(*most)
            )
        };
        let told = if ahead.len() == 1 { &mut self.notices.one_ahead } else { &mut self.notices.many_ahead };
        if is_due(told) {
            self.tell(NetworkEvent::Notice(text));
        }
    }

    /// Tells of blocks that this program is too old for.
    pub(super) fn tell_of_upgrade(&mut self, hashes: &[BlockHash], outcomes: &[Outcome]) {
        let mut all = hashes.iter().zip(outcomes);
        let Some((hash, _)) = all.find(|(_, outcome)| **outcome == Outcome::UpgradeNeeded) else { return };
        if is_due(&mut self.notices.upgrade) {
            self.tell(NetworkEvent::Notice(format!(
                "block {hash} obeys rules that this program does not know, so its chain is not followed any further: get a \
                 newer version of the program"
            )));
        }
    }
}

/// Returns whether something was not said for long, and takes note that it is now.
fn is_due(told: &mut Option<Instant>) -> bool {
    let is_due = told.is_none_or(|at| at.elapsed() >= AGAIN);
    if is_due {
        *told = Some(Instant::now());
    }
    is_due
}

/// Says how long something is, roughly.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
