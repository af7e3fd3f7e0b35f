//! QR codes, drawn as one path.

use leptos::prelude::*;
use qrcodegen::{QrCode as Code, QrCodeEcc};

use crate::locale::Text;

/// The light margin that scanners need, in modules (ISO/IEC 18004).
const QUIET_ZONE: i32 = 4;

/// Shows a text as a QR code.
#[component]
pub(crate) fn QrCode(
    #[prop(into)] value: Signal<String>,
    /// What it is, for screen readers.
    label: Text,
) -> impl IntoView {
    let code = Memo::new(move |_| value.with(|value| draw(value)));
    let view_box = move || {
        let width = code.with(|(size, _)| size + 2 * QUIET_ZONE);
        format!("-{QUIET_ZONE} -{QUIET_ZONE} {width} {width}")
    };
    view! {
        <svg class="qr" viewBox=view_box shape-rendering="crispEdges" role="img" aria-label=label>
            <path fill="currentColor" d=move || code.with(|(_, path)| path.clone()) />
        </svg>
    }
}

/// Returns the width in modules, and a path over the dark ones. What is too long for any code gives an empty one.
fn draw(text: &str) -> (i32, String) {
    // Capital letters take a smaller alphabet, and an address means the same in them.
    let Ok(code) = Code::encode_text(&text.to_uppercase(), QrCodeEcc::Medium) else {
        return (1, String::new());
    };
    let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let path =
        dark.filter(|(x, y)| code.get_module(*x, *y)).map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    (code.size(), path)
}
