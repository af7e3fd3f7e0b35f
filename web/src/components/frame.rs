//! What surrounds every page: header, banners, navigation and foot.

use leptos::prelude::*;
use wallet_wasm::protocol::{Connection, WalletView};

use super::icons::{Icon, Mark, icon};
use crate::format;
use crate::locale::text;
use crate::route::{Page, Route};
use crate::store::{Store, store};
use crate::wallet::wallet;
use crate::wording::{self, quoted};
use crate::{browser, pages};

/// A tip that is older than this many block times is worth a word.
const STALE_BLOCK_TIMES: u64 = 10;

/// Puts the frame around a page.
#[component]
pub(crate) fn Frame(page: Memo<Page>, children: Children) -> impl IntoView {
    let t = text();
    let store = store();
    let is_open =
        Memo::new(move |_| store.wallet.with(|wallet| matches!(wallet, Some(WalletView::Unlocked { .. }))));
    view! {
        <div class="shell" class:with-nav=is_open>
            <header class="top">
                <a class="button skip" href="#main" on:click=skip>
                    {t.app_skip()}
                </a>
                <div class="top-row">
                    <a class="brand" href=Route::Home.fragment()>
                        <Mark size=28 />
                        {t.app_name()}
                    </a>
                    <Show when=move || is_open.get()>
                        <Nav page />
                    </Show>
                    <div class="top-end">
                        <ConnectionSign />
                        <Show when=move || is_open.get()>
                            <Tools />
                        </Show>
                    </div>
                </div>
            </header>
            <Banners page />
            <main class="main" id="main">
                {children()}
            </main>
            <footer class="foot">{t.app_foot()}</footer>
        </div>
    }
}

/// The fragment belongs to the routes, so that the link cannot jump by itself.
fn skip(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    browser::focus_heading();
}

#[component]
fn Nav(page: Memo<Page>) -> impl IntoView {
    let t = text();
    let links = [
        (Route::Home, Page::Home, Icon::Home, t.nav_home(), "nav-home"),
        (Route::Send, Page::Send, Icon::Send, t.nav_send(), "nav-send"),
        (Route::Receive, Page::Receive, Icon::Receive, t.nav_receive(), "nav-receive"),
        (Route::History, Page::History, Icon::History, t.nav_history(), "nav-history"),
    ];
    let link =
        move |(route, target, sign, label, testid): (Route, Page, Icon, &'static str, &'static str)| {
            view! {
                <a
                    href=route.fragment()
                    data-testid=testid
                    aria-current=move || (page.get() == target).then_some("page")
                >
                    {icon(sign)}
                    <span>{label}</span>
                </a>
            }
        };
    view! {
        <nav class="nav" aria-label=t.nav_label()>
            {links.map(link).collect_view()}
        </nav>
    }
}

#[component]
fn Tools() -> impl IntoView {
    let t = text();
    let wallet = wallet();
    let lock = move |_| {
        leptos::task::spawn_local(async move {
            // It fails only when the worker has stopped, and then the page says so.
            drop(wallet.lock().await);
        });
    };
    view! {
        <a
            class="button icon-button"
            href=Route::Settings.fragment()
            data-testid="nav-settings"
            aria-label=t.nav_settings()
            title=t.nav_settings()
        >
            {icon(Icon::Settings)}
        </a>
        <button
            type="button"
            class="icon-button"
            data-testid="lock"
            aria-label=t.nav_lock()
            title=t.nav_lock()
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
        })
    };
    let label = move || {
        let t = text();
        store.connection.with(|connection| match connection {
            Connection::Connecting => t.connection_connecting().to_owned(),
            Connection::Connected => store.info.with(|info| {
                info.as_ref().map_or_else(
                    || t.connection_connected_plain().to_owned(),
                    |info| t.connection_connected(quoted(&info.chain)),
                )
            }),
            Connection::Waiting { .. } => t.connection_waiting().to_owned(),
            Connection::WrongChain { .. } => t.connection_wrong_chain().to_owned(),
        })
    };
    view! {
        <span class="connection" data-testid="connection" data-state=state role="status">
            {label}
        </span>
    }
}

/// What deserves attention on every page.
#[component]
fn Banners(page: Memo<Page>) -> impl IntoView {
    let t = text();
    let store = store();
    let reload = |_| browser::reload();
    let is_drill_open = move || {
        let has_wallet =
            matches!(page.get(), Page::Home | Page::Receive | Page::Send | Page::History | Page::Settings);
        has_wallet && store.is_drill_due.get()
    };
    let is_unsaved = move || store.is_unsaved.get() && store.keystore.with(Option::is_some);
    view! {
        <div class="banners">
            <Show when=move || store.is_stopped.get()>
                <div class="notice banner notice-danger" role="alert">
                    <div>
                        <p>{t.banner_stopped()}</p>
                        <button type="button" on:click=reload>
                            {t.banner_stopped_link()}
                        </button>
                    </div>
                </div>
            </Show>
            {move || connection_banner(store)}
            <Show when=is_unsaved>
                <div class="notice banner notice-danger" role="alert">
                    <div>
                        <p>{t.banner_unsaved()}</p>
                        <button type="button" on:click=move |_| { pages::save_backup(store); }>
                            {t.banner_unsaved_link()}
                        </button>
                    </div>
                </div>
            </Show>
            <Show when=is_drill_open>
                <div class="notice banner notice-warn" data-testid="drill-banner">
                    <div>
                        <p>{t.banner_drill()}</p>
                        <a href=Route::Drill.fragment() data-testid="drill-start">
                            {t.banner_drill_link()}
                        </a>
                    </div>
                </div>
            </Show>
        </div>
    }
}

/// What is wrong with the connection, or with the chain behind it.
fn connection_banner(store: Store) -> Option<AnyView> {
    let t = text();
    let (class, sentence) = match store.connection.get() {
        Connection::Connecting => return None,
        Connection::Waiting { .. } => {
            let sentence = match store.retry_at.get().saturating_sub(store.now.get()) {
                0 => t.banner_away_now().to_owned(),
                seconds => t.banner_away(seconds),
            };
            ("notice banner notice-warn", sentence)
        }
        Connection::WrongChain { chain } => {
            ("notice banner notice-danger", t.banner_wrong_chain(quoted(&chain)))
        }
        Connection::Connected => ("notice banner notice-warn", stale_tip(store)?),
    };
    Some(
        view! {
            <div class=class data-testid="connection-banner">
                <div>
                    <p>{sentence}</p>
                </div>
            </div>
        }
        .into_any(),
    )
}

/// Says when no block has come for far too long.
fn stale_tip(store: Store) -> Option<String> {
    let tip_time = store.blocks.with(|blocks| blocks.tip().map(|tip| u64::from(tip.time)))?;
    let expected = store.info.with(|info| info.as_ref().map(|info| u64::from(info.target_block_time)))?;
    let age = store.now.get().saturating_sub(tip_time);
    let named = |seconds| wording::age(format::age(seconds));
    (age > expected.saturating_mul(STALE_BLOCK_TIMES))
        .then(|| text().banner_stale(named(age), named(expected)))
}
