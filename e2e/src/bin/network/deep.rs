//! Two halves of a network that have mined more than a hundred blocks apart find together again.

use anyhow::{Result, ensure};
use e2e::chain;
use shared::address::Address;
use shared::api::Request;
use shared::api::views::{TransactionStatus, TransactionStatusView};

use crate::payments::Payments;
use crate::random::Random;
use crate::schedule::settle;
use crate::team::{Rules, Team};

/// Blocks that both halves have.
const COMMON: usize = 10;
/// Blocks of the half that loses.
const SHORT: usize = 110;
/// Blocks of the half that wins: so many more that the other cannot make up for it in a few minutes.
const LONG: usize = 160;

/// Plays it. The first two of four nodes are the half that loses.
pub(crate) fn play() -> Result<()> {
    let mut payments = Payments::new(1)?;
    let mut team = Team::new(4, Rules::Paced)?;
    let payer = payments.addresses()[0];
    let runtime = tokio::runtime::Runtime::new()?;
    let mine = |node: usize, to: Address, count| {
        runtime.block_on(chain::build(team.data(node), team.spec.clone(), vec![to; count]))
    };
    mine(0, payer, COMMON)?;
    team.copy(0, 2)?;
    mine(0, payer, SHORT)?;
    team.copy(0, 1)?;
    // Another address, so that the blocks are others.
    let other = Address([7; 20]);
    mine(2, other, LONG)?;
    team.copy(2, 3)?;

    team.set_border(&[0, 1], false)?;
    for node in 0..team.count() {
        team.start(node)?;
    }
    // A payment that is mined in the half that loses, and taken back.
    let tx_id = payments.pay(&team, 0, &mut Random(1))?;
    let mut api = team.api(0)?;
    payments.wait_until_mined(&team)?;
    let before: TransactionStatusView = api.ask(&Request::GetTransaction { tx_id })?;
    let mut heads = team.heads(0)?;
    team.heal()?;
    let head = heads.wait("a reorg of a hundred blocks", |head| Ok(head.disconnected >= 100))?;
    println!("node 0 left {} blocks for the chain of the other half", head.disconnected);
    ensure!(
        head.disconnected > SHORT as u64,
        "it left {} blocks, and had {SHORT} of its own",
        head.disconnected
    );
    settle(&team, &payments, &[other])?;
    let after: TransactionStatusView = api.ask(&Request::GetTransaction { tx_id })?;
    let block = |view: &TransactionStatusView| match view.status {
        TransactionStatus::Confirmed { block_hash, .. } => Some(block_hash),
        TransactionStatus::Pending => None,
    };
    ensure!(block(&before) != block(&after), "the payment is still in the block that was left");
    Ok(())
}
