//! The nodes that the operator named, and naming another.

use leptos::prelude::*;
use shared::api::views::NamedPeerView;
use wallet_wasm::protocol::PeerOrder;

use crate::components::{Attempt, ErrorNotice, FormEnd, Kind, Note, TextField, foreign};
use crate::locale::text;
use crate::store::store;
use crate::wallet::wallet;

/// All of them, each with what keeps it away.
#[component]
pub(super) fn Named() -> impl IntoView {
    let wallet = wallet();
    let peers = store().peers;
    let all = move || peers.with(|view| view.as_ref().map(|view| view.named.clone()).unwrap_or_default());
    let is_empty =
        Memo::new(move |_| peers.with(|view| view.as_ref().is_some_and(|view| view.named.is_empty())));
    let removal = Attempt::new();
    let remove = Callback::new(move |address: String| {
        removal.run(wallet.order(PeerOrder::Remove { address }), |()| {});
    });
    view! {
        <section class="sheet stack" aria-labelledby="named-title">
            <h2 id="named-title">{text::network_named}</h2>
            <ul data-testid="named">
                <For each=all key=|named| named.name.clone() children=move |named| view! { <Line named remove /> } />
            </ul>
            <Show when=move || is_empty.get()>
                <p class="soft">{text::network_named_none}</p>
            </Show>
            <ErrorNotice failure=removal.failure />
            <Add />
        </section>
    }
}

#[component]
fn Line(named: NamedPeerView, remove: Callback<String>) -> impl IntoView {
    let store = store();
    let name = StoredValue::new(named.name.clone());
    let latest = Memo::new(move |before: Option<&NamedPeerView>| {
        let found = store.peers.with(|view| {
            view.as_ref().and_then(|view| view.named.iter().find(|other| other.name == named.name).cloned())
        });
        found.or_else(|| before.cloned()).unwrap_or_else(|| named.clone())
    });
    let state = move || {
        let NamedPeerView { is_connected, trouble, .. } = latest.get();
        match trouble {
            _ if is_connected => text::network_named_there().into_any(),
            Some(trouble) => foreign(&trouble).into_any(),
            None => text::network_named_dialled().into_any(),
        }
    };
    let is_there = move || latest.with(|named| named.is_connected);
    view! {
        <li class="line" data-testid="named-node">
            <div>
                <p class="peer-address">{name.get_value()}</p>
                <p class="small" class:good=is_there class:soft=move || !is_there() data-testid="named-state">
                    {state}
                </p>
            </div>
            <button
                type="button"
                class="quiet"
                data-testid="named-remove"
                aria-label=move || text::network_remove_label(name.get_value())
                on:click=move |_| remove.run(name.get_value())
            >
                {text::network_remove}
            </button>
        </li>
    }
}

#[component]
fn Add() -> impl IntoView {
    let wallet = wallet();
    let attempt = Attempt::new();
    let typed = RwSignal::new(String::new());
    let tried_empty = RwSignal::new(false);
    let note = move || {
        if tried_empty.get() && typed.with(String::is_empty) {
            Note::Error(text::network_add_empty().to_owned())
        } else {
            Note::hint(text::network_add_hint())
        }
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let address = typed.with_untracked(|typed| typed.trim().to_owned());
        tried_empty.set(address.is_empty());
        if !address.is_empty() {
            attempt.run(wallet.order(PeerOrder::Add { address }), move |()| {
                typed.try_set(String::new());
            });
        }
    };
    view! {
        <form class="stack" on:submit=on_submit>
            <TextField
                id="add-node"
                label=Signal::derive(|| text::network_add_label().to_owned())
                value=typed
                kind=Kind::Exact
                note=Signal::derive(note)
            />
            <FormEnd attempt label=text::network_add testid="add-submit" busy_label=text::network_adding />
        </form>
    }
}
