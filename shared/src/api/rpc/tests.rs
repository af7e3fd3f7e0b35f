use super::*;
use crate::api::views::BalanceView;

fn parse(text: &str) -> Result<ServerMessage, ServerMessageError> {
    ServerMessage::parse(text)
}

#[test]
fn a_request_is_one_line_of_json() {
    let request = Request::GetBalance { address: "iron1".to_owned() };
    assert_eq!(
        encode_request(7, &request),
        r#"{"jsonrpc":"2.0","id":7,"method":"get_balance","params":{"address":"iron1"}}"#
    );
    assert_eq!(
        encode_request(0, &Request::GetInfo {}),
        r#"{"jsonrpc":"2.0","id":0,"method":"get_info","params":{}}"#
    );
}

#[test]
fn the_client_reads_what_the_server_writes() {
    let view = BalanceView { address: "iron1".to_owned(), balance: 620 };
    let reply = encode_reply(&Id::Number(7), &Ok(Answer::Balance(view.clone())));
    let ServerMessage::Reply { id: Some(7), result: Ok(result) } = parse(&reply).unwrap() else {
        panic!("{reply}")
    };
    assert_eq!(serde_json::from_str::<BalanceView>(result.get()).unwrap(), view);

    let error = RpcError::refused("TX-7", "too little".to_owned());
    let reply = encode_reply(&Id::Null, &Err(error.clone()));
    assert_eq!(
        reply,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32003,"message":"too little","data":{"rule":"TX-7"}}}"#
    );
    let ServerMessage::Reply { id: None, result: Err(got) } = parse(&reply).unwrap() else {
        panic!("{reply}")
    };
    assert_eq!(got, error);

    let push = encode_notification(3, &Answer::Balance(view.clone()));
    let ServerMessage::Notification { subscription: 3, result } = parse(&push).unwrap() else {
        panic!("{push}")
    };
    assert_eq!(serde_json::from_str::<BalanceView>(result.get()).unwrap(), view);
}

#[test]
fn replies_may_gain_members_but_not_lose_their_shape() {
    assert!(parse(r#"{"jsonrpc":"2.0","id":1,"result":{},"later":[1.5]}"#).is_ok());
    assert!(parse(r#"{"id":1,"error":{"code":-1,"message":"m","data":{"rule":"X","later":1}}}"#).is_ok());
    for text in [
        "",
        "x",
        "[]",
        "{}",
        r#"{"id":1}"#,
        r#"{"id":-1,"result":1}"#,
        r#"{"id":1.0,"result":1}"#,
        r#"{"id":1,"result":1,"error":{"code":1,"message":""}}"#,
        r#"{"method":"subscription"}"#,
        r#"{"method":"other","params":{"id":1,"result":1}}"#,
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}
