//! What surrounds every page: header, banners, navigation and foot.

use leptos::prelude::*;
use wallet_wasm::protocol::Connection;

use super::banners::Banners;
use super::icons::{Icon, Mark, icon};
use super::languages::Languages;
use crate::browser;
use crate::locale::{Text, text};
use crate::node::{Node, Source};
use crate::route::{Page, Route};
use crate::store::store;
use crate::wallet::wallet;

/// Puts the frame around a page.
#[component]
pub(crate) fn Frame(page: Memo<Page>, children: Children) -> impl IntoView {
    let store = store();
    let is_open = Memo::new(move |_| store.is_unlocked());
    view! {
        <div class="shell" class:with-nav=is_open>
            <header class="top">
                <a class="button skip" href="#main" on:click=skip>
                    {text::app_skip}
                </a>
                <div class="top-row">
                    <a class="brand" href=Route::Home.fragment()>
                        <Mark size=28 />
                        {text::app_name}
                    </a>
                    <Show when=move || is_open.get()>
                        <Nav page />
                    </Show>
                    <div class="top-end">
                        <ConnectionSign />
                        <Show when=move || is_open.get()>
                            <Tools page />
                        </Show>
                    </div>
                </div>
            </header>
            <Banners page />
            <main class="main" id="main">
                {children()}
            </main>
            <footer class="foot">
                <p>{text::app_foot}</p>
                <OtherNode />
                // Who has no navigation yet.
                <Show when=move || !is_open.get()>
                    <p>
                        <a href=Route::Network.fragment() data-testid="foot-network">
                            {text::nav_network}
                        </a>
                    </p>
                </Show>
                <Languages />
            </footer>
        </div>
    }
}

/// Names the node, unless it is the one that served this page, and leads to where another is chosen.
#[component]
fn OtherNode() -> impl IntoView {
    let node = store().node;
    move || {
        let other = |node: &Node| (node.source != Source::Own).then(|| node.address.to_string());
        node.with(other).map(|address| {
            view! {
                <p>
                    <a href=Route::Settings.fragment() data-testid="node">
                        {text::app_node(address)}
                    </a>
                </p>
            }
        })
    }
}

/// The fragment belongs to the routes, so that the link cannot jump by itself.
fn skip(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    browser::focus_heading();
}

#[component]
fn Nav(page: Memo<Page>) -> impl IntoView {
    let links: [(Route, Page, Icon, Text, &'static str); 5] = [
        (Route::Home, Page::Home, Icon::Home, text::nav_home, "nav-home"),
        (Route::Send, Page::Send, Icon::Send, text::nav_send, "nav-send"),
        (Route::Receive, Page::Receive, Icon::Receive, text::nav_receive, "nav-receive"),
        (Route::History, Page::History, Icon::History, text::nav_history, "nav-history"),
        (Route::Network, Page::Network, Icon::Network, text::nav_network, "nav-network"),
    ];
    let link = move |(route, target, sign, label, testid): (Route, Page, Icon, Text, &'static str)| {
        view! {
            <a
                href=route.fragment()
                data-testid=testid
                aria-current=move || (page.get() == target || page.get() == Page::Forks && target == Page::Network).then_some("page")
            >
                {icon(sign)}
                <span>{label}</span>
            </a>
        }
    };
    view! {
        <nav class="nav" aria-label=text::nav_label>
            {links.map(link).collect_view()}
        </nav>
    }
}

#[component]
fn Tools(page: Memo<Page>) -> impl IntoView {
    let wallet = wallet();
    let lock = move |_| {
        leptos::task::spawn_local(async move {
            // It fails only when the worker has stopped, and then the page says so.
            drop(wallet.lock_everywhere().await);
        });
    };
    view! {
        <a
            class="button icon-button"
            href=Route::Settings.fragment()
            data-testid="nav-settings"
            aria-current=move || (page.get() == Page::Settings).then_some("page")
            aria-label=text::nav_settings
            title=text::nav_settings
        >
            {icon(Icon::Settings)}
        </a>
        <button
            type="button"
            class="icon-button"
            data-testid="lock"
            aria-label=text::nav_lock
            title=text::nav_lock
            on:click=lock
        >
            {icon(Icon::Lock)}
        </button>
    }
}

#[component]
fn ConnectionSign() -> impl IntoView {
    let store = store();
    let state = move || {
        store.connection.with(|connection| match connection {
            Connection::Connecting => "connecting",
            Connection::Connected => "connected",
            Connection::Waiting { .. } => "waiting",
            Connection::WrongChain { .. } => "wrong_chain",
            Connection::WrongProtocol { .. } => "wrong_protocol",
        })
    };
    let label = move || {
        store.connection.with(|connection| match connection {
            Connection::Connecting => text::connection_connecting().to_owned(),
            Connection::Connected => store.chain().map_or_else(
                || text::connection_connected_plain().to_owned(),
                |chain| text::connection_connected(chain.name()),
            ),
            Connection::Waiting { .. } => text::connection_waiting().to_owned(),
            Connection::WrongChain { .. } => text::connection_wrong_chain().to_owned(),
            Connection::WrongProtocol { .. } => text::connection_wrong_protocol().to_owned(),
        })
    };
    view! {
        <span class="connection" data-testid="connection" data-state=state role="status">
            {label}
        </span>
    }
}
