//! Which node this page talks to, and why that one. Pure.

use wallet_wasm::node_address::NodeAddress;

/// Where the address of the node comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// It served this page.
    Own,
    /// The link that opened this page names it, for this tab: perhaps a stranger's.
    Link,
    /// The reader chose it.
    Chosen,
    /// Where a node listens that was started without flags.
    Usual,
}

/// A node, and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) address: NodeAddress,
    pub(crate) source: Source,
}

impl Node {
    /// Finds the node: the one that served the page, else the one that the link names, else the one that was chosen,
    /// else the usual one. So no link leads the page of a node to another. A text that is no address counts as absent.
    pub(crate) fn find(own: Option<NodeAddress>, link: Option<&str>, chosen: Option<&str>) -> Self {
        let parse = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let with = |source| move |address| Self { address, source };
        own.map(with(Source::Own))
            .or_else(|| parse(link).map(with(Source::Link)))
            .or_else(|| parse(chosen).map(with(Source::Chosen)))
            .unwrap_or_else(|| Self { address: NodeAddress::default(), source: Source::Usual })
    }

    /// Returns whether browsers keep a page that came encrypted from talking to this node, which does not encrypt.
    pub(crate) fn is_mixed_content(&self, is_page_encrypted: bool) -> bool {
        is_page_encrypted && !self.address.is_encrypted && !self.address.is_local()
    }
}

#[cfg(test)]
mod tests;
