//! Addresses of nodes, each in one notation, and what they have in common.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use borsh::BorshSerialize;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a node can be reached. `::ffff:1.2.3.4` is 1.2.3.4 here, so that nobody has two addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct PeerAddress {
    ip: IpAddr,
    port: u16,
}

/// How far away an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// This computer.
    Loopback,
    /// A network of one's own: a home, a school, a provider's inside.
    Private,
    /// The Internet.
    Public,
}

/// Whoever shares it is banned together: an IPv4 address, or the 64 bits of an IPv6 address that every customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BanKey {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of an IPv6 address.
    V6(u64),
}

/// Whoever shares it probably has one operator. Many addresses within one group are easy to get, many groups are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize)]
pub enum Group {
    /// The first 16 bits of a public IPv4 address.
    V4([u8; 2]),
    /// The first 32 bits of a public IPv6 address.
    V6([u16; 2]),
    /// One computer of a private network, all of which look alike.
    Host(IpAddr),
    /// One node of several on this computer.
    Process(PeerAddress),
}

/// This is no address of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is written in another way.
    #[error("this is no address; write it as 203.0.113.7:11111 or [2001:db8::7]:11111")]
    NotAnAddress,
    /// It is written in another way.
    #[error("this is no IP address; write it as 203.0.113.7 or 2001:db8::7")]
    NotAnIp,
    /// No node can have it: port 0, or an address of none or of many.
    #[error("no node can be reached at {0}")]
    Unusable(PeerAddress),
}

impl PeerAddress {
    /// Returns an address at which there may be a node.
    ///
    /// # Errors
    /// When there cannot be one: port 0, or an IP address of nobody, of many, or kept for examples.
    pub fn new(ip: IpAddr, port: u16) -> Result<Self, AddressError> {
        let address = Self { ip: ip.to_canonical(), port };
        let is_usable = port != 0 && scope(address.ip).is_some();
        if is_usable { Ok(address) } else { Err(AddressError::Unusable(address)) }
    }

    /// Returns the IP address; never one of IPv4 in IPv6.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.ip
    }

    /// Returns the TCP port.
    #[must_use]
    pub fn port(self) -> u16 {
        self.port
    }

    /// Returns how far away it is.
    #[must_use]
    pub fn scope(self) -> Scope {
        scope(self.ip).expect("an address without a scope is refused because `new` checks it")
    }

    /// Returns who would be banned with it.
    #[must_use]
    pub fn ban_key(self) -> BanKey {
        BanKey::of(self.ip)
    }

    /// Returns who probably belongs to the same operator.
    #[must_use]
    pub fn group(self) -> Group {
        match (self.scope(), self.ip) {
            (Scope::Loopback, _) => Group::Process(self),
            (Scope::Private, ip) => Group::Host(ip),
            (Scope::Public, IpAddr::V4(ip)) => Group::V4([ip.octets()[0], ip.octets()[1]]),
            (Scope::Public, IpAddr::V6(ip)) => Group::V6([ip.segments()[0], ip.segments()[1]]),
        }
    }
}

impl BanKey {
    /// Returns the key of an address in whatever notation.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        }
    }

    /// Returns whether this is the computer itself, which is never banned.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        match self {
            Self::V4(ip) => ip.is_loopback(),
            Self::V6(prefix) => prefix == 0,
        }
    }
}

/// Returns how far away an address is that is not IPv4 in IPv6; `None` when it belongs to no single computer.
pub(super) fn scope(ip: IpAddr) -> Option<Scope> {
    match ip {
        IpAddr::V4(ip) => scope_v4(ip),
        IpAddr::V6(ip) => scope_v6(ip),
    }
}

fn scope_v4(ip: Ipv4Addr) -> Option<Scope> {
    match ip.octets() {
        [127, ..] => Some(Scope::Loopback),
        // This network, protocol assignments, benchmarks, examples (RFC 6890), multicast, reserved and broadcast.
        [0 | 224..=255, ..]
        | [192, 0, 0 | 2, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => None,
        // RFC 1918, a provider's inside (RFC 6598), link-local.
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [169, 254, ..] => {
            Some(Scope::Private)
        }
        _ => Some(Scope::Public),
    }
}

fn scope_v6(ip: Ipv6Addr) -> Option<Scope> {
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        scope_v4(Ipv4Addr::new(a, b, c, d)).filter(|scope| *scope == Scope::Public)
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Scope::Loopback),
        // Translators hand these on to the IPv4 address inside (RFC 6052, RFC 3056): what is private there would be
        // reached by a detour.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // Examples, Teredo.
        [0x2001, 0xdb8 | 0, ..] => None,
        // Unique local, link-local.
        [0xfc00..=0xfdff | 0xfe80..=0xfebf, ..] => Some(Scope::Private),
        // The one block of the Internet that is in use (RFC 4291): the rest is unspecified, multicast or reserved.
        [0x2000..=0x3fff, ..] => Some(Scope::Public),
        _ => None,
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}

impl FromStr for PeerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let address: SocketAddr = text.parse().or(Err(AddressError::NotAnAddress))?;
        Self::new(address.ip(), address.port())
    }
}

impl fmt::Display for BanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(ip) => ip.fmt(f),
            Self::V6(prefix) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*prefix) << 64)),
        }
    }
}

impl FromStr for BanKey {
    type Err = AddressError;

    /// Takes an IP address in any notation, and what `Display` gives.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (ip, is_prefix) = text.strip_suffix("/64").map_or((text, false), |ip| (ip, true));
        match (ip.parse().map(Self::of), is_prefix) {
            (Ok(key @ Self::V6(_)), _) | (Ok(key @ Self::V4(_)), false) => Ok(key),
            (Ok(Self::V4(_)), true) | (Err(_), _) => Err(AddressError::NotAnIp),
        }
    }
}

/// Writes as the text that a person would write, and reads it back.
macro_rules! serde_as_text {
    ($name:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_text!(PeerAddress);
serde_as_text!(BanKey);
