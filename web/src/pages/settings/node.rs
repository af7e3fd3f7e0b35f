//! Which node the page talks to, and choosing another.

use leptos::prelude::*;
use wallet_wasm::node_address::{NodeAddress, NodeAddressError};

use crate::components::{Kind, Note, TextField};
use crate::locale::text;
use crate::node::Source;
use crate::route::Route;
use crate::store::store;

/// The same as a page of its own: all of the settings that make sense without a wallet.
#[component]
pub(crate) fn NodeSettings() -> impl IntoView {
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::settings_title}</h1>
            <NodeChoice />
            <p>
                <a href=Route::Home.fragment() data-testid="node-back">
                    {text::node_back}
                </a>
            </p>
        </div>
    }
}

/// The node, and a field for another unless it served this page.
#[component]
pub(super) fn NodeChoice() -> impl IntoView {
    let node = store().node;
    let sentence = move || {
        let (address, source) = node.with(|node| (node.address.to_string(), node.source));
        match source {
            Source::Own => text::node_own(address),
            Source::Link => text::node_link(address),
            Source::Chosen => text::node_chosen(address),
            Source::Usual => text::node_usual(address),
        }
    };
    let is_own = node.with_untracked(|node| node.source == Source::Own);
    view! {
        <section class="sheet stack" aria-labelledby="node-title">
            <h2 id="node-title">{text::node_title}</h2>
            <p data-testid="node-source">{sentence}</p>
            {(!is_own).then(|| view! { <OtherNode /> })}
        </section>
    }
}

#[component]
fn OtherNode() -> impl IntoView {
    let store = store();
    let typed = RwSignal::new(store.node.with_untracked(|node| node.address.to_string()));
    // Only a text that was tried is blamed, and no longer than it stands there.
    let tried = RwSignal::new(None::<(String, NodeAddressError)>);
    let error = move || tried.get().filter(|(text, _)| typed.with(|typed| typed == text));
    let note = move || match error().map(|(_, error)| error) {
        None => Note::hint(text::node_hint()),
        Some(NodeAddressError::Malformed) => Note::Error(text::node_malformed().to_owned()),
        Some(NodeAddressError::Port) => Note::Error(text::node_port().to_owned()),
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = typed.get_untracked();
        match text.parse::<NodeAddress>() {
            Ok(address) => store.choose_node(&address),
            Err(error) => tried.set(Some((text, error))),
        }
    };
    let is_chosen = move || store.node.with(|node| node.source != Source::Usual);
    view! {
        <form class="stack" on:submit=on_submit>
            <TextField
                id="node-address"
                label=Signal::derive(|| text::node_label().to_owned())
                value=typed
                kind=Kind::Exact
                note=Signal::derive(note)
            />
            <div class="row actions">
                <button type="submit" data-testid="node-connect">
                    {text::node_connect}
                </button>
                <Show when=is_chosen>
                    <button
                        type="button"
                        class="quiet"
                        data-testid="node-forget"
                        on:click=move |_| store.forget_node()
                    >
                        {text::node_forget}
                    </button>
                </Show>
            </div>
        </form>
    }
}
