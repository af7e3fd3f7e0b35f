//! What can be typed, and what can be wrong with it, without a chain that grows.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Home, KEYSTORE, MINER, WORDS, client, free_port, start_node};

#[test]
fn it_explains_itself() {
    let help = client(&["--help"], &[]);
    help.assert_said(&["A wallet for the terminal", "PORT", "Examples:"]);
}

#[test]
fn a_node_address_that_is_none_is_refused() {
    for text in ["65536", "user@host", "wss://example.org"] {
        let run = client(&[text], &[]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.errors.contains("invalid value"), "{run:?}");
    }
}

#[test]
fn without_a_node_a_wallet_can_be_made_and_the_rest_says_why_not() {
    let port = free_port().to_string();
    let run = client(&[&port], &["1", "2", "3", "what?", "q"]);
    let unreachable = format!("Error: cannot reach the node at 127.0.0.1:{port}");
    run.assert_said(&[
        "1: generate_address",
        "These 24 words are your wallet",
        "1. ",
        "24. ",
        "Address on the chain main: iron1",
        "The same as the tutorial writes it: MIIBCgKC",
        &unreachable,
        &unreachable,
        "there is no such command",
    ]);
    assert_ne!(run.output, client(&[&port], &["1", "2", "3", "what?", "q"]).output);
}

#[test]
fn what_is_not_a_node_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let run = client(&[&port], &["2"]);
    server.join().unwrap();
    run.assert_said(&["is not a node of Ironchain"]);
}

#[test]
fn a_node_of_another_protocol_is_not_taken_for_something_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let server = thread::spawn(move || {
        let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        let request: Value = serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap();
        // Another version may say nothing else that this one knows.
        let info = json!({"jsonrpc": "2.0", "id": request["id"], "result": {"protocol": 2}});
        socket.send(info.to_string().into()).unwrap();
    });
    let error = Home::new().json_error(&["balance", MINER, "--node", &port], &[], 3);
    server.join().unwrap();
    assert_eq!((&error["code"], &error["node"]), (&json!("wrong_protocol"), &json!(2)));
    assert!(error["error"].as_str().unwrap().contains("update whichever is older"), "{error}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
        .arg(free_port().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    drop((input.write_all(b"x\nx\nx\n"), input));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), b"".as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_input_may_end_anywhere() {
    let (node, _directory) = start_node(None).await;
    let port = node.api_addr.port().to_string();
    let lines = ["3", WORDS, MINER, "1", "1", "", "y"];
    for count in 0..lines.len() {
        client(&[&port], &lines[..count]).assert_said(&["Ironchain wallet"]);
    }
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_and_can_be_mended() {
    let (node, directory) = start_node(None).await;
    let port = node.api_addr.port().to_string();
    let typo = MINER.replace("tjc", "tjd");
    let main = "iron1tjcxncx86admqhv0kqjpkgsa88yy6we2vweqlq";
    client(&[&port], &["2", "nonsense", &typo, main, WORDS, MINER]).assert_said(&[
        "Error: this is not an address: addresses here begin with dev1",
        "Error: this address contains a typing error, most likely at position 7",
        "Error: this address belongs to another chain: it begins with iron1",
        "Error: this is not an address but a private key or its words",
        "Balance: 0 coins",
    ]);

    let wrong_word = WORDS.replacen("abandon", "abandom", 1);
    let missing = directory.path().join("missing.pem").display().to_string();
    let not_a_key = directory.path().join("not-a-key.pem");
    fs::write(&not_a_key, "hello").unwrap();
    let not_a_key = not_a_key.display().to_string();
    let lines = ["3", &wrong_word, "3", &missing, "3", &not_a_key, "3", KEYSTORE, "wrong", "3", "MIIB"];
    client(&[&port], &lines).assert_said(&[
        "Error: word 1, \"abandom\", is not on the list of words; did you mean \"abandon\"?",
        "Error: cannot read the file: No such file",
        "Error: this is not a complete private key",
        "Error: the passphrase is wrong, or the keystore was damaged",
        "Error: this is not a complete private key",
    ]);

    let lines = ["3", WORDS, MINER, "0.5", "-1", "1,000", "0", "1", "", MINER, "50", "x", "1", "a\tb", ""];
    client(&[&port], &lines).assert_said(&[
        &format!("Your address: {MINER}"),
        "Balance: 0 coins",
        "Error: this is not a number of whole coins",
        "Error: this is not a number of whole coins",
        "Error: this is not a number of whole coins",
        "Error: the amount is zero",
        "Error: this is not a number of whole coins",
        "Error: character 2 of the comment is a control character",
        "Receiver's address (Enter alone goes back): ",
        "1: generate_address",
    ]);
    let lines = ["3", WORDS, MINER, "50", "1", "", ""];
    client(&[&port], &lines).assert_said(&["Error: 51 coins are needed, and 0 can be spent"]);
    node.stop().await.unwrap();
}
