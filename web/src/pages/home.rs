//! The overview: balance, chain, latest history, address.

use leptos::prelude::*;

use crate::components::{AddressText, Balance, ChainStrip, CopyButton, HistoryList, Icon, QrCode, icon};
use crate::locale::text;
use crate::route::Route;
use crate::store::store;

/// How many lines of history the overview shows.
const LATEST: usize = 8;

/// The wallet at a glance.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let address = Signal::derive(move || store().address().unwrap_or_default());
    view! {
        <div class="overview">
            <div class="stack overview-wide">
                <Balance />
                <div class="row actions">
                    <a class="button primary" href=Route::Send.fragment()>
                        {icon(Icon::Send)}
                        {text::send_title}
                    </a>
                    <a class="button" href=Route::Receive.fragment()>
                        {icon(Icon::Receive)}
                        {text::receive_title}
                    </a>
                </div>
            </div>
            <div class="overview-wide">
                <ChainStrip />
            </div>
            <section aria-labelledby="latest-title">
                <div class="section-head">
                    <h2 id="latest-title">{text::home_history}</h2>
                    <a class="small" href=Route::History.fragment()>
                        {text::home_all}
                    </a>
                </div>
                <HistoryList limit=LATEST />
            </section>
            <section class="stack address-card" aria-labelledby="address-title">
                <div class="section-head">
                    <h2 id="address-title">{text::home_address}</h2>
                </div>
                <QrCode value=address label=text::receive_qr />
                <AddressText address testid="address" />
                <div>
                    <CopyButton value=address label=text::receive_copy testid="copy-address" />
                </div>
            </section>
        </div>
    }
}
