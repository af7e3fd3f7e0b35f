//! Two nodes that were told of nobody find each other on their network, and one bans the other.

use anyhow::{Result, ensure};
use shared::api::Request;
use shared::api::views::{BansView, PeersView};

use crate::team::{Rules, Team};

/// How long the ban lasts, in seconds.
const BAN_S: u64 = 7_200;
const REASON: &str = "too loud";

/// Plays it, where each node has an address of its own: this computer's cannot be banned, and nobody asks around on it.
pub(crate) fn play() -> Result<()> {
    let mut team = Team::new(2, Rules::Roomy)?;
    if !team.lan.has_own_addresses() {
        println!(
            "LEFT OUT: how nodes meet by mDNS and ban each other needs network namespaces, which unshare makes"
        );
        return Ok(());
    }
    for node in 0..team.count() {
        team.start_looking_around(node)?;
    }
    for node in 0..team.count() {
        let met =
            |text: &str| (text.contains(" joined us (") || text.contains(" is our peer (")).then_some(());
        team.output(node)?.wait("peer", met)?;
    }
    println!("they have met by mDNS");

    let mut api = team.api(0)?;
    api.authorize(team.token(0)?)?;
    let peers: PeersView = api.ask(&Request::GetPeers {})?;
    let address = peers.peers.first().map(|peer| peer.address.clone()).unwrap_or_default();
    ensure!(address.starts_with("10.77.0.2:"), "node 0 has the peers {peers:?}");
    let order = Request::Ban { address, seconds: Some(BAN_S), reason: Some(REASON.to_owned()) };
    let bans: BansView = api.ask(&order)?;
    ensure!(bans.count == 1, "node 0 has the bans {bans:?}");
    let told = format!("it banned this node's address for 2 h, and says: \u{201c}{REASON}\u{201d}");
    team.output(1)?.wait(&told, |text| text.contains(&told).then_some(()))?;
    println!("node 1 was told that it is banned");

    let peers: PeersView = api.ask(&Request::GetPeers {})?;
    ensure!(peers.peers.is_empty(), "node 0 still has the peers {peers:?}");
    ensure!(peers.bans == bans, "node 0 tells of the bans {:?}, and before of {bans:?}", peers.bans);
    ensure!(bans.entries[0].reason == REASON, "node 0 has the bans {bans:?}");

    // Whoever is banned and asks to join is told as much as the door knows.
    team.kill(1);
    team.start_idle(1, &[0])?;
    let told = "perhaps it has banned this node's address";
    team.output(1)?.wait(told, |text| text.contains(told).then_some(()))?;
    println!("node 1 was told that it is not let in");
    Ok(())
}
