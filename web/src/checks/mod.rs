//! Checks of what is typed, while it is typed. The worker checks all of it again before anything is signed.

use shared::address::{Address, AddressError};
use shared::transaction::MAX_COMMENT_BYTES;
use shared::words::{self, Words, WordsError};

/// Reads a receiver as typed or pasted; white space around it is dropped.
pub(crate) fn receiver(text: &str, prefix: &str) -> Result<Address, AddressError> {
    Address::parse_any(text.trim(), prefix)
}

/// Returns whether a text is, or begins like, a private key or its words, and so must not stay in a field.
pub(crate) fn is_secret(text: &str) -> bool {
    // No prefix: only the verdict on secrets is of interest.
    Address::parse(text.trim(), "") == Err(AddressError::PrivateKey)
}

/// Why a comment cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommentIssue {
    /// Too many bytes of UTF-8.
    TooLong { got: usize },
    /// A line break or another control character; its place counts from 1.
    Control { position: usize },
}

/// Checks a comment as the chain's rule TX-3 will.
pub(crate) fn comment(text: &str) -> Result<(), CommentIssue> {
    if let Some(index) = text.chars().position(char::is_control) {
        return Err(CommentIssue::Control { position: index + 1 });
    }
    if text.len() > MAX_COMMENT_BYTES {
        return Err(CommentIssue::TooLong { got: text.len() });
    }
    Ok(())
}

/// A fee up to this is small change, whatever it pays for.
const SMALL_FEE: u64 = 10;
/// More is never needed for a place in the next block.
const LARGE_FEE: u64 = 1_000;
/// One part in so many of the amount.
const FEE_SHARE: u64 = 10;

/// Returns whether a fee is so high that it is more likely a mistake: above a tenth of the amount, or large by itself.
pub(crate) fn is_fee_unusual(amount: u64, fee: u64) -> bool {
    fee > SMALL_FEE && (fee > amount / FEE_SHARE || fee > LARGE_FEE)
}

/// What is known of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acquaintance {
    /// It is one of the known addresses.
    Known,
    /// It is none of them, and looks like none.
    New,
    /// It begins and ends as this known one does, and is another: somebody may have made it for that (address
    /// poisoning).
    LookAlike(String),
}

/// Compares a receiver with the addresses that the reader has seen here.
pub(crate) fn acquaintance<'a>(address: &str, known: impl Iterator<Item = &'a str>) -> Acquaintance {
    /// So much of either end is what people compare, and what a laptop can imitate.
    const END: usize = 4;
    let ends = |address: &str| {
        let (_, data) = address.rsplit_once('1')?;
        Some((data.get(..END)?.to_owned(), data.get(data.len().checked_sub(END)?..)?.to_owned()))
    };
    let own_ends = ends(address);
    let mut found = Acquaintance::New;
    for other in known {
        if other == address {
            return Acquaintance::Known;
        }
        if own_ends.is_some() && ends(other) == own_ends {
            found = Acquaintance::LookAlike(other.to_owned());
        }
    }
    found
}

/// How far the typing of secret words has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WordsProgress {
    /// So far all is well, and `count` words are there.
    Typing { count: usize },
    /// A finished word is not in the list; `position` counts from 1.
    Unknown { position: usize, word: String, suggestion: Option<&'static str> },
    /// All 12 or 24 belong together.
    Complete { count: usize },
    /// 12 or 24 good words that do not belong together.
    Checksum,
    /// More than 24.
    TooMany { count: usize },
}

/// Checks words while they are typed: the last one, until something follows it, may be the beginning of a word.
pub(crate) fn words(text: &str) -> WordsProgress {
    let typed = words::split(text).map(str::to_lowercase).collect::<Vec<_>>();
    let count = typed.len();
    let unfinished = unfinished(text);
    for (index, word) in typed.iter().enumerate() {
        let is_beginning =
            index + 1 == count && unfinished.is_some() && words::completions(word).next().is_some();
        if !words::is_word(word) && !is_beginning {
            let suggestion = words::closest(word);
            return WordsProgress::Unknown { position: index + 1, word: word.clone(), suggestion };
        }
    }
    match Words::parse(text) {
        Ok(_) => WordsProgress::Complete { count },
        // Twelve words may be the first half of 24.
        Err(WordsError::Checksum) if count == 24 || unfinished.is_none() => WordsProgress::Checksum,
        Err(_) if count > 24 => WordsProgress::TooMany { count },
        Err(_) => WordsProgress::Typing { count },
    }
}

/// Returns up to `limit` words that the one being typed may become; none when it is complete and unambiguous.
pub(crate) fn completions(text: &str, limit: usize) -> Vec<&'static str> {
    let Some(beginning) = unfinished(text).filter(|beginning| beginning.len() >= 2) else {
        return Vec::new();
    };
    let candidates = words::completions(&beginning).take(limit).collect::<Vec<_>>();
    if candidates == [beginning.as_str()] { Vec::new() } else { candidates }
}

/// Puts `word` in the place of the `position`th word (from 1), and a space after the last.
pub(crate) fn replace_word(text: &str, position: usize, word: &str) -> String {
    let mut typed = words::split(text).map(str::to_lowercase).collect::<Vec<_>>();
    if let Some(place) = position.checked_sub(1).and_then(|index| typed.get_mut(index)) {
        word.clone_into(place);
    }
    typed.push(String::new());
    typed.join(" ")
}

/// Returns the number of words in a text.
pub(crate) fn count_words(text: &str) -> usize {
    words::split(text).count()
}

/// The word at the very end, in small letters, if nothing follows it.
fn unfinished(text: &str) -> Option<String> {
    let ends_in_word = text.chars().next_back().is_some_and(char::is_alphabetic);
    words::split(text).last().filter(|_| ends_in_word).map(str::to_lowercase)
}

/// How well a passphrase withstands guessing by somebody who has the keystore file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Not accepted.
    TooShort,
    /// A determined stranger finds it.
    Weak,
    /// Holds off the curious.
    Fair,
    /// Long enough, as far as its length and variety tell.
    Good,
}

/// The least number of characters of a passphrase, as the keystore demands.
pub(crate) const MIN_PASSPHRASE_CHARS: usize = wallet_wasm::keystore::MIN_PASSPHRASE_CHARS;

/// Estimates a passphrase from its length and variety. It cannot know whether it is a quotation or a birthday.
pub(crate) fn strength(passphrase: &str) -> Strength {
    let characters = passphrase.chars().collect::<Vec<_>>();
    if characters.len() < MIN_PASSPHRASE_CHARS {
        return Strength::TooShort;
    }
    let mut distinct = characters.clone();
    distinct.sort_unstable();
    distinct.dedup();
    // A run such as "aaaa" or "1234" adds little: a character counts when it neither repeats nor continues the last.
    let telling = characters
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if u32::from(*a).abs_diff(u32::from(*b)) > 1))
        .count();
    let has_only_digits = characters.iter().all(char::is_ascii_digit);
    match telling {
        _ if distinct.len() < 5 || has_only_digits && telling < 16 => Strength::Weak,
        0..10 => Strength::Weak,
        10..15 => Strength::Fair,
        _ => Strength::Good,
    }
}

#[cfg(test)]
mod tests;
