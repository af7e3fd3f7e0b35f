//! Runs the [`Engine`] inside a dedicated web worker: the only code that knows the browser.
//!
//! Messages of the page arrive as JSON text ([`ToWorker`]) and are answered as JSON text ([`FromWorker`]). A message
//! that arrives before [`worker_main`] was called is lost, so that the worker's script must keep it.

use std::alloc::System;
use std::cell::RefCell;
use std::rc::Rc;

use getrandom::SysRng;
use serde::Deserialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{BinaryType, DedicatedWorkerGlobalScope, Event, MessageEvent, WebSocket};
use zeroize::{Zeroize as _, Zeroizing};
use zeroizing_alloc::ZeroAlloc;

use crate::engine::{Effect, Engine, Input, Timer};
use crate::error::WalletError;
use crate::protocol::{FromWorker, ToWorker};
use crate::session::{self, SocketId};

/// Overwrites whatever is given back, so that a secret which was copied or moved on the heap ends with its last owner.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Starts the wallet in this worker: from now on it answers messages. To be called once.
///
/// # Errors
/// Throws when this is not a dedicated worker.
pub fn worker_main() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let worker = Worker(Rc::new(Inner {
        engine: RefCell::new(Engine::new(SysRng)),
        scope: scope.clone(),
        socket: RefCell::new(None),
    }));
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        if let Some(text) = message.data().as_string() {
            worker.on_message(&Zeroizing::new(text));
            clear_stack();
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The worker lives as long as the closure that holds it: until the page ends it.
    on_message.forget();
    Ok(())
}

/// Overwrites what finished calls have left below its caller on the stack: big numbers are computed there, and each one
/// that is moved leaves a copy behind.
#[inline(never)]
fn clear_stack() {
    /// More than any command uses; the whole stack has 1 MiB.
    const DEPTH: usize = 512 * 1024;
    let mut unused = [0_u8; DEPTH];
    unused.zeroize();
}

#[derive(Clone)]
struct Worker(Rc<Inner>);

struct Inner {
    engine: RefCell<Engine<SysRng>>,
    scope: DedicatedWorkerGlobalScope,
    socket: RefCell<Option<Socket>>,
}

impl Worker {
    // Its frame must lie below that of its caller, who has it cleared.
    #[inline(never)]
    fn on_message(&self, text: &str) {
        /// Enough to say no to a command of another version of the page.
        #[derive(Deserialize)]
        struct Numbered {
            id: u32,
        }
        match serde_json::from_str::<ToWorker>(text) {
            Ok(command) => self.handle(Input::Command(command)),
            Err(_) => {
                if let Ok(Numbered { id }) = serde_json::from_str(text) {
                    self.post(&FromWorker::Reply { id, result: Err(WalletError::BadCommand) });
                }
            }
        }
    }

    fn handle(&self, input: Input) {
        // The browser never calls back while this runs, so that the engine is borrowed once at a time.
        self.0.engine.borrow_mut().handle(input, &mut |effect| self.perform(effect));
    }

    fn perform(&self, effect: Effect) {
        match effect {
            Effect::Post(message) => self.post(&message),
            Effect::OpenSocket { socket, url } => {
                let opened = Socket::open(self, socket, &url);
                if opened.is_none() {
                    // Only after the engine is done with what it does now.
                    self.call_later(0, move |worker| {
                        worker.handle(Input::Session(session::Input::Closed(socket)));
                    });
                }
                self.0.socket.replace(opened);
            }
            Effect::SendText(text) => {
                if let Some(socket) = self.0.socket.borrow().as_ref() {
                    socket.send(&text);
                }
            }
            Effect::CloseSocket => drop(self.0.socket.take()),
            Effect::SetTimer(timer, after_ms) => self.set_timer(timer, after_ms),
        }
    }

    fn post(&self, message: &FromWorker) {
        let text = serde_json::to_string(message)
            .map(Zeroizing::new)
            .expect("a message is JSON because all of its keys are strings");
        self.0
            .scope
            .post_message(&JsValue::from_str(&text))
            .expect("a message can be posted because it is a string, which can always be copied");
    }

    fn set_timer(&self, timer: Timer, after_ms: u32) {
        self.call_later(after_ms, move |worker| worker.handle(Input::Timer(timer)));
    }

    fn call_later(&self, after_ms: u32, then: impl FnOnce(&Self) + 'static) {
        let worker = self.clone();
        // Frees itself after its only call.
        let callback = Closure::once_into_js(move || then(&worker));
        let after_ms = i32::try_from(after_ms).unwrap_or(i32::MAX);
        self.0
            .scope
            .set_timeout_with_callback_and_timeout_and_arguments_0(callback.unchecked_ref(), after_ms)
            .expect("a timer can be set because the callback is a function");
    }
}

/// A WebSocket that is silenced and closed on drop.
struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(Event)>,
}

impl Socket {
    /// Returns `None` when the browser does not even try: for a malformed address, or from a secure page to a node
    /// without encryption.
    fn open(worker: &Worker, id: SocketId, url: &str) -> Option<Self> {
        let socket = WebSocket::new(url).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let report = {
            let worker = worker.clone();
            move |input: session::Input| worker.handle(Input::Session(input))
        };
        let on_open = Closure::<dyn Fn()>::new({
            let report = report.clone();
            move || report(session::Input::Opened(id))
        });
        let on_message = Closure::<dyn Fn(MessageEvent)>::new({
            let report = report.clone();
            move |message: MessageEvent| match message.data().as_string() {
                Some(text) => report(session::Input::Text(id, text)),
                // No node sends binary frames.
                None => report(session::Input::Closed(id)),
            }
        });
        // An error is always followed by a close.
        let on_close = Closure::<dyn Fn(Event)>::new(move |_| report(session::Input::Closed(id)));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    fn send(&self, text: &str) {
        // A socket that is closing refuses; its close is reported anyway.
        drop(self.socket.send_with_str(text));
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        drop(self.socket.close());
    }
}
