//! What somebody sees of a reorg who was paid on the branch that loses.

use std::net::{SocketAddr, TcpStream};

use anyhow::Result;
use e2e::api::Api;
use e2e::browser::with_browser;
use e2e::node::Node;
use e2e::page::Page;
use e2e::pair::{COMMON, LONG, MINERS, Pair, open};
use e2e::wallet::{address, import, review};
use shared::api::Topic;
use shared::api::views::{TransactionNews, TransactionNewsView};
use shared::hash::TxId;

/// Who is paid; mines nothing.
const RECEIVER: u8 = 3;
const AMOUNT: u64 = 5;
/// What dev pays for a block.
const SUBSIDY: u64 = 10;

/// Lets a node mine until a block of its best chain has the payment.
fn mine(node: &Node, tx_id: TxId) -> Result<()> {
    let session = || {
        let address = SocketAddr::from(([127, 0, 0, 1], node.port()?));
        Api::open((TcpStream::connect(address)?, address))
    };
    let mut operator = session()?;
    operator.authorize(&node.token)?;
    operator.set_mining(1)?;
    session()?
        .subscribe::<TransactionNewsView>(Topic::Transaction { tx_id })?
        .wait("a block with the payment", |news| {
            Ok(matches!(news.news, TransactionNews::Confirmed { .. }))
        })?;
    operator.set_mining(0)
}

async fn state(page: &Page, id: &str, wanted: &str) -> Result<()> {
    page.attribute_when(id, "data-state", wanted, |state| state == wanted).await?;
    Ok(())
}

/// A payment that was confirmed waits again when its branch is left, says so to both sides, and is confirmed anew.
#[tokio::test]
async fn a_payment_that_a_reorg_takes_away_waits_and_returns() -> Result<()> {
    with_browser(async |browser| {
        let pair = Pair::start().await?;
        let network = open(browser, "network", &pair.node).await?;
        let payer = browser.open("payer", &pair.node.url).await?;
        import(&payer, MINERS[0]).await?;
        let payee = browser.open("payee", &pair.node.url).await?;
        import(&payee, RECEIVER).await?;

        review(&payer, &address(RECEIVER)?, AMOUNT, 1, "on the branch that loses").await?;
        payer.click("confirm-submit").await?;
        state(&payer, "sent", "pending").await?;
        let tx_id: TxId =
            payer.attribute_when("sent", "data-tx", "an id", |id| id.len() == 64).await?.parse()?;
        mine(&pair.node, tx_id)?;
        state(&payer, "sent", "confirmed").await?;
        state(&payee, "history-entry", "confirmed").await?;
        payee.attribute_when("balance", "data-value", "the payment", |value| value == "5").await?;

        // The other node's chain has more work, and knows nothing of the payment.
        pair.join(&network).await?;
        state(&payer, "sent", "pending").await?;
        state(&payee, "history-entry", "pending").await?;
        payee.attribute_when("balance", "data-value", "nothing", |value| value == "0").await?;

        // It came along to the other node, which mines it.
        mine(&pair.other, tx_id)?;
        state(&payer, "sent", "confirmed").await?;
        state(&payee, "history-entry", "confirmed").await?;
        payee.attribute_when("balance", "data-value", "the payment", |value| value == "5").await?;
        payer.click("nav-home").await?;
        let left = (COMMON as u64 * SUBSIDY - AMOUNT - 1).to_string();
        payer
            .attribute_when("balance", "data-value", "rewards of the common blocks", |value| value == left)
            .await?;
        network.click("tab-branches").await?;
        network
            .attribute_when("branch", "data-length", "some", |length| {
                length.parse::<usize>().is_ok_and(|length| length < LONG)
            })
            .await?;
        pair.stop()
    })
    .await
}
