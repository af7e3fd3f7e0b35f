//! Where a node is.

use std::fmt;
use std::str::FromStr;

use tungstenite::http::Uri;

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 1111;
const PATH: &str = "/ws";

/// The address of a node's WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeAddress {
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A text is not the address of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NodeAddressError {
    #[error(
        "this is not the address of a node; give its port, such as 1111, or host and port, such as localhost:1111"
    )]
    Malformed,
    #[error("a port is a number from 1 to 65535")]
    Port,
    #[error("encrypted connections are not supported yet; give an address that begins with ws://")]
    Encrypted,
}

impl FromStr for NodeAddress {
    type Err = NodeAddressError;

    fn from_str(text: &str) -> Result<Self, NodeAddressError> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let port = parse_port(text)?;
            return Ok(Self { host: DEFAULT_HOST.to_owned(), port });
        }
        if text.starts_with("wss://") || text.starts_with("https://") {
            return Err(NodeAddressError::Encrypted);
        }
        // The page's link does as well; whatever follows host and port in it, the token above all, is of no use here.
        let text = text.strip_prefix("ws://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
        let uri: Uri = authority.parse().or(Err(NodeAddressError::Malformed))?;
        let authority = uri.authority().ok_or(NodeAddressError::Malformed)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(NodeAddressError::Malformed);
        }
        let port = match authority.as_str().strip_prefix(authority.host()).unwrap_or_default() {
            "" => DEFAULT_PORT,
            rest => parse_port(rest.strip_prefix(':').ok_or(NodeAddressError::Malformed)?)?,
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

fn parse_port(text: &str) -> Result<u16, NodeAddressError> {
    text.parse().ok().filter(|port| *port != 0).ok_or(NodeAddressError::Port)
}

impl Default for NodeAddress {
    /// Returns the address of a node on this computer at the port that it has unless told otherwise.
    fn default() -> Self {
        Self { host: DEFAULT_HOST.to_owned(), port: DEFAULT_PORT }
    }
}

impl NodeAddress {
    /// Returns the URL of the WebSocket.
    pub(crate) fn url(&self) -> String {
        format!("ws://{self}{PATH}")
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests;
