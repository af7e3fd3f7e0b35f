use std::sync::Arc;

use shared::spec::ChainSpec;

use super::*;

/// A running node with one more task than usual.
async fn node_with(
    directory: &tempfile::TempDir,
    name: &'static str,
    task: impl Future<Output = Result<(), String>> + Send + 'static,
) -> RunningNode {
    let config = Config::new(Arc::new(ChainSpec::dev()), directory.path().to_owned());
    let mut node = start(config).await.unwrap();
    let task = node.tasks.spawn(task);
    node.names.insert(task.id(), name);
    node
}

#[tokio::test]
async fn a_task_that_fails_panics_or_ends_stops_the_node_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = node_with(&directory, "lamp", async { Err("it is dark".to_owned()) }).await;
    node.broken().await;
    let error = node.stop().await.unwrap_err();
    assert_eq!(error, NodeError::Failed { task: "lamp", reason: "it is dark".to_owned() });
    assert_eq!(error.to_string(), "the lamp failed: it is dark");

    let mut node = node_with(&directory, "lamp", async { Ok(()) }).await;
    node.broken().await;
    assert_eq!(node.stop().await.unwrap_err(), NodeError::Ended { task: "lamp" });

    let mut node = node_with(&directory, "lamp", async { panic!("as this test wants it") }).await;
    node.broken().await;
    assert_eq!(node.stop().await.unwrap_err(), NodeError::Panicked { task: "lamp" });
}

#[tokio::test]
async fn the_chain_s_reason_is_told_before_that_of_a_task_that_needed_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = node_with(&directory, "lamp", async { Err("the chain has stopped".to_owned()) }).await;
    node.broken().await;
    let token = node.token.clone();
    let task = node.tasks.spawn(async move {
        token.cancelled().await;
        Err("the disk is full".to_owned())
    });
    node.names.insert(task.id(), CHAIN);
    let expected = NodeError::Failed { task: CHAIN, reason: "the disk is full".to_owned() };
    assert_eq!(node.stop().await.unwrap_err(), expected);
}

#[tokio::test]
async fn a_task_that_ends_while_the_node_stops_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = node_with(&directory, "lamp", async { Ok(()) }).await;
    // `broken` was not asked, so the stop is the first to see that it has ended.
    assert_eq!(node.failure.take(), None);
    assert_eq!(node.stop().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_end_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let node = node_with(&directory, "lamp", std::future::pending()).await;
    assert_eq!(node.stop().await, Err(NodeError::Stuck { limit: STOP_LIMIT }));
}

#[test]
fn a_port_that_is_suggested_exists_and_needs_no_rights() {
    let other = |port| {
        let mut config = Config::new(Arc::new(ChainSpec::dev()), "unused".into());
        config.port = port;
        match explain_listen(&config, ErrorKind::AddrInUse.into()) {
            StartError::PortInUse { other, .. } => other,
            error => panic!("{error}"),
        }
    };
    assert_eq!([1111, 80, 65_535].map(other), [1112, 1111, 1111]);
}
