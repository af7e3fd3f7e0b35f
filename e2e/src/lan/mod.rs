//! A network of this computer's own for several nodes, whose links can be cut one by one.
//!
//! Where the system lets us, each node has a network namespace with an address of its own. Elsewhere all share the
//! loopback interface, and each pair of nodes meets at a proxy. Either way a cut is silent, as that of a cable: nobody
//! is told, and what was said waits for the link to come back.

mod namespaces;
mod proxy;

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::node::Node;

use self::namespaces::Namespaces;
use self::proxy::Proxy;

pub use self::namespaces::enter;

/// What every node takes on: these tests ask more than people do, and each address may be of all nodes.
const LIMITS: &str = "[limits]\nrequests-per-second = 100000\nrequest-burst = 100000\n\
     local-requests-per-second = 100000\nlocal-request-burst = 100000\npending-per-sender = 2000\n";
/// No link but those with a proxy: a node would find the others' own addresses, and go past a cut.
const NAMED_ONLY: &str = "outbound-peers = 0\nblock-only-peers = 0\n";

/// Several places for nodes, and the links between them. Nodes are numbered from 0.
#[derive(Debug)]
pub struct Lan {
    links: Links,
    places: Vec<Place>,
    /// Where the nodes' configuration file is.
    folder: TempDir,
}

const CONFIG: &str = "limits.toml";

#[derive(Debug)]
enum Links {
    Namespaces(Namespaces),
    /// Where the second of a pair meets the first, which has the smaller number.
    Proxies(BTreeMap<(usize, usize), Proxy>),
}

/// Where a node is started.
#[derive(Debug, Clone)]
struct Place {
    /// For its page.
    api: SocketAddr,
    /// For other nodes.
    peer: SocketAddr,
}

impl Lan {
    /// Makes a network: of namespaces when [`enter`] has led to where they can be made, else of proxies.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(count: usize) -> Result<Self> {
        if namespaces::is_inside() {
            let places = (0..count).map(|node| Namespaces::ip(node).map(|ip| (ip, 1111, 11111)));
            let place = |(ip, api, peer)| Place { api: (ip, api).into(), peer: (ip, peer).into() };
            let places = places.map(|at| at.map(place)).collect::<Result<_>>()?;
            return Self::configured(Links::Namespaces(Namespaces::new(count)?), places, LIMITS);
        }
        let ports = free_ports(2 * count)?;
        let loopback = |port: &u16| SocketAddr::from(([127, 0, 0, 1], *port));
        Self::on_loopback(ports.chunks(2).map(|pair| (loopback(&pair[0]), loopback(&pair[1]))))
    }

    /// Makes a network of proxies between nodes whose pages and peer addresses are these.
    ///
    /// # Errors
    /// When no port is free.
    pub fn on_loopback(addresses: impl Iterator<Item = (SocketAddr, SocketAddr)>) -> Result<Self> {
        let places: Vec<_> = addresses.map(|(api, peer)| Place { api, peer }).collect();
        let mut proxies = BTreeMap::new();
        for (first, place) in places.iter().enumerate() {
            for second in first + 1..places.len() {
                proxies.insert((first, second), Proxy::start(place.peer)?);
            }
        }
        Self::configured(Links::Proxies(proxies), places, &format!("{LIMITS}{NAMED_ONLY}"))
    }

    fn configured(links: Links, places: Vec<Place>, config: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("ironchain-lan").tempdir()?;
        fs::write(folder.path().join(CONFIG), config)?;
        Ok(Self { links, places, folder })
    }

    /// Says which of the two it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.links {
            Links::Namespaces(_) => "network namespaces",
            Links::Proxies(_) => "loopback addresses with cuttable proxies",
        }
    }

    /// Returns whether the nodes have addresses of their own, and not all of them this computer's.
    #[must_use]
    pub fn has_own_addresses(&self) -> bool {
        matches!(self.links, Links::Namespaces(_))
    }

    /// Returns how many nodes have a place.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns whether there is no place at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Starts a node at its place. It joins the nodes `peers` of smaller numbers.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub fn start(&self, node: usize, peers: &[usize], data_dir: &Path, arguments: &[String]) -> Result<Node> {
        let place = &self.places[node];
        let config = self.folder.path().join(CONFIG).to_string_lossy().into_owned();
        let mut all = vec!["--config".to_owned(), config, "--host".to_owned(), place.api.ip().to_string()];
        all.extend(["--p2p-port".to_owned(), place.peer.port().to_string()]);
        for peer in peers {
            all.extend(["--peer".to_owned(), self.name_of(*peer, node)?]);
        }
        all.extend_from_slice(arguments);
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        let namespace = match self.links {
            Links::Namespaces(_) => Some(Namespaces::path(node)),
            Links::Proxies(_) => None,
        };
        Node::start_in(namespace.as_deref(), data_dir, place.api.port(), &all)
            .with_context(|| format!("node {node} did not start"))
    }

    /// Returns how the node `from` calls `peer`.
    fn name_of(&self, peer: usize, from: usize) -> Result<String> {
        Ok(match &self.links {
            // By its page: this asks that node for its peer address.
            Links::Namespaces(_) => self.places[peer].api.to_string(),
            Links::Proxies(proxies) => {
                let proxy = proxies.get(&(peer, from)).context("a node joins those of smaller numbers")?;
                format!("/ip4/127.0.0.1/tcp/{}", proxy.port())
            }
        })
    }

    /// Connects to the page of a node, as from the node's own place, which no cut concerns.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn connect(&self, node: usize) -> Result<(TcpStream, SocketAddr)> {
        let address = self.places[node].api;
        let stream = match self.links {
            Links::Namespaces(_) => namespaces::connect(node, address),
            Links::Proxies(_) => TcpStream::connect(address).map_err(Into::into),
        };
        Ok((stream.with_context(|| format!("cannot connect to node {node}"))?, address))
    }

    /// Cuts the link between two nodes, or mends it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_link(&self, a: usize, b: usize, is_up: bool) -> Result<()> {
        match &self.links {
            Links::Namespaces(namespaces) => namespaces.set_link(a, b, is_up),
            Links::Proxies(proxies) => {
                let pair = (a.min(b), a.max(b));
                proxies.get(&pair).with_context(|| format!("no link {pair:?}"))?.set_up(is_up);
                Ok(())
            }
        }
    }
}

/// Returns ports that were free a moment ago, all different.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0"));
    let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
