//! The crate from outside: against what others wrote, against a naive model of itself, and by its properties. Native
//! only: the same bytes in WASM are the vectors' business.

#![cfg(not(target_arch = "wasm32"))]

mod cost;
mod model;
mod properties;
mod support;
mod wycheproof;
