//! Something that the worker is asked to do.

use leptos::prelude::*;
use wallet_wasm::WalletError;
use wallet_wasm::protocol::Connection;

use crate::store::store;
use crate::wallet::Failure;
use crate::wording;

/// One attempt at a time, and what came of the last one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) is_busy: RwSignal<bool>,
    pub(crate) failure: RwSignal<Option<Failure>>,
}

impl Attempt {
    pub(crate) fn new() -> Self {
        Self { is_busy: RwSignal::new(false), failure: RwSignal::new(None) }
    }

    /// Runs `future`, unless another attempt is running, and hands what it yields to `then`.
    ///
    /// The page may be gone by the time it ends. So `then` must touch only what the store owns, or try.
    pub(crate) fn run<T: 'static>(
        self,
        future: impl Future<Output = Result<T, Failure>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        if self.is_busy.get_untracked() {
            return;
        }
        self.is_busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            let result = future.await;
            self.is_busy.try_set(false);
            match result {
                Ok(value) => then(value),
                Err(failure) => drop(self.failure.try_set(Some(failure))),
            }
        });
    }
}

/// Says why the last attempt failed, for as long as that is so.
#[component]
pub(crate) fn ErrorNotice(#[prop(into)] failure: Signal<Option<Failure>>) -> impl IntoView {
    let is_connected = move || store().connection.get() == Connection::Connected;
    let is_over =
        move |failure: &Failure| *failure == Failure::Wallet(WalletError::NotConnected) && is_connected();
    move || {
        failure.get().filter(|failure| !is_over(failure)).map(|failure| {
            view! {
                <p class="notice notice-danger" role="alert" data-testid="error">
                    {wording::failure(&failure)}
                </p>
            }
        })
    }
}
