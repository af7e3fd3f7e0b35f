//! The wallet page, and the worker beside it that holds the keys: one WASM module, started twice.
//!
//! `page_main` runs in the page and `worker_main` in the worker; `boot.js` and `worker.js` call them. The page
//! never touches a key or a socket: it sends commands to the worker and shows what it tells.
//!
//! - `store`: the one store of signals. `wallet`: the only way to the worker. `browser`: the only way to the
//!   browser.
//! - `pages` and `components` show; `test_ids` lists the names by which tests find things.
//! - `amount`, `blocks`, `checks`, `drill`, `format`, `history`, `idle`, `network`, `node` and `route` are pure.
//! - `locale` has every text, `wording` chooses among them.

#![allow(unreachable_pub, reason = "the component macro of Leptos makes what it generates public")]

mod amount;
mod app;
mod blocks;
mod browser;
mod checks;
mod components;
mod drill;
mod format;
mod history;
mod idle;
mod locale;
mod network;
mod node;
mod pages;
mod route;
mod store;
mod test_ids;
mod wallet;
mod wording;

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the page. To be called once, in a document, with a function that returns a new worker for the core, and one
/// that returns a promise of this program's bytes.
#[wasm_bindgen]
pub fn page_main(start_worker: js_sys::Function, read_program: js_sys::Function) {
    console_error_panic_hook::set_once();
    browser::begin(start_worker, read_program);
    locale::begin();
    leptos::mount::mount_to_body(app::App);
}

/// Starts the wallet's core. To be called once, in a dedicated worker.
///
/// # Errors
/// Throws when this is not a dedicated worker.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub fn worker_main() -> Result<(), wasm_bindgen::JsValue> {
    console_error_panic_hook::set_once();
    wallet_wasm::js::worker_main()
}
