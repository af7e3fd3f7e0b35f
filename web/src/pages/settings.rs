//! Backup, what this page is connected to, and forgetting.

use leptos::prelude::*;

use crate::browser;
use crate::components::ForgetWallet;
use crate::locale::text;
use crate::store::{Store, store};

/// The name of the backup's file.
const BACKUP_NAME: &str = "ironchain-wallet.json";

/// Saves the encrypted keystore as a file, and returns whether the browser took it.
pub(crate) fn save_backup(store: Store) -> bool {
    let keystore = store.keystore.get_untracked().unwrap_or_default();
    browser::download(BACKUP_NAME, &keystore).is_ok()
}

/// Three sections.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::settings_title}</h1>
            <Backup />
            <About />
            <section class="sheet stack" aria-labelledby="forget-title">
                <h2 id="forget-title">{text::forget_title}</h2>
                <ForgetWallet />
            </section>
        </div>
    }
}

#[component]
fn Backup() -> impl IntoView {
    let store = store();
    let has_failed = RwSignal::new(false);
    view! {
        <section class="sheet stack" aria-labelledby="backup-title">
            <h2 id="backup-title">{text::settings_backup}</h2>
            <p>{text::settings_backup_text}</p>
            <p class="soft">{|| text::settings_backup_origin(browser::origin())}</p>
            <Show when=move || has_failed.get()>
                <p class="notice notice-danger" role="alert">
                    {text::settings_backup_failed}
                </p>
            </Show>
            <div>
                <button type="button" data-testid="backup" on:click=move |_| has_failed.set(!save_backup(store))>
                    {text::settings_backup_button}
                </button>
            </div>
        </section>
    }
}

#[component]
fn About() -> impl IntoView {
    let info = store().info;
    let fact = move |of: fn(&shared::api::views::InfoView) -> String| {
        move || info.with(|info| info.as_ref().map_or_else(|| text::settings_about_unknown().to_owned(), of))
    };
    view! {
        <section class="sheet stack" aria-labelledby="about-title">
            <h2 id="about-title">{text::settings_about}</h2>
            <dl class="facts">
                <dt>{text::settings_about_chain}</dt>
                <dd>{fact(|info| crate::wording::quoted(&info.chain))}</dd>
                <dt>{text::settings_about_genesis}</dt>
                <dd class="long-text">{fact(|info| info.genesis_hash.to_string())}</dd>
                <dt>{text::settings_about_node}</dt>
                <dd>{fact(|info| crate::wording::quoted(&info.version))}</dd>
                <dt>{text::settings_about_page}</dt>
                <dd>{env!("CARGO_PKG_VERSION")}</dd>
            </dl>
        </section>
    }
}
