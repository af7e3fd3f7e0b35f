use std::net::IpAddr;

use super::super::{AddressError, BanKey, Group, PeerAddress, Scope};
use super::address;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn ipv4_inside_of_ipv6_is_ipv4() {
    let mapped = address("[::ffff:8.8.4.4]:11111");
    assert_eq!(mapped, address("8.8.4.4:11111"));
    assert_eq!(mapped.to_string(), "8.8.4.4:11111");
    assert_eq!(BanKey::of(ip("::ffff:8.8.4.4")), BanKey::of(ip("8.8.4.4")));
    assert_eq!("::ffff:8.8.4.4".parse::<BanKey>(), Ok(BanKey::V4([8, 8, 4, 4].into())));
    assert_eq!(address("[::ffff:127.0.0.1]:1").scope(), Scope::Loopback);
}

#[test]
fn an_ipv6_address_is_banned_with_its_64_bits() {
    let key = address("[2a00:1:2:3:4:5:6:7]:1").ban_key();
    assert_eq!(key, address("[2a00:1:2:3::9]:2").ban_key());
    assert_ne!(key, address("[2a00:1:2:4:4:5:6:7]:1").ban_key());
    assert_eq!(key.to_string(), "2a00:1:2:3::/64");
    assert_eq!("2a00:1:2:3::/64".parse(), Ok(key));
    assert_eq!("2a00:1:2:3::8".parse(), Ok(key));
    for bad in ["", "8.8.8.8/64", "8.8.8.8:1", "2a00::/48", "x"] {
        assert_eq!(bad.parse::<BanKey>(), Err(AddressError::NotAnIp));
    }
}

#[test]
fn groups_are_what_one_operator_gets_easily() {
    assert_eq!(address("9.8.7.6:1").group(), Group::V4([9, 8]));
    assert_eq!(address("9.8.1.1:2").group(), Group::V4([9, 8]));
    assert_eq!(address("[2a00:1:2:3::4]:1").group(), Group::V6([0x2a00, 1]));
    // A class in one room is as many groups as computers, and on one laptop as many as nodes.
    assert_ne!(address("192.168.1.1:1").group(), address("192.168.1.2:1").group());
    assert_eq!(address("192.168.1.1:1").group(), address("192.168.1.1:2").group());
    assert_ne!(address("127.0.0.1:1").group(), address("127.0.0.1:2").group());
}

#[test]
fn every_address_has_its_distance_or_none() {
    for (text, scope) in [
        ("127.9.9.9", Some(Scope::Loopback)),
        ("::1", Some(Scope::Loopback)),
        ("10.0.0.1", Some(Scope::Private)),
        ("172.16.0.1", Some(Scope::Private)),
        ("172.31.255.255", Some(Scope::Private)),
        ("172.32.0.1", Some(Scope::Public)),
        ("192.168.0.1", Some(Scope::Private)),
        ("100.64.0.1", Some(Scope::Private)),
        ("100.128.0.1", Some(Scope::Public)),
        ("169.254.169.254", Some(Scope::Private)),
        ("fd00::1", Some(Scope::Private)),
        ("fe80::1", Some(Scope::Private)),
        ("8.8.8.8", Some(Scope::Public)),
        ("2a00::1", Some(Scope::Public)),
        // What a translator would carry into a house is not public.
        ("64:ff9b::808:808", Some(Scope::Public)),
        ("64:ff9b::a00:1", None),
        ("2002:c0a8:1::1", None),
        ("0.0.0.0", None),
        ("0.1.2.3", None),
        ("192.0.2.1", None),
        ("198.18.0.1", None),
        ("198.51.100.1", None),
        ("203.0.113.1", None),
        ("224.0.0.1", None),
        ("240.0.0.1", None),
        ("255.255.255.255", None),
        ("::", None),
        ("ff02::1", None),
        ("2001:db8::1", None),
        ("2001::1", None),
        ("::8.8.8.8", None),
        ("4000::1", None),
    ] {
        assert_eq!(PeerAddress::new(ip(text), 1).ok().map(PeerAddress::scope), scope, "{text}");
    }
    let error = PeerAddress::new(ip("8.8.8.8"), 0).unwrap_err();
    assert_eq!(error.to_string(), "no node can be reached at 8.8.8.8:0");
    assert_eq!("localhost:1".parse::<PeerAddress>(), Err(AddressError::NotAnAddress));
}
