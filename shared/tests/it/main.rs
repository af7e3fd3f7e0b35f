//! Tests of the crate against what others wrote. They need native code, so they are not built for WASM.

#![cfg(not(target_arch = "wasm32"))]

mod wycheproof;
