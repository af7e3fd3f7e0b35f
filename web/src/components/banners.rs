//! What deserves attention on every page.

use leptos::prelude::*;
use wallet_wasm::protocol::Connection;

use super::auto_lock::AutoLock;
use crate::blocks::Blocks;
use crate::locale::text;
use crate::node::Source;
use crate::route::{Page, Route};
use crate::store::{Store, store};
use crate::{browser, format, pages, wording};

/// A tip that is older than this many block times is worth a word.
const STALE_BLOCK_TIMES: u64 = 10;

/// The worker, the node, the storage, the drill: whatever is not as it should be.
#[component]
pub(crate) fn Banners(page: Memo<Page>) -> impl IntoView {
    let store = store();
    let is_unsaved = move || store.is_unsaved.get() && store.keystore.with(Option::is_some);
    let is_drill_due = move || {
        let pages = [Page::Home, Page::Receive, Page::Send, Page::History, Page::Settings];
        pages.contains(&page.get()) && store.is_drill_due.get()
    };
    let save = move |_| {
        pages::save_backup(store);
    };
    view! {
        <aside class="banners" aria-label=text::banner_label>
            <Show when=move || store.is_stopped.get()>
                <div class="notice banner notice-danger" role="alert">
                    <p>{text::banner_stopped}</p>
                    <button type="button" on:click=|_| browser::reload()>
                        {text::banner_stopped_link}
                    </button>
                </div>
            </Show>
            {move || {
                connection_trouble(store)
                    .map(|sentence| {
                        view! {
                            <div class="notice banner notice-warn" data-testid="connection-banner">
                                <p>{sentence}</p>
                            </div>
                        }
                    })
            }}
            <Show when=move || store.is_link_ignored.get()>
                <div class="notice banner notice-warn" data-testid="link-ignored-banner">
                    <p>{text::banner_link_ignored}</p>
                </div>
            </Show>
            <Show when=move || store.node.with(|node| node.source == Source::Link)>
                <div class="notice banner notice-warn" data-testid="link-banner">
                    <p>{move || text::banner_link(store.node.with(|node| node.address.to_string()))}</p>
                    <button type="button" data-testid="link-drop" on:click=move |_| store.drop_link()>
                        {text::banner_link_drop}
                    </button>
                </div>
            </Show>
            <Show when=is_unsaved>
                <div class="notice banner notice-danger" role="alert" data-testid="unsaved-banner">
                    <p>{text::banner_unsaved}</p>
                    <button type="button" on:click=save>
                        {text::banner_unsaved_link}
                    </button>
                </div>
            </Show>
            <AutoLock />
            <Show when=is_drill_due>
                <div class="notice banner notice-warn" data-testid="drill-banner">
                    <p>{text::banner_drill}</p>
                    <a href=Route::Drill.fragment() data-testid="drill-start">
                        {text::banner_drill_link}
                    </a>
                </div>
            </Show>
        </aside>
    }
}

/// Says what is wrong with the connection, or with the chain behind it.
fn connection_trouble(store: Store) -> Option<String> {
    match store.connection.get() {
        Connection::Connected => copying(store).or_else(|| stale_tip(store)),
        Connection::WrongChain { .. } => Some(text::banner_wrong_chain().to_owned()),
        Connection::WrongProtocol { node: version } => {
            Some(store.node.with(|node| wording::other_protocol(node, version)))
        }
        // The first attempt is no trouble. A later one keeps its banner, so that nothing jumps.
        Connection::Connecting | Connection::Waiting { .. } => {
            let seconds = store.retry_at.get()?.saturating_sub(store.now.get());
            Some(store.node.with(|node| wording::no_node(node, browser::is_encrypted(), seconds)))
        }
    }
}

/// Says how far the node is that copies the chain: until then nothing that it says of money is current.
fn copying(store: Store) -> Option<String> {
    let headers = store.info.with(|info| info.as_ref()?.headers)?;
    let height = store.blocks.with(|blocks| blocks.tip().map(|tip| tip.height))?;
    (height < headers).then(|| text::banner_copying(height, headers))
}

/// Says when no block has come for far too long.
fn stale_tip(store: Store) -> Option<String> {
    // The first block was never mined: its time says nothing of who mines now.
    let mined = |blocks: &Blocks| blocks.tip().filter(|tip| tip.height > 0).map(|tip| u64::from(tip.time));
    let tip_time = store.blocks.with(mined)?;
    let expected = store.info.with(|info| info.as_ref().map(|info| u64::from(info.target_block_time)))?;
    let age = store.now.get().saturating_sub(tip_time);
    let named = |seconds| wording::age(format::age(seconds));
    let is_stale = age > expected.saturating_mul(STALE_BLOCK_TIMES);
    is_stale.then(|| text::banner_stale(named(age), named(expected)))
}
