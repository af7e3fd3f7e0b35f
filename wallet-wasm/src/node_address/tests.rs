use super::*;

fn parsed(text: &str) -> Result<String, NodeAddressError> {
    let address = text.parse::<NodeAddress>()?;
    assert_eq!(address.to_string().parse(), Ok(address.clone()), "what is shown of {text} means the same");
    Ok(address.url())
}

#[test]
fn a_node_is_found_by_whatever_people_have_of_it() {
    for (text, url) in [
        ("1111", "ws://127.0.0.1:1111/ws"),
        (" 1112 ", "ws://127.0.0.1:1112/ws"),
        ("localhost", "ws://localhost:1111/ws"),
        ("LocalHost:7/", "ws://localhost:7/ws"),
        ("192.168.0.7:2000", "ws://192.168.0.7:2000/ws"),
        ("[::1]:2000", "ws://[::1]:2000/ws"),
        ("ws://[::1]", "ws://[::1]:1111/ws"),
        ("ws://example.org:1111/ws", "ws://example.org:1111/ws"),
        ("http://127.0.0.1:1111/#token=abc", "ws://127.0.0.1:1111/ws"),
        ("wss://example.org", "wss://example.org:443/ws"),
        ("https://example.org:8443/", "wss://example.org:8443/ws"),
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
        ("ws://user:secret@host:1", NodeAddressError::Port),
        ("ws://", NodeAddressError::Malformed),
        ("ws:///ws", NodeAddressError::Malformed),
        ("ftp://example.org", NodeAddressError::Malformed),
        ("javascript://example.org", NodeAddressError::Malformed),
        ("ws://example.org/elsewhere", NodeAddressError::Malformed),
        ("ws://example.org/?a=b", NodeAddressError::Malformed),
        ("example..org", NodeAddressError::Malformed),
        ("bücher.example", NodeAddressError::Malformed),
        ("[::1", NodeAddressError::Malformed),
        ("[127.0.0.1]", NodeAddressError::Malformed),
        ("::1", NodeAddressError::Malformed),
        ("127.1", NodeAddressError::Malformed),
        ("0x7f.0x1", NodeAddressError::Malformed),
        ("example.1", NodeAddressError::Malformed),
        ("0", NodeAddressError::Port),
        ("65536", NodeAddressError::Port),
        ("localhost:0", NodeAddressError::Port),
        ("localhost:+1", NodeAddressError::Port),
        ("localhost:x", NodeAddressError::Port),
        ("localhost:", NodeAddressError::Port),
    ] {
        assert_eq!(parsed(text), Err(error), "{text}");
    }
}

#[test]
fn only_this_computer_is_local() {
    for (text, is_local) in [
        ("1111", true),
        ("localhost:1", true),
        ("127.9.9.9", true),
        ("[::1]", true),
        ("192.168.0.7", false),
        ("localhost.example.org", false),
        ("127.0.0.1.example.org", false),
    ] {
        assert_eq!(text.parse::<NodeAddress>().unwrap().is_local(), is_local, "{text}");
    }
}
