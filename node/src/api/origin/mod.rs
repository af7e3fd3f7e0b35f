//! Who may talk to this node: the `Host` and `Origin` headers of a browser. Pure.
//!
//! A web page of a stranger can make the browser connect here. It cannot choose its `Origin`, and it can choose its
//! `Host` only by owning that name (DNS rebinding). Programs that are no browsers send what they like, and may.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::HeaderMap;
use hyper::header::{AsHeaderName, HOST, HeaderValue, ORIGIN};

use super::config::ApiConfig;

/// Returns whether a request with these headers is meant for this node: its `Host`, of which there must be one, is
/// an IP address, `localhost` or one of the configured names.
pub(super) fn is_host_allowed(config: &ApiConfig, headers: &HeaderMap) -> bool {
    single(headers, HOST).is_some_and(|host| is_authority_allowed(config, host))
}

/// As [`is_host_allowed`], for the authority of a request's target.
pub(super) fn is_authority_allowed(config: &ApiConfig, authority: &str) -> bool {
    let Some((host, _)) = split_authority(authority) else { return false };
    parse_ip(host).is_some()
        || host.eq_ignore_ascii_case("localhost")
        || config.hosts.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// Returns whether a request with these headers may open a session: it comes from no browser, from a file, from
/// this computer, from the page of this very node, or from a configured origin.
pub(super) fn is_origin_allowed(config: &ApiConfig, headers: &HeaderMap) -> bool {
    if !headers.contains_key(ORIGIN) {
        return true;
    }
    let Some(origin) = single(headers, ORIGIN) else { return false };
    if origin == "null" || config.origins.iter().any(|allowed| allowed == origin) {
        return true;
    }
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    let Some(authority) = authority else { return false };
    let is_own = single(headers, HOST).is_some_and(|host| host.eq_ignore_ascii_case(authority));
    let is_local = split_authority(authority).is_some_and(|(host, _)| {
        host.eq_ignore_ascii_case("localhost") || parse_ip(host).is_some_and(|ip| ip.is_loopback())
    });
    is_own || is_local
}

/// Returns the value of a header that is there exactly once.
fn single(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none()).map(HeaderValue::to_str)?.ok()
}

/// Splits `host:port` or `host`; the brackets of an IPv6 address stay.
fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    let port_at = if authority.ends_with(']') { None } else { authority.rfind(':') };
    match port_at.and_then(|at| authority.split_at_checked(at)) {
        Some((host, port)) => Some((host, Some(port.strip_prefix(':')?.parse().ok()?))),
        None => Some((authority, None)),
    }
}

/// Parses an IP address as it stands in a URL: IPv6 in brackets.
fn parse_ip(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests;
