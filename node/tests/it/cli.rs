//! What can be typed, what is refused and how, and the words of a first start.

use std::path::Path;

use shared::keys::SigningKey;
use shared::spec::ChainSpec;
use shared::words::{Words, is_word};

use crate::process::{Ended, run, run_with, start, start_on_terminal};
use crate::support::{address, key};

fn dev_address() -> String {
    address(0).to_text(&ChainSpec::dev().rules().address_prefix)
}

/// Runs the program with a directory of its own and expects one line on standard error.
fn refused(arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut all = vec!["--data-dir", directory.path().to_str().unwrap(), "0"];
    all.extend(arguments);
    let Ended { status, stdout, stderr } = run(&all);
    assert_eq!(status.code(), Some(1), "{arguments:?}: {stderr}");
    assert_eq!((stdout.as_str(), stderr.lines().count()), ("", 1), "{arguments:?}: {stderr}");
    stderr
}

/// Returns the words and the address that a console showed.
fn shown_wallet(text: &str) -> (Words, String) {
    let numbered = text.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    let mut words = Vec::new();
    for line in numbered {
        let mut parts = line.split_whitespace();
        while let (Some(number), Some(word)) = (parts.next(), parts.next()) {
            if let (Ok(number), true) = (number.parse::<usize>(), is_word(word)) {
                words.push((number, word.to_owned()));
            }
        }
    }
    words.sort();
    assert!(words.iter().map(|(number, _)| *number).eq(1..=24), "{text}");
    let words = words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" ");
    let line = text.lines().find(|line| line.trim_start().starts_with("address")).unwrap();
    let address = line.split_whitespace().nth(1).unwrap().to_owned();
    (Words::parse(&words).unwrap(), address)
}

fn address_of(words: &Words, spec: &ChainSpec) -> String {
    SigningKey::from_seed(&words.seed(""), 0).public_key().address().to_text(&spec.rules().address_prefix)
}

/// Asserts that no file of a directory, and no text, holds three of the words side by side.
fn assert_kept_nowhere(words: &Words, directory: &Path, text: &str) {
    let words = words.words().collect::<Vec<_>>();
    let mut places = vec![text.as_bytes().to_vec()];
    for entry in std::fs::read_dir(directory).unwrap() {
        places.push(std::fs::read(entry.unwrap().path()).unwrap());
    }
    assert!(places.len() > 1);
    for three in words.windows(3) {
        for separator in [" ", "\n", ",", ""] {
            let needle = three.join(separator).into_bytes();
            assert!(!places.iter().any(|place| place.windows(needle.len()).any(|part| part == needle)));
        }
    }
}

#[test]
fn help_has_examples_and_the_version_is_told() {
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert!(help.stdout.contains("Examples:\n  node "), "{}", help.stdout);
    let version = run(&["--version"]);
    let expected = format!("node {}\nprogram of the wallet page: ", env!("CARGO_PKG_VERSION"));
    assert!(version.stdout.starts_with(&expected), "{}", version.stdout);
}

#[test]
fn every_mistake_is_one_clear_line() {
    let private_key = key(0).to_pkcs8_pem();
    let main_address = address(0).to_text("iron");
    let mut typo = dev_address();
    typo.replace_range(typo.len() - 1.., if typo.ends_with('q') { "p" } else { "q" });
    for (arguments, part) in [
        (&["--chain", "moon"][..], "no chain \"moon\": this program knows main and dev"),
        (&["--log", "node=loud"], "use error, warn, info, debug or trace"),
        (&["--log", ""], "--log: it is empty"),
        (&["--allow-host", "http://a"], "give the name alone"),
        (&["--config", "/nowhere/node.toml"], "cannot read the configuration file /nowhere/node.toml"),
        (&["--host", "192.0.2.1"], "--host takes an address of this computer"),
        (&["--host", "not a host"], "--host takes an address of this computer"),
        (&["--miner", ""], "--miner: enter an address"),
        (&["--miner", "me"], "addresses here begin with iron1"),
        (&["--miner", &dev_address()], "begins with dev1, addresses here with iron1"),
        (&["--chain", "dev", "--miner", &main_address], "begins with iron1, addresses here with dev1"),
        (&["--chain", "dev", "--miner", &typo], "typing error"),
        (&["--miner", "MIIBCgKCAQEA"], "not a complete tutorial address"),
        (&["--miner", &private_key], "a private key or its words were given on the command line"),
        (&["--miner", "abandon ability able about above absent"], "a private key or its words"),
    ] {
        let stderr = refused(arguments);
        assert!(stderr.starts_with("error: ") && stderr.contains(part), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_data_directory_that_cannot_be_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let inside = file.path().join("data");
    let Ended { status, stdout, stderr } = run(&["0", "--data-dir", inside.to_str().unwrap()]);
    assert_eq!((status.code(), stdout.as_str(), stderr.lines().count()), (Some(1), "", 1), "{stderr}");
    assert!(stderr.contains("Not a directory") && stderr.contains("--data-dir"), "{stderr}");
}

#[test]
fn a_secret_is_never_repeated_wherever_it_was_typed() {
    let pem = key(0).to_pkcs8_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let split = pem.split_whitespace().collect::<Vec<_>>();
    let first_line = pem.lines().nth(1).unwrap();
    let with_equals = format!("--miner={body}");
    let mut unquoted = vec!["--miner"];
    unquoted.extend(split);
    let words = "abandon ability able about above absent absorb abstract absurd abuse access accident";
    let mut unquoted_words = vec!["--miner"];
    unquoted_words.extend(words.split(' '));
    for arguments in [&["--miner", &body][..], &[&body], &[&with_equals], &unquoted, &unquoted_words] {
        let Ended { status, stdout, stderr } = run(arguments);
        assert_eq!((status.code(), stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.contains("a private key or its words"), "{stderr}");
        assert!(!stderr.contains(&first_line[..16]) && !stderr.contains("abandon"), "{stderr}");
    }
}

#[test]
fn what_is_no_option_at_all_is_a_usage_error() {
    for arguments in [&["99999"][..], &["port"], &["--moon"], &["--threads", "-1"], &["--hash-limit", "fast"]]
    {
        let Ended { status, stdout, stderr } = run(arguments);
        assert_eq!((status.code(), stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.starts_with("error: ") && stderr.contains("--help"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn words_are_new_each_time_and_belong_to_the_address() {
    let [first, second] = [&["words", "--chain", "dev"][..], &["words"]].map(run);
    assert!(first.status.success() && second.status.success());
    assert_eq!((first.stderr.as_str(), second.stderr.as_str()), ("", ""));
    let (first_words, first_address) = shown_wallet(&first.stdout);
    let (second_words, second_address) = shown_wallet(&second.stdout);
    assert_eq!(first_address, address_of(&first_words, &ChainSpec::dev()));
    assert_eq!(second_address, address_of(&second_words, &ChainSpec::main()));
    assert!(!first_words.words().eq(second_words.words()));
}

#[test]
fn without_a_terminal_or_an_address_it_does_not_mine_and_says_how_to() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = start(directory.path(), &[]);
    node.line(|line| line.contains("no address is known: pass --miner ADDRESS"));
    let ended = node.stop();
    assert!(ended.stdout.contains("Stopped at height 0"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("address  dev1"), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\x1b'));
}

#[test]
fn a_tutorial_address_is_as_good_as_any() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = start(directory.path(), &["--miner", &key(0).public_key().tutorial_address()]);
    node.line(|line| line.contains(&dev_address()));
    node.stop();
}

#[test]
fn a_first_start_on_a_terminal_shows_words_once_and_keeps_only_their_address() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = start_on_terminal(directory.path(), &["--log", "debug"], true);
    node.block(1);
    let ended = node.stop();
    let (words, address) = shown_wallet(&ended.stdout);
    assert_eq!(address, address_of(&words, &ChainSpec::dev()));
    assert!(!ended.stdout.contains('\x1b'), "colours in spite of NO_COLOR");
    assert_kept_nowhere(&words, directory.path(), &ended.stderr);

    let mut node = start_on_terminal(directory.path(), &[], false);
    node.line(|line| line.contains(&address));
    node.block(2);
    let ended = node.stop();
    assert!(!ended.stdout.contains("words"), "{}", ended.stdout);
    assert!(ended.stdout.contains('\x1b'));
}

#[test]
fn a_terminal_makes_no_words_for_a_node_that_does_not_mine() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = start_on_terminal(directory.path(), &["--threads", "0"], true);
    node.line(|line| line.contains("off, because of --threads 0"));
    let ended = node.stop();
    assert!(!ended.stdout.contains("words"), "{}", ended.stdout);
}

#[test]
fn a_store_is_checked_exported_and_imported_by_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let (data, copy, file) =
        (directory.path().join("data"), directory.path().join("copy"), directory.path().join("blocks"));
    let [data, copy, file] = [&data, &copy, &file].map(|path| path.to_str().unwrap());
    let mut node = start(Path::new(data), &["--miner", &dev_address()]);
    node.block(2);
    let on_the_running = run(&["check", "--chain", "dev", "--data-dir", data]);
    assert_eq!(on_the_running.status.code(), Some(1));
    assert!(on_the_running.stderr.contains("another running node"), "{}", on_the_running.stderr);
    node.stop();

    for (arguments, done) in [
        (vec!["check", "--data-dir", data], "checked "),
        (vec!["export", file, "--data-dir", data], "exported "),
        (vec!["import", file, "--data-dir", copy], "imported "),
        (vec!["check", "--data-dir", copy], "checked "),
    ] {
        let Ended { status, stdout, stderr } = run(&[arguments.as_slice(), &["--chain", "dev"]].concat());
        assert!(status.success(), "{arguments:?}: {stderr}");
        assert!(stdout.starts_with(done) && stderr.is_empty(), "{arguments:?}: {stdout}{stderr}");
    }
    let missing = run(&["check", "--chain", "dev", "--data-dir", directory.path().to_str().unwrap()]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(missing.stderr.contains("there is no store"), "{}", missing.stderr);
}

#[test]
fn the_environment_counts_after_the_command_line_and_before_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("node.toml");
    std::fs::write(&file, "chain = \"file\"").unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let chain = [("IRONCHAIN_CHAIN", "variable")];
    for (arguments, variables, chain) in [
        (&config[..], &[][..], "\"file\""),
        (&config, &chain, "\"variable\""),
        (&[&config[..], &["--chain", "flag"]].concat(), &chain, "\"flag\""),
        (&[], &[("IRONCHAIN_CONFIG", config[1])], "\"file\""),
    ] {
        let Ended { status, stderr, .. } = run_with(arguments, variables);
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(&format!("there is no chain {chain}")), "{stderr}");
    }
}

#[test]
fn a_secret_in_the_environment_is_refused_as_on_the_command_line() {
    let words = "abandon ability able about above absent absorb abstract absurd abuse access accident";
    for name in ["IRONCHAIN_MINER", "IRONCHAIN_THREADS"] {
        let Ended { status, stdout, stderr } = run_with(&["--help"], &[(name, words)]);
        assert_eq!((status.code(), stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.contains("in the environment") && !stderr.contains("ability"), "{stderr}");
    }
}

#[test]
fn a_variable_that_is_not_the_nodes_own_may_say_anything() {
    let words = "abandon ability able about above absent";
    let Ended { status, stderr, .. } = run_with(&["--help"], &[("IRONCHAIN_NOTES", words)]);
    assert_eq!(status.code(), Some(0), "{stderr}");
}

#[test]
fn numbers_and_peers_that_make_no_sense_are_told_plainly() {
    for (arguments, part) in [
        (&["--threads", "x"][..], "a number of threads from 0 to 1024, for example 2"),
        (&["--threads", "1025"], "a number of threads from 0 to 1024"),
        (&["--hash-limit", "1e9"], "a whole number of hashes per second, for example 1000000"),
        (&["--p2p-port", "x"], "expected a port number from 1 to 65535"),
        (&["--chain", "dev", "check"], "a command comes first"),
    ] {
        let Ended { status, stderr, .. } = run(arguments);
        assert_eq!(status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(part), "{stderr}");
    }
}

#[test]
fn a_peer_that_is_none_is_told_plainly() {
    for (arguments, part) in [
        (&["5113", "5114"][..], "the peer \"5114\": expected the address of another node's wallet page"),
        (&["--peer", "a.org"], "the peer \"a.org\": expected the address of another node's wallet page"),
        (&["--announce", "1.2.3.4:5"], "--announce \"1.2.3.4:5\": give a host and a TCP port"),
    ] {
        let Ended { status, stderr, .. } = run(arguments);
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(part), "{stderr}");
    }
}

#[test]
fn completions_are_printed() {
    let Ended { status, stdout, .. } = run(&["completions", "bash"]);
    assert!(status.success() && stdout.contains("--hash-limit"), "{stdout}");
}

#[test]
fn a_chain_of_ones_own_lives_in_a_directory_of_its_own() {
    const CLASS: &str = include_str!("../../../docs/examples/class.toml");
    let directory = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let file = directory.path().join("class.toml");
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let data = directory.path().join("data with spaces \u{8cc7}\u{6599}");
    let later = CLASS.replace("time = 1795305600", "time = 4000000000");
    let mut node = start(&data, &["--chain", &file(&later), "--threads", "0"]);
    node.line(|line| line.contains("class, a block every 10 seconds"));
    let ended = node.stop();
    assert!(ended.stderr.contains("the chain class begins in ") && ended.stderr.contains("set the clock"));
    assert_eq!(ended.stderr.lines().count(), 1);

    let broken = file(&CLASS.replace("block_time = 10 ", "block_time = 1 "));
    let Ended { stderr, .. } = run(&["0", "--chain", &broken]);
    assert!(stderr.contains("class.toml cannot be used: block_time 1: a block takes from 2"), "{stderr}");
    let Ended { status, stderr, .. } =
        run(&["0", "--chain", &file(CLASS), "--data-dir", data.to_str().unwrap()]);
    assert_eq!((status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("it holds the chain with genesis block"), "{stderr}");
}

#[test]
fn the_log_for_machines_is_json_in_every_line() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = start(directory.path(), &["--log", "json", "--miner", &dev_address()]);
    let started = node.error_line(|line| line.contains("\"started\""));
    let started: serde_json::Value = serde_json::from_str(&started).unwrap();
    assert_eq!((&started["chain"], &started["target"]), (&"dev".into(), &"console".into()));
    let block = node.error_line(|line| line.contains("\"height\":1,"));
    let block: serde_json::Value = serde_json::from_str(&block).unwrap();
    assert_eq!((&block["message"], &block["transactions"]), (&"block".into(), &0.into()));
    node.signal(rustix::process::Signal::TERM);
    let ended = node.end();
    assert!(ended.status.success());
    assert_eq!(ended.stdout, "");
    assert!(
        ended.stderr.contains("everything is stored") && !ended.stderr.contains("token"),
        "{}",
        ended.stderr
    );
    for line in ended.stderr.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}
