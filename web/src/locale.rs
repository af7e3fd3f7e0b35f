//! The page's texts. `build.rs` makes a method of each key of `locales/*.toml`.

/// A language that the page speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locale {
    /// English.
    En,
}

include!(concat!(env!("OUT_DIR"), "/locale.rs"));

/// Returns the texts in the language of this page.
pub(crate) fn text() -> Locale {
    Locale::En
}
