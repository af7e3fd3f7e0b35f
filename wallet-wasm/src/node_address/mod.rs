//! Where a node is, as people write it: a port, host and port, the page's link, or the URL of a WebSocket.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use thiserror::Error;

const DEFAULT_HOST: &str = "127.0.0.1";
/// The port of a node that was started without one.
const DEFAULT_PORT: u16 = 1111;
/// Nodes do not encrypt; what does it for them has the usual port.
const DEFAULT_ENCRYPTED_PORT: u16 = 443;
const PATH: &str = "/ws";

/// The address of a node's WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddress {
    /// A name in lower case, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    /// The port, not 0.
    pub port: u16,
    /// Whether the connection is encrypted (`wss`).
    pub is_encrypted: bool,
}

/// A text is not the address of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NodeAddressError {
    /// It is something else.
    #[error(
        "this is not the address of a node; give its port, such as 1111, or host and port, such as localhost:1111"
    )]
    Malformed,
    /// The port is none.
    #[error("a port is a number from 1 to 65535")]
    Port,
}

impl FromStr for NodeAddress {
    type Err = NodeAddressError;

    fn from_str(text: &str) -> Result<Self, NodeAddressError> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self { port: parse_port(text)?, ..Self::default() });
        }
        let (is_encrypted, rest) = match text.split_once("://") {
            None => (false, text),
            Some(("ws" | "http", rest)) => (false, rest),
            Some(("wss" | "https", rest)) => (true, rest),
            Some(_) => return Err(NodeAddressError::Malformed),
        };
        // Of the page's link the fragment, with the token in it, is of no use here.
        let rest = rest.split('#').next().unwrap_or_default();
        let rest = rest.strip_suffix(PATH).or_else(|| rest.strip_suffix('/')).unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, port))) => (parse_ipv6(host)?, port),
            Some(None) => return Err(NodeAddressError::Malformed),
            None => {
                let end = rest.find(':').unwrap_or(rest.len());
                let (host, port) = rest.split_at_checked(end).ok_or(NodeAddressError::Malformed)?;
                (parse_name(host)?, port)
            }
        };
        let port = match port {
            "" if is_encrypted => DEFAULT_ENCRYPTED_PORT,
            "" => DEFAULT_PORT,
            port => parse_port(port.strip_prefix(':').ok_or(NodeAddressError::Malformed)?)?,
        };
        Ok(Self { host, port, is_encrypted })
    }
}

fn parse_port(text: &str) -> Result<u16, NodeAddressError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_plain && *port != 0).ok_or(NodeAddressError::Port)
}

fn parse_ipv6(text: &str) -> Result<String, NodeAddressError> {
    text.parse::<Ipv6Addr>().map(|address| address.to_string()).or(Err(NodeAddressError::Malformed))
}

/// Parses a name or an IPv4 address. What browsers would take for an IPv4 address in disguise, such as `0x7f.1`, is
/// refused: it would be shown as something else than what is called.
fn parse_name(text: &str) -> Result<String, NodeAddressError> {
    /// The longest name that DNS has, and the longest part of one.
    const MAX_NAME_BYTES: usize = 253;
    const MAX_LABEL_BYTES: usize = 63;
    let is_label = |label: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=MAX_LABEL_BYTES).contains(&label.len()) && label.bytes().all(is_known)
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let is_right = if is_number {
        text.parse::<Ipv4Addr>().is_ok()
    } else {
        text.len() <= MAX_NAME_BYTES && text.split('.').all(is_label)
    };
    if is_right { Ok(text.to_ascii_lowercase()) } else { Err(NodeAddressError::Malformed) }
}

impl Default for NodeAddress {
    /// Returns the address of a node on this computer at the port that it has unless told otherwise.
    fn default() -> Self {
        Self { host: DEFAULT_HOST.to_owned(), port: DEFAULT_PORT, is_encrypted: false }
    }
}

impl NodeAddress {
    /// Returns the URL of the WebSocket.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.is_encrypted { "wss" } else { "ws" };
        format!("{scheme}://{}{PATH}", self.authority())
    }

    /// Returns whether this can only be the computer itself.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = &self.host;
        host == "localhost"
            || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
            || host.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback())
    }

    fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// As short as people write it; it parses to the same address.
impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "wss://" } else { "" };
        write!(f, "{scheme}{}", self.authority())
    }
}

#[cfg(test)]
mod tests;
