use shared::api::rpc;
use shared::spec::ChainSpec;

use super::*;
use crate::config::Config;

#[tokio::test]
async fn a_read_that_breaks_down_is_told_and_gives_its_turn_back() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::new(Arc::new(ChainSpec::dev()), directory.path().to_owned());
    let node = crate::start(config).await.unwrap();
    let config = ApiConfig::new("127.0.0.1");
    let (chain, control) = (node.chain.clone(), node.control.clone());
    let server = Arc::new(Server::new(chain, control, config, CancellationToken::new()));

    for _ in 0..=MAX_STORE_READS {
        let read = methods::with_snapshot(Arc::clone(&server), |_, _| panic!("as this test wants it"));
        let Err::<(), _>(error) = read.await else { unreachable!("it ended in a panic") };
        assert_eq!(error.code, rpc::INTERNAL_ERROR);
    }
    let tip = methods::with_snapshot(Arc::clone(&server), |_, snapshot| snapshot.tip().unwrap()).await;
    assert_eq!(tip.unwrap().0, 0);

    // The last handles of the chain, without which the node waits for them.
    drop(server);
    assert_eq!(node.stop().await, Ok(()));
}
