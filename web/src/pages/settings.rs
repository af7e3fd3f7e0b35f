//! Backup, locking, what this page is connected to, and forgetting.

use leptos::prelude::*;

use crate::browser::{self, Item};
use crate::components::ForgetWallet;
use crate::locale::text;
use crate::store::{Store, store};
use crate::{idle, wording};

/// The name of the backup's file.
const BACKUP_NAME: &str = "ironchain-wallet.json";

/// Saves the encrypted keystore as a file, and returns whether the browser took it.
pub(crate) fn save_backup(store: Store) -> bool {
    let keystore = store.keystore.get_untracked().unwrap_or_default();
    browser::download(BACKUP_NAME, &keystore).is_ok()
}

/// One section after another.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::settings_title}</h1>
            <Backup />
            <AutoLock />
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
fn AutoLock() -> impl IntoView {
    let minutes = store().auto_lock_minutes;
    let choose = move |event| {
        if let Some(chosen) = idle::parse_minutes(&event_target_value(&event)) {
            // A browser that stores nothing begins with the usual time on the next visit.
            browser::store(Item::AutoLock, &chosen.to_string());
            minutes.set(chosen);
        }
    };
    let option = move |choice: u32| {
        let label =
            move || if choice == 0 { text::lock_never().to_owned() } else { text::lock_after(choice) };
        view! {
            <option value=choice.to_string() prop:selected=move || minutes.get() == choice>
                {label}
            </option>
        }
    };
    view! {
        <section class="sheet stack" aria-labelledby="lock-title">
            <h2 id="lock-title">{text::lock_title}</h2>
            <div class="field">
                <label for="auto-lock">{text::lock_label}</label>
                <select
                    id="auto-lock"
                    data-testid="auto-lock"
                    aria-describedby="auto-lock-note"
                    on:change=choose
                >
                    {idle::CHOICES.map(option).collect_view()}
                </select>
                <p id="auto-lock-note" class="field-note">
                    {text::lock_note}
                </p>
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
                <dd>
                    {move || {
                        store().chain().map_or_else(|| text::settings_about_unknown().to_owned(), |chain| chain.name().to_owned())
                    }}
                </dd>
                <dt>{text::settings_about_genesis}</dt>
                <dd class="long-text">{fact(|info| info.genesis_hash.to_string())}</dd>
                <dt>{text::settings_about_node}</dt>
                <dd>
                    {fact(|info| wording::version(&info.version).unwrap_or(text::settings_about_unknown()).to_owned())}
                </dd>
                <dt>{text::settings_about_page}</dt>
                <dd>{env!("CARGO_PKG_VERSION")}</dd>
            </dl>
        </section>
    }
}
