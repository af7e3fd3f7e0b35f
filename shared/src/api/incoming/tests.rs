use super::*;
use crate::api::request::{MAX_BAN_SECONDS, Topic};
use crate::api::views::{BalanceView, SubmittedView};
use crate::hash::TxId;

fn one(text: &str) -> Call {
    match Incoming::parse(text) {
        Incoming::One(call) => call,
        Incoming::Batch(calls) => panic!("a batch: {calls:?}"),
    }
}

fn rpc(method: &str, params: &str) -> Result<Request, RpcError> {
    one(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)).request
}

fn tutorial(text: &str) -> Result<Request, RpcError> {
    let call = one(text);
    assert!(matches!(call.envelope, Envelope::Tutorial { .. }), "{call:?}");
    call.request
}

fn message(result: Result<Request, RpcError>) -> (i32, String) {
    let error = result.unwrap_err();
    (error.code, error.message)
}

/// What the server answers to a text that it refuses.
fn refusal(text: &str) -> String {
    let call = one(text);
    let error = call.request.clone().unwrap_err();
    call.reply(&Err(error)).unwrap()
}

#[test]
fn every_request_survives_its_own_encoding() {
    let address = || "iron1…".to_owned();
    let hash = "00000000000000000000000000000000000000000000000000000000000000ff";
    let payment = tutorial::Payment {
        address: "MIIB".to_owned(),
        receiver: address(),
        amount: 50,
        fee: 1,
        comment: "caf\u{e9} \"quoted\"".to_owned(),
        nonce: 3,
        expires_at: 0,
        signature: "AA==".to_owned(),
    };
    let requests = [
        Request::GetInfo {},
        Request::GetBalance { address: address() },
        Request::GetAccount { address: address() },
        Request::GetHistory { address: address(), before: Some(7), after: None, limit: Some(100) },
        Request::GetHistory { address: address(), before: None, after: None, limit: None },
        Request::GetTransaction { tx_id: hash.parse().unwrap() },
        Request::GetBlock { hash: Some(hash.parse().unwrap()), height: None },
        Request::GetBlock { hash: None, height: Some(9_007_199_254_740_991) },
        Request::GetHeaders { from: 0, count: 500 },
        Request::GetForks {},
        Request::GetPeers {},
        Request::AddPeer { address: "9.9.9.9:1".to_owned() },
        Request::RemovePeer { address: "9.9.9.9:1".to_owned() },
        Request::GetBans { after: None, limit: None },
        Request::GetBans { after: Some("9.9.9.9".to_owned()), limit: Some(100) },
        Request::Ban { address: "9.9.9.9".to_owned(), seconds: None, reason: None },
        Request::Ban {
            address: "9.9.9.9".to_owned(),
            seconds: Some(MAX_BAN_SECONDS),
            reason: Some("x".to_owned()),
        },
        Request::Unban { address: "9.9.9.9".to_owned() },
        Request::GetMempool { after: None, limit: None },
        Request::GetMempool { after: Some("0a".to_owned()), limit: Some(100) },
        Request::Transaction { transaction: "00ff".to_owned() },
        Request::Payment(payment),
        Request::Subscribe(Topic::Heads {}),
        Request::Subscribe(Topic::Address { address: address() }),
        Request::Unsubscribe { id: 2 },
    ];
    for request in requests {
        let call = one(&rpc::encode_request(7, &request));
        assert_eq!(call.request, Ok(request));
        assert_eq!(call.envelope, Envelope::Rpc { id: Id::Number(7) });
    }
}

#[test]
fn the_tutorials_messages_are_understood() {
    let balance = r#"{"request": "get_balance", "address": "MIIB"}"#;
    assert_eq!(tutorial(balance), Ok(Request::GetBalance { address: "MIIB".to_owned() }));
    let transaction = r#"{"request": "transaction", "address": "MIIB", "receiver": "R", "amount": 5, "fee": 1,
        "comment": "hi", "nonce": 0, "signature": "AA=="}"#;
    let Ok(Request::Payment(payment)) = tutorial(transaction) else { panic!("not a payment") };
    assert_eq!((payment.amount, payment.fee, payment.nonce, payment.expires_at), (5, 1, 0, 0));
    assert_eq!(tutorial(r#"{"request":"get_info"}"#), Ok(Request::GetInfo {}));
    assert_eq!(
        tutorial(r#"{"request":"transaction","transaction":"00"}"#),
        Ok(Request::Transaction { transaction: "00".to_owned() })
    );
    // The id of a subscription and that of the request are one member.
    let call = one(r#"{"request":"unsubscribe","id":3}"#);
    assert_eq!(call.request, Ok(Request::Unsubscribe { id: 3 }));
    assert_eq!(call.reply(&Ok(Answer::Unsubscribed(true))).unwrap(), r#"{"result":true,"id":3}"#);
}

#[test]
fn the_tutorials_replies_have_its_shapes() {
    let plain = one(r#"{"request":"get_balance","address":"MIIB"}"#);
    let balance = Ok(Answer::Balance(BalanceView { address: "MIIB".to_owned(), balance: 620 }));
    assert_eq!(plain.reply(&balance).unwrap(), r#"{"address":"MIIB","balance":620}"#);
    let with_id = one(r#"{"id":"a","request":"get_balance","address":"MIIB"}"#);
    assert_eq!(with_id.reply(&balance).unwrap(), r#"{"address":"MIIB","balance":620,"id":"a"}"#);
    let submitted =
        SubmittedView { result: true, result_message: "accepted".to_owned(), tx_id: TxId::default() };
    let reply = plain.reply(&Ok(Answer::Submitted(submitted))).unwrap();
    assert!(reply.starts_with(r#"{"result":true,"result_message":"accepted","tx_id":"00"#), "{reply}");
    assert_eq!(
        plain.reply(&Err(RpcError::refused("TX-6", "the nonce is 3".to_owned()))).unwrap(),
        r#"{"result":false,"result_message":"the nonce is 3","rule":"TX-6"}"#
    );
    assert_eq!(plain.reply(&Ok(Answer::Subscribed(4))).unwrap(), r#"{"result":4}"#);
    assert_eq!(refusal(r#"{"request":"mine"}"#), r#"{"message":"Unknown command."}"#);
    assert_eq!(refusal(r#"{"request":"mine","id":5}"#), r#"{"message":"Unknown command.","id":5}"#);
    assert_eq!(refusal(r#"{"request":"get_balance"}"#), r#"{"error":"\"address\" is missing"}"#);
    assert_eq!(refusal(r#"{"request":7}"#), r#"{"error":"\"request\" must be a string"}"#);
}

#[test]
fn the_standard_error_codes_are_used() {
    let code = |text: &str| one(text).request.unwrap_err().code;
    for text in [
        "",
        " ",
        "x",
        "{",
        "[",
        "{\"request\":\"get_info\"",
        "{} {}",
        "{'a':1}",
        "[1,]",
        "\u{0}",
        "{\"a\":01}",
    ] {
        assert_eq!(code(text), rpc::PARSE_ERROR, "{text:?}");
    }
    for text in
        ["1", "null", "\"a\"", "true", "[]", "{}", r#"{"id":1}"#, r#"{"jsonrpc":"1.0","method":"get_info"}"#]
    {
        assert_eq!(code(text), rpc::INVALID_REQUEST, "{text:?}");
    }
    assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"get_info","extra":1}"#), rpc::INVALID_REQUEST);
    assert_eq!(message(rpc("mine", "{}")).0, rpc::METHOD_NOT_FOUND);
    assert_eq!(message(rpc("get_balance", "{}")).0, rpc::INVALID_PARAMS);
    for params in ["[]", "[\"iron1\"]", "\"iron1\"", "null", "1"] {
        let expected = (rpc::INVALID_PARAMS, "the parameters must be an object, by name".to_owned());
        assert_eq!(message(rpc("get_balance", params)), expected, "{params}");
    }
    assert_eq!(
        refusal("x"),
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"this is not JSON: expected value at line 1 column 1"}}"#
    );
}

#[test]
fn only_integers_up_to_2_53_pass() {
    let history = |limit: &str| rpc("get_history", &format!(r#"{{"address":"a","before":{limit}}}"#));
    assert!(history("0").is_ok());
    assert!(history("9007199254740991").is_ok());
    let bad = [
        "9007199254740992",
        "18446744073709551616",
        "-1",
        "-0",
        "1.0",
        "1e3",
        "1E0",
        "0.1",
        "\"1\"",
        "null",
        "true",
        "[]",
        "{}",
    ];
    for limit in bad {
        let sentence =
            "\"before\" must be a whole number from 0 to 9007199254740991, without point, exponent or sign";
        assert_eq!(message(history(limit)), (rpc::INVALID_PARAMS, sentence.to_owned()), "{limit}");
    }
    for limit in ["0", "101"] {
        let error = message(rpc("get_history", &format!(r#"{{"address":"a","limit":{limit}}}"#)));
        assert!(error.1.starts_with("\"limit\" must be a whole number from 1 to 100"), "{}", error.1);
    }
}

#[test]
fn duplicate_and_unknown_members_are_refused() {
    let error = |text: &str| one(text).request.unwrap_err().message;
    assert_eq!(
        message(rpc("get_balance", r#"{"address":"a","address":"b"}"#)).1,
        "\"address\" is given twice"
    );
    assert_eq!(
        message(rpc("get_balance", r#"{"address":"a","b":1}"#)).1,
        "\"b\" is not a parameter of this method"
    );
    // A key that is escaped is still the same key.
    assert_eq!(
        error(r#"{"request":"get_balance","address":"a","\u0061ddress":"b"}"#),
        "\"address\" is given twice"
    );
    assert_eq!(error(r#"{"request":"get_info","request":"get_balance"}"#), "\"request\" is given twice");
    assert_eq!(error(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"get_info"}"#), "\"id\" is given twice");
    let long = "é".repeat(1000);
    let shown = format!("\"{}…\" is not a parameter of this method", "é".repeat(32));
    assert_eq!(message(rpc("get_info", &format!(r#"{{"{long}":1}}"#))).1, shown);
    // Nothing from outside can break a line of a log.
    assert!(message(rpc("get_info", r#"{"a\nb":1}"#)).1.starts_with(r#""a\nb""#));
}

#[test]
fn an_id_comes_back_if_it_is_small_and_plain() {
    let id = |id: &str| one(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"get_info"}}"#));
    for (sent, expected) in [
        ("null", Id::Null),
        ("0", Id::Number(0)),
        ("9007199254740991", Id::Number(9_007_199_254_740_991)),
        ("\"\"", Id::Text(String::new())),
        (r#""\"\u0000""#, Id::Text("\"\0".to_owned())),
    ] {
        let call = id(sent);
        assert_eq!(call.envelope, Envelope::Rpc { id: expected });
        let reply = call.reply(&Ok(Answer::Unsubscribed(true))).unwrap();
        assert_eq!(reply, format!(r#"{{"jsonrpc":"2.0","id":{sent},"result":true}}"#));
    }
    assert!(id(&format!("\"{}\"", "x".repeat(64))).request.is_ok());
    for bad in
        ["1.5", "-1", "1e3", "true", "[]", "{}", "[1]", &format!("\"{}\"", "x".repeat(65)), r#""\ud800""#]
    {
        let call = id(bad);
        assert_eq!(call.request.unwrap_err().code, rpc::INVALID_REQUEST, "{bad}");
        assert_eq!(call.envelope, Envelope::Rpc { id: Id::Null }, "{bad}");
    }
    assert_eq!(
        refusal(r#"{"request":"get_info","id":[]}"#),
        r#"{"error":"\"id\" must be a whole number, a string of at most 64 bytes, or null"}"#
    );
}

#[test]
fn a_notification_gets_no_answer() {
    let call = one(r#"{"jsonrpc":"2.0","method":"get_info"}"#);
    assert_eq!(call.request, Ok(Request::GetInfo {}));
    assert_eq!(call.reply(&Ok(Answer::Unsubscribed(true))), None);
    let unknown = one(r#"{"jsonrpc":"2.0","method":"mine"}"#);
    assert_eq!(unknown.reply(&Err(unknown.request.clone().unwrap_err())), None);
}

#[test]
fn a_batch_is_answered_one_by_one() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"get_info"}"#;
    let Incoming::Batch(calls) =
        Incoming::parse(&format!(r#" [{call}, 1, [], {{"request":"get_info"}}, {call}]"#))
    else {
        panic!("not a batch")
    };
    let is_ok: Vec<bool> = calls.iter().map(|call| call.request.is_ok()).collect();
    // The tutorial knows no batches.
    assert_eq!(is_ok, [true, false, false, false, true]);
    let most = format!("[{}]", vec![call; MAX_BATCH].join(","));
    assert!(matches!(Incoming::parse(&most), Incoming::Batch(calls) if calls.len() == MAX_BATCH));
    let too_many = format!("[{}]", vec![call; MAX_BATCH + 1].join(","));
    assert_eq!(
        one(&too_many).request.unwrap_err().message,
        "a batch holds 1 to 100 requests, and this one 101"
    );
}

#[test]
fn size_and_depth_are_limited_before_parsing() {
    let deep = "[".repeat(100_000);
    assert_eq!(one(&deep).request.unwrap_err().message, "the message is nested deeper than 16 levels");
    let objects = "{\"a\":".repeat(17);
    assert_eq!(one(&objects).request.unwrap_err().message, "the message is nested deeper than 16 levels");
    let brackets = format!(r#"{{"request":"get_balance","address":"\"{}\\"}}"#, "[".repeat(100));
    assert!(tutorial(&brackets).is_ok());
    let long = " ".repeat(MAX_TEST_BYTES + 1);
    assert_eq!(
        one(&long).request.unwrap_err().message,
        "the message has 262145 bytes; at most 262144 are accepted"
    );
    // So many different keys must not take quadratic time.
    let keys: Vec<String> = (0..20_000).map(|i| format!("\"{i}\":0")).collect();
    assert!(one(&format!("{{{}}}", keys.join(","))).request.is_err());
}

const MAX_TEST_BYTES: usize = 256 * 1024;

#[test]
fn blocks_are_asked_for_by_hash_or_height() {
    let both = r#"{"hash":"00","height":1}"#;
    for params in ["{}", both] {
        let expected = "exactly one of \"hash\" and \"height\" must be given";
        assert_eq!(message(rpc("get_block", params)).1, expected);
    }
    for hash in ["", "00", "zz", &"0".repeat(63), &"é".repeat(32), &"0".repeat(65)] {
        let params = format!(r#"{{"hash":"{hash}"}}"#);
        assert_eq!(message(rpc("get_block", &params)).1, "\"hash\" must be 64 hex digits", "{hash}");
    }
}

#[test]
fn topics_are_closed() {
    assert_eq!(
        message(rpc("subscribe", r#"{"topic":"everything"}"#)).1,
        "\"topic\" must be \"heads\", \"address\", \"transaction\" or \"mempool\""
    );
    assert_eq!(message(rpc("subscribe", r#"{"topic":"address"}"#)).1, "\"address\" is missing");
    assert!(rpc("subscribe", r#"{"topic":"heads","address":"a"}"#).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        drop(Incoming::parse(&text));
    }

    #[test]
    fn no_damage_to_a_request_makes_the_parser_panic(at in 0_usize..120, junk in "[\\[\\]{}\":,0-9a-z\\\\ ]{0,4}") {
        let mut text: Vec<char> =
            r#"{"jsonrpc":"2.0","id":1,"method":"get_history","params":{"address":"a","before":1}}"#.chars().collect();
        let at = at.min(text.len());
        text.splice(at..(at + junk.len()).min(text.len()), junk.chars());
        let text: String = text.into_iter().collect();
        let calls = match Incoming::parse(&text) {
            Incoming::One(call) => vec![call],
            Incoming::Batch(calls) => calls,
        };
        for call in calls {
            if let Err(error) = call.request.clone() {
                let reply = call.reply(&Err(error)).unwrap_or_else(|| "null".to_owned());
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&reply).is_ok());
            }
        }
    }
}
