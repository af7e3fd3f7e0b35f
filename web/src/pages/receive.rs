//! The address, large.

use leptos::prelude::*;

use crate::components::{AddressText, CopyButton, QrCode};
use crate::locale::text;
use crate::store::store;

/// Everything that a payer may need.
#[component]
pub(crate) fn Receive() -> impl IntoView {
    let store = store();
    let address = Signal::derive(move || store.address().unwrap_or_default());
    let tutorial_address = Signal::derive(move || store.tutorial_address().unwrap_or_default());
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::receive_title}</h1>
            <p class="lead">{text::receive_lead}</p>
            <div class="sheet receive">
                <QrCode value=address label=text::receive_qr />
                <div class="stack">
                    <AddressText address testid="address" />
                    <div>
                        <CopyButton value=address label=text::receive_copy testid="copy-address" />
                    </div>
                </div>
            </div>
            <details>
                <summary data-testid="tutorial-address-show">{text::receive_tutorial}</summary>
                <div class="stack disclosed">
                    <p class="soft">{text::receive_tutorial_note}</p>
                    <p class="long-text" data-testid="tutorial-address" translate="no">{tutorial_address}</p>
                    <div>
                        <CopyButton
                            value=tutorial_address
                            label=text::receive_copy_tutorial
                            testid="copy-tutorial-address"
                        />
                    </div>
                </div>
            </details>
        </div>
    }
}
