//! The button that lets the node mine to this wallet.

use leptos::prelude::*;
use shared::api::views::NodeView;
use wallet_wasm::protocol::Steering;

use super::{Attempt, ErrorNotice};
use crate::locale::text;
use crate::store::store;
use crate::wallet::wallet;

/// How many threads a node mines with when nobody says otherwise.
pub(crate) fn usual_threads(node: &NodeView) -> u64 {
    (node.processors / 2).max(1)
}

/// For who may steer `node`: one press sends its rewards to this wallet, and lets it mine if it does not.
#[component]
pub(crate) fn MineHere(node: NodeView) -> impl IntoView {
    let store = store();
    let wallet = wallet();
    let attempt = Attempt::new();
    let mine = move |_| {
        let Some(address) = store.address_untracked() else { return };
        let threads = (node.threads == 0).then(|| usual_threads(&node));
        let steer = async move {
            wallet.steer(Steering::SetPayout { address }).await?;
            match threads {
                Some(threads) => wallet.steer(Steering::SetMining { threads }).await,
                None => Ok(()),
            }
        };
        attempt.run(steer, |()| {});
    };
    view! {
        <ErrorNotice failure=attempt.failure />
        <p>
            <button type="button" data-testid="mine-here" disabled=attempt.is_busy on:click=mine>
                {text::history_mine_here}
            </button>
        </p>
    }
}
