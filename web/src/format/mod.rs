//! How numbers, times, hashes and text from outside are shown.

use unicode_script::{Script, ScriptExtension, UnicodeScript as _};

/// Splits a number's digits into groups of three, from the right.
pub(crate) fn digit_groups(value: u64) -> Vec<String> {
    let digits = value.to_string();
    groups_from(&digits, digits.len() % 3, 3)
}

/// Splits an address into groups of four, which eyes can compare one by one.
pub(crate) fn address_groups(address: &str) -> Vec<String> {
    groups_from(address, 0, 4)
}

/// Splits after the first `head` characters and then after every `size`.
fn groups_from(text: &str, head: usize, size: usize) -> Vec<String> {
    let characters = text.chars().collect::<Vec<_>>();
    let (first, rest) = characters.split_at(head.min(characters.len()));
    let first = (!first.is_empty()).then(|| first.iter().collect());
    first.into_iter().chain(rest.chunks(size).map(|group| group.iter().collect())).collect()
}

/// Shortens a hash or address in the middle; a text that is not much longer than that stays whole.
pub(crate) fn shorten(text: &str) -> String {
    const HEAD: usize = 10;
    const TAIL: usize = 6;
    let count = text.chars().count();
    if count <= HEAD + TAIL + 2 {
        return text.to_owned();
    }
    let head = text.chars().take(HEAD);
    let tail = text.chars().skip(count - TAIL);
    head.chain(core::iter::once('…')).chain(tail).collect()
}

/// A duration in its largest whole unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// Below a minute.
    Seconds(u64),
    /// Below an hour.
    Minutes(u64),
    /// Below two days.
    Hours(u64),
    /// All above.
    Days(u64),
}

/// Returns a duration of `seconds` in its largest whole unit.
pub(crate) fn age(seconds: u64) -> Age {
    match seconds {
        0..60 => Age::Seconds(seconds),
        60..3_600 => Age::Minutes(seconds / 60),
        3_600..172_800 => Age::Hours(seconds / 3_600),
        _ => Age::Days(seconds / 86_400),
    }
}

/// A piece of a text from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Shown as it is.
    Visible(String),
    /// Shown by its code point, because it would be invisible or would turn the text around.
    Invisible(char),
}

/// Splits a text from outside into what can be seen and what cannot.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for character in text.chars() {
        match pieces.last_mut() {
            _ if is_invisible(character) => pieces.push(Piece::Invisible(character)),
            Some(Piece::Visible(run)) => run.push(character),
            _ => pieces.push(Piece::Visible(character.to_string())),
        }
    }
    pieces
}

/// Returns whether a text mixes letters of scripts that are not written together, so that some may be look-alikes: what
/// UTS 39, section 5.2, does not call highly restrictive.
pub(crate) fn mixes_scripts(text: &str) -> bool {
    const TOGETHER: [&[Script]; 3] = [
        &[Script::Latin, Script::Han, Script::Bopomofo],
        &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
        &[Script::Latin, Script::Han, Script::Hangul],
    ];
    let is_of = |character: char, scripts: &[Script]| {
        scripts.iter().any(|script| character.script_extension().contains_script(*script))
    };
    let is_one = !ScriptExtension::for_str(text).is_empty();
    !is_one && !TOGETHER.iter().any(|scripts| text.chars().all(|character| is_of(character, scripts)))
}

/// Returns whether a character has no shape of its own, or changes the direction of others (CVE-2021-42574).
///
/// The joiners U+200C and U+200D are left out: scripts and emoji need them, and they turn nothing around.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
            | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    ) && !matches!(character, '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests;
