use shared::codec;
use shared::hash::{BlockHash, TxId};
use shared::spec::ChainSpec;

use super::{Hello, Request, Response, protocol_name};

#[test]
fn another_chain_has_other_protocols() {
    let (main, dev) = (ChainSpec::main(), ChainSpec::dev());
    let name = protocol_name(&main, "sync");
    assert_eq!(name, format!("/ironchain/{}/1/sync", main.genesis_hash()));
    assert_ne!(name, protocol_name(&dev, "sync"));
}

#[test]
fn every_message_comes_back_from_its_bytes() {
    let hello = Hello { agent: "x".to_owned(), height: 7, tip: BlockHash([1; 32]), work: [2; 32] };
    for request in [
        Request::Hello(hello.clone()),
        Request::Headers { locator: vec![BlockHash([3; 32]); 2] },
        Request::Blocks { hashes: vec![BlockHash([4; 32])] },
        Request::BlockTransactions { block: BlockHash([5; 32]), indexes: vec![0, 9] },
        Request::PendingIds,
        Request::Transactions { ids: vec![TxId([6; 32])] },
        Request::Farewell { banned_until: Some(7), reason: "x".to_owned() },
    ] {
        assert_eq!(codec::decode::<Request>(&codec::encode(&request)), Ok(request));
    }
    for response in [
        Response::Hello(hello),
        Response::Headers(vec![ChainSpec::dev().genesis().header]),
        Response::Blocks(vec![codec::encode(ChainSpec::dev().genesis())]),
        Response::BlockTransactions(Vec::new()),
        Response::PendingIds(vec![TxId([6; 32])]),
        Response::Transactions(Vec::new()),
    ] {
        assert_eq!(codec::decode::<Response>(&codec::encode(&response)), Ok(response));
    }
}

#[test]
fn a_length_without_bytes_reserves_nothing() {
    // A list of 2^32 - 1 hashes, of which none follows.
    let claim = [1, 0xff, 0xff, 0xff, 0xff];
    assert!(codec::decode::<Request>(&claim).is_err());
    assert!(codec::decode::<Response>(&claim).is_err());
}
