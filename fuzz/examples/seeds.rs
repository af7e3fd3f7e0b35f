//! Writes `fuzz/seeds`, where every target begins, from the protocol's test vectors.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`

use std::path::Path;
use std::sync::Arc;

use ironchain_fuzz::accounts::AcceptAll;
use node::wire::{BlockAnnouncement, Hello, Request, Response, TransactionAnnouncement};
use serde_json::Value;
use shared::block::Block;
use shared::codec::{decode, encode};
use shared::consensus::{BodyContext, check_body};
use shared::ledger::Ledger;
use shared::merkle::{MerkleProof, merkle_siblings};
use shared::spec::ChainSpec;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    blocks()?;
    keys()?;
    let pattern: Vec<u8> = (0..=255).cycle().take(1_024).collect();
    files()?;
    for target in ["ledger", "difficulty", "mempool", "store", "block_file"] {
        write(target, "pattern", &pattern)?;
        write(target, "zeros", &[0; 256])?;
    }
    Ok(())
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn vectors(name: &str) -> Outcome<Value> {
    let path = folder().join("../shared/vectors").join(name);
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Outcome<()> {
    let folder = folder().join("seeds").join(target);
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join(name), bytes)?)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).filter_map(digit).collect()
}

/// The vectors' chain: blocks, and what a node makes of them.
fn blocks() -> Outcome<()> {
    let chain = vectors("chain.json")?;
    let spec = Arc::new(ChainSpec::dev());
    let mut ledger = Ledger::new(Arc::clone(&spec));
    let mut headers = Vec::new();
    for vector in chain["blocks"].as_array().into_iter().flatten() {
        let bytes = unhex(text(vector, "block"));
        let block: Block = decode(&bytes)?;
        headers.extend_from_slice(&encode(&block.header));
        let height = block.coinbase.height;
        let context = BodyContext { spec: &spec, height, verifier: &AcceptAll, is_verified: &|_| false };
        let connected = ledger.connect(&check_body(&context, block.clone())?)?;
        if height == 1 {
            write("block", "empty", &bytes)?;
        }
        let Some(payment) = block.transactions.last() else { continue };
        write("block", "payments", &bytes)?;
        write("transaction", "payment", &encode(payment))?;
        peers(&block)?;
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"transaction","params":{{"transaction":"{}"}}}}"#,
            encode(payment).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        );
        write("api_message", "transaction", request.as_bytes())?;
        write("undo", "payments", &encode(&connected.undo))?;
        let absent = ledger.prove(&ironchain_fuzz::accounts::address(0));
        write("account_proof", "absent", &encode(&absent))?;
        write("account_proof", "present", &encode(&ledger.prove(&payment.body.receiver)))?;
        let ids = block.transactions.iter().map(|transaction| transaction.id().0);
        let leaves: Vec<_> = std::iter::once(block.coinbase.leaf()).chain(ids).collect();
        for (name, index, leaf) in
            [("coinbase", 0, encode(&block.coinbase)), ("payment", 1, encode(&block.transactions[0]))]
        {
            let siblings = merkle_siblings(&leaves, index);
            let (index, count) = (u32::try_from(index)?, u32::try_from(leaves.len())?);
            write("merkle_proof", name, &encode(&MerkleProof { index, count, leaf, siblings }))?;
        }
    }
    write("header", "chain", &headers)
}

/// What nodes say to each other about a block.
fn peers(block: &Block) -> Outcome<()> {
    let (hash, Block { header, coinbase, transactions }) = (block.header.hash(), block.clone());
    let tx_ids: Vec<_> = transactions.iter().map(shared::transaction::Transaction::id).collect();
    let hello = Hello { agent: "ironchain".to_owned(), height: 1, tip: hash, work: [1; 32] };
    let messages = [
        ("hello", encode(&Request::Hello(hello))),
        ("headers", encode(&Request::Headers { locator: vec![hash] })),
        ("indexes", encode(&Request::BlockTransactions { block: hash, indexes: vec![0, 1] })),
        ("ids", encode(&Request::Transactions { ids: tx_ids.clone() })),
        ("blocks", encode(&Response::Blocks(vec![encode(block)]))),
        ("transactions", encode(&Response::Transactions(transactions.clone()))),
        ("block-news", encode(&BlockAnnouncement { header, coinbase, tx_ids })),
        ("news", encode(&TransactionAnnouncement { transactions })),
    ];
    messages.iter().try_for_each(|(name, bytes)| write("peer_message", name, bytes))
}

/// Texts that people and programs send.
fn keys() -> Outcome<()> {
    let keys = vectors("keys.json")?;
    for (number, key) in keys["vectors"].as_array().into_iter().flatten().take(2).enumerate() {
        write("words", &number.to_string(), text(key, "mnemonic").as_bytes())?;
        write("key_import", &number.to_string(), text(key, "pkcs1_pem").as_bytes())?;
        write("address", &format!("bech32m-{number}"), text(key, "address_main").as_bytes())?;
        write("address", &format!("tutorial-{number}"), text(key, "tutorial_address").as_bytes())?;
    }
    for (number, key) in keys["imported"].as_array().into_iter().flatten().enumerate() {
        write("key_import", &format!("pkcs8-{number}"), text(key, "pkcs8_pem").as_bytes())?;
    }
    let key = &keys["vectors"][0];
    let (address, tutorial) = (text(key, "address_dev"), text(key, "tutorial_address"));
    let requests = [
        ("balance", format!(r#"{{"request":"get_balance","address":"{address}","id":7}}"#)),
        (
            "payment",
            format!(
                r#"{{"request":"transaction","address":"{tutorial}","receiver":"{address}","amount":1,"fee":1,"comment":"","nonce":0,"signature":"AAAA"}}"#
            ),
        ),
        (
            "batch",
            format!(
                r#"[{{"jsonrpc":"2.0","id":1,"method":"get_history","params":{{"address":"{address}","before":9,"limit":5}}}},{{"jsonrpc":"2.0","method":"subscribe","params":{{"topic":"heads"}}}}]"#
            ),
        ),
    ];
    for (name, request) in requests {
        write("api_message", name, request.as_bytes())?;
    }
    let refused = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no","data":{"rule":"TX-6"}}}"#;
    write("server_message", "refused", refused.as_bytes())?;
    let news = r#"{"jsonrpc":"2.0","method":"subscription","params":{"id":1,"result":{"height":1}}}"#;
    write("server_message", "news", news.as_bytes())?;
    let keystore = std::fs::read(folder().join("../wallet-wasm/vectors/keystore.json"))?;
    write("keystore", "wallet", &keystore)
}

/// Files that people write and nodes keep.
fn files() -> Outcome<()> {
    let examples = folder().join("../docs/examples");
    let settings = std::fs::read_to_string(examples.join("node.toml"))?;
    write("settings", "file", format!("\n---\n{settings}").as_bytes())?;
    write("settings", "words", b"1112\n127.0.0.1:1111\n--threads\n2\n--peer\n/ip4/203.0.113.5/tcp/11111")?;
    write("chain_file", "class", &std::fs::read(examples.join("class.toml"))?)?;
    let (address, told_by) = (r#""9.9.9.9:11111""#, r#""2a00::1""#);
    let peers = format!(
        r#"{{"version":1,"bans":[{{"address":"2a00::/64","since":1790000000,"until":1810000000,"reason":"a lie"}}],
"book":[{{"address":{address},"told_by":{told_by},"reached":1790000000,"tried":0,"failures":1}}],"anchors":[{address}]}}"#
    );
    write("peer_file", "peers", peers.as_bytes())
}
