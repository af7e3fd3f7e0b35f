//! The latest blocks as links of a chain, and how old the last one is.

use leptos::prelude::*;
use shared::api::views::HeadView;

use super::figures::digits;
use crate::blocks::KEPT;
use crate::format;
use crate::locale::text;
use crate::route::Route;
use crate::store::store;
use crate::wording;

/// The strip: the newest block on the right.
#[component]
pub(crate) fn ChainStrip() -> impl IntoView {
    let store = store();
    let blocks = Memo::new(move |_| store.blocks.with(|blocks| blocks.iter().cloned().collect::<Vec<_>>()));
    // What was there when the strip was first drawn did not arrive.
    let first_height = store.blocks.with_untracked(|blocks| blocks.tip().map(|tip| tip.height));
    let ghosts = move || {
        let missing = KEPT.saturating_sub(blocks.with(Vec::len));
        (0..missing).map(|_| view! { <li class="block block-ghost" aria-hidden="true"></li> }).collect_view()
    };
    let height = move || store.blocks.with(|blocks| blocks.tip().map(|tip| tip.height.to_string()));
    view! {
        <section class="stack-tight" aria-labelledby="chain-title">
            <div class="section-head">
                <h2 id="chain-title">{text::chain_latest}</h2>
                <p class="soft small">
                    {text::chain_height} " " <strong data-testid="tip-height">{height}</strong> " · "
                    <a href=Route::Forks.fragment() data-testid="chain-branches">
                        {text::forks_title}
                    </a>
                </p>
            </div>
            <ol class="chain" reversed data-testid="chain">
                <For
                    each=move || blocks.get()
                    key=|block| block.hash
                    children=move |block| {
                        let is_new = first_height.is_some_and(|height| block.height > height);
                        view! { <Block block is_new /> }
                    }
                />
                {ghosts}
            </ol>
        </section>
    }
}

/// One link.
#[component]
fn Block(block: HeadView, is_new: bool) -> impl IntoView {
    let now = store().now;
    let time = u64::from(block.time);
    let ago = move || match now.get().saturating_sub(time) {
        0..5 => text::chain_just_now().to_owned(),
        seconds => text::chain_ago(wording::age(format::age(seconds))),
    };
    let tx_count = block.tx_count;
    let content = move || match tx_count {
        0 => text::chain_no_transactions().to_owned(),
        1 => text::chain_transactions_one().to_owned(),
        count => text::chain_transactions(count),
    };
    view! {
        <li
            class="block"
            class:block-new=is_new
            data-testid="block"
            data-height=block.height.to_string()
            title=block.hash.to_string()
        >
            <strong>{digits(block.height)}</strong>
            <span>{content}</span>
            <span>{ago}</span>
        </li>
    }
}
