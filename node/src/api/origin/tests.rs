use super::*;

fn config() -> ApiConfig {
    ApiConfig { origins: vec!["https://wallet.example".to_owned()], ..ApiConfig::new("node.example") }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).fold(
        HeaderMap::new(),
        |mut headers, (name, value): (hyper::header::HeaderName, _)| {
            headers.append(name, value);
            headers
        },
    )
}

#[test]
fn only_hosts_that_nobody_can_rebind_are_answered() {
    let allowed = [
        "127.0.0.1",
        "127.0.0.1:1111",
        "192.168.1.5:1111",
        "[::1]",
        "[::1]:1111",
        "localhost",
        "localhost:1111",
        "LOCALHOST:1111",
        "node.example",
        "Node.Example:80",
        "0.0.0.0:1111",
    ];
    for host in allowed {
        assert!(is_host_allowed(&config(), &headers(&[("host", host)])), "{host}");
    }
    let refused = [
        "",
        "evil.test",
        "evil.test:1111",
        "127.0.0.1.nip.io",
        "127.0.0.1.nip.io:1111",
        "localhost.",
        "localhost.evil.test",
        "localhost.:1111",
        "node.example.",
        "a.node.example",
        "0x7f.1",
        "2130706433",
        "127.1",
        "127.0.0.1.",
        "::1",
        "[::1",
        "::1]",
        "[::1].evil.test",
        "localhost:",
        "localhost:x",
        "localhost:1111:1111",
        "user@localhost",
        "127.0.0.1, evil.test",
        "localhost:70000",
    ];
    for host in refused {
        assert!(!is_host_allowed(&config(), &headers(&[("host", host)])), "{host}");
    }
    assert!(!is_host_allowed(&config(), &headers(&[])));
    assert!(!is_host_allowed(&config(), &headers(&[("host", "localhost"), ("host", "localhost")])));
}

#[test]
fn only_origins_that_people_mean_may_open_sessions() {
    let may = |origin: &str| {
        is_origin_allowed(&config(), &headers(&[("host", "192.168.1.5:1111"), ("origin", origin)]))
    };
    let allowed = [
        "null",
        "http://192.168.1.5:1111",
        "https://192.168.1.5:1111",
        "http://localhost",
        "http://localhost:3000",
        "http://127.0.0.1:1112",
        "http://127.0.0.2",
        "http://[::1]:5",
        "https://wallet.example",
    ];
    for origin in allowed {
        assert!(may(origin), "{origin}");
    }
    let refused = [
        "",
        "http://evil.test",
        "http://192.168.1.5",
        "http://192.168.1.5:1112",
        "http://192.168.1.6:1111",
        "http://wallet.example",
        "https://wallet.example:444",
        "http://localhost.evil.test",
        "http://localhost@evil.test",
        "http://evil.test/http://localhost",
        "ftp://localhost",
        "localhost",
        "chrome-extension://abc",
        "NULL",
        "http://",
        "http://127.0.0.1.nip.io",
        "http://evil.test:localhost",
    ];
    for origin in refused {
        assert!(!may(origin), "{origin}");
    }
    assert!(is_origin_allowed(&config(), &headers(&[("host", "localhost")])));
    assert!(!is_origin_allowed(
        &config(),
        &headers(&[("host", "localhost"), ("origin", "null"), ("origin", "null")])
    ));
}
