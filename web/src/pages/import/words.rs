//! Import from words, with help while typing.

use leptos::prelude::*;
use wallet_wasm::protocol::Command;

use super::{Finish, go_home};
use crate::checks::{self, WordsProgress};
use crate::components::{Attempt, Kind, NewPassphrase, Note, TextArea, TextField, new_passphrase};
use crate::locale::text;
use crate::wallet::wallet;
use crate::wording;

/// How many completions are offered.
const COMPLETIONS: usize = 5;

#[component]
pub(super) fn FromWords() -> impl IntoView {
    let wallet = wallet();
    let words = RwSignal::new(String::new());
    let bip39_passphrase = RwSignal::new(String::new());
    let passphrase = new_passphrase();
    let is_tried = RwSignal::new(false);
    let attempt = Attempt::new();
    let progress = Memo::new(move |_| words.with(|words| checks::words(words)));
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        let accepted = passphrase.accept();
        if let (WordsProgress::Complete { .. }, Some(passphrase)) = (progress.get_untracked(), accepted) {
            let command = Command::Create {
                words: words.get_untracked(),
                bip39_passphrase: bip39_passphrase.get_untracked(),
                passphrase,
            };
            attempt.run(wallet.make(command), go_home);
        }
    };
    on_cleanup(move || {
        passphrase.clear();
        words.try_set(String::new());
        bip39_passphrase.try_set(String::new());
    });
    view! {
        <form class="sheet stack" on:submit=on_submit>
            <div>
                <TextArea
                    id="import-words"
                    label=text::import_words
                    value=words
                    rows=4
                    note=Signal::derive(move || note(&progress.get(), is_tried.get()))
                />
                <Suggestions words progress />
            </div>
            <details>
                <summary class="soft small">{text::import_extra}</summary>
                <div class="disclosed">
                    <TextField
                        id="import-bip39-passphrase"
                        label=text::import_extra_label
                        value=bip39_passphrase
                        kind=Kind::NewPassphrase
                        note=Signal::derive(|| Note::hint(text::import_extra_hint()))
                    />
                </div>
            </details>
            <NewPassphrase state=passphrase />
            <Finish attempt />
        </form>
    }
}

fn note(progress: &WordsProgress, is_tried: bool) -> Note {
    match progress {
        WordsProgress::Unknown { position, word, suggestion } => {
            Note::Error(wording::unknown_word(*position, word, *suggestion))
        }
        WordsProgress::Complete { count } => Note::Good(text::import_words_complete(count)),
        WordsProgress::Checksum => Note::Error(text::words_checksum().to_owned()),
        WordsProgress::TooMany { count } => Note::Error(text::words_count(count)),
        WordsProgress::Typing { count } if is_tried => Note::Error(text::words_count(count)),
        WordsProgress::Typing { count: 0 } => Note::hint(text::import_words_hint()),
        WordsProgress::Typing { count } => Note::Hint(text::import_words_typing(count)),
    }
}

/// Words to press: what a wrong one should be, or what the one at the end may become.
#[component]
fn Suggestions(words: RwSignal<String>, progress: Memo<WordsProgress>) -> impl IntoView {
    let chip = move |position: usize, word: &'static str, label: String| {
        let accept = move |_| {
            words.update(|text| *text = checks::replace_word(text, position, word));
            crate::browser::focus("import-words");
        };
        view! {
            <button type="button" data-testid="suggestion" on:click=accept>
                {label}
            </button>
        }
    };
    let chips = move || match progress.get() {
        WordsProgress::Unknown { position, suggestion: Some(word), .. } => {
            chip(position, word, text::import_use_word(word)).into_any()
        }
        WordsProgress::Unknown { .. } => ().into_any(),
        _ => words.with(|text| {
            let position = checks::count_words(text);
            let completions = checks::completions(text, COMPLETIONS).into_iter();
            completions.map(|word| chip(position, word, word.to_owned())).collect_view().into_any()
        }),
    };
    view! {
        <div class="chips" role="group" aria-label=text::import_complete>
            {chips}
        </div>
    }
}
