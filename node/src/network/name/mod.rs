//! How an operator names another node: by its API address, which is what everybody knows, or by its multiaddr.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use crate::peers::PeerAddress;

/// Another node, as an operator names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerName {
    /// The address of its API, which tells its peer address.
    Api {
        /// A name or an IP address, IPv6 without brackets.
        host: String,
        /// The port of its wallet page.
        port: u16,
    },
    /// Its peer address.
    Peer {
        /// A name or an IP address, IPv6 without brackets.
        host: String,
        /// The port for other nodes.
        port: u16,
        /// Its id, when it is given; then nobody else can answer there.
        id: Option<PeerId>,
    },
}

/// What was typed names no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the address of another node's wallet page, like 127.0.0.1:1111, or its peer address, like \
     /ip4/203.0.113.5/tcp/11111"
)]
pub struct PeerNameError;

impl FromStr for PeerName {
    type Err = PeerNameError;

    fn from_str(text: &str) -> Result<Self, PeerNameError> {
        let text = text.trim();
        if text.starts_with('/') {
            return parse_multiaddr(text).ok_or(PeerNameError);
        }
        // A link copied from a browser is as good; its token is nobody else's business and goes no further.
        let schemes = ["http://", "https://", "ws://", "wss://"];
        let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
        let authority = rest.split(['/', '#', '?']).next().unwrap_or_default();
        let (host, port) = authority.rsplit_once(':').ok_or(PeerNameError)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(PeerNameError)?;
        Ok(Self::Api { host: parse_host(host)?, port })
    }
}

fn parse_host(host: &str) -> Result<String, PeerNameError> {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<IpAddr>().map(|ip| ip.to_string()).or(Err(PeerNameError));
    }
    let is_name =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if is_name { Ok(host.to_owned()) } else { Err(PeerNameError) }
}

fn parse_multiaddr(text: &str) -> Option<PeerName> {
    let address: Multiaddr = text.parse().ok()?;
    let mut parts = address.iter();
    let host = match parts.next()? {
        Protocol::Ip4(ip) => ip.to_string(),
        Protocol::Ip6(ip) => ip.to_string(),
        Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) => parse_host(&name).ok()?,
        _ => return None,
    };
    let Protocol::Tcp(port) = parts.next()? else { return None };
    let id = match parts.next() {
        None => None,
        Some(Protocol::P2p(id)) => Some(id),
        Some(_) => return None,
    };
    (port != 0 && parts.next().is_none()).then_some(PeerName::Peer { host, port, id })
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Api { host, port } | Self::Peer { host, port, .. }) = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Returns the multiaddr of a socket, with the canonical form of its IP: `::ffff:1.2.3.4` is 1.2.3.4.
pub(super) fn multiaddr(address: SocketAddr) -> Multiaddr {
    let ip = match address.ip().to_canonical() {
        IpAddr::V4(ip) => Protocol::Ip4(ip),
        IpAddr::V6(ip) => Protocol::Ip6(ip),
    };
    Multiaddr::empty().with(ip).with(Protocol::Tcp(address.port()))
}

/// Returns the socket that a multiaddr means, with the canonical form of its IP; `None` for all but TCP over IP.
pub(super) fn socket(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    let Protocol::Tcp(port) = parts.next()? else { return None };
    matches!(parts.next(), None | Some(Protocol::P2p(_))).then(|| SocketAddr::new(ip.to_canonical(), port))
}

/// Returns where a node could be dialled by a multiaddr; `None` when no node can be there.
pub(super) fn peer_address(address: &Multiaddr) -> Option<PeerAddress> {
    let socket = socket(address)?;
    PeerAddress::new(socket.ip(), socket.port()).ok()
}

#[cfg(test)]
mod tests;
