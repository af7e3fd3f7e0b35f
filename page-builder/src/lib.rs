//! Builds the wallet page from the crate `web`: what the node's build puts into the node, and what `cargo xtask page`
//! writes beside `web/index.html`.

mod compile;
mod package;

pub use self::compile::compile;
pub use self::package::{write_package, write_script};
