//! Payments from the draft to the node's word, with all that may happen in between.

use super::*;

#[test]
fn a_payment_is_prepared_signed_submitted_and_shown() {
    let mut stage = Stage::ready();
    let prepared = stage.prepare();
    assert_eq!((prepared.total, prepared.nonce, prepared.expires_at), (51, 3, 3_880));
    assert_eq!((prepared.balance, prepared.balance_after, prepared.replaces), (100, 49, None));
    assert!(stage.sent.is_empty());

    let (command, request, transaction) = stage.send();
    let body = &transaction.body;
    assert_eq!((body.amount, body.fee, body.nonce, body.expires_at), (50, 1, 3, 3_880));
    assert_eq!(
        (body.sender_address().to_text("iron"), body.receiver.to_text("iron")),
        (prepared.sender, prepared.receiver)
    );
    assert_eq!(body.comment, "for the bread");
    assert!(check_transaction(&ChainSpec::main(), &RsaVerifier, transaction.clone()).is_ok());

    stage.answer(request, &submitted(transaction.id()));
    // The page learns of it together with the account that shows it.
    assert_eq!(stage.reply(command), None);
    let (request, _) = stage.request("get_account");
    let after = with_pending(account(own(), 100, 3, 1_000), other(), 50, 1);
    stage.answer(request, &after);
    assert_eq!(stage.events, [Event::Account(after)]);
    assert_eq!(stage.reply(command), Some(Ok(Reply::Sent { tx_id: transaction.id() })));
    let next = stage.ask(draft(49, 0));
    assert!(matches!(next, Ok(Reply::Prepared(payment)) if payment.nonce == 4 && payment.balance_after == 0));
}

#[test]
fn what_cannot_be_paid_is_not_prepared() {
    let mut stage = Stage::ready();
    let poor = WalletError::InsufficientFunds { need: 101, have: 100 };
    assert_eq!(stage.ask(draft(100, 1)), Err(poor));
    // Nor does an earlier payment stay prepared.
    stage.prepare();
    assert_eq!(stage.ask(draft(0, 1)), Err(WalletError::AmountZero));
    assert_eq!(stage.ask(Command::Send), Err(WalletError::NothingPrepared));
}

#[test]
fn a_double_click_pays_once() {
    let mut stage = Stage::ready();
    assert_eq!(stage.ask(Command::Send), Err(WalletError::NothingPrepared));
    stage.prepare();
    stage.send();
    assert_eq!(stage.ask(Command::Send), Err(WalletError::NothingPrepared));
    assert!(stage.sent.is_empty());
}

#[test]
fn a_locked_wallet_signs_nothing_and_keeps_what_is_prepared() {
    let mut stage = Stage::ready();
    stage.prepare();
    stage.done(Command::Lock);
    assert_eq!(stage.ask(Command::Send), Err(WalletError::Locked));
    assert!(stage.sent.is_empty());
    stage.done(Command::Unlock { passphrase: PASSPHRASE.to_owned() });
    stage.send();
}

#[test]
fn without_randomness_nothing_is_signed() {
    let mut stage = Stage::ready();
    stage.prepare();
    stage.engine.rng.is_empty = true;
    assert_eq!(stage.ask(Command::Send), Err(WalletError::NoRandomness));
    assert!(stage.sent.is_empty());
}

#[test]
fn a_payment_that_has_become_another_is_not_signed() {
    let mut stage = Stage::ready();
    stage.prepare();
    // Another page with the same wallet was faster.
    stage.push_account(&with_pending(account(own(), 100, 3, 1_000), other(), 1, 1));
    // However often it is tried: nobody shall read that it was sent.
    assert_eq!(stage.ask(Command::Send), Err(WalletError::AccountChanged));
    assert_eq!(stage.ask(Command::Send), Err(WalletError::AccountChanged));
    assert!(stage.sent.is_empty());
}

#[test]
fn rewards_that_arrive_meanwhile_change_nothing() {
    let mut stage = Stage::ready();
    stage.prepare();
    stage.push_account(&account(own(), 110, 3, 1_001));
    stage.send();
}

#[test]
fn a_node_on_another_chain_gets_no_signature() {
    let mut stage = Stage::ready();
    stage.prepare();
    stage.disconnect();
    assert_eq!(stage.ask(Command::Send), Err(WalletError::NotConnected));
    stage.redial();
    stage.handle(Input::Session(session::Input::Opened(stage.socket)));
    let (id, _) = stage.request("get_info");
    stage.answer(id, &info(BlockHash([9; 32])));
    let wrong = WalletError::WrongChain { chain: "main".to_owned() };
    assert_eq!(stage.ask(Command::Send), Err(wrong));
    assert!(stage.sent.is_empty());

    // The same for a chain that is known, but is not the one that the payment was made for.
    stage.disconnect();
    stage.redial();
    stage.connect_to(&ChainSpec::dev());
    stage.answer_subscriptions();
    stage.push_account(&account(&fixtures()[0].address_dev, 100, 3, 1_000));
    let wrong = WalletError::WrongChain { chain: "dev".to_owned() };
    assert_eq!(stage.ask(Command::Send), Err(wrong));
    assert!(!stage.sent.iter().any(|sent| sent.1 == "transaction"));
}

#[test]
fn on_an_unknown_chain_nothing_is_prepared() {
    let mut stage = Stage::ready();
    stage.disconnect();
    stage.redial();
    stage.handle(Input::Session(session::Input::Opened(stage.socket)));
    let (id, _) = stage.request("get_info");
    stage.answer(id, &info(BlockHash([9; 32])));
    let wrong = WalletError::WrongChain { chain: "main".to_owned() };
    assert_eq!(stage.ask(draft(1, 1)), Err(wrong));
}

#[test]
fn a_refusal_is_told_with_its_rule() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (command, request, _) = stage.send();
    stage.refuse(request, "TX-7");
    let refused = WalletError::Refused { rule: Some("TX-7".to_owned()), message: "no".to_owned() };
    assert_eq!(stage.reply(command), Some(Err(refused)));
    stage.disconnect();
    stage.redial();
    stage.connect();
    assert!(stage.sent.is_empty());
}

#[test]
fn a_payment_without_an_answer_is_submitted_again_as_it_is() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (command, _, transaction) = stage.send();
    stage.disconnect();
    assert_eq!(stage.reply(command), None);
    stage.redial();
    stage.connect_to(&ChainSpec::main());
    let (request, again) = stage.submitted();
    assert_eq!(again, transaction);
    stage.answer(request, &submitted(transaction.id()));
    let (request, _) = stage.request("get_account");
    // Even if the account cannot be had, the payment is sent.
    stage.refuse(request, "X");
    assert_eq!(stage.reply(command), Some(Ok(Reply::Sent { tx_id: transaction.id() })));
}

#[test]
fn a_node_that_is_too_busy_is_asked_again() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (command, request, transaction) = stage.send();
    let tx_id = transaction.id();
    stage.refuse(request, "API-1");
    assert_eq!(stage.reply(command), None);
    let is_timer =
        |effect: &Effect| matches!(effect, Effect::SetTimer(Timer::Resubmit(id), _) if *id == tx_id);
    assert!(stage.other_effects.iter().any(is_timer));
    stage.handle(Input::Timer(Timer::Resubmit(tx_id)));
    let (request, again) = stage.submitted();
    assert_eq!(again, transaction);
    // The first attempt was not taken, so a refusal may be one of the second only if the node does not know it.
    stage.refuse(request, "TX-7");
    let (request, _) = stage.request("get_transaction");
    stage.refuse(request, "NOT-FOUND");
    let refused = WalletError::Refused { rule: Some("TX-7".to_owned()), message: "no".to_owned() };
    assert_eq!(stage.reply(command), Some(Err(refused)));
}

#[test]
fn a_payment_that_had_arrived_already_is_recognised() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (command, _, transaction) = stage.send();
    let tx_id = transaction.id();
    stage.disconnect();
    stage.redial();
    stage.connect_to(&ChainSpec::main());
    let (request, _) = stage.submitted();
    // It is mined by now, so that its nonce is too low.
    stage.refuse(request, "TX-6");
    assert_eq!(stage.reply(command), None);
    let (request, params) = stage.request("get_transaction");
    assert_eq!(params, json!({"tx_id": tx_id}));
    let mut view = with_pending(account(own(), 100, 3, 1_000), other(), 50, 1).pending.remove(0);
    view.tx_id = tx_id;
    let status = json!({
        "transaction": view, "status": "confirmed", "block_hash": BlockHash([1; 32]), "height": 1_001,
        "time": 1_795_305_630, "confirmations": 1,
    });
    stage.answer(request, &status);
    assert_eq!(stage.reply(command), Some(Ok(Reply::Sent { tx_id })));
}

#[test]
fn a_payment_that_is_refused_the_second_time_and_unknown_is_refused() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (command, _, _) = stage.send();
    stage.disconnect();
    stage.redial();
    stage.connect_to(&ChainSpec::main());
    let (request, _) = stage.submitted();
    stage.refuse(request, "TX-6");
    let (request, _) = stage.request("get_transaction");
    stage.refuse(request, "NOT-FOUND");
    let refused = WalletError::Refused { rule: Some("TX-6".to_owned()), message: "no".to_owned() };
    assert_eq!(stage.reply(command), Some(Err(refused)));
}

#[test]
fn the_page_is_answered_in_time_and_submitting_goes_on() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (command, _, transaction) = stage.send();
    let tx_id = transaction.id();
    let is_timer =
        |effect: &Effect| matches!(effect, Effect::SetTimer(Timer::Submit(id), 30_000) if *id == tx_id);
    assert!(stage.other_effects.iter().any(is_timer));
    stage.disconnect();
    stage.handle(Input::Timer(Timer::Submit(tx_id)));
    assert_eq!(stage.reply(command), Some(Err(WalletError::Timeout { seconds: 30 })));
    stage.redial();
    stage.connect_to(&ChainSpec::main());
    let (request, again) = stage.submitted();
    assert_eq!(again, transaction);
    stage.answer(request, &submitted(tx_id));
    assert!(stage.replies.is_empty());
}

#[test]
fn no_nonce_is_signed_twice_without_saying_so() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (first_command, _, first) = stage.send();
    stage.disconnect();
    stage.redial();
    stage.connect();
    stage.push_account(&account(own(), 100, 3, 1_000));
    stage.sent.clear();
    // The node does not show the first payment, whether it has it or not.
    let Ok(Reply::Prepared(prepared)) = stage.ask(draft(60, 1)) else { panic!("not prepared") };
    assert_eq!((prepared.nonce, prepared.replaces), (3, Some(first.id())));
    let (_, request, second) = stage.send();
    assert_eq!((second.body.nonce, second.body.amount), (3, 60));
    assert_eq!(stage.reply(first_command), Some(Err(WalletError::AccountChanged)));
    // The first one is not submitted any more.
    stage.disconnect();
    stage.redial();
    stage.connect_to(&ChainSpec::main());
    assert_ne!(request, 0);
    assert_eq!(stage.submitted().1, second);
    assert!(!stage.sent.iter().any(|sent| sent.1 == "transaction"));
}

#[test]
fn a_forgotten_wallet_submits_nothing_more() {
    let mut stage = Stage::ready();
    stage.prepare();
    let (command, _, _) = stage.send();
    stage.done(Command::Forget);
    assert_eq!(stage.reply(command), Some(Err(WalletError::NoWallet)));
    stage.disconnect();
    stage.redial();
    stage.connect();
    assert!(stage.sent.is_empty());
}
