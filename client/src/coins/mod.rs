//! Reading amounts as people type them.

use shared::transaction::MAX_INTEGER;

/// A text is not a number of coins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a number of whole coins up to {MAX_INTEGER}: type digits only, such as 50")]
pub(crate) struct NotCoins;

/// Reads a number of whole coins, 0 to 2^53 − 1.
pub(crate) fn parse_coins(text: &str) -> Result<u64, NotCoins> {
    // `parse` would take a plus sign.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|coins| is_digits && *coins <= MAX_INTEGER).ok_or(NotCoins)
}

#[cfg(test)]
mod tests;
