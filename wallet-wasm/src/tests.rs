//! What the tests of all modules share, and the tests of the messages.

use std::sync::LazyLock;

use rand_core::{TryCryptoRng, TryRng};
use serde::Deserialize;
use shared::address::AddressError;
use shared::api::views::{AccountView, TransactionView};
use shared::hash::{BlockHash, HistoryHead, TxId, sha256};
use shared::keys::KeyError;

use crate::error::{KeystoreProblem, WalletError};
use crate::protocol::{Command, Connection, Event, FromWorker, PeerOrder, Reply, Steering, ToWorker};

/// A key with all that belongs to it.
#[derive(Deserialize)]
pub(crate) struct Fixture {
    pub(crate) mnemonic: String,
    pub(crate) passphrase: String,
    pub(crate) account: u32,
    pub(crate) pkcs1_pem: String,
    pub(crate) address_main: String,
    pub(crate) address_dev: String,
    pub(crate) tutorial_address: String,
}

/// The keys of the protocol's vectors.
pub(crate) fn fixtures() -> &'static [Fixture] {
    #[derive(Deserialize)]
    struct File {
        vectors: Vec<Fixture>,
    }
    static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(|| {
        let file: File = serde_json::from_str(include_str!("../../shared/vectors/keys.json")).unwrap();
        file.vectors
    });
    &FIXTURES
}

/// Numbers that look random and are the same in every run.
#[derive(Debug, Default)]
pub(crate) struct TestRng {
    pub(crate) counter: u64,
    /// From now on there is none.
    pub(crate) is_empty: bool,
}

impl TryRng for TestRng {
    type Error = core::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        if self.is_empty {
            return Err(core::fmt::Error);
        }
        for chunk in bytes.chunks_mut(32) {
            self.counter += 1;
            chunk.copy_from_slice(&sha256(&self.counter.to_le_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// An account that nothing is pending for.
pub(crate) fn account(address: &str, balance: u64, nonce: u64, height: u64) -> AccountView {
    AccountView {
        address: address.to_owned(),
        balance,
        nonce,
        history_len: nonce,
        history_head: HistoryHead(sha256(&height.to_le_bytes())),
        height,
        block_hash: BlockHash(sha256(&height.to_be_bytes())),
        next_nonce: nonce,
        pending_out: 0,
        pending: Vec::new(),
    }
}

/// The same account after it has sent a payment that is not mined yet.
pub(crate) fn with_pending(mut account: AccountView, receiver: &str, amount: u64, fee: u64) -> AccountView {
    account.pending.push(TransactionView {
        tx_id: TxId(sha256(&account.next_nonce.to_le_bytes())),
        sender: account.address.clone(),
        receiver: receiver.to_owned(),
        amount,
        fee,
        nonce: account.next_nonce,
        expires_at: 0,
        comment: String::new(),
    });
    account.next_nonce += 1;
    account.pending_out += amount + fee;
    account
}

#[test]
fn every_command_survives_json() {
    let text = || "text".to_owned();
    let commands = [
        Command::Open { node_url: text(), keystore: None },
        Command::Open { node_url: text(), keystore: Some(text()) },
        Command::NewWords { count: 24 },
        Command::Prepare { receiver: text(), amount: 9_007_199_254_740_991, fee: 1, comment: text() },
        Command::Send,
        Command::History { before: Some(9_007_199_254_740_991) },
        Command::Transaction { tx_id: TxId(sha256(b"")) },
        Command::Steer(Steering::Authorize { token: text() }),
        Command::Forks,
        Command::Peers(PeerOrder::Look),
        Command::Peers(PeerOrder::Ban { address: text(), seconds: 60, reason: Some(text()) }),
        Command::Steer(Steering::Look),
        Command::Steer(Steering::SetMining { threads: 2 }),
        Command::Steer(Steering::SetPayout { address: text() }),
    ];
    for command in commands {
        let sent = ToWorker { id: 7, command };
        let received: ToWorker = serde_json::from_str(&serde_json::to_string(&sent).unwrap()).unwrap();
        assert_eq!(received, sent);
    }
}

#[test]
fn every_error_survives_json_in_a_reply() {
    let errors = [
        WalletError::WordCount { got: 11 },
        WalletError::UnknownWord {
            position: 3,
            word: "abandom".to_owned(),
            suggestion: Some("abandon".to_owned()),
        },
        WalletError::BadKey { problem: KeyError::Size { bits: 1024 } },
        WalletError::BadKeystore { problem: KeystoreProblem::Version { version: 2, known: 1 } },
        WalletError::BadAddress { problem: AddressError::InvalidCharacter { character: 'b', position: 7 } },
        WalletError::BadAddress { problem: AddressError::Empty },
        WalletError::BadAddress { problem: AddressError::Tutorial(KeyError::NotTutorialAddress) },
        WalletError::InsufficientFunds { need: 2, have: 9_007_199_254_740_991 },
        WalletError::Refused { rule: Some("TX-6".to_owned()), message: "no".to_owned() },
        WalletError::NothingPrepared,
    ];
    for error in errors {
        let sent = FromWorker::Reply { id: 7, result: Err(error) };
        let received: FromWorker = serde_json::from_str(&serde_json::to_string(&sent).unwrap()).unwrap();
        assert_eq!(received, sent);
    }
}

#[test]
fn every_event_survives_json() {
    let events = [
        Event::Connection(Connection::Connected),
        Event::Connection(Connection::Waiting { retry_ms: 500 }),
        Event::Connection(Connection::WrongChain { chain: "other".to_owned() }),
        Event::Connection(Connection::WrongProtocol { node: 2 }),
        Event::Account(with_pending(account("iron1", 9_007_199_254_740_991, 2, 3), "iron1", 1, 1)),
    ];
    for event in events {
        let sent = FromWorker::Event(event);
        let received: FromWorker = serde_json::from_str(&serde_json::to_string(&sent).unwrap()).unwrap();
        assert_eq!(received, sent);
    }
}

#[test]
fn errors_have_a_code_and_facts() {
    let error = WalletError::InsufficientFunds { need: 51, have: 50 };
    let json = r#"{"insufficient_funds":{"need":51,"have":50}}"#;
    assert_eq!(serde_json::to_string(&error).unwrap(), json);
    assert_eq!(serde_json::to_string(&WalletError::Locked).unwrap(), r#""locked""#);
}

#[test]
fn secrets_are_hidden_from_debug() {
    let secret = || "abandon".to_owned();
    let create = Command::Create { words: secret(), bip39_passphrase: secret(), passphrase: secret() };
    assert_eq!(format!("{create:?}"), "Create");
    let words = Reply::Words { words: vec![secret()] };
    assert_eq!(format!("{words:?}"), "Words(1 hidden)");
}

#[test]
fn what_a_node_says_cannot_write_to_a_terminal_as_it_likes() {
    let message = format!("\u{1b}[2Jupdate now\n{}", "x".repeat(1_000));
    let shown = WalletError::Refused { rule: Some("TX-6\u{7}".to_owned()), message }.to_string();
    let quoted = format!("the node refused: \"[2Jupdate now{}\" (rule TX-6)", "x".repeat(300 - 13));
    assert_eq!(shown, quoted);
}
