use shared::address::Address;
use shared::signature::{RsaVerifier, Verifier as _};
use shared::spec::ChainSpec;

use super::*;
use crate::tests::{TestRng, fixtures};

const FOREIGN: &str = include_str!("../../vectors/keystore.json");
const FOREIGN_PASSPHRASE: &str = "correct hörse";

fn unlocked() -> Vault {
    let mut vault = Vault::default();
    vault.import_keystore(FOREIGN, FOREIGN_PASSPHRASE, &mut |_, _| ()).unwrap();
    vault
}

fn body() -> TransactionBody {
    TransactionBody {
        version: 1,
        sender: PublicKey::from_tutorial_address(&fixtures()[0].tutorial_address).unwrap().modulus().to_vec(),
        receiver: Address::default(),
        amount: 1,
        fee: 1,
        nonce: 0,
        expires_at: 0,
        comment: String::new(),
    }
}

fn accounts() -> Vec<WalletAccountView> {
    let account = WalletAccountView {
        address: fixtures()[0].address_main.clone(),
        tutorial_address: fixtures()[0].tutorial_address.clone(),
    };
    vec![account]
}

fn answer(position: u8, word: &str) -> DrillAnswer {
    DrillAnswer { position, word: word.to_owned() }
}

#[test]
fn words_make_a_wallet_that_the_keystore_brings_back() {
    let fixture = fixtures().iter().find(|key| !key.passphrase.is_empty() && key.account == 0).unwrap();
    let words = Words::parse(&fixture.mnemonic).unwrap();
    let mut vault = Vault::default();
    let mut seen = Vec::new();
    let keystore = vault
        .create(&words, &fixture.passphrase, "12345678", &mut TestRng::default(), &mut |task, percent| {
            seen.push((task, percent));
        })
        .unwrap();
    assert_eq!(vault.public_key().unwrap().tutorial_address(), fixture.tutorial_address);

    let making: Vec<u8> =
        seen.iter().filter(|(task, _)| *task == Task::MakingKey).map(|seen| seen.1).collect();
    assert!(making.len() > 3 && making.is_sorted_by(|before, after| before < after), "{making:?}");
    assert_eq!((making[0], making[making.len() - 1]), (0, 100));
    assert_eq!(seen[making.len()..], [(Task::Encrypting, 0), (Task::Encrypting, 100)]);

    let mut later = Vault::default();
    later.load(&keystore).unwrap();
    assert!(
        matches!(later.view("iron"), WalletView::Locked { accounts } if accounts[0].address == fixture.address_main)
    );
    assert_eq!(later.unlock("12345679", &mut |_, _| ()), Err(WalletError::WrongPassphrase));
    assert!(matches!(later.view("iron"), WalletView::Locked { .. }));
    later.unlock("12345678", &mut |_, _| ()).unwrap();
    assert!(
        matches!(later.view("dev"), WalletView::Unlocked { accounts } if accounts[0].address == fixture.address_dev)
    );
}

#[test]
fn an_imported_key_makes_a_wallet_that_the_keystore_brings_back() {
    let mut vault = Vault::default();
    let rng = &mut TestRng::default();
    let keystore = vault.import_key(&fixtures()[0].pkcs1_pem, "12345678", rng, &mut |_, _| ()).unwrap();
    let mut later = Vault::default();
    later.import_keystore(&keystore, "12345678", &mut |_, _| ()).unwrap();
    assert_eq!(later.view("iron"), WalletView::Unlocked { accounts: accounts() });
    assert_eq!(later.drill(&[answer(1, "abandon")]), Err(WalletError::BadCommand));
    assert!(later.sign(body(), ChainSpec::main().genesis_hash(), rng).is_ok());
}

#[test]
fn what_is_no_key_makes_no_wallet() {
    let mut vault = Vault::default();
    let result = vault.import_key("MIIB", "12345678", &mut TestRng::default(), &mut |_, _| ());
    assert_eq!(result, Err(WalletError::BadKey { problem: shared::keys::KeyError::NotAKey }));
    assert_eq!(vault.view("iron"), WalletView::Absent);
}

#[test]
fn a_wallet_is_never_replaced() {
    let mut vault = unlocked();
    let words = Words::parse(&fixtures()[1].mnemonic).unwrap();
    let rng = &mut TestRng::default();
    let exists = || Err(WalletError::WalletExists);
    assert_eq!(vault.create(&words, "", "12345678", rng, &mut |_, _| ()), exists());
    assert_eq!(vault.import_key(&fixtures()[1].pkcs1_pem, "12345678", rng, &mut |_, _| ()), exists());
    assert_eq!(vault.import_keystore(FOREIGN, FOREIGN_PASSPHRASE, &mut |_, _| ()), exists());
    assert_eq!(vault.load(FOREIGN), Err(WalletError::WalletExists));
    assert_eq!(vault.view("iron"), WalletView::Unlocked { accounts: accounts() });
    vault.forget();
    assert_eq!(vault.view("iron"), WalletView::Absent);
    assert_eq!(vault.load(FOREIGN), Ok(()));
}

#[test]
fn a_short_passphrase_is_refused_before_a_key_is_made() {
    let words = Words::parse(&fixtures()[1].mnemonic).unwrap();
    let mut vault = Vault::default();
    let result =
        vault.create(&words, "", "1234567", &mut TestRng::default(), &mut |_, _| panic!("nothing is begun"));
    assert_eq!(result, Err(WalletError::PassphraseTooShort { least: 8 }));
}

#[test]
fn a_signature_is_the_senders_and_of_this_chain() {
    let main = ChainSpec::main();
    let signed = unlocked().sign(body(), main.genesis_hash(), &mut TestRng::default()).unwrap();
    assert_eq!(signed.body, body());
    let verifies =
        |genesis| RsaVerifier.verify(&body().sender, &body().signing_bytes(genesis), &signed.signature);
    assert!(verifies(main.genesis_hash()));
    assert!(!verifies(ChainSpec::dev().genesis_hash()));
}

#[test]
fn only_an_unlocked_vault_signs_and_only_for_its_own_account() {
    let genesis = *ChainSpec::main().genesis_hash();
    let rng = &mut TestRng::default();
    assert_eq!(Vault::default().sign(body(), &genesis, rng), Err(WalletError::NoWallet));
    let mut vault = unlocked();
    let other = TransactionBody { sender: vec![0xff; 256], ..body() };
    assert_eq!(vault.sign(other, &genesis, rng), Err(WalletError::AccountChanged));
    let mut empty = TestRng { is_empty: true, ..TestRng::default() };
    assert_eq!(vault.sign(body(), &genesis, &mut empty), Err(WalletError::NoRandomness));
    vault.lock();
    assert_eq!(vault.sign(body(), &genesis, rng), Err(WalletError::Locked));
    assert_eq!(vault.view("iron"), WalletView::Locked { accounts: accounts() });
    assert_eq!(Vault::default().unlock("12345678", &mut |_, _| ()), Err(WalletError::NoWallet));
}

#[test]
fn a_drill_tells_which_words_are_wrong() {
    let mut vault = unlocked();
    let words: Vec<&str> = fixtures()[0].mnemonic.split(' ').collect();
    let last = u8::try_from(words.len()).unwrap();
    let right = [answer(1, words[0]), answer(last, &format!(" {} ", words[words.len() - 1].to_uppercase()))];
    assert_eq!(vault.drill(&right), Ok(vec![]));
    let answers = [answer(1, "zoo"), answer(0, words[0]), answer(last + 1, words[0]), answer(2, words[1])];
    assert_eq!(vault.drill(&answers), Ok(vec![1, 0, last + 1]));
    vault.lock();
    assert_eq!(vault.drill(&right), Err(WalletError::Locked));
    assert_eq!(Vault::default().drill(&right), Err(WalletError::NoWallet));
}

#[test]
fn a_drill_cannot_be_used_to_guess_the_words() {
    let mut vault = unlocked();
    for _ in 0..20 {
        let answers = [answer(1, "zoo"), answer(2, "zoo"), answer(3, "zoo")];
        assert_eq!(vault.drill(&answers), Ok(vec![1, 2, 3]));
    }
    assert_eq!(vault.drill(&[answer(1, "zoo")]), Err(WalletError::Locked));
    assert_eq!(vault.view("iron"), WalletView::Locked { accounts: accounts() });
}

#[test]
fn progress_never_goes_back_and_ends() {
    let mut before = 0;
    for tested in 0..10_000 {
        let now = key_percent(KeyProgress { primes: u8::from(tested > 100), tested });
        assert!(before <= now && now < 100);
        before = now;
    }
    assert_eq!(key_percent(KeyProgress { primes: 2, tested: 1 }), 100);
}
