//! Who is connected.

use leptos::prelude::*;
use shared::api::views::{PeerRole, PeerView};

use super::bans;
use crate::components::{Icon, digits, foreign, icon};
use crate::format::{self, shorten};
use crate::locale::{Text, text};
use crate::network::ban_address;
use crate::store::store;
use crate::wording;

/// A line for each connection, in the order in which they came, so that none changes its place.
#[component]
pub(super) fn Peers(to_ban: RwSignal<String>) -> impl IntoView {
    let peers = store().peers;
    let count = move || peers.with(|view| view.as_ref().map(|view| view.peers.len().to_string()));
    let all = move || peers.with(|view| view.as_ref().map(|view| view.peers.clone()).unwrap_or_default());
    let is_empty =
        Memo::new(move |_| peers.with(|view| view.as_ref().is_some_and(|view| view.peers.is_empty())));
    view! {
        <section aria-labelledby="peers-title">
            <div class="section-head">
                <h2 id="peers-title">{text::network_connected}</h2>
                <p class="soft small" data-testid="peer-count">
                    {count}
                </p>
            </div>
            <ul data-testid="peers">
                <For each=all key=|peer| peer.id.clone() children=move |peer| view! { <Peer peer to_ban /> } />
            </ul>
            <Show when=move || is_empty.get()>
                <div class="empty">
                    <p>{text::network_alone}</p>
                    <p>
                        {text::network_alone_note} " "
                        <code>{move || store().node.with(|node| format!("cargo run --release -- 1112 {}", node.address))}</code>
                    </p>
                </div>
            </Show>
        </section>
    }
}

#[component]
fn Peer(peer: PeerView, to_ban: RwSignal<String>) -> impl IntoView {
    let store = store();
    let id = peer.id.clone();
    let address = StoredValue::new(peer.address.clone());
    // What it was last, for the moment in which it goes.
    let latest = Memo::new(move |before: Option<&PeerView>| {
        let found = store.peers.with(|view| {
            view.as_ref().and_then(|view| view.peers.iter().find(|other| other.id == peer.id).cloned())
        });
        found.or_else(|| before.cloned()).unwrap_or_else(|| peer.clone())
    });
    let of = move |value: fn(&PeerView) -> String| move || latest.with(value);
    let height = Memo::new(move |_| latest.with(|peer| peer.height));
    let since = Memo::new(move |_| latest.with(|peer| peer.since));
    let connected = move || wording::age(format::age(store.now.get().saturating_sub(since.get())));
    let can_ban = address.with_value(|address| ban_address(address).is_ok());
    let ban = move |_| {
        to_ban.set(address.get_value());
        bans::begin();
    };
    let shown = address.get_value();
    view! {
        <li class="peer" data-testid="peer" data-id=id.clone() data-role=of(|peer| name(peer.role).to_owned())>
            <span class="entry-sign">{move || icon(sign(latest.with(|peer| peer.role)))}</span>
            <div>
                <p class="peer-address" data-testid="peer-address">{of(|peer| peer.address.clone())}</p>
                <p class="entry-sub">
                    {move || role(latest.with(|peer| peer.role))} " · "
                    <span data-testid="peer-agent">{move || foreign(&latest.with(|peer| peer.agent.clone()))}</span>
                    " · " <span class="mono" title=id.clone()>{shorten(&id)}</span>
                </p>
                {move || latest.with(|peer| peer.told_by.clone()).map(|by| view! { <p class="entry-sub">{text::network_told_by(by)}</p> })}
            </div>
            <dl class="peer-figures">
                <Figure label=text::chain_height testid="peer-height">{move || digits(height.get())}</Figure>
                <Figure label=text::network_latency testid="peer-latency">{of(latency)}</Figure>
                <Figure label=text::network_received testid="peer-in">{of(|peer| wording::bytes(peer.bytes_in))}</Figure>
                <Figure label=text::network_sent testid="peer-out">{of(|peer| wording::bytes(peer.bytes_out))}</Figure>
                <Figure label=text::network_since testid="peer-since">{connected}</Figure>
                <Figure label=text::network_score testid="peer-score">{of(|peer| text::network_score_of(peer.score))}</Figure>
            </dl>
            <div class="peer-end">
                {can_ban
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="quiet"
                                data-testid="peer-ban"
                                aria-label=move || text::network_ban_label(shown.clone())
                                on:click=ban
                            >
                                {text::network_ban}
                            </button>
                        }
                    })}
            </div>
        </li>
    }
}

/// A number with its name.
#[component]
fn Figure(label: Text, testid: &'static str, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd data-testid=testid>{children()}</dd>
        </div>
    }
}

fn latency(peer: &PeerView) -> String {
    match peer.latency_ms {
        None => text::network_latency_unknown().to_owned(),
        Some(0) => text::network_latency_below(1),
        Some(ms) => text::network_latency_ms(ms),
    }
}

const fn sign(role: PeerRole) -> Icon {
    match role {
        PeerRole::Inbound => Icon::Incoming,
        PeerRole::Outbound | PeerRole::BlockOnly | PeerRole::Named => Icon::Outgoing,
    }
}

fn role(role: PeerRole) -> &'static str {
    match role {
        PeerRole::Inbound => text::network_inbound(),
        PeerRole::Outbound => text::network_outbound(),
        PeerRole::BlockOnly => text::network_block_only(),
        PeerRole::Named => text::network_named_role(),
    }
}

/// As the protocol calls it, for tests.
const fn name(role: PeerRole) -> &'static str {
    match role {
        PeerRole::Inbound => "inbound",
        PeerRole::Outbound => "outbound",
        PeerRole::BlockOnly => "block_only",
        PeerRole::Named => "named",
    }
}
