//! The wallet page inside of this program. `build.rs` makes the list; without the feature `page` it is empty.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// One file of the page, with what a response says of it.
#[derive(Debug)]
pub(crate) struct PageFile {
    /// The path that it is served at.
    pub(crate) path: &'static str,
    /// The media type.
    pub(crate) mime: &'static str,
    /// Changes with the content; in quotes, as the header has it.
    pub(crate) etag: &'static str,
    /// The content.
    pub(crate) bytes: &'static [u8],
    /// The content compressed, where that is shorter.
    pub(crate) gzip: Option<&'static [u8]>,
    /// The same.
    pub(crate) brotli: Option<&'static [u8]>,
}

/// What a node without a page says instead.
pub(crate) const ABSENT: &str = "This is an Ironchain node that was built without its wallet page; its API is the \
    WebSocket at /ws. Build it with the page by: cargo build --release -p node";

#[cfg(feature = "page")]
include!(concat!(env!("OUT_DIR"), "/page_files.rs"));
#[cfg(not(feature = "page"))]
static FILES: [PageFile; 0] = [];

/// Where the page's program is.
const PROGRAM: &str = "/pkg/web_bg.wasm";

/// Returns the SHA-256 of the page's program in hex, by which this node's page is compared with others.
pub(crate) fn program_sha256() -> Option<&'static str> {
    static HASH: LazyLock<Option<String>> =
        LazyLock::new(|| find(PROGRAM).map(|file| hex::encode(Sha256::digest(file.bytes))));
    HASH.as_deref()
}

/// Returns the file that is served at `path`.
pub(crate) fn find(path: &str) -> Option<&'static PageFile> {
    let path = if path == "/index.html" { "/" } else { path };
    FILES.iter().find(|file| file.path == path)
}
