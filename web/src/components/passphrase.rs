//! Choosing a passphrase.

use leptos::prelude::*;

use super::field::{Kind, Note, TextField};
use crate::checks::{MIN_PASSPHRASE_CHARS, Strength, strength};
use crate::locale::text;

/// A passphrase that is being chosen, typed twice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewPassphraseState {
    passphrase: RwSignal<String>,
    repeat: RwSignal<String>,
    is_tried: RwSignal<bool>,
}

/// Returns an empty pair of fields.
pub(crate) fn new_passphrase() -> NewPassphraseState {
    NewPassphraseState {
        passphrase: RwSignal::default(),
        repeat: RwSignal::default(),
        is_tried: RwSignal::default(),
    }
}

impl NewPassphraseState {
    /// Returns the passphrase if it is long enough and was repeated; from then on the fields say what is missing.
    pub(crate) fn accept(self) -> Option<String> {
        self.is_tried.set(true);
        let passphrase = self.passphrase.get_untracked();
        let is_good = strength(&passphrase) > Strength::TooShort && self.repeat.get_untracked() == passphrase;
        is_good.then_some(passphrase)
    }

    /// Clears both fields.
    pub(crate) fn clear(self) {
        self.passphrase.try_set(String::new());
        self.repeat.try_set(String::new());
        self.is_tried.try_set(false);
    }

    fn note(self) -> Note {
        let passphrase = self.passphrase.get();
        if passphrase.is_empty() {
            return if self.is_tried.get() {
                Note::Error(text::passphrase_empty().to_owned())
            } else {
                Note::Hint(text::passphrase_short(MIN_PASSPHRASE_CHARS))
            };
        }
        match strength(&passphrase) {
            Strength::TooShort if self.is_tried.get() => {
                Note::Error(text::passphrase_short(MIN_PASSPHRASE_CHARS))
            }
            Strength::TooShort => Note::Hint(text::passphrase_short(MIN_PASSPHRASE_CHARS)),
            Strength::Weak => Note::hint(text::passphrase_weak()),
            Strength::Fair => Note::hint(text::passphrase_fair()),
            Strength::Good => Note::Good(text::passphrase_good().to_owned()),
        }
    }

    fn repeat_note(self) -> Note {
        let (passphrase, repeat) = (self.passphrase.get(), self.repeat.get());
        if !repeat.is_empty() && repeat == passphrase {
            Note::Good(text::passphrase_repeat_good().to_owned())
        } else if self.is_tried.get() && !passphrase.is_empty() || !passphrase.starts_with(&repeat) {
            Note::Error(text::passphrase_repeat_wrong().to_owned())
        } else {
            Note::hint(text::passphrase_repeat_hint())
        }
    }
}

/// The two fields.
#[component]
pub(crate) fn NewPassphrase(state: NewPassphraseState) -> impl IntoView {
    view! {
        <TextField
            id="passphrase"
            label=text::passphrase_label
            value=state.passphrase
            kind=Kind::NewPassphrase
            note=Signal::derive(move || state.note())
        />
        <TextField
            id="passphrase-repeat"
            label=text::passphrase_repeat
            value=state.repeat
            kind=Kind::NewPassphrase
            note=Signal::derive(move || state.repeat_note())
        />
    }
}
