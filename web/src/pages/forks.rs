//! The branches beside the best chain, drawn where they leave it.

use leptos::prelude::*;
use shared::api::views::{ForkBlockView, ForkView};
use shared::hash::BlockHash;

use crate::components::{NetworkTabs, digits};
use crate::format;
use crate::locale::text;
use crate::network::{Link, Stop, length, links, stops};
use crate::route::Route;
use crate::store::store;
use crate::wallet::wallet;
use crate::wording;

/// A block beside the best chain does not move its tip, so the node is asked now and then.
const LOOK_EVERY_SECONDS: u64 = 5;

/// The best chain from the tip down, with what left it.
#[component]
pub(crate) fn Forks() -> impl IntoView {
    let store = store();
    let wallet = wallet();
    let tip = Memo::new(move |_| store.blocks.with(|blocks| blocks.tip().map(|tip| tip.hash)));
    let turn = Memo::new(move |_| store.now.get() / LOOK_EVERY_SECONDS);
    Effect::new(move |_| {
        tip.track();
        turn.track();
        leptos::task::spawn_local(async move {
            // Without a connection there is nothing to look at, and the page says so.
            drop(wallet.look_at_forks().await);
        });
    });
    let shown = Memo::new(move |_| store.forks.with(|forks| forks.as_ref().map(stops)));
    let count =
        Memo::new(move |_| store.forks.with(|forks| forks.as_ref().map(|forks| forks.branches.len())));
    let lead = move || match count.get() {
        None => text::history_loading().to_owned(),
        Some(0) => text::forks_none().to_owned(),
        Some(1) => text::forks_one().to_owned(),
        Some(count) => text::forks_some(count),
    };
    view! {
        <div class="stack">
            <h1 tabindex="-1">{text::forks_title}</h1>
            <NetworkTabs here=Route::Forks />
            <div class="stack-tight">
                <p data-testid="forks-lead" data-count=move || count.get().map(|count| count.to_string())>
                    {lead}
                </p>
                <p class="soft small forks-note">{text::forks_note}</p>
            </div>
            {move || {
                shown
                    .get()
                    .map(|stops| {
                        // Nothing lies below the first block.
                        let has_more = !matches!(stops.last(), Some(Stop::Block { height: 0, .. }));
                        view! {
                            <ol class="trunk" aria-label=text::forks_label data-testid="forks">
                                {stops.into_iter().map(stop).collect_view()}
                                {has_more.then(|| view! { <li class="trunk-end soft small">{text::forks_end}</li> })}
                            </ol>
                        }
                    })
            }}
        </div>
    }
}

fn stop(stop: Stop) -> AnyView {
    match stop {
        Stop::Gap(count) => {
            let blocks = move || wording::blocks(count);
            view! { <li class="trunk-gap soft small">{blocks}</li> }.into_any()
        }
        Stop::Block { height, hash, is_tip, branches } => {
            let label = move || if is_tip { text::forks_tip() } else { text::forks_best() };
            view! {
                <li class="trunk-stop">
                    <div class="block" title=hash.to_string()>
                        <strong>{digits(height)}</strong>
                        <span class="mono">{tail(&hash)}</span>
                        <span>{label}</span>
                    </div>
                    <div class="branches">{branches.into_iter().map(branch).collect_view()}</div>
                </li>
            }
            .into_any()
        }
    }
}

fn branch(branch: ForkView) -> impl IntoView {
    let drawn = links(&branch);
    let count = length(&branch);
    let ForkView { fork_height, is_invalid, work_percent, blocks, .. } = branch;
    let title = move || text::forks_branch(wording::blocks(count), fork_height);
    let outcome = move || match work_percent {
        percent if is_invalid => text::forks_invalid(percent),
        percent @ 0..100 => text::forks_less(percent),
        100.. => text::forks_equal().to_owned(),
    };
    let last = blocks.last().map(|last| last.hash.to_string());
    view! {
        <article class="branch" data-testid="branch" data-length=count.to_string() data-invalid=is_invalid.to_string()>
            <ol class="branch-links" aria-label=title>
                {drawn.into_iter().map(link).collect_view()}
            </ol>
            <p>
                <strong>{title}</strong>
            </p>
            <p class="small" class:branch-invalid=is_invalid data-testid="branch-outcome">
                {outcome}
            </p>
            <dl class="facts">
                <dt>{text::forks_last}</dt>
                <dd class="long-text" data-testid="branch-tip">
                    {last}
                </dd>
            </dl>
        </article>
    }
}

fn link(link: Link) -> AnyView {
    match link {
        Link::Gap(count) => {
            let blocks = move || wording::blocks(count);
            view! {
                <li class="block block-ghost">
                    <span>"…"</span>
                    <span>{blocks}</span>
                </li>
            }
            .into_any()
        }
        Link::Block(ForkBlockView { hash, height, time }) => {
            let now = store().now;
            let ago =
                move || text::chain_ago(wording::age(format::age(now.get().saturating_sub(time.into()))));
            view! {
                <li class="block block-side" title=hash.to_string()>
                    <strong>{digits(height)}</strong>
                    <span class="mono">{tail(&hash)}</span>
                    <span>{ago}</span>
                </li>
            }
            .into_any()
        }
    }
}

/// The end of a hash, which differs from block to block; its beginning is zeros.
fn tail(hash: &BlockHash) -> String {
    let text = hash.to_string();
    format!("…{}", text.get(text.len().saturating_sub(8)..).unwrap_or_default())
}
