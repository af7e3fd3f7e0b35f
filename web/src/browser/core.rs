//! The program, and the worker in which it runs once more as the wallet's core. Both come in one way from a server
//! and in another from a file; `boot.js` knows.

use std::cell::RefCell;

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, MessageEvent, Worker};

/// What `boot.js` brings.
#[derive(Debug)]
struct Boot {
    start_worker: Function,
    read_program: Function,
}

thread_local! {
    static BOOT: RefCell<Option<Boot>> = const { RefCell::new(None) };
}

/// Takes what `boot.js` brings: a function that returns a new worker, and one that returns a promise of the program's
/// bytes.
pub(crate) fn begin(start_worker: Function, read_program: Function) {
    BOOT.replace(Some(Boot { start_worker, read_program }));
}

fn call(function: fn(&Boot) -> &Function) -> Result<JsValue, JsValue> {
    BOOT.with_borrow(|boot| function(boot.as_ref().ok_or(JsValue::UNDEFINED)?).call0(&JsValue::UNDEFINED))
}

/// Returns the bytes of the program that runs here.
pub(crate) async fn program() -> Option<Vec<u8>> {
    let promise = call(|boot| &boot.read_program).ok()?.dyn_into::<Promise>().ok()?;
    let bytes = JsFuture::from(promise).await.ok()?;
    Some(bytes.dyn_into::<Uint8Array>().ok()?.to_vec())
}

/// A running worker. It ends with the page.
#[derive(Debug)]
pub(crate) struct Core {
    worker: Worker,
    // The worker calls these, so they live as long as it does.
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_error: Closure<dyn Fn(Event)>,
}

impl Core {
    /// Starts the worker. `on_message` gets each text that it sends; `on_failure` is called when it could not start
    /// or has stopped for good.
    pub(crate) fn start(
        on_message: impl Fn(String) + 'static,
        on_failure: impl Fn() + 'static,
    ) -> Result<Self, JsValue> {
        let worker: Worker = call(|boot| &boot.start_worker)?.dyn_into()?;
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(text) = message.data().as_string() {
                on_message(text);
            }
        });
        let on_error = Closure::<dyn Fn(Event)>::new(move |_| on_failure());
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    /// Sends a text.
    pub(crate) fn send(&self, text: &str) -> Result<(), JsValue> {
        self.worker.post_message(&JsValue::from_str(text))
    }
}
