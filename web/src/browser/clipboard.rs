//! Copying. The modern way works in secure contexts only, and a node's page at another machine's address is none.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlDocument, HtmlTextAreaElement};

/// Copies `text`, and returns whether it is in the clipboard now.
pub(crate) async fn copy(text: &str) -> bool {
    if window().is_secure_context() {
        return JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok();
    }
    copy_by_selection(text).unwrap_or_default()
}

/// Selects the text in a field of its own and lets the document copy it.
fn copy_by_selection(text: &str) -> Option<bool> {
    let body = document().body()?;
    let area = document().create_element("textarea").ok()?.unchecked_into::<HtmlTextAreaElement>();
    area.set_class_name("unseen");
    area.set_value(text);
    body.append_child(&area).ok()?;
    area.select();
    let is_copied = document().dyn_into::<HtmlDocument>().ok()?.exec_command("copy");
    area.remove();
    is_copied.ok()
}
