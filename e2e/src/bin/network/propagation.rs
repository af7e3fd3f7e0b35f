//! How long a full block takes along a line of five nodes, each of which has its transactions.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use shared::api::Topic;
use shared::api::views::{HeadView, MempoolNewsView};
use shared::hash::BlockHash;

use crate::payments::Payments;
use crate::team::{Rules, Team};

const NODES: u8 = 5;
/// Full blocks.
const ROUNDS: usize = 20;
/// Transactions that fill a block, of as many payers as it takes: no more than 64 of one may wait.
const FULL: u32 = 1_600;
const PAYERS: u8 = 25;

/// Measures and prints it.
pub(crate) fn measure() -> Result<()> {
    let payments = Payments::new(PAYERS)?;
    let mut team = Team::new(NODES, Rules::Roomy)?;
    team.found(&payments.addresses())?;
    for node in 0..team.count() {
        team.set_border(&(0..node).collect::<Vec<_>>(), false)?;
    }
    for node in 1..team.count() {
        team.lan.set_link(node - 1, node, true)?;
    }
    for node in 0..team.count() {
        team.start_idle(node, &node.checked_sub(1).into_iter().collect::<Vec<_>>())?;
    }
    let last = team.count() - 1;
    let (send, heads) = mpsc::channel();
    for node in [0, last] {
        let (mut follow, send) = (team.heads(node)?, send.clone());
        std::thread::spawn(move || {
            // It ends with the node, or with the measurement.
            follow.wait("the end", |head| Ok(send.send((node, head.clone(), Instant::now())).is_err()))
        });
    }
    let mut times = Vec::new();
    for round in 1..=ROUNDS {
        payments.fill(&team, 0, FULL)?;
        let mut waiting = team.api(last)?.subscribe::<MempoolNewsView>(Topic::Mempool {})?;
        waiting.wait("every payment at the last node", |news| Ok(news.count >= u64::from(FULL)))?;
        team.set_mining(0, 1)?;
        let time = time_of_full_block(&heads, last)?;
        team.set_mining(0, 0)?;
        println!("  block {round} of {ROUNDS}: {time:.1?} over {last} links");
        times.push(time);
    }
    times.sort();
    println!(
        "full block over a line of {NODES} nodes, from stored at the first to stored at the last: p50 {:.1?}, \
         p95 {:.1?}",
        times[ROUNDS / 2],
        times[ROUNDS * 95 / 100]
    );
    Ok(())
}

fn time_of_full_block(heads: &mpsc::Receiver<(usize, HeadView, Instant)>, last: usize) -> Result<Duration> {
    let mut found: Option<(BlockHash, Instant)> = None;
    loop {
        let (node, head, at) = heads.recv().context("a node has ended")?;
        if node == 0 && head.tx_count >= FULL / 2 {
            found.get_or_insert((head.hash, at));
        } else if node == last
            && let Some((hash, since)) = found
            && hash == head.hash
        {
            return Ok(at - since);
        }
    }
}
