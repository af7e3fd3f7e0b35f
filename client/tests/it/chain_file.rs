//! Chains of one's own.

use std::fs;
use std::sync::Arc;

use node::Config;
use node::clock::SystemClock;
use serde_json::Value;
use shared::spec::ChainSpec;

use crate::support::{Home, PASSPHRASE, start_config};

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_ones_own_is_known_by_its_file() {
    const CLASS: &str = include_str!("../../../docs/examples/class.toml");
    let home = Home::new();
    fs::write(home.path("class.toml"), CLASS).unwrap();
    home.import_words();
    let directory = tempfile::tempdir().unwrap();
    let spec = Arc::new(ChainSpec::from_toml(CLASS).unwrap());
    let own = home.json(&["address", "--chain", "class.toml"], &[])["address"].as_str().unwrap().to_owned();
    assert!(own.starts_with("class1"), "{own}");
    let config = Config::new(spec, directory.path().to_owned());
    let node = start_config(config, Some(&own), Arc::new(SystemClock)).await;
    let port = node.api_addr.port().to_string();
    drop(node.chain.watch().wait_for(|view| view.tip.height >= 1).await.unwrap());

    let unknown = home.json_error(&["balance", "--node", &port], &[], 3);
    assert_eq!(unknown["code"], "wrong_chain");
    assert!(unknown["error"].as_str().unwrap().contains("--chain"), "{unknown}");
    let chain = ["--node", &port, "--chain", "class.toml"];
    let balance = home.json(&[&["balance"][..], &chain].concat(), &[]);
    assert_eq!((&balance["chain"], &balance["address"]), (&Value::from("class"), &Value::from(own.as_str())));
    let sent = home.json(&[&["send", &own, "1", "--yes", "--wait"][..], &chain].concat(), &[PASSPHRASE]);
    assert!(sent["block"]["height"].is_u64(), "{sent}");
    node.stop().await.unwrap();

    let other = CLASS.replace("subsidy = 10", "subsidy = 9007199254740992");
    fs::write(home.path("class.toml"), other).unwrap();
    let broken = home.json_error(&["address", "--chain", "class.toml"], &[], 2);
    assert!(broken["error"].as_str().unwrap().contains("a block makes at most"), "{broken}");
    let absent = home.json_error(&["address", "--chain", "moon"], &[], 2);
    assert!(absent["error"].as_str().unwrap().contains("neither main nor dev"), "{absent}");
}
