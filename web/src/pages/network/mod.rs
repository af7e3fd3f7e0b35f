//! The other nodes: who is connected, whom the operator named, who is banned. Only the operator sees it.

mod bans;
mod named;
mod peers;

use leptos::prelude::*;
use wallet_wasm::protocol::{Connection, PeerOrder};

use crate::browser::{self, Item};
use crate::components::NetworkTabs;
use crate::locale::text;
use crate::node::Source;
use crate::route::Route;
use crate::store::{Control, Store, store};
use crate::wallet::wallet;

/// How often the node is asked while somebody looks.
const LOOK_EVERY_SECONDS: u64 = 2;

/// The page of the operator, or for others how to become that.
#[component]
pub(crate) fn Network() -> impl IntoView {
    let store = store();
    let is_granted = Memo::new(move |_| matches!(store.control.get(), Control::Granted(_)));
    view! {
        <div class="stack">
            <h1 tabindex="-1">{text::network_title}</h1>
            <NetworkTabs here=Route::Network />
            <Show when=move || is_granted.get() fallback=Closed>
                <Open />
            </Show>
        </div>
    }
}

/// Says what is needed to see anything here.
#[component]
fn Closed() -> impl IntoView {
    let hint = move || closed(store());
    view! {
        <div class="empty">
            <p class="lead" data-testid="network-closed">
                {hint}
            </p>
        </div>
    }
}

fn closed(store: Store) -> &'static str {
    let is_own = store.node.with(|node| node.source == Source::Own);
    match store.control.get() {
        _ if matches!(
            store.connection.get(),
            Connection::WrongChain { .. } | Connection::WrongProtocol { .. }
        ) =>
        {
            text::network_stranger()
        }
        _ if !is_own => text::network_foreign(),
        Control::Refused => text::control_refused(),
        // The node has not looked at it yet.
        _ if browser::load(Item::Token).is_some() => text::history_loading(),
        Control::None | Control::Granted(_) => text::network_absent(),
    }
}

#[component]
fn Open() -> impl IntoView {
    let store = store();
    let wallet = wallet();
    Effect::new(move |_| {
        if store.now.get().is_multiple_of(LOOK_EVERY_SECONDS) || store.peers.with_untracked(Option::is_none) {
            leptos::task::spawn_local(async move {
                // Without a connection there is nothing to look at, and the page says so.
                drop(wallet.order(PeerOrder::Look).await);
            });
        }
    });
    let to_ban = RwSignal::new(String::new());
    view! {
        <peers::Peers to_ban />
        <div class="halves">
            <named::Named />
            <bans::Bans to_ban />
        </div>
    }
}
