//! Backup, locking, the node, what runs here, and forgetting.

mod control;
mod node;

pub(crate) use self::node::NodeSettings;

use leptos::prelude::*;
use shared::hash::sha256;

use crate::browser::{self, Item};
use crate::components::ForgetWallet;
use crate::locale::text;
use crate::node::Source;
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
    let node = store().node;
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::settings_title}</h1>
            <Backup />
            <AutoLock />
            <node::NodeChoice />
            <Show when=move || node.with(|node| node.source == Source::Own)>
                <control::NodeControl />
            </Show>
            <About />
            <section class="sheet stack" aria-labelledby="forget-title">
                <h2 id="forget-title">{text::forget_title}</h2>
                <ForgetWallet />
            </section>
        </div>
    }
}

/// Says to whom the browser's storage belongs.
fn backup_origin() -> String {
    if browser::is_file() {
        text::settings_backup_file().to_owned()
    } else {
        text::settings_backup_origin(browser::origin())
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
            <p class="soft" data-testid="backup-origin">
                {backup_origin}
            </p>
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
    let Store { info, node, .. } = store();
    let hash = RwSignal::new(None::<String>);
    leptos::task::spawn_local(async move {
        if let Some(program) = browser::program().await {
            // The page may be gone by now.
            drop(hash.try_set(Some(hex::encode(sha256(&program)))));
        }
    });
    let nodes_hash = move || {
        let hash = info.with(|info| info.as_ref().and_then(|info| info.page_sha256.clone()));
        hash.filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    // After an update, a page that was not loaded since still runs its old program, and a file the one that was built
    // into it.
    let old = move || {
        let (own, nodes) = (hash.get()?, nodes_hash()?);
        if own == nodes {
            None
        } else if browser::is_file() {
            Some(text::settings_about_old_file())
        } else {
            node.with(|node| node.source == Source::Own).then(text::settings_about_old)
        }
    };
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
                <dt>{text::settings_about_program}</dt>
                <dd class="long-text" data-testid="program-hash">
                    {move || hash.get().unwrap_or_else(|| text::settings_about_unknown().to_owned())}
                </dd>
                <dt>{text::settings_about_node_program}</dt>
                <dd class="long-text" data-testid="node-program-hash">
                    {move || match nodes_hash() {
                        Some(nodes) if hash.get().as_ref() == Some(&nodes) => text::settings_about_same().to_owned(),
                        Some(nodes) => nodes,
                        None => text::settings_about_unknown().to_owned(),
                    }}
                </dd>
            </dl>
            {move || {
                old().map(|sentence| view! { <p class="notice notice-warn" data-testid="old-page">{sentence}</p> })
            }}
        </section>
    }
}
