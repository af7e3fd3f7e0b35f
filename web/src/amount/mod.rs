//! Reads amounts as people type them: whole coins, digits only.
//!
//! It is strict on purpose: `1,000` is a thousand to some and one to others, and money must not depend on it.

use shared::transaction::MAX_INTEGER;

use crate::format::is_invisible;

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AmountIssue {
    /// Nothing was typed.
    Empty,
    /// A character that cannot be seen; its place counts from 1.
    Invisible { position: usize },
    /// A minus sign.
    Negative,
    /// A point or comma: a fraction, or a separator of thousands.
    Fraction,
    /// White space between digits.
    Space,
    /// Digits of another script or width.
    ForeignDigit { character: char },
    /// Anything else.
    NotADigit { character: char },
    /// Zero.
    Zero,
    /// More than the chain can express.
    TooLarge,
}

/// Reads whole coins, 1 to 2^53 − 1. Plain white space around them is allowed.
pub(crate) fn parse(text: &str) -> Result<u64, AmountIssue> {
    let digits = text.trim_matches(|c: char| c.is_ascii_whitespace());
    if let Some(index) = text.chars().position(is_invisible) {
        return Err(AmountIssue::Invisible { position: index + 1 });
    }
    if digits.is_empty() {
        return Err(AmountIssue::Empty);
    }
    if let Some(character) = digits.chars().find(|c| !c.is_ascii_digit()) {
        return Err(match character {
            '-' | '−' | '–' | '—' | '﹣' | '－' => AmountIssue::Negative,
            '.' | ',' | '٫' | '٬' | '，' | '．' | '\'' | '’' => AmountIssue::Fraction,
            c if c.is_whitespace() => AmountIssue::Space,
            c if c.is_numeric() => AmountIssue::ForeignDigit { character },
            _ => AmountIssue::NotADigit { character },
        });
    }
    // What does not fit into 64 bits is beyond the limit as well.
    match digits.parse::<u64>() {
        Ok(0) => Err(AmountIssue::Zero),
        Ok(amount) if amount <= MAX_INTEGER => Ok(amount),
        _ => Err(AmountIssue::TooLarge),
    }
}

#[cfg(test)]
mod tests;
