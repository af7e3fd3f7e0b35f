//! Seven nodes, and a row of cuts, kills and payments that a seed decides.

use anyhow::{Result, ensure};
use shared::address::Address;

use crate::payments::Payments;
use crate::random::Random;
use crate::team::{Rules, Team};

const NODES: u8 = 7;
const PAYERS: u8 = 5;
/// Happenings of one schedule.
const STEPS: usize = 12;

/// Plays it.
pub(crate) fn play(seed: u64) -> Result<()> {
    let mut random = Random(seed);
    let mut payments = Payments::new(PAYERS)?;
    let mut team = Team::new(NODES, Rules::Paced)?;
    team.found(&payments.addresses())?;
    for node in 0..team.count() {
        team.start(node)?;
    }
    team.wait_for_blocks(0, 2)?;
    for step in 1..=STEPS {
        happen(&mut team, &mut random)?;
        let running: Vec<_> = (0..team.count()).filter(|node| team.is_running(*node)).collect();
        for _ in 0..=random.below(3) {
            let node = running[random.below(running.len())];
            let tx_id = payments.pay(&team, node, &mut random)?;
            println!("  paid through node {node}: {tx_id}");
        }
        // With its own pace, whatever side of a cut it is on.
        let node = running[random.below(running.len())];
        let head = team.wait_for_blocks(node, 1)?;
        println!("step {step} of {STEPS}: node {node} is at height {}", head.height);
    }
    println!("the network is whole again");
    team.heal()?;
    for node in 0..team.count() {
        if !team.is_running(node) {
            team.start(node)?;
        }
    }
    settle(&team, &payments, &[])
}

fn happen(team: &mut Team, random: &mut Random) -> Result<()> {
    let count = team.count();
    match random.below(6) {
        0 | 1 => {
            let group: Vec<_> = (0..count).filter(|_| random.below(2) == 0).collect();
            println!("cut: {group:?} from all others");
            team.set_border(&group, false)
        }
        2 => {
            let a = random.below(count);
            let b = (a + 1 + random.below(count - 1)) % count;
            println!("cut: {a} from {b}");
            team.lan.set_link(a, b, false)
        }
        3 => {
            println!("heal");
            team.heal()
        }
        _ => match (0..count).find(|node| !team.is_running(*node)) {
            Some(node) => {
                println!("start: {node}");
                team.start(node)
            }
            None => {
                let node = random.below(count);
                println!("kill: {node}");
                team.kill(node);
                Ok(())
            }
        },
    }
}

/// Waits until nothing is left to be done, and checks what must hold then.
pub(crate) fn settle(team: &Team, payments: &Payments, others: &[Address]) -> Result<()> {
    payments.wait_until_mined(team)?;
    let tip = team.agree()?;
    for node in 0..team.count() {
        let missing = payments.missing(&mut team.api(node)?)?;
        ensure!(missing.is_empty(), "acknowledged, and lost at node {node}: {missing:?}");
    }
    team.check_state(&tip, &[&payments.addresses(), others].concat())?;
    println!(
        "held: one tip at height {}, one state, every coin, and {} acknowledged payments",
        tip.height,
        payments.count()
    );
    Ok(())
}
