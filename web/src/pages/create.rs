//! A new wallet: its words, shown once, and a passphrase.

use leptos::prelude::*;

use crate::components::{Attempt, ErrorNotice, NewPassphrase, Progress, new_passphrase};
use crate::locale::text;
use crate::route::Route;
use crate::wallet::wallet;

/// Words, then passphrase. What follows is the drill.
#[component]
pub(crate) fn Create() -> impl IntoView {
    let wallet = wallet();
    let words = RwSignal::new(Vec::<String>::new());
    let is_written = RwSignal::new(false);
    let making = Attempt::new();
    making.run(wallet.new_words(), move |new| drop(words.try_set(new)));
    view! {
        <div class="stack narrow">
            <Steps is_written />
            <Show
                when=move || is_written.get()
                fallback=move || view! { <Words words is_written failure=making.failure.into() /> }
            >
                <ChoosePassphrase words is_written />
            </Show>
        </div>
    }
}

#[component]
fn Steps(is_written: RwSignal<bool>) -> impl IntoView {
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
    is_written: RwSignal<bool>,
    failure: Signal<Option<crate::wallet::Failure>>,
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
                on:click=move |_| is_written.set(true)
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
fn ChoosePassphrase(words: RwSignal<Vec<String>>, is_written: RwSignal<bool>) -> impl IntoView {
    let wallet = wallet();
    let passphrase = new_passphrase();
    let creating = Attempt::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(accepted) = passphrase.accept() {
            let words = words.with_untracked(|words| words.join(" "));
            creating.run(wallet.create(words, accepted), |()| {
                crate::browser::set_fragment(Route::Drill.fragment());
            });
        }
    };
    // Nothing of it stays in memory longer than the page.
    on_cleanup(move || {
        passphrase.clear();
        words.try_set(Vec::new());
    });
    view! {
        <h1 tabindex="-1">{text::create_passphrase_title}</h1>
        <p class="lead">{text::create_passphrase_lead}</p>
        <form class="sheet stack" on:submit=on_submit>
            <NewPassphrase state=passphrase />
            <ErrorNotice failure=creating.failure />
            <Show
                when=move || creating.is_busy.get()
                fallback=move || {
                    view! {
                        <div class="row actions">
                            <button type="submit" class="primary" data-testid="create-submit">
                                {text::create_submit}
                            </button>
                            <button type="button" on:click=move |_| is_written.set(false)>
                                {text::create_back}
                            </button>
                        </div>
                    }
                }
            >
                <Progress />
            </Show>
        </form>
    }
}
