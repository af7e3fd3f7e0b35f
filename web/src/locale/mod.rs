//! The page's texts. `build.rs` makes of each key of `locales/*.toml` a method of [`Locale`], and a function of
//! [`text`] that speaks the language of the page.
//!
//! The functions of [`text`] read a signal: whatever shows their result inside a closure changes with the language.
//! So a view writes `{text::send_title}`, the function itself, and nothing that was typed is lost on a change.

use std::sync::LazyLock;

use leptos::prelude::*;

use crate::browser;

/// A language that the page speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locale {
    /// English.
    En,
    /// Chinese as it is written in Taiwan.
    ZhHant,
}

/// A text that stands alone: called, it speaks the language of the page.
pub(crate) type Text = fn() -> &'static str;

include!(concat!(env!("OUT_DIR"), "/locale.rs"));

/// The one state outside the store: a language belongs to the document, and sentences are made where there is no
/// store at hand.
static CURRENT: LazyLock<ArcRwSignal<Locale>> = LazyLock::new(|| ArcRwSignal::new(Locale::En));

/// Returns the language of the page.
pub(crate) fn current() -> Locale {
    CURRENT.get()
}

/// Begins in the language that was chosen before, else in the one that the reader prefers.
pub(crate) fn begin() {
    let chosen = browser::load(browser::Item::Language);
    CURRENT.set(Locale::choose(chosen.as_deref(), &browser::languages()));
}

/// Changes the language, for the next visits too.
pub(crate) fn change(locale: Locale) {
    // A browser that stores nothing asks again on the next visit.
    browser::store(browser::Item::Language, locale.language_tag());
    CURRENT.set(locale);
}

impl Locale {
    /// All languages, the reference first.
    pub(crate) const ALL: [Self; 2] = [Self::En, Self::ZhHant];

    /// Returns the language's name in itself.
    pub(crate) const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::ZhHant => "繁體中文",
        }
    }

    /// Chooses by the tag that was `chosen` before, else by the `preferred` ones, the best first, else English.
    pub(crate) fn choose(chosen: Option<&str>, preferred: &[String]) -> Self {
        let by_choice = Self::ALL.into_iter().find(|locale| chosen == Some(locale.language_tag()));
        by_choice.or_else(|| preferred.iter().find_map(|tag| Self::for_tag(tag))).unwrap_or(Self::En)
    }

    /// Returns the language that a reader of `tag` reads best, if it is one of these. Who prefers simplified characters
    /// is nearer to the traditional ones than to English.
    fn for_tag(tag: &str) -> Option<Self> {
        let language = tag.split('-').next().unwrap_or_default();
        let is = |own: &str| language.eq_ignore_ascii_case(own);
        match language {
            _ if is("en") => Some(Self::En),
            _ if is("zh") => Some(Self::ZhHant),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
