use serde_json::{Value, json};
use shared::hash::BlockHash;

use super::*;
use crate::tests::{account, fixtures};

const URL: &str = "ws://127.0.0.1:1111/ws";

/// A session and what it has put out; the test plays the node.
struct Stage {
    session: Session<&'static str>,
    outputs: Vec<Output<&'static str>>,
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self { session: Session::new(), outputs: Vec::new() };
        stage.session.start(URL.to_owned());
        stage
    }

    /// A session that has just become connected to a node on main, as socket 1.
    fn connected() -> Self {
        let mut stage = Self::new();
        stage.connect(1);
        stage.take();
        stage
    }

    fn connect(&mut self, socket: SocketId) {
        self.handle(Input::Opened(socket));
        let id = self.sent("get_info").0;
        self.answer(socket, id, &serde_json::to_value(info(ChainSpec::main().genesis_hash())).unwrap());
    }

    fn handle(&mut self, input: Input) {
        self.session.handle(input, 0);
    }

    fn answer(&mut self, socket: SocketId, id: u64, result: &Value) {
        let text = json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string();
        self.handle(Input::Text(socket, text));
    }

    fn push(&mut self, socket: SocketId, subscription: u64, result: &Value) {
        let params = json!({"id": subscription, "result": result});
        let text = json!({"jsonrpc": "2.0", "method": "subscription", "params": params}).to_string();
        self.handle(Input::Text(socket, text));
    }

    /// Takes all outputs since the last time.
    fn take(&mut self) -> Vec<Output<&'static str>> {
        self.outputs.extend(core::iter::from_fn(|| self.session.next_output()));
        core::mem::take(&mut self.outputs)
    }

    /// Takes out the only request with this method, and returns its id and parameters.
    #[track_caller]
    fn sent(&mut self, method: &str) -> (u64, Value) {
        self.outputs.extend(core::iter::from_fn(|| self.session.next_output()));
        let request = |output: &Output<&'static str>| match output {
            Output::Send(text) => {
                let request: Value = serde_json::from_str(text).unwrap();
                (request["method"] == method)
                    .then(|| (request["id"].as_u64().unwrap(), request["params"].clone()))
            }
            _ => None,
        };
        let found: Vec<_> = self.outputs.iter().filter_map(request).collect();
        assert_eq!(found.len(), 1, "{method} in {:?}", self.outputs);
        self.outputs.retain(|output| request(output).is_none());
        found.into_iter().next().unwrap()
    }
}

fn info(genesis: &BlockHash) -> InfoView {
    InfoView {
        chain: "main".to_owned(),
        genesis_hash: *genesis,
        height: 7,
        headers: None,
        tip: *genesis,
        work: "0x1".to_owned(),
        target_block_time: 30,
        mempool_size: 0,
        version: "0.1.0".to_owned(),
        protocol: PROTOCOL,
        page_sha256: None,
        peer: None,
    }
}

fn head() -> HeadView {
    HeadView {
        hash: BlockHash([1; 32]),
        height: 8,
        time: 1_795_305_630,
        bits: 0x1e0f_ffff,
        tx_count: 0,
        miner: fixtures()[0].address_main.clone(),
        reward: 10,
        disconnected: 0,
        disconnected_hashes: Vec::new(),
        connected_hashes: Vec::new(),
    }
}

fn connections(outputs: &[Output<&'static str>]) -> Vec<Connection> {
    let connection = |output: &Output<&'static str>| match output {
        Output::Connection(connection) => Some(connection.clone()),
        _ => None,
    };
    outputs.iter().filter_map(connection).collect()
}

/// The results of requests, as `Ok(JSON)` or the error.
fn replies(outputs: Vec<Output<&'static str>>) -> Vec<(&'static str, Result<String, WalletError>)> {
    let reply = |output| match output {
        Output::Reply(tag, result) => Some((tag, result.map(|raw| raw.get().to_owned()))),
        _ => None,
    };
    outputs.into_iter().filter_map(reply).collect()
}

#[test]
fn it_greets_and_then_is_connected() {
    let mut stage = Stage::new();
    let outputs = stage.take();
    let [
        Output::Connection(Connection::Connecting),
        Output::Open { socket: 1, url },
        Output::SetTimer(timer, ms),
    ] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!((url.as_str(), *timer, *ms), (URL, Timer::Dial(1), 10_000));

    assert_eq!(stage.session.ask(&Request::GetInfo {}, "early"), Err(WalletError::NotConnected));
    stage.connect(1);
    let outputs = stage.take();
    assert_eq!(connections(&outputs), [Connection::Connected]);
    assert!(outputs.iter().any(|output| matches!(output, Output::Info(info) if info.height == 7)));
    assert_eq!(stage.session.chain().map(ChainSpec::name), Some("main"));
}

#[test]
fn it_knows_the_chain_by_its_genesis_and_not_by_its_name() {
    let mut stage = Stage::new();
    stage.handle(Input::Opened(1));
    let id = stage.sent("get_info").0;
    stage.answer(1, id, &serde_json::to_value(info(ChainSpec::dev().genesis_hash())).unwrap());
    assert_eq!(stage.session.chain().map(ChainSpec::name), Some("dev"));

    let mut stage = Stage::new();
    stage.session.watch(vec![Topic::Heads {}]);
    stage.handle(Input::Opened(1));
    let id = stage.sent("get_info").0;
    stage.answer(1, id, &serde_json::to_value(info(&BlockHash([7; 32]))).unwrap());
    let outputs = stage.take();
    let wrong = WalletError::WrongChain { chain: "main".to_owned() };
    assert_eq!(connections(&outputs)[1..], [Connection::WrongChain { chain: "main".to_owned() }]);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Info(_) | Output::Send(_))));
    assert_eq!(stage.session.chain(), None);
    assert_eq!(stage.session.ask(&Request::GetInfo {}, "no"), Err(wrong));
}

#[test]
fn a_node_of_another_protocol_is_named_and_asked_nothing_more() {
    let mut newer = serde_json::to_value(info(ChainSpec::main().genesis_hash())).unwrap();
    newer["protocol"] = json!(2);
    // Another version may say other things besides.
    for said in [newer, json!({"protocol": 2, "chains": []})] {
        let mut stage = Stage::new();
        stage.session.watch(vec![Topic::Heads {}]);
        stage.handle(Input::Opened(1));
        let id = stage.sent("get_info").0;
        stage.answer(1, id, &said);
        let outputs = stage.take();
        assert_eq!(connections(&outputs)[1..], [Connection::WrongProtocol { node: 2 }]);
        assert!(!outputs.iter().any(|output| matches!(output, Output::Info(_) | Output::Send(_))));
        assert_eq!(stage.session.chain(), None);
        let wrong = WalletError::WrongProtocol { node: 2 };
        assert_eq!(stage.session.ask(&Request::GetInfo {}, "no"), Err(wrong));

        // It is still there, and no node changes its version while it runs.
        stage.handle(Input::Timer(Timer::Heartbeat(1)));
        let id = stage.sent("get_info").0;
        stage.answer(1, id, &said);
        assert!(connections(&stage.take()).is_empty());
        stage.handle(Input::Timer(Timer::Heartbeat(1)));
        let id = stage.sent("get_info").0;
        stage.answer(1, id, &serde_json::to_value(info(ChainSpec::main().genesis_hash())).unwrap());
        assert_eq!(connections(&stage.take()), [Connection::Waiting { retry_ms: 500 }]);
        // A new version of it is greeted anew.
        stage.handle(Input::Timer(Timer::Reconnect(1)));
        stage.connect(2);
        assert_eq!(connections(&stage.take()), [Connection::Connecting, Connection::Connected]);
    }
}

#[test]
fn answers_find_their_requests_in_any_order() {
    let mut stage = Stage::connected();
    stage.session.ask(&Request::GetInfo {}, "info").unwrap();
    let info = stage.sent("get_info").0;
    stage.session.ask(&Request::GetBalance { address: "iron1".to_owned() }, "balance").unwrap();
    let (balance, params) = stage.sent("get_balance");
    assert_eq!(params, json!({"address": "iron1"}));
    stage.answer(1, balance, &json!({"balance": 5}));
    let error = json!({"code": -32003, "message": "too poor", "data": {"rule": "TX-7", "later": 1}});
    stage.handle(Input::Text(1, json!({"jsonrpc": "2.0", "id": info, "error": error}).to_string()));
    // Nobody asked for this, or has had the answer.
    stage.answer(1, balance, &json!({"balance": 6}));
    stage.handle(Input::Text(1, json!({"jsonrpc": "2.0", "id": null, "error": error}).to_string()));
    let refused = WalletError::Refused { rule: Some("TX-7".to_owned()), message: "too poor".to_owned() };
    let expected = [("balance", Ok(r#"{"balance":5}"#.to_owned())), ("info", Err(refused))];
    assert_eq!(replies(stage.take()), expected);
}

#[test]
fn subscriptions_tell_of_what_they_are_for() {
    let mut stage = Stage::connected();
    let address = fixtures()[0].address_main.clone();
    stage.session.watch(vec![Topic::Heads {}, Topic::Address { address: address.clone() }]);
    let outputs = stage.take();
    let texts: Vec<Value> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send(text) => serde_json::from_str(text).ok(),
            _ => None,
        })
        .collect();
    assert_eq!(texts[0]["params"], json!({"topic": "heads"}));
    assert_eq!(texts[1]["params"], json!({"topic": "address", "address": address}));
    stage.answer(1, texts[0]["id"].as_u64().unwrap(), &json!(1));
    stage.answer(1, texts[1]["id"].as_u64().unwrap(), &json!(2));
    let account = account(&address, 5, 0, 8);
    stage.push(1, 1, &serde_json::to_value(head()).unwrap());
    stage.push(1, 2, &serde_json::to_value(&account).unwrap());
    stage.push(1, 3, &json!("not for us"));
    let outputs = stage.take();
    assert!(
        matches!(&outputs[..], [Output::Head(head), Output::Account(got)] if head.height == 8 && *got == account)
    );

    // Watching the same again changes nothing; watching less ends a subscription.
    stage.session.watch(vec![Topic::Heads {}, Topic::Address { address }]);
    assert!(stage.take().is_empty());
    stage.session.watch(vec![Topic::Heads {}]);
    assert_eq!(stage.sent("unsubscribe").1, json!({"id": 2}));
    stage.push(1, 2, &serde_json::to_value(&account).unwrap());
    assert!(!stage.take().iter().any(|output| matches!(output, Output::Account(_))));
}

#[test]
fn a_subscription_that_became_unwanted_before_it_began_is_ended() {
    let mut stage = Stage::connected();
    stage.session.watch(vec![Topic::Heads {}]);
    let id = stage.sent("subscribe").0;
    stage.session.watch(Vec::new());
    stage.take();
    stage.answer(1, id, &json!(9));
    assert_eq!(stage.sent("unsubscribe").1, json!({"id": 9}));
}

#[test]
fn a_lost_connection_is_made_anew_with_all_subscriptions() {
    let mut stage = Stage::connected();
    stage.session.watch(vec![Topic::Heads {}]);
    stage.session.ask(&Request::GetInfo {}, "open").unwrap();
    stage.take();
    stage.handle(Input::Closed(1));
    let outputs = stage.take();
    assert!(matches!(outputs[0], Output::Close));
    assert_eq!(connections(&outputs), [Connection::Waiting { retry_ms: 500 }]);
    assert!(matches!(outputs[3], Output::SetTimer(Timer::Reconnect(1), 500)), "{outputs:?}");
    assert_eq!(replies(outputs), [("open", Err(WalletError::NotConnected))]);

    stage.handle(Input::Timer(Timer::Reconnect(1)));
    stage.connect(2);
    assert_eq!(stage.sent("subscribe").1, json!({"topic": "heads"}));
    assert_eq!(connections(&stage.take()), [Connection::Connecting, Connection::Connected]);
}

#[test]
fn what_a_former_socket_reports_is_ignored() {
    let mut stage = Stage::connected();
    stage.handle(Input::Closed(1));
    stage.take();
    for input in [
        Input::Closed(1),
        Input::Opened(1),
        Input::Text(1, "{}".to_owned()),
        Input::Timer(Timer::Dial(1)),
        Input::Timer(Timer::Heartbeat(1)),
        Input::Timer(Timer::Request(1)),
    ] {
        stage.handle(input);
        assert!(stage.take().is_empty());
    }
    stage.handle(Input::Timer(Timer::Reconnect(1)));
    stage.connect(2);
    stage.take();
    for input in [Input::Closed(1), Input::Text(1, "{}".to_owned()), Input::Timer(Timer::Reconnect(1))] {
        stage.handle(input);
        assert!(stage.take().is_empty());
    }
}

#[test]
fn pauses_grow_to_fifteen_seconds_and_are_spread() {
    let pauses: Vec<u32> = (0..8).map(|failures| pause_ms(failures, 0)).collect();
    assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    assert_eq!(pause_ms(u32::MAX, 0), 15_000);
    for random in [1, 250, 251, u32::MAX] {
        assert!((250..=500).contains(&pause_ms(0, random)));
        assert!((7_500..=15_000).contains(&pause_ms(9, random)));
    }
}

#[test]
fn pauses_are_short_again_only_after_a_connection_has_lived() {
    let mut stage = Stage::new();
    let mut pauses = Vec::new();
    for socket in 1..=3 {
        stage.connect(socket);
        if socket == 3 {
            stage.handle(Input::Timer(Timer::Heartbeat(socket)));
        }
        stage.handle(Input::Closed(socket));
        pauses.extend(connections(&stage.take()).pop());
        stage.handle(Input::Timer(Timer::Reconnect(socket)));
    }
    let expected = [500, 1_000, 500].map(|retry_ms| Connection::Waiting { retry_ms });
    assert_eq!(pauses, expected);
}

#[test]
fn a_node_that_does_not_answer_is_given_up() {
    let mut stage = Stage::connected();
    stage.session.ask(&Request::GetInfo {}, "slow").unwrap();
    stage.session.ask(&Request::GetInfo {}, "other").unwrap();
    let timers: Vec<(Timer, u32)> = stage
        .take()
        .iter()
        .filter_map(|output| match output {
            Output::SetTimer(timer, after_ms) => Some((*timer, *after_ms)),
            _ => None,
        })
        .collect();
    assert_eq!(timers[0].1, 10_000);
    stage.handle(Input::Timer(timers[0].0));
    let outputs = stage.take();
    assert_eq!(connections(&outputs), [Connection::Waiting { retry_ms: 500 }]);
    let expected =
        [("slow", Err(WalletError::Timeout { seconds: 10 })), ("other", Err(WalletError::NotConnected))];
    assert_eq!(replies(outputs), expected);
    // The other's timer has lost its meaning.
    stage.handle(Input::Timer(timers[1].0));
    assert!(stage.take().is_empty());
}

#[test]
fn a_silent_node_is_noticed_by_the_heartbeat() {
    let mut stage = Stage::connected();
    stage.handle(Input::Timer(Timer::Heartbeat(1)));
    let id = stage.sent("get_info").0;
    let alive = serde_json::to_value(info(ChainSpec::main().genesis_hash())).unwrap();
    stage.answer(1, id, &alive);
    let outputs = stage.take();
    assert!(outputs.iter().any(|output| matches!(output, Output::SetTimer(Timer::Heartbeat(1), 20_000))));
    assert!(outputs.iter().any(|output| matches!(output, Output::Info(_))));
    assert!(connections(&outputs).is_empty());

    stage.handle(Input::Timer(Timer::Heartbeat(1)));
    let id = stage.sent("get_info").0;
    stage.handle(Input::Timer(Timer::Request(id)));
    assert_eq!(connections(&stage.take()), [Connection::Waiting { retry_ms: 500 }]);
}

#[test]
fn a_node_that_cannot_be_reached_is_given_up_in_time() {
    let mut stage = Stage::new();
    stage.take();
    stage.handle(Input::Timer(Timer::Dial(1)));
    let outputs = stage.take();
    assert!(matches!(outputs[0], Output::Close));
    assert_eq!(connections(&outputs), [Connection::Waiting { retry_ms: 500 }]);
}

#[test]
fn nonsense_ends_the_connection() {
    let no_account = json!({"jsonrpc": "2.0", "method": "subscription", "params": {"id": 4, "result": {}}});
    let texts = [
        "",
        "hello",
        "[]",
        "{}",
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"method":"eth_newHead"}"#,
        &no_account.to_string(),
    ];
    for text in texts {
        let mut stage = Stage::connected();
        stage.session.watch(vec![Topic::Heads {}]);
        let id = stage.sent("subscribe").0;
        stage.answer(1, id, &json!(4));
        stage.take();
        stage.handle(Input::Text(1, text.to_owned()));
        assert_eq!(connections(&stage.take()), [Connection::Waiting { retry_ms: 500 }], "{text}");
    }
}

#[test]
fn a_server_of_another_kind_is_not_a_node() {
    for result in [json!("0x1"), json!(null), json!({"chain": "main"})] {
        let mut stage = Stage::new();
        stage.handle(Input::Opened(1));
        let id = stage.sent("get_info").0;
        stage.answer(1, id, &result);
        assert_eq!(connections(&stage.take())[1..], [Connection::Waiting { retry_ms: 500 }], "{result}");
    }
    let mut stage = Stage::new();
    stage.handle(Input::Opened(1));
    let id = stage.sent("get_info").0;
    let error = json!({"code": -32601, "message": "unknown method"});
    stage.handle(Input::Text(1, json!({"id": id, "error": error}).to_string()));
    assert_eq!(connections(&stage.take())[1..], [Connection::Waiting { retry_ms: 500 }]);
}

#[test]
fn a_node_that_changes_its_chain_is_not_believed() {
    let mut stage = Stage::connected();
    stage.handle(Input::Timer(Timer::Heartbeat(1)));
    let id = stage.sent("get_info").0;
    stage.answer(1, id, &serde_json::to_value(info(ChainSpec::dev().genesis_hash())).unwrap());
    assert_eq!(connections(&stage.take()), [Connection::Waiting { retry_ms: 500 }]);
    assert_eq!(stage.session.chain(), None);
}

#[test]
fn a_reply_may_gain_fields() {
    let mut stage = Stage::new();
    stage.handle(Input::Opened(1));
    let id = stage.sent("get_info").0;
    let mut result = serde_json::to_value(info(ChainSpec::main().genesis_hash())).unwrap();
    result["peers"] = json!([1, 2]);
    stage.answer(1, id, &result);
    assert_eq!(connections(&stage.take()), [Connection::Connecting, Connection::Connected]);
}
