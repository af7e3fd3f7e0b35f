use shared::address::AddressError;

use super::*;
use crate::tests::{account, fixtures, with_pending};

fn sender() -> PublicKey {
    PublicKey::from_tutorial_address(&fixtures()[0].tutorial_address).unwrap()
}

fn sender_address() -> &'static str {
    &fixtures()[0].address_main
}

fn receiver() -> &'static str {
    &fixtures()[1].address_main
}

fn draft() -> Draft<'static> {
    Draft { receiver: receiver(), amount: 50, fee: 1, comment: "for the bread" }
}

fn prepare(account: &AccountView, draft: &Draft<'_>) -> Result<Payment, WalletError> {
    Payment::prepare(&ChainSpec::main(), account, &sender(), draft)
}

#[track_caller]
fn assert_refused(draft: &Draft<'_>, error: WalletError) {
    assert_eq!(prepare(&account(sender_address(), 100, 3, 1_000), draft), Err(error));
}

#[test]
fn a_payment_is_signed_as_it_is_shown() {
    let payment = prepare(&account(sender_address(), 100, 3, 1_000), &draft()).unwrap();
    let expected = PaymentView {
        chain: "main".to_owned(),
        sender: sender_address().to_owned(),
        receiver: receiver().to_owned(),
        amount: 50,
        fee: 1,
        total: 51,
        nonce: 3,
        expires_at: 1_000 + 2_880,
        comment: "for the bread".to_owned(),
        balance: 100,
        balance_after: 49,
        replaces: None,
    };
    assert_eq!(payment.view(), &expected);
    let body = TransactionBody {
        version: 1,
        sender: sender().modulus().to_vec(),
        receiver: Address::parse(receiver(), "iron").unwrap(),
        amount: 50,
        fee: 1,
        nonce: 3,
        expires_at: 3_880,
        comment: "for the bread".to_owned(),
    };
    assert_eq!(payment.body(), &body);
    assert_eq!(payment.genesis(), ChainSpec::main().genesis_hash());
}

#[test]
fn a_payment_expires_after_a_day_on_any_chain() {
    let account = account(&fixtures()[0].address_dev, 100, 3, 1_000);
    let draft = Draft { receiver: &fixtures()[1].address_dev, ..draft() };
    let payment = Payment::prepare(&ChainSpec::dev(), &account, &sender(), &draft).unwrap();
    assert_eq!(payment.body().expires_at, 1_000 + 43_200);
}

#[test]
fn a_tutorial_address_means_the_address_of_its_key() {
    let text = format!(" {}\n", fixtures()[1].tutorial_address);
    let payment = prepare(&account(sender_address(), 100, 3, 1_000), &Draft { receiver: &text, ..draft() });
    assert_eq!(payment.unwrap().view().receiver, receiver());
}

#[test]
fn the_receiver_must_be_an_address_of_this_chain() {
    let refused = |receiver: &str, problem| {
        assert_refused(&Draft { receiver, ..draft() }, WalletError::BadAddress { problem });
    };
    refused("  ", AddressError::Empty);
    refused(&fixtures()[1].pkcs1_pem, AddressError::PrivateKey);
    refused(&fixtures()[1].mnemonic, AddressError::PrivateKey);
    let other = AddressError::OtherChain { prefix: "dev".to_owned(), expected: "iron".to_owned() };
    refused(&fixtures()[1].address_dev, other);
}

#[test]
fn the_amount_must_be_something_that_the_account_has() {
    assert_refused(&Draft { amount: 0, ..draft() }, WalletError::AmountZero);
    assert_refused(
        &Draft { amount: 100, ..draft() },
        WalletError::InsufficientFunds { need: 101, have: 100 },
    );
    assert_refused(&Draft { amount: MAX_INTEGER, ..draft() }, WalletError::AmountTooLarge);
    assert_refused(&Draft { amount: u64::MAX, ..draft() }, WalletError::AmountTooLarge);
    assert_refused(&Draft { fee: u64::MAX, ..draft() }, WalletError::AmountTooLarge);
    assert!(prepare(&account(sender_address(), 51, 3, 1_000), &draft()).is_ok());
}

#[test]
fn what_is_pending_is_not_there_to_be_spent() {
    let account = with_pending(account(sender_address(), 100, 3, 1_000), receiver(), 48, 2);
    let error = WalletError::InsufficientFunds { need: 51, have: 50 };
    assert_eq!(prepare(&account, &draft()), Err(error));
    let payment = prepare(&account, &Draft { amount: 49, ..draft() }).unwrap();
    assert_eq!((payment.view().nonce, payment.view().balance, payment.view().balance_after), (4, 100, 0));
}

#[test]
fn a_payment_to_oneself_costs_the_fee() {
    let draft = Draft { receiver: sender_address(), ..draft() };
    let payment = prepare(&account(sender_address(), 100, 3, 1_000), &draft).unwrap();
    assert_eq!(payment.view().balance_after, 99);
}

#[test]
fn the_comment_must_fit() {
    let longest = "é".repeat(128);
    assert!(
        prepare(&account(sender_address(), 100, 3, 1_000), &Draft { comment: &longest, ..draft() }).is_ok()
    );
    let too_long = format!("{longest}!");
    assert_refused(&Draft { comment: &too_long, ..draft() }, WalletError::CommentTooLong { got: 257 });
    for comment in ["a\nb", "é\u{0}", "-\u{9f}"] {
        assert_refused(&Draft { comment, ..draft() }, WalletError::CommentControlCharacter { position: 2 });
    }
}

#[test]
fn an_account_that_contradicts_itself_is_not_believed() {
    let sound = account(sender_address(), 100, 3, 1_000);
    let pending = with_pending(sound.clone(), receiver(), 1, 1);
    for account in [
        AccountView { address: receiver().to_owned(), ..sound.clone() },
        // A nonce that is too high, so that the payment comes true only later.
        AccountView { next_nonce: 4, ..sound.clone() },
        // A nonce that is too low, so that it never does.
        AccountView { next_nonce: 2, ..sound.clone() },
        AccountView { next_nonce: 3, ..pending.clone() },
        AccountView { next_nonce: u64::MAX, nonce: u64::MAX, ..sound.clone() },
        AccountView { balance: u64::MAX, ..sound.clone() },
        AccountView { height: u64::MAX, ..sound.clone() },
    ] {
        assert_eq!(prepare(&account, &draft()), Err(WalletError::BadReply), "{account:?}");
    }
}

#[test]
fn a_payment_is_checked_again_before_it_is_signed() {
    let before = account(sender_address(), 100, 3, 1_000);
    let payment = prepare(&before, &draft()).unwrap();
    let main = ChainSpec::main();
    assert_eq!(payment.check_again(&main, &before), Ok(()));
    // More coins, or fewer but enough, change nothing of what is signed.
    assert_eq!(payment.check_again(&main, &account(sender_address(), 51, 3, 1_001)), Ok(()));
    for account in [
        account(sender_address(), 50, 3, 1_001),
        account(sender_address(), 100, 4, 1_001),
        account(sender_address(), 100, 3, 3_880),
        account(receiver(), 100, 3, 1_000),
        with_pending(before.clone(), receiver(), 1, 1),
    ] {
        assert_eq!(payment.check_again(&main, &account), Err(WalletError::AccountChanged), "{account:?}");
    }
    let wrong = WalletError::WrongChain { chain: "dev".to_owned() };
    assert_eq!(payment.check_again(&ChainSpec::dev(), &before), Err(wrong));
}
