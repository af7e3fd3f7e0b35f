//! wallet-wasm
