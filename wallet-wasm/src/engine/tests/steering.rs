use serde_json::json;
use shared::api::views::NodeView;

use super::Stage;
use crate::error::WalletError;
use crate::protocol::{Command, Reply, Steering};

fn node(threads: u64) -> NodeView {
    NodeView { payout: Some("iron1x".to_owned()), threads, processors: 8, hash_rate: 0 }
}

#[test]
fn a_token_opens_the_way_to_what_the_node_is_set_to() {
    let mut stage = Stage::ready();
    let command = stage.command(Command::Steer(Steering::Authorize { token: "0f".to_owned() }));
    let (id, params) = stage.request("authorize");
    assert_eq!(params, json!({"token": "0f"}));
    stage.answer(id, &true);
    assert_eq!(stage.reply(command), None);
    let (id, _) = stage.request("get_node");
    stage.answer(id, &node(4));
    assert_eq!(stage.reply(command), Some(Ok(Reply::Node(node(4)))));
}

#[test]
fn a_wrong_token_ends_with_the_refusal() {
    let mut stage = Stage::ready();
    let command = stage.command(Command::Steer(Steering::Authorize { token: "0f".to_owned() }));
    let (id, _) = stage.request("authorize");
    stage.refuse(id, "unauthorized");
    assert!(matches!(stage.reply(command), Some(Err(WalletError::Refused { .. }))));
    assert!(stage.sent.is_empty());
}

#[test]
fn what_is_changed_is_answered_by_what_holds_now() {
    let mut stage = Stage::ready();
    let address = "iron1y".to_owned();
    for (steering, method, expected) in [
        (Steering::Look, "get_node", json!({})),
        (Steering::SetMining { threads: 2 }, "set_mining", json!({"threads": 2})),
        (Steering::SetPayout { address }, "set_payout", json!({"address": "iron1y"})),
    ] {
        let command = stage.command(Command::Steer(steering));
        let (id, params) = stage.request(method);
        assert_eq!(params, expected);
        stage.answer(id, &node(2));
        assert_eq!(stage.reply(command), Some(Ok(Reply::Node(node(2)))));
    }
    stage.disconnect();
    assert_eq!(stage.ask(Command::Steer(Steering::Look)), Err(WalletError::NotConnected));
}
