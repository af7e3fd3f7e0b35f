//! Texts that would be programs where a page is careless, and a node that puts them everywhere.

use serde_json::{Value, json};

/// Each sets `window.pwned` if it runs.
const RUN: &str = "window.pwned=1";

/// Returns hundreds: every way in which an element runs a script, in several disguises, and some that are no markup.
pub(super) fn all() -> Vec<String> {
    const ELEMENTS: [&str; 14] = [
        "img src=x",
        "svg",
        "body",
        "iframe src=about:blank",
        "video src=x",
        "audio src=x",
        "input autofocus",
        "details open",
        "marquee",
        "object data=x",
        "embed src=x",
        "math",
        "style",
        "a href=javascript:window.pwned=1",
    ];
    const EVENTS: [&str; 8] =
        ["onerror", "onload", "onfocus", "ontoggle", "onmouseover", "onanimationstart", "onbegin", "onstart"];
    const BEFORE: [&str; 3] = ["", "\"'></textarea></title></script>", "--><!--"];
    let handlers = BEFORE.iter().flat_map(|before| {
        ELEMENTS.iter().flat_map(move |element| {
            EVENTS.iter().map(move |event| format!("{before}<{element} {event}={RUN}>"))
        })
    });
    let others = [
        "<script>window.pwned=1</script>",
        "<ScRiPt/x>window.pwned=1</sCrIpT >",
        "<svg><script>window.pwned&#61;1</script></svg>",
        "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s>",
        "javascript:window.pwned=1",
        "data:text/html,<script>parent.pwned=1</script>",
        "<a href=\"https://evil.example\" target=_blank>win</a>",
        "https://evil.example/",
        "<base href=https://evil.example/>",
        "<link rel=stylesheet href=https://evil.example/x.css>",
        "<meta http-equiv=refresh content=0;url=https://evil.example/>",
        "<form action=https://evil.example><button>go",
        "<iframe srcdoc='<script>parent.pwned=1</script>'>",
        "{{constructor.constructor('window.pwned=1')()}}",
        "${window.pwned=1}",
        "<%= window.pwned=1 %>",
        "&lt;script&gt;window.pwned=1&lt;/script&gt;",
        "\u{ff1c}script\u{ff1e}window.pwned=1\u{ff1c}/script\u{ff1e}",
        "pay alice \u{2066}\u{202e}moc.live\u{2069} now",
        "zero\u{200b}width\u{feff}",
        "\u{202e}drawkcab",
        "p\u{430}ypal",
    ];
    handlers.chain(others.map(str::to_owned)).collect()
}

/// Returns how the page shows a text: what cannot be seen, by its code point.
pub(super) fn as_shown(text: &str) -> String {
    let hidden = ['\u{2066}', '\u{2069}', '\u{202e}', '\u{200b}', '\u{feff}'];
    let shown = |c| if hidden.contains(&c) { format!("U+{:04X}", u32::from(c)) } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// Returns an entry of a history: a payment from `sender` to `receiver`.
pub(super) fn entry(index: usize, sender: &str, receiver: &Value, comment: &str) -> Value {
    let id = format!("{index:064x}");
    let view = json!({
        "tx_id": id, "sender": sender, "receiver": receiver, "amount": 1, "fee": 1, "nonce": index, "expires_at": 0,
        "comment": comment,
    });
    json!({ "index": index, "height": 1, "time": 1_795_305_630, "kind": "transaction", "id": id, "view": view })
}

/// Puts the texts wherever a node may write.
pub(super) fn put(texts: &[String], request: Option<&Value>, message: &mut Value) {
    let method = request.and_then(|request| request["method"].as_str()).unwrap_or_default();
    let Some(result) = message.get_mut("result").filter(|result| result.is_object()) else { return };
    let own = result["address"].clone();
    match method {
        "get_info" => {
            for member in ["chain", "version"] {
                result[member] = json!(texts[0]);
            }
        }
        "get_block" => result["miner"] = json!(texts[0]),
        "get_history" => {
            // The newest, with the highest index, comes first.
            let entries = texts.iter().zip((0..texts.len()).rev());
            result["entries"] = entries.map(|(text, index)| entry(index, text, &own, text)).collect();
            result["history_len"] = json!(texts.len());
        }
        _ => {}
    }
    for (member, value) in [
        ("__proto__", json!({ "polluted": true })),
        ("constructor", json!({ "prototype": { "polluted": true } })),
    ] {
        result[member] = value;
    }
}
