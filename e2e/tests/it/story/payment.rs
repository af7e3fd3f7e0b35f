//! A payment from Alice to Bob.

use anyhow::{Result, ensure};
use e2e::page::Page;

use super::wallet::balance;
use e2e::wallet::key;

pub(crate) const AMOUNT: u64 = 50;
const FEE: u64 = 1;
const COMMENT: &str = "rent for März 鐵鏈 <b>&";

/// Types what cannot be sent; the form says what is wrong with each before anything leaves the page.
pub(crate) async fn refuse_mistakes(page: &Page, receiver: &str) -> Result<()> {
    let have = balance(page).await?;
    page.click("nav-send").await?;
    let position = receiver.len() - 10;
    let wrong = if receiver.as_bytes()[position] == b'q' { "p" } else { "q" };
    let mut mistyped = receiver.to_owned();
    mistyped.replace_range(position..=position, wrong);
    page.fill("send-to", &mistyped).await?;
    let names_the_place = |note: &str| note.contains(&format!("position {}", position + 1));
    page.text_when("send-to-note", "the place of the error", names_the_place).await?;
    let elsewhere = key(7)?.public_key().address().to_text("iron");
    page.fill("send-to", &elsewhere).await?;
    page.text_when("send-to-note", "about the chain", |note| note.contains("another chain")).await?;
    refuse_private_key(page).await?;

    let above = have.to_string();
    let amounts = [
        ("1.5", "Coins are whole"),
        ("-5", "cannot be negative"),
        ("0", "At least 1 coin"),
        ("99999999999999999999", "at most"),
        (&above, "can be spent"),
    ];
    for (amount, reason) in amounts {
        page.fill("send-amount", amount).await?;
        page.text_when("send-amount-note", reason, |note| note.contains(reason)).await?;
    }
    page.fill("send-to", receiver).await?;
    page.click("send-review").await?;
    page.text_when("send-amount-note", "still refused", |note| note.contains("can be spent")).await?;
    ensure!(page.text_now("confirm-submit").await?.is_none(), "more than there is can be confirmed");
    Ok(())
}

async fn refuse_private_key(page: &Page) -> Result<()> {
    let pem = key(7)?.to_pkcs8_pem();
    let line = pem.lines().nth(5).unwrap_or_default();
    page.paste("send-to", &pem).await?;
    page.text_when("send-to-note", "about the private key", |note| note.contains("private key")).await?;
    page.text_when("send-to", "empty", str::is_empty).await?;
    ensure!(!page.source().await?.contains(line), "the private key is still in the page");
    Ok(())
}

/// Sends the coins and returns the payment's id. The confirmation shows exactly what was typed.
pub(crate) async fn send(page: &Page, sender: &str, receiver: &str) -> Result<String> {
    page.fill("send-to", receiver).await?;
    page.text_when("send-to-note", "good", |note| note.contains("valid")).await?;
    page.fill("send-amount", &AMOUNT.to_string()).await?;
    page.fill("send-fee", &FEE.to_string()).await?;
    page.paste("send-comment", COMMENT).await?;
    page.click("send-review").await?;
    assert_eq!(page.text("confirm-to").await?, receiver);
    assert_eq!(page.text("confirm-amount").await?, format!("{AMOUNT} coins"));
    assert_eq!(page.text("confirm-fee").await?, format!("{FEE} coin"));
    assert_eq!(page.text("confirm-total").await?, format!("{} coins", AMOUNT + FEE));
    assert_eq!(page.text("confirm-comment").await?, COMMENT);
    assert_eq!(page.text("confirm-from").await?, sender);
    assert_eq!(page.text("confirm-chain").await?, "dev");
    assert_eq!(page.text("confirm-nonce").await?, "0");
    page.click("confirm-submit").await?;
    page.attribute_when("sent", "data-tx", "an id", |id| id.len() == 64).await
}

/// The payment is pending on both sides, and no coin has moved.
pub(crate) async fn expect_pending(alice: &Page, bob: &Page, tx_id: &str) -> Result<()> {
    alice.attribute_when("sent", "data-state", "pending", |state| state == "pending").await?;
    let entry = entry(bob, tx_id, "pending").await?;
    ensure!(entry.contains("Pending") && entry.contains("+50"), "Bob's history says: {entry}");
    bob.text_when("balance-note", "what comes", |note| note.contains("50 coins on the way to you")).await?;
    assert_eq!(balance(bob).await?, 0, "coins that are not mined yet are shown as Bob's");
    Ok(())
}

/// The page that Alice still looks at, and Bob's, change by themselves.
pub(crate) async fn expect_mined(alice: &Page, bob: &Page, tx_id: &str) -> Result<()> {
    alice.attribute_when("sent", "data-state", "confirmed", |state| state == "confirmed").await?;
    entry(bob, tx_id, "confirmed").await?;
    let coins = AMOUNT.to_string();
    bob.attribute_when("balance", "data-value", &coins, |value| value == coins).await?;
    expect_in_both_histories(alice, bob, tx_id).await
}

/// Both histories have the payment, with its comment.
pub(crate) async fn expect_in_both_histories(alice: &Page, bob: &Page, tx_id: &str) -> Result<()> {
    for (page, change) in [(alice, "−51"), (bob, "+50")] {
        page.click("nav-history").await?;
        let text = entry(page, tx_id, "confirmed").await?;
        ensure!(text.contains(change) && text.contains(COMMENT), "{}'s history says: {text}", page.name());
        page.click("nav-home").await?;
    }
    Ok(())
}

/// Waits for the payment's line of the history to be in this state, and returns its text.
async fn entry(page: &Page, tx_id: &str, state: &str) -> Result<String> {
    const SCRIPT: &str = r"
        const entries = [...document.querySelectorAll('[data-testid=history-entry]')];
        const [id, state] = arguments;
        const isIt = ({ dataset }) => dataset.tx == id && dataset.state == state;
        // One payment is one line, whatever its state.
        if (entries.filter((entry) => entry.dataset.tx == id).length != 1) return null;
        return entries.find(isIt)?.innerText;";
    let what = format!("single {state} line of the payment");
    let text = page.script_when(&what, SCRIPT, vec![tx_id.into(), state.into()]).await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}
