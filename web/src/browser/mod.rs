//! What the page asks of its browser. No other module touches `web-sys`.

mod clipboard;
mod core;
mod storage;

use js_sys::{Array, Date, Math, Object, Reflect};
use leptos::prelude::{document, window};
use wallet_wasm::node_address::NodeAddress;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, HtmlElement, HtmlInputElement, Url};

pub(crate) use self::clipboard::copy;
pub(crate) use self::core::{Core, begin, program};
pub(crate) use self::storage::{Item, load, remove, store};

/// Returns the clock in milliseconds since 1970.
pub(crate) fn now_ms() -> f64 {
    Date::now()
}

/// Returns a number in 0..1 that is good enough for a choice, not for a secret.
pub(crate) fn random() -> f64 {
    Math::random()
}

/// Returns the fragment, with its `#`.
pub(crate) fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Goes to another fragment.
pub(crate) fn set_fragment(fragment: &str) {
    // It fails only in a document that is being torn down.
    drop(window().location().set_hash(fragment));
}

/// Goes to another fragment in place of this one, so that "back" does not return here.
pub(crate) fn replace_fragment(fragment: &str) {
    // As above.
    drop(window().location().replace(fragment));
}

/// Puts another fragment into the address bar, in place of the current one and without telling anybody.
pub(crate) fn rewrite_fragment(fragment: &str) {
    let history = window().history();
    // It fails only in a document that is being torn down.
    drop(history.and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(fragment))));
}

/// Returns the address of the node that serves this page; `None` when somebody else does.
pub(crate) fn own_node() -> Option<NodeAddress> {
    let mark = document().query_selector("meta[name=node]").ok()??.get_attribute("content");
    let location = window().location();
    let is_encrypted = is_encrypted();
    if mark.as_deref() != Some("self") || is_file() {
        return None;
    }
    let host = location.hostname().ok()?.trim_matches(['[', ']']).to_owned();
    let usual_port = if is_encrypted { 443 } else { 80 };
    let port = location.port().ok().and_then(|port| port.parse().ok()).unwrap_or(usual_port);
    Some(NodeAddress { host, port, is_encrypted })
}

/// Returns whether this page was opened as a file.
pub(crate) fn is_file() -> bool {
    window().location().protocol().is_ok_and(|protocol| protocol == "file:")
}

/// Returns whether this page came over an encrypted connection.
pub(crate) fn is_encrypted() -> bool {
    window().location().protocol().is_ok_and(|protocol| protocol == "https:")
}

/// Returns the page's origin, to which the browser ties what it stores.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Shows a time given in Unix seconds, with its date, in the reader's time zone.
pub(crate) fn date_time(unix_seconds: u32, language: &str) -> String {
    let date = Date::new(&JsValue::from_f64(f64::from(unix_seconds) * 1000.0));
    let options = Object::new();
    let parts = [("day", "numeric"), ("month", "short"), ("hour", "2-digit"), ("minute", "2-digit")];
    // Everywhere the clock of statements and timetables, without words for the halves of the day.
    for (key, value) in parts.into_iter().chain([("hourCycle", "h23")]) {
        set(&options, key, value);
    }
    if date.get_full_year() != Date::new_0().get_full_year() {
        set(&options, "year", "numeric");
    }
    date.to_locale_string(language, &options).into()
}

fn set(object: &Object, key: &str, value: &str) {
    // It fails for frozen objects only, and these are new.
    drop(Reflect::set(object, &key.into(), &value.into()));
}

/// Loads the page anew.
pub(crate) fn reload() {
    // It fails only in a document that is being torn down.
    drop(window().location().reload());
}

/// Returns the languages that the reader prefers, the best first, as BCP 47 tags.
pub(crate) fn languages() -> Vec<String> {
    window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect()
}

/// Names the window, and the language that it speaks.
pub(crate) fn name_document(title: &str, language: &str) {
    document().set_title(title);
    if let Some(root) = document().document_element() {
        // It fails only for names that no attribute can have.
        drop(root.set_attribute("lang", language));
    }
}

/// Begins at the top of the new page: at the field that asks for it, or at the heading.
pub(crate) fn enter_page() {
    if !focus_first("main [data-first]") {
        focus_heading();
    }
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Lets the keyboard and a screen reader begin at the page's heading.
pub(crate) fn focus_heading() {
    focus_first("main h1");
}

/// Puts the cursor into the field with this id.
pub(crate) fn focus(id: &str) {
    focus_first(&format!("#{id}"));
}

/// Returns whether there was something to focus.
fn focus_first(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    found
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
        .is_some_and(|element| element.focus().is_ok())
}

/// Returns the file that was chosen in a file input.
pub(crate) fn chosen_file(input: &HtmlInputElement) -> Option<File> {
    input.files()?.get(0)
}

/// Reads a file as text.
pub(crate) async fn read_file(file: File) -> Option<String> {
    JsFuture::from(file.text()).await.ok()?.as_string()
}

/// Lets the reader save a text as a file.
pub(crate) fn download(name: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?.unchecked_into::<HtmlAnchorElement>();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}
