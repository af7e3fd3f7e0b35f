use serde_json::json;
use shared::api::views::{BanView, BansView, ForksView, NamedPeerView, PeersView};
use shared::hash::BlockHash;

use super::Stage;
use crate::protocol::{Command, PeerOrder, Reply};

#[test]
fn each_order_is_one_question_with_one_kind_of_answer() {
    let mut stage = Stage::ready();
    let named = NamedPeerView { name: "9.9.9.9:1111".to_owned(), is_connected: false, trouble: None };
    let ban = BanView { address: "9.9.9.9".to_owned(), since: 1, until: 2, reason: "a lie".to_owned() };
    let bans = BansView { count: 1, entries: vec![ban], next: None };
    let peers = PeersView { peers: Vec::new(), named: vec![named], bans: bans.clone() };
    let address = || "9.9.9.9".to_owned();
    for (order, method, params) in [
        (PeerOrder::Look, "get_peers", json!({})),
        (PeerOrder::Add { address: address() }, "add_peer", json!({"address": "9.9.9.9"})),
        (PeerOrder::Remove { address: address() }, "remove_peer", json!({"address": "9.9.9.9"})),
    ] {
        let command = stage.command(Command::Peers(order));
        let (id, sent) = stage.request(method);
        assert_eq!(sent, params);
        stage.answer(id, &peers);
        assert_eq!(stage.reply(command), Some(Ok(Reply::Peers(peers.clone()))));
    }
    for (order, method, params) in [
        (
            PeerOrder::Ban { address: address(), seconds: 60, reason: None },
            "ban",
            json!({"address": "9.9.9.9", "seconds": 60}),
        ),
        (
            PeerOrder::Ban { address: address(), seconds: 60, reason: Some("a lie".to_owned()) },
            "ban",
            json!({"address": "9.9.9.9", "seconds": 60, "reason": "a lie"}),
        ),
        (PeerOrder::Unban { address: address() }, "unban", json!({"address": "9.9.9.9"})),
    ] {
        let command = stage.command(Command::Peers(order));
        let (id, sent) = stage.request(method);
        assert_eq!(sent, params);
        stage.answer(id, &bans);
        assert_eq!(stage.reply(command), Some(Ok(Reply::Bans(bans.clone()))));
    }
    let forks = ForksView { height: 7, tip: BlockHash([1; 32]), branches: Vec::new() };
    let command = stage.command(Command::Forks);
    let (id, sent) = stage.request("get_forks");
    assert_eq!(sent, json!({}));
    stage.answer(id, &forks);
    assert_eq!(stage.reply(command), Some(Ok(Reply::Forks(forks))));
}
