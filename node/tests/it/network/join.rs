//! Joining, copying the chain, and finding together again.

use std::num::NonZeroU64;
use std::sync::Arc;

use node::clock::Clock as _;
use node::network::NetworkEvent;
use node::store::STORE_FILE;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::TestNode;
use crate::support::{DEADLINE, ManualClock, address, easy_spec, solve};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_copies_the_chain() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    // More than one answer holds, and the second time more questions than are answered at once.
    let tip = first.mine(600, address(0)).await;
    let before = TestNode::start(&spec, &clock, &[first.name()]).await;
    before.reaches(tip).await;
    before.stop().await;
    first.has_peers(0).await;
    let second = TestNode::start(&spec, &clock, &[first.name()]).await;
    second.reaches(tip).await;
    assert_eq!(second.node.chain.view().account(&address(0)).balance, 6_000);

    // What is shown follows what has happened.
    let status = second.sees(|status| status.progress.height == 600 && !status.progress.is_syncing).await;
    assert_eq!(status.progress.headers, 600);
    let [peer] = &status.peers[..] else { panic!("{status:?}") };
    assert_eq!((peer.id, peer.is_inbound, peer.is_named), (first.node.network.id(), false, true));
    first.has_peers(1).await;
    second.stop().await;
    first.has_peers(0).await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_joined_by_its_peer_address_as_well() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let tip = first.mine(3, address(0)).await;
    let with_id = format!("{}/p2p/{}", first.peer_name(), first.node.network.id());
    for name in [first.peer_name(), with_id] {
        let second = TestNode::start(&spec, &clock, &[name]).await;
        second.reaches(tip).await;
        second.stop().await;
    }
    first.stop().await;
}

/// As behind a router: its page is at one address, and who would dial it there finds nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_joined_at_the_address_that_it_announces() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let first = TestNode::start_in(tempfile::tempdir().unwrap(), &spec, &clock, &[], |config| {
        config.network.port = port;
        config.network.announce = vec![format!("/dns4/localhost/tcp/{port}").parse().unwrap()];
    });
    let first = first.await;
    let announced = format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
    assert!(first.node.network.announced().contains(&announced));
    let tip = first.mine(3, address(0)).await;

    let outside = TcpListener::bind("127.0.0.9:0").await.unwrap();
    let (name, inside) = (outside.local_addr().unwrap().to_string(), first.node.api_addr);
    let router = tokio::spawn(async move {
        while let Ok((mut from, _)) = outside.accept().await {
            tokio::spawn(async move {
                let mut to = TcpStream::connect(inside).await.unwrap();
                copy_bidirectional(&mut from, &mut to).await
            });
        }
    });
    let second = TestNode::start(&spec, &clock, &[name]).await;
    second.reaches(tip).await;
    second.stop().await;
    first.stop().await;
    router.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_again_goes_on_where_it_was() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let tip = first.mine(10, address(0)).await;
    let second = TestNode::start(&spec, &clock, &[first.name()]).await;
    second.reaches(tip).await;
    let id = second.node.network.id();
    let directory = second.stop().await;
    let tip = first.mine(10, address(0)).await;
    let second = TestNode::start_in(directory, &spec, &clock, &[first.name()], |_| ()).await;
    assert!(second.node.chain.view().tip.height >= 10);
    second.reaches(tip).await;
    assert_eq!(second.node.network.id(), id);
    // And it finds the other one again that was away itself.
    let port = first.node.network.address().port();
    let api_port = first.node.api_addr.port();
    let directory = first.stop().await;
    second.has_peers(0).await;
    let first = TestNode::start_in(directory, &spec, &clock, &[], |config| {
        (config.port, config.network.port) = (api_port, port);
    });
    let first = first.await;
    let tip = first.mine(1, address(0)).await;
    second.reaches(tip).await;
    second.stop().await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_that_were_mined_apart_become_one() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let second = TestNode::start(&spec, &clock, &[]).await;
    first.mine(5, address(0)).await;
    let tip = second.mine(9, address(1)).await;
    // Each of them may be the one that comes.
    let directory = second.stop().await;
    let second = TestNode::start_in(directory, &spec, &clock, &[first.name()], |_| ()).await;
    first.reaches(tip).await;
    assert_eq!(first.node.chain.view().account(&address(0)).balance, 0);
    let directory = second.stop().await;
    let tip = first.mine(4, address(0)).await;
    let second = TestNode::start_in(directory, &spec, &clock, &[], |_| ()).await;
    second.mine(1, address(1)).await;
    let third = TestNode::start(&spec, &clock, &[second.name(), first.name()]).await;
    for node in [&first, &second, &third] {
        node.reaches(tip).await;
    }
    for node in [first, second, third] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miner_first_copies_the_chain_of_the_peer_that_it_was_given() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let tip = first.mine(200, address(0)).await;
    // The clock stands, so that nobody can mine far ahead of it.
    let directory = tempfile::tempdir().unwrap();
    let second = TestNode::start_in(directory, &spec, &clock, &[first.name()], |config| {
        (config.miner, config.threads, config.hash_limit) = (Some(address(1)), 1, NonZeroU64::new(1_000));
    })
    .await;
    let mut events = second.node.chain.events();
    second.reaches(tip).await;
    clock.advance(100);
    let mut views = first.node.chain.watch();
    let mined = views.wait_for(|view| view.account(&address(1)).balance > 0);
    tokio::time::timeout(DEADLINE, mined).await.unwrap().unwrap();
    while let Ok(event) = events.try_recv() {
        assert!(event.head.is_none_or(|head| head.disconnected.count == 0), "it mined on its own before");
    }
    second.stop().await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_is_told_and_no_block_is_mined_before_it_is_right() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    first.mine(20, address(0)).await;
    // The last blocks are an hour later, and those before leave a miner time to be wrong in.
    clock.advance(3_600);
    let template = first.node.chain.template(address(0)).await.unwrap();
    let time = u32::try_from(clock.now()).unwrap();
    let mut block = template.block(template.header(0, time, template.bits(spec.rules(), time).unwrap()), 0);
    solve(&mut block);
    first.node.chain.submit_block(block).await.unwrap();
    let tip = first.tip();

    let behind = ManualClock::new(&spec);
    behind.advance(1_000);
    let directory = tempfile::tempdir().unwrap();
    let second = TestNode::start_in(directory, &spec, &behind, &[first.name()], |config| {
        (config.miner, config.threads, config.hash_limit) = (Some(address(1)), 1, NonZeroU64::new(1_000));
    })
    .await;
    let (mut events, mut notices) = (second.node.chain.events(), second.node.network.events());
    let notice = async {
        loop {
            if let NetworkEvent::Notice(text) = notices.recv().await.unwrap() {
                return text;
            }
        }
    };
    let notice = tokio::time::timeout(DEADLINE, notice).await.unwrap();
    assert!(notice.contains("lie 44 minutes in the future by this computer's clock"), "{notice}");
    assert!(notice.contains(&first.node.network.address().port().to_string()), "{notice}");
    behind.reach(clock.now());
    second.reaches(tip).await;
    behind.advance(100);
    clock.advance(100);
    let mut views = first.node.chain.watch();
    let mined = views.wait_for(|view| view.account(&address(1)).balance > 0);
    tokio::time::timeout(DEADLINE, mined).await.unwrap().unwrap();
    while let Ok(event) = events.try_recv() {
        assert!(event.head.is_none_or(|head| head.disconnected.count == 0), "it mined on an old parent");
    }
    second.stop().await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_find_each_other_through_one_that_knows_both() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let second = TestNode::start(&spec, &clock, &[first.name()]).await;
    first.has_peers(1).await;
    let third = TestNode::start(&spec, &clock, &[first.name()]).await;
    let id = second.node.network.id();
    third.sees(|status| status.peers.iter().any(|peer| peer.id == id)).await;
    for node in [third, second, first] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_all_interfaces_is_joined_over_ipv4_and_ipv6() {
    if TcpListener::bind("[::]:0").await.is_err() {
        println!("SKIPPED: this computer has no IPv6");
        return;
    }
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    for host in ["::", "0.0.0.0"] {
        let directory = tempfile::tempdir().unwrap();
        let first =
            TestNode::start_in(directory, &spec, &clock, &[], |config| config.host = host.to_owned()).await;
        let port = first.node.api_addr.port();
        let tip = first.mine(1, address(0)).await;
        for ip in ["127.0.0.1", "[::1]"].iter().take(if host == "::" { 2 } else { 1 }) {
            let second = TestNode::start(&spec, &clock, &[format!("{ip}:{port}")]).await;
            second.reaches(tip).await;
            second.stop().await;
        }
        first.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_unless_nobody_asked_for_it() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let directory = tempfile::tempdir().unwrap();
    let mut config = node::Config::new(Arc::clone(&spec), directory.path().to_owned());
    config.network.port = port;
    let error = node::open(config).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("127.0.0.1:{port}: the port is in use")) && error.contains("--p2p-port"),
        "{error}"
    );

    let node = TestNode::start_in(directory, &spec, &clock, &[], |config| {
        (config.network.port, config.network.or_any_port) = (port, true);
    })
    .await;
    assert_ne!(node.node.network.address().port(), port);
    let other = TestNode::start(&spec, &clock, &[node.name()]).await;
    other.has_peers(1).await;
    other.stop().await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn yesterdays_copy_catches_up_with_those_who_went_on() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let second = TestNode::start(&spec, &clock, &[first.name()]).await;
    let old = first.mine(10, address(0)).await;
    second.reaches(old).await;
    let directory = second.stop().await;
    let store = directory.path().join(STORE_FILE);
    let copy = std::fs::read(&store).unwrap();

    let second = TestNode::start_in(directory, &spec, &clock, &[first.name()], |_| ()).await;
    // What it mined itself is what it does not have any more.
    let own = second.mine(20, address(1)).await;
    first.reaches(own).await;
    let directory = second.stop().await;
    let tip = first.mine(5, address(0)).await;
    std::fs::write(store, copy).unwrap();
    let second = TestNode::start_in(directory, &spec, &clock, &[first.name()], |_| ()).await;
    assert_eq!(second.node.chain.view().tip.height, 10);
    second.reaches(tip).await;
    let view = second.node.chain.view();
    assert_eq!((view.account(&address(0)).balance, view.account(&address(1)).balance), (150, 200));
    second.stop().await;
    first.stop().await;
}
