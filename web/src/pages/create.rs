//! A new wallet: its words, shown once, and a passphrase.

use leptos::prelude::*;

use crate::browser::{self, Item};
use crate::components::{Attempt, ErrorNotice, FormEnd, NewPassphrase, new_passphrase};
use crate::locale::text;
use crate::route::Route;
use crate::store::store;
use crate::wallet::{Failure, wallet};

/// Words, then passphrase. What follows is the drill.
#[component]
pub(crate) fn Create() -> impl IntoView {
    let (store, wallet) = (store(), wallet());
    let words = RwSignal::new(Vec::<String>::new());
    let making = Attempt::new();
    // Words that were shown before and never became a wallet: somebody may have them on paper.
    let has_void_words = browser::load(Item::WordsShown).is_some();
    making.run(wallet.new_words(), move |new| {
        browser::store(Item::WordsShown, "1");
        words.try_set(new);
    });
    // Without its words, as after a reload, the passphrase's step has nothing to go on with.
    let is_written = Memo::new(move |_| {
        store.route.get() == Route::CreatePassphrase && words.with(|words| !words.is_empty())
    });
    Effect::new(move |before: Option<()>| {
        is_written.track();
        if before.is_some() {
            browser::enter_page();
        }
    });
    let on_unload = window_event_listener(leptos::ev::beforeunload, move |event| {
        let has_words = words.with_untracked(|words| !words.is_empty());
        // When another tab has made a wallet, these words are void anyway.
        let is_alone = browser::load(Item::Keystore) == store.keystore.get_untracked();
        if has_words && is_alone && !untrack(|| store.is_unlocked()) {
            event.prevent_default();
        }
    });
    on_cleanup(move || {
        on_unload.remove();
        // Nothing of it stays in memory longer than the page.
        words.try_set(Vec::new());
    });
    view! {
        <div class="stack narrow">
            <Steps is_written />
            <Show
                when=move || is_written.get()
                fallback=move || view! { <Words words has_void_words failure=making.failure.into() /> }
            >
                <ChoosePassphrase words />
            </Show>
        </div>
    }
}

#[component]
fn Steps(is_written: Memo<bool>) -> impl IntoView {
    let current = move |is_current: bool| is_current.then_some("step");
    view! {
        <ol class="steps">
            <li aria-current=move || current(!is_written.get())>"1 " {text::create_step_words}</li>
            <li aria-current=move || current(is_written.get())>"2 " {text::create_step_passphrase}</li>
            <li>"3 " {text::create_step_check}</li>
        </ol>
    }
}

#[component]
fn Words(
    words: RwSignal<Vec<String>>,
    has_void_words: bool,
    failure: Signal<Option<Failure>>,
) -> impl IntoView {
    let list = move || {
        let words = words.get().into_iter().enumerate();
        words
            .map(|(index, word)| view! { <li data-testid=format!("word-{}", index + 1)>{word}</li> })
            .collect_view()
    };
    view! {
        <h1 tabindex="-1">{text::create_title}</h1>
        <p class="lead">{text::create_lead}</p>
        <Show when=move || has_void_words>
            <p class="notice notice-warn" data-testid="words-void">{text::create_void}</p>
        </Show>
        <ErrorNotice failure />
        <div class="sheet">
            <ol class="words" data-testid="words-list" translate="no">
                {list}
            </ol>
        </div>
        <p class="soft">{text::create_once}</p>
        <div class="row actions">
            <button
                type="button"
                class="primary"
                data-testid="words-written"
                disabled=move || words.with(Vec::is_empty)
                on:click=|_| browser::set_fragment(Route::CreatePassphrase.fragment())
            >
                {text::create_written}
            </button>
            <a class="button" href=Route::Home.fragment() data-testid="cancel">
                {text::create_cancel}
            </a>
        </div>
    }
}

#[component]
fn ChoosePassphrase(words: RwSignal<Vec<String>>) -> impl IntoView {
    let wallet = wallet();
    let passphrase = new_passphrase();
    let creating = Attempt::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(accepted) = passphrase.accept() {
            let words = words.with_untracked(|words| words.join(" "));
            creating.run(wallet.create(words, accepted), |()| {
                browser::replace_fragment(Route::Drill.fragment());
            });
        }
    };
    on_cleanup(move || passphrase.clear());
    view! {
        <h1 tabindex="-1">{text::create_passphrase_title}</h1>
        <p class="lead">{text::create_passphrase_lead}</p>
        <form class="sheet stack" on:submit=on_submit>
            <NewPassphrase state=passphrase />
            <FormEnd attempt=creating label=text::create_submit testid="create-submit">
                <a class="button" href=Route::Create.fragment()>
                    {text::create_back}
                </a>
            </FormEnd>
        </form>
    }
}
