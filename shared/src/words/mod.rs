//! The words that all keys of a wallet come from: BIP-39, English (`docs/protocol.md`, section 2).

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

/// No English word of BIP-39 is longer than 8 letters; what is much longer is no misspelling of one.
const MAX_MISSPELLED_LETTERS: usize = 12;

/// 12 or 24 words with a right checksum. They are overwritten on drop and hidden from `Debug`.
pub struct Words(Mnemonic);

/// A text is not 12 or 24 such words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Too few or too many words.
    #[error("expected 12 or 24 words, got {got}")]
    WordCount {
        /// The number of words.
        got: usize,
    },
    /// A word is not in the list.
    #[error("word {position}, {word:?}, is not in the list of words{}", match .suggestion {
        Some(suggestion) => format!(": did you mean {suggestion:?}?"),
        None => "; check its spelling".to_owned(),
    })]
    UnknownWord {
        /// Which word, counted from 1.
        position: usize,
        /// The word as it was typed, in small letters.
        word: String,
        /// The word of the list that is closest to it, if one is close.
        suggestion: Option<&'static str>,
    },
    /// All words are in the list, but they do not belong together.
    #[error("these words do not belong together: one of them is wrong, or two have changed places")]
    Checksum,
    /// Entropy of another length.
    #[error("expected 16 or 32 bytes of entropy, got {got}")]
    EntropyLength {
        /// The number of bytes.
        got: usize,
    },
}

impl Words {
    /// Returns the 12 or 24 words for 16 or 32 random bytes.
    ///
    /// # Errors
    /// [`WordsError::EntropyLength`].
    pub fn from_entropy(entropy: &[u8]) -> Result<Self, WordsError> {
        let length = WordsError::EntropyLength { got: entropy.len() };
        if !matches!(entropy.len(), 16 | 32) {
            return Err(length);
        }
        Mnemonic::from_entropy_in(Language::English, entropy).map(Self).or(Err(length))
    }

    /// Reads words as people write them: capital letters, numbers, commas and any white space do not matter.
    ///
    /// # Errors
    /// [`WordsError::WordCount`], [`WordsError::UnknownWord`] for the first such word, or [`WordsError::Checksum`].
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let got = split(text).count();
        if !matches!(got, 12 | 24) {
            return Err(WordsError::WordCount { got });
        }
        // It has its final size from the start: growing would leave copies of the secret behind.
        let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_add(1)));
        for (index, typed) in split(text).enumerate() {
            let before = normal.len();
            normal.extend(typed.chars().map(|letter| letter.to_ascii_lowercase()));
            let word = normal.get(before..).unwrap_or_default();
            if !is_word(word) {
                let (word, suggestion) = (word.to_owned(), closest(word));
                return Err(WordsError::UnknownWord { position: index.saturating_add(1), word, suggestion });
            }
            normal.push(' ');
        }
        Mnemonic::parse_in_normalized(Language::English, &normal).map(Self).or(Err(WordsError::Checksum))
    }

    /// Returns the words in order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.0.words()
    }

    /// Returns the seed of all keys; another `passphrase` (none: empty) gives another wallet.
    #[must_use]
    pub fn seed(&self, passphrase: &str) -> Seed {
        Seed(Zeroizing::new(self.0.to_seed(passphrase)))
    }
}

impl core::fmt::Debug for Words {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Words(hidden)")
    }
}

/// The 64 bytes that all keys of a wallet are derived from. They are overwritten on drop and hidden from `Debug`.
pub struct Seed(Zeroizing<[u8; 64]>);

impl Seed {
    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

/// Returns whether `word`, in small letters, is in the list.
#[must_use]
pub fn is_word(word: &str) -> bool {
    Language::English.find_word(word).is_some()
}

/// Returns the words of the list that begin with `prefix`, in small letters, in alphabetical order.
pub fn completions(prefix: &str) -> impl Iterator<Item = &'static str> {
    Language::English.words_by_prefix(prefix).iter().copied()
}

/// Splits a text into what may be words: at everything that is not a letter, so that numbering does no harm.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty())
}

/// Returns the only word of the list that begins with `word`, or else the one that differs from it by the fewest
/// edits, at most two. Among equals it is one with the same first letters, because people rarely mistype those.
/// `word` is in small letters.
#[must_use]
pub fn closest(word: &str) -> Option<&'static str> {
    if let [only] = Language::English.words_by_prefix(word) {
        return Some(only);
    }
    let word = word.chars().take(MAX_MISSPELLED_LETTERS).collect::<Vec<_>>();
    let candidates = Language::English.word_list().iter().filter_map(|candidate| {
        let letters = candidate.chars().collect::<Vec<_>>();
        let common = letters.iter().zip(&word).take_while(|(a, b)| a == b).count();
        Some((edits(&word, &letters, 2)?, core::cmp::Reverse(common), *candidate))
    });
    candidates.min().map(|(.., candidate)| candidate)
}

/// Returns how many insertions, deletions, substitutions and swaps of neighbours turn `a` into `b`, if at most
/// `limit`.
fn edits(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    let ([x, a_rest @ ..], [y, b_rest @ ..]) = (a, b) else {
        let left = a.len().max(b.len());
        return (left <= limit).then_some(left);
    };
    if x == y {
        return edits(a_rest, b_rest, limit);
    }
    let limit = limit.checked_sub(1)?;
    let swapped = match (a_rest, b_rest) {
        ([x2, a_rest @ ..], [y2, b_rest @ ..]) if x == y2 && x2 == y => edits(a_rest, b_rest, limit),
        _ => None,
    };
    let others = [edits(a_rest, b, limit), edits(a, b_rest, limit), edits(a_rest, b_rest, limit), swapped];
    others.into_iter().flatten().min().map(|edits| edits.saturating_add(1))
}

#[cfg(test)]
mod tests;
