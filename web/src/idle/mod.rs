//! When a wallet that nobody uses locks itself.

/// The choices in minutes; 0 never locks.
pub(crate) const CHOICES: [u32; 5] = [1, 5, 15, 60, 0];
/// What a wallet begins with.
pub(crate) const DEFAULT_MINUTES: u32 = 5;
/// The warning comes so many seconds before.
const WARNING_SECONDS: u64 = 30;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Warning,
    Lock,
}

/// Decides by how long nobody has touched the page. A computer that slept was not touched either.
pub(crate) fn due(idle_seconds: u64, minutes: u32) -> Due {
    let limit = 60 * u64::from(minutes);
    if minutes == 0 || idle_seconds.saturating_add(WARNING_SECONDS) < limit {
        Due::Nothing
    } else if idle_seconds < limit {
        Due::Warning
    } else {
        Due::Lock
    }
}

/// Reads a stored choice.
pub(crate) fn parse_minutes(text: &str) -> Option<u32> {
    text.parse().ok().filter(|minutes| CHOICES.contains(minutes))
}

#[cfg(test)]
mod tests;
