//! A wallet that exists elsewhere: as words, as a wallet file, or as one private key.

mod file;
mod key;
mod words;

use leptos::prelude::*;

use self::file::FromFile;
use self::key::FromKey;
use self::words::FromWords;
use crate::components::{Attempt, FormEnd};
use crate::locale::{Text, text};
use crate::route::Route;

/// Where the wallet comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Words,
    File,
    Key,
}

/// Chooses the source.
#[component]
pub(crate) fn Import() -> impl IntoView {
    let source = RwSignal::new(Source::Words);
    let segment = move |this: Source, label: Text, testid: &'static str| {
        view! {
            <label>
                <input
                    type="radio"
                    name="import-from"
                    data-testid=testid
                    prop:checked=move || source.get() == this
                    on:change=move |_| source.set(this)
                />
                {label}
            </label>
        }
    };
    let form = move || match source.get() {
        Source::Words => view! { <FromWords /> }.into_any(),
        Source::File => view! { <FromFile /> }.into_any(),
        Source::Key => view! { <FromKey /> }.into_any(),
    };
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::import_title}</h1>
            <p class="lead">{text::import_lead}</p>
            <fieldset>
                <legend class="unseen">{text::import_by}</legend>
                <div class="segments">
                    {segment(Source::Words, text::import_by_words, "import-tab-words")}
                    {segment(Source::File, text::import_by_file, "import-tab-file")}
                    {segment(Source::Key, text::import_by_key, "import-tab-key")}
                </div>
            </fieldset>
            {form}
        </div>
    }
}

/// The end of each form.
#[component]
fn Finish(attempt: Attempt) -> impl IntoView {
    view! {
        <FormEnd attempt label=text::import_submit testid="import-submit">
            <a class="button" href=Route::Home.fragment() data-testid="cancel">
                {text::import_cancel}
            </a>
        </FormEnd>
    }
}

/// Where an imported wallet is shown.
fn go_home(_done: ()) {
    crate::browser::set_fragment(Route::Home.fragment());
}
