//! A payment: typed, confirmed, sent.

mod confirm;
mod form;
mod sent;

use leptos::prelude::*;

use self::confirm::Confirm;
use self::form::Form;
use self::sent::Sent;
use crate::browser;
use crate::store::{Step, store};

/// Shows the step that the route and the payment are at.
#[component]
pub(crate) fn Send() -> impl IntoView {
    let store = store();
    let step = Memo::new(move |_| store.payment.step_of(store.route.get()));
    Effect::new(move |before: Option<()>| {
        step.track();
        if before.is_some() {
            browser::enter_page();
        }
    });
    let shown = move || match step.get() {
        Step::Form => view! { <Form /> }.into_any(),
        Step::Confirm(payment) => view! { <Confirm payment /> }.into_any(),
        Step::Sent { tx_id, payment } => view! { <Sent tx_id payment /> }.into_any(),
    };
    view! { <div class="stack narrow">{shown}</div> }
}
