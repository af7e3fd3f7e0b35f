//! The real programs together, as people use them: a browser, the terminal wallet, a client that somebody else wrote.

mod axe;
mod client;
mod copies;
mod hostile;
mod http;
mod json;
mod keyboard;
mod looks;
mod memory;
mod network;
mod origins;
mod peers;
mod python;
mod reorg;
mod story;
