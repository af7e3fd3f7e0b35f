use super::*;

/// The run that a command line and a configuration file ask for.
fn run(arguments: &[&str], file: &str) -> Result<Run, CliError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("node.toml");
    std::fs::write(&path, file).unwrap();
    let all = [&["node", "--config", path.to_str().unwrap()][..], arguments].concat();
    match Cli::try_parse_from(all).unwrap().into_task()? {
        Task::Run(run) => Ok(*run),
        other => panic!("{other:?}"),
    }
}

fn refused(file: &str) -> String {
    run(&[], file).unwrap_err().to_string()
}

#[test]
fn the_example_is_read_and_the_command_line_counts_before_it() {
    let example = include_str!("../../../docs/examples/node.toml");
    let Config { port, host, threads, hash_limit, api, chain, spec, network, .. } =
        run(&[], example).unwrap().config;
    assert_eq!((network.port, network.discover), (11_112, true));
    assert_eq!(network.peers, ["192.168.1.5:1111".parse().unwrap()]);
    assert_eq!(network.announce, ["/dns4/node.example.org/tcp/11112".parse().unwrap()]);
    assert_eq!((port, host.as_str(), threads, spec.name()), (1112, "0.0.0.0", 2, "main"));
    assert_eq!(hash_limit, NonZeroU64::new(1_000_000));
    assert_eq!(api.hosts, ["0.0.0.0", "wallet.example.org"]);
    assert_eq!(api.origins, ["https://wallet.example.org"]);
    // The file shows the defaults of every limit.
    let defaults = ApiConfig::new("");
    assert_eq!((api.max_connections, api.max_connections_per_ip), (4096, 32));
    assert_eq!((api.rate, api.loopback_rate), (defaults.rate, defaults.loopback_rate));
    assert_eq!(chain.mempool, crate::mempool::Limits::default());

    let config = run(&["1113", "--chain", "dev", "--hash-limit", "0"], example).unwrap().config;
    assert_eq!((config.port, config.spec.name(), config.hash_limit), (1113, "dev", None));
    assert_eq!(config.host, "0.0.0.0");
}

#[test]
fn the_port_for_other_nodes_lies_above_the_page_s() {
    let port = |arguments: &[&str]| run(arguments, "").unwrap().config.network.port;
    assert_eq!((port(&[]), port(&["1112"]), port(&["0"])), (11_111, 11_112, 0));
    assert_eq!(port(&["60000"]), 0, "there is no port 70000, so any free one is taken");
    assert_eq!(port(&["60000", "--p2p-port", "5000"]), 5_000);
}

#[test]
fn peers_are_those_after_the_port_and_those_of_the_options() {
    let peers = run(
        &["0", "127.0.0.1:1", "--peer", "a.org:2", "--peer", "/ip4/1.2.3.4/tcp/3"],
        "peer = [\"b.org:4\"]",
    );
    let expected = ["127.0.0.1:1", "a.org:2", "/ip4/1.2.3.4/tcp/3"].map(|name| name.parse().unwrap());
    assert_eq!(peers.unwrap().config.network.peers, expected);
}

#[test]
fn every_limit_can_be_set() {
    let file = "[limits]\nconnections = 5\nconnections-per-ip = 2\nrequests-per-second = 3\nrequest-burst = 4\n\
        local-requests-per-second = 6\nlocal-request-burst = 7\nmempool-bytes = 10000\nmempool-transactions = 8\n\
        pending-per-sender = 9\npending-hours = 2\nleast-fee = 11\noutbound-peers = 0\n\
        block-only-peers = 1\ninbound-peers = 12\npeers-per-ip = 3\n";
    let Config { api, chain, network, .. } = run(&[], file).unwrap().config;
    assert_eq!((api.max_connections, api.max_connections_per_ip), (5, 2));
    assert_eq!((api.rate.per_second, api.rate.burst), (3, 4));
    assert_eq!((api.loopback_rate.per_second, api.loopback_rate.burst), (6, 7));
    let mempool = chain.mempool;
    assert_eq!((mempool.bytes, mempool.count, mempool.per_sender), (10_000, 8, 9));
    assert_eq!((mempool.lifetime_s, mempool.least_fee), (7_200, 11));
    assert_eq!(network.limits, PeerLimits { full: 0, block_only: 1, inbound: 12, per_ip: 3 });
}

#[test]
fn what_is_wrong_in_a_file_is_told_by_its_line() {
    for (file, parts) in [
        ("host = \"::1\"\nprot = 1\n", &["line 2: unknown field `prot`", "`port`", "`limits`"][..]),
        ("[limits]\n\nsessions = 1\n", &["line 3: unknown field `sessions`", "`connections`"]),
        ("[limits]\nconnections = 0\n", &["line 2: 0 is out of range: from 1 to 1000000"]),
        ("port = 65536\n", &["line 1: 65536 is out of range: from 0 to 65535"]),
        ("threads = -1", &["line 1: -1 is out of range: from 0 to 1024"]),
        ("port = \"1\"", &["line 1: invalid type: string"]),
        ("port = 1\nport = 2", &["line 2: duplicate key"]),
        ("port 1", &["line 1: "]),
        ("peer = [\"x\"]", &["the peer \"x\": expected the address"]),
        ("announce = [\"/ip4/1.2.3.4\"]", &["--announce \"/ip4/1.2.3.4\": give a host and a TCP port"]),
        ("allow-host = [\"http://a\"]", &["--allow-host \"http://a\": give the name alone"]),
        ("allow-origin = [\"a.org\"]", &["--allow-origin \"a.org\": give scheme and name"]),
        ("chain = \"moon\"", &["there is no chain \"moon\""]),
        ("miner = \"iron1\"", &["--miner: "]),
        ("log = \"\"", &["--log: it is empty"]),
        ("log = \"node=loud\"", &["--log: "]),
    ] {
        let error = refused(file);
        assert!(parts.iter().all(|part| error.contains(part)), "{file}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_secret_in_a_file_is_not_repeated() {
    let words = "abandon ability able about above absent";
    for file in [
        format!("miner = \"{words}\""),
        format!("threads = \"{words}\""),
        format!("miner = {words}"),
        "port = \"MIIEpAIBAAKCAQEA\"".to_owned(),
    ] {
        let error = refused(&file);
        assert!(error.contains("private key"), "{error}");
        assert!(!error.contains("ability") && !error.contains("MIIE"), "{error}");
    }
}

#[test]
fn json_is_a_form_and_not_a_level() {
    for (text, filter, is_json) in [
        ("json", "libp2p=error,warn", true),
        ("debug,json", "libp2p=error,debug", true),
        ("libp2p=info", "libp2p=info", false),
    ] {
        let log = parse_log(text).unwrap();
        assert_eq!((log.filter.to_string().as_str(), log.is_json), (filter, is_json));
    }
}
