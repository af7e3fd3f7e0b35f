use super::*;

fn parsed(text: &str) -> Result<String, NodeAddressError> {
    text.parse::<NodeAddress>().map(|address| address.url())
}

#[test]
fn a_node_is_found_by_whatever_people_have_of_it() {
    for (text, url) in [
        ("1111", "ws://127.0.0.1:1111/ws"),
        (" 1112 ", "ws://127.0.0.1:1112/ws"),
        ("localhost", "ws://localhost:1111/ws"),
        ("192.168.0.7:2000", "ws://192.168.0.7:2000/ws"),
        ("[::1]:2000", "ws://[::1]:2000/ws"),
        ("ws://example.org:1111/ws", "ws://example.org:1111/ws"),
        ("http://127.0.0.1:1111/#token=abc", "ws://127.0.0.1:1111/ws"),
    ] {
        assert_eq!(parsed(text), Ok(url.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_address_of_a_node_is_refused() {
    for (text, error) in [
        ("", NodeAddressError::Malformed),
        ("a b", NodeAddressError::Malformed),
        ("user@host:1", NodeAddressError::Malformed),
        ("ws://", NodeAddressError::Malformed),
        ("0", NodeAddressError::Port),
        ("65536", NodeAddressError::Port),
        ("localhost:0", NodeAddressError::Port),
        ("localhost:x", NodeAddressError::Port),
        ("wss://example.org", NodeAddressError::Encrypted),
    ] {
        assert_eq!(parsed(text), Err(error), "{text}");
    }
}
